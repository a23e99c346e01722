/* Every kernel by itself, on one thread, of every instruction set: with operands that are in the core's own caches
 * (warm), and with operands that are not (cold). It knows no kernel; their rows are in kernels_*.c. */
#include <stdio.h>
#include <string.h>

#include "bench/kernels.h"
#include "src/cpu/memory.h"

/* --- operands --- */

/* Bytes between operands, which must not be whole pages apart: a load waits for a store just before it to the same place
 * in another page. */
enum { APART = 5 * SGAN_ALIGN };

static void add_operand(struct kernel_case *c, size_t bytes, int times)
{
	if (c->operands == KERNEL_OPERANDS)
		bench_fail("a kernel has more than %d operands", KERNEL_OPERANDS);
	c->place[c->operands++] = c->stride;
	c->stride += (bytes + SGAN_ALIGN - 1) / SGAN_ALIGN * SGAN_ALIGN + APART;
	c->bytes += times * (double)bytes;
}

void kernel_reads(struct kernel_case *c, size_t count)
{
	add_operand(c, count * sizeof(real), 1);
}

void kernel_writes(struct kernel_case *c, size_t count)
{
	add_operand(c, count * sizeof(real), 1);
}

void kernel_updates(struct kernel_case *c, size_t count)
{
	add_operand(c, count * sizeof(real), 2);
}

void kernel_reads_bytes(struct kernel_case *c, size_t bytes)
{
	add_operand(c, bytes, 1);
}

void kernel_writes_bytes(struct kernel_case *c, size_t bytes)
{
	add_operand(c, bytes, 1);
}

void kernel_cut(size_t *size, size_t most)
{
	*size = *size < most ? *size : most;
}

/* --- the calls that are timed together --- */

/* Seconds of one run, which is as many calls as it takes; the peak's loops are about as long, so that what else the
 * machine does interrupts neither more often. */
static const double run_time = 2e-4;
static const struct bench_pace pace = { .seconds = 0.01, .peak_rounds = 50000 };

struct calls {
	const struct bench *b;
	const struct bench_kernel *kernel;
	const struct kernel_case *c;
	char *memory;
	size_t copies; /* of the operands: 1 where they stay cached */
	size_t next;   /* the copy whose turn it is */
	size_t count;  /* calls of a run */
};

static void find_operands(const struct calls *calls, size_t copy, void *operand[KERNEL_OPERANDS])
{
	for (size_t i = 0; i < calls->c->operands; i++)
		operand[i] = calls->memory + copy * calls->c->stride + calls->c->place[i];
}

static void call_chunk(void *arg, size_t chunk, int worker)
{
	struct calls *calls = arg;
	void *operand[KERNEL_OPERANDS];
	(void)chunk, (void)worker;
	for (size_t i = 0; i < calls->count; i++) {
		find_operands(calls, calls->next, operand);
		calls->kernel->call(calls->c, operand);
		calls->next = calls->next + 1 < calls->copies ? calls->next + 1 : 0;
	}
}

/* As operations run kernels: denormals are flushed to 0. */
static void run_calls(void *arg, size_t round)
{
	struct calls *calls = arg;
	(void)round;
	sgan_parallel_for(calls->b->ctx, 1, call_chunk, calls);
}

static double time_run(struct calls *calls)
{
	const double begin = bench_now();
	run_calls(calls, 0);
	return bench_now() - begin;
}

/* How many calls a run is: a run that something else has made long does not count. */
static void count_calls(struct calls *calls)
{
	for (calls->count = 1; time_run(calls) < run_time || time_run(calls) < run_time;)
		calls->count *= 2;
}

/* All copies get new values, for calls have written over them. */
static void fill_copies(const struct calls *calls, const real *values, size_t bytes)
{
	const size_t all = calls->copies * calls->c->stride;
	void *operand[KERNEL_OPERANDS];
	for (size_t done = 0; done < all; done += bytes)
		memcpy(calls->memory + done, values, all - done < bytes ? all - done : bytes);
	for (size_t copy = 0; copy < calls->copies && calls->kernel->prepare != NULL; copy++) {
		find_operands(calls, copy, operand);
		calls->kernel->prepare(calls->c, operand);
	}
}

/* --- rows --- */

struct measured {
	double seconds; /* of a call */
	double peak;    /* GFLOP/s, beside it */
};

struct kernels {
	struct bench b; /* its context is of the set, with one thread */
	char *memory;   /* BENCH_ROTATION bytes */
	real *values;   /* [VALUES], in [-1, 1) */
};

enum { VALUES = 1 << 18 };

static struct measured measure(const struct kernels *k, struct calls *calls)
{
	struct bench_contender contender = { .run = run_calls, .arg = calls };
	struct measured m;
	count_calls(calls);
	m.peak = bench_contest_at(&k->b, &pace, &contender, 1);
	m.seconds = contender.seconds / (double)calls->count;
	return m;
}

static struct kernel_case make_case(const struct bench_kernel *kernel, const struct kernel_shape *shape,
                                    const struct sgan_kernels *set)
{
	struct kernel_case c = { .set = set, .shape = *shape };
	kernel->describe(&c);
	if (2 * c.stride > BENCH_ROTATION)
		bench_fail("a kernel's operands have %zu bytes: there is room for %d", c.stride, BENCH_ROTATION / 2);
	return c;
}

/* "m 14 n 32 k 256 taps 1 relu" */
static void name_shape(const struct bench_kernel *kernel, const struct kernel_shape *shape, size_t size, char *text)
{
	static const char *const acts[] = { "", " relu", " lrelu", " sigmoid" };
	size_t used = 0;
	for (size_t i = 0; i < KERNEL_SIZES && kernel->sizes[i] != NULL && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s %zu", i > 0 ? " " : "", kernel->sizes[i],
		                         shape->size[i]);
	if (used < size)
		snprintf(text + used, size - used, "%s%s", acts[shape->act], shape->bypass ? " bypass" : "");
}

static void set_measured(json_t *object, const char *when, const struct kernel_case *c, const struct measured *m)
{
	const struct {
		const char *key;
		double value;
	} numbers[] = {
		{ "ns", 1e9 * m->seconds },
		{ "gflops", c->flop / m->seconds / 1e9 },
		{ "percent_of_peak", c->flop > 0 && m->peak > 0 ? 100 * c->flop / m->seconds / 1e9 / m->peak : 0 },
		{ "gb_per_second", c->flop > 0 ? 0 : c->bytes / m->seconds / 1e9 },
	};
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		char key[32];
		snprintf(key, sizeof key, "%s_%s", when, numbers[i].key);
		if (numbers[i].value > 0)
			json_object_set_new(object, key, json_real(numbers[i].value));
	}
}

static void print_measured(const struct kernel_case *c, const struct measured *m)
{
	const double rate = (c->flop > 0 ? c->flop : c->bytes) / m->seconds / 1e9;
	printf(" %11.0f %8.1f", 1e9 * m->seconds, rate);
	if (c->flop > 0 && m->peak > 0)
		printf(" %6.1f", 100 * rate / m->peak);
	else
		printf(" %6s", "");
}

static void print_row(const struct kernels *k, const char *name, const char *shape, const struct kernel_case *c,
                      const struct measured *warm, const struct measured *cold)
{
	if (k->b.options.json) {
		json_t *row = json_pack("{ss ss ss si sf}", "kernel", name, "shape", shape, "isa",
		                        sgan_isa_name(c->set->isa), "threads", 1, "bytes", c->bytes);
		if (c->flop > 0)
			json_object_set_new(row, "flop", json_real(c->flop));
		set_measured(row, "warm", c, warm);
		set_measured(row, "cold", c, cold);
		bench_print_object(row);
		return;
	}
	printf("%-21s %-34s %-7s", name, shape, c->flop > 0 ? "GFLOP/s" : "GB/s");
	print_measured(c, warm);
	print_measured(c, cold);
	printf("\n");
	fflush(stdout);
}

static void time_case(const struct kernels *k, const char *name, const char *shape, const struct bench_kernel *kernel,
                      const struct kernel_case *c)
{
	struct calls calls = { .b = &k->b, .kernel = kernel, .c = c, .memory = k->memory };
	calls.copies = BENCH_ROTATION / c->stride;
	fill_copies(&calls, k->values, VALUES * sizeof(real));
	const struct measured cold = measure(k, &calls);
	calls.copies = 1;
	calls.next = 0;
	const struct measured warm = measure(k, &calls);
	print_row(k, name, shape, c, &warm, &cold);
}

/* --- sets --- */

static const struct kernel_row {
	const char *name;
	const struct bench_kernel *kernel;
} rows[] = {
#define SGAN_KERNEL(field, args) { #field, &bench_kernel_##field },
#include "kernels/kernels.def"
#undef SGAN_KERNEL
};

/* Shapes that are wanted; `timed`: which are timed too. */
static size_t go_over_shapes(const struct kernels *k, const struct sgan_kernels *set, bool timed)
{
	size_t wanted = 0;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (const struct kernel_shape *shape = rows[i].kernel->shapes; shape->size[0] != 0; shape++) {
			const struct kernel_case c = make_case(rows[i].kernel, shape, set);
			char text[80], whole[160];
			name_shape(rows[i].kernel, &c.shape, sizeof text, text);
			snprintf(whole, sizeof whole, "%s %s", rows[i].name, text);
			if (k->b.options.kernel != NULL && strstr(whole, k->b.options.kernel) == NULL)
				continue;
			wanted++;
			if (timed)
				time_case(k, rows[i].name, text, rows[i].kernel, &c);
		}
	return wanted;
}

static void time_set(struct kernels *k, sgan_isa isa)
{
	const sgan_ctx_options options = { .isa = sgan_isa_name(isa), .threads = 1 };
	bench_check(sgan_ctx_create(&options, &k->b.ctx), "context");
	const double peak = bench_print_header(&k->b, "kernels");
	if (!k->b.options.json)
		printf("%-21s %-34s %-7s %11s %8s %6s %11s %8s %6s\n", "kernel", "shape", "unit", "warm ns", "rate", "% peak",
		       "cold ns", "rate", "% peak");
	go_over_shapes(k, k->b.ctx->kernels, true);
	bench_print_drift(&k->b, peak);
	sgan_ctx_destroy(k->b.ctx);
}

static struct kernels make_kernels(const struct bench *b)
{
	struct kernels k = { .b = *b, .memory = sgan_alloc(BENCH_ROTATION, 1), .values = sgan_alloc(VALUES, sizeof(real)) };
	if (k.memory == NULL || k.values == NULL)
		bench_check(SGAN_ENOMEM, "operands");
	k.b.preset = NULL;
	k.b.peer = NULL;
	b->ctx->kernels->uniform(1, 1, 0, 0, VALUES, k.values);
	for (size_t i = 0; i < VALUES; i++)
		k.values[i] = 2 * k.values[i] - 1;
	return k;
}

void bench_kernels(struct bench *b)
{
	struct kernels k = make_kernels(b);
	size_t wanted = 0;
	for (int i = SGAN_ISA_COUNT - 1; i >= 0; i--) {
		const sgan_isa isa = (sgan_isa)i;
		if (!sgan_isa_usable(isa) || (b->options.isa != NULL && sgan_ctx_isa(b->ctx) != isa))
			continue;
		const size_t count = go_over_shapes(&k, sgan_kernels_for(isa), false);
		if (count > 0)
			time_set(&k, isa);
		wanted += count;
	}
	if (wanted == 0)
		bench_fail("--kernel '%s': no kernel has this in its name or shape", b->options.kernel);
	sgan_free(k.memory);
	sgan_free(k.values);
}

/* Every algorithm of every operation of a convolution, on every instruction set that the machine has: against naive
 * loops in double within the algorithm's own error bound, in ranges of slices against the whole batch, bit for bit; and
 * which one a plan chooses. */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cpu/memory.h"
#include "src/cpu/status.h"
#include "src/exec/combine.h"
#include "src/exec/ctx.h"
#include "src/ops/conv/dots.h"
#include "src/ops/conv/plan.h"
#include "src/ops/ops.h"
#include "src/selftest/naive_conv.h"
#include "tests/slow.h"

enum { SLICES = 4 };

static sgan_ctx *context(sgan_isa isa, int threads)
{
	sgan_ctx_options options = { .isa = sgan_isa_name(isa), .threads = threads };
	sgan_ctx *ctx = NULL;

	cr_assert_eq(sgan_ctx_create(&options, &ctx), SGAN_OK, "%s", sgan_last_error());
	return ctx;
}

/* --- layers ------------------------------------------------------------------- */

static unsigned draw_state = 20;

static size_t draw(size_t least, size_t most)
{
	draw_state = draw_state * 1664525 + 1013904223;
	return least + (draw_state >> 8) % (most - least + 1);
}

static void fill(size_t count, real *data)
{
	for (size_t i = 0; i < count; i++)
		data[i] = (real)draw(0, 1 << 23) / (real)(1 << 22) - 1;
}

static real *filled(size_t count)
{
	real *data = sgan_alloc(count + 1, sizeof *data);

	cr_assert_not_null(data);
	fill(count, data);
	return data;
}

#define EVEN(k, size, in, out, kernel, stride, pad)                                                                    \
	{                                                                                                                  \
		.kind = k, .in_h = size, .in_w = size, .in_c = in, .out_c = out, .kernel_h = kernel, .kernel_w = kernel,       \
		.stride_h = stride, .stride_w = stride, .pad_top = pad, .pad_bottom = pad, .pad_left = pad, .pad_right = pad,  \
		.slices = SLICES, .act = SGAN_ACT_LRELU, .slope = (real)0.25                                                   \
	}

/* Layers as networks have them, and some with all that an axis or a side can have of its own. */
static const sgan_conv_desc layers[] = {
	EVEN(SGAN_CONV, 12, 1, 32, 5, 2, 2),
	EVEN(SGAN_CONV, 9, 3, 33, 3, 1, 1),
	EVEN(SGAN_CONV, 7, 40, 35, 3, 2, 1),
	EVEN(SGAN_DECONV, 5, 17, 4, 4, 3, 1),
	EVEN(SGAN_DECONV, 4, 40, 48, 5, 2, 2),
	EVEN(SGAN_DECONV, 6, 33, 1, 5, 1, 0),
	EVEN(SGAN_CONV, 1, 70, 50, 1, 1, 0),
	EVEN(SGAN_CONV, 3, 64, 130, 1, 1, 0),
	EVEN(SGAN_DECONV, 1, 19, 70, 1, 1, 0),
	/* Winograd's: each number of taps and stride, edges in the middle of tiles, other windows for a stride's phases. */
	EVEN(SGAN_CONV, 9, 20, 33, 3, 1, 1),
	EVEN(SGAN_CONV, 11, 9, 40, 5, 1, 2),
	EVEN(SGAN_CONV, 12, 16, 24, 4, 2, 1),
	EVEN(SGAN_CONV, 13, 24, 16, 5, 2, 2),
	EVEN(SGAN_CONV, 8, 17, 16, 3, 2, 1),
	EVEN(SGAN_CONV, 6, 16, 16, 2, 1, 0),
	EVEN(SGAN_CONV, 14, 10, 18, 10, 2, 4),
	EVEN(SGAN_DECONV, 5, 33, 18, 4, 2, 1),
	EVEN(SGAN_DECONV, 6, 24, 17, 3, 2, 1),
	EVEN(SGAN_DECONV, 7, 16, 35, 3, 1, 0),
	EVEN(SGAN_DECONV, 6, 16, 16, 5, 2, 1),
	EVEN(SGAN_DECONV, 4, 16, 20, 5, 1, 0),
	{ SGAN_CONV, 9, 14, 12, 20, 3, 6, 1, 2, 1, 1, 2, 0, 1, 3, .slices = SLICES, .act = SGAN_ACT_RELU },
	{ SGAN_DECONV, 5, 4, 20, 12, 6, 4, 2, 1, 1, 1, 3, 1, 0, 2, 1, 0, .slices = SLICES },
	{ SGAN_CONV, 9, 7, 2, 20, 3, 5, 2, 1, 2, 1, 1, 3, 0, 2, .slices = SLICES },
	{ SGAN_CONV, 8, 11, 20, 9, 2, 3, 1, 3, 3, 2, 0, 2, 4, 1, .slices = SLICES, .act = SGAN_ACT_RELU },
	{ SGAN_DECONV, 5, 4, 21, 3, 3, 2, 2, 4, 2, 3, 1, 0, 2, 1, 1, 3, .slices = SLICES },
	{ SGAN_DECONV, 3, 6, 16, 18, 4, 3, 4, 2, 2, 2, 0, 3, 1, 2, 2, 1, .slices = SLICES, .act = SGAN_ACT_RELU },
};
enum { LAYERS = sizeof layers / sizeof *layers, RANDOM_LAYERS = 60 };

static sgan_conv_desc draw_layer(void)
{
	static const size_t channels[] = { 1, 2, 3, 4, 5, 8, 15, 16, 17, 33 };
	sgan_conv_desc d = { .kind = draw(0, 1) ? SGAN_CONV : SGAN_DECONV, .slices = SLICES };

	d.in_h = draw(1, 8);
	d.in_w = draw(1, 8);
	d.in_c = channels[draw(0, 9)];
	d.out_c = channels[draw(0, 9)];
	d.kernel_h = draw(1, 4);
	d.kernel_w = draw(1, 4);
	d.stride_h = draw(1, 4);
	d.stride_w = draw(1, 4);
	d.dilation_h = draw(1, 3);
	d.dilation_w = draw(1, 3);
	d.pad_top = draw(0, 3);
	d.pad_bottom = draw(0, 3);
	d.pad_left = draw(0, 3);
	d.pad_right = draw(0, 3);
	if (d.kind == SGAN_DECONV) {
		d.out_pad_h = draw(0, d.stride_h - 1);
		d.out_pad_w = draw(0, d.stride_w - 1);
	}
	return d;
}

/* --- tensors of a layer, and what they come to ------------------------------------ */

struct tensors {
	sgan_conv_desc desc;
	size_t n, out_h, out_w, count[SGAN_PASS_COUNT]; /* elements of the passes' results */
	real *src, *weights, *bias, *diff_dst, *before; /* before: what a weight gradient is added to */
	double *exact[SGAN_PASS_COUNT];                 /* results before activation */
	double *size[SGAN_PASS_COUNT];                  /* sums of the absolute values that a result is made of */
};

static double *zeros(size_t count)
{
	double *data = calloc(count + 1, sizeof *data);

	cr_assert_not_null(data);
	return data;
}

static void make_absolute(size_t count, real *data)
{
	for (size_t i = 0; i < count; i++)
		data[i] = data[i] < 0 ? -data[i] : data[i];
}

static void compute_naively(struct tensors *t, double *const result[SGAN_PASS_COUNT])
{
	const sgan_conv_desc *d = &t->desc;

	naive_conv_forward(d, t->out_h, t->out_w, t->n, t->src, t->weights, t->bias, result[SGAN_FORWARD]);
	naive_conv_backward(d, t->out_h, t->out_w, t->n, t->src, t->weights, t->diff_dst, result[SGAN_BACKWARD_DATA],
	                    result[SGAN_BACKWARD_WEIGHTS]);
	for (size_t i = 0; i < t->count[SGAN_BACKWARD_WEIGHTS]; i++)
		result[SGAN_BACKWARD_WEIGHTS][i] += (double)t->before[i];
}

/* The same tensors again and again: they are a function of the seed. */
static void fill_tensors(struct tensors *t, unsigned seed)
{
	draw_state = seed;
	fill(t->count[SGAN_BACKWARD_DATA], t->src);
	fill(t->count[SGAN_BACKWARD_WEIGHTS], t->weights);
	fill(t->desc.out_c, t->bias);
	fill(t->count[SGAN_FORWARD], t->diff_dst);
	fill(t->count[SGAN_BACKWARD_WEIGHTS], t->before);
}

/* False: the layer has no output. */
static bool open_tensors(const sgan_conv_desc *desc, size_t n, struct tensors *t)
{
	sgan_ctx *ctx = context(SGAN_ISA_GENERIC, 1);
	sgan_conv_plan *plan = NULL;
	unsigned seed = draw_state;

	*t = (struct tensors){ .desc = *desc, .n = n };
	t->desc.max_batch = n;
	if (sgan_conv_plan_create(ctx, &t->desc, &plan) == SGAN_OK) {
		t->out_h = sgan_conv_out_h(plan);
		t->out_w = sgan_conv_out_w(plan);
	}
	sgan_conv_plan_destroy(plan);
	sgan_ctx_destroy(ctx);
	if (!t->out_h)
		return false;
	t->count[SGAN_FORWARD] = n * t->out_h * t->out_w * desc->out_c;
	t->count[SGAN_BACKWARD_DATA] = n * desc->in_h * desc->in_w * desc->in_c;
	t->count[SGAN_BACKWARD_WEIGHTS] = desc->kernel_h * desc->kernel_w * desc->in_c * desc->out_c;
	t->src = filled(t->count[SGAN_BACKWARD_DATA]);
	t->weights = filled(t->count[SGAN_BACKWARD_WEIGHTS]);
	t->bias = filled(desc->out_c);
	t->diff_dst = filled(t->count[SGAN_FORWARD]);
	t->before = filled(t->count[SGAN_BACKWARD_WEIGHTS]);
	for (int p = 0; p < SGAN_PASS_COUNT; p++) {
		t->exact[p] = zeros(t->count[p]);
		t->size[p] = zeros(t->count[p]);
	}
	fill_tensors(t, seed);
	make_absolute(t->count[SGAN_BACKWARD_DATA], t->src);
	make_absolute(t->count[SGAN_BACKWARD_WEIGHTS], t->weights);
	make_absolute(t->desc.out_c, t->bias);
	make_absolute(t->count[SGAN_FORWARD], t->diff_dst);
	make_absolute(t->count[SGAN_BACKWARD_WEIGHTS], t->before);
	compute_naively(t, t->size);
	fill_tensors(t, seed);
	compute_naively(t, t->exact);
	return true;
}

static void close_tensors(struct tensors *t)
{
	sgan_free(t->src);
	sgan_free(t->weights);
	sgan_free(t->bias);
	sgan_free(t->diff_dst);
	sgan_free(t->before);
	for (int p = 0; p < SGAN_PASS_COUNT; p++) {
		free(t->exact[p]);
		free(t->size[p]);
	}
}

static void describe(const struct tensors *t, sgan_isa isa, sgan_pass pass, const char *algorithm, size_t size,
                     char *text)
{
	const sgan_conv_desc *d = &t->desc;

	snprintf(text, size,
	         "%s, \"%s\", %s %s: %zux%zux%zux%zu to %zu, kernel %zux%zu stride %zux%zu dilation %zux%zu pad %zu %zu "
	         "%zu %zu + %zux%zu",
	         sgan_isa_name(isa), algorithm, d->kind == SGAN_CONV ? "conv" : "deconv", sgan_conv_pass_names[pass], t->n,
	         d->in_h, d->in_w, d->in_c, d->out_c, d->kernel_h, d->kernel_w, d->stride_h, d->stride_w, d->dilation_h,
	         d->dilation_w, d->pad_top, d->pad_bottom, d->pad_left, d->pad_right, d->out_pad_h, d->out_pad_w);
}

/* --- one pass ---------------------------------------------------------------------- */

struct pass {
	const struct tensors *t;
	sgan_pass pass;
	sgan_ctx *ctx;
	sgan_conv_plan *plan;
	void *packed, *workspace;
};

static struct pass open_pass(sgan_ctx *ctx, const struct tensors *t, sgan_pass which, const char *algorithm)
{
	struct pass p = { .t = t, .pass = which, .ctx = ctx };
	sgan_conv_desc desc = t->desc;

	desc.algorithm[which] = algorithm;
	cr_assert_eq(sgan_conv_plan_create(ctx, &desc, &p.plan), SGAN_OK, "%s", sgan_last_error());
	cr_assert_str_eq(sgan_conv_plan_algorithm(p.plan, which), algorithm);
	p.packed = sgan_alloc(sgan_conv_packed_size(p.plan, which) + 1, 1);
	p.workspace = sgan_alloc(sgan_conv_workspace_size(ctx, p.plan, which) + 1, 1);
	cr_assert(p.packed && p.workspace);
	memset(p.workspace, 0xff, sgan_conv_workspace_size(ctx, p.plan, which)); /* NaNs: its content means nothing */
	cr_assert_eq(sgan_conv_pack(ctx, p.plan, which, t->weights, p.packed), SGAN_OK);
	return p;
}

static void close_pass(struct pass *p)
{
	sgan_free(p->packed);
	sgan_free(p->workspace);
	sgan_conv_plan_destroy(p->plan);
}

static sgan_status run_pass(const struct pass *p, sgan_batch batch, real *result)
{
	const struct tensors *t = p->t;

	if (p->pass == SGAN_FORWARD)
		return sgan_conv_forward(p->ctx, p->plan, batch, t->src, p->packed, t->bias, result, p->workspace);
	if (p->pass == SGAN_BACKWARD_DATA)
		return sgan_conv_backward_data(p->ctx, p->plan, batch, t->diff_dst, p->packed, result, p->workspace);
	return sgan_conv_backward_weights(p->ctx, p->plan, batch, t->src, t->diff_dst, result, true, p->workspace);
}

/* Memory for a result: what is not written shows; a gradient has something to be added to. */
static real *new_result(const struct tensors *t, sgan_pass pass)
{
	real *result = sgan_alloc(t->count[pass] + 1, sizeof *result);

	cr_assert_not_null(result);
	for (size_t i = 0; i < t->count[pass]; i++)
		result[i] = pass == SGAN_BACKWARD_WEIGHTS ? t->before[i] : (real)NAN;
	return result;
}

/* Calls visit for every algorithm that fits, of every pass. */
static void each_algorithm(sgan_ctx *ctx, const struct tensors *t,
                           void (*visit)(sgan_ctx *ctx, const struct tensors *t, sgan_pass pass, const char *name))
{
	for (int pass = 0; pass < SGAN_PASS_COUNT; pass++) {
		const char *names[SGAN_ALGORITHMS_MAX];
		size_t count = 0;
		cr_assert_eq(sgan_conv_algorithms(ctx, &t->desc, (sgan_pass)pass, SGAN_ALGORITHMS_MAX, names, &count), SGAN_OK);
		cr_assert(count >= 1 && count <= SGAN_ALGORITHMS_MAX);
		for (size_t i = 0; i < count; i++)
			visit(ctx, t, (sgan_pass)pass, names[i]);
	}
}

static void each_set(const struct tensors *t, int threads,
                     void (*visit)(sgan_ctx *ctx, const struct tensors *t, sgan_pass pass, const char *name))
{
	for (int isa = 0; isa < SGAN_ISA_COUNT; isa++) {
		sgan_ctx *ctx;
		if (!sgan_isa_usable((sgan_isa)isa))
			continue;
		ctx = context((sgan_isa)isa, threads);
		each_algorithm(ctx, t, visit);
		sgan_ctx_destroy(ctx);
	}
}

/* --- against naive loops ----------------------------------------------------------- */

/* Layers that each algorithm was run on. */
static size_t ran[CONV_OPERATIONS][SGAN_ALGORITHMS_MAX][SGAN_ISA_COUNT];

static void count_run(const struct conv_planned *planned, sgan_isa isa)
{
	size_t count;
	const struct conv_algorithm *const *list = sgan_conv_algorithm_list(planned->problem.operation, &count);

	for (size_t i = 0; i < count; i++)
		ran[planned->problem.operation][i][isa] += list[i] == planned->algorithm;
}

static double activate(const sgan_conv_desc *d, sgan_pass pass, double x)
{
	if (pass != SGAN_FORWARD || d->act == SGAN_ACT_NONE || x > 0)
		return x;
	return d->act == SGAN_ACT_RELU ? 0 : (double)d->slope * x;
}

static void check_bound(sgan_ctx *ctx, const struct tensors *t, sgan_pass pass, const char *name)
{
	struct pass p = open_pass(ctx, t, pass, name);
	const struct conv_planned *planned = &p.plan->pass[pass];
	double rounding = (sizeof(real) == sizeof(float) ? (double)FLT_EPSILON : DBL_EPSILON) / 2;
	real *found = new_result(t, pass);
	double largest = 0;
	char text[320];

	for (size_t i = 0; i < t->count[pass]; i++)
		largest = fmax(largest, t->size[pass][i]);
	describe(t, sgan_ctx_isa(ctx), pass, name, sizeof text, text);
	cr_assert_eq(run_pass(&p, sgan_whole_batch(t->n, SLICES), found), SGAN_OK, "%s", sgan_last_error());
	for (size_t i = 0; i < t->count[pass]; i++) {
		double off = fabs((double)found[i] - activate(&t->desc, pass, t->exact[pass][i]));
		double size = planned->algorithm->fast ? largest : t->size[pass][i];
		cr_assert(off <= planned->algorithm->error * rounding * size,
		          "%s: element %zu is %g, %g from the exact result: %g roundings of its products' size", text, i,
		          (double)found[i], off, off / rounding / size);
	}
	count_run(planned, sgan_ctx_isa(ctx));
	sgan_free(found);
	close_pass(&p);
}

/* Prints how many layers each algorithm was run on, by set; none may be 0. */
static void print_table(void)
{
	static const char *const operations[CONV_OPERATIONS] = { "gather", "scatter", "weights" };

	printf("%-10s %-10s", "operation", "algorithm");
	for (int isa = 0; isa < SGAN_ISA_COUNT; isa++)
		printf(" %8s", sgan_isa_usable((sgan_isa)isa) ? sgan_isa_name((sgan_isa)isa) : "");
	printf("   layers run\n");
	for (int operation = 0; operation < CONV_OPERATIONS; operation++) {
		size_t count;
		const struct conv_algorithm *const *list = sgan_conv_algorithm_list((enum conv_operation)operation, &count);
		for (size_t i = 0; i < count; i++) {
			printf("%-10s %-10s", operations[operation], list[i]->name);
			for (int isa = 0; isa < SGAN_ISA_COUNT; isa++) {
				if (!sgan_isa_usable((sgan_isa)isa))
					continue;
				printf(" %8zu", ran[operation][i][isa]);
				cr_expect(ran[operation][i][isa] > 0, "%s, \"%s\": no layer was run on %s", operations[operation],
				          list[i]->name, sgan_isa_name((sgan_isa)isa));
			}
			printf("\n");
		}
	}
	fflush(stdout);
}

Test(conv_algorithms, match_naive_loops_within_their_bounds)
{
	struct tensors t;

	const size_t count = LAYERS + (is_sanitized() ? RANDOM_LAYERS / 4 : RANDOM_LAYERS);
	for (size_t i = 0; i < count; i++) {
		sgan_conv_desc desc = i < LAYERS ? layers[i] : draw_layer();
		if (!open_tensors(&desc, draw(1, 17), &t))
			continue;
		each_set(&t, 2, check_bound);
		close_tensors(&t);
	}
	print_table();
}

/* --- ranges of slices ------------------------------------------------------------------ */

/* Sums of slices that callers leave for each other. The first time that each of them comes by, it leaves its own and
 * goes away; the second time it finds all. */
struct record {
	real *sums; /* [slices, count] */
	size_t count;
	bool complete;
};

static sgan_status leave_or_take(void *arg, const sgan_partials *partials)
{
	struct record *r = arg;
	real *data = partials->data;

	if (partials->type != sgan_element_of_real() || partials->count != r->count || partials->slices != SLICES)
		return sgan_fail(SGAN_EINVAL, "other partial sums than expected");
	if (r->complete) {
		memcpy(data, r->sums, SLICES * r->count * sizeof(real));
		return SGAN_OK;
	}
	memcpy(r->sums + partials->begin * r->count, data + partials->begin * r->count,
	       (partials->end - partials->begin) * r->count * sizeof(real));
	return sgan_fail(SGAN_EINTERRUPTED, "left");
}

/* A weight gradient by several callers, each of whom has it whole in the end. */
static void gradient_in_ranges(sgan_isa isa, const struct tensors *t, const char *name, size_t ranges,
                               const size_t *cut, const real *expected, const char *text)
{
	size_t count = t->count[SGAN_BACKWARD_WEIGHTS];
	struct record record = { filled(SLICES * count), count, false };

	for (int round = 0; round < 2; round++, record.complete = true)
		for (size_t r = 0; r < ranges; r++) {
			sgan_ctx *ctx = context(isa, 1 + (int)r);
			const sgan_batch batch = { t->n, SLICES, cut[r], cut[r + 1] };
			real *found = new_result(t, SGAN_BACKWARD_WEIGHTS);
			struct pass p;
			sgan_ctx_set_exchange(ctx, leave_or_take, &record);
			p = open_pass(ctx, t, SGAN_BACKWARD_WEIGHTS, name);
			cr_assert_eq(run_pass(&p, batch, found), round ? SGAN_OK : SGAN_EINTERRUPTED, "%s: %s", text,
			             sgan_last_error());
			cr_expect_arr_eq(found, round ? expected : t->before, count * sizeof(real), "%s: slices %zu to %zu, %s",
			                 text, cut[r], cut[r + 1], round ? "other bits" : "written though not complete");
			sgan_free(found);
			close_pass(&p);
			sgan_ctx_destroy(ctx);
		}
	sgan_free(record.sums);
}

/* Images by several callers, each of whom writes its own. */
static void images_in_ranges(sgan_isa isa, const struct tensors *t, sgan_pass pass, const char *name, size_t ranges,
                             const size_t *cut, const real *expected, const char *text)
{
	real *found = new_result(t, pass);

	for (size_t r = 0; r < ranges; r++) {
		sgan_ctx *ctx = context(isa, 1 + (int)r);
		const sgan_batch batch = { t->n, SLICES, cut[r], cut[r + 1] };
		struct pass p = open_pass(ctx, t, pass, name);
		cr_assert_eq(run_pass(&p, batch, found), SGAN_OK, "%s: %s", text, sgan_last_error());
		close_pass(&p);
		sgan_ctx_destroy(ctx);
	}
	cr_expect_arr_eq(found, expected, t->count[pass] * sizeof(real), "%s: other bits in %zu ranges", text, ranges);
	sgan_free(found);
}

static void check_ranges(sgan_ctx *ctx, const struct tensors *t, sgan_pass pass, const char *name)
{
	static const size_t two[] = { 0, 1, SLICES }, three[] = { 0, 2, 2, SLICES };
	struct pass p = open_pass(ctx, t, pass, name);
	real *whole = new_result(t, pass);
	sgan_isa isa = sgan_ctx_isa(ctx);
	char text[320];

	describe(t, isa, pass, name, sizeof text, text);
	cr_assert_eq(run_pass(&p, sgan_whole_batch(t->n, SLICES), whole), SGAN_OK, "%s", sgan_last_error());
	if (pass == SGAN_BACKWARD_WEIGHTS) {
		gradient_in_ranges(isa, t, name, 2, two, whole, text);
		gradient_in_ranges(isa, t, name, 3, three, whole, text);
	} else {
		images_in_ranges(isa, t, pass, name, 2, two, whole, text);
		images_in_ranges(isa, t, pass, name, 3, three, whole, text);
	}
	sgan_free(whole);
	close_pass(&p);
}

/* 3 images leave a slice empty; 25 are pieces of slices, and more than a tile. */
Test(conv_algorithms, ranges_of_slices_give_the_whole_batch_s_bits)
{
	static const size_t batches[] = { 3, 10, 25 };
	struct tensors t;

	if (is_emulated())
		cr_skip_test("ranges_of_slices_give_the_whole_batch_s_bits: minutes in an emulator");
	for (size_t i = 0; i < LAYERS; i++)
		for (size_t b = 0; b < sizeof batches / sizeof *batches; b++) {
			cr_assert(open_tensors(&layers[i], batches[b], &t));
			each_set(&t, 2, check_ranges);
			close_tensors(&t);
		}
}

Test(conv_algorithms, ranges_that_cannot_be_are_refused)
{
	struct tensors t;
	sgan_ctx *ctx = context(SGAN_ISA_GENERIC, 1);
	const sgan_batch part = { 5, SLICES, 1, 2 }, other = sgan_whole_batch(5, 2), reversed = { 5, SLICES, 3, 2 };
	const sgan_batch none = { 5, SLICES, 2, 2 };
	struct pass p;
	real *found;

	cr_assert(open_tensors(&layers[2], 5, &t));
	p = open_pass(ctx, &t, SGAN_BACKWARD_WEIGHTS, "taps");
	found = new_result(&t, SGAN_BACKWARD_WEIGHTS);
	cr_expect_eq(run_pass(&p, part, found), SGAN_EINVAL);
	cr_expect_not_null(strstr(sgan_last_error(), "needs the context's exchange"), "%s", sgan_last_error());
	cr_expect_eq(run_pass(&p, other, found), SGAN_EINVAL);
	cr_expect_str_eq(sgan_last_error(), "convolution, backward-weights: a batch of 2 slices given to a plan for 4");
	cr_expect_eq(run_pass(&p, reversed, found), SGAN_EINVAL);
	cr_expect_arr_eq(found, t.before, t.count[SGAN_BACKWARD_WEIGHTS] * sizeof(real));
	close_pass(&p);
	sgan_free(found);
	p = open_pass(ctx, &t, SGAN_FORWARD, "batch");
	cr_expect_eq(sgan_conv_forward(ctx, p.plan, none, NULL, NULL, NULL, NULL, NULL), SGAN_OK);
	close_pass(&p);
	close_tensors(&t);
	sgan_ctx_destroy(ctx);
}

/* --- the choice ------------------------------------------------------------------------ */

static const char *expected_algorithm(const struct conv_problem *p)
{
	const struct conv_base *b = &p->base;
	bool few = b->x_c <= 4 && b->w.kernel > 1, run = few && b->w.dilation == 1;
	size_t positions = p->operation == CONV_SCATTER ? b->h.x * b->w.x : b->h.y * b->w.y;
	const struct conv_weights_sizes sizes = conv_weights_sizes(p);

	if (p->operation == CONV_WEIGHTS) {
		bool matrix = conv_is_pointwise(b) && (b->h.x * b->w.x == 1 || !sgan_weights_apart(&sizes));
		return matrix ? "rows" : run ? "runs" : "taps";
	}
	if (p->operation == CONV_SCATTER ? few : run)
		return p->operation == CONV_SCATTER ? "dots" : "runs";
	return 2 * p->max_batch > p->kernels->gemm_mr || positions <= p->max_batch ? "batch" : "indirect";
}

static void check_choice(sgan_ctx *ctx, sgan_conv_desc *desc)
{
	sgan_conv_plan *plan = NULL;

	for (int pass = 0; pass < SGAN_PASS_COUNT; pass++)
		desc->algorithm[pass] = "direct";
	if (sgan_conv_plan_create(ctx, desc, &plan) != SGAN_OK)
		return;
	for (int pass = 0; pass < SGAN_PASS_COUNT; pass++) {
		const char *expected = expected_algorithm(&plan->pass[pass].problem);
		cr_assert_str_eq(sgan_conv_plan_algorithm(plan, (sgan_pass)pass), expected,
		                 "%s, %s: %zux%zux%zux%zu to %zu, kernel %zux%zu, %zu slices: \"%s\", expected \"%s\"",
		                 sgan_isa_name(sgan_ctx_isa(ctx)), sgan_conv_pass_names[pass], desc->max_batch, desc->in_h,
		                 desc->in_w, desc->in_c, desc->out_c, desc->kernel_h, desc->kernel_w, desc->slices,
		                 sgan_conv_plan_algorithm(plan, (sgan_pass)pass), expected);
	}
	sgan_conv_plan_destroy(plan);
}

/* What costs come to among direct algorithms: few channels have algorithms of their own, dense layers are products,
 * small batches fill tiles with positions. It follows from the plan's largest batch, whatever a call's. NEON's tiles are
 * narrower, and what is faster with them nobody has measured. */
Test(conv_algorithms, direct_ones_are_chosen_as_was_measured)
{
	static const size_t wide[] = { 1, 3, 16, 64, 100, 256, 1024 }, batches[] = { 1, 2, 3, 7, 8, 20, 100, 128 };

	for (int isa = 0; isa < SGAN_ISA_COUNT; isa++) {
		sgan_ctx *ctx;
		if (!sgan_isa_usable((sgan_isa)isa) || isa == SGAN_ISA_NEON)
			continue;
		ctx = context((sgan_isa)isa, 1);
		for (int i = 0; i < 20000; i++) {
			sgan_conv_desc d = draw_layer();
			if (draw(0, 1))
				d.in_c = wide[draw(0, 6)];
			if (draw(0, 1))
				d.out_c = wide[draw(0, 6)];
			if (draw(0, 3) == 0)
				d.in_h = d.in_w = draw(8, 32);
			if (draw(0, 3) == 0)
				d.kernel_h = d.kernel_w = d.stride_h = d.stride_w = 1;
			if (draw(0, 2) == 0)
				d.pad_top = d.pad_bottom = d.pad_left = d.pad_right = 0;
			d.max_batch = batches[draw(0, 7)];
			d.slices = draw(1, 8);
			check_choice(ctx, &d);
		}
		sgan_ctx_destroy(ctx);
	}
}

/* However few of a plan's images a call has, each gets the same bits. */
static void check_first_images(sgan_ctx *ctx, const struct tensors *t, sgan_pass pass, const char *name)
{
	struct pass p = open_pass(ctx, t, pass, name);
	real *all = new_result(t, pass), *one = new_result(t, pass);
	char text[320];

	describe(t, sgan_ctx_isa(ctx), pass, name, sizeof text, text);
	if (pass != SGAN_BACKWARD_WEIGHTS) {
		cr_assert_eq(run_pass(&p, sgan_whole_batch(t->n, SLICES), all), SGAN_OK);
		cr_assert_eq(run_pass(&p, sgan_whole_batch(1, SLICES), one), SGAN_OK);
		cr_expect_arr_eq(one, all, t->count[pass] / t->n * sizeof(real), "%s: alone, an image has other bits", text);
	}
	sgan_free(all);
	sgan_free(one);
	close_pass(&p);
}

Test(conv_algorithms, an_image_has_the_same_bits_in_any_batch)
{
	struct tensors t;

	if (is_emulated())
		cr_skip_test("an_image_has_the_same_bits_in_any_batch: minutes in an emulator");
	for (size_t i = 0; i < LAYERS; i++) {
		cr_assert(open_tensors(&layers[i], 19, &t));
		each_set(&t, 2, check_first_images);
		close_tensors(&t);
	}
}

/* Each worker has its own memory; what all share does not grow with them. */
Test(conv_algorithms, workspaces_grow_by_worker)
{
	sgan_ctx *one = context(SGAN_ISA_GENERIC, 1), *two = context(SGAN_ISA_GENERIC, 2);
	sgan_ctx *most = context(SGAN_ISA_GENERIC, SGAN_THREADS_MAX);

	for (size_t i = 0; i < LAYERS; i++) {
		sgan_conv_desc desc = layers[i];
		sgan_conv_plan *plan = NULL;
		desc.max_batch = 20;
		cr_assert_eq(sgan_conv_plan_create(one, &desc, &plan), SGAN_OK);
		for (int pass = 0; pass < SGAN_PASS_COUNT; pass++) {
			size_t first = sgan_conv_workspace_size(one, plan, (sgan_pass)pass);
			size_t worker = sgan_conv_workspace_size(two, plan, (sgan_pass)pass) - first;
			cr_expect_eq(worker % SGAN_ALIGN, 0);
			cr_expect_eq(sgan_conv_workspace_size(most, plan, (sgan_pass)pass),
			             first + (SGAN_THREADS_MAX - 1) * worker);
		}
		sgan_conv_plan_destroy(plan);
	}
	sgan_ctx_destroy(one);
	sgan_ctx_destroy(two);
	sgan_ctx_destroy(most);
}

/* Layers and the passes in which Winograd's filtering was faster: wide ones, at strides too, of enough tiles. */
Test(conv_algorithms, winograd_is_chosen_where_it_was_faster)
{
	static const struct {
		sgan_conv_desc layer;
		size_t batch;
		bool winograd[SGAN_PASS_COUNT];
	} cases[] = {
		{ EVEN(SGAN_CONV, 16, 96, 192, 3, 1, 1), 100, { true, true, true } },
		{ EVEN(SGAN_CONV, 14, 64, 128, 5, 1, 0), 100, { true, true, true } },
		{ EVEN(SGAN_DECONV, 10, 256, 128, 5, 1, 0), 100, { true, true, true } },
		{ EVEN(SGAN_DECONV, 14, 128, 128, 5, 2, 2), 100, { true, true, true } },
		{ EVEN(SGAN_CONV, 6, 192, 192, 1, 1, 0), 100, { false, false, false } },
		{ EVEN(SGAN_CONV, 1, 192, 192, 1, 1, 0), 100, { false, false, false } },
		{ EVEN(SGAN_CONV, 32, 3, 96, 3, 1, 1), 100, { false, false, false } },
		{ EVEN(SGAN_CONV, 4, 16, 16, 3, 1, 1), 1, { false, false, false } },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (int isa = 0; isa < SGAN_ISA_COUNT; isa++) {
			sgan_conv_desc d = cases[i].layer;
			sgan_conv_plan *plan = NULL;
			sgan_ctx *ctx;
			if (!sgan_isa_usable((sgan_isa)isa))
				continue;
			ctx = context((sgan_isa)isa, 1);
			d.max_batch = cases[i].batch;
			d.algorithm[SGAN_FORWARD] = "auto";
			cr_assert_eq(sgan_conv_plan_create(ctx, &d, &plan), SGAN_OK, "%s", sgan_last_error());
			for (int pass = 0; pass < SGAN_PASS_COUNT; pass++)
				cr_expect_eq(strcmp(sgan_conv_plan_algorithm(plan, (sgan_pass)pass), "winograd") == 0,
				             cases[i].winograd[pass], "%s, layer %zu, %s: \"%s\"", sgan_isa_name((sgan_isa)isa), i,
				             sgan_conv_pass_names[pass], sgan_conv_plan_algorithm(plan, (sgan_pass)pass));
			sgan_conv_plan_destroy(plan);
			sgan_ctx_destroy(ctx);
		}
}

/* --- Winograd's filtering ---------------------------------------------------------------- */

static double norm(size_t count, const double *x)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += x[i] * x[i];
	return sqrt(sum);
}

/* Relative error of a pass with tiles that the plan need not have chosen; less than 0: they do not fit. */
static double error_with_tiles(sgan_ctx *ctx, const struct tensors *t, sgan_pass pass,
                               const struct winograd_kind *tiles)
{
	struct pass p = open_pass(ctx, t, pass, "winograd");
	struct conv_planned *planned = &p.plan->pass[pass];
	const struct conv_algorithm *a = planned->algorithm;
	bool weights = planned->problem.operation == CONV_WEIGHTS;
	real *found;
	double *off, error;

	if (!sgan_winograd_tiles_fit(&planned->problem.base, planned->problem.operation, tiles->m, tiles->even) ||
	    (weights && tiles->even != planned->problem.winograd_weights.tiling.even)) {
		close_pass(&p);
		return -1;
	}
	found = new_result(t, pass);
	off = zeros(t->count[pass]);
	if (weights)
		planned->problem.winograd_weights =
			sgan_winograd_weights_cut(&planned->problem.base, ctx->kernels, t->n, SLICES, tiles);
	else
		planned->problem.winograd =
			sgan_winograd_cut(&planned->problem.base, planned->problem.operation, ctx->kernels, t->n, tiles);
	planned->worker_bytes = a->worker_bytes(&planned->problem);
	if (a->packed_count)
		planned->packed_bytes = conv_round_bytes(a->packed_count(&planned->problem) * sizeof(real));
	sgan_free(p.packed);
	sgan_free(p.workspace);
	p.packed = sgan_alloc(planned->packed_bytes + 1, 1);
	p.workspace = sgan_alloc(sgan_conv_workspace_size(ctx, p.plan, pass) + 1, 1);
	cr_assert(p.packed && p.workspace);
	cr_assert_eq(sgan_conv_pack(ctx, p.plan, pass, t->weights, p.packed), SGAN_OK);
	cr_assert_eq(run_pass(&p, sgan_whole_batch(t->n, SLICES), found), SGAN_OK, "%s", sgan_last_error());
	for (size_t i = 0; i < t->count[pass]; i++)
		off[i] = (double)found[i] - t->exact[pass][i];
	error = norm(t->count[pass], off) / norm(t->count[pass], t->exact[pass]);
	free(off);
	sgan_free(found);
	close_pass(&p);
	return error;
}

/* Tiles of each size for each number of taps and stride, with even phases and with their own taps; what it loses is far
 * less than training notices. */
Test(conv_algorithms, winograd_is_exact_enough_with_any_tiles)
{
	static const sgan_conv_desc wide[] = {
		{ SGAN_CONV, 13, 11, 48, 33, 2, 2, .slices = SLICES },
		{ SGAN_CONV, 13, 11, 48, 33, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, .slices = SLICES },
		{ SGAN_DECONV, 9, 10, 48, 33, 4, 4, 1, 1, 1, 1, 1, 1, 1, 1, .slices = SLICES },
		{ SGAN_CONV, 13, 11, 48, 33, 5, 5, 1, 1, 1, 1, 2, 2, 2, 2, .slices = SLICES },
		{ SGAN_CONV, 17, 14, 33, 48, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1, .slices = SLICES },
		{ SGAN_CONV, 17, 14, 33, 48, 4, 4, 2, 2, 1, 1, 1, 1, 1, 1, .slices = SLICES },
		{ SGAN_CONV, 17, 14, 33, 48, 3, 4, 2, 2, 1, 1, 1, 1, 1, 1, .slices = SLICES },
		{ SGAN_DECONV, 9, 8, 33, 48, 4, 3, 2, 2, 1, 1, 1, 1, 1, 1, .slices = SLICES },
		{ SGAN_DECONV, 7, 6, 48, 33, 5, 5, 2, 2, 1, 1, 2, 2, 2, 2, .slices = SLICES },
	};
	double most = 0;
	size_t cases = 0;

	if (is_emulated())
		cr_skip_test("winograd_is_exact_enough_with_any_tiles: minutes in an emulator");
	for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
		struct tensors t;
		cr_assert(open_tensors(&wide[i], 9, &t));
		for (int isa = 0; isa < SGAN_ISA_COUNT; isa++) {
			sgan_ctx *ctx;
			if (!sgan_isa_usable((sgan_isa)isa))
				continue;
			ctx = context((sgan_isa)isa, 2);
			for (size_t m = 2; m < SGAN_WINOGRAD_MOST; m++)
				for (int even = 0; even < 2; even++)
					for (int pass = 0; pass < SGAN_PASS_COUNT; pass++) {
						const struct winograd_kind tiles = { m, even };
						double error = error_with_tiles(ctx, &t, (sgan_pass)pass, &tiles);
						if (error < 0)
							continue;
						cases++;
						most = fmax(most, error);
						cr_expect_lt(error, 2e-5, "%s, layer %zu, %s, tiles of %zu, %s: relative error %g",
						             sgan_isa_name((sgan_isa)isa), i, sgan_conv_pass_names[pass], m,
						             even ? "even" : "not even", error);
					}
			sgan_ctx_destroy(ctx);
		}
		close_tensors(&t);
	}
	cr_expect_gt(cases, 100);
	printf("largest relative error of Winograd's filtering: %.2g, %zu cases\n", most, cases);
	fflush(stdout);
}

/* --- single parts ---------------------------------------------------------------------- */

/* What a tile asks for ahead is as far from each of its rows, wherever the rows lie. */
Test(conv_algorithms, dots_ask_for_what_follows_each_row)
{
	const struct conv_base base = { .h = { .y = 6 }, .w = { .y = 5 }, .x_c = 2, .y_c = 7 };
	const ptrdiff_t distances[] = { 7, 5 * 7, 6 * 5 * 7 }; /* columns, rows, images */
	bool wanted[9 * 6 * 5 * 7 * 2];

	for (int way = 0; way < 3; way++)
		for (size_t m = 1; m <= 8; m++) {
			struct conv_ahead ahead = sgan_conv_dots_ahead(&base, distances[way], m);
			ptrdiff_t next = way == 0 ? 5 * 7 : 7;
			memset(wanted, 0, sizeof wanted);
			for (size_t i = 0; i < ahead.count; i++)
				for (size_t l = 0; l < ahead.length; l++)
					wanted[ahead.first + (ptrdiff_t)i * ahead.step + (ptrdiff_t)l] = true;
			for (size_t i = 0; i < m; i++)
				for (size_t l = 0; l < 7; l++)
					cr_assert(wanted[(ptrdiff_t)i * distances[way] + next + (ptrdiff_t)l]);
			cr_assert_eq(ahead.count * ahead.length, m * 7);
		}
}

/* The cost of a cut can be read. */
Test(conv_algorithms, a_cut_prints_its_cost)
{
	sgan_ctx *ctx = context(SGAN_ISA_GENERIC, 1);
	sgan_conv_desc desc = layers[2];
	sgan_conv_plan *plan = NULL;
	struct conv_weights_sizes sizes;
	const struct conv_problem *problem;
	char text[800], some[40];
	int length;

	desc.max_batch = 10;
	cr_assert_eq(sgan_conv_plan_create(ctx, &desc, &plan), SGAN_OK);
	problem = &plan->pass[SGAN_BACKWARD_WEIGHTS].problem;
	sizes = conv_weights_sizes(problem);
	length = sgan_weights_print(&sizes, &problem->cut, sizeof text, text);
	cr_assert_eq((size_t)length, strlen(text));
	printf("%s", text);
	cr_expect_not_null(strstr(text, "slices 4, pieces of each 1"));
	cr_expect_not_null(strstr(text, "values                 X, read once"));
	cr_expect_not_null(strstr(text, "multiply-adds"));
	cr_expect_eq(sgan_weights_print(&sizes, &problem->cut, sizeof some, some), length);
	cr_expect_eq(strncmp(some, text, sizeof some - 1), 0);
	cr_expect_eq(strlen(some), sizeof some - 1);
	sgan_conv_plan_destroy(plan);
	sgan_ctx_destroy(ctx);
}

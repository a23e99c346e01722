/* Several machines that train together (src/ranks): how many bytes each sends, counted by what a step asks its exchange for;
 * and how long a training takes with that, modelled. */
#include <stdio.h>
#include <string.h>

#include "bench/scaling.h"
#include "src/ranks/ranks.h"

enum { MOST_MACHINES = 64, CORES = 16, EPOCHS = 200, IMAGES = 50000, SIGNALS = 2 * sizeof(uint64_t) };
static const double gbits[] = { 10, 25, 100 };
/* What a message takes before its first byte arrives, a network's and its driver's: supposed. */
static const double latency = 20e-6;

/* What a step sends, of each of so many ranks; and one after the other, how many times somebody waits for a message. */
struct sent {
	size_t ranks;
	uint64_t bytes[MOST_MACHINES], most, all;
	size_t rounds;
};

static size_t part(size_t all, size_t rank, size_t ranks)
{
	return sgan_ranks_first(all, rank + 1, ranks) - sgan_ranks_first(all, rank, ranks);
}

/* Everybody's part of `all` things of `unit` bytes to all: each round doubles the ranks whose parts a rank has, of which it
 * sends its own and those behind it. */
static void count_dissemination(struct sent *s, size_t all, size_t unit)
{
	for (size_t have = 1; have < s->ranks; have *= 2, s->rounds++)
		for (size_t r = 0; r < s->ranks; r++)
			for (size_t k = 0; k < have && k < s->ranks - have; k++)
				s->bytes[r] += part(all, (r + k) % s->ranks, s->ranks) * unit;
}

static size_t element_size(sgan_element type)
{
	return type == SGAN_DOUBLE ? sizeof(double) : sizeof(float);
}

/* The exchange of a step that nobody else takes: others' sums are 0. */
static sgan_status gather(void *arg, const sgan_partials *p)
{
	const size_t bytes = p->count * element_size(p->type);
	count_dissemination(arg, p->slices, bytes);
	memset(p->data, 0, p->begin * bytes);
	memset((char *)p->data + p->end * bytes, 0, (p->slices - p->end) * bytes);
	return SGAN_OK;
}

/* Of the first rank. */
static void share(void *arg, size_t all, size_t *first, size_t *count)
{
	const struct sent *s = arg;
	*first = 0;
	*count = part(all, 0, s->ranks);
}

static sgan_status scatter(void *arg, const sgan_partials *p)
{
	struct sent *s = arg;
	for (size_t r = 0; r < s->ranks; r++)
		s->bytes[r] += part(p->slices, r, s->ranks) * (p->count - part(p->count, r, s->ranks)) * element_size(p->type);
	return SGAN_OK;
}

static sgan_status spread(void *arg, sgan_element type, size_t count, void *sums)
{
	struct sent *s = arg;
	(void)sums;
	for (size_t r = 0; r < s->ranks; r++)
		s->bytes[r] += part(count, r, s->ranks) * (s->ranks - 1) * element_size(type);
	return SGAN_OK;
}

static sgan_status finish(void *arg)
{
	struct sent *s = arg;
	s->rounds++;
	return SGAN_OK;
}

static void print_bytes(const struct bench *b, const struct sent *s)
{
	if (b->options.json)
		bench_print_object(json_pack("{sI sI sI sI}", "bytes", (json_int_t)s->ranks, "most", (json_int_t)s->most, "all",
		                             (json_int_t)s->all, "rounds", (json_int_t)s->rounds));
	else
		printf("%9zu %15llu %15llu %7zu\n", s->ranks, (unsigned long long)s->most, (unsigned long long)s->all,
		       s->rounds);
	fflush(stdout);
}

/* Nothing is supposed to be computed while messages are on their way. */
static void print_hours(const struct bench_fit *fit, const struct sent *s, double compute)
{
	const double steps = (double)EPOCHS * (double)IMAGES / (double)fit->batch->n;
	double hours[sizeof gbits / sizeof *gbits];
	for (size_t i = 0; i < sizeof gbits / sizeof *gbits; i++)
		hours[i] = steps * (compute + 8 * (double)s->most / (1e9 * gbits[i]) + (double)s->rounds * latency) / 3600;
	if (fit->b->options.json)
		bench_print_object(json_pack("{sI sI sI sf s[fff]}", "machines", (json_int_t)s->ranks, "bytes",
		                             (json_int_t)s->most, "rounds", (json_int_t)s->rounds, "compute_ms", compute * 1e3,
		                             "hours", hours[0], hours[1], hours[2]));
	else
		printf("%9zu %15llu %7zu %11.1f %9.2f %9.2f %9.2f\n", s->ranks, (unsigned long long)s->most, s->rounds,
		       compute * 1e3, hours[0], hours[1], hours[2]);
	fflush(stdout);
}

/* Ranks at the most: each has an image of each stage's batches, and of the one that is stepped. */
static size_t most_ranks(const struct bench *b)
{
	size_t most = b->options.batch < MOST_MACHINES ? b->options.batch : MOST_MACHINES;
	for (size_t i = 0; i < sgan_preset_stages(b->preset); i++)
		most = b->preset->stages[i].batch < most ? b->preset->stages[i].batch : most;
	return most;
}

/* The preset with a slice for each rank. */
static struct sgan_preset *preset_for(const struct bench *b, size_t ranks)
{
	struct sgan_preset *preset;
	char slices[32];
	const char *settings[] = { slices };
	snprintf(slices, sizeof slices, "slices=%zu", ranks > b->preset->slices ? ranks : b->preset->slices);
	bench_check(sgan_preset_load(b->options.preset, settings, 1, &preset), "preset");
	bench_check(sgan_preset_settle(&preset, BENCH_CLASSES), "preset");
	return preset;
}

/* A process of so many that train together: the first, of which the others have equally many slices, or one more. */
struct process {
	struct bench own;
	struct sent sent;
	struct bench_share share;
};

static void open_process(const struct bench *b, size_t ranks, struct process *p)
{
	*p = (struct process){ .own = *b, .sent = { .ranks = ranks } };
	p->own.preset = preset_for(b, ranks);
	p->share = (struct bench_share){ .end = part(p->own.preset->slices, 0, ranks),
		                             .exchange = { &p->sent, gather, share, scatter, spread, finish } };
}

/* What a process by itself does not exchange. */
static const struct bench_share *share_of(const struct process *p)
{
	return p->sent.ranks > 1 ? &p->share : NULL;
}

/* Counts a step, the second, in which nothing is done for the first time; what signals say at its end is sent, too. */
static struct sent count_step(struct process *p, const struct bench_batch *batch)
{
	struct bench_stepper stepper;
	struct sent *s = &p->sent;
	sgan_ctx *ctx;
	const sgan_ctx_options options = { .isa = p->own.options.isa, .threads = 1 };
	bench_check(sgan_ctx_create(&options, &ctx), "context");
	bench_open_stepper(&p->own, ctx, share_of(p), &stepper);
	bench_time_step(&stepper, batch);
	*s = (struct sent){ .ranks = s->ranks };
	bench_time_step(&stepper, batch);
	count_dissemination(s, s->ranks, SIGNALS);
	for (size_t r = 0; r < s->ranks; r++) {
		s->most = s->bytes[r] > s->most ? s->bytes[r] : s->most;
		s->all += s->bytes[r];
	}
	bench_close_stepper(&stepper);
	sgan_ctx_destroy(ctx);
	return *s;
}

void bench_print_machines(const struct bench_fit *fit)
{
	const int cores = fit->b->options.threads > 0 ? fit->b->options.threads : CORES;
	if (!fit->b->options.json)
		printf(
			"\n# machines of %d cores, modelled; hours are those of %d epochs of %d images over 10, 25 and 100 Gbit/s\n"
			"%9s %15s %7s %11s %9s %9s %9s\n",
			cores, EPOCHS, IMAGES, "machines", "bytes, a step", "rounds", "compute ms", "hours 10", "25", "100");
	for (size_t ranks = 1; ranks <= most_ranks(fit->b); ranks *= 2) {
		struct process p;
		struct bench_fit own = *fit;
		open_process(fit->b, ranks, &p);
		const struct sent sent = count_step(&p, fit->batch);
		own.b = &p.own;
		print_hours(fit, &sent, bench_model_compute(&own, cores, share_of(&p)));
		sgan_preset_free(p.own.preset);
	}
}

void bench_bytes(struct bench *b)
{
	bench_print_header(b, "bytes");
	struct bench_batch batch = bench_make_batch(b);
	if (!b->options.json)
		printf("%9s %15s %15s %7s\n", "processes", "most of one", "all", "rounds");
	for (size_t ranks = 1; ranks <= most_ranks(b); ranks++) {
		struct process p;
		open_process(b, ranks, &p);
		const struct sent sent = count_step(&p, &batch);
		print_bytes(b, &sent);
		sgan_preset_free(p.own.preset);
		ranks += ranks >= 4 ? ranks - 1 : 0; /* 1, 2, 3, 4, 8, ... */
	}
	bench_free_batch(&batch);
}

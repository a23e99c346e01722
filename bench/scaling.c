/* See scaling.h. */
#include "bench/scaling.h"

#include <math.h>
#include <string.h>

#include "src/cpu/cgroup.h"

enum { MOST_RUNS = 1000, MOST_REGIONS = 4096, CUT_RUNS = 3 };
static const double count_seconds = 1e-7; /* an atomic addition to a line that another core has, about */

/* A context of so many threads, for which work is cut whether or not there are CPUs for them. */
static sgan_ctx *context(const struct bench_fit *fit, int threads)
{
	sgan_ctx *ctx;
	const sgan_ctx_options options = { .isa = fit->b->options.isa, .threads = threads };
	bench_check(sgan_ctx_create(&options, &ctx), "context");
	ctx->at_once = ctx->threads;
	return ctx;
}

/* --- one thread's regions --- */

/* A step's regions, as they are cut for a context's threads, of which the calling one alone does all; of several runs the
 * shortest time of each, for what comes in between makes them longer. Returns how many there are. */
static size_t list_regions(const struct bench_fit *fit, const struct bench_share *share, sgan_ctx *ctx,
                           struct sgan_region_time *least)
{
	static struct sgan_region_time each[MOST_REGIONS];
	struct sgan_region_tally tally = { .most = MOST_REGIONS, .each = each };
	struct sgan_team *team = ctx->team;
	struct bench_stepper stepper;
	size_t count = 0;
	bench_open_stepper(fit->b, ctx, share, &stepper);
	ctx->team = NULL;
	bench_time_step(&stepper, fit->batch); /* in which the encoder's weights are packed */
	ctx->tally = &tally;
	for (int run = 0; run < CUT_RUNS; run++) {
		tally.regions = 0;
		bench_time_step(&stepper, fit->batch);
		if (run > 0 && tally.regions != count)
			bench_fail("scale: %llu regions of a step, %zu of the one before", (unsigned long long)tally.regions,
			           count);
		if (tally.regions > MOST_REGIONS)
			bench_fail("scale: a step of %llu regions", (unsigned long long)tally.regions);
		count = (size_t)tally.regions;
		for (size_t r = 0; r < count; r++)
			if (run == 0 || each[r].ns < least[r].ns)
				least[r] = each[r];
	}
	ctx->tally = NULL;
	ctx->team = team;
	bench_close_stepper(&stepper);
	return count;
}

double bench_model_compute(const struct bench_fit *fit, int threads, const struct bench_share *share)
{
	static struct sgan_region_time region[MOST_REGIONS];
	sgan_ctx *ctx = context(fit, threads);
	const double p = sgan_ctx_threads(ctx), wait = fit->wait + (p > 2 ? p - 2 : 0) * count_seconds;
	const size_t count = list_regions(fit, share, ctx, region);
	double seconds = 0;
	for (size_t r = 0; r < count; r++) {
		const double chunks = (double)region[r].chunks, work = 1e-9 * (double)region[r].ns;
		seconds += chunks > 1 && p > 1 ? work * ceil(chunks / p) / chunks + wait : work;
	}
	sgan_ctx_destroy(ctx);
	return fit->outside + seconds * (p > 1 ? fit->slower : 1);
}

/* --- what is measured --- */

static void nothing(void *arg, size_t chunk, int worker)
{
	(void)arg, (void)chunk, (void)worker;
}

/* Seconds of an empty region of two threads that are awake. */
static double measure_wait(const struct bench_fit *fit)
{
	enum { REGIONS = 10000 };
	sgan_ctx *ctx = context(fit, 2);
	double begin = 0;
	for (int i = -REGIONS; i < REGIONS; i++) {
		if (i == 0)
			begin = bench_now();
		sgan_parallel_for(ctx, 2, nothing, NULL);
	}
	const double wait = (bench_now() - begin) / REGIONS;
	sgan_ctx_destroy(ctx);
	return wait;
}

enum { COPIED = 256 << 20, PIECE = 1 << 20 }; /* bytes */

static void copy_piece(void *arg, size_t chunk, int worker)
{
	char *memory = arg;
	(void)worker;
	memcpy(memory + COPIED / 2 + chunk * PIECE, memory + chunk * PIECE, PIECE);
}

/* Bytes a second that memory gives and takes while all threads copy; the best of some runs. */
static double measure_bandwidth(const struct bench_fit *fit)
{
	enum { RUNS = 7 };
	char *memory = sgan_alloc(COPIED, 1);
	double best = 0;
	if (memory == NULL)
		bench_check(SGAN_ENOMEM, "memory to copy");
	for (int run = 0; run < RUNS; run++) {
		const double begin = bench_now();
		sgan_parallel_for(fit->b->ctx, COPIED / 2 / PIECE, copy_piece, memory);
		const double rate = COPIED / (bench_now() - begin);
		best = rate > best ? rate : best;
	}
	sgan_free(memory);
	return best;
}

static double measure_step(const struct bench_fit *fit, int threads)
{
	static double times[MOST_RUNS];
	sgan_ctx *ctx = context(fit, threads);
	struct bench_stepper stepper;
	bench_open_stepper(fit->b, ctx, NULL, &stepper);
	bench_time_step(&stepper, fit->batch);
	for (size_t i = 0; i < fit->b->options.runs; i++)
		times[i] = bench_time_step(&stepper, fit->batch);
	bench_close_stepper(&stepper);
	sgan_ctx_destroy(ctx);
	return bench_median(times, fit->b->options.runs);
}

void bench_fit(struct bench *b, const struct bench_batch *batch, struct bench_fit *fit)
{
	enum { MOST = sizeof fit->measured / sizeof *fit->measured };
	double step;
	uint64_t regions;
	*fit = (struct bench_fit){ .b = b, .batch = batch, .slower = 1 };
	fit->outside = bench_outside(b, batch, &step, &regions);
	fit->wait = measure_wait(fit);
	fit->bandwidth = measure_bandwidth(fit);
	for (int threads = 1; fit->most < MOST && threads <= sgan_cpus_allowed(); threads *= 2) {
		fit->measured[fit->most][0] = threads;
		fit->measured[fit->most++][1] = measure_step(fit, threads);
	}
	fit->step = fit->measured[0][1];
	if (fit->most > 1)
		fit->slower = (fit->measured[1][1] - fit->outside) / (bench_model_compute(fit, 2, NULL) - fit->outside);
}

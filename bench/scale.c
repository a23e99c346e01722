/* How a step's time falls with more threads: measured as far as there are CPUs, modelled beyond.
 *
 * The model. A step is what no region has, plus its regions. A region that is cut into c chunks for p threads, and takes one
 * thread the time t as it is cut, takes p threads t * ceil(c / p) / c, for its chunks are alike; and a wait, in which the
 * threads learn of it and tell of its end. Both t and c are measured, for any number of threads: one thread does a step that
 * is cut for them all. Beyond what was measured the wait is supposed to grow by what it takes each thread to count its
 * chunks, one after the other. What two threads take longer than that, for memory that they share and for chunks that are not alike,
 * all numbers of threads are supposed to. Not in it: memory of other NUMA nodes, and clocks that fall as cores work. */
#include <math.h>
#include <stdio.h>

#include "bench/stepper.h"
#include "src/cpu/cgroup.h"

enum { MOST_RUNS = 1000, MOST_REGIONS = 4096, MOST_THREADS = 192, CUT_RUNS = 3 };
static const double count_seconds = 1e-7; /* an atomic addition to a line that another core has, about */

struct scale {
	const struct bench *b;
	const struct bench_batch *batch;
	double step, outside; /* one thread's */
	double wait;          /* of a region of two threads */
	double slower;        /* what two threads take over what is modelled */
};

static double median_step(const struct scale *s, const struct bench_stepper *stepper)
{
	static double times[MOST_RUNS];
	bench_time_step(stepper, s->batch);
	for (size_t i = 0; i < s->b->options.runs; i++)
		times[i] = bench_time_step(stepper, s->batch);
	return bench_median(times, s->b->options.runs);
}

/* A context of so many threads, for which work is cut whether or not there are CPUs for them. */
static sgan_ctx *context(const struct scale *s, int threads)
{
	sgan_ctx *ctx;
	const sgan_ctx_options options = { .isa = s->b->options.isa, .threads = threads };
	bench_check(sgan_ctx_create(&options, &ctx), "context");
	ctx->at_once = ctx->threads;
	return ctx;
}

/* A step's regions, as they are cut for a context's threads, of which the calling one alone does all; of several runs the
 * shortest time of each, for what comes in between makes them longer. Returns how many there are. */
static size_t list_regions(const struct scale *s, sgan_ctx *ctx, struct sgan_region_time *least)
{
	static struct sgan_region_time each[MOST_REGIONS];
	struct sgan_region_tally tally = { .most = MOST_REGIONS, .each = each };
	struct sgan_team *team = ctx->team;
	struct bench_stepper stepper;
	size_t count = 0;
	bench_open_stepper(s->b, ctx, &stepper);
	ctx->team = NULL;
	bench_time_step(&stepper, s->batch); /* in which the encoder's weights are packed */
	ctx->tally = &tally;
	for (int run = 0; run < CUT_RUNS; run++) {
		tally.regions = 0;
		bench_time_step(&stepper, s->batch);
		if (run > 0 && tally.regions != count)
			bench_fail("scale: %llu regions of a step, %zu of the one before", (unsigned long long)tally.regions, count);
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

/* Seconds of a step of p threads, without `slower`. */
static double model(const struct scale *s, int threads)
{
	static struct sgan_region_time region[MOST_REGIONS];
	sgan_ctx *ctx = context(s, threads);
	const double p = sgan_ctx_threads(ctx), wait = s->wait + (p - 2) * count_seconds;
	const size_t count = list_regions(s, ctx, region);
	double seconds = s->outside;
	for (size_t r = 0; r < count; r++) {
		const double chunks = (double)region[r].chunks, work = 1e-9 * (double)region[r].ns;
		seconds += chunks > 1 ? work * ceil(chunks / p) / chunks + wait : work;
	}
	sgan_ctx_destroy(ctx);
	return seconds;
}

static void nothing(void *arg, size_t chunk, int worker)
{
	(void)arg, (void)chunk, (void)worker;
}

/* Seconds of an empty region of two threads that are awake. */
static double measure_wait(const struct scale *s)
{
	enum { REGIONS = 10000 };
	sgan_ctx *ctx = context(s, 2);
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

static double measure(const struct scale *s, int threads)
{
	sgan_ctx *ctx = context(s, threads);
	struct bench_stepper stepper;
	bench_open_stepper(s->b, ctx, &stepper);
	const double seconds = median_step(s, &stepper);
	bench_close_stepper(&stepper);
	sgan_ctx_destroy(ctx);
	return seconds;
}

static void print_row(const struct scale *s, int threads, const char *how, double seconds, double modelled)
{
	const double speedup = s->step / seconds;
	if (s->b->options.json)
		bench_print_object(json_pack("{si ss sf sf sf sf}", "scale", threads, "how", how, "ms", seconds * 1e3, "modelled_ms",
		                             modelled * 1e3, "speedup", speedup, "efficiency", speedup / threads));
	else
		printf("%8d  %-9s %10.1f %12.1f %9.2f %11.3f\n", threads, how, seconds * 1e3, modelled * 1e3, speedup,
		       speedup / threads);
	fflush(stdout);
}

/* One row; of two threads, the model is fitted. */
static void add_row(struct scale *s, int threads, bool measured)
{
	const double modelled = model(s, threads) * s->slower;
	if (!measured) {
		print_row(s, threads, "modelled", modelled, modelled);
		return;
	}
	const double seconds = measure(s, threads);
	if (threads == 2)
		s->slower = seconds / modelled;
	print_row(s, threads, "measured", seconds, modelled);
}

void bench_scale(struct bench *b)
{
	static struct scale s;
	static const int counts[] = { 2, 4, 8, 16, 32, 64, 96, 128, MOST_THREADS };
	const double peak = bench_print_header(b, "scale");
	struct bench_batch batch = bench_make_batch(b);
	double step;
	uint64_t regions;
	s = (struct scale){ .b = b, .batch = &batch, .slower = 1 };
	s.outside = bench_outside(b, &batch, &step, &regions);
	s.wait = measure_wait(&s);
	s.step = measure(&s, 1);
	if (!b->options.json)
		printf("%8s  %-9s %10s %12s %9s %11s\n", "threads", "how", "ms", "modelled ms", "speed-up", "efficiency");
	print_row(&s, 1, "measured", s.step, s.step);
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		add_row(&s, counts[i], counts[i] <= sgan_cpus_allowed());
	bench_print_summary(b, json_pack("{s{sf sf sf}}", "model", "outside_ms", s.outside * 1e3, "wait_us", s.wait * 1e6,
	                                 "slower", s.slower),
	                    "outside regions %.3f ms of one thread's step; a region of two threads %.2f us; 2 threads take %.3f "
	                    "of what is modelled",
	                    s.outside * 1e3, s.wait * 1e6, s.slower);
	bench_print_drift(b, peak);
	bench_free_batch(&batch);
}

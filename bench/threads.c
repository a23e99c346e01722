/* What threads cost: parallel regions by themselves, and a training step beside other programs that are busy, and with
 * more threads than there are CPUs. */
#include <signal.h>
#include <stdio.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/stepper.h"
#include "src/cpu/cgroup.h"

/* --- regions --- */

enum { REGIONS = 1000, SMALL_CHUNKS = 4, MOST_RUNS = 1000 };
static const double small_chunk = 5e-6; /* seconds */

struct region {
	size_t chunks;
	double chunk; /* seconds of each */
	bool asleep;  /* threads sleep ahead of each */
	size_t count; /* timed together */
};

static void wait_in_chunk(void *arg, size_t chunk, int worker)
{
	const struct region *r = arg;
	(void)chunk, (void)worker;
	for (const double end = r->chunk > 0 ? bench_now() + r->chunk : 0; end > 0 && bench_now() < end;)
		;
}

static double time_regions(const struct bench *b, struct region *r)
{
	double seconds = 0;
	for (size_t i = 0; i < r->count; i++) {
		if (r->asleep)
			bench_let_threads_sleep();
		const double begin = bench_now();
		sgan_parallel_for(b->ctx, r->chunks, wait_in_chunk, r);
		seconds += bench_now() - begin;
	}
	return seconds / (double)r->count;
}

static void print_region(const struct bench *b, const char *what, struct region r)
{
	static double times[MOST_RUNS];
	const double begin = bench_now(), threads = sgan_ctx_threads(b->ctx);
	size_t runs = 0;
	time_regions(b, &r);
	while (runs < MOST_RUNS && (runs < b->options.runs || bench_now() - begin < 0.15))
		times[runs++] = time_regions(b, &r);
	const double each = bench_median(times, runs), work = (double)r.chunks * r.chunk / threads;
	if (b->options.json)
		bench_print_object(json_pack("{ss si sf sf}", "region", what, "threads", (int)threads, "us", each * 1e6,
		                             "work_us", work * 1e6));
	else
		printf("%-46s %10.2f us, of which chunks %.2f\n", what, each * 1e6, work * 1e6);
	fflush(stdout);
}

static void time_all_regions(const struct bench *b)
{
	const size_t threads = (size_t)sgan_ctx_threads(b->ctx);
	print_region(b, "empty region", (struct region){ .chunks = threads, .count = REGIONS });
	print_region(b, "1,000 small regions, each",
	             (struct region){ .chunks = SMALL_CHUNKS * threads, .chunk = small_chunk, .count = REGIONS });
	print_region(b, "empty region, threads asleep", (struct region){ .chunks = threads, .asleep = true, .count = 1 });
}

/* --- other programs --- */

enum { MOST_NEIGHBOURS = 64 };

struct neighbours {
	size_t count;
	pid_t pid[MOST_NEIGHBOURS];
};

/* A program that is busy for as long as this one lives; stopped at first. */
static pid_t start_neighbour(void)
{
	const pid_t parent = getpid(), pid = fork();
	if (pid < 0)
		bench_fail("a busy program could not be started");
	if (pid > 0)
		return pid;
#ifdef __linux__
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* also while it is stopped */
#endif
	for (volatile unsigned long count = 0;; count++)
		if (count % (1ul << 26) == 0 && getppid() != parent)
			_exit(0);
}

static void start_neighbours(struct neighbours *n, size_t count)
{
	for (n->count = 0; n->count < count; n->count++) {
		n->pid[n->count] = start_neighbour();
		kill(n->pid[n->count], SIGSTOP);
	}
}

static void end_neighbours(struct neighbours *n)
{
	for (size_t i = 0; i < n->count; i++) {
		kill(n->pid[i], SIGKILL);
		waitpid(n->pid[i], NULL, 0);
	}
}

static void signal_neighbours(const struct neighbours *n, size_t count, int signal)
{
	const struct timespec settle = { .tv_nsec = 20000000 };
	for (size_t i = 0; i < count; i++)
		kill(n->pid[i], signal);
	if (count > 0)
		nanosleep(&settle, NULL);
}

/* --- a step beside them --- */

/* Medians of a quiet step and of one that takes turns with it, and of the ratios of neighbours in time. */
struct pairs {
	double quiet, other, ratio;
};

static struct pairs compare(const struct bench *b, const struct bench_stepper *quiet, const struct bench_stepper *other,
                            const struct neighbours *n, size_t busy, const struct bench_batch *batch)
{
	static double times[3][MOST_RUNS];
	bench_time_step(quiet, batch);
	bench_time_step(other, batch);
	for (size_t i = 0; i < b->options.runs; i++) {
		times[0][i] = bench_time_step(quiet, batch);
		signal_neighbours(n, busy, SIGCONT);
		times[1][i] = bench_time_step(other, batch);
		signal_neighbours(n, busy, SIGSTOP);
		times[2][i] = times[1][i] / times[0][i];
	}
	return (struct pairs){ bench_median(times[0], b->options.runs), bench_median(times[1], b->options.runs),
		                   bench_median(times[2], b->options.runs) };
}

static void print_pairs(const struct bench *b, const char *what, size_t busy, int threads, struct pairs p)
{
	if (b->options.json)
		bench_print_object(json_pack("{ss si sI sf sf sf}", "step", what, "threads", threads, "busy_programs",
		                             (json_int_t)busy, "quiet_ms", p.quiet * 1e3, "ms", p.other * 1e3, "ratio",
		                             p.ratio));
	else
		printf("%-46s %10.1f ms, quiet %.1f, ratio %.2f\n", what, p.other * 1e3, p.quiet * 1e3, p.ratio);
	fflush(stdout);
}

static void print_outside(const struct bench *b, const struct bench_batch *batch)
{
	double step;
	uint64_t regions;
	const double outside = bench_outside(b, batch, &step, &regions);
	if (b->options.json)
		bench_print_object(json_pack("{ss sI sf sf sf}", "outside", "regions of a step, one thread", "regions",
		                             (json_int_t)regions, "step_ms", step * 1e3, "outside_ms", outside * 1e3, "percent",
		                             100 * outside / step));
	else
		printf("%-46s %10.3f ms of %.1f, %.2f %%; regions: %llu\n", "outside regions, one thread's step", outside * 1e3,
		       step * 1e3, 100 * outside / step, (unsigned long long)regions);
	fflush(stdout);
}

static void time_steps(const struct bench *b)
{
	const size_t cpus = (size_t)sgan_cpus_allowed(), most = cpus < MOST_NEIGHBOURS ? cpus : MOST_NEIGHBOURS;
	const int threads = sgan_ctx_threads(b->ctx),
			  more = threads < SGAN_THREADS_MAX / 4 ? 4 * threads : SGAN_THREADS_MAX;
	const sgan_ctx_options options = { .isa = b->options.isa, .threads = more };
	struct bench_batch batch = bench_make_batch(b);
	struct neighbours neighbours;
	struct bench_stepper one, four_times;
	sgan_ctx *ctx;
	char what[64];
	print_outside(b, &batch);
	start_neighbours(&neighbours, most);
	bench_open_stepper(b, b->ctx, NULL, &one);
	for (size_t busy = 1; busy <= most; busy = busy < most && 2 * busy > most ? most : 2 * busy) {
		snprintf(what, sizeof what, "step beside %zu busy program%s", busy, busy == 1 ? "" : "s");
		print_pairs(b, what, busy, sgan_ctx_threads(b->ctx), compare(b, &one, &one, &neighbours, busy, &batch));
	}
	end_neighbours(&neighbours);
	bench_check(sgan_ctx_create(&options, &ctx), "context");
	bench_open_stepper(b, ctx, NULL, &four_times);
	snprintf(what, sizeof what, "step with %d threads", sgan_ctx_threads(ctx));
	print_pairs(b, what, 0, sgan_ctx_threads(ctx), compare(b, &one, &four_times, &neighbours, 0, &batch));
	bench_close_stepper(&four_times);
	bench_close_stepper(&one);
	sgan_ctx_destroy(ctx);
	bench_free_batch(&batch);
}

void bench_threads(struct bench *b)
{
	const double peak = bench_print_header(b, "threads");
	time_all_regions(b);
	time_steps(b);
	bench_print_drift(b, peak);
}

/* Clock, median, the machine's peak, and contests: times of several that do the same work, taken in turn. */
#include <stdlib.h>
#include <time.h>

#include "bench/bench.h"

double bench_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

double bench_median(double *times, size_t count)
{
	qsort(times, count, sizeof times[0], compare);
	return count % 2 == 1 ? times[count / 2] : 0.5 * (times[count / 2 - 1] + times[count / 2]);
}

struct peak {
	float (*loop)(size_t rounds, double *flop);
	size_t rounds;
	double flop;
	volatile float sink; /* keeps the loops alive */
};

static void run_loop(void *arg, size_t chunk, int worker)
{
	struct peak *peak = arg;
	double flop;
	float sum = peak->loop(peak->rounds, &flop);
	(void)worker;
	if (chunk == 0) {
		peak->flop = flop;
		peak->sink = sum;
	}
}

/* Seconds of a run. */
static double time_rounds(sgan_ctx *ctx, struct peak *peak, size_t rounds)
{
	const double begin = bench_now();
	peak->rounds = rounds;
	sgan_parallel_for(ctx, (size_t)sgan_ctx_threads(ctx), run_loop, peak);
	return bench_now() - begin;
}

/* Rounds that take a tenth of a second at most: an emulator's take seconds, no machine's do. The shorter of two tries
 * tells, for a thread that comes late is no emulator. */
static size_t affordable(sgan_ctx *ctx, struct peak *peak, size_t rounds)
{
	const double first = time_rounds(ctx, peak, rounds / 100 + 1), second = time_rounds(ctx, peak, rounds / 100 + 1);
	const double most = 0.1, all = 100 * (first < second ? first : second);
	return all <= most ? rounds : (size_t)((double)rounds * most / all) + 1;
}

/* GFLOP/s of one run; 0: no such loop. */
static double run_peak(sgan_ctx *ctx, size_t rounds)
{
	struct peak peak = { .loop = NULL };
#ifdef SGAN_HAVE_AVX2
	if (sgan_ctx_isa(ctx) == SGAN_ISA_AVX2)
		peak.loop = bench_peak_avx2;
#endif
#ifdef SGAN_HAVE_AVX512
	if (sgan_ctx_isa(ctx) == SGAN_ISA_AVX512)
		peak.loop = bench_peak_avx512;
#endif
#ifdef SGAN_HAVE_NEON
	if (sgan_ctx_isa(ctx) == SGAN_ISA_NEON)
		peak.loop = bench_peak_neon;
#endif
	if (peak.loop == NULL)
		return 0;
	const double seconds = time_rounds(ctx, &peak, affordable(ctx, &peak, rounds));
	return peak.flop * (double)sgan_ctx_threads(ctx) / seconds / 1e9;
}

double bench_peak(sgan_ctx *ctx)
{
	double best = 0;
	for (int run = 0; run < 9; run++) {
		double rate = run_peak(ctx, 2000000);
		best = rate > best ? rate : best;
	}
	return best;
}

/* --- contests --- */

enum { MOST_CONTENDERS = 4, MOST_RUNS = 2000, MOST_PEAKS = 200, WARM_UP = 2 };

/* Rounds go on for a while, so that short runs have good medians. A peak loop is some 3 ms; there is one in every of
 * the first rounds, then one after each interval. */
static const struct bench_pace usual_pace = { .seconds = 0.15, .peak_rounds = 700000, .peak_interval = 0.03 };
static const double contest_limit = 20; /* seconds, however few the runs */

void bench_let_threads_sleep(void)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	nanosleep(&pause, NULL);
}

struct contest {
	double times[MOST_CONTENDERS][MOST_RUNS];
	double peaks[MOST_PEAKS];
	size_t peak_count;
};

static void take_turn(struct bench_contender *c, bool apart, size_t round, double *seconds)
{
	if (apart) {
		bench_let_threads_sleep();
		c->run(c->arg, round); /* wakes its threads */
	}
	double begin = bench_now();
	c->run(c->arg, round + apart);
	*seconds = bench_now() - begin;
}

static void take_peak(const struct bench *b, size_t rounds, struct contest *contest, bool apart)
{
	if (contest->peak_count == MOST_PEAKS)
		return;
	if (apart) {
		bench_let_threads_sleep();
		run_peak(b->ctx, 1000); /* wakes the library's */
	}
	contest->peaks[contest->peak_count++] = run_peak(b->ctx, rounds);
}

double bench_contest_at(const struct bench *b, const struct bench_pace *pace, struct bench_contender *contenders,
                        size_t count)
{
	static struct contest contest;
	bool apart = false;
	for (size_t i = 0; i < count; i++)
		apart = apart || (contenders[i].own_threads && sgan_ctx_threads(b->ctx) > 1);
	contest.peak_count = 0;
	for (size_t i = 0; i < count; i++)
		for (size_t r = 0; r < WARM_UP; r++)
			take_turn(&contenders[i], apart, r, &contest.times[i][0]);
	const double begin = bench_now();
	double last_peak = 0, now = begin;
	size_t runs = 0;
	while (runs < MOST_RUNS && (runs < b->options.runs || now - begin < pace->seconds) && now - begin < contest_limit) {
		if (runs < 10 || now - last_peak > pace->peak_interval) {
			take_peak(b, pace->peak_rounds, &contest, apart);
			last_peak = bench_now();
		}
		for (size_t i = 0; i < count; i++)
			take_turn(&contenders[i], apart, runs + WARM_UP, &contest.times[i][runs]);
		runs++;
		now = bench_now();
	}
	for (size_t i = 0; i < count; i++)
		contenders[i].seconds = bench_median(contest.times[i], runs);
	return bench_median(contest.peaks, contest.peak_count);
}

double bench_contest(const struct bench *b, struct bench_contender *contenders, size_t count)
{
	return bench_contest_at(b, &usual_pace, contenders, count);
}

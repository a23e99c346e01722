/* Clock, median and the machine's peak. */
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

double bench_peak(sgan_ctx *ctx)
{
	struct peak peak = { .rounds = 4000000 };
	const size_t threads = (size_t)sgan_ctx_threads(ctx);
	double best = 0;
#ifdef SGAN_HAVE_AVX2
	if (sgan_ctx_isa(ctx) == SGAN_ISA_AVX2)
		peak.loop = bench_peak_avx2;
#endif
#ifdef SGAN_HAVE_AVX512
	if (sgan_ctx_isa(ctx) == SGAN_ISA_AVX512)
		peak.loop = bench_peak_avx512;
#endif
	for (int run = 0; run < 7 && peak.loop != NULL; run++) {
		double begin = bench_now();
		sgan_parallel_for(ctx, threads, run_loop, &peak);
		double rate = peak.flop * (double)threads / (bench_now() - begin) / 1e9;
		best = rate > best ? rate : best;
	}
	return best;
}

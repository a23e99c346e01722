/* The machine's peak: a loop of fused multiply-adds on registers alone, for the instruction set of the file that
 * includes this with `vector` (its type), `lanes`, `set1`, `fmadd` and `accumulators` (enough to hide the latency
 * of the adder, few enough for the register file) defined. */
#ifndef SGAN_BENCH_PEAK_H
#define SGAN_BENCH_PEAK_H

#include "bench/bench.h"

/* Returns a sum that depends on every operation, so that none is left out; *flop receives their number. */
static inline float peak_loop(size_t rounds, double *flop)
{
	vector sums[accumulators];
	const vector factor = set1(0.999f), term = set1(1e-3f);
	for (int i = 0; i < accumulators; i++)
		sums[i] = set1((float)i);
	for (size_t r = 0; r < rounds; r++) {
#pragma GCC unroll 24
		for (int i = 0; i < accumulators; i++)
			sums[i] = fmadd(sums[i], factor, term);
	}
	union {
		vector v;
		float f[lanes];
	} all = { sums[0] };
	for (int i = 1; i < accumulators; i++)
		all.v = fmadd(all.v, factor, sums[i]);
	*flop = 2.0 * lanes * accumulators * (double)rounds;
	float total = 0;
	for (int i = 0; i < lanes; i++)
		total += all.f[i];
	return total;
}

#endif

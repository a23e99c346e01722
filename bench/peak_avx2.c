/* AVX2's peak: two adders of latency 4 want 8 sums at least; 12 leave registers to spare. */
#include <immintrin.h>

typedef __m256 vector;
enum { lanes = 8, accumulators = 12 };
#define set1 _mm256_set1_ps
#define fmadd _mm256_fmadd_ps

#include "bench/peak.h"

float bench_peak_avx2(size_t rounds, double *flop)
{
	return peak_loop(rounds, flop);
}

/* AVX-512's peak: 24 sums of its 32 registers. */
#include <immintrin.h>

typedef __m512 vector;
enum { lanes = 16, accumulators = 24 };
#define set1 _mm512_set1_ps
#define fmadd _mm512_fmadd_ps

#include "bench/peak.h"

float bench_peak_avx512(size_t rounds, double *flop)
{
	return peak_loop(rounds, flop);
}

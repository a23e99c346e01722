/* NEON's peak: up to four pipes of latency 4 want 16 sums; 24 of its 32 registers. The instruction adds to its addend,
 * which here is the sum: elsewhere it is a factor. */
#include <arm_neon.h>

typedef float32x4_t vector;
enum { lanes = 4, accumulators = 24 };
#define set1 vdupq_n_f32
#define fmadd vfmaq_f32

#include "bench/peak.h"

float bench_peak_neon(size_t rounds, double *flop)
{
	return peak_loop(rounds, flop);
}

/* Transposition with AVX2, 8 x 8 at a time: 8 registers of it and 8 for the step in between, 16 of 16. */
#include "kernels/avx2/vec.h"

/* Lanes of 4: within each, and then the two halves. */
static inline __attribute__((always_inline)) void transpose_block(vec x[VEC])
{
	vec t[VEC];

#pragma GCC unroll 2
	for (size_t i = 0; i < VEC; i += 4) {
		vec a = _mm256_unpacklo_ps(x[i], x[i + 1]), b = _mm256_unpackhi_ps(x[i], x[i + 1]);
		vec c = _mm256_unpacklo_ps(x[i + 2], x[i + 3]), d = _mm256_unpackhi_ps(x[i + 2], x[i + 3]);
		t[i] = _mm256_shuffle_ps(a, c, 0x44);
		t[i + 1] = _mm256_shuffle_ps(a, c, 0xEE);
		t[i + 2] = _mm256_shuffle_ps(b, d, 0x44);
		t[i + 3] = _mm256_shuffle_ps(b, d, 0xEE);
	}
#pragma GCC unroll 4
	for (size_t j = 0; j < 4; j++) {
		x[j] = _mm256_permute2f128_ps(t[j], t[j + 4], 0x20);
		x[j + 4] = _mm256_permute2f128_ps(t[j], t[j + 4], 0x31);
	}
}

#include "kernels/simd/transpose.h"

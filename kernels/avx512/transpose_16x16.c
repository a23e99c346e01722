/* Transposition with AVX-512, 16 x 16 at a time: 16 registers of it and 16 for the step in between, 32 of 32. */
#include "kernels/avx512/vec.h"

/* Lanes of 4: within each, and then the lanes themselves. */
static inline __attribute__((always_inline)) void transpose_block(vec x[VEC])
{
	vec t[VEC];

#pragma GCC unroll 4
	for (size_t i = 0; i < VEC; i += 4) {
		vec a = _mm512_unpacklo_ps(x[i], x[i + 1]), b = _mm512_unpackhi_ps(x[i], x[i + 1]);
		vec c = _mm512_unpacklo_ps(x[i + 2], x[i + 3]), d = _mm512_unpackhi_ps(x[i + 2], x[i + 3]);
		t[i] = _mm512_shuffle_ps(a, c, 0x44);
		t[i + 1] = _mm512_shuffle_ps(a, c, 0xEE);
		t[i + 2] = _mm512_shuffle_ps(b, d, 0x44);
		t[i + 3] = _mm512_shuffle_ps(b, d, 0xEE);
	}
#pragma GCC unroll 4
	for (size_t j = 0; j < 4; j++) {
		vec a = _mm512_shuffle_f32x4(t[j], t[j + 4], 0x88), b = _mm512_shuffle_f32x4(t[j], t[j + 4], 0xDD);
		vec c = _mm512_shuffle_f32x4(t[j + 8], t[j + 12], 0x88), d = _mm512_shuffle_f32x4(t[j + 8], t[j + 12], 0xDD);
		x[j] = _mm512_shuffle_f32x4(a, c, 0x88);
		x[j + 8] = _mm512_shuffle_f32x4(a, c, 0xDD);
		x[j + 4] = _mm512_shuffle_f32x4(b, d, 0x88);
		x[j + 12] = _mm512_shuffle_f32x4(b, d, 0xDD);
	}
}

#include "kernels/simd/transpose.h"

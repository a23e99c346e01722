/* Registers: 24 sums (n x m up to 1x24, 2x12, 3x8, 4x6), up to 4 of weights, 1 of the source: 29 of 32. */
#include "kernels/avx512/vec.h"

static inline vec dots_first(float x)
{
	return _mm512_maskz_broadcastss_ps(1, _mm_set_ss(x));
}

/* Otherwise GCC reads an operand from memory again for each of its uses. */
static inline void dots_keep(vec *x)
{
	__asm__("" : "+v"(*x));
}

/* In each 128-bit lane the sums of four vectors' four elements. */
static inline vec dots_quads(const vec s[4])
{
	vec ab = vec_add(_mm512_unpacklo_ps(s[0], s[1]), _mm512_unpackhi_ps(s[0], s[1]));
	vec cd = vec_add(_mm512_unpacklo_ps(s[2], s[3]), _mm512_unpackhi_ps(s[2], s[3]));

	return vec_add(_mm512_shuffle_ps(ab, cd, 0x44), _mm512_shuffle_ps(ab, cd, 0xEE));
}

static inline vec dots_across(const vec s[VEC])
{
	vec a = dots_quads(s), b = dots_quads(s + 4), c = dots_quads(s + 8), d = dots_quads(s + 12);
	vec ab = vec_add(_mm512_shuffle_f32x4(a, b, 0x44), _mm512_shuffle_f32x4(a, b, 0xEE));
	vec cd = vec_add(_mm512_shuffle_f32x4(c, d, 0x44), _mm512_shuffle_f32x4(c, d, 0xEE));

	return vec_add(_mm512_shuffle_f32x4(ab, cd, 0x88), _mm512_shuffle_f32x4(ab, cd, 0xDD));
}

#define DOTS_NAME dots_24__avx512
#define DOTS_SUMS 24
#include "kernels/simd/dots.h"

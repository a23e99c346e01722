/* Registers: 12 sums (n x m up to 1x12, 2x6, 3x4, 4x3), up to 3 of weights and 1 of the source: 16 of 16;
 * of 4 columns' weights one comes from memory again. */
#include "kernels/avx2/vec.h"

static inline vec dots_first(float x)
{
	return _mm256_zextps128_ps256(_mm_set_ss(x));
}

/* Otherwise GCC reads an operand from memory again for each of its uses. */
static inline void dots_keep(vec *x)
{
	__asm__("" : "+x"(*x));
}

static inline vec dots_quads(const vec s[4])
{
	return _mm256_hadd_ps(_mm256_hadd_ps(s[0], s[1]), _mm256_hadd_ps(s[2], s[3]));
}

static inline vec dots_across(const vec s[VEC])
{
	vec a = dots_quads(s), b = dots_quads(s + 4);

	return vec_add(_mm256_permute2f128_ps(a, b, 0x20), _mm256_permute2f128_ps(a, b, 0x31));
}

#define DOTS_NAME dots_12__avx2
#define DOTS_SUMS 12
#include "kernels/simd/dots.h"

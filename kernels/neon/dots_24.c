/* Registers: 24 sums (n x m up to 1x24, 2x12, 3x8, 4x6), up to 4 of weights, 1 of the source: 29 of 32. A step of 8 x 3
 * takes 11 loads for 24 multiply-adds, one of 24 x 1 takes 25, which bounds it where a core loads less than it
 * multiplies. */
#include "kernels/neon/vec.h"

static inline vec dots_first(float x)
{
	return vsetq_lane_f32(x, vec_zero(), 0);
}

/* An operand is in a register in any case. */
static inline void dots_keep(vec *x)
{
	(void)x;
}

static inline vec dots_across(const vec s[VEC])
{
	return vpaddq_f32(vpaddq_f32(s[0], s[1]), vpaddq_f32(s[2], s[3]));
}

#define DOTS_NAME dots_24__neon
#define DOTS_SUMS 24
#include "kernels/simd/dots.h"

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
#define DOTS_EACH(f)                                                                                                   \
	f(1, 1) f(1, 2) f(1, 3) f(1, 4) f(1, 5) f(1, 6) f(1, 7) f(1, 8) f(1, 9) f(1, 10) f(1, 11) f(1, 12) f(1, 13)        \
		f(1, 14) f(1, 15) f(1, 16) f(1, 17) f(1, 18) f(1, 19) f(1, 20) f(1, 21) f(1, 22) f(1, 23) f(1, 24) f(2, 1)     \
			f(2, 2) f(2, 3) f(2, 4) f(2, 5) f(2, 6) f(2, 7) f(2, 8) f(2, 9) f(2, 10) f(2, 11) f(2, 12) f(3, 1) f(3, 2) \
				f(3, 3) f(3, 4) f(3, 5) f(3, 6) f(3, 7) f(3, 8) f(4, 1) f(4, 2) f(4, 3) f(4, 4) f(4, 5) f(4, 6)
#include "kernels/simd/dots.h"

/* Vectors of four 32-bit words of NEON, for the random numbers of kernels/simd. */
#ifndef SGAN_KERNELS_NEON_BITS_H
#define SGAN_KERNELS_NEON_BITS_H

#include "kernels/neon/vec.h"

typedef uint32x4_t bits;

/* The same bits as the other type. */
static inline vec bits_as_vec(bits a)
{
	return vreinterpretq_f32_u32(a);
}

static inline bits vec_as_bits(vec x)
{
	return vreinterpretq_u32_f32(x);
}

static inline bits bits_set(uint32_t x)
{
	return vdupq_n_u32(x);
}

/* 0, 1, 2, ... */
static inline bits bits_lanes(void)
{
	static const uint32_t lane[VEC] = { 0, 1, 2, 3 };

	return vld1q_u32(lane);
}

/* Which of 4 consecutive blocks of four each lane computes. */
static inline bits bits_block_order(void)
{
	return bits_lanes();
}

static inline bits bits_add(bits a, bits b)
{
	return vaddq_u32(a, b);
}

static inline bits bits_sub(bits a, bits b)
{
	return vsubq_u32(a, b);
}

static inline bits bits_and(bits a, bits b)
{
	return vandq_u32(a, b);
}

static inline bits bits_xor(bits a, bits b)
{
	return veorq_u32(a, b);
}

/* Zeros come in at either end; the distance is a constant. */
#define bits_shift_right(a, distance) vshrq_n_u32(a, distance)
#define bits_shift_left(a, distance) vshlq_n_u32(a, distance)

/* a * factor, of 64 bits a lane. */
static inline void bits_multiply(bits a, bits factor, bits *low, bits *high)
{
	bits first = vreinterpretq_u32_u64(vmull_u32(vget_low_u32(a), vget_low_u32(factor)));
	bits second = vreinterpretq_u32_u64(vmull_high_u32(a, factor));

	*low = vuzp1q_u32(first, second);
	*high = vuzp2q_u32(first, second);
}

/* Signed words as floats, rounded. */
static inline vec bits_to_float(bits a)
{
	return vcvtq_f32_s32(vreinterpretq_s32_u32(a));
}

/* word[j] holds element j of the blocks in bits_block_order; afterwards word[0] to word[3] hold the blocks one after the
 * other, as they belong in memory. */
static inline void bits_interleave(vec word[4])
{
	vec_transpose(word);
}

#endif

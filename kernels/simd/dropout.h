/* Dropout, and the sum with scaled noise; kernels.def says what. The bits of the generic kernels: nothing is fused.
 * A group's 16 blocks are the lanes of one or more vectors, and a half word of each lane decides on one element. */
#include "kernels/simd/philox.h"

enum { BLOCKS = SGAN_DROPOUT_GROUP / 8, HALVES = 8 };
_Static_assert(BLOCKS % VEC == 0, "a group is whole vectors of blocks");

/* Zero where the bits, below 65536 and so exact as floats, are below the threshold. */
SIMD_INLINE vec drop(vec x, bits half, vec threshold, vec scale)
{
	return vec_if_greater(threshold, bits_to_float(half), vec_zero(), vec_mul(scale, x));
}

/* The elements that VEC blocks, from number `block` on, decide on: VEC of each 16 of the group's first `left`. */
SIMD_INLINE void drop_blocks(uint64_t seed, uint32_t stream, uint64_t step, uint32_t block, size_t left, vec threshold,
                             vec scale, const float *src, float *dst)
{
	bits word[4];

	philox_words(seed, stream, step, bits_add(bits_set(block), bits_lanes()), word);
#pragma GCC unroll 8
	for (size_t h = 0; h < HALVES; h++) {
		bits half = h % 2 ? bits_shift_right(word[h / 2], 16) : bits_and(word[h / 2], bits_set(0xFFFF));
		if (h * BLOCKS < left) {
			size_t n = left - h * BLOCKS;
			vec_store_n(dst + h * BLOCKS, drop(vec_load_n(src + h * BLOCKS, n), half, threshold, scale), n);
		}
	}
}

void SGAN_SYMBOL(VEC_ISA(dropout))(uint64_t seed, uint32_t stream, uint64_t step, size_t first, size_t count,
                                   uint32_t threshold, real scale, const real *src, real *dst)
{
	vec t = vec_set((float)threshold), s = vec_set(scale);

	for (size_t i = 0; i < count; i += SGAN_DROPOUT_GROUP)
		for (size_t b = 0; b < BLOCKS && i + b < count; b += VEC)
			drop_blocks(seed, stream, step, (uint32_t)((first + i) / 8 + b), count - i - b, t, s, src + i + b,
			            dst + i + b);
}

void SGAN_SYMBOL(VEC_ISA(scale_add))(size_t count, real scale, const real *src, real *dst)
{
	vec s = vec_set(scale);

	for (size_t i = 0; i < count; i += VEC) {
		size_t left = count - i;
		vec_store_n(dst + i, vec_add(vec_mul(s, vec_load_n(dst + i, left)), vec_load_n(src + i, left)), left);
	}
}

/* Vectors of eight 32-bit words of AVX2. */
#ifndef SGAN_KERNELS_AVX2_BITS_H
#define SGAN_KERNELS_AVX2_BITS_H

#include "kernels/avx2/vec.h"

#define X86_BITS(name) _mm256_##name##_si256
typedef __m256i bits;

static inline bits bits_odd(bits even, bits odd)
{
	return _mm256_blend_epi32(even, odd, 0xAA);
}

/* The same bits as the other type. */
static inline vec bits_as_vec(bits a)
{
	return _mm256_castsi256_ps(a);
}

static inline bits vec_as_bits(vec x)
{
	return _mm256_castps_si256(x);
}

/* 0, 1, 2, ... */
static inline bits bits_lanes(void)
{
	return _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
}

/* Which of 8 consecutive blocks of four each lane computes, so that bits_interleave has only to transpose within
 * 128 bits. */
static inline bits bits_block_order(void)
{
	return _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7);
}

#include "kernels/x86/bits.h"

#endif

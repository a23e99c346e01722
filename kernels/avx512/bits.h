/* Vectors of sixteen 32-bit words of AVX-512. */
#ifndef SGAN_KERNELS_AVX512_BITS_H
#define SGAN_KERNELS_AVX512_BITS_H

#include "kernels/avx512/vec.h"

#define X86_BITS(name) _mm512_##name##_si512
typedef __m512i bits;

static inline bits bits_odd(bits even, bits odd)
{
	return _mm512_mask_blend_epi32(0xAAAA, even, odd);
}

/* The same bits as the other type. */
static inline vec bits_as_vec(bits a)
{
	return _mm512_castsi512_ps(a);
}

static inline bits vec_as_bits(vec x)
{
	return _mm512_castps_si512(x);
}

/* 0, 1, 2, ... */
static inline bits bits_lanes(void)
{
	return _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

/* Which of 16 consecutive blocks of four each lane computes, so that bits_interleave has only to transpose within
 * 128 bits. */
static inline bits bits_block_order(void)
{
	return _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
}

#include "kernels/x86/bits.h"

#endif

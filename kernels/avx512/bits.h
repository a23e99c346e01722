/* Vectors of sixteen 32-bit words of AVX-512, for the random numbers of kernels/simd. */
#ifndef SGAN_KERNELS_AVX512_BITS_H
#define SGAN_KERNELS_AVX512_BITS_H

#include "kernels/avx512/vec.h"

typedef __m512i bits;

static inline bits bits_set(uint32_t x)
{
	return _mm512_set1_epi32((int)x);
}

static inline bits bits_add(bits a, bits b)
{
	return _mm512_add_epi32(a, b);
}

static inline bits bits_sub(bits a, bits b)
{
	return _mm512_sub_epi32(a, b);
}

static inline bits bits_and(bits a, bits b)
{
	return _mm512_and_si512(a, b);
}

static inline bits bits_xor(bits a, bits b)
{
	return _mm512_xor_si512(a, b);
}

/* Zeros come in at either end; the distance is a constant. */
#define bits_shift_right(a, distance) _mm512_srli_epi32(a, distance)
#define bits_shift_left(a, distance) _mm512_slli_epi32(a, distance)

/* a * factor, of 64 bits a lane: the instruction takes each second word, so the even ones and then the odd ones. */
static inline void bits_multiply(bits a, bits factor, bits *low, bits *high)
{
	bits even = _mm512_mul_epu32(a, factor), odd = _mm512_mul_epu32(_mm512_srli_epi64(a, 32), factor);

	*low = _mm512_mask_blend_epi32(0xAAAA, even, _mm512_slli_epi64(odd, 32));
	*high = _mm512_mask_blend_epi32(0xAAAA, _mm512_srli_epi64(even, 32), odd);
}

/* Signed words as floats, rounded. */
static inline vec bits_to_float(bits a)
{
	return _mm512_cvtepi32_ps(a);
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

/* word[j] holds element j of the blocks in that order; afterwards word[0] to word[3] are the blocks in memory's. */
static inline void bits_interleave(vec word[4])
{
	vec low01 = _mm512_unpacklo_ps(word[0], word[1]), high01 = _mm512_unpackhi_ps(word[0], word[1]);
	vec low23 = _mm512_unpacklo_ps(word[2], word[3]), high23 = _mm512_unpackhi_ps(word[2], word[3]);

	word[0] = _mm512_shuffle_ps(low01, low23, _MM_SHUFFLE(1, 0, 1, 0));
	word[1] = _mm512_shuffle_ps(low01, low23, _MM_SHUFFLE(3, 2, 3, 2));
	word[2] = _mm512_shuffle_ps(high01, high23, _MM_SHUFFLE(1, 0, 1, 0));
	word[3] = _mm512_shuffle_ps(high01, high23, _MM_SHUFFLE(3, 2, 3, 2));
}

#endif

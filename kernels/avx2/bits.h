/* Vectors of eight 32-bit words of AVX2, for the random numbers of kernels/simd. */
#ifndef SGAN_KERNELS_AVX2_BITS_H
#define SGAN_KERNELS_AVX2_BITS_H

#include "kernels/avx2/vec.h"

typedef __m256i bits;

static inline bits bits_set(uint32_t x)
{
	return _mm256_set1_epi32((int)x);
}

static inline bits bits_add(bits a, bits b)
{
	return _mm256_add_epi32(a, b);
}

static inline bits bits_sub(bits a, bits b)
{
	return _mm256_sub_epi32(a, b);
}

static inline bits bits_and(bits a, bits b)
{
	return _mm256_and_si256(a, b);
}

static inline bits bits_xor(bits a, bits b)
{
	return _mm256_xor_si256(a, b);
}

/* Zeros come in at either end; the distance is a constant. */
#define bits_shift_right(a, distance) _mm256_srli_epi32(a, distance)
#define bits_shift_left(a, distance) _mm256_slli_epi32(a, distance)

/* a * factor, of 64 bits a lane: the instruction takes each second word, so the even ones and then the odd ones. */
static inline void bits_multiply(bits a, bits factor, bits *low, bits *high)
{
	bits even = _mm256_mul_epu32(a, factor), odd = _mm256_mul_epu32(_mm256_srli_epi64(a, 32), factor);

	*low = _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xAA);
	*high = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xAA);
}

/* Signed words as floats, rounded. */
static inline vec bits_to_float(bits a)
{
	return _mm256_cvtepi32_ps(a);
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

/* word[j] holds element j of the blocks in that order; afterwards word[0] to word[3] are the blocks in memory's. */
static inline void bits_interleave(vec word[4])
{
	vec low01 = _mm256_unpacklo_ps(word[0], word[1]), high01 = _mm256_unpackhi_ps(word[0], word[1]);
	vec low23 = _mm256_unpacklo_ps(word[2], word[3]), high23 = _mm256_unpackhi_ps(word[2], word[3]);

	word[0] = _mm256_shuffle_ps(low01, low23, _MM_SHUFFLE(1, 0, 1, 0));
	word[1] = _mm256_shuffle_ps(low01, low23, _MM_SHUFFLE(3, 2, 3, 2));
	word[2] = _mm256_shuffle_ps(high01, high23, _MM_SHUFFLE(1, 0, 1, 0));
	word[3] = _mm256_shuffle_ps(high01, high23, _MM_SHUFFLE(3, 2, 3, 2));
}

#endif

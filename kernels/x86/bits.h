/* Vectors of 32-bit words on x86, of either width, for the random numbers of kernels/simd. A set's bits.h includes its
 * vec.h, defines X86_BITS(name), the intrinsic on whole vectors of bits (X86_BITS(and) is _mm256_and_si256), the type
 * bits, and bits_odd(even, odd), which takes the words of even places from one and of odd places from the other. */
#ifndef SGAN_KERNELS_X86_BITS_H
#define SGAN_KERNELS_X86_BITS_H

#ifndef X86_BITS
#error "kernels/x86/bits.h is included by a set's bits.h"
#endif

static inline bits bits_set(uint32_t x)
{
	return X86(set1_epi32)((int)x);
}

static inline bits bits_add(bits a, bits b)
{
	return X86(add_epi32)(a, b);
}

static inline bits bits_sub(bits a, bits b)
{
	return X86(sub_epi32)(a, b);
}

static inline bits bits_and(bits a, bits b)
{
	return X86_BITS(and)(a, b);
}

static inline bits bits_xor(bits a, bits b)
{
	return X86_BITS(xor)(a, b);
}

/* Zeros come in at either end; the distance is a constant. */
#define bits_shift_right(a, distance) X86(srli_epi32)(a, distance)
#define bits_shift_left(a, distance) X86(slli_epi32)(a, distance)

/* a * factor, of 64 bits a lane: the instruction takes each second word, so the even ones and then the odd ones. */
static inline void bits_multiply(bits a, bits factor, bits *low, bits *high)
{
	bits even = X86(mul_epu32)(a, factor), odd = X86(mul_epu32)(X86(srli_epi64)(a, 32), factor);

	*low = bits_odd(even, X86(slli_epi64)(odd, 32));
	*high = bits_odd(X86(srli_epi64)(even, 32), odd);
}

/* Signed words as floats, rounded. */
static inline vec bits_to_float(bits a)
{
	return X86(cvtepi32_ps)(a);
}

/* word[j] holds element j of the blocks in bits_block_order; afterwards word[0] to word[3] hold the blocks one after the
 * other, as they belong in memory. */
static inline void bits_interleave(vec word[4])
{
	vec low01 = X86(unpacklo_ps)(word[0], word[1]), high01 = X86(unpackhi_ps)(word[0], word[1]);
	vec low23 = X86(unpacklo_ps)(word[2], word[3]), high23 = X86(unpackhi_ps)(word[2], word[3]);

	word[0] = X86(shuffle_ps)(low01, low23, _MM_SHUFFLE(1, 0, 1, 0));
	word[1] = X86(shuffle_ps)(low01, low23, _MM_SHUFFLE(3, 2, 3, 2));
	word[2] = X86(shuffle_ps)(high01, high23, _MM_SHUFFLE(1, 0, 1, 0));
	word[3] = X86(shuffle_ps)(high01, high23, _MM_SHUFFLE(3, 2, 3, 2));
}

#endif

/* Philox 4x32-10 (kernels/philox.h), a counter in each lane. */
#ifndef SGAN_KERNELS_SIMD_PHILOX_H
#define SGAN_KERNELS_SIMD_PHILOX_H

#include "kernels/simd/act.h"

/* The random words of the blocks whose numbers the lanes of `block` hold: word[j] is element j's. */
SIMD_INLINE void philox_words(uint64_t seed, uint32_t stream, uint64_t step, bits block, bits word[4])
{
	uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
	bits factor0 = bits_set(0xD2511F53), factor1 = bits_set(0xCD9E8D57);

	word[0] = block;
	word[1] = bits_set(stream);
	word[2] = bits_set((uint32_t)step);
	word[3] = bits_set((uint32_t)(step >> 32));
	for (int round = 0; round < 10; round++) {
		bits low0, high0, low1, high1;
		bits_multiply(word[0], factor0, &low0, &high0);
		bits_multiply(word[2], factor1, &low1, &high1);
		word[0] = bits_xor(bits_xor(high1, word[1]), bits_set(key0));
		word[1] = low1;
		word[2] = bits_xor(bits_xor(high0, word[3]), bits_set(key1));
		word[3] = low0;
		key0 += 0x9E3779B9;
		key1 += 0xBB67AE85;
	}
}

#endif

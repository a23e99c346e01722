/* Philox 4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy
 * as 1, 2, 3", SC 2011): four random words from a counter and a key, no state. */
#ifndef SGAN_KERNELS_PHILOX_H
#define SGAN_KERNELS_PHILOX_H

#include <stdint.h>

static inline void sgan_philox_round(uint32_t counter[4], const uint32_t key[2])
{
	uint64_t a = (uint64_t)0xD2511F53 * counter[0];
	uint64_t b = (uint64_t)0xCD9E8D57 * counter[2];

	counter[0] = (uint32_t)(b >> 32) ^ counter[1] ^ key[0];
	counter[1] = (uint32_t)b;
	counter[2] = (uint32_t)(a >> 32) ^ counter[3] ^ key[1];
	counter[3] = (uint32_t)a;
}

/* Replaces the counter by its random words. */
static inline void sgan_philox(uint32_t counter[4], uint32_t key_low, uint32_t key_high)
{
	uint32_t key[2] = { key_low, key_high };

	for (int round = 0; round < 10; round++) {
		sgan_philox_round(counter, key);
		key[0] += 0x9E3779B9; /* the golden ratio and sqrt(3) - 1, as in the paper */
		key[1] += 0xBB67AE85;
	}
}

/* Words of block `block` (elements 4 block to 4 block + 3) of a stream; see kernels.def. */
static inline void sgan_philox_block(uint64_t seed, uint32_t stream, uint64_t step, uint64_t block, uint32_t word[4])
{
	word[0] = (uint32_t)block;
	word[1] = stream;
	word[2] = (uint32_t)step;
	word[3] = (uint32_t)(step >> 32);
	sgan_philox(word, (uint32_t)seed, (uint32_t)(seed >> 32));
}

#endif

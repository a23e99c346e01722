/* Noise on activations, in portable C: masks from random words, and the sum with numbers that were drawn. The
 * vector sets give the same bits. */
#include "kernels/generic/set.h"
#include "kernels/philox.h"

enum { GROUP = SGAN_DROPOUT_GROUP, BLOCKS = GROUP / 8 };

void SGAN_SYMBOL(dropout__generic)(uint64_t seed, uint32_t stream, uint64_t step, size_t first, size_t count,
                                   uint32_t threshold, real scale, const real *src, real *dst)
{
	for (size_t i = 0; i < count; i += GROUP) {
		uint32_t word[BLOCKS][4];
		for (size_t block = 0; block < BLOCKS; block++)
			sgan_philox_block(seed, stream, step, (first + i) / 8 + block, word[block]);
		for (size_t e = 0; e < GROUP && i + e < count; e++) {
			uint32_t bits = word[e % BLOCKS][e / (2 * BLOCKS)] >> (e / BLOCKS % 2 * 16) & 0xffff;
			dst[i + e] = bits < threshold ? 0 : scale * src[i + e];
		}
	}
}

void SGAN_SYMBOL(scale_add__generic)(size_t count, real scale, const real *src, real *dst)
{
	for (size_t i = 0; i < count; i++)
		dst[i] = scale * dst[i] + src[i];
}

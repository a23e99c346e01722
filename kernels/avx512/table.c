/* The AVX-512 set: kernels.def's column, and the tiles' sizes. */
#include "kernels/functions.h"

#define SGAN_KERNEL(field, generic, avx2, avx512, args) .field = SGAN_SYMBOL(avx512),
const struct sgan_kernels SGAN_SYMBOL(kernels__avx512) = {
	.isa = SGAN_ISA_AVX512,
	.gemm_mr = 14,
	.gemm_nr = 32,
	.wgrad_mr = 14,
	.wgrad_nr = 32,
	.dots_sums = 24,
	.dots_vec = 16,
#include "kernels/kernels.def"
};

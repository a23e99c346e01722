/* The AVX2 set: kernels.def's column, and the tiles' sizes. */
#include "kernels/functions.h"

#define SGAN_KERNEL(field, generic, avx2, avx512, args) .field = SGAN_SYMBOL(avx2),
const struct sgan_kernels SGAN_SYMBOL(kernels__avx2) = {
	.isa = SGAN_ISA_AVX2,
	.gemm_mr = 6,
	.gemm_nr = 16,
	.wgrad_mr = 6,
	.wgrad_nr = 16,
	.dots_sums = 12,
	.dots_vec = 8,
#include "kernels/kernels.def"
};

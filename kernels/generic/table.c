/* The generic set: every row's first column. */
#include "kernels/functions.h"

#define SGAN_KERNEL(field, generic, avx2, avx512, args) .field = SGAN_SYMBOL(generic),
const struct sgan_kernels SGAN_SYMBOL(kernels__generic) = {
	.isa = SGAN_ISA_GENERIC,
	.gemm_mr = 4,
	.gemm_nr = 16,
	.wgrad_mr = 4,
	.wgrad_nr = 16,
	.dots_sums = 8,
	.dots_vec = 1,
#include "kernels/kernels.def"
};

/* The avx512 set. */
#include "kernels/functions.h"

#define SGAN_KERNEL(field, generic, avx2, avx512, args) .field = SGAN_SYMBOL(generic),
const struct sgan_kernels SGAN_SYMBOL(kernels__avx512) = {
	.isa = SGAN_ISA_AVX512,
	.gemm_mr = 4,
	.gemm_nr = 16,
	.wgrad_mr = 4,
	.wgrad_nr = 16,
#include "kernels/kernels.def"
};

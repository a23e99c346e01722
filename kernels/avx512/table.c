/* The AVX-512 set: the generic one but for the functions in rows.def, the sizes of their tiles, and the blocking that
 * goes with these. */
#include "kernels/avx512/set.h"
#include "kernels/generic/set.h"

#pragma GCC diagnostic ignored "-Woverride-init" /* it is what a table is made of */

const struct sgan_kernels SGAN_SYMBOL(kernels__avx512) = {
#include "kernels/generic/table.def"
	.isa = SGAN_ISA_AVX512,
	.gemm_mr = 14,
	.gemm_nr = 32,
	.wgrad_mr = 14,
	.wgrad_nr = 32,
	.wgrad_runs_sums = 30,
	.wgrad_runs_most = 6,
	.wgrad_runs_nr = 16,
	.dots_sums = 24,
	.dots_vec = 16,
	.blocking.kc = 512, /* a panel is 64 KiB */
	.blocking.mc = 384, /* with kc 768 KiB of A */
#define SGAN_ROW(field, function) .field = SGAN_SYMBOL(VEC_ISA(function)),
#include "kernels/avx512/rows.def"
#undef SGAN_ROW
};

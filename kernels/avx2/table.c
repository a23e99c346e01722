/* The AVX2 set: the generic one but for the functions in rows.def, the sizes of their tiles, and the blocking that
 * goes with these. */
#include "kernels/avx2/set.h"
#include "kernels/generic/set.h"

#pragma GCC diagnostic ignored "-Woverride-init" /* it is what a table is made of */

const struct sgan_kernels SGAN_SYMBOL(kernels__avx2) = {
#include "kernels/generic/table.def"
	.isa = SGAN_ISA_AVX2,
	.gemm_mr = 6,
	.gemm_nr = 16,
	.wgrad_mr = 6,
	.wgrad_nr = 16,
	.wgrad_runs_sums = 6,
	.wgrad_runs_most = 6,
	.wgrad_runs_nr = 16,
	.dots_sums = 12,
	.dots_vec = 8,
	.blocking.kc = 512, /* a panel is 32 KiB */
	.blocking.mc = 384, /* with kc 768 KiB of A */
#define SGAN_ROW(field, function) .field = SGAN_SYMBOL(VEC_ISA(function)),
#include "kernels/avx2/rows.def"
#undef SGAN_ROW
};

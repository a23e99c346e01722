/* The NEON set: the generic one but for the functions in rows.def, the sizes of their tiles, and its
 * blocking: nobody has measured another. */
#include "kernels/generic/set.h"
#include "kernels/neon/set.h"

#pragma GCC diagnostic ignored "-Woverride-init" /* it is what a table is made of */

const struct sgan_kernels SGAN_SYMBOL(kernels__neon) = {
#include "kernels/generic/table.def"
	.isa = SGAN_ISA_NEON,
	.gemm_mr = 10,
	.gemm_nr = 8,
	.wgrad_mr = 12,
	.wgrad_nr = 8,
	.wgrad_runs_sums = 12,
	.wgrad_runs_most = 6,
	.wgrad_runs_nr = 8,
	.dots_sums = 24,
	.dots_vec = 4,
#define SGAN_ROW(field, function) .field = SGAN_SYMBOL(VEC_ISA(function)),
#include "kernels/neon/rows.def"
#undef SGAN_ROW
};

/* One pass of a matrix product over C: C (+)= op(A) op(B) for kc steps of the sum, in chunks for the threads. It knows
 * where the operands and its memory are; what is cut how, and what is packed, gemm.c has chosen. */
#ifndef SGAN_OPS_GEMM_PASS_H
#define SGAN_OPS_GEMM_PASS_H

#include <sgan/sgan.h>

#include "kernels/kernels.h"

/* op(X) of the pass: X as it lies in memory, from the pass's first step on, or its transpose. */
struct gemm_operand {
	const real *first;
	size_t ld;
	bool trans;
};

/* What one worker has for itself; on cache lines of its own, because it is written while others write theirs. */
struct gemm_worker {
	_Alignas(64) real *a_block; /* [mc, ld_block]: the rows of op(A) that it packed last */
	size_t a_block_ic;          /* which block of rows that is; GEMM_NO_BLOCK: none of this pass */
	real *b_panel;              /* [kc, nr], aligned to 64 bytes: the panel it packed last; NULL where all share */
};

#define GEMM_NO_BLOCK SIZE_MAX

struct gemm_pass {
	const struct sgan_kernels *kernels;
	size_t m, n, kc; /* of op(A) [m, kc] and op(B) [kc, n] */
	struct gemm_operand a, b;
	real *c; /* [m, n] */
	size_t ldc;
	struct sgan_epilogue epilogue;

	/* C is cut into ic_count blocks of rows and jc_count ranges of panels, each as even as can be. A chunk is one of
	 * both. The cut changes no sum. */
	size_t ic_count, jc_count;
	size_t ic_ways; /* blocks of rows that are worked on side by side; divides ic_count */
	size_t threads;

	bool packs_a;
	size_t ld_block; /* from row to row of a packed block of op(A) */
	bool shares_b;   /* op(B) is packed once for all, before the chunks: */
	real *b_panels;  /* [panel][kc, nr], ld_panel elements apart; aligned to 64 bytes */
	size_t ld_panel;
	struct gemm_worker *workers; /* [threads] */
};

void sgan_gemm_pass(sgan_ctx *ctx, struct gemm_pass *pass);

#endif

/* General matrix product, in the tiles of convolution: arguments, how C is cut, memory, and a pass over C for each kc
 * steps of the sum (gemm_pass.c has a pass's loops). It knows nothing of layers.
 *
 * Bytes: for each step of the sum a tile of mr x nr sums takes mr values of A, from the second-level cache as long as a
 * block of its rows fits there (mc x kc), and nr of the panel (kc x nr), which the tiles of a block share. C is read and
 * written once for each pass. */
#include <sgan/gemm.h>

#include "src/exec/ctx.h"
#include "src/ops/args.h"
#include "src/ops/axis.h"
#include "src/ops/gemm_pass.h"

enum {
	CHUNKS_PER_THREAD = 4, /* at the least: so the last to finish is not long alone */
	MOST_PANELS = 8        /* of a chunk */
};

enum { LINE = 64 / sizeof(real), PAGE = 4096, APART = 256 };

static const char what[] = "matrix product";

/* Tiles read rows of A as they lie in memory, unless those are columns, or about a whole number of pages apart: then the
 * rows of a tile share a few cache sets, more of them than a set holds. */
static bool packs_a(bool trans, size_t ld)
{
	size_t distance = ld * sizeof(real) % PAGE;

	return trans || distance < APART || PAGE - distance < APART;
}

/* Rows of a packed block a line and an element further than whole lines apart: in steps of a page they would share a few
 * cache sets, in steps of whole lines each row of a tile would come to the end of its line in the same step. */
static size_t block_row(size_t kc)
{
	return round_up(kc, LINE) + LINE + 1;
}

/* Less work than it takes to wake a thread. */
static bool is_small(size_t m, size_t n, size_t k)
{
	return (double)m * (double)n * (double)k < 1e6;
}

/* Enough chunks for the threads that are awake at once, none larger than what stays cached. */
static void cut(struct gemm_pass *pass, size_t at_once)
{
	size_t threads = least_of(pass->threads, at_once), panels = ceil_div(pass->n, pass->kernels->gemm_nr);
	size_t tiles = ceil_div(pass->m, pass->kernels->gemm_mr);
	size_t wanted = threads > 1 ? CHUNKS_PER_THREAD * threads : 1;

	pass->ic_count = ceil_div(pass->m, pass->kernels->blocking.mc);
	pass->ic_ways = least_of(threads, pass->ic_count);
	pass->ic_count = round_up(pass->ic_count, pass->ic_ways);
	pass->jc_count = ceil_div(panels, MOST_PANELS);
	if (pass->jc_count * pass->ic_count < wanted)
		pass->jc_count = least_of(panels, ceil_div(wanted, pass->ic_count));
	if (pass->jc_count * pass->ic_count < threads)
		pass->ic_ways = pass->ic_count = least_of(tiles, ceil_div(threads, pass->jc_count));
}

/* Scratch: the workers, panels (all, or one a worker), a block of op(A) for each worker. kc: the most of a pass. */
static sgan_status take_scratch(sgan_ctx *ctx, struct gemm_pass *pass, size_t kc)
{
	size_t nr = pass->kernels->gemm_nr, panels = pass->shares_b ? ceil_div(pass->n, nr) : pass->threads;
	size_t workers = pass->threads * sizeof(struct gemm_worker), block, elements;
	char *scratch;
	real *blocks;

	pass->ld_panel = nr * (kc + (pass->shares_b ? 1 : 0)); /* in steps of a page panels would share cache sets */
	pass->ld_block = pass->packs_a ? block_row(kc) : 0;
	block = ceil_div(pass->m, pass->ic_count) * pass->ld_block;
	if (!sgan_size_mul3(panels, pass->ld_panel, 1, &elements) || elements > SIZE_MAX / 4 / sizeof(real))
		return sgan_fail(SGAN_EINVAL, "%s: %zu columns are too many", what, pass->n);
	scratch = sgan_ctx_scratch(ctx, workers + (elements + pass->threads * block) * sizeof(real));
	if (!scratch)
		return SGAN_ENOMEM;
	pass->workers = (struct gemm_worker *)(void *)scratch;
	pass->b_panels = (real *)(void *)(scratch + workers);
	blocks = pass->b_panels + elements;
	for (size_t w = 0; w < pass->threads; w++)
		pass->workers[w] = (struct gemm_worker){
			.a_block = blocks + w * block,
			.a_block_ic = GEMM_NO_BLOCK,
			.b_panel = pass->shares_b ? NULL : pass->b_panels + w * pass->ld_panel,
		};
	return SGAN_OK;
}

/* --- the call ---------------------------------------------------------------- */

static sgan_status check_matrix(const char *name, size_t rows, size_t cols, size_t ld)
{
	size_t elements;

	if (ld < cols)
		return sgan_fail(SGAN_EINVAL, "%s: leading dimension of %s is %zu, expected at least %zu", what, name, ld,
		                 cols);
	return sgan_elements(what, rows, ld, 1, &elements);
}

/* Where a sum over no steps is asked for. */
static void clear(size_t m, size_t n, real *c, size_t ldc)
{
	for (size_t i = 0; i < m; i++)
		for (size_t j = 0; j < n; j++)
			c[i * ldc + j] = 0;
}

/* The sum is cut into passes as even as can be, and they into what the threads take: k alone orders the sums. */
static sgan_status multiply(sgan_ctx *ctx, struct gemm_pass *pass, size_t k)
{
	const real *a = pass->a.first, *b = pass->b.first;
	bool accumulate = pass->epilogue.accumulate;
	size_t passes = ceil_div(k, ctx->kernels->blocking.kc);

	pass->kernels = ctx->kernels;
	pass->threads = is_small(pass->m, pass->n, k) ? 1 : (size_t)ctx->threads;
	pass->packs_a = packs_a(pass->a.trans, pass->a.ld);
	cut(pass, (size_t)ctx->at_once);
	pass->shares_b = pass->m > 2 * ctx->kernels->blocking.mc; /* more than two blocks of rows read each panel */
	SGAN_TRY(take_scratch(ctx, pass, ceil_div(k, passes)));
	for (size_t i = 0; i < passes; i++) {
		size_t pc = share_begin(k, passes, i);
		pass->kc = share_begin(k, passes, i + 1) - pc;
		pass->a.first = a + (pass->a.trans ? pc * pass->a.ld : pc);
		pass->b.first = b + (pass->b.trans ? pc : pc * pass->b.ld);
		pass->epilogue.accumulate = accumulate || i;
		sgan_gemm_pass(ctx, pass);
	}
	return SGAN_OK;
}

sgan_status sgan_gemm(sgan_ctx *ctx, bool trans_a, bool trans_b, size_t m, size_t n, size_t k, const sgan_real *a,
                      size_t lda, const sgan_real *b, size_t ldb, bool accumulate, sgan_real *c, size_t ldc)
{
	struct gemm_pass pass = {
		.m = m,
		.n = n,
		.a = { a, lda, trans_a },
		.b = { b, ldb, trans_b },
		.c = c,
		.ldc = ldc,
		.epilogue.accumulate = accumulate,
	};

	SGAN_TRY(sgan_check_ctx(what, ctx));
	SGAN_TRY(check_matrix("A", trans_a ? k : m, trans_a ? m : k, lda));
	SGAN_TRY(check_matrix("B", trans_b ? n : k, trans_b ? k : n, ldb));
	SGAN_TRY(check_matrix("C", m, n, ldc));
	if (!m || !n || (!k && accumulate))
		return SGAN_OK;
	SGAN_NEED(what, c);
	if (!k) {
		clear(m, n, c, ldc);
		return SGAN_OK;
	}
	SGAN_NEED(what, a);
	SGAN_NEED(what, b);
	return multiply(ctx, &pass, k);
}

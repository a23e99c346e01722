/* General matrix product: both operands brought into the tiles' order block by
 * block, then the same tile as convolution's. */
#include <sgan/gemm.h>

#include "kernels/kernels.h"
#include "src/cpu/ctx.h"
#include "src/ops/args.h"
#include "src/ops/conv_plan.h"

/* Blocks of C's columns and of the sum: a packed panel block stays in the second-level cache. */
enum { BLOCK_N = 1024, BLOCK_K = 384, BLOCK_M = 256 };

struct gemm_job {
	const struct sgan_kernels *kernels;
	bool trans_a, trans_b;
	size_t m, n, k;
	const real *a, *b;
	size_t lda, ldb;
	real *c;
	size_t ldc;
	struct sgan_epilogue epilogue;
	real *packed_b; /* [panel][k][nr] of the block */
	real *packed_a; /* [m][k] of the block, where A is transposed */
	size_t m_parts, panels;
};

static void pack_b_chunk(void *arg, size_t panel, int worker)
{
	const struct gemm_job *job = arg;
	size_t nr = job->kernels->gemm_nr, first = panel * nr;
	size_t count = job->n - first < nr ? job->n - first : nr;
	real *to = job->packed_b + panel * job->k * nr;

	(void)worker;
	for (size_t l = 0; l < job->k; l++, to += nr)
		for (size_t j = 0; j < nr; j++) {
			size_t at = job->trans_b ? (first + j) * job->ldb + l : l * job->ldb + first + j;
			to[j] = j < count ? job->b[at] : 0;
		}
}

/* A chunk is up to BLOCK_M rows of op(A). */
static void pack_a_chunk(void *arg, size_t chunk, int worker)
{
	const struct gemm_job *job = arg;
	size_t first = chunk * BLOCK_M, end = job->m - first < BLOCK_M ? job->m : first + BLOCK_M;

	(void)worker;
	for (size_t l = 0; l < job->k; l++)
		for (size_t i = first; i < end; i++)
			job->packed_a[i * job->k + l] = job->a[l * job->lda + i];
}

/* A chunk is one panel for one part of the rows. */
static void multiply_chunk(void *arg, size_t chunk, int worker)
{
	const struct gemm_job *job = arg;
	const struct sgan_tap tap = { 0, 0 };
	size_t panel = chunk % job->panels, part = chunk / job->panels;
	size_t nr = job->kernels->gemm_nr, first = panel * nr;
	size_t n = job->n - first < nr ? job->n - first : nr;
	size_t row = conv_part_begin(job->m, job->m_parts, part), end = conv_part_begin(job->m, job->m_parts, part + 1);
	size_t tiles = conv_ceil_div(end - row, job->kernels->gemm_mr);
	const real *a = job->trans_a ? job->packed_a : job->a;
	size_t lda = job->trans_a ? job->k : job->lda;

	(void)worker;
	for (size_t t = 0; t < tiles; t++) {
		size_t i = row + conv_part_begin(end - row, tiles, t);
		size_t m = row + conv_part_begin(end - row, tiles, t + 1) - i;
		job->kernels->gemm(1, &tap, job->k, a + i * lda, (ptrdiff_t)lda, job->packed_b + panel * job->k * nr,
		                   job->c + i * job->ldc + first, (ptrdiff_t)job->ldc, m, n, &job->epilogue);
	}
}

static void multiply_block(sgan_ctx *ctx, struct gemm_job *job)
{
	job->panels = conv_ceil_div(job->n, job->kernels->gemm_nr);
	job->m_parts = conv_ceil_div(job->m, BLOCK_M);
	sgan_parallel_for(ctx, job->panels, pack_b_chunk, job);
	if (job->trans_a)
		sgan_parallel_for(ctx, job->m_parts, pack_a_chunk, job);
	sgan_parallel_for(ctx, job->panels * job->m_parts, multiply_chunk, job);
}

static const char what[] = "matrix product";

static sgan_status check(const char *name, size_t rows, size_t ld, size_t row)
{
	size_t elements;

	if (ld < row)
		return sgan_fail(SGAN_EINVAL, "%s: leading dimension of %s is %zu, expected at least %zu", what, name, ld, row);
	return sgan_elements(what, rows, ld, 1, &elements);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Scratch for one block of B and, where it is transposed, of A. */
static sgan_status take_scratch(sgan_ctx *ctx, struct gemm_job *job, size_t m, size_t n, size_t k)
{
	size_t nr = job->kernels->gemm_nr, depth = least(k, BLOCK_K);
	size_t b = conv_ceil_div(least(n, BLOCK_N), nr) * nr * depth, a = 0, bytes;

	if (job->trans_a && !sgan_size_mul3(m, depth, 1, &a))
		return sgan_fail(SGAN_EINVAL, "matrix product: %zu rows are too many", m);
	if (a > SIZE_MAX / 2 / sizeof(real) || !sgan_size_mul3(a + b, sizeof(real), 1, &bytes))
		return sgan_fail(SGAN_EINVAL, "matrix product: %zu rows are too many", m);
	job->packed_b = sgan_ctx_scratch(ctx, bytes + sizeof(real));
	if (!job->packed_b)
		return SGAN_ENOMEM;
	job->packed_a = job->packed_b + b;
	return SGAN_OK;
}

static void clear(size_t m, size_t n, real *c, size_t ldc)
{
	for (size_t i = 0; i < m; i++)
		for (size_t j = 0; j < n; j++)
			c[i * ldc + j] = 0;
}

sgan_status sgan_gemm(sgan_ctx *ctx, bool trans_a, bool trans_b, size_t m, size_t n, size_t k, const sgan_real *a,
                      size_t lda, const sgan_real *b, size_t ldb, bool accumulate, sgan_real *c, size_t ldc)
{
	struct gemm_job job = { .trans_a = trans_a, .trans_b = trans_b, .m = m };

	SGAN_NEED(what, ctx);
	SGAN_TRY(check("A", trans_a ? k : m, lda, trans_a ? m : k));
	SGAN_TRY(check("B", trans_b ? n : k, ldb, trans_b ? k : n));
	SGAN_TRY(check("C", m, ldc, n));
	if (!m || !n)
		return SGAN_OK;
	SGAN_NEED(what, c);
	if (!k && !accumulate)
		clear(m, n, c, ldc);
	if (!k)
		return SGAN_OK;
	SGAN_NEED(what, a);
	SGAN_NEED(what, b);
	job.kernels = ctx->kernels;
	SGAN_TRY(take_scratch(ctx, &job, m, n, k));
	job.lda = lda;
	job.ldb = ldb;
	job.ldc = ldc;
	for (size_t column = 0; column < n; column += BLOCK_N)
		for (size_t depth = 0; depth < k; depth += BLOCK_K) {
			job.n = least(n - column, BLOCK_N);
			job.k = least(k - depth, BLOCK_K);
			job.a = a + (trans_a ? depth * lda : depth);
			job.b = b + (trans_b ? column * ldb + depth : depth * ldb + column);
			job.c = c + column;
			job.epilogue.accumulate = accumulate || depth;
			multiply_block(ctx, &job);
		}
	return SGAN_OK;
}

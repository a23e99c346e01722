/* General matrix product in the tiles of convolution. Panels of op(B) are packed
 * by the thread that multiplies by them, a block of the sum at a time, while the
 * next one's values are fetched; op(A) is packed only where a tile cannot read its
 * rows as they are. It knows nothing of layers.
 *
 * Bytes: for each step of the sum a tile of mr x nr sums takes mr values of A, from
 * the second-level cache as long as a part of its rows fits there, and nr of the
 * panel (nr x BLOCK_K, 48 KiB with AVX-512), which the tiles of a part share. */
#include <sgan/gemm.h>

#include "kernels/kernels.h"
#include "src/cpu/ctx.h"
#include "src/ops/args.h"
#include "src/ops/conv_plan.h"

#include <string.h>

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Steps of the sum at a time; rows of A that stay in the second-level cache beside a panel; the fewest chunks for each
 * thread, which keep the last to finish from being long alone; panels of a chunk, of which all but the first are
 * fetched while its predecessor is multiplied by. */
enum { BLOCK_K = 384, BLOCK_M = 768, CHUNKS_PER_THREAD = 4, MOST_PANELS = 8 };

/* Rows of packed A for a chunk of packing. */
enum { PACK_ROWS = 32 };

enum { LINE = 64 / sizeof(real), PAGE = 4096, APART = 256 };

struct gemm_job {
	const struct sgan_kernels *kernels;
	bool trans_a, trans_b, packs_a;
	size_t m, n, k; /* of the block */
	const real *a, *b;
	size_t lda, ldb;
	real *c;
	size_t ldc;
	struct sgan_epilogue epilogue;
	real *packed_a; /* [m, ld_packed] */
	real *packed_b; /* for each worker [k, nr] */
	size_t ld_packed, panel_size;
	size_t m_parts, groups, threads;
};

/* Rows of A a line further than whole lines apart: in steps of a page they would share a few cache sets. */
static size_t packed_row(size_t k)
{
	return conv_ceil_div(k, LINE) * LINE + LINE;
}

/* Rows of a tile about a whole number of pages apart share a few cache sets, more of them than a set holds. */
static bool rows_collide(size_t lda)
{
	size_t distance = lda * sizeof(real) % PAGE;

	return distance < APART || PAGE - distance < APART;
}

static void pack_a_chunk(void *arg, size_t chunk, int worker)
{
	const struct gemm_job *job = arg;
	size_t first = chunk * PACK_ROWS, rows = job->m - first < PACK_ROWS ? job->m - first : PACK_ROWS;
	real *to = job->packed_a + first * job->ld_packed;

	(void)worker;
	if (job->trans_a)
		job->kernels->transpose(job->k, rows, job->a + first, (ptrdiff_t)job->lda, to, (ptrdiff_t)job->ld_packed);
	else
		job->kernels->copy(rows, job->k, job->a + first * job->lda, (ptrdiff_t)job->lda, to, (ptrdiff_t)job->ld_packed);
}

/* [k, nr] of op(B)'s n columns from `first` on. */
static void pack_panel(const struct gemm_job *job, size_t first, size_t n, real *to)
{
	size_t nr = job->kernels->gemm_nr;

	if (n < nr)
		memset(to, 0, job->k * nr * sizeof(real));
	if (job->trans_b)
		job->kernels->transpose(n, job->k, job->b + first * job->ldb, (ptrdiff_t)job->ldb, to, (ptrdiff_t)nr);
	else
		job->kernels->copy(job->k, n, job->b + first, (ptrdiff_t)job->ldb, to, (ptrdiff_t)nr);
}

static void fetch_rows(size_t rows, size_t n, const real *from, size_t ld)
{
	for (size_t r = 0; r < rows; r++)
		for (size_t l = 0; l < n; l += LINE)
			__builtin_prefetch(from + r * ld + l, 0, 2);
}

/* Part `part` of `parts` of what pack_panel will read. */
static void fetch_panel(const struct gemm_job *job, size_t first, size_t n, size_t part, size_t parts)
{
	size_t rows = job->trans_b ? n : job->k, cols = job->trans_b ? job->k : n;
	const real *from = job->b + first * (job->trans_b ? job->ldb : 1);
	size_t begin = conv_part_begin(rows, parts, part);

	fetch_rows(conv_part_begin(rows, parts, part + 1) - begin, cols, from + begin * job->ldb, job->ldb);
}

static size_t panel_columns(const struct gemm_job *job, size_t panel)
{
	size_t first = panel * job->kernels->gemm_nr;

	return first >= job->n ? 0 : job->n - first < job->kernels->gemm_nr ? job->n - first : job->kernels->gemm_nr;
}

/* Rows [begin, end) by one panel, while the one to be packed next is fetched. */
static void multiply_panel(const struct gemm_job *job, size_t panel, size_t next, size_t begin, size_t end,
                           const real *packed)
{
	const struct sgan_tap tap = { 0, 0 };
	size_t nr = job->kernels->gemm_nr, n = panel_columns(job, panel);
	size_t tiles = conv_ceil_div(end - begin, job->kernels->gemm_mr);
	const real *a = job->packs_a ? job->packed_a : job->a;
	size_t lda = job->packs_a ? job->ld_packed : job->lda;

	for (size_t t = 0; t < tiles; t++) {
		size_t i = begin + conv_part_begin(end - begin, tiles, t);
		size_t m = begin + conv_part_begin(end - begin, tiles, t + 1) - i;
		fetch_rows(m, n, job->c + i * job->ldc + panel * nr, job->ldc);
		fetch_panel(job, next * nr, panel_columns(job, next), t, tiles);
		job->kernels->gemm(1, &tap, job->k, a + i * lda, (ptrdiff_t)lda, packed, job->c + i * job->ldc + panel * nr,
		                   (ptrdiff_t)job->ldc, m, n, &job->epilogue);
	}
}

/* A chunk is a group of panels for one part of the rows. */
static void multiply_chunk(void *arg, size_t chunk, int worker)
{
	const struct gemm_job *job = arg;
	size_t nr = job->kernels->gemm_nr, panels = conv_ceil_div(job->n, nr);
	size_t group = chunk % job->groups, part = chunk / job->groups;
	size_t begin = conv_part_begin(job->m, job->m_parts, part), end = conv_part_begin(job->m, job->m_parts, part + 1);
	size_t panel = conv_part_begin(panels, job->groups, group);
	size_t panel_end = conv_part_begin(panels, job->groups, group + 1);
	size_t next_group = (group + job->threads) % job->groups; /* as threads in step would take them */
	real *packed = job->packed_b + (size_t)worker * job->panel_size;

	for (; panel < panel_end; panel++) {
		size_t next = panel + 1 < panel_end ? panel + 1 : conv_part_begin(panels, job->groups, next_group);
		pack_panel(job, panel * nr, panel_columns(job, panel), packed);
		multiply_panel(job, panel, next, begin, end, packed);
	}
}

/* Parts of rows and columns: enough of them for the threads, none larger than what stays cached. Cutting changes no
 * sum. */
static void cut(const sgan_ctx *ctx, struct gemm_job *job)
{
	size_t wanted = CHUNKS_PER_THREAD * (size_t)ctx->threads, most = conv_ceil_div(job->m, job->kernels->gemm_mr);
	size_t panels = conv_ceil_div(job->n, job->kernels->gemm_nr);

	job->m_parts = conv_ceil_div(job->m, BLOCK_M);
	job->groups = conv_ceil_div(panels, MOST_PANELS);
	if (job->groups * job->m_parts < wanted)
		job->groups = least(panels, conv_ceil_div(wanted, job->m_parts));
	if (job->groups * job->m_parts < (size_t)ctx->threads)
		job->m_parts = least(most, conv_ceil_div((size_t)ctx->threads, job->groups));
}

static void multiply_block(sgan_ctx *ctx, struct gemm_job *job)
{
	cut(ctx, job);
	if (job->packs_a)
		sgan_parallel_for(ctx, conv_ceil_div(job->m, PACK_ROWS), pack_a_chunk, job);
	sgan_parallel_for(ctx, job->groups * job->m_parts, multiply_chunk, job);
}

static const char what[] = "matrix product";

static sgan_status check(const char *name, size_t rows, size_t ld, size_t row)
{
	size_t elements;

	if (ld < row)
		return sgan_fail(SGAN_EINVAL, "%s: leading dimension of %s is %zu, expected at least %zu", what, name, ld, row);
	return sgan_elements(what, rows, ld, 1, &elements);
}

/* Scratch for packed A and a panel for each worker. */
static sgan_status take_scratch(sgan_ctx *ctx, struct gemm_job *job, size_t depth)
{
	size_t panels, a, bytes;

	job->packs_a = job->trans_a || rows_collide(job->lda);
	job->ld_packed = job->packs_a ? packed_row(depth) : 0;
	job->panel_size = job->kernels->gemm_nr * depth;
	panels = (size_t)ctx->threads * job->panel_size;
	if (!sgan_size_mul3(job->m, job->ld_packed, 1, &a) || a > SIZE_MAX / 2 / sizeof(real) ||
	    !sgan_size_mul3(a + panels, sizeof(real), 1, &bytes))
		return sgan_fail(SGAN_EINVAL, "%s: %zu rows are too many", what, job->m);
	job->packed_b = sgan_ctx_scratch(ctx, bytes);
	if (!job->packed_b)
		return SGAN_ENOMEM;
	job->packed_a = job->packed_b + panels;
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
	struct gemm_job job = {
		.trans_a = trans_a,
		.trans_b = trans_b,
		.m = m,
		.n = n,
		.lda = lda,
		.ldb = ldb,
		.c = c,
		.ldc = ldc,
	};
	size_t blocks;

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
	job.threads = (size_t)ctx->threads;
	blocks = conv_ceil_div(k, BLOCK_K);
	SGAN_TRY(take_scratch(ctx, &job, conv_ceil_div(k, blocks)));
	for (size_t block = 0; block < blocks; block++) {
		size_t depth = conv_part_begin(k, blocks, block);
		job.k = conv_part_begin(k, blocks, block + 1) - depth;
		job.a = a + (trans_a ? depth * lda : depth);
		job.b = b + (trans_b ? depth : depth * ldb);
		job.epilogue.accumulate = accumulate || block;
		multiply_block(ctx, &job);
	}
	return SGAN_OK;
}

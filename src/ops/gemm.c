/* General matrix product in the tiles of convolution, a block of the sum at a time. Panels of op(B) are packed by the
 * thread that multiplies by them, while the next one's values are fetched, or, where many parts of the rows share them,
 * by all before. op(A) is packed where a tile cannot read its rows as they are, by each thread for itself. It knows
 * nothing of layers.
 *
 * Bytes: for each step of the sum a tile of mr x nr sums takes mr values of A, from the second-level cache as long as a
 * part of its rows fits there (mc x kc of the set's blocking), and nr of the panel (nr x kc),
 * which the tiles of a part share. C is read and written once for each block. */
#include <sgan/gemm.h>

#include "kernels/kernels.h"
#include "src/exec/ctx.h"
#include "src/ops/args.h"
#include "src/ops/conv_plan.h"
#include "src/ops/panels.h"

enum {
	CHUNKS_PER_THREAD = 4, /* at the least: so the last to finish is not long alone */
	MOST_PANELS = 8        /* of a chunk */
};

/* Steps of the sum for a chunk of packing. */
enum { PACK_STEPS = 16 };

enum { LINE = 64 / sizeof(real), PAGE = 4096, APART = 256 };

/* The part of A that a worker has packed; a line for each. */
union gemm_worker {
	size_t part;
	char line[64];
};

struct gemm_job {
	const struct sgan_kernels *kernels;
	bool trans_a, trans_b, packs_a, shares_b;
	size_t m, n, k; /* of the block */
	const real *a, *b;
	size_t lda, ldb;
	real *c;
	size_t ldc;
	struct sgan_epilogue epilogue;
	real *packed_a; /* for each worker [rows of a part, ld_packed] */
	real *packed_b; /* for each worker, or each panel if they are shared, [k, nr] */
	size_t ld_packed, part_size, panel_size;
	union gemm_worker *workers;
	size_t threads, m_parts, ways, groups; /* ways: parts that are worked on side by side */
};

/* Rows of A a line and an element further than whole lines apart: in steps of a page they would share a few cache sets,
 * in steps of whole lines each row of a tile would come to the end of its line in the same step. */
static size_t packed_row(size_t k)
{
	return conv_ceil_div(k, LINE) * LINE + LINE + 1;
}

/* Rows of a tile about a whole number of pages apart share a few cache sets, more of them than a set holds. */
static bool rows_collide(size_t lda)
{
	size_t distance = lda * sizeof(real) % PAGE;

	return distance < APART || PAGE - distance < APART;
}

static void pack_rows(const struct gemm_job *job, size_t first, size_t rows, real *to)
{
	if (job->trans_a)
		job->kernels->transpose(job->k, rows, job->a + first, (ptrdiff_t)job->lda, to, (ptrdiff_t)job->ld_packed);
	else
		job->kernels->copy(rows, job->k, job->a + first * job->lda, (ptrdiff_t)job->lda, to, (ptrdiff_t)job->ld_packed);
}

/* Steps of the sum of op(B), from `first` on. */
static struct sgan_panel_source b_steps(const struct gemm_job *job, size_t first, size_t steps)
{
	const real *b = job->b + (job->trans_b ? first : first * job->ldb);

	return (struct sgan_panel_source){ b, steps, job->n, job->ldb, job->trans_b };
}

static void pack_panel(const struct gemm_job *job, size_t panel, real *to)
{
	struct sgan_panel_source b = b_steps(job, 0, job->k);

	sgan_pack_panel(job->kernels, &b, job->kernels->gemm_nr, panel, to);
}

/* Rows of B are read from end to end. */
static void pack_steps(const struct gemm_job *job, size_t first, size_t steps)
{
	struct sgan_panel_source b = b_steps(job, first, steps);
	size_t nr = job->kernels->gemm_nr;

	sgan_pack_panels(job->kernels, &b, nr, job->packed_b + first * nr, job->panel_size, nr);
}

static void pack_b_chunk(void *arg, size_t chunk, int worker)
{
	const struct gemm_job *job = arg;
	size_t first = chunk * PACK_STEPS;

	(void)worker;
	if (job->trans_b)
		pack_panel(job, chunk, job->packed_b + chunk * job->panel_size);
	else
		pack_steps(job, first, conv_least(job->k - first, PACK_STEPS));
}

static void pack_b(sgan_ctx *ctx, struct gemm_job *job)
{
	size_t chunks = job->trans_b ? conv_ceil_div(job->n, job->kernels->gemm_nr) : conv_ceil_div(job->k, PACK_STEPS);

	sgan_parallel_for(ctx, chunks, pack_b_chunk, job);
}

static void fetch_rows(size_t rows, size_t n, const real *from, size_t ld)
{
	for (size_t r = 0; r < rows; r++)
		for (size_t l = 0; l < n; l += LINE)
			__builtin_prefetch(from + r * ld + l, 0, 2);
}

/* Part `part` of `parts` of what the panel will be read from. */
static void fetch_panel(const struct gemm_job *job, size_t panel, size_t part, size_t parts)
{
	size_t nr = job->kernels->gemm_nr, n = sgan_panel_cols(job->n, nr, panel);
	size_t rows = job->shares_b || !job->trans_b ? job->k : n, cols = job->shares_b ? nr : job->trans_b ? job->k : n;
	const real *from =
		job->shares_b ? job->packed_b + panel * job->panel_size : job->b + panel * nr * (job->trans_b ? job->ldb : 1);
	size_t begin = conv_part_begin(rows, parts, part), ld = job->shares_b ? nr : job->ldb;

	fetch_rows(conv_part_begin(rows, parts, part + 1) - begin, n ? cols : 0, from + begin * ld, ld);
}

struct gemm_rows {
	size_t begin, end;
	const real *a; /* of row `begin` */
	size_t lda;
};

/* Rows of C by one panel, while the one to be taken next is fetched. */
static void multiply_panel(const struct gemm_job *job, size_t panel, size_t next, const struct gemm_rows *rows,
                           const real *packed)
{
	const struct sgan_tap tap = { 0, 0 };
	size_t nr = job->kernels->gemm_nr, n = sgan_panel_cols(job->n, nr, panel), count = rows->end - rows->begin;
	size_t tiles = conv_ceil_div(count, job->kernels->gemm_mr);

	for (size_t t = 0; t < tiles; t++) {
		size_t i = conv_part_begin(count, tiles, t), m = conv_part_begin(count, tiles, t + 1) - i;
		real *c = job->c + (rows->begin + i) * job->ldc + panel * nr;
		fetch_rows(m, n, c, job->ldc);
		fetch_panel(job, next, t, tiles);
		job->kernels->gemm(1, &tap, job->k, rows->a + i * rows->lda, (ptrdiff_t)rows->lda, packed, c,
		                   (ptrdiff_t)job->ldc, m, n, &job->epilogue);
	}
}

/* A worker packs a part of A for itself, so that it stays in its cache, and keeps it for the chunks that follow. */
static struct gemm_rows take_rows(const struct gemm_job *job, size_t part, int worker)
{
	struct gemm_rows rows = { conv_part_begin(job->m, job->m_parts, part),
		                      conv_part_begin(job->m, job->m_parts, part + 1), NULL, job->lda };
	real *packed = job->packed_a + (size_t)worker * job->part_size;

	rows.a = job->a + rows.begin * job->lda;
	if (!job->packs_a)
		return rows;
	rows.a = packed;
	rows.lda = job->ld_packed;
	if (job->workers[worker].part != part)
		pack_rows(job, rows.begin, rows.end - rows.begin, packed);
	job->workers[worker].part = part;
	return rows;
}

/* A chunk is a group of panels for one part of the rows. As many parts as there are threads take turns, so that
 * threads in step stay with theirs. */
static void multiply_chunk(void *arg, size_t chunk, int worker)
{
	const struct gemm_job *job = arg;
	size_t panels = conv_ceil_div(job->n, job->kernels->gemm_nr), round = job->ways * job->groups;
	size_t part = chunk / round * job->ways + chunk % job->ways, group = chunk % round / job->ways;
	size_t panel = conv_part_begin(panels, job->groups, group);
	size_t panel_end = conv_part_begin(panels, job->groups, group + 1);
	size_t next_group = (group + job->threads / job->ways) % job->groups; /* as threads in step would take them */
	struct gemm_rows rows = take_rows(job, part, worker);

	for (; panel < panel_end; panel++) {
		size_t next = panel + 1 < panel_end ? panel + 1 : conv_part_begin(panels, job->groups, next_group);
		real *packed = job->packed_b + (job->shares_b ? panel : (size_t)worker) * job->panel_size;
		if (!job->shares_b)
			pack_panel(job, panel, packed);
		multiply_panel(job, panel, next, &rows, packed);
	}
}

static void multiply_here(void *arg, size_t chunk, int worker)
{
	const struct gemm_job *job = arg;

	(void)chunk;
	for (size_t c = 0; c < job->groups * job->m_parts; c++)
		multiply_chunk(arg, c, worker);
}

/* Parts of rows and columns: enough of them for the threads, none larger than what stays cached. Cutting changes no
 * sum. */
static void cut(struct gemm_job *job)
{
	size_t panels = conv_ceil_div(job->n, job->kernels->gemm_nr), most = conv_ceil_div(job->m, job->kernels->gemm_mr);
	size_t wanted = job->threads > 1 ? CHUNKS_PER_THREAD * job->threads : 1;

	job->m_parts = conv_ceil_div(job->m, job->kernels->blocking.mc);
	job->ways = conv_least(job->threads, job->m_parts);
	job->m_parts = conv_ceil_div(job->m_parts, job->ways) * job->ways;
	job->groups = conv_ceil_div(panels, MOST_PANELS);
	if (job->groups * job->m_parts < wanted)
		job->groups = conv_least(panels, conv_ceil_div(wanted, job->m_parts));
	if (job->groups * job->m_parts < job->threads)
		job->ways = job->m_parts = conv_least(most, conv_ceil_div(job->threads, job->groups));
}

static void multiply_block(sgan_ctx *ctx, struct gemm_job *job)
{
	for (size_t w = 0; w < job->threads; w++)
		job->workers[w].part = SIZE_MAX;
	if (job->shares_b)
		pack_b(ctx, job);
	if (job->threads == 1)
		sgan_parallel_for(ctx, 1, multiply_here, job);
	else
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

/* Scratch: what workers have packed, panels, and parts of A. */
static sgan_status take_scratch(sgan_ctx *ctx, struct gemm_job *job, size_t depth)
{
	size_t nr = job->kernels->gemm_nr, panels = job->shares_b ? conv_ceil_div(job->n, nr) : job->threads;
	size_t workers = job->threads * sizeof(union gemm_worker), elements;
	char *scratch;

	job->ld_packed = job->packs_a ? packed_row(depth) : 0;
	job->part_size = conv_ceil_div(job->m, job->m_parts) * job->ld_packed;
	job->panel_size = nr * (depth + (job->shares_b ? 1 : 0)); /* in steps of a page panels would share cache sets */
	if (!sgan_size_mul3(panels, job->panel_size, 1, &elements) || elements > SIZE_MAX / 4 / sizeof(real))
		return sgan_fail(SGAN_EINVAL, "%s: %zu columns are too many", what, job->n);
	scratch = sgan_ctx_scratch(ctx, workers + (elements + job->threads * job->part_size) * sizeof(real));
	if (!scratch)
		return SGAN_ENOMEM;
	job->workers = (union gemm_worker *)(void *)scratch;
	job->packed_b = (real *)(void *)(scratch + workers);
	job->packed_a = job->packed_b + elements;
	return SGAN_OK;
}

/* Less work than it takes to wake a thread. */
static bool is_small(size_t m, size_t n, size_t k)
{
	return (double)m * (double)n * (double)k < 1e6;
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
	job.packs_a = trans_a || rows_collide(lda);
	job.shares_b = m > 2 * job.kernels->blocking.mc; /* more than two parts of the rows read each panel */
	job.threads = is_small(m, n, k) ? 1 : (size_t)ctx->threads;
	cut(&job);
	blocks = conv_ceil_div(k, job.kernels->blocking.kc);
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

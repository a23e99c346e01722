/* The loops of one pass of a matrix product, in the names of BLIS (Van Zee and van de Geijn, ACM TOMS 2015):
 *
 *   in parallel, for jc: a range of panels, and ic: a block of mc rows of C      compute_chunk
 *     pack the block [mc, kc] of op(A), where tiles cannot read it as it lies    take_a_block
 *     for jr: a panel of nr columns                                              loop_jr
 *       pack the panel [kc, nr] of op(B), unless the pass began with all
 *       for ir: a tile of mr rows                                                loop_ir
 *         C[ir, jr] (+)= block[ir] panel
 *
 * While a tile is worked on, it asks for its share of what the next panel will be read from, so that this is in a near
 * cache by then. */
#include "src/ops/gemm_pass.h"

#include "src/exec/ctx.h"
#include "src/ops/axis.h"
#include "src/ops/panels.h"

enum {
	LINE = 64 / sizeof(real),
	PACK_STEPS = 16 /* steps of the sum for a chunk of packing */
};

/* Part of a matrix in memory. */
struct region {
	const real *first;
	size_t rows, cols, ld;
};

/* Inlined, and by values: a tile asks for some 200 lines, so the loops count. */
static inline void prefetch(size_t rows, size_t cols, const real *first, size_t ld)
{
	for (size_t r = 0; r < rows; r++)
		for (size_t c = 0; c < cols; c += LINE)
			__builtin_prefetch(first + r * ld + c, 0, 2);
}

/* --- op(B): panels ----------------------------------------------------------- */

static size_t panel_count(const struct gemm_pass *pass)
{
	return ceil_div(pass->n, pass->kernels->gemm_nr);
}

/* `steps` of op(B), from `first` on. */
static struct sgan_panel_source b_steps(const struct gemm_pass *pass, size_t first, size_t steps)
{
	const real *b = pass->b.first + (pass->b.trans ? first : first * pass->b.ld);

	return (struct sgan_panel_source){ b, steps, pass->n, pass->b.ld, pass->b.trans };
}

static void pack_panel(const struct gemm_pass *pass, size_t panel, real *to)
{
	struct sgan_panel_source b = b_steps(pass, 0, pass->kc);

	sgan_pack_panel(pass->kernels, &b, pass->kernels->gemm_nr, panel, to);
}

static void pack_panel_chunk(void *arg, size_t panel, int worker)
{
	const struct gemm_pass *pass = arg;

	(void)worker;
	pack_panel(pass, panel, pass->b_panels + panel * pass->ld_panel);
}

static void pack_steps_chunk(void *arg, size_t chunk, int worker)
{
	const struct gemm_pass *pass = arg;
	size_t first = chunk * PACK_STEPS, nr = pass->kernels->gemm_nr;
	struct sgan_panel_source b = b_steps(pass, first, least_of(pass->kc - first, PACK_STEPS));

	(void)worker;
	sgan_pack_panels(pass->kernels, &b, nr, pass->b_panels + first * nr, pass->ld_panel, nr);
}

/* By panels or by steps of the sum: as the rows of B lie in memory. */
static void pack_all_panels(sgan_ctx *ctx, struct gemm_pass *pass)
{
	if (pass->b.trans)
		sgan_parallel_for(ctx, panel_count(pass), pack_panel_chunk, pass);
	else
		sgan_parallel_for(ctx, ceil_div(pass->kc, PACK_STEPS), pack_steps_chunk, pass);
}

/* What loop_jr will read when it comes to a panel: the panel, or what it is packed from. */
static struct region panel_region(const struct gemm_pass *pass, size_t panel)
{
	size_t nr = pass->kernels->gemm_nr, first = panel * nr, cols = sgan_panel_cols(pass->n, nr, panel);

	if (pass->shares_b)
		return (struct region){ pass->b_panels + panel * pass->ld_panel, pass->kc, nr, nr };
	if (pass->b.trans)
		return (struct region){ pass->b.first + first * pass->b.ld, cols, pass->kc, pass->b.ld };
	return (struct region){ pass->b.first + first, pass->kc, cols, pass->b.ld };
}

/* Share `share` of `shares` of a region's rows. */
static void prefetch_share(const struct region *region, size_t share, size_t shares)
{
	size_t begin = share_begin(region->rows, shares, share), end = share_begin(region->rows, shares, share + 1);

	prefetch(end - begin, region->cols, region->first + begin * region->ld, region->ld);
}

/* --- op(A): blocks of rows --------------------------------------------------- */

/* A block of op(A) as tiles read it. */
struct a_block {
	const real *first; /* [rows, kc], ld apart */
	size_t ld;
	size_t begin, rows; /* its first row in C */
};

static void pack_a_block(const struct gemm_pass *pass, size_t begin, size_t rows, real *to)
{
	ptrdiff_t ld = (ptrdiff_t)pass->a.ld, ld_block = (ptrdiff_t)pass->ld_block;

	if (pass->a.trans)
		pass->kernels->transpose(pass->kc, rows, pass->a.first + begin, ld, to, ld_block);
	else
		pass->kernels->copy(rows, pass->kc, pass->a.first + begin * pass->a.ld, ld, to, ld_block);
}

/* A worker packs a block for itself, so that it is in its own cache, and keeps it for the chunks that follow. */
static struct a_block take_a_block(const struct gemm_pass *pass, size_t ic, struct gemm_worker *worker)
{
	size_t begin = share_begin(pass->m, pass->ic_count, ic), end = share_begin(pass->m, pass->ic_count, ic + 1);

	if (!pass->packs_a)
		return (struct a_block){ pass->a.first + begin * pass->a.ld, pass->a.ld, begin, end - begin };
	if (worker->a_block_ic != ic)
		pack_a_block(pass, begin, end - begin, worker->a_block);
	worker->a_block_ic = ic;
	return (struct a_block){ worker->a_block, pass->ld_block, begin, end - begin };
}

/* --- the loops --------------------------------------------------------------- */

/* next: what will be read after this panel. */
static void loop_ir(const struct gemm_pass *pass, const struct a_block *a, size_t jr, const real *panel,
                    const struct region *next)
{
	const struct sgan_tap tap = { 0, 0 };
	size_t nr = pass->kernels->gemm_nr, n = sgan_panel_cols(pass->n, nr, jr);
	size_t tiles = ceil_div(a->rows, pass->kernels->gemm_mr);

	for (size_t tile = 0; tile < tiles; tile++) {
		size_t ir = share_begin(a->rows, tiles, tile), m = share_begin(a->rows, tiles, tile + 1) - ir;
		real *c = pass->c + (a->begin + ir) * pass->ldc + jr * nr;
		prefetch(m, n, c, pass->ldc);
		prefetch_share(next, tile, tiles);
		pass->kernels->gemm(1, &tap, pass->kc, a->first + ir * a->ld, (ptrdiff_t)a->ld, panel, c,
		                    (ptrdiff_t)pass->ldc, m, n, &pass->epilogue);
	}
}

/* Panels begin .. end - 1, then as a rule the worker's next chunk, which begins with panel `after`. */
static void loop_jr(const struct gemm_pass *pass, const struct a_block *a, size_t begin, size_t end, size_t after,
                    struct gemm_worker *worker)
{
	for (size_t jr = begin; jr < end; jr++) {
		struct region next = panel_region(pass, jr + 1 < end ? jr + 1 : after);
		const real *panel = worker->b_panel;
		if (pass->shares_b)
			panel = pass->b_panels + jr * pass->ld_panel;
		else
			pack_panel(pass, jr, worker->b_panel);
		loop_ir(pass, a, jr, panel, &next);
	}
}

/* As many blocks of rows as there are ways take turns, chunk by chunk, until all their panels are done: threads in step
 * stay with their blocks. */
static void compute_chunk(const struct gemm_pass *pass, size_t chunk, struct gemm_worker *worker)
{
	size_t ways = pass->ic_ways, turn = ways * pass->jc_count;
	size_t ic = chunk / turn * ways + chunk % ways, jc = chunk % turn / ways;
	size_t next_jc = (jc + pass->threads / ways) % pass->jc_count; /* as threads in step would take them */
	size_t panels = panel_count(pass);
	struct a_block a = take_a_block(pass, ic, worker);

	loop_jr(pass, &a, share_begin(panels, pass->jc_count, jc), share_begin(panels, pass->jc_count, jc + 1),
	        share_begin(panels, pass->jc_count, next_jc), worker);
}

static size_t chunk_count(const struct gemm_pass *pass)
{
	return pass->ic_count * pass->jc_count;
}

static void run_chunk(void *arg, size_t chunk, int worker)
{
	const struct gemm_pass *pass = arg;

	compute_chunk(pass, chunk, &pass->workers[worker]);
}

static void run_all_chunks(void *arg, size_t only, int worker)
{
	const struct gemm_pass *pass = arg;

	(void)only;
	for (size_t chunk = 0; chunk < chunk_count(pass); chunk++)
		compute_chunk(pass, chunk, &pass->workers[worker]);
}

void sgan_gemm_pass(sgan_ctx *ctx, struct gemm_pass *pass)
{
	for (size_t w = 0; w < pass->threads; w++)
		pass->workers[w].a_block_ic = GEMM_NO_BLOCK;
	if (pass->shares_b)
		pack_all_panels(ctx, pass);
	if (pass->threads == 1) /* of a context that may have more: they are not woken for little work */
		sgan_parallel_for(ctx, 1, run_all_chunks, pass);
	else
		sgan_parallel_for(ctx, chunk_count(pass), run_chunk, pass);
}

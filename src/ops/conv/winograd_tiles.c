/* Gather and scatter by Winograd's filtering; winograd.h says what is computed. The loops of a chunk, a block of tiles
 * by some panels of the destination's channels:
 *
 *   for each step of the depth
 *       for each tile of the block
 *           map its window to the points                                      map_windows
 *       for each pair of points, and each panel
 *           products (+)= windows at these points x weights at these points   multiply
 *   for each panel and tile
 *       map the products back, add bias, activate, write                      write_panel
 *
 * With pairs of points outside panels, windows at one pair stay in the nearest cache for all panels, and weights, of
 * which a block reads all, come by once.
 *
 * Packed weights: [panel][point pair][depth][gemm_nr]. */
#include "src/exec/ctx.h"
#include "src/ops/conv/algorithms.h"
#include "src/ops/panels.h"

#include <string.h>

struct tiles_job {
	const struct conv_call *call;
	const struct winograd *w;
	struct conv_view view;
	size_t tiles, blocks;        /* of all images */
	size_t ranges;               /* that a window's panels are cut into */
	size_t phase_panels;         /* of one phase of the destination */
	size_t src_plane, dst_plane; /* elements from a pair of points to the next */
};

/* What a chunk works on. */
struct tiles_chunk {
	size_t tile, tiles; /* the first and how many */
	size_t panel, panels;
	real *windows;  /* [point pair][tile][step] */
	real *products; /* [panel][point pair][tile][gemm_nr] */
};

static const struct conv_base *base_of(const struct tiles_job *job)
{
	return &job->call->problem->base;
}

/* --- windows ------------------------------------------------------------------------ */

/* Channels c .. c + count - 1 of a phase of a tile's window. */
static void map_window(const struct tiles_job *job, const struct winograd_place *at, size_t phase, size_t c,
                       size_t count, real *to)
{
	const struct winograd_tiling *t = &job->w->tiling;
	ptrdiff_t first;
	struct sgan_window window = sgan_winograd_window(t, base_of(job), conv_scatters(job->call->problem),
	                                                 winograd_phase(base_of(job), phase), at, &first);

	job->call->problem->kernels->winograd_input(t->alpha, &window, count, job->call->src + first + (ptrdiff_t)c, to,
	                                            job->src_plane);
}

/* A step of `count`, from `k` of the depth on, of all tiles of a chunk. */
static void map_windows(const struct tiles_job *job, const struct tiles_chunk *chunk, size_t k, size_t count)
{
	size_t channels = job->view.src_c, dst_phase = chunk->panel / job->phase_panels;

	for (size_t i = 0; i < chunk->tiles; i++) {
		struct winograd_place at = sgan_winograd_place(&job->w->tiling, job->call->first, chunk->tile + i);
		for (size_t done = 0, some; done < count; done += some) {
			size_t phase = (k + done) / channels, c = (k + done) % channels;
			some = least_of(channels - c, count - done);
			map_window(job, &at, job->w->src_phases > 1 ? phase : dst_phase, c, some,
			           chunk->windows + i * count + done);
		}
	}
}

/* --- products ----------------------------------------------------------------------- */

static real *products_of(const struct tiles_job *job, const struct tiles_chunk *chunk, size_t panel)
{
	return chunk->products + (panel - chunk->panel) * winograd_points(&job->w->tiling) * job->dst_plane;
}

/* A panel's products at a pair of points, over a step. */
static void multiply_panel(const struct tiles_job *job, const struct tiles_chunk *chunk, size_t panel, size_t point,
                           size_t k, size_t count)
{
	const struct sgan_kernels *kernels = job->call->problem->kernels;
	const struct sgan_tap tap = { 0, 0 };
	const struct sgan_epilogue e = { .accumulate = k > 0 };
	size_t nr = kernels->gemm_nr, n = least_of(job->view.dst_c - panel % job->phase_panels * nr, nr);
	size_t groups = ceil_div(chunk->tiles, kernels->gemm_mr);
	const real *weights =
		job->call->packed + ((panel * winograd_points(&job->w->tiling) + point) * job->w->depth + k) * nr;
	const real *windows = chunk->windows + point * job->src_plane;
	real *products = products_of(job, chunk, panel) + point * job->dst_plane;

	for (size_t group = 0; group < groups; group++) {
		size_t row = share_begin(chunk->tiles, groups, group);
		kernels->gemm(1, &tap, count, windows + row * count, (ptrdiff_t)count, weights, products + row * nr,
		              (ptrdiff_t)nr, share_begin(chunk->tiles, groups, group + 1) - row, n, &e);
	}
}

static void multiply(const struct tiles_job *job, const struct tiles_chunk *chunk, size_t k, size_t count)
{
	for (size_t point = 0; point < winograd_points(&job->w->tiling); point++)
		for (size_t i = 0; i < chunk->panels; i++)
			multiply_panel(job, chunk, chunk->panel + i, point, k, count);
}

/* --- results ------------------------------------------------------------------------ */

/* The pixels of an axis that a tile makes: the first, the distance, and how many are inside. */
struct results {
	size_t first, step, count;
};

static struct results results_at(const struct axis_phase *p, size_t m, size_t index)
{
	return (struct results){ p->first + index * p->step, p->step,
		                     index < p->count ? least_of(p->count - index, m) : 0 };
}

static void write_panel(const struct tiles_job *job, const struct tiles_chunk *chunk, size_t panel)
{
	const struct sgan_kernels *kernels = job->call->problem->kernels;
	const struct winograd_tiling *t = &job->w->tiling;
	bool scatter = conv_scatters(job->call->problem);
	struct winograd_phase phase = winograd_phase(base_of(job), panel / job->phase_panels);
	struct axis_phase phase_h = sgan_axis_phase(&base_of(job)->h, scatter, phase.h);
	struct axis_phase phase_w = sgan_axis_phase(&base_of(job)->w, scatter, phase.w);
	size_t c = panel % job->phase_panels * kernels->gemm_nr, dst_c = job->view.dst_c, width = job->view.dst_w * dst_c;
	struct sgan_epilogue e = job->call->epilogue;

	if (e.bias)
		e.bias += c;
	for (size_t i = 0; i < chunk->tiles; i++) {
		struct winograd_place at = sgan_winograd_place(t, job->call->first, chunk->tile + i);
		struct results h = results_at(&phase_h, t->m, at.y), w = results_at(&phase_w, t->m, at.x);
		struct sgan_window window = {
			(ptrdiff_t)(h.step * width), (ptrdiff_t)(w.step * dst_c), 0, h.count, 0, w.count
		};
		real *dst = job->call->dst + (at.image * job->view.dst_h + h.first) * width + w.first * dst_c + c;
		kernels->winograd_moments(t->alpha, t->m, &window, least_of(dst_c - c, kernels->gemm_nr),
		                          products_of(job, chunk, panel) + i * kernels->gemm_nr, job->dst_plane, dst, &e);
	}
}

/* --- a chunk ------------------------------------------------------------------------ */

static void compute(const struct tiles_job *job, const struct tiles_chunk *chunk)
{
	for (size_t k = 0; k < job->w->depth; k += job->w->step) {
		size_t count = least_of(job->w->depth - k, job->w->step);
		map_windows(job, chunk, k, count);
		multiply(job, chunk, k, count);
	}
	for (size_t i = 0; i < chunk->panels; i++)
		write_panel(job, chunk, chunk->panel + i);
}

static void compute_chunk(void *arg, size_t index, int worker)
{
	const struct tiles_job *job = arg;
	size_t block = index % job->blocks, range = index / job->blocks % job->ranges;
	size_t window = index / job->blocks / job->ranges, panels = job->w->panels / job->w->windows;
	struct tiles_chunk chunk = {
		.tile = share_begin(job->tiles, job->blocks, block),
		.panel = window * panels + share_begin(panels, job->ranges, range),
		.windows = (real *)(void *)conv_worker_memory(job->call, worker),
	};

	chunk.tiles = share_begin(job->tiles, job->blocks, block + 1) - chunk.tile;
	chunk.panels = share_begin(panels, job->ranges, range + 1) - share_begin(panels, job->ranges, range);
	chunk.products = chunk.windows + winograd_points(&job->w->tiling) * job->src_plane;
	compute(job, &chunk);
}

/* --- all of them -------------------------------------------------------------------- */

enum { CHUNKS_PER_THREAD = 3 }; /* at the least, where channels can be cut: each range maps the windows anew */

static sgan_status run(sgan_ctx *ctx, const struct conv_call *call)
{
	const struct winograd *w = &call->problem->winograd;
	size_t panels = w->panels / w->windows, wanted;
	struct tiles_job job = {
		.call = call,
		.w = w,
		.view = conv_view(call->problem),
		.tiles = call->images * winograd_tiles(&w->tiling),
		.phase_panels = w->panels / w->dst_phases,
		.src_plane = winograd_plane(w->block, w->step),
		.dst_plane = winograd_plane(w->block, call->problem->kernels->gemm_nr),
	};

	job.blocks = ceil_div(job.tiles, w->block);
	job.ranges = ceil_div(panels, w->chunk_panels);
	wanted = ctx->threads > 1 ? ceil_div(CHUNKS_PER_THREAD * (size_t)ctx->threads, job.blocks * w->windows) : 1;
	if (job.ranges < wanted)
		job.ranges = least_of(wanted, panels);
	sgan_parallel_for(ctx, job.blocks * job.ranges * w->windows, compute_chunk, &job);
	return SGAN_OK;
}

/* --- packing ------------------------------------------------------------------------ */

/* Values of a tap that are mapped at a time: some rows of the depth, of a panel. */
enum { PACK_VALUES = 256, PACK_TAPS = WINOGRAD_TAPS_MOST * WINOGRAD_TAPS_MOST };

struct pack_job {
	const struct conv_problem *problem;
	const real *weights;
	real *packed;
	size_t phase_panels;
	size_t rows, strips; /* of a source phase's channels: those mapped at a time, and how often that is */
};

/* One tap's weights: a matrix [x_c, y_c], of which a gather sums over the rows, a scatter over the columns. */
static void pack_tap(const struct pack_job *p, size_t tap, size_t panel, size_t c, size_t rows, real *to)
{
	const struct conv_base *b = &p->problem->base;
	const real *weights = p->weights + tap * b->x_c * b->y_c;
	bool scatter = conv_scatters(p->problem);
	struct sgan_panel_source source = { weights + (scatter ? c : c * b->y_c), rows, conv_view(p->problem).dst_c, b->y_c,
		                                scatter };

	sgan_pack_panel(p->problem->kernels, &source, p->problem->kernels->gemm_nr, panel, to);
}

/* The taps of a phase, zeros for those that it has not: [r][r][rows][gemm_nr]. */
static void pack_taps(const struct pack_job *p, struct winograd_phase phase, size_t panel, size_t c, size_t rows,
                      real *to)
{
	const struct conv_base *b = &p->problem->base;
	size_t r = p->problem->winograd.tiling.r, count = rows * p->problem->kernels->gemm_nr;
	bool scatter = conv_scatters(p->problem);

	for (size_t i = 0; i < r; i++)
		for (size_t j = 0; j < r; j++, to += count) {
			size_t tap_h, tap_w;
			if (sgan_winograd_tap(&b->h, scatter, r, phase.h, i, &tap_h) &&
			    sgan_winograd_tap(&b->w, scatter, r, phase.w, j, &tap_w))
				pack_tap(p, tap_h * b->w.kernel + tap_w, panel, c, rows, to);
			else
				memset(to, 0, count * sizeof(real));
		}
}

/* A chunk is a panel, a phase of the source and some rows of its channels. */
static void pack_chunk(void *arg, size_t index, int worker)
{
	const struct pack_job *p = arg;
	const struct winograd *w = &p->problem->winograd;
	const struct winograd_tiling *t = &w->tiling;
	size_t nr = p->problem->kernels->gemm_nr, channels = conv_view(p->problem).src_c;
	size_t c = index % p->strips * p->rows, count = least_of(channels - c, p->rows) * nr;
	size_t src_phase = index / p->strips % w->src_phases, panel = index / p->strips / w->src_phases;
	size_t phase = conv_scatters(p->problem) ? panel / p->phase_panels : src_phase;
	struct sgan_window window = { (ptrdiff_t)(t->r * count), (ptrdiff_t)count, 0, t->r, 0, t->r };
	real *packed = p->packed + (panel * winograd_points(t) * w->depth + src_phase * channels + c) * nr;
	_Alignas(SGAN_ALIGN) real taps[PACK_TAPS * PACK_VALUES];

	(void)worker;
	pack_taps(p, winograd_phase(&p->problem->base, phase), panel % p->phase_panels, c, count / nr, taps);
	p->problem->kernels->winograd_evaluate(t->alpha, t->r, &window, count, taps, packed, w->depth * nr);
}

static void pack(sgan_ctx *ctx, const struct conv_problem *problem, const real *weights, real *packed)
{
	const struct winograd *w = &problem->winograd;
	struct pack_job p = {
		.problem = problem,
		.weights = weights,
		.packed = packed,
		.phase_panels = w->panels / w->dst_phases,
		.rows = PACK_VALUES / problem->kernels->gemm_nr,
	};

	p.strips = ceil_div(conv_view(problem).src_c, p.rows);
	sgan_parallel_for(ctx, w->panels * w->src_phases * p.strips, pack_chunk, &p);
}

/* --- the rows of the table ---------------------------------------------------------- */

static bool fits(const struct conv_problem *problem)
{
	return sgan_winograd_fits(&problem->base) && problem->kernels->gemm_nr <= PACK_VALUES;
}

static void make_cut(struct conv_problem *problem)
{
	problem->winograd = sgan_winograd_cut(&problem->base, problem->operation, problem->kernels, problem->max_batch, 0);
}

static double cost(const struct conv_problem *problem)
{
	return problem->winograd.time;
}

static size_t packed_count(const struct conv_problem *problem)
{
	const struct winograd *w = &problem->winograd;

	return w->panels * winograd_points(&w->tiling) * w->depth * problem->kernels->gemm_nr;
}

static size_t worker_bytes(const struct conv_problem *problem)
{
	const struct winograd *w = &problem->winograd;
	size_t windows = winograd_plane(w->block, w->step);
	size_t products = winograd_plane(w->block, problem->kernels->gemm_nr) * w->chunk_panels;

	return conv_round_bytes(winograd_points(&w->tiling) * (windows + products) * sizeof(real));
}

#define WINOGRAD(of)                                                                                                   \
	{ .name = "winograd",                                                                                              \
	  .operation = of,                                                                                                 \
	  .fast = true,                                                                                                    \
	  .fits = fits,                                                                                                    \
	  .make_cut = make_cut,                                                                                            \
	  .cost = cost,                                                                                                    \
	  .packed_count = packed_count,                                                                                    \
	  .pack = pack,                                                                                                    \
	  .worker_bytes = worker_bytes,                                                                                    \
	  .run = run,                                                                                                      \
	  .error = 100 }

const struct conv_algorithm sgan_conv_gather_winograd = WINOGRAD(CONV_GATHER);
const struct conv_algorithm sgan_conv_scatter_winograd = WINOGRAD(CONV_SCATTER);

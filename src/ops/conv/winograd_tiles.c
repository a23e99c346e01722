/* Gather and scatter by Winograd's filtering; winograd.h says what is computed. The loops of a chunk, a block of tiles
 * by some panels of the destination's channels:
 *
 *   for each addend, and each step of its depth
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
 * Packed weights: for each filter [panel][pair of its taps' points][depth][gemm_nr]. */
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
	size_t window_planes;        /* pairs of points of windows */
	size_t planes;               /* and of all addends' products */
	size_t src_plane, dst_plane; /* elements from a pair of points to the next */
};

/* What a chunk works on. */
struct tiles_chunk {
	size_t window;
	size_t tile, tiles; /* the first and how many */
	size_t panel, panels;
	const real *packed; /* of all filters */
	real *windows;      /* [point pair][tile][step] */
	real *products;     /* [panel][addend][point pair][tile][gemm_nr] */
};

/* An addend of a chunk. */
struct tiles_addend {
	const struct winograd_filter *filter;
	struct sgan_filtering results, taps;
	size_t plane;       /* pairs of points in the products before it */
	const real *packed; /* its filter's */
};

static const struct conv_base *base_of(const struct tiles_job *job)
{
	return &job->call->problem->base;
}

/* --- windows ------------------------------------------------------------------------ */

/* Channels c .. c + count - 1 of the windows of a chunk's tiles. */
static void map_channels(const struct tiles_job *job, const struct tiles_chunk *chunk,
                         const struct tiles_addend *addend, const struct winograd_filter *filter, size_t c,
                         size_t count, size_t ld, real *to)
{
	bool scatter = conv_scatters(job->call->problem);
	struct winograd_windows windows = { &job->w->tiling, base_of(job), scatter, filter };

	for (size_t i = 0; i < chunk->tiles; i++) {
		ptrdiff_t first;
		struct sgan_window window = sgan_winograd_window(&windows, job->call->first, chunk->tile + i, &first);
		job->call->problem->kernels->winograd_input(&addend->results, &window, count,
		                                            job->call->src + first + (ptrdiff_t)c, to + i * ld, job->src_plane);
	}
}

/* A step of `count`, from `k` of the depth on, of all tiles of a chunk. */
static void map_windows(const struct tiles_job *job, const struct tiles_chunk *chunk, const struct tiles_addend *addend,
                        size_t k, size_t count)
{
	size_t channels = job->view.src_c;

	for (size_t done = 0, some; done < count; done += some) {
		size_t phase = (k + done) / channels, c = (k + done) % channels;
		struct winograd_filter filter = *addend->filter;
		some = least_of(channels - c, count - done);
		if (job->w->src_phases > 1)
			filter = sgan_winograd_filter(base_of(job), false, true, phase);
		map_channels(job, chunk, addend, &filter, c, some, count, chunk->windows + done);
	}
}

/* --- products ----------------------------------------------------------------------- */

static real *products_of(const struct tiles_job *job, const struct tiles_chunk *chunk, size_t panel)
{
	return chunk->products + (panel - chunk->panel) * job->planes * job->dst_plane;
}

/* The taps' pair of points for one of results: the same for all results of an axis that is not filtered. */
static size_t tap_plane(const struct tiles_addend *addend, size_t point)
{
	size_t i = point / addend->results.w.points, j = point % addend->results.w.points;

	return (addend->taps.h.points > 1 ? i : 0) * addend->taps.w.points + (addend->taps.w.points > 1 ? j : 0);
}

/* A panel's products at a pair of points, over a step. */
static void multiply_panel(const struct tiles_job *job, const struct tiles_chunk *chunk,
                           const struct tiles_addend *addend, size_t panel, size_t point, size_t k, size_t count)
{
	const struct sgan_kernels *kernels = job->call->problem->kernels;
	const struct sgan_tap tap = { 0, 0 };
	const struct sgan_epilogue e = { .accumulate = k > 0 };
	size_t nr = kernels->gemm_nr, n = least_of(job->view.dst_c - panel % job->phase_panels * nr, nr);
	size_t groups = ceil_div(chunk->tiles, kernels->gemm_mr);
	size_t plane = panel * winograd_planes(&addend->taps) + tap_plane(addend, point);
	const real *weights = addend->packed + (plane * job->w->depth + k) * nr;
	const real *windows = chunk->windows + point * job->src_plane;
	real *products = products_of(job, chunk, panel) + (addend->plane + point) * job->dst_plane;

	for (size_t group = 0; group < groups; group++) {
		size_t row = share_begin(chunk->tiles, groups, group);
		kernels->gemm(1, &tap, count, windows + row * count, (ptrdiff_t)count, weights, products + row * nr,
		              (ptrdiff_t)nr, share_begin(chunk->tiles, groups, group + 1) - row, n, &e);
	}
}

static void multiply(const struct tiles_job *job, const struct tiles_chunk *chunk, const struct tiles_addend *addend,
                     size_t k, size_t count)
{
	for (size_t point = 0; point < winograd_planes(&addend->results); point++)
		for (size_t i = 0; i < chunk->panels; i++)
			multiply_panel(job, chunk, addend, chunk->panel + i, point, k, count);
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

static void write_panel(const struct tiles_job *job, const struct tiles_chunk *chunk,
                        const struct tiles_addend *addends, size_t panel)
{
	const struct sgan_kernels *kernels = job->call->problem->kernels;
	const struct winograd_tiling *t = &job->w->tiling;
	bool scatter = conv_scatters(job->call->problem);
	const struct winograd_filter phase =
		sgan_winograd_filter(base_of(job), scatter, t->even, chunk->window + panel / job->phase_panels);
	struct axis_phase phase_h = sgan_axis_phase(&base_of(job)->h, scatter, scatter ? phase.phase_h : 0);
	struct axis_phase phase_w = sgan_axis_phase(&base_of(job)->w, scatter, scatter ? phase.phase_w : 0);
	size_t c = panel % job->phase_panels * kernels->gemm_nr, dst_c = job->view.dst_c, width = job->view.dst_w * dst_c;
	struct sgan_filtering f[WINOGRAD_PHASES_MOST];
	struct sgan_epilogue e = job->call->epilogue;

	for (size_t i = 0; i < job->w->addends; i++)
		f[i] = addends[i].results;
	if (e.bias)
		e.bias += c;
	for (size_t i = 0; i < chunk->tiles; i++) {
		struct winograd_place at = sgan_winograd_place(t, job->call->first, chunk->tile + i);
		struct results h = results_at(&phase_h, t->m, at.y), w = results_at(&phase_w, t->m, at.x);
		struct sgan_window window = {
			(ptrdiff_t)(h.step * width), (ptrdiff_t)(w.step * dst_c), 0, h.count, 0, w.count
		};
		real *dst = job->call->dst + (at.image * job->view.dst_h + h.first) * width + w.first * dst_c + c;
		kernels->winograd_moments(job->w->addends, f, &window, least_of(dst_c - c, kernels->gemm_nr),
		                          products_of(job, chunk, panel) + i * kernels->gemm_nr, job->dst_plane, dst, &e);
	}
}

/* --- a chunk ------------------------------------------------------------------------ */

/* Elements of a filter's packed weights. */
static size_t packed_of(const struct conv_problem *problem, size_t filter)
{
	const struct winograd *w = &problem->winograd;
	const struct sgan_filtering taps = winograd_taps(&w->tiling, &w->filter[filter]);

	return w->panels * winograd_planes(&taps) * w->depth * problem->kernels->gemm_nr;
}

/* Where a filter's are. */
static size_t packed_before(const struct conv_problem *problem, size_t filter)
{
	size_t before = 0;

	for (size_t i = 0; i < filter; i++)
		before += packed_of(problem, i);
	return before;
}

static void find_addends(const struct tiles_job *job, const struct tiles_chunk *chunk, struct tiles_addend *addends)
{
	size_t plane = 0;

	for (size_t i = 0; i < job->w->addends; i++) {
		size_t filter = chunk->window * job->w->addends + i;
		const struct winograd_filter *f = &job->w->filter[filter];
		addends[i] = (struct tiles_addend){ f, winograd_results(&job->w->tiling, f), winograd_taps(&job->w->tiling, f),
			                                plane, chunk->packed + packed_before(job->call->problem, filter) };
		plane += winograd_planes(&addends[i].results);
	}
}

static void compute(const struct tiles_job *job, const struct tiles_chunk *chunk)
{
	struct tiles_addend addends[WINOGRAD_PHASES_MOST];

	find_addends(job, chunk, addends);
	for (size_t i = 0; i < job->w->addends; i++)
		for (size_t k = 0; k < job->w->depth; k += job->w->step) {
			size_t count = least_of(job->w->depth - k, job->w->step);
			map_windows(job, chunk, &addends[i], k, count);
			multiply(job, chunk, &addends[i], k, count);
		}
	for (size_t i = 0; i < chunk->panels; i++)
		write_panel(job, chunk, addends, chunk->panel + i);
}

static void compute_chunk(void *arg, size_t index, int worker)
{
	const struct tiles_job *job = arg;
	size_t block = index % job->blocks, range = index / job->blocks % job->ranges, panels = job->w->panels;
	struct tiles_chunk chunk = {
		.window = index / job->blocks / job->ranges,
		.tile = share_begin(job->tiles, job->blocks, block),
		.panel = share_begin(panels, job->ranges, range),
		.packed = conv_packed(job->call, worker),
		.windows = (real *)(void *)conv_worker_memory(job->call, worker),
	};

	chunk.tiles = share_begin(job->tiles, job->blocks, block + 1) - chunk.tile;
	chunk.panels = share_begin(panels, job->ranges, range + 1) - chunk.panel;
	chunk.products = chunk.windows + job->window_planes * job->src_plane;
	compute(job, &chunk);
}

/* --- all of them -------------------------------------------------------------------- */

/* Where each thread has FEW chunks or less, there are as many blocks as it takes for all to have equally many; where it has
 * more, a MORE-th more at the most, for each block reads the weights anew. */
enum { FEW = 4, MORE = 5 };

/* Cuts for so many threads. Blocks are the least that memory has room for, and more where that leaves fewer chunks idle: a
 * region takes as long as the thread that has most of them. */
static void cut(struct tiles_job *job, size_t threads)
{
	const struct winograd *w = job->w;
	size_t most = ceil_div(job->tiles, job->call->problem->kernels->gemm_mr), wanted, alike, even;

	job->blocks = ceil_div(job->tiles, w->block);
	job->ranges = ceil_div(w->panels, w->chunk_panels);
	if (threads == 1)
		return;
	wanted = ceil_div(winograd_chunks_wanted(threads), job->blocks * w->windows);
	if (job->ranges < wanted)
		job->ranges = least_of(wanted, w->panels);
	if (threads == 2)
		return;                       /* an odd one costs little */
	alike = job->ranges * w->windows; /* chunks of a block */
	even = round_up(job->blocks * alike, threads) / alike;
	if (job->blocks * alike < FEW * threads || (even - job->blocks) * MORE <= job->blocks)
		job->blocks = even < most ? even : most;
}

static sgan_status run(sgan_ctx *ctx, const struct conv_call *call)
{
	const struct winograd *w = &call->problem->winograd;
	struct tiles_job job = {
		.call = call,
		.w = w,
		.view = conv_view(call->problem),
		.tiles = call->images * winograd_tiles(&w->tiling),
		.phase_panels = w->panels / w->dst_phases,
		.window_planes = sgan_winograd_window_planes(w),
		.planes = sgan_winograd_product_planes(w),
		.src_plane = winograd_plane(w->block, w->step),
		.dst_plane = winograd_plane(w->block, call->problem->kernels->gemm_nr),
	};

	cut(&job, (size_t)ctx->at_once);
	sgan_parallel_repeats(ctx, job.blocks, job.ranges * w->windows, compute_chunk, &job);
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

/* The taps of a phase, zeros for those that it has not: [taps_h][taps_w][rows][gemm_nr]. */
static void pack_taps(const struct pack_job *p, const struct winograd_filter *f, size_t panel, size_t c, size_t rows,
                      real *to)
{
	const struct conv_base *b = &p->problem->base;
	size_t count = rows * p->problem->kernels->gemm_nr;
	bool scatter = conv_scatters(p->problem);

	for (size_t i = 0; i < f->taps_h; i++)
		for (size_t j = 0; j < f->taps_w; j++, to += count) {
			size_t tap_h, tap_w;
			if (sgan_winograd_tap(&b->h, scatter, f->taps_h, f->phase_h, i, &tap_h) &&
			    sgan_winograd_tap(&b->w, scatter, f->taps_w, f->phase_w, j, &tap_w))
				pack_tap(p, tap_h * b->w.kernel + tap_w, panel, c, rows, to);
			else
				memset(to, 0, count * sizeof(real));
		}
}

/* A chunk is a filter's panel, a phase in its depth and some rows of that one's channels. */
static void pack_chunk(void *arg, size_t index, int worker)
{
	const struct pack_job *p = arg;
	const struct winograd *w = &p->problem->winograd;
	size_t nr = p->problem->kernels->gemm_nr, channels = conv_view(p->problem).src_c;
	size_t c = index % p->strips * p->rows, count = least_of(channels - c, p->rows) * nr;
	size_t src_phase = index / p->strips % w->src_phases, panel = index / p->strips / w->src_phases % w->panels;
	size_t filter = index / p->strips / w->src_phases / w->panels;
	const struct sgan_filtering taps = winograd_taps(&w->tiling, &w->filter[filter]);
	const struct winograd_filter phase = sgan_winograd_filter(
		&p->problem->base, conv_scatters(p->problem), w->tiling.even, filter + src_phase + panel / p->phase_panels);
	struct sgan_window window = {
		(ptrdiff_t)(phase.taps_w * count), (ptrdiff_t)count, 0, phase.taps_h, 0, phase.taps_w
	};
	size_t row = panel * winograd_planes(&taps) * w->depth + src_phase * channels + c;
	_Alignas(SGAN_ALIGN) real values[PACK_TAPS * PACK_VALUES];

	(void)worker;
	pack_taps(p, &phase, panel % p->phase_panels, c, count / nr, values);
	p->problem->kernels->winograd_evaluate(&taps, &window, count, values,
	                                       p->packed + packed_before(p->problem, filter) + row * nr, w->depth * nr);
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
	sgan_parallel_for(ctx, winograd_filters(w) * w->panels * w->src_phases * p.strips, pack_chunk, &p);
}

/* --- the rows of the table ---------------------------------------------------------- */

static bool fits(const struct conv_problem *problem)
{
	return sgan_winograd_fits(&problem->base) && problem->kernels->gemm_nr <= PACK_VALUES;
}

static void make_cut(struct conv_problem *problem)
{
	problem->winograd =
		sgan_winograd_cut(&problem->base, problem->operation, problem->kernels, problem->max_batch, NULL);
}

static double cost(const struct conv_problem *problem)
{
	return problem->winograd.time;
}

static size_t packed_count(const struct conv_problem *problem)
{
	return packed_before(problem, winograd_filters(&problem->winograd));
}

static size_t worker_bytes(const struct conv_problem *problem)
{
	const struct winograd *w = &problem->winograd;
	size_t windows = winograd_plane(w->block, w->step) * sgan_winograd_window_planes(w);
	size_t products =
		winograd_plane(w->block, problem->kernels->gemm_nr) * sgan_winograd_product_planes(w) * w->chunk_panels;

	return conv_round_bytes((windows + products) * sizeof(real));
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

/* See winograd.h. */
#include "src/ops/conv/winograd.h"

#include <math.h>

/* Taps that there is some use for: those of a kernel of 2 to 10 at stride 2, of 2 to 5 at stride 1. */
enum { LEAST_TAPS = 2, MOST_TAPS = 5, MOST_STRIDE = 2, LEAST_CHANNELS = 8 };
enum {
	BLOCK_TILES = 8, /* of the kernel's, at the most, in a block: more rows than that hide no more */
	TRIED_STEPS = 8, /* from the fewest steps on that memory leaves */
	LEAST_BLOCK = 28, MOST_CHANNELS = 512, /* of a weight gradient's chunk */
	MOST_BYTES = 6 << 20 /* of a block's windows and products, each worker's memory */
};

static bool is_scatter(enum conv_operation operation)
{
	return operation == CONV_SCATTER;
}

/* --- one axis -------------------------------------------------------------------- */

static size_t most_taps(const struct axis *a)
{
	return ceil_div(a->kernel, a->stride);
}

static bool axis_fits(const struct axis *a)
{
	return a->dilation == 1 && a->stride <= MOST_STRIDE && a->kernel >= a->stride && a->x >= a->stride &&
	       most_taps(a) >= LEAST_TAPS && most_taps(a) <= MOST_TAPS;
}

/* Results of the longest phase. */
static size_t most_results(const struct axis *a, bool scatter)
{
	return scatter ? ceil_div(a->x, a->stride) : a->y;
}

/* Whether windows of the destination's phases are the same. */
static bool shares_windows(const struct axis *a, bool scatter)
{
	ptrdiff_t source = sgan_axis_phase(a, scatter, 0).source;

	for (size_t i = 1; scatter && i < a->stride; i++)
		if (sgan_axis_phase(a, true, i).source != source)
			return false;
	return true;
}

struct winograd_span sgan_winograd_span(const struct axis *a, bool scatter, size_t r, size_t phase, size_t index)
{
	ptrdiff_t at = (ptrdiff_t)index;

	if (scatter)
		return (struct winograd_span){ sgan_axis_phase(a, true, phase).source + at - (ptrdiff_t)(r - 1), 1, a->y };
	return (struct winograd_span){ (ptrdiff_t)a->stride * at + (ptrdiff_t)phase - (ptrdiff_t)a->pad,
		                           (ptrdiff_t)a->stride, a->x };
}

bool sgan_winograd_tap(const struct axis *a, bool scatter, size_t r, size_t phase, size_t place, size_t *tap)
{
	struct axis_phase p;

	if (!scatter) {
		*tap = phase + place * a->stride;
		return *tap < a->kernel;
	}
	p = sgan_axis_phase(a, true, phase);
	*tap = p.tap + (r - 1 - place) * p.tap_step;
	return r - 1 - place < p.taps;
}

/* --- both ------------------------------------------------------------------------- */

bool sgan_winograd_fits(const struct conv_base *b, enum conv_operation operation)
{
	(void)operation;
	return axis_fits(&b->h) && axis_fits(&b->w) && most_taps(&b->h) == most_taps(&b->w) && b->x_c >= LEAST_CHANNELS &&
	       b->y_c >= LEAST_CHANNELS;
}

/* Points of a tile of two results, or the fewest that there are maps for. */
static size_t least_points(const struct conv_base *b)
{
	size_t points = most_taps(&b->h) + 1;

	return points < SGAN_WINOGRAD_LEAST ? SGAN_WINOGRAD_LEAST : points;
}

/* --- the cut ---------------------------------------------------------------------- */

static size_t tiles_of_image(const struct winograd *w)
{
	return w->tiles_h * w->tiles_w;
}

/* What a cut is found for. */
struct problem {
	const struct conv_base *base;
	enum conv_operation operation;
	const struct sgan_kernels *kernels;
	struct conv_view view;
	size_t max_batch;
};

/* Geometry with alpha points, and tiles worked on one at a time. */
static struct winograd geometry(const struct problem *p, size_t alpha)
{
	bool scatter = is_scatter(p->operation);
	const struct conv_base *b = p->base;
	size_t phases = b->h.stride * b->w.stride;
	struct winograd w = { .alpha = alpha, .r = most_taps(&b->h) };

	w.m = alpha + 1 - w.r;
	w.tiles_h = ceil_div(most_results(&b->h, scatter), w.m);
	w.tiles_w = ceil_div(most_results(&b->w, scatter), w.m);
	w.src_phases = scatter ? 1 : phases;
	w.dst_phases = scatter ? phases : 1;
	w.windows = shares_windows(&b->h, scatter) && shares_windows(&b->w, scatter) ? 1 : w.dst_phases;
	w.depth = w.src_phases * p->view.src_c;
	w.panels = w.dst_phases * ceil_div(p->view.dst_c, p->kernels->gemm_nr);
	return w;
}

/* Elements of a block at all points, for each value or channel that a tile has at one. */
static size_t block_values(const struct winograd *w)
{
	return w->alpha * w->alpha * w->block;
}

/* Blocks of `block` tiles, the depth in `steps`. False: a worker's memory would be more than is sensible. */
static bool cut_steps(const struct problem *p, size_t block, size_t steps, struct winograd *w)
{
	size_t vector = p->kernels->gemm_nr / 2, panels = w->panels / w->windows, width, most;

	w->block = block;
	w->step = least_of(w->depth, round_up(ceil_div(w->depth, steps), vector));
	w->steps = ceil_div(w->depth, w->step);
	width = MOST_BYTES / sizeof(real) / block_values(w);
	if (width < w->step + p->kernels->gemm_nr)
		return false;
	most = least_of(panels, (width - w->step) / p->kernels->gemm_nr);
	w->chunk_panels = ceil_div(panels, ceil_div(panels, most));
	return true;
}

/* Time as struct conv_algorithm has it: products, weights read, values mapped and written. */
static double expected_time(const struct problem *p, const struct winograd *w)
{
	const struct sgan_blocking *b = &p->kernels->blocking;
	size_t mr = p->kernels->gemm_mr, panels = w->panels / w->windows;
	size_t bytes = block_values(w) * (w->step + w->chunk_panels * p->kernels->gemm_nr) * sizeof(real);
	double points = (double)(w->alpha * w->alpha), tiles = (double)(p->max_batch * tiles_of_image(w));
	double blocks = ceil(tiles / (double)w->block), vector = (double)p->kernels->gemm_nr / 2;
	double columns = (double)w->dst_phases * ceil((double)p->view.dst_c / vector) * vector;
	double rows = tiles / blocks / ceil(tiles / blocks / (double)mr), half_tile = (double)(mr + 1) / 2;
	double reads = (double)(ceil_div(panels, w->chunk_panels) * w->windows), depth = (double)w->depth;
	double far = bytes > b->winograd_bytes ? b->winograd_far_steps : 0;
	double products = tiles * depth * columns * (rows < half_tile ? half_tile / rows : 1);

	return points * (products + blocks * depth * columns * b->winograd_weight_steps +
	                 tiles * depth * reads * ((double)w->alpha * b->winograd_src_steps + far) +
	                 tiles * columns * (b->winograd_dst_steps + far + (double)w->steps * b->winograd_sum_steps));
}

/* The best block and steps for a number of points. */
static double cut_block(const struct problem *p, size_t alpha, struct winograd *best)
{
	struct winograd w = geometry(p, alpha);
	size_t mr = p->kernels->gemm_mr, tiles = round_up(p->max_batch * tiles_of_image(&w), mr);
	double least = INFINITY;

	for (size_t block = mr; block <= least_of(tiles, BLOCK_TILES * mr); block += mr) {
		size_t widest = MOST_BYTES / sizeof(real) / (alpha * alpha * block), first = ceil_div(w.depth, widest);
		for (size_t steps = first; steps < first + TRIED_STEPS; steps++) {
			double time;
			if (!cut_steps(p, block, steps, &w))
				continue;
			time = expected_time(p, &w);
			if (time < least) {
				least = time;
				*best = w;
			}
		}
	}
	return least;
}

double sgan_winograd_cut(const struct conv_base *base, enum conv_operation operation,
                         const struct sgan_kernels *kernels, size_t max_batch, size_t alpha, struct winograd *best)
{
	const struct problem p = { base, operation, kernels, conv_view_of(base, operation), max_batch };
	double least = INFINITY;

	for (size_t points = least_points(base); points <= SGAN_WINOGRAD_MOST; points++) {
		struct winograd w;
		double time;
		if (alpha && points != alpha)
			continue;
		time = cut_block(&p, points, &w);
		if (time < least) {
			least = time;
			*best = w;
		}
	}
	return least;
}

/* --- weights' gradient --------------------------------------------------------------- */

/* A chunk's sums at all points take winograd_sums_bytes, in whole tiles of the kernel's: as square as they come, since
 * each of X's chunks maps Y's tiles anew and the other way about. They are more than a cache of the second level holds:
 * to read and write them once a block costs less than smaller chunks, which map more. */
static void cut_channels(struct winograd_weights *w, const struct conv_base *b, const struct sgan_kernels *kernels)
{
	size_t nr = kernels->wgrad_nr, points = w->alpha * w->alpha;
	size_t most = kernels->blocking.winograd_sums_bytes / (points * sizeof(real));
	size_t y = least_of(MOST_CHANNELS, round_up((size_t)sqrt((double)most), nr));

	w->y_chunks = ceil_div(b->y_c, y);
	w->y_channels = least_of(b->y_c, round_up(ceil_div(b->y_c, w->y_chunks), nr));
	w->y_chunks = ceil_div(b->y_c, w->y_channels);
	w->x_chunks = ceil_div(b->x_c, least_of(MOST_CHANNELS, ceil_div(most, w->y_channels)));
	w->x_channels = ceil_div(b->x_c, w->x_chunks);
}

/* As many tiles in a block as are worth it, whose values take no more memory than the sums may. */
static size_t weights_block(const struct winograd_weights *w, const struct sgan_kernels *kernels, size_t max_batch)
{
	size_t values = w->alpha * w->alpha * (w->x_channels + w->y_channels) * sizeof(real);
	size_t most = kernels->blocking.winograd_sums_bytes / values, block = kernels->blocking.winograd_weights_block;

	block = least_of(block, most > LEAST_BLOCK ? most : LEAST_BLOCK);
	return least_of(block, max_batch * w->tiles_h * w->tiles_w);
}

static struct winograd_weights weights_cut_for(size_t alpha, const struct conv_base *b,
                                               const struct sgan_kernels *kernels, size_t max_batch)
{
	struct winograd_weights w = { .alpha = alpha, .r = most_taps(&b->h), .phases = b->h.stride * b->w.stride };

	w.m = alpha + 1 - w.r;
	w.tiles_h = ceil_div(b->h.y, w.m);
	w.tiles_w = ceil_div(b->w.y, w.m);
	cut_channels(&w, b, kernels);
	w.block = weights_block(&w, kernels, max_batch);
	return w;
}

double sgan_winograd_weights_cost(const struct winograd_weights *w, const struct conv_base *base,
                                  const struct sgan_kernels *kernels, size_t max_batch, size_t sums)
{
	const struct sgan_blocking *b = &kernels->blocking;
	double planes = (double)(w->alpha * w->alpha), tiles = (double)(max_batch * w->tiles_h * w->tiles_w);
	double vector = (double)kernels->wgrad_nr / 2, x_c = (double)(base->x_c * w->phases), y_c = (double)base->y_c;
	double columns = ceil(y_c / vector) * vector;
	double blocks = ceil(tiles / (double)sums / (double)w->block) * (double)sums;
	size_t bytes = w->alpha * w->alpha * w->x_channels * w->y_channels * sizeof(real);
	double far = bytes > b->winograd_bytes ? b->winograd_far_steps : 0;

	return planes * (tiles * x_c * columns +
	                 tiles * x_c * (double)(w->y_chunks * w->alpha) * b->winograd_src_steps +
	                 tiles * y_c * (double)(w->x_chunks * w->phases * w->alpha) * b->winograd_src_steps +
	                 blocks * x_c * columns * (b->winograd_sum_steps + far) + (double)sums * x_c * y_c * b->winograd_dst_steps);
}

struct winograd_weights sgan_winograd_weights_cut(const struct conv_base *base, const struct sgan_kernels *kernels,
                                                  size_t max_batch, size_t sums, size_t alpha)
{
	struct winograd_weights best = { 0 };
	double least = 0;

	for (size_t points = least_points(base); points <= SGAN_WINOGRAD_MOST; points++) {
		struct winograd_weights w;
		double cost;
		if (alpha && points != alpha)
			continue;
		w = weights_cut_for(points, base, kernels, max_batch);
		cost = sgan_winograd_weights_cost(&w, base, kernels, max_batch, sums);
		if (best.alpha && cost >= least)
			continue;
		best = w;
		least = cost;
	}
	return best;
}

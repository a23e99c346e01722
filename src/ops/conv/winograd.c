/* See winograd.h. */
#include "src/ops/conv/winograd.h"

#include <math.h>

/* Taps that there is some use for: those of a kernel of 2 to 10 at stride 2, of 2 to 5 at stride 1. */
enum { LEAST_TAPS = 2, MOST_TAPS = 5, MOST_STRIDE = 2, LEAST_CHANNELS = 8 };

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

/* --- the cut ---------------------------------------------------------------------- */

static size_t tiles_of_image(const struct winograd *w)
{
	return w->tiles_h * w->tiles_w;
}

static size_t planes_bytes(const struct winograd *w, size_t width)
{
	return w->alpha * w->alpha * w->block * width * sizeof(real);
}

/* Windows and products of a block stay in the second-level cache: channels go by in steps where they would not. */
static void cut_steps(struct winograd *w, size_t channels, const struct sgan_kernels *kernels)
{
	const struct sgan_blocking *b = &kernels->blocking;
	size_t vector = kernels->gemm_nr / 2, bytes = planes_bytes(w, channels);

	w->steps = ceil_div(bytes, b->winograd_src_bytes);
	w->step = round_up(ceil_div(channels, w->steps), vector);
	w->step = least_of(w->step, channels);
	w->steps = ceil_div(channels, w->step);
	w->chunk_panels = w->panels / w->windows;
	if (w->steps * w->src_phases > 1) {
		size_t most = b->winograd_dst_bytes / planes_bytes(w, kernels->gemm_nr);
		w->chunk_panels = least_of(w->chunk_panels, most ? most : 1);
		w->chunk_panels = ceil_div(w->panels / w->windows, ceil_div(w->panels / w->windows, w->chunk_panels));
	}
}

static struct winograd cut_for(size_t alpha, const struct conv_base *b, enum conv_operation operation,
                               const struct sgan_kernels *kernels, size_t max_batch)
{
	bool scatter = is_scatter(operation);
	struct conv_view v = conv_view_of(b, operation);
	size_t phases = b->h.stride * b->w.stride;
	struct winograd w = { .alpha = alpha, .r = most_taps(&b->h) };

	w.m = alpha + 1 - w.r;
	w.tiles_h = ceil_div(most_results(&b->h, scatter), w.m);
	w.tiles_w = ceil_div(most_results(&b->w, scatter), w.m);
	w.src_phases = scatter ? 1 : phases;
	w.dst_phases = scatter ? phases : 1;
	w.windows = shares_windows(&b->h, scatter) && shares_windows(&b->w, scatter) ? 1 : w.dst_phases;
	w.depth = w.src_phases * v.src_c;
	w.panels = w.dst_phases * ceil_div(v.dst_c, kernels->gemm_nr);
	w.block = least_of(kernels->blocking.winograd_block, max_batch * tiles_of_image(&w));
	cut_steps(&w, v.src_c, kernels);
	return w;
}

double sgan_winograd_cost(const struct winograd *w, const struct conv_base *base, enum conv_operation operation,
                          const struct sgan_kernels *kernels, size_t max_batch)
{
	const struct sgan_blocking *b = &kernels->blocking;
	struct conv_view v = conv_view_of(base, operation);
	double planes = (double)(w->alpha * w->alpha), tiles = (double)(max_batch * tiles_of_image(w));
	double blocks = ceil(tiles / (double)w->block), vector = (double)kernels->gemm_nr / 2;
	double depth = (double)w->depth, rows = (double)w->block / ceil((double)w->block / (double)kernels->gemm_mr);
	double columns = (double)w->dst_phases * ceil((double)v.dst_c / vector) * vector;
	double half_tile = (double)(kernels->gemm_mr + 1) / 2;
	double products = planes * tiles * depth * columns;
	double reads = ceil((double)(w->panels / w->windows) / (double)w->chunk_panels) * (double)w->windows;
	double steps = (double)(w->steps * w->src_phases);

	if (rows < half_tile)
		products *= half_tile / rows;
	return products + planes * blocks * depth * columns * b->winograd_weight_steps +
	       planes * tiles * depth * reads * b->winograd_src_steps +
	       planes * tiles * columns * (b->winograd_dst_steps + steps * b->winograd_sum_steps);
}

struct winograd sgan_winograd_cut(const struct conv_base *base, enum conv_operation operation,
                                  const struct sgan_kernels *kernels, size_t max_batch)
{
	struct winograd best = { 0 };
	double least = 0;

	for (size_t alpha = SGAN_WINOGRAD_LEAST; alpha <= SGAN_WINOGRAD_MOST; alpha++) {
		struct winograd w;
		double cost;
		if (alpha < most_taps(&base->h) + 1)
			continue;
		w = cut_for(alpha, base, operation, kernels, max_batch);
		cost = sgan_winograd_cost(&w, base, operation, kernels, max_batch);
		if (best.alpha && cost >= least)
			continue;
		best = w;
		least = cost;
	}
	return best;
}

/* --- weights' gradient --------------------------------------------------------------- */

/* A chunk's sums at all points take winograd_sums_bytes, in whole tiles of the kernel's: as square as they come, since
 * each of X's chunks maps Y's tiles anew and the other way about. */
static void cut_channels(struct winograd_weights *w, const struct conv_base *b, const struct sgan_kernels *kernels)
{
	size_t nr = kernels->wgrad_nr, points = w->alpha * w->alpha;
	size_t most = kernels->blocking.winograd_sums_bytes / (points * sizeof(real));
	size_t y = round_up((size_t)sqrt((double)most), nr);

	w->y_chunks = ceil_div(b->y_c, y);
	w->y_channels = least_of(b->y_c, round_up(ceil_div(b->y_c, w->y_chunks), nr));
	w->y_chunks = ceil_div(b->y_c, w->y_channels);
	w->x_chunks = ceil_div(b->x_c * w->y_channels, most);
	w->x_channels = ceil_div(b->x_c, w->x_chunks);
}

static struct winograd_weights weights_cut_for(size_t alpha, const struct conv_base *b,
                                               const struct sgan_kernels *kernels, size_t max_batch)
{
	struct winograd_weights w = { .alpha = alpha, .r = most_taps(&b->h), .phases = b->h.stride * b->w.stride };

	w.m = alpha + 1 - w.r;
	w.tiles_h = ceil_div(b->h.y, w.m);
	w.tiles_w = ceil_div(b->w.y, w.m);
	w.block = least_of(kernels->blocking.winograd_weights_block, max_batch * w.tiles_h * w.tiles_w);
	cut_channels(&w, b, kernels);
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

	return planes * (tiles * x_c * columns + tiles * x_c * (double)w->y_chunks * b->winograd_src_steps +
	                 tiles * y_c * (double)(w->x_chunks * w->phases) * b->winograd_src_steps +
	                 blocks * x_c * columns * b->winograd_sum_steps + (double)sums * x_c * y_c * b->winograd_dst_steps);
}

struct winograd_weights sgan_winograd_weights_cut(const struct conv_base *base, const struct sgan_kernels *kernels,
                                                  size_t max_batch, size_t sums)
{
	struct winograd_weights best = { 0 };
	double least = 0;

	for (size_t alpha = most_taps(&base->h) + 1; alpha <= SGAN_WINOGRAD_MOST; alpha++) {
		struct winograd_weights w;
		double cost;
		if (alpha < SGAN_WINOGRAD_LEAST)
			continue;
		w = weights_cut_for(alpha, base, kernels, max_batch);
		cost = sgan_winograd_weights_cost(&w, base, kernels, max_batch, sums);
		if (best.alpha && cost >= least)
			continue;
		best = w;
		least = cost;
	}
	return best;
}

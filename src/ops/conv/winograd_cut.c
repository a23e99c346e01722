/* See winograd_cut.h. */
#include "src/ops/conv/winograd_cut.h"

#include <math.h>

enum {
	BLOCK_TILES = 8, /* of the kernel's, at the most, in a block: more rows than that hide no more */
	TRIED_STEPS = 8, /* from the fewest steps on that memory leaves */
	LEAST_BLOCK = 28,
	MOST_CHANNELS = 512, /* of a weight gradient's chunk */
	MOST_BYTES = 6 << 20 /* of a block's windows and products, each worker's memory */
};

/* What a cut is found for. */
struct problem {
	const struct conv_base *base;
	enum conv_operation operation;
	const struct sgan_kernels *kernels;
	struct conv_view view;
	size_t max_batch;
};

/* All but the cut. */
static struct winograd geometry(const struct problem *p, size_t alpha)
{
	bool scatter = p->operation == CONV_SCATTER;
	size_t phases = p->base->h.stride * p->base->w.stride;
	struct winograd w = { .tiling = sgan_winograd_tiling(p->base, p->operation, alpha) };

	w.src_phases = scatter ? 1 : phases;
	w.dst_phases = scatter ? phases : 1;
	w.windows = sgan_winograd_shares_windows(p->base) ? 1 : w.dst_phases;
	w.depth = w.src_phases * p->view.src_c;
	w.panels = w.dst_phases * ceil_div(p->view.dst_c, p->kernels->gemm_nr);
	return w;
}

/* Elements of a block at all points, for each value or channel that a tile has at one. */
static size_t block_values(const struct winograd *w)
{
	return winograd_points(&w->tiling) * w->block;
}

/* Products fill whole vectors of a panel: half of it at the least. */
static size_t vector_of(const struct sgan_kernels *kernels)
{
	return kernels->gemm_nr / 2;
}

/* How much of the depth a step of a block of tiles may have: a worker's memory has room for it and a panel. */
static size_t widest_step(const struct problem *p, size_t values)
{
	size_t width = MOST_BYTES / sizeof(real) / values, vector = vector_of(p->kernels);

	return (width - p->kernels->gemm_nr) / vector * vector;
}

/* Blocks of `block` tiles, the depth in `steps`, each no more than widest_step. */
static void cut_steps(const struct problem *p, size_t block, size_t steps, struct winograd *w)
{
	size_t panels = w->panels / w->windows, width, most;

	w->block = block;
	w->step = least_of(w->depth, round_up(ceil_div(w->depth, steps), vector_of(p->kernels)));
	w->steps = ceil_div(w->depth, w->step);
	width = MOST_BYTES / sizeof(real) / block_values(w);
	most = least_of(panels, (width - w->step) / p->kernels->gemm_nr);
	w->chunk_panels = ceil_div(panels, ceil_div(panels, most));
}

/* What a block's reading of a weight adds to multiplying by it. The more weights there are, the further they come: a
 * layer with few tiles for them is better done otherwise. */
static double far_weight_steps(const struct problem *p, const struct winograd *w)
{
	const struct sgan_blocking *b = &p->kernels->blocking;
	double count = (double)(winograd_points(&w->tiling) * w->depth) * (double)(w->panels * p->kernels->gemm_nr);
	double steps = b->winograd_weight_mib_steps * count * sizeof(real) / (1 << 20);

	return steps < b->winograd_weight_most ? steps : b->winograd_weight_most;
}

/* Time as struct conv_algorithm has it: products, weights read at `weight_steps` each, values mapped and written. */
static double expected_time(const struct problem *p, const struct winograd *w, double weight_steps)
{
	const struct sgan_blocking *b = &p->kernels->blocking;
	size_t mr = p->kernels->gemm_mr, panels = w->panels / w->windows;
	size_t bytes = block_values(w) * (w->step + w->chunk_panels * p->kernels->gemm_nr) * sizeof(real);
	double points = (double)(winograd_points(&w->tiling)), tiles = (double)(p->max_batch * winograd_tiles(&w->tiling));
	double blocks = ceil(tiles / (double)w->block), vector = (double)vector_of(p->kernels);
	double columns = (double)w->dst_phases * ceil((double)p->view.dst_c / vector) * vector;
	double rows = tiles / blocks / ceil(tiles / blocks / (double)mr);
	double half_tile = (double)(mr + 1) / 2; /* fewer rows take no less time: the panel's loads bound it */
	double reads = (double)(ceil_div(panels, w->chunk_panels) * w->windows), depth = (double)w->depth;
	double far = bytes > b->winograd_bytes ? b->winograd_far_steps : 0;
	double calls = blocks * ceil(tiles / blocks / (double)mr) * (double)(w->panels * w->steps);
	double products = tiles * depth * columns * (rows < half_tile ? half_tile / rows : 1);

	return b->winograd_times * points *
	       (products + calls * b->winograd_call_steps + blocks * depth * columns * weight_steps +
	        tiles * depth * reads * ((double)w->tiling.alpha * b->winograd_src_steps + far) +
	        tiles * columns * (b->winograd_dst_steps + far + (double)w->steps * b->winograd_sum_steps));
}

/* The best block and steps for a number of points: among blocks, weights count as what was measured to choose best. */
static struct winograd cut_block(const struct problem *p, size_t alpha)
{
	struct winograd w = geometry(p, alpha), best = { .time = INFINITY };
	size_t mr = p->kernels->gemm_mr, tiles = round_up(p->max_batch * winograd_tiles(&w.tiling), mr);

	for (size_t block = mr; block <= least_of(tiles, BLOCK_TILES * mr); block += mr) {
		size_t first = ceil_div(w.depth, widest_step(p, alpha * alpha * block));
		for (size_t steps = first; steps < first + TRIED_STEPS; steps++) {
			cut_steps(p, block, steps, &w);
			w.time = expected_time(p, &w, p->kernels->blocking.winograd_weight_steps);
			if (w.time < best.time)
				best = w;
		}
	}
	return best;
}

struct winograd sgan_winograd_cut(const struct conv_base *base, enum conv_operation operation,
                                  const struct sgan_kernels *kernels, size_t max_batch, size_t alpha)
{
	const struct problem p = { base, operation, kernels, conv_view_of(base, operation), max_batch };
	struct winograd best = { .time = INFINITY };

	for (size_t points = sgan_winograd_least_points(base); points <= SGAN_WINOGRAD_MOST; points++) {
		struct winograd w;
		if (alpha && points != alpha)
			continue;
		w = cut_block(&p, points);
		if (w.time < best.time)
			best = w;
	}
	best.time = expected_time(&p, &best, far_weight_steps(&p, &best));
	return best;
}

/* --- weights' gradient --------------------------------------------------------------- */

/* A chunk's sums at all points take winograd_sums_bytes, in whole panels of Y's channels: as square as they come, since
 * each of X's chunks maps Y's tiles anew and the other way about. They are more than a cache of the second level holds:
 * to read and write them once a block costs less than smaller chunks, which map more. */
static void cut_channels(struct winograd_weights *w, const struct conv_base *b, const struct sgan_kernels *kernels)
{
	size_t nr = kernels->wgrad_nr, points = winograd_points(&w->tiling);
	size_t most = kernels->blocking.winograd_sums_bytes / (points * sizeof(real));
	size_t y = least_of(MOST_CHANNELS, round_up((size_t)sqrt((double)most), nr));

	w->y_chunks = ceil_div(b->y_c, y);
	w->y_channels = least_of(b->y_c, round_up(ceil_div(b->y_c, w->y_chunks), nr));
	w->y_chunks = ceil_div(b->y_c, w->y_channels);
	w->x_chunks = ceil_div(b->x_c, least_of(MOST_CHANNELS, most / w->y_channels));
	w->x_channels = ceil_div(b->x_c, w->x_chunks);
}

/* As many tiles in a block as are worth it, whose values take no more memory than the sums may; but enough that sums
 * are not read and written for little. */
static size_t weights_block(const struct winograd_weights *w, const struct sgan_kernels *kernels, size_t max_batch)
{
	size_t values = winograd_points(&w->tiling) * (w->x_channels + w->y_channels) * sizeof(real);
	size_t most = kernels->blocking.winograd_sums_bytes / values, block = kernels->blocking.winograd_weights_block;

	block = least_of(block, most > LEAST_BLOCK ? most : LEAST_BLOCK);
	return least_of(block, max_batch * winograd_tiles(&w->tiling));
}

static struct winograd_weights weights_cut_for(size_t alpha, const struct conv_base *b,
                                               const struct sgan_kernels *kernels, size_t max_batch)
{
	struct winograd_weights w = { .tiling = sgan_winograd_tiling(b, CONV_WEIGHTS, alpha),
		                          .phases = b->h.stride * b->w.stride };

	cut_channels(&w, b, kernels);
	w.block = weights_block(&w, kernels, max_batch);
	return w;
}

static double weights_time(const struct winograd_weights *w, const struct conv_base *base,
                           const struct sgan_kernels *kernels, size_t max_batch, size_t sums)
{
	const struct sgan_blocking *b = &kernels->blocking;
	double planes = (double)(winograd_points(&w->tiling)), tiles = (double)(max_batch * winograd_tiles(&w->tiling));
	double vector = (double)kernels->wgrad_nr / 2, x_c = (double)(base->x_c * w->phases), y_c = (double)base->y_c;
	double columns = ceil(y_c / vector) * vector;
	double blocks = ceil(tiles / (double)sums / (double)w->block) * (double)sums;
	size_t bytes = winograd_points(&w->tiling) * w->x_channels * w->y_channels * sizeof(real);
	double far = bytes > b->winograd_bytes ? b->winograd_far_steps : 0; /* for sums thrice: they come and go */

	return b->winograd_weights_times * planes *
	       (tiles * x_c * columns + tiles * x_c * (double)(w->y_chunks * w->tiling.alpha) * b->winograd_src_steps +
	        tiles * y_c * (double)(w->x_chunks * w->phases * w->tiling.alpha) * b->winograd_src_steps +
	        blocks * x_c * columns * (b->winograd_sum_steps + 3 * far) +
	        (double)sums * x_c * y_c * (b->winograd_dst_steps + far));
}

struct winograd_weights sgan_winograd_weights_cut(const struct conv_base *base, const struct sgan_kernels *kernels,
                                                  size_t max_batch, size_t sums, size_t alpha)
{
	struct winograd_weights best = { .time = INFINITY };

	for (size_t points = sgan_winograd_least_points(base); points <= SGAN_WINOGRAD_MOST; points++) {
		struct winograd_weights w;
		if (alpha && points != alpha)
			continue;
		w = weights_cut_for(points, base, kernels, max_batch);
		w.time = weights_time(&w, base, kernels, max_batch, sums);
		if (w.time < best.time)
			best = w;
	}
	return best;
}

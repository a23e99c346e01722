/* See winograd_cut.h. */
#include "src/ops/conv/winograd_cut.h"

#include <math.h>

enum {
	BLOCK_TILES = 8, /* of the kernel's, at the most, in a block: more rows than that hide no more */
	TRIED_STEPS = 8, /* from the fewest steps on that memory leaves */
	LEAST_BLOCK = 28,
	MOST_M = SGAN_WINOGRAD_MOST - 1, /* results of a tile */
	MOST_CHANNELS = 512,             /* of a weight gradient's chunk */
	MOST_BYTES = 6 << 20             /* of a block's windows and products, each worker's memory */
};

/* What a cut is found for. */
struct problem {
	const struct conv_base *base;
	enum conv_operation operation;
	const struct sgan_kernels *kernels;
	struct conv_view view;
	size_t max_batch;
};

/* All but the cut, with even phases or not. */
static struct winograd geometry(const struct problem *p, const struct winograd_kind *kind)
{
	bool scatter = p->operation == CONV_SCATTER;
	size_t phases = sgan_winograd_phases(p->base);
	bool one = kind->even && (!scatter || sgan_winograd_shares_windows(p->base));
	struct winograd w = { .tiling = sgan_winograd_tiling(p->base, p->operation, kind->m, kind->even) };

	w.windows = scatter && !one ? phases : 1;
	w.addends = scatter || one ? 1 : phases;
	w.src_phases = scatter || !one ? 1 : phases;
	w.dst_phases = scatter && one ? phases : 1;
	for (size_t i = 0; i < winograd_filters(&w); i++)
		w.filter[i] = sgan_winograd_filter(p->base, scatter, kind->even, i);
	w.depth = w.src_phases * p->view.src_c;
	w.panels = w.dst_phases * ceil_div(p->view.dst_c, p->kernels->gemm_nr);
	return w;
}

/* What filters come to together, or one at the most. */
struct totals {
	size_t planes;      /* pairs of points, where windows and results are mapped */
	size_t most_planes; /* of one */
	size_t tap_planes;  /* where taps are */
	size_t most_row;    /* points of a row, of one */
	size_t map_steps;   /* multiply-adds for a value at each pair of points of a window */
};

static void add_filter(struct totals *t, const struct sgan_filtering *results, const struct sgan_filtering *taps)
{
	size_t planes = winograd_planes(results);
	/* for a value at a pair of points, half as many on each axis as it has points */
	size_t steps = (results->h.points != results->h.size ? results->h.points : 1) +
	               (results->w.points != results->w.size ? results->w.points : 1);

	t->planes += planes;
	t->most_planes = planes > t->most_planes ? planes : t->most_planes;
	t->most_row = results->w.points > t->most_row ? results->w.points : t->most_row;
	t->tap_planes += winograd_planes(taps);
	t->map_steps += planes * steps / 2;
}

static struct totals totals_of(const struct winograd_tiling *tiling, const struct winograd_filter *filter,
                               size_t filters)
{
	struct totals t = { 0 };

	for (size_t i = 0; i < filters; i++) {
		const struct sgan_filtering results = winograd_results(tiling, &filter[i]);
		const struct sgan_filtering taps = winograd_taps(tiling, &filter[i]);
		add_filter(&t, &results, &taps);
	}
	return t;
}

static struct totals totals(const struct winograd *w)
{
	return totals_of(&w->tiling, w->filter, winograd_filters(w));
}

/* Products fill whole vectors of a panel: half of it at the least. */
static size_t vector_of(const struct sgan_kernels *kernels)
{
	return kernels->gemm_nr / 2;
}

/* Pairs of points of a chunk's products: of all its addends. */
static size_t product_planes(const struct winograd *w, const struct totals *t)
{
	return w->addends > 1 ? t->planes : t->most_planes;
}

size_t sgan_winograd_window_planes(const struct winograd *w)
{
	return totals(w).most_planes;
}

size_t sgan_winograd_product_planes(const struct winograd *w)
{
	const struct totals t = totals(w);

	return product_planes(w, &t);
}

/* How much of the depth a step may have: a worker's memory has room for it and the products of a panel. */
static size_t widest_step(const struct problem *p, const struct winograd *w, const struct totals *t, size_t block)
{
	size_t most = MOST_BYTES / sizeof(real) / block, vector = vector_of(p->kernels);
	size_t products = product_planes(w, t) * p->kernels->gemm_nr;

	return (most - products) / t->most_planes / vector * vector;
}

/* Blocks of `block` tiles, the depth in `steps`, each no more than widest_step. */
static void cut_steps(const struct problem *p, const struct totals *t, size_t block, size_t steps, struct winograd *w)
{
	size_t most;

	w->block = block;
	w->step = least_of(w->depth, round_up(ceil_div(w->depth, steps), vector_of(p->kernels)));
	w->steps = ceil_div(w->depth, w->step);
	most = MOST_BYTES / sizeof(real) / block - t->most_planes * w->step;
	most = least_of(w->panels, most / (product_planes(w, t) * p->kernels->gemm_nr));
	w->chunk_panels = ceil_div(w->panels, ceil_div(w->panels, most));
}

/* What a block's reading of a weight adds to multiplying by it. The more weights there are, the further they come: a
 * layer with few tiles for them is better done otherwise. */
static double far_weight_steps(const struct problem *p, const struct winograd *w)
{
	const struct sgan_blocking *b = &p->kernels->blocking;
	double count = (double)(totals(w).tap_planes * w->depth) * (double)(w->panels * p->kernels->gemm_nr);
	double steps = b->winograd_weight_mib_steps * count * sizeof(real) / (1 << 20);

	return steps < b->winograd_weight_most ? steps : b->winograd_weight_most;
}

/* Time as struct conv_algorithm has it: products, weights read at `weight_steps` each, values mapped and written. */
static double expected_time(const struct problem *p, const struct winograd *w, const struct totals *t,
                            double weight_steps)
{
	const struct sgan_blocking *b = &p->kernels->blocking;
	size_t mr = p->kernels->gemm_mr, nr = p->kernels->gemm_nr;
	size_t block_values = t->most_planes * w->step + product_planes(w, t) * w->chunk_panels * nr;
	double planes = (double)t->planes, tiles = (double)(p->max_batch * winograd_tiles(&w->tiling));
	double blocks = ceil(tiles / (double)w->block), vector = (double)vector_of(p->kernels);
	double columns = (double)w->dst_phases * ceil((double)p->view.dst_c / vector) * vector;
	double rows = tiles / blocks / ceil(tiles / blocks / (double)mr);
	double half_tile = (double)(mr + 1) / 2; /* fewer rows take no less time: the panel's loads bound it */
	double reads = (double)ceil_div(w->panels, w->chunk_panels), depth = (double)w->depth;
	double far = block_values * w->block * sizeof(real) > b->winograd_bytes ? b->winograd_far_steps : 0;
	double calls = blocks * ceil(tiles / blocks / (double)mr) * (double)(w->panels * w->steps);
	double products = tiles * depth * columns * (rows < half_tile ? half_tile / rows : 1);

	return b->winograd_times *
	       (planes * (products + calls * b->winograd_call_steps) +
	        (double)t->tap_planes * blocks * depth * columns * weight_steps +
	        tiles * depth * reads * ((double)t->map_steps * b->winograd_src_steps + planes * far) +
	        planes * tiles * columns * (b->winograd_dst_steps + far + (double)w->steps * b->winograd_sum_steps));
}

/* The best block and steps for some tiles: among blocks and tiles, weights count as what was measured to choose best. */
static struct winograd cut_block(const struct problem *p, const struct winograd_kind *kind)
{
	struct winograd w = geometry(p, kind), best = { .time = INFINITY };
	const struct totals t = totals(&w);
	size_t mr = p->kernels->gemm_mr, tiles = round_up(p->max_batch * winograd_tiles(&w.tiling), mr);

	for (size_t block = mr; block <= least_of(tiles, BLOCK_TILES * mr); block += mr) {
		size_t first = ceil_div(w.depth, widest_step(p, &w, &t, block));
		for (size_t steps = first; steps < first + TRIED_STEPS; steps++) {
			cut_steps(p, &t, block, steps, &w);
			w.time = expected_time(p, &w, &t, p->kernels->blocking.winograd_weight_steps);
			if (w.time < best.time)
				best = w;
		}
	}
	return best;
}

/* Whether tiles are to be tried. */
static bool wanted(const struct conv_base *base, enum conv_operation operation, const struct winograd_kind *kind,
                   const struct winograd_kind *only)
{
	if (only && (kind->m != only->m || kind->even != only->even))
		return false;
	return sgan_winograd_tiles_fit(base, operation, kind->m, kind->even);
}

struct winograd sgan_winograd_cut(const struct conv_base *base, enum conv_operation operation,
                                  const struct sgan_kernels *kernels, size_t max_batch,
                                  const struct winograd_kind *only)
{
	const struct problem p = { base, operation, kernels, conv_view_of(base, operation), max_batch };
	struct winograd best = { .time = INFINITY };
	struct totals t;

	for (size_t i = 0; i < 2 * (MOST_M + 1); i++) {
		const struct winograd_kind kind = { i / 2, i % 2 };
		struct winograd w;
		if (!wanted(base, operation, &kind, only))
			continue;
		w = cut_block(&p, &kind);
		if (w.time < best.time)
			best = w;
	}
	t = totals(&best);
	best.time = expected_time(&p, &best, &t, far_weight_steps(&p, &best));
	return best;
}

/* --- weights' gradient --------------------------------------------------------------- */

size_t sgan_winograd_group_end(const struct sgan_points *h, size_t begin, size_t most)
{
	size_t step = h->points == h->size ? 1 : 2, end = begin + step;

	if (h->points != h->size && begin == 0)
		end = sgan_single_points(h->points);
	while (end + step <= begin + most)
		end += step;
	return least_of(end, h->points);
}

/* Rows of points of a group: as many as leave room for the sums of all channels, in pairs. */
static size_t group_rows(const struct conv_base *b, const struct sgan_kernels *kernels)
{
	double row =
		(double)SGAN_WINOGRAD_MOST * (double)b->x_c * (double)round_up(b->y_c, kernels->wgrad_nr) * sizeof(real);
	double rows = (double)kernels->blocking.winograd_sums_bytes / row;

	return rows < 4 ? 2 : least_of((size_t)rows / 2 * 2, SGAN_WINOGRAD_MOST);
}

/* A chunk's sums at a group's points take winograd_sums_bytes, in whole panels of Y's channels: as square as they come,
 * since each of X's chunks maps Y's tiles anew and the other way about. With the values of a block they stay in the
 * second level. */
static void cut_channels(struct winograd_weights *w, const struct totals *t, const struct conv_base *b,
                         const struct sgan_kernels *kernels)
{
	size_t nr = kernels->wgrad_nr, points = t->most_row * w->rows;
	size_t most = kernels->blocking.winograd_sums_bytes / (points * sizeof(real));
	size_t y = least_of(MOST_CHANNELS, round_up((size_t)sqrt((double)most), nr));

	if (most / least_of(b->x_c, MOST_CHANNELS) > y)
		y = least_of(MOST_CHANNELS, most / least_of(b->x_c, MOST_CHANNELS) / nr * nr);
	w->y_chunks = ceil_div(b->y_c, y);
	w->y_channels = least_of(b->y_c, round_up(ceil_div(b->y_c, w->y_chunks), nr));
	w->y_chunks = ceil_div(b->y_c, w->y_channels);
	w->x_chunks = ceil_div(b->x_c, least_of(MOST_CHANNELS, most / w->y_channels));
	w->x_channels = ceil_div(b->x_c, w->x_chunks);
}

/* As many tiles in a block as are worth it, whose values leave the sums in the second level; but enough that sums are
 * not read and written for little. */
static size_t weights_block(const struct winograd_weights *w, const struct totals *t,
                            const struct sgan_kernels *kernels, size_t max_batch)
{
	const struct sgan_blocking *b = &kernels->blocking;
	size_t points = t->most_row * w->rows * sizeof(real);
	size_t sums = points * w->x_channels * w->y_channels, values = points * (w->x_channels + w->y_channels);
	size_t most = sums < b->winograd_weights_bytes ? (b->winograd_weights_bytes - sums) / values : 0;
	size_t block = b->winograd_weights_block;

	block = least_of(block, most > LEAST_BLOCK ? most : LEAST_BLOCK);
	return least_of(block, max_batch * winograd_tiles(&w->tiling));
}

static double weights_time(const struct winograd_weights *w, const struct totals *t, const struct conv_base *base,
                           const struct sgan_kernels *kernels, size_t max_batch, size_t sums)
{
	const struct sgan_blocking *b = &kernels->blocking;
	double planes = (double)t->planes, taps = (double)t->tap_planes;
	double tiles = (double)(max_batch * winograd_tiles(&w->tiling)), vector = (double)kernels->wgrad_nr / 2;
	double x_c = (double)base->x_c, y_c = (double)base->y_c, columns = ceil(y_c / vector) * vector;
	double blocks = ceil(tiles / (double)sums / (double)w->block) * (double)sums;

	return b->winograd_weights_times *
	       (planes * tiles * x_c * columns +
	        (double)t->map_steps * tiles * (x_c * (double)w->y_chunks + y_c * (double)w->x_chunks) *
	            b->winograd_src_steps +
	        taps * blocks * x_c * columns * b->winograd_sum_steps +
	        taps * (double)sums * x_c * y_c * b->winograd_taps_steps);
}

static struct winograd_weights weights_cut_for(const struct winograd_kind *kind, const struct conv_base *b,
                                               const struct sgan_kernels *kernels, size_t max_batch, size_t sums)
{
	struct winograd_weights w = { .tiling = sgan_winograd_tiling(b, CONV_WEIGHTS, kind->m, kind->even),
		                          .filters = sgan_winograd_phases(b) };
	struct totals t;

	for (size_t i = 0; i < w.filters; i++)
		w.filter[i] = sgan_winograd_filter(b, false, kind->even, i);
	t = totals_of(&w.tiling, w.filter, w.filters);
	w.rows = group_rows(b, kernels);
	cut_channels(&w, &t, b, kernels);
	w.block = weights_block(&w, &t, kernels, max_batch);
	w.time = weights_time(&w, &t, b, kernels, max_batch, sums);
	return w;
}

struct winograd_weights sgan_winograd_weights_cut(const struct conv_base *base, const struct sgan_kernels *kernels,
                                                  size_t max_batch, size_t sums, const struct winograd_kind *only)
{
	struct winograd_weights best = { .time = INFINITY };
	bool even = !sgan_winograd_phases_differ(base);

	for (size_t m = 2; m <= MOST_M; m++) {
		const struct winograd_kind kind = { m, even };
		struct winograd_weights w;
		if (!wanted(base, CONV_WEIGHTS, &kind, only))
			continue;
		w = weights_cut_for(&kind, base, kernels, max_batch, sums);
		if (w.time < best.time)
			best = w;
	}
	return best;
}

/* Geometry of Winograd's minimal filtering (Winograd 1980; Lavin and Gray, CVPR 2016): how a convolution becomes products
 * of tiles at points, and how these are cut. It knows neither weights' nor planes' memory.
 *
 * Along an axis, m neighbouring results of a filter of r taps follow from the alpha = m + r - 1 values of their window,
 * by alpha products instead of m r: the window's values and the taps are each mapped to alpha points, multiplied there
 * (over channels, one matrix product for each pair of points), and mapped back. kernels.def has the maps.
 *
 * A stride is taken apart into phases, which are convolutions of stride 1: in a gather the source's pixels by their
 * remainder, whose products are summed at the points, as more channels would be; in a scatter the destination's, which
 * are more channels of the result. A phase with fewer taps than r has zeros for the others. */
#ifndef SGAN_OPS_CONV_WINOGRAD_H
#define SGAN_OPS_CONV_WINOGRAD_H

#include "kernels/kernels.h"
#include "src/ops/conv/lower.h"

struct winograd {
	size_t alpha, m, r;   /* points of an axis, results of a tile, taps of the longest phase */
	size_t tiles_h, tiles_w; /* of an image: windows */
	size_t src_phases, dst_phases; /* of both axes together; one of them is 1 */
	size_t windows; /* different ones at each tile's place: 1 where all of the destination's phases have the same */
	size_t depth;   /* of the products: source channels of all its phases */
	size_t panels;  /* of gemm_nr channels: those of all the destination's phases */
	size_t block;   /* tiles that are worked on together */
	size_t steps, step; /* pieces of the depth, and how much of it one is at the most: mapped together */
	size_t chunk_panels; /* panels that share a block's mapped windows, at the most */
};

/* Whether it can be done: undilated, square, and of as many taps as there are maps for. */
bool sgan_winograd_fits(const struct conv_base *base, enum conv_operation operation);

/* The cut that is expected to take the least time, for a layer that fits: with `alpha` points, more than the longest
 * phase has taps; 0: with the best number of them. Returns that time, as the number of multiply-adds that full tiles do
 * in it. */
double sgan_winograd_cut(const struct conv_base *base, enum conv_operation operation,
                         const struct sgan_kernels *kernels, size_t max_batch, size_t alpha, struct winograd *best);

/* --- weights' gradient -------------------------------------------------------------
 *
 * The transpose of the gather in its weights: windows of X and tiles of Y are each mapped to the points, multiplied there
 * (over the tiles of a batch, one matrix product for each pair of points), and mapped back to taps. */

struct winograd_weights {
	size_t alpha, m, r;
	size_t tiles_h, tiles_w;
	size_t phases;              /* of X, both axes together */
	size_t block;               /* tiles that are mapped together */
	size_t x_chunks, x_channels; /* chunks of a phase's channels, and channels of one at the most */
	size_t y_chunks, y_channels;
};

/* alpha as above. */
struct winograd_weights sgan_winograd_weights_cut(const struct conv_base *base, const struct sgan_kernels *kernels,
                                                  size_t max_batch, size_t sums, size_t alpha);

/* Expected time, as above, where so many tensors of weights are summed by themselves. */
double sgan_winograd_weights_cost(const struct winograd_weights *w, const struct conv_base *base,
                                  const struct sgan_kernels *kernels, size_t max_batch, size_t sums);

/* --- one axis -------------------------------------------------------------------- */

/* A tile's window on an axis: its first position in the source, which may lie outside, and the distance to the next. */
struct winograd_span {
	ptrdiff_t first, step;
	size_t extent; /* of the source */
};

/* Of the tile that begins with result `index` of its phase. phase: of the source in a gather, else the destination. */
struct winograd_span sgan_winograd_span(const struct axis *a, bool scatter, size_t r, size_t phase, size_t index);

/* The tap at place `place` < r of a phase's filter; false: it has fewer, there is a zero. */
bool sgan_winograd_tap(const struct axis *a, bool scatter, size_t r, size_t phase, size_t place, size_t *tap);

#endif

/* How Winograd's filtering is cut into what a worker does at a time, and what that is expected to cost. It knows shapes
 * and the instruction set's constants, no memory and no thread. */
#ifndef SGAN_OPS_CONV_WINOGRAD_CUT_H
#define SGAN_OPS_CONV_WINOGRAD_CUT_H

#include "src/ops/conv/winograd.h"

/* Of a gather or a scatter. Filters come by windows, and for each of these by addends: one of both is 1. */
struct winograd {
	struct winograd_tiling tiling;
	struct winograd_filter filter[WINOGRAD_PHASES_MOST];
	size_t windows; /* different ones at each tile's place: of a scatter's phases, unless they share one */
	size_t addends; /* filters whose results are summed: of a gather's phases, unless summed at the points */
	size_t src_phases, dst_phases; /* in a filter: of the source in its depth, of the destination in its columns */
	size_t depth;                  /* of the products: source channels */
	size_t panels;                 /* of gemm_nr channels of the destination */
	size_t block;                  /* tiles that are worked on together */
	size_t steps, step;            /* parts of the depth, and how much of it one is at the most: mapped together */
	size_t chunk_panels;           /* panels that share a block's mapped windows, at the most */
	double time;                   /* expected, as struct conv_algorithm has its cost */
};

static inline size_t winograd_filters(const struct winograd *w)
{
	return w->windows * w->addends;
}

/* Pairs of points of a chunk's windows, one addend's at a time, and of its products, all addends'. */
size_t sgan_winograd_window_planes(const struct winograd *w);
size_t sgan_winograd_product_planes(const struct winograd *w);

/* A kind of tiles. */
struct winograd_kind {
	size_t m;
	bool even;
};

/* The cut that is expected to take the least time, for a layer that fits: with tiles as `only` says, which fit, or with
 * the best (NULL). */
struct winograd sgan_winograd_cut(const struct conv_base *base, enum conv_operation operation,
                                  const struct sgan_kernels *kernels, size_t max_batch,
                                  const struct winograd_kind *only);

/* --- weights' gradient -------------------------------------------------------------
 *
 * The transpose of the gather in its weights: windows of X and tiles of Y are each mapped to the points, multiplied
 * there (over the tiles of a batch, one matrix product for each pair of points), and mapped back to taps. Each phase of
 * X is by itself, with the taps that it has. */

struct winograd_weights {
	struct winograd_tiling tiling;
	struct winograd_filter filter[WINOGRAD_PHASES_MOST];
	size_t filters;
	size_t rows;                 /* of points that are summed together, at the most */
	size_t block;                /* tiles that are mapped together */
	size_t x_chunks, x_channels; /* chunks of a phase's channels, and channels of one at the most */
	size_t y_chunks, y_channels;
	double time; /* expected */
};

/* The end of the group of rows of points that begins with row `begin`: no more than `most` of them, but a single row or
 * pair at the least. */
size_t sgan_winograd_group_end(const struct sgan_points *h, size_t begin, size_t most);

/* The same of a weight gradient, whose phases are even where all are as long; so many tensors of weights (`sums`) are
 * summed by themselves. */
struct winograd_weights sgan_winograd_weights_cut(const struct conv_base *base, const struct sgan_kernels *kernels,
                                                  size_t max_batch, size_t sums, const struct winograd_kind *only);

/* How many chunks Winograd's algorithms are to be cut into for so many threads, where channels can be cut: three for each of
 * two threads, so that one which another program holds up costs little; for more, two: each chunk maps its windows anew. */
static inline size_t winograd_chunks_wanted(size_t threads)
{
	return threads == 1 ? 1 : (threads == 2 ? 3 : 2) * threads;
}

#endif

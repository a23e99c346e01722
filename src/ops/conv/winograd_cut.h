/* How Winograd's filtering is cut into what a worker does at a time, and what that is expected to cost. It knows shapes
 * and the instruction set's constants, no memory and no thread. */
#ifndef SGAN_OPS_CONV_WINOGRAD_CUT_H
#define SGAN_OPS_CONV_WINOGRAD_CUT_H

#include "src/ops/conv/winograd.h"

/* Of a gather or a scatter. */
struct winograd {
	struct winograd_tiling tiling;
	size_t src_phases, dst_phases; /* of both axes together; one of them is 1 */
	size_t windows;     /* different ones at each tile's place: 1 where all of the destination's phases have the same */
	size_t depth;       /* of the products: source channels of all its phases */
	size_t panels;      /* of gemm_nr channels: those of all the destination's phases */
	size_t block;       /* tiles that are worked on together */
	size_t steps, step; /* parts of the depth, and how much of it one is at the most: mapped together */
	size_t chunk_panels; /* panels that share a block's mapped windows, at the most */
	double time;         /* expected, as struct conv_algorithm has its cost */
};

/* The cut that is expected to take the least time, for a layer that fits: with `alpha` points, at least
 * sgan_winograd_least_points; 0: with the best number of them. */
struct winograd sgan_winograd_cut(const struct conv_base *base, enum conv_operation operation,
                                  const struct sgan_kernels *kernels, size_t max_batch, size_t alpha);

/* --- weights' gradient -------------------------------------------------------------
 *
 * The transpose of the gather in its weights: windows of X and tiles of Y are each mapped to the points, multiplied
 * there (over the tiles of a batch, one matrix product for each pair of points), and mapped back to taps. */

struct winograd_weights {
	struct winograd_tiling tiling;
	size_t phases;               /* of X, both axes together */
	size_t block;                /* tiles that are mapped together */
	size_t x_chunks, x_channels; /* chunks of a phase's channels, and channels of one at the most */
	size_t y_chunks, y_channels;
	double time; /* expected */
};

/* The same of a weight gradient; so many tensors of weights (`sums`) are summed by themselves. */
struct winograd_weights sgan_winograd_weights_cut(const struct conv_base *base, const struct sgan_kernels *kernels,
                                                  size_t max_batch, size_t sums, size_t alpha);

#endif

/* What gathers and scatters in tiles of packed panels have in common: the panels, and what tiles are expected to cost.
 * A panel is as many of the destination's channels as a tile has columns: [tap][src_c][gemm_nr], zero beyond the last
 * channel. It must not know how a tile's rows are filled. */
#ifndef SGAN_OPS_CONV_TILES_H
#define SGAN_OPS_CONV_TILES_H

#include "src/ops/conv/algorithm.h"

size_t sgan_conv_panels(const struct conv_problem *problem);
size_t sgan_conv_panels_count(const struct conv_problem *problem); /* elements of all */
void sgan_conv_pack_panels(sgan_ctx *ctx, const struct conv_problem *problem, const real *weights, real *packed);

/* Where a tap's weights are in a panel. */
static inline size_t conv_tap_weights(const struct conv_problem *problem, size_t i, size_t j)
{
	size_t tap = i * problem->base.w.kernel + j;

	return tap * conv_view(problem).src_c * problem->kernels->gemm_nr;
}

/* The channels that a panel covers, its weights, and the epilogue with its channels' bias. */
struct conv_panel {
	const real *weights;
	size_t first, n;
	struct sgan_epilogue epilogue;
};

struct conv_panel sgan_conv_panel(const struct conv_call *call, int worker, size_t index);

/* Expected cost (struct conv_algorithm says of what) where each panel's tiles go over `rows` rows at a time, cut
 * evenly, and a sum is made of stretches of `depth` products. */
double sgan_conv_tiles_cost(const struct conv_problem *problem, size_t rows, size_t depth);

#endif

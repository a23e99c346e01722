/* The inside of a plan. Convolution and deconvolution are lowered to one base
 * convolution from X [x_h, x_w, x_c] to Y [y_h, y_w, y_c] with weights
 * [k_h, k_w, x_c, y_c], and three operations on it:
 *
 *   gather   Y from X: convolution forward, deconvolution backward-data
 *   scatter  X from Y: convolution backward-data, deconvolution forward
 *   weights  dW from X and Y
 *
 * Nothing outside src/ops knows of these, nor which algorithm a plan has picked. */
#ifndef SGAN_OPS_CONV_PLAN_H
#define SGAN_OPS_CONV_PLAN_H

#include <sgan/conv.h>

#include "kernels/kernels.h"

struct conv_base {
	size_t x_h, x_w, x_c;
	size_t y_h, y_w, y_c;
	size_t k_h, k_w, stride, pad;
};

/* How an operation is done; picked in src/ops/conv_plan.c alone. */
enum conv_algorithm {
	CONV_TAPS, /* a tile is a sum over taps, each a matrix product (conv_taps.c, conv_wgrad.c) */
	CONV_RUNS, /* few x channels: a kernel row of k_w * x_c values is one run (conv_runs.c, conv_wgrad.c) */
	CONV_DOTS  /* scatter to few x channels: dot products over y's channels (conv_dots.c) */
};

/* How the sum of a weight gradient is cut: a batch into parts, a part's pixels into groups, which are summed by
 * themselves, and channels into blocks (conv_wgrad_cut.c). */
struct conv_wgrad_cut {
	size_t blocks; /* parts of each slice */
	bool apart;    /* parts are summed at the same time, each into memory of its own; else one after the other */
	bool together; /* a tile takes one part after the other, the whole batch at once (then there are no groups) */
	bool packed;   /* a group's pixels are copied together before they are summed */
	size_t images; /* of a group; 0: a group is a band of one image */
	size_t bands;  /* of an image */
	size_t x_blocks, y_blocks; /* of channels: as many as it takes that a group and its sums fit the cache */
};

struct sgan_conv_plan {
	sgan_conv_desc desc;
	struct conv_base base;
	const struct sgan_kernels *kernels;
	enum conv_algorithm gather, scatter, weights;
	size_t weight_count; /* k_h * k_w * x_c * y_c */
	struct conv_wgrad_cut wgrad;
};

/* One call of an operation that makes an activation tensor. */
struct conv_call {
	const struct sgan_conv_plan *plan;
	size_t n;
	const real *src;
	const real *packed;
	real *dst;
	struct sgan_epilogue epilogue; /* its bias is all channels' */
	char *workspace;
	size_t worker_size; /* bytes of workspace for each worker */
};

static inline size_t conv_least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static inline size_t conv_ceil_div(size_t a, size_t b)
{
	return a / b + (a % b != 0);
}

/* First item of part `part` when `count` items are cut into `parts` as evenly as can be. */
static inline size_t conv_part_begin(size_t count, size_t parts, size_t part)
{
	size_t large = count % parts;

	return count / parts * part + (part < large ? part : large);
}

/* Bytes rounded up to whole cache lines. */
static inline size_t conv_round_bytes(size_t bytes)
{
	return (bytes + 63) / 64 * 64;
}

/* Weights in panels of the gemm tile's width nr, zero beyond the last column (conv_pack.c):
 * gather [panel of y_c][k_h][k_w][x_c][nr], scatter [panel of x_c][k_h][k_w][y_c][nr]. CONV_DOTS reads
 * [k_h][k_w][y_c / v][x_c][v] with v = dots_vec, zero beyond y_c. */
void sgan_conv_pack_gather(sgan_ctx *ctx, const struct sgan_conv_plan *plan, const real *weights, real *packed);
void sgan_conv_pack_scatter(sgan_ctx *ctx, const struct sgan_conv_plan *plan, const real *weights, real *packed);
size_t sgan_conv_packed_count(const struct sgan_conv_plan *plan, bool scatter);

/* The algorithms, and what each needs of workspace for one worker. */
size_t sgan_conv_taps_workspace(const struct sgan_conv_plan *plan, bool scatter);
void sgan_conv_taps(sgan_ctx *ctx, struct conv_call *call, bool scatter);
size_t sgan_conv_runs_workspace(const struct sgan_conv_plan *plan);
void sgan_conv_runs(sgan_ctx *ctx, struct conv_call *call);
size_t sgan_conv_dots_workspace(const struct sgan_conv_plan *plan);
void sgan_conv_dots(sgan_ctx *ctx, struct conv_call *call);

/* The weight gradient: workspace of all workers and partial sums together. */
struct conv_wgrad_cut sgan_conv_wgrad_cut(const struct sgan_conv_plan *plan);
size_t sgan_conv_wgrad_workspace(const struct sgan_conv_plan *plan, int threads);
void sgan_conv_wgrad(sgan_ctx *ctx, const struct sgan_conv_plan *plan, size_t n, const real *x, const real *y,
                     real *diff_weights, bool accumulate, void *workspace);

/* The most that one worker needs in any pass. */
size_t sgan_conv_worker_bytes(const struct sgan_conv_plan *plan);

/* The operations, by whichever algorithm the plan has picked. */
void sgan_conv_gather(sgan_ctx *ctx, struct conv_call *call);
void sgan_conv_scatter(sgan_ctx *ctx, struct conv_call *call);

/* A band of image rows copied with its padding (conv_runs.c): dst is
 * [rows, x_w + 2 pad, x_c], its first row the padded image's row `first`. */
void sgan_conv_copy_padded(const struct conv_base *base, const real *image, size_t first, size_t rows, real *dst);

#endif

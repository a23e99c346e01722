/* A weight gradient in two steps, so that slices' partial sums travel while other passes are computed. */
#ifndef SGAN_OPS_CONV_LEFT_H
#define SGAN_OPS_CONV_LEFT_H

#include <sgan/conv.h>

/* What the first step left to do. */
struct sgan_weights_left {
	const struct conv_problem *problem; /* NULL: nothing */
	sgan_batch batch;
	bool accumulate;
	sgan_real *partials, *diff_weights;
};

/* Bytes of a gradient's partial sums. */
size_t sgan_conv_partials_size(const sgan_conv_plan *plan);

/* sgan_conv_backward_weights up to where others' partial sums are needed: these are on their way. `partials`
 * [sgan_conv_partials_size], on a 64-byte boundary, is not to be touched, and diff_weights not to be read, until
 * sgan_conv_end_weights is done. Where the call is for all slices nothing is left. */
sgan_status sgan_conv_begin_weights(sgan_ctx *ctx, const sgan_conv_plan *plan, sgan_batch batch, const sgan_real *src,
                                    const sgan_real *diff_dst, sgan_real *diff_weights, bool accumulate,
                                    void *workspace, void *partials, struct sgan_weights_left *left);

/* The second step of several gradients, which all callers that share the batch end together. */
sgan_status sgan_conv_end_weights(sgan_ctx *ctx, size_t count, struct sgan_weights_left *left);

#endif

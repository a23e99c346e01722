/* From slices to the gradient: which images a piece has, and how partial sums come together. The bits follow from the
 * plan and the batch alone: the pieces of a slice are added in order, the slices' sums are exchanged where others
 * compute some, then added in order, and their total is added to the gradient once. It must not know how a piece is
 * summed. */
#ifndef SGAN_OPS_CONV_WEIGHTS_SLICES_H
#define SGAN_OPS_CONV_WEIGHTS_SLICES_H

#include "src/ops/conv/algorithm.h"
#include "src/ops/ops.h"

/* Images of a piece; none where the slice has fewer than pieces. */
struct sgan_image_range sgan_weights_piece(const struct conv_call *call, size_t slice, size_t piece);

/* Makes partial sums of the range's slices: partials is [pieces][slices][weight_count], overwritten where pieces have
 * images. NULL: the whole batch's gradient, where the call wants it, all slices in turn. */
typedef void conv_weights_sum(sgan_ctx *ctx, const struct conv_call *call, real *partials);

/* Tensors of weight_count elements that partials takes; 0 where all is summed in turn. */
size_t sgan_weights_tensors(const struct conv_problem *problem, bool exchanges);

/* Bytes shared by all workers: of those tensors, or of the total where slices are summed in turn and there is more than
 * one: a total needs memory of its own when it is to be added to a gradient. */
size_t sgan_weights_shared_bytes(const struct conv_problem *problem, bool exchanges);

/* For sums that are NULL: calls sum_piece for each slice, in order, with where its sum goes, and whether it is added to
 * what is there. Returns the total where the caller is to add its share of it to the gradient, otherwise NULL. */
typedef void conv_weights_sum_piece(void *arg, struct sgan_image_range images, bool accumulate, real *to);
real *sgan_weights_in_turn(const struct conv_call *call, conv_weights_sum_piece *sum_piece, void *arg);

/* One call of the operation; partials as above, memory of as many tensors, where the call brings none. */
sgan_status sgan_weights_run(sgan_ctx *ctx, const struct conv_call *call, conv_weights_sum *sum, real *partials);

/* What calls have left to do. */
sgan_status sgan_weights_end(sgan_ctx *ctx, size_t count, struct sgan_weights_left *left);

#endif

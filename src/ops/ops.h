/* Operations over a whole batch: the kernels, spread over the context's threads. Those of <sgan/ops.h> are public
 * and check their arguments; the others are here, in the same terms, for callers that know what they pass.
 *
 * Where a result sums over the batch, chunks inside a slice depend on the shape
 * alone, and partial sums are added in order: the same bits for any number of threads. */
#ifndef SGAN_OPS_OPS_H
#define SGAN_OPS_OPS_H

#include <sgan/conv.h>
#include <sgan/gemm.h>
#include <sgan/ops.h>

#include "kernels/kernels.h"

/* First image of slice s. */
size_t sgan_slice_begin(size_t n, size_t slices, size_t s);

/* Images first .. first + count - 1. */
struct sgan_image_range {
	size_t first, count;
};

/* Those of a batch's range of slices. */
struct sgan_image_range sgan_batch_images(sgan_batch batch);

/* Through an activation and behind it to the bias: diff [n, pixels, channels], the gradient of the activation's result
 * dst, becomes in place that of its argument, whose sums over rows are added to diff_bias. */
sgan_status sgan_act_bias_backward(sgan_ctx *ctx, sgan_batch batch, size_t pixels, size_t channels, const real *dst,
                                   sgan_act act, real slope, real *diff, real *diff_bias);

/* Global average pooling [n, pixels, channels] -> [n, channels], and back: diff_src is overwritten or, with
 * `accumulate`, added to; diff_dst is divided by `pixels` in place. */
void sgan_avgpool_forward(sgan_ctx *ctx, sgan_batch batch, size_t pixels, size_t channels, const real *src, real *dst);
void sgan_avgpool_backward(sgan_ctx *ctx, sgan_batch batch, size_t pixels, size_t channels, real *diff_dst,
                           bool accumulate, real *diff_src);

/* A loss as those of <sgan/ops.h>: logits [n, classes], one target for all: binary cross-entropy of D = Z / (1 + Z),
 * Z = sum over classes of exp(logits), the discriminator that has a logit for each class (Salimans et al., NIPS 2016,
 * section 5). */
sgan_status sgan_bce_classes(sgan_ctx *ctx, sgan_batch batch, size_t classes, const real *logits, real target,
                             real weight, double *loss, real *diff);

/* values = 0; dst = src; of `count` each. */
void sgan_clear(sgan_ctx *ctx, size_t count, real *values);
void sgan_copy(sgan_ctx *ctx, size_t count, const real *src, real *dst);

/* dst = src - same, in each of n images [n, size]; same [size]; dst may be src. */
void sgan_subtract(sgan_ctx *ctx, size_t n, size_t size, const real *src, const real *same, real *dst);

/* average = decay * average + (1 - decay) * values, of `count` each. */
void sgan_average(sgan_ctx *ctx, double decay, size_t count, const real *values, real *average);

/* Where a layer's random numbers are: element e of image i, of `size` values each, is element i * size + e of a
 * stream. */
struct sgan_random {
	uint64_t seed, step;
	uint32_t stream;
};

/* dst = src + sigma * standard normal numbers; both are [n, size]. */
void sgan_noise(sgan_ctx *ctx, const struct sgan_random *random, sgan_batch batch, size_t size, real sigma,
                const real *src, real *dst);

/* Inverted dropout: an element is 0 with probability `rate`, else src / (1 - rate); rate is rounded to a multiple of
 * 1/65536. The same call on gradients is its way back. Both are [n, size]; dst may be src. */
void sgan_dropout(sgan_ctx *ctx, const struct sgan_random *random, sgan_batch batch, size_t size, double rate,
                  const real *src, real *dst);

#endif

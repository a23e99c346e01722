/* Operations on whole tensors beside convolution and matrix products: activations,
 * batch normalisation, pooling, losses, an optimiser, random numbers.
 *
 * Tensors are dense and channels last: an activation tensor is [n, pixels, channels],
 * n images of `pixels` = height * width pixels each. The caller owns all memory; no
 * function keeps a pointer, and operations that need scratch take it from the context,
 * which grows it to the largest need so far and then allocates no more. Tensors need
 * no alignment (64 bytes are fastest). They must not overlap unless the comment says
 * that one may be another.
 *
 * What works on a batch of images takes a sgan_batch (sgan/sgan.h): tensors are the whole
 * batch's, and the images of the range's slices alone are read and written. Where a result
 * sums over the batch, each slice is summed by itself and the slices are added in order,
 * over all slices: those outside the range come through the context's exchange, without
 * which such a call takes whole batches alone (SGAN_EINVAL). What it makes of the sums
 * (losses, statistics, gradients of parameters) is the whole batch's on every caller. A
 * gradient that is added to another is summed whole first.
 *
 * Work is spread over the context's threads. The order of every sum follows from the
 * sizes alone, so the bits of a result depend neither on the number of threads nor on
 * how slices are spread over calls. Denormals count as zero.
 *
 * All return SGAN_OK, SGAN_EINVAL (a pointer is NULL, a size is out of range or too
 * large to address, a range that is not one of the batch's slices, an unknown activation,
 * or what the comment names), SGAN_ENOMEM (no scratch), or what the exchange returned;
 * only then may outputs be half written. Where there is nothing to do, as with a count of
 * 0 or an empty batch, tensors are not read and may be NULL; so may tensors over images
 * where the range has none. Values are not looked at: what is not a number makes every
 * result that it enters not a number. ReLU, x < 0 ? 0 : x, and leaky ReLU pass it on, and
 * it is the largest value of its window. */
#ifndef SGAN_OPS_H
#define SGAN_OPS_H

#include <sgan/sgan.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- element by element ------------------------------------------------------- */

/* dst[i] = act(src[i]), i < count. slope is SGAN_ACT_LRELU's. dst may be src. */
SGAN_API sgan_status sgan_act_forward(sgan_ctx *ctx, size_t count, const sgan_real *src, sgan_act act, sgan_real slope,
                                      sgan_real *dst);

/* Its gradient, from its result: diff_src[i] = diff_dst[i] * act'(x) where dst[i] = act(x). For SGAN_ACT_LRELU slope
 * must not be negative, or the result would not tell which side x was on (SGAN_EINVAL). Where dst[i] is not a number,
 * SGAN_ACT_RELU passes diff_dst[i] on and SGAN_ACT_LRELU scales it by slope. diff_src may be diff_dst. */
SGAN_API sgan_status sgan_act_backward(sgan_ctx *ctx, size_t count, const sgan_real *dst, const sgan_real *diff_dst,
                                       sgan_act act, sgan_real slope, sgan_real *diff_src);

/* dst[i] += src[i], i < count. dst may be src. */
SGAN_API sgan_status sgan_add(sgan_ctx *ctx, size_t count, const sgan_real *src, sgan_real *dst);

/* Joins images' values: dst [n, channels_a + channels_b] is a [n, channels_a] beside b [n, channels_b]. */
SGAN_API sgan_status sgan_concat_forward(sgan_ctx *ctx, sgan_batch batch, size_t channels_a, const sgan_real *a,
                                         size_t channels_b, const sgan_real *b, sgan_real *dst);

/* Takes them apart again. diff_a or diff_b may be NULL where that half is not wanted, diff_dst where neither is. */
SGAN_API sgan_status sgan_concat_backward(sgan_ctx *ctx, sgan_batch batch, size_t channels_a, sgan_real *diff_a,
                                          size_t channels_b, sgan_real *diff_b, const sgan_real *diff_dst);

/* --- sums over the batch ------------------------------------------------------ */

/* diff_bias[c] = sum of diff [n, pixels, channels] over images and pixels, or += with accumulate. This is the gradient
 * of a bias that was added to every pixel. */
SGAN_API sgan_status sgan_bias_backward(sgan_ctx *ctx, sgan_batch batch, size_t pixels, size_t channels,
                                        const sgan_real *diff, bool accumulate, sgan_real *diff_bias);

/* What the batch's variance, a mean of squares, is multiplied by before the running variance takes it in; of n images
 * with `values` = n * pixels values a channel. 1 where that would divide by 0. */
typedef enum sgan_bn_scale {
	SGAN_BN_IMAGES, /* n / (n - 1), however many pixels they have */
	SGAN_BN_VALUES, /* values / (values - 1), which makes it an estimate without bias (PyTorch, TensorFlow) */
	SGAN_BN_BIASED  /* 1 */
} sgan_bn_scale;

/* Batch normalisation (Ioffe and Szegedy, 2015, algorithms 1 and 2) and the activation that follows it. */
typedef struct sgan_bn {
	size_t channels;
	sgan_real epsilon; /* added to the variance, inside the root; not negative */
	sgan_act act;
	sgan_real slope; /* of SGAN_ACT_LRELU; not negative */
	sgan_bn_scale running_scale;
} sgan_bn;

/* In training: dst = act(gain (src - mean) / sqrt(variance + epsilon) + shift) for each channel, with the batch's mean
 * and biased variance over images and pixels. src and dst are [n, pixels, channels]; all others [channels].
 *
 * mean and inv_std receive the batch's mean and 1 / sqrt(variance + epsilon); keep them, and src, for
 * sgan_bn_backward. running_mean and running_var, both or neither NULL, take in the batch:
 * r = (1 - momentum) r + momentum * batch, where the variance counts running_scale times. An empty batch changes
 * nothing. */
SGAN_API sgan_status sgan_bn_forward_train(sgan_ctx *ctx, const sgan_bn *bn, sgan_batch batch, size_t pixels,
                                           const sgan_real *src, const sgan_real *gain, const sgan_real *shift,
                                           sgan_real *mean, sgan_real *inv_std, sgan_real momentum,
                                           sgan_real *running_mean, sgan_real *running_var, sgan_real *dst);

/* In inference: the same with given statistics. dst may be src. */
SGAN_API sgan_status sgan_bn_forward_infer(sgan_ctx *ctx, const sgan_bn *bn, sgan_batch batch, size_t pixels,
                                           const sgan_real *src, const sgan_real *gain, const sgan_real *shift,
                                           const sgan_real *running_mean, const sgan_real *running_var, sgan_real *dst);

/* Gradients of sgan_bn_forward_train, through the activation and the batch's statistics: src, gain, shift, mean and
 * inv_std are what that call had or made, diff_dst [n, pixels, channels] the gradient of its dst, which is not needed.
 * diff_src is overwritten and may be diff_dst; diff_gain and diff_shift [channels] are ADDED to, or both NULL. */
SGAN_API sgan_status sgan_bn_backward(sgan_ctx *ctx, const sgan_bn *bn, sgan_batch batch, size_t pixels,
                                      const sgan_real *src, const sgan_real *diff_dst, const sgan_real *gain,
                                      const sgan_real *shift, const sgan_real *mean, const sgan_real *inv_std,
                                      sgan_real *diff_gain, sgan_real *diff_shift, sgan_real *diff_src);

/* Gradient of sgan_bn_forward_infer with respect to src, from what that call had; its statistics are constants.
 * diff_src may be diff_dst. */
SGAN_API sgan_status sgan_bn_backward_infer(sgan_ctx *ctx, const sgan_bn *bn, sgan_batch batch, size_t pixels,
                                            const sgan_real *src, const sgan_real *diff_dst, const sgan_real *gain,
                                            const sgan_real *shift, const sgan_real *running_mean,
                                            const sgan_real *running_var, sgan_real *diff_src);

/* --- pooling ------------------------------------------------------------------- */

/* The largest of each window of size x size pixels, windows that do not overlap: src [n, h, w, channels], dst and which
 * [n, h / size, w / size, channels], quotients rounded down (pixels that are left over take no part). which receives
 * the winner's place in its window, row by row, the first of equals: it is what the backward pass needs. What is not a
 * number is larger than any number, and the first such in a window is its winner.
 * SGAN_EINVAL: size is not 1 to 16, or larger than the image. */
SGAN_API sgan_status sgan_maxpool_forward(sgan_ctx *ctx, sgan_batch batch, size_t h, size_t w, size_t channels,
                                          size_t size, const sgan_real *src, sgan_real *dst, uint8_t *which);

/* Its gradient: each value of diff_dst goes to the winner of its window, all others of diff_src are 0. The shapes are
 * the forward pass's, and `which` is what it wrote: other bytes would lead outside diff_src. */
SGAN_API sgan_status sgan_maxpool_backward(sgan_ctx *ctx, sgan_batch batch, size_t h, size_t w, size_t channels,
                                           size_t size, const sgan_real *diff_dst, const uint8_t *which,
                                           sgan_real *diff_src);

/* --- losses -------------------------------------------------------------------- */

/* Each sets *loss to a mean over the batch, in double, and ADDS weight times the gradient of that mean to diff, which
 * has the shape of the first tensor; diff may be NULL. SGAN_EINVAL: an empty batch, which has no mean. */

/* Softmax cross-entropy: the mean over rows of -log(exp(logits[r][labels[r]]) / sum over c of exp(logits[r][c])).
 * logits [n, classes], labels [n] from 0 on. SGAN_EINVAL: a label is not less than classes. */
SGAN_API sgan_status sgan_softmax_cross_entropy(sgan_ctx *ctx, sgan_batch batch, size_t classes,
                                                const sgan_real *logits, const uint32_t *labels, sgan_real weight,
                                                double *loss, sgan_real *diff);

/* Binary cross-entropy of the logistic function s: the mean over rows of
 * -target log s(x) - (1 - target) log(1 - s(x)), x = logits[r]; one target, 0 to 1, for all. logits [n]. */
SGAN_API sgan_status sgan_bce_logits(sgan_ctx *ctx, sgan_batch batch, const sgan_real *logits, sgan_real target,
                                     sgan_real weight, double *loss, sgan_real *diff);

/* The mean over all n * channels elements of (x - target)^2. x and target [n, channels]. */
SGAN_API sgan_status sgan_mean_squared_error(sgan_ctx *ctx, sgan_batch batch, size_t channels, const sgan_real *x,
                                             const sgan_real *target, sgan_real weight, double *loss, sgan_real *diff);

/* --- optimiser ------------------------------------------------------------------ */

/* Settings of Adam (Kingma and Ba, 2015, algorithm 1). */
typedef struct sgan_adam {
	double lr;           /* the step's size, alpha in the paper */
	double beta1, beta2; /* decay of the moments; from 0 to less than 1 */
	double epsilon;      /* not negative */
	bool epsilon_outside; /* added to the root, as in the paper; else inside it, as the published SGANs have it */
} sgan_adam;

/* Step t = 1, 2, ... over count parameters, element by element:
 * m = beta1 m + (1 - beta1) grad; v = beta2 v + (1 - beta2) grad^2;
 * param -= lr (m / (1 - beta1^t)) / sqrt(v / (1 - beta2^t) + epsilon), or / (sqrt(v / (1 - beta2^t)) + epsilon).
 * All are [count]; m and v start as zeros and are the caller's to keep. SGAN_EINVAL: t is 0, or a setting is out of
 * its range. */
SGAN_API sgan_status sgan_adam_step(sgan_ctx *ctx, const sgan_adam *adam, uint64_t t, size_t count,
                                    const sgan_real *grad, sgan_real *m, sgan_real *v, sgan_real *param);

/* --- random numbers ------------------------------------------------------------- */

/* Counter-based: Philox 4x32-10 (Salmon et al., SC 2011) indexed by seed, stream, step and element. The same four give
 * the same number on every machine, instruction set and number of threads, and there is no state to keep: use another
 * stream for each purpose and another step for each draw. Element i of dst [count] is the stream's element first + i:
 * a part of a tensor gets the numbers that it has in the whole. SGAN_EINVAL: first + count is over 2^34, beyond which
 * numbers would repeat. */

/* Uniform in [0, 1), multiples of 2^-24. */
SGAN_API sgan_status sgan_random_uniform(sgan_ctx *ctx, uint64_t seed, uint32_t stream, uint64_t step, size_t first,
                                         size_t count, sgan_real *dst);

/* Standard normal (Box and Muller, 1958); none is further from 0 than 5.77. */
SGAN_API sgan_status sgan_random_normal(sgan_ctx *ctx, uint64_t seed, uint32_t stream, uint64_t step, size_t first,
                                        size_t count, sgan_real *dst);

/* dst [n] is a permutation of 0 .. n - 1 (Fisher and Yates). It takes no context: it is one chain of swaps, without
 * kernels, threads or scratch. SGAN_EINVAL: n is over 2^32. */
SGAN_API sgan_status sgan_random_permutation(uint64_t seed, uint32_t stream, uint64_t step, size_t n, uint32_t *dst);

#ifdef __cplusplus
}
#endif
#endif

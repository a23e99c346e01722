/* Operations over a whole batch: the kernels, spread over the context's threads.
 *
 * Tensors are channels last. Where a result sums over the batch, the batch is
 * cut into `slices` (slice s of S holds images [n s/S, n (s+1)/S)), chunks
 * inside a slice depend on the shape alone, and partial sums are added in
 * order: the same bits for any number of threads. */
#ifndef SGAN_OPS_H
#define SGAN_OPS_H

#include <sgan/conv.h>
#include <sgan/gemm.h>

#include "kernels/kernels.h"

/* First image of slice s. */
size_t sgan_slice_begin(size_t n, size_t slices, size_t s);

/* dst = act(src), count elements; and its gradient from the result dst: diff_src = diff_dst * act'. In place is
 * allowed. */
void sgan_act_forward(sgan_ctx *ctx, size_t count, const real *src, sgan_act act, real slope, real *dst);
void sgan_act_backward(sgan_ctx *ctx, size_t count, const real *dst, const real *diff_dst, sgan_act act, real slope,
                       real *diff_src);

/* dst += src. */
void sgan_add(sgan_ctx *ctx, size_t count, const real *src, real *dst);

/* diff_bias[c] (+)= sum over n images of `pixels` rows of diff[n, pixels, channels]. */
sgan_status sgan_bias_backward(sgan_ctx *ctx, size_t n, size_t pixels, size_t channels, size_t slices, const real *diff,
                               bool accumulate, real *diff_bias);

/* Batch normalisation followed by an activation (Ioffe and Szegedy, 2015, algorithms 1 and 2). */
struct sgan_bn {
	size_t channels;
	size_t slices;
	real epsilon; /* inside the root */
	sgan_act act;
	real slope;
};

/* dst = act(gain * (src - mean) / sqrt(var + epsilon) + shift) with the batch's mean and biased
 * variance over [n, pixels]; mean[] and inv_std[] are kept for the backward pass. With running
 * statistics (both or neither NULL): r = (1 - momentum) r + momentum * batch, the variance scaled
 * by n / (n - 1) first, n the number of images (reference implementation's choice, for 4-D too). */
sgan_status sgan_bn_forward_train(sgan_ctx *ctx, const struct sgan_bn *bn, size_t n, size_t pixels, const real *src,
                                  const real *gain, const real *shift, real *mean, real *inv_std, real momentum,
                                  real *running_mean, real *running_var, real *dst);

/* The same with given statistics. */
sgan_status sgan_bn_forward_infer(sgan_ctx *ctx, const struct sgan_bn *bn, size_t n, size_t pixels, const real *src,
                                  const real *gain, const real *shift, const real *running_mean,
                                  const real *running_var, real *dst);

/* Gradients of sgan_bn_forward_train through activation and statistics; dst is its result. diff_gain and
 * diff_shift are added to, or both NULL; diff_src may be diff_dst. */
sgan_status sgan_bn_backward(sgan_ctx *ctx, const struct sgan_bn *bn, size_t n, size_t pixels, const real *src,
                             const real *dst, const real *diff_dst, const real *gain, const real *mean,
                             const real *inv_std, real *diff_gain, real *diff_shift, real *diff_src);

/* Gradient of sgan_bn_forward_infer with respect to src alone. */
sgan_status sgan_bn_backward_infer(sgan_ctx *ctx, const struct sgan_bn *bn, size_t n, size_t pixels, const real *dst,
                                   const real *diff_dst, const real *gain, const real *running_var, real *diff_src);

/* Max pooling over windows of size x size that do not overlap; which [n, h/size, w/size, channels]. */
void sgan_maxpool_forward(sgan_ctx *ctx, size_t n, size_t h, size_t w, size_t channels, size_t size, const real *src,
                          real *dst, uint8_t *which);
void sgan_maxpool_backward(sgan_ctx *ctx, size_t n, size_t h, size_t w, size_t channels, size_t size,
                           const real *diff_dst, const uint8_t *which, real *diff_src);

/* dst [rows, a + b] = a [rows, a] beside b [rows, b]; and the way back, either of diff_a, diff_b may be NULL. */
void sgan_concat_forward(sgan_ctx *ctx, size_t rows, size_t channels_a, const real *a, size_t channels_b, const real *b,
                         real *dst);
void sgan_concat_backward(sgan_ctx *ctx, size_t rows, size_t channels_a, real *diff_a, size_t channels_b, real *diff_b,
                          const real *diff_dst);

/* Losses: the mean over rows (and, for the last two, elements) is returned; its gradient times `weight` is
 * ADDED to diff (NULL: none). */
/* logits [n, classes], labels [n] */
sgan_status sgan_softmax_cross_entropy(sgan_ctx *ctx, size_t n, size_t classes, size_t slices, const real *logits,
                                       const uint8_t *labels, real weight, double *loss, real *diff);
/* logits [n], one target for all: binary cross-entropy of the logistic function */
sgan_status sgan_bce_logits(sgan_ctx *ctx, size_t n, size_t slices, const real *logits, real target, real weight,
                            double *loss, real *diff);
/* x, target [n, channels] */
sgan_status sgan_mean_squared_error(sgan_ctx *ctx, size_t n, size_t channels, size_t slices, const real *x,
                                    const real *target, real weight, double *loss, real *diff);

struct sgan_adam {
	double lr, beta1, beta2, epsilon; /* epsilon inside the root */
};
/* One step (t counts from 1) over one parameter tensor. */
void sgan_adam_step(sgan_ctx *ctx, const struct sgan_adam *adam, uint64_t t, size_t count, const real *grad, real *m,
                    real *v, real *param);

/* Uniform in [0, 1) and standard normal numbers; see kernels.def. */
void sgan_random_uniform(sgan_ctx *ctx, uint64_t seed, uint32_t stream, uint64_t step, size_t count, real *dst);
void sgan_random_normal(sgan_ctx *ctx, uint64_t seed, uint32_t stream, uint64_t step, size_t count, real *dst);

/* A permutation of 0 .. n-1 (Fisher-Yates) from the same generator. */
void sgan_random_permutation(uint64_t seed, uint32_t stream, uint64_t step, size_t n, uint32_t *dst);

#endif

/* The inside of batch normalisation: bn.c checks calls and puts them in order, bn_sums.c sums over the batch,
 * bn_apply.c goes over its values. */
#ifndef SGAN_OPS_BN_H
#define SGAN_OPS_BN_H

#include "src/ops/chunks.h"
#include "src/ops/ops.h"

struct bn_job {
	const struct sgan_kernels *kernels;
	const sgan_bn *bn;
	struct row_chunks chunks;
	const real *src, *diff_dst;     /* [n, pixels, channels] */
	const real *mean, *inv_std;     /* [channels]: the batch's */
	real *dst;                      /* [n, pixels, channels]: dst, or diff_src */
	bool bypass;                    /* dst is too large to stay cached */
	double *total_a, *total_b;      /* [channels] each: of the batch, its mean and m2 (the sum of squared distances from
	                                 * it), or the sums of g and of g xhat */
	double *slices;                 /* [slices][2][channels]: the same of each slice */
	real *chunks_a, *chunks_b;      /* [chunks of the range][channels] each */
	/* Called for each channel's totals when they are there, some channels at a time, side by side; or NULL. */
	void (*finish)(const struct bn_job *job, const void *arg, size_t first, size_t channels);
	const void *finish_arg;
	real *scale, *shift;            /* [channels]: dst = act(src * scale + shift) */
	real *coef_a, *coef_b, *coef_d; /* [channels]: diff_src = a g + b src + d, g the gradient of act's argument */
};

/* Statistics of src over the batch: total_a, total_b = mean, m2. Needs src. */
sgan_status sgan_bn_statistics(sgan_ctx *ctx, struct bn_job *job);

/* Sums over the batch: total_a, total_b = sum of g, of g xhat. Needs src, diff_dst, mean, inv_std, scale, shift. */
sgan_status sgan_bn_gradient_sums(sgan_ctx *ctx, struct bn_job *job);

/* scale and shift of some channels from the batch's statistics, the same bits forward and backward; from running ones. */
void sgan_bn_scale_by_batch(const struct bn_job *job, size_t first, size_t channels, const real *gain, const real *shift,
                            const real *mean, const real *inv_std);
void sgan_bn_scale_by_running(const struct bn_job *job, const real *gain, const real *shift, const real *running_mean,
                              const real *running_var);

/* The range's images: dst = act(src * scale + shift). */
void sgan_bn_apply(sgan_ctx *ctx, struct bn_job *job);

/* coef_a, _b and _d of some channels, with the gradient's sums. */
void sgan_bn_gradient_coefficients(const struct bn_job *job, size_t first, size_t channels, const real *gain);

/* The range's images: diff_src, with these coefficients; or with statistics that are constants. */
void sgan_bn_apply_gradient(sgan_ctx *ctx, struct bn_job *job);
void sgan_bn_apply_gradient_infer(sgan_ctx *ctx, struct bn_job *job);

#endif

/* Gaussians fitted to features, and the Fréchet distance between two (Heusel et al., NIPS 2017): with Inception's
 * features that is FID; with another network's it is that network's Fréchet distance. */
#ifndef SGAN_METRICS_GAUSSIAN_H
#define SGAN_METRICS_GAUSSIAN_H

#include "src/cpu/real.h"

struct sgan_gaussian {
	size_t size;
	double *mean;       /* [size] */
	double *covariance; /* [size, size] */
};

/* Mean and unbiased covariance of features [count, size], summed in double. The caller ends it with sgan_gaussian_free.
 * The same bits for any number of threads. SGAN_EINVAL: fewer than two rows; SGAN_ENOMEM. */
sgan_status sgan_gaussian_fit(sgan_ctx *ctx, size_t count, size_t size, const real *features,
                              struct sgan_gaussian *gaussian);
void sgan_gaussian_free(struct sgan_gaussian *gaussian);

/* |m_a - m_b|^2 + tr(S_a + S_b - 2 (S_a^1/2 S_b S_a^1/2)^1/2). Covariances may be singular.
 * SGAN_EINVAL: the sizes differ; SGAN_EUNSUPPORTED: LAPACK's eigenvalues are wrong or did not converge; SGAN_ENOMEM. */
sgan_status sgan_frechet_distance(sgan_ctx *ctx, const struct sgan_gaussian *a, const struct sgan_gaussian *b,
                                  double *distance);

#endif

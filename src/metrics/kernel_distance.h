/* The kernel distance of two sets of features: the squared maximum mean discrepancy under a cubic kernel, with
 * Inception's features known as KID (Bińkowski et al., ICLR 2018). */
#ifndef SGAN_METRICS_KERNEL_DISTANCE_H
#define SGAN_METRICS_KERNEL_DISTANCE_H

#include "src/cpu/real.h"
#include "src/metrics/estimate.h"

enum { SGAN_KERNEL_SUBSETS = 100, SGAN_KERNEL_SUBSET_SIZE = 1000 }; /* the paper's */

/* The unbiased estimate, which may be below 0, with k(x, y) = (x'y / size + 1)^3, of SGAN_KERNEL_SUBSETS pairs of
 * random subsets, drawn without repetition, of SGAN_KERNEL_SUBSET_SIZE rows, or as many as the smaller set has: their
 * mean and standard deviation. a [a_count, size], b [b_count, size]. Subsets follow from `seed`. The same bits for any
 * number of threads. SGAN_EINVAL: a set has fewer than two rows; SGAN_ENOMEM. */
sgan_status sgan_kernel_distance(sgan_ctx *ctx, size_t a_count, const real *a, size_t b_count, const real *b,
                                 size_t size, uint64_t seed, struct sgan_estimate *distance);

#endif

/* Squared Euclidean distances between all rows of two sets, block by block as matrix products: |x - y|^2 =
 * |x|^2 + |y|^2 - 2 x'y. */
#ifndef SGAN_METRICS_DISTANCES_H
#define SGAN_METRICS_DISTANCES_H

#include "src/cpu/real.h"

/* Rows of `size` values: features as they are, or pixels as bytes, whose values are bytes / 255. */
struct sgan_rows {
	size_t count, size;
	const real *values;   /* [count, size], or NULL: */
	const uint8_t *bytes; /* [count, size] */
};

/* Told, for a row of the first set, its squared distances from rows first .. first + count - 1 of the second, in
 * ascending order of `first`; by any thread, but for each row by one at a time. */
typedef void sgan_distances_take(void *arg, size_t row, size_t first, size_t count, const real *squares);

/* Calls `take` for all pairs. Distances are as exact as products of floats are: some 1e-6 of |x|^2 + |y|^2; never below
 * 0. The same for any number of threads. SGAN_EINVAL: the sizes differ; SGAN_ENOMEM. */
sgan_status sgan_distances(sgan_ctx *ctx, const struct sgan_rows *a, const struct sgan_rows *b,
                           sgan_distances_take *take, void *arg);

/* One of them, in double. */
double sgan_distance_squared(const struct sgan_rows *a, size_t row, const struct sgan_rows *b, size_t other);

/* The mean distance (not squared) of two different rows, 0 where there are fewer than two: the diversity of a set. */
sgan_status sgan_mean_distance(sgan_ctx *ctx, const struct sgan_rows *points, double *mean);

#endif

/* Nearest neighbours of rows, and what is told by them: improved precision and recall (Kynkäänniemi et al., NeurIPS
 * 2019), and whether rows lie closer to their nearest neighbours than those to theirs. */
#ifndef SGAN_METRICS_NEIGHBOURS_H
#define SGAN_METRICS_NEIGHBOURS_H

#include "src/metrics/distances.h"

enum { SGAN_NEIGHBOURS_MAX = 8 };

/* The k nearest rows of b to each row of a, nearest first, the first of equals: their numbers in index [a->count, k]
 * and squared distances, in double, in squares [a->count, k]. self [a->count]: a row of b that is none of a row's
 * neighbours, being the row itself; NULL: all may be. SGAN_EINVAL: k is not 1 to SGAN_NEIGHBOURS_MAX, or b has no k
 * rows besides; SGAN_ENOMEM. */
sgan_status sgan_nearest_rows(sgan_ctx *ctx, const struct sgan_rows *a, const struct sgan_rows *b, const size_t *self,
                              size_t k, size_t *index, double *squares);

/* The share of rows of a that lie within the ball of a row of b, which reaches to that row's k-th neighbour in b: of
 * samples a in real images b, precision; of real images a in samples b, recall. */
sgan_status sgan_covered(sgan_ctx *ctx, const struct sgan_rows *a, const struct sgan_rows *b, size_t k, double *share);

/* The share of rows of a whose nearest row of b is nearer to them than to any other of b: where b is what a model was
 * trained on and a its samples, those that are nearer to a training image than real images are to each other. What is
 * blurred is so, too, without being known by heart. distance: of rows of a from their nearest rows of b, the mean. */
sgan_status sgan_closer(sgan_ctx *ctx, const struct sgan_rows *a, const struct sgan_rows *b, double *share,
                        double *distance);

#endif

/* The Inception score's formula (Salimans et al., NIPS 2016, section 4), on any classifier's probabilities. Its values
 * mean something only beside the classifier's name. */
#ifndef SGAN_METRICS_INCEPTION_SCORE_H
#define SGAN_METRICS_INCEPTION_SCORE_H

#include "src/cpu/real.h"
#include "src/metrics/estimate.h"

/* exp of the mean over images of KL(p(y|x) || p(y)), p(y) the mean of p(y|x), in each of `splits` parts of the images
 * that follow one another: their mean and standard deviation. probabilities [count, classes], each row sums to 1.
 * SGAN_EINVAL: there are fewer images than splits, or no split. */
sgan_status sgan_inception_score(size_t count, size_t classes, const real *probabilities, size_t splits,
                                 struct sgan_estimate *score);

#endif

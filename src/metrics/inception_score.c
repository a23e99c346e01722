/* Class probabilities to one number: how sure of each image, how varied in all.
 * It must not know whose probabilities they are. */
#include "src/metrics/inception_score.h"

#include <math.h>
#include <stdlib.h>

#include "src/cpu/status.h"

/* The sum over classes of p log(p / q): 0 where p is. */
static double divergence(size_t classes, const real *p, const double *q)
{
	double sum = 0;
	for (size_t c = 0; c < classes; c++)
		if (p[c] > 0)
			sum += (double)p[c] * log((double)p[c] / q[c]);
	return sum;
}

static double score_part(size_t count, size_t classes, const real *p, double *marginal)
{
	double sum = 0;
	for (size_t c = 0; c < classes; c++)
		marginal[c] = 0;
	for (size_t i = 0; i < count; i++)
		for (size_t c = 0; c < classes; c++)
			marginal[c] += (double)p[i * classes + c] / (double)count;
	for (size_t i = 0; i < count; i++)
		sum += divergence(classes, p + i * classes, marginal);
	return exp(sum / (double)count);
}

sgan_status sgan_inception_score(size_t count, size_t classes, const real *probabilities, size_t splits,
                                 struct sgan_estimate *score)
{
	if (splits == 0 || count < splits)
		return sgan_fail(SGAN_EINVAL, "Inception score: %zu images in %zu splits", count, splits);
	double *marginal = calloc(classes + splits, sizeof *marginal), *scores = marginal + classes;
	if (marginal == NULL)
		return sgan_fail(SGAN_ENOMEM, "Inception score: no memory");
	for (size_t s = 0; s < splits; s++) {
		const size_t begin = count * s / splits, end = count * (s + 1) / splits;
		scores[s] = score_part(end - begin, classes, probabilities + begin * classes, marginal);
	}
	*score = sgan_estimate_of(splits, scores);
	free(marginal);
	return SGAN_OK;
}

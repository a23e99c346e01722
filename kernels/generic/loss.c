/* Losses over rows of scores, in portable C: each adds its value to a double and
 * its gradient to diff. Averages and slices are the caller's. */
#include <tgmath.h>

#include "kernels/generic/set.h"

static double log_sum_exp(size_t count, const real *x, real *largest)
{
	double sum = 0;

	*largest = x[0];
	for (size_t i = 1; i < count; i++)
		if (x[i] > *largest)
			*largest = x[i];
	for (size_t i = 0; i < count; i++)
		sum += exp((double)(x[i] - *largest));
	return log(sum);
}

void SGAN_SYMBOL(softmax_cross_entropy__generic)(size_t rows, size_t classes, const real *logits, const uint32_t *labels,
                                                 real scale, double *loss, real *diff)
{
	for (size_t r = 0; r < rows; r++) {
		const real *x = logits + r * classes;
		real largest;
		double log_sum = log_sum_exp(classes, x, &largest);
		*loss += log_sum - (double)(x[labels[r]] - largest);
		if (!diff)
			continue;
		for (size_t c = 0; c < classes; c++) {
			real p = (real)exp((double)(x[c] - largest) - log_sum);
			diff[r * classes + c] += scale * (c == labels[r] ? p - 1 : p);
		}
	}
}

/* log(1 + exp(x)) - t x without overflow, and without cancelling what a good score leaves. */
static double bce(double x, double t)
{
	return (x > 0 ? x : 0) - t * x + log1p(exp(-fabs(x)));
}

void SGAN_SYMBOL(bce_logits__generic)(size_t count, const real *logits, real target, real scale, double *loss,
                                      real *diff)
{
	for (size_t i = 0; i < count; i++) {
		double x = (double)logits[i];
		*loss += bce(x, (double)target);
		if (diff)
			diff[i] += scale * ((real)(1 / (1 + exp(-x))) - target);
	}
}

void SGAN_SYMBOL(bce_classes__generic)(size_t rows, size_t classes, const real *logits, real target, real scale,
                                       double *loss, real *diff)
{
	for (size_t r = 0; r < rows; r++) {
		const real *x = logits + r * classes;
		real largest;
		double z = log_sum_exp(classes, x, &largest);
		z += (double)largest;
		*loss += bce(z, (double)target);
		for (size_t c = 0; diff && c < classes; c++)
			diff[r * classes + c] += scale * ((real)(1 / (1 + exp(-z))) - target) * (real)exp((double)x[c] - z);
	}
}

void SGAN_SYMBOL(squared_error__generic)(size_t count, const real *x, const real *target, real scale, double *loss,
                                         real *diff)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++) {
		double d = (double)x[i] - (double)target[i];
		sum += d * d;
		if (diff)
			diff[i] += scale * (2 * (x[i] - target[i]));
	}
	*loss += sum;
}

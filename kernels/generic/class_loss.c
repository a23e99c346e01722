/* The loss of a discriminator with an output for each class, in portable C. */
#include "kernels/functions.h"

#include <math.h>

/* Z = log sum exp x without overflow. */
static double log_sum_exp(size_t count, const real *x)
{
	double largest = (double)x[0], sum = 0;

	for (size_t i = 1; i < count; i++)
		largest = (double)x[i] > largest ? (double)x[i] : largest;
	for (size_t i = 0; i < count; i++)
		sum += exp((double)x[i] - largest);
	return largest + log(sum);
}

void SGAN_SYMBOL(bce_classes__generic)(size_t rows, size_t classes, const real *logits, real target, real scale,
                                       double *loss, real *diff)
{
	for (size_t r = 0; r < rows; r++) {
		const real *x = logits + r * classes;
		double z = log_sum_exp(classes, x);
		*loss += ((z > 0 ? z : 0) - (double)target * z) + log1p(exp(-fabs(z)));
		for (size_t c = 0; diff && c < classes; c++)
			diff[r * classes + c] += scale * ((real)(1 / (1 + exp(-z))) - target) * (real)exp((double)x[c] - z);
	}
}

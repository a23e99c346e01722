/* A mean and a standard deviation. */
#include "src/metrics/estimate.h"

#include <math.h>

struct sgan_estimate sgan_estimate_of(size_t count, const double *values)
{
	struct sgan_estimate e = { 0, 0 };
	double squares = 0;
	for (size_t i = 0; i < count; i++)
		e.mean += values[i] / (double)count;
	for (size_t i = 0; i < count; i++)
		squares += (values[i] - e.mean) * (values[i] - e.mean);
	e.std = sqrt(squares / (double)count);
	return e;
}

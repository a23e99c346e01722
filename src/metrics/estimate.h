/* A mean over parts of the data, and how far the parts are spread around it. */
#ifndef SGAN_METRICS_ESTIMATE_H
#define SGAN_METRICS_ESTIMATE_H

#include <stddef.h>

struct sgan_estimate {
	double mean, std; /* std: the root of the mean squared distance from the mean, as numpy's */
};

/* Of values [count], count at least 1. */
struct sgan_estimate sgan_estimate_of(size_t count, const double *values);

#endif

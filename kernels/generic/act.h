/* Activations of one value, as every generic kernel applies them. */
#ifndef SGAN_KERNELS_GENERIC_ACT_H
#define SGAN_KERNELS_GENERIC_ACT_H

#include <tgmath.h>

#include "kernels/kernels.h"

static inline real act_value(real x, sgan_act act, real slope)
{
	switch (act) {
	case SGAN_ACT_RELU:
		return x < 0 ? 0 : x; /* which leaves what is not a number as it is */
	case SGAN_ACT_LRELU:
		return x > 0 ? x : slope * x;
	case SGAN_ACT_SIGMOID:
		return 1 / (1 + exp(-x));
	default:
		return x;
	}
}

/* diff * act', the derivative taken from the activation's result y. Where y is not a number, ReLU passes diff on and
 * leaky ReLU scales it by the slope, as PyTorch has it. */
static inline real act_gradient(real y, real diff, sgan_act act, real slope)
{
	switch (act) {
	case SGAN_ACT_RELU:
		return y <= 0 ? 0 : diff;
	case SGAN_ACT_LRELU:
		return y > 0 ? diff : slope * diff;
	case SGAN_ACT_SIGMOID:
		return diff * (y * (1 - y));
	default:
		return diff;
	}
}

#endif

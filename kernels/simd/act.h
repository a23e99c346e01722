/* Activations of a vector, as kernels/generic/act.h has them for one value: bit for
 * bit, but for the logistic function, whose exp is SLEEF's. */
#ifndef SGAN_KERNELS_SIMD_ACT_H
#define SGAN_KERNELS_SIMD_ACT_H

#include "kernels/kernels.h"

#define SIMD_INLINE static inline __attribute__((always_inline))

SIMD_INLINE vec vec_act(vec x, sgan_act act, vec slope)
{
	if (act == SGAN_ACT_RELU)
		return vec_relu(x);
	if (act == SGAN_ACT_LRELU)
		return vec_leak(x, x, slope);
	if (act == SGAN_ACT_SIGMOID)
		return vec_div(vec_set(1), vec_add(vec_set(1), vec_exp(vec_sub(vec_zero(), x))));
	return x;
}

/* diff * act' from the activation's result y */
SIMD_INLINE vec vec_act_gradient(vec y, vec diff, sgan_act act, vec slope)
{
	if (act == SGAN_ACT_RELU)
		return vec_pass(y, diff);
	if (act == SGAN_ACT_LRELU)
		return vec_leak(y, diff, slope);
	if (act == SGAN_ACT_SIGMOID)
		return vec_mul(diff, vec_mul(y, vec_sub(vec_set(1), y)));
	return diff;
}

/* A vector of a row's n values from p on: whole, or its first n lanes. */
SIMD_INLINE vec vec_load_n(const float *p, size_t n)
{
	return n >= VEC ? vec_load(p) : vec_load_part(p, vec_first(n));
}

SIMD_INLINE void vec_store_n(float *p, vec x, size_t n)
{
	if (n >= VEC)
		vec_store(p, x);
	else
		vec_store_part(p, x, vec_first(n));
}

/* Calls f with the activation as a constant, so that each loop has only its own. */
#define SIMD_EACH_ACT(act, f)      \
	switch (act) {                 \
	case SGAN_ACT_RELU:            \
		f(SGAN_ACT_RELU);          \
		break;                     \
	case SGAN_ACT_LRELU:           \
		f(SGAN_ACT_LRELU);         \
		break;                     \
	case SGAN_ACT_SIGMOID:         \
		f(SGAN_ACT_SIGMOID);       \
		break;                     \
	default:                       \
		f(SGAN_ACT_NONE);          \
	}

#endif

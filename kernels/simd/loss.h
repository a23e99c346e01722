/* Losses over rows of scores; kernels.def says what. Values are summed in double, lane by lane and then over the
 * lanes, so that a sum's order follows from the shape alone; exp and log are SLEEF's. */
#include <math.h>

#include "kernels/simd/act.h"

SIMD_INLINE float largest_of(size_t count, const float *x)
{
	vec largest = vec_set(x[0]);

	for (size_t i = 0; i < count; i += VEC) {
		vec value = vec_choose(vec_first(count - i), vec_load_n(x + i, count - i), largest);
		largest = vec_if_greater(value, largest, value, largest);
	}
	return vec_largest(largest);
}

/* exp(x - largest) in the first n lanes, 0 in the others. */
SIMD_INLINE vec exp_from(const float *x, size_t n, float largest)
{
	return vec_choose(vec_first(n), vec_exp(vec_sub(vec_load_n(x, n), vec_set(largest))), vec_zero());
}

SIMD_INLINE double exp_sum(size_t count, const float *x, float largest)
{
	vec_total total = vec_total_zero();

	for (size_t i = 0; i < count; i += VEC)
		total = vec_total_add(total, exp_from(x + i, count - i, largest), vec_set(1));
	return vec_total_value(total);
}

void SGAN_SYMBOL(VEC_ISA(softmax_cross_entropy))(size_t rows, size_t classes, const real *logits,
                                                 const uint32_t *labels, real scale, double *loss, real *diff)
{
	for (size_t r = 0; r < rows; r++) {
		const float *x = logits + r * classes;
		float largest = largest_of(classes, x);
		double sum = exp_sum(classes, x, largest);
		vec factor = vec_set((float)(1 / sum));
		*loss += log(sum) - (double)(x[labels[r]] - largest);
		if (!diff)
			continue;
		for (size_t c = 0; c < classes; c += VEC) {
			size_t left = classes - c;
			float *to = diff + r * classes + c;
			vec p = vec_mul(exp_from(x + c, left, largest), factor);
			vec_store_n(to, vec_add(vec_load_n(to, left), vec_mul(vec_set(scale), p)), left);
		}
		diff[r * classes + labels[r]] -= scale;
	}
}

/* log(1 + exp(x)) - t x as (max(x, 0) - t x) + log(1 + exp(-|x|)), in double: nothing overflows, and nothing cancels
 * what a good score leaves. Lanes from n on give 0. */
SIMD_INLINE vec_total bce_values(vec x, vec minus_abs, vec minus_t, size_t n)
{
	vec_total rest = vec_total_add(vec_widen(vec_if_positive(x, x, vec_zero())), x, minus_t);
	vec exponent = vec_choose(vec_first(n), minus_abs, vec_set(-INFINITY));

	return vec_total_sum(rest, vec_total_log1p(vec_total_exp(vec_widen(exponent))));
}

void SGAN_SYMBOL(VEC_ISA(bce_logits))(size_t count, const real *logits, real target, real scale, double *loss,
                                      real *diff)
{
	vec one = vec_set(1), t = vec_set(target), s = vec_set(scale);
	vec_total total = vec_total_zero();

	for (size_t i = 0; i < count; i += VEC) {
		size_t left = count - i;
		vec x = vec_load_n(logits + i, left);
		vec minus_abs = vec_if_positive(x, vec_sub(vec_zero(), x), x);
		total = vec_total_sum(total, bce_values(x, minus_abs, vec_set(-target), left));
		if (diff) {
			vec e = vec_exp(minus_abs), logistic = vec_div(vec_if_positive(x, one, e), vec_add(one, e));
			vec_store_n(diff + i, vec_add(vec_load_n(diff + i, left), vec_mul(s, vec_sub(logistic, t))), left);
		}
	}
	*loss += vec_total_value(total);
}

/* With Z = log sum exp x: log(1 + exp(Z)) - t Z, in double, once a row. */
SIMD_INLINE double class_loss(double z, double t)
{
	return ((z > 0 ? z : 0) - t * z) + log1p(exp(-fabs(z)));
}

void SGAN_SYMBOL(VEC_ISA(bce_classes))(size_t rows, size_t classes, const real *logits, real target, real scale,
                                       double *loss, real *diff)
{
	for (size_t r = 0; r < rows; r++) {
		const float *x = logits + r * classes;
		float largest = largest_of(classes, x);
		double sum = exp_sum(classes, x, largest), z = (double)largest + log(sum);
		vec factor = vec_set((float)((double)scale * (1 / (1 + exp(-z)) - (double)target) / sum));
		*loss += class_loss(z, (double)target);
		for (size_t c = 0; diff && c < classes; c += VEC) {
			size_t left = classes - c;
			float *to = diff + r * classes + c;
			vec_store_n(to, vec_add(vec_load_n(to, left), vec_mul(factor, exp_from(x + c, left, largest))), left);
		}
	}
}

void SGAN_SYMBOL(VEC_ISA(squared_error))(size_t count, const real *x, const real *target, real scale, double *loss,
                                         real *diff)
{
	vec two = vec_set(2), s = vec_set(scale);
	vec_total total = vec_total_zero();

	for (size_t i = 0; i < count; i += VEC) {
		size_t left = count - i;
		vec d = vec_sub(vec_load_n(x + i, left), vec_load_n(target + i, left));
		total = vec_total_add(total, d, d);
		if (diff)
			vec_store_n(diff + i, vec_add(vec_load_n(diff + i, left), vec_mul(s, vec_mul(two, d))), left);
	}
	*loss += vec_total_value(total);
}

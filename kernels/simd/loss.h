/* Losses over rows of scores; kernels.def says what. Values are computed in float, with SLEEF's functions, and
 * summed in double, lane by lane and then over the lanes, so that a sum's order follows from the shape alone. */
#include "kernels/simd/act.h"

#include <math.h>

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
                                                 const uint8_t *labels, real scale, double *loss, real *diff)
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

/* log(1 + exp(x)) - t x is (max(x, 0) - t x) + log(1 + exp(-|x|)): nothing overflows, and nothing cancels with
 * targets in [0, 1]. The logistic function takes the same exp(-|x|). */
void SGAN_SYMBOL(VEC_ISA(bce_logits))(size_t count, const real *logits, real target, real scale, double *loss,
                                      real *diff)
{
	vec one = vec_set(1), t = vec_set(target), s = vec_set(scale);
	vec_total total = vec_total_zero();

	for (size_t i = 0; i < count; i += VEC) {
		size_t left = count - i;
		vec x = vec_load_n(logits + i, left);
		vec e = vec_exp(vec_if_positive(x, vec_sub(vec_zero(), x), x));
		vec rest = vec_sub(vec_if_positive(x, x, vec_zero()), vec_mul(t, x));
		total = vec_total_add(total, vec_choose(vec_first(left), vec_add(rest, vec_log1p(e)), vec_zero()), one);
		if (diff) {
			vec logistic = vec_div(vec_if_positive(x, one, e), vec_add(one, e));
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

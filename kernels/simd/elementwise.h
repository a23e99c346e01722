/* Element by element; kernels.def says what. The same operations in the same order
 * as the generic kernels, none fused, so that the bits are the same (the logistic
 * function's apart: see act.h). */
#include "kernels/simd/act.h"

SIMD_INLINE void act_loop(size_t count, const float *src, sgan_act act, float slope, float *dst)
{
	vec s = vec_set(slope);

	for (size_t i = 0; i < count; i += VEC)
		vec_store_n(dst + i, vec_act(vec_load_n(src + i, count - i), act, s), count - i);
}

void SGAN_SYMBOL(VEC_ISA(act))(size_t count, const real *src, sgan_act act, real slope, real *dst)
{
#define LOOP(which) act_loop(count, src, which, slope, dst)
	SIMD_EACH_ACT(act, LOOP)
#undef LOOP
}

SIMD_INLINE void act_grad_loop(size_t count, const float *dst, const float *diff_dst, sgan_act act, float slope,
                               float *diff_src)
{
	vec s = vec_set(slope);

	for (size_t i = 0; i < count; i += VEC) {
		vec y = vec_load_n(dst + i, count - i);
		vec d = vec_load_n(diff_dst + i, count - i);
		vec_store_n(diff_src + i, vec_act_gradient(y, d, act, s), count - i);
	}
}

void SGAN_SYMBOL(VEC_ISA(act_grad))(size_t count, const real *dst, const real *diff_dst, sgan_act act, real slope,
                                    real *diff_src)
{
#define LOOP(which) act_grad_loop(count, dst, diff_dst, which, slope, diff_src)
	SIMD_EACH_ACT(act, LOOP)
#undef LOOP
}

void SGAN_SYMBOL(VEC_ISA(add))(size_t count, const real *src, real *dst)
{
	for (size_t i = 0; i < count; i += VEC)
		vec_store_n(dst + i, vec_add(vec_load_n(dst + i, count - i), vec_load_n(src + i, count - i)), count - i);
}

/* Rows of up to a vector are the common case: channels of one tile. */
SIMD_INLINE void copy_narrow(size_t rows, size_t n, const float *src, ptrdiff_t ld_src, float *dst, ptrdiff_t ld_dst)
{
	vec_mask mask = vec_first(n);

	for (size_t r = 0; r < rows; r++, src += ld_src, dst += ld_dst)
		vec_store_part(dst, vec_load_part(src, mask), mask);
}

void SGAN_SYMBOL(VEC_ISA(copy))(size_t rows, size_t n, const real *src, ptrdiff_t ld_src, real *dst, ptrdiff_t ld_dst)
{
	if (n <= VEC) {
		copy_narrow(rows, n, src, ld_src, dst, ld_dst);
		return;
	}
	size_t last = (n - 1) / VEC * VEC;
	vec_mask mask = vec_first(n - last);
	for (size_t r = 0; r < rows; r++, src += ld_src, dst += ld_dst) {
		for (size_t c = 0; c < last; c += VEC)
			vec_store(dst + c, vec_load(src + c));
		vec_store_part(dst + last, vec_load_part(src + last, mask), mask);
	}
}

void SGAN_SYMBOL(VEC_ISA(adam))(size_t count, real lr, real beta1, real beta2, real eps, real eps_root, real c1,
                                real c2, const real *grad, real *m, real *v, real *param)
{
	vec b1 = vec_set(beta1), one_b1 = vec_set(1 - beta1), b2 = vec_set(beta2), one_b2 = vec_set(1 - beta2);
	vec k1 = vec_set(c1), k2 = vec_set(c2), rate = vec_set(lr), epsilon = vec_set(eps);
	vec root_epsilon = vec_set(eps_root);

	for (size_t i = 0; i < count; i += VEC) {
		size_t left = count - i;
		vec g = vec_load_n(grad + i, left);
		vec mean = vec_add(vec_mul(b1, vec_load_n(m + i, left)), vec_mul(one_b1, g));
		vec square = vec_add(vec_mul(b2, vec_load_n(v + i, left)), vec_mul(one_b2, vec_mul(g, g)));
		vec root = vec_add(vec_sqrt(vec_add(vec_mul(k2, square), epsilon)), root_epsilon);
		vec step = vec_div(vec_mul(rate, vec_mul(k1, mean)), root);
		vec_store_n(m + i, mean, left);
		vec_store_n(v + i, square, left);
		vec_store_n(param + i, vec_sub(vec_load_n(param + i, left), step), left);
	}
}

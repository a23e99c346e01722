/* Element by element: activations, sums and the optimiser's step, in portable C.
 * The vector sets give the same bits, but for the logistic function: they use the
 * same operations in the same order and fuse nothing. */
#include "kernels/generic/set.h"
#include "kernels/generic/act.h"

void SGAN_SYMBOL(act__generic)(size_t count, const real *src, sgan_act act, real slope, real *dst)
{
	for (size_t i = 0; i < count; i++)
		dst[i] = act_value(src[i], act, slope);
}

void SGAN_SYMBOL(act_grad__generic)(size_t count, const real *dst, const real *diff_dst, sgan_act act, real slope,
                                    real *diff_src)
{
	for (size_t i = 0; i < count; i++)
		diff_src[i] = act_gradient(dst[i], diff_dst[i], act, slope);
}

void SGAN_SYMBOL(add__generic)(size_t count, const real *src, real *dst)
{
	for (size_t i = 0; i < count; i++)
		dst[i] += src[i];
}

void SGAN_SYMBOL(copy__generic)(size_t rows, size_t n, const real *src, ptrdiff_t ld_src, real *dst, ptrdiff_t ld_dst)
{
	for (ptrdiff_t r = 0; r < (ptrdiff_t)rows; r++)
		for (size_t c = 0; c < n; c++)
			dst[r * ld_dst + (ptrdiff_t)c] = src[r * ld_src + (ptrdiff_t)c];
}

void SGAN_SYMBOL(col_sum__generic)(size_t rows, size_t channels, const real *src, size_t ld, bool accumulate, real *sum)
{
	for (size_t c = 0; c < channels && !accumulate; c++)
		sum[c] = 0;
	for (size_t r = 0; r < rows; r++)
		for (size_t c = 0; c < channels; c++)
			sum[c] += src[r * ld + c];
}

void SGAN_SYMBOL(adam__generic)(size_t count, real lr, real beta1, real beta2, real eps, real eps_root, real c1,
                                real c2, const real *grad, real *m, real *v, real *param)
{
	for (size_t i = 0; i < count; i++) {
		real g = grad[i];
		m[i] = beta1 * m[i] + (1 - beta1) * g;
		v[i] = beta2 * v[i] + (1 - beta2) * (g * g);
		param[i] -= lr * (c1 * m[i]) / (sqrt(c2 * v[i] + eps) + eps_root);
	}
}

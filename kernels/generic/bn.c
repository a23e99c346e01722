/* Batch normalisation over the rows of one chunk, in portable C. Combining the
 * chunks' statistics is not done here (src/ops/bn.c). */
#include "kernels/generic/set.h"
#include "kernels/generic/act.h"

void SGAN_SYMBOL(bn_stats__generic)(size_t rows, size_t channels, const real *src, real *mean, real *m2)
{
	real count = (real)rows;

	for (size_t c = 0; c < channels; c++)
		mean[c] = m2[c] = 0;
	for (size_t r = 0; r < rows; r++)
		for (size_t c = 0; c < channels; c++)
			mean[c] += src[r * channels + c];
	for (size_t c = 0; c < channels && rows; c++)
		mean[c] /= count;
	for (size_t r = 0; r < rows; r++)
		for (size_t c = 0; c < channels; c++) {
			real d = src[r * channels + c] - mean[c];
			m2[c] += d * d;
		}
}

void SGAN_SYMBOL(bn_apply__generic)(size_t rows, size_t channels, const real *src, const real *scale, const real *shift,
                                    sgan_act act, real slope, bool bypass, real *dst)
{
	(void)bypass;
	for (size_t r = 0; r < rows; r++)
		for (size_t c = 0; c < channels; c++) {
			size_t i = r * channels + c;
			dst[i] = act_value(src[i] * scale[c] + shift[c], act, slope);
		}
}

/* g of one value */
static real gradient(real src, real diff_dst, real scale, real shift, sgan_act act, real slope)
{
	return act_gradient(act_value(src * scale + shift, act, slope), diff_dst, act, slope);
}

void SGAN_SYMBOL(bn_grad_sums__generic)(size_t rows, size_t channels, const real *src, const real *diff_dst,
                                        const real *scale, const real *shift, const real *mean, const real *inv_std,
                                        sgan_act act, real slope, real *sum_g, real *sum_gx)
{
	for (size_t c = 0; c < channels; c++)
		sum_g[c] = sum_gx[c] = 0;
	for (size_t r = 0; r < rows; r++)
		for (size_t c = 0; c < channels; c++) {
			size_t i = r * channels + c;
			real g = gradient(src[i], diff_dst[i], scale[c], shift[c], act, slope);
			sum_g[c] += g;
			sum_gx[c] += g * ((src[i] - mean[c]) * inv_std[c]);
		}
}

void SGAN_SYMBOL(bn_grad_apply__generic)(size_t rows, size_t channels, const real *src, const real *diff_dst,
                                         const real *scale, const real *shift, const real *a, const real *b,
                                         const real *d, sgan_act act, real slope, real *diff_src)
{
	for (size_t r = 0; r < rows; r++)
		for (size_t c = 0; c < channels; c++) {
			size_t i = r * channels + c;
			real g = gradient(src[i], diff_dst[i], scale[c], shift[c], act, slope);
			diff_src[i] = a[c] * g + b[c] * src[i] + d[c];
		}
}

/* The gather from few channels in portable C: a sum for each position and column. */
#include "kernels/generic/set.h"
#include "kernels/generic/act.h"

enum { NR = 16 }; /* as in generic/table.def */

/* Of one panel of columns at one position; weights are [taps * k][NR]. */
static void sum_panel(const struct sgan_runs *r, const real *src, const real *weights, real sum[NR])
{
	for (size_t t = 0; t < r->taps; t++, src += r->src_tap)
		for (size_t l = 0; l < r->k; l++, weights += NR)
			for (size_t j = 0; j < NR; j++)
				sum[j] += src[l] * weights[j];
}

static void position(const struct sgan_runs *r, const real *src, const real *panels, real *dst,
                     const struct sgan_epilogue *e)
{
	for (size_t first = 0; first < r->n; first += NR, panels += r->taps * r->k * NR) {
		real sum[NR] = { 0 };
		sum_panel(r, src, panels, sum);
		for (size_t j = first; j < first + NR && j < r->n; j++) {
			real value = sum[j - first];
			if (e->accumulate)
				value += dst[j];
			if (e->bias)
				value += e->bias[j];
			dst[j] = act_value(value, e->act, e->slope);
		}
	}
}

void SGAN_SYMBOL(runs_1x16__generic)(const struct sgan_runs *r, const real *src, const real *panels, real *dst,
                                     const struct sgan_epilogue *e)
{
	for (size_t y = 0; y < r->rows; y++)
		for (size_t x = 0; x < r->cols; x++, dst += r->n)
			position(r, src + (ptrdiff_t)y * r->src_row + (ptrdiff_t)x * r->src_col, panels, dst, e);
}

/* The weight gradient from few channels in portable C: the oracle of every other set, and the fallback. */
#include "kernels/generic/set.h"

enum { SUMS = 8, NR = 8 }; /* as in generic/table.def */

static void add_pixel(const struct sgan_wgrad_runs *s, const real *x, const real *y, real sum[SUMS][NR])
{
	for (size_t t = 0; t < s->runs; t++)
		for (size_t c = 0; c < s->m; c++)
			for (size_t o = 0; o < s->n; o++)
				sum[t * s->m + c][o] += x[(ptrdiff_t)t * s->x_run + (ptrdiff_t)c] * y[o];
}

void SGAN_SYMBOL(wgrad_runs_8x8__generic)(const struct sgan_walk *walk, const struct sgan_wgrad_runs *s, const real *x,
                                          const real *y, real *sums, bool accumulate)
{
	real sum[SUMS][NR] = { { 0 } };

	for (ptrdiff_t image = 0; image < (ptrdiff_t)walk->images; image++)
		for (ptrdiff_t row = 0; row < (ptrdiff_t)walk->rows; row++)
			for (ptrdiff_t col = 0; col < (ptrdiff_t)walk->range_end[0]; col++)
				add_pixel(s, x + image * walk->x_image + row * walk->x_row + col * walk->x_col,
				          y + image * walk->y_image + row * walk->y_row + col * walk->y_col, sum);
	for (size_t t = 0; t < s->runs; t++)
		for (size_t c = 0; c < s->m; c++)
			for (size_t o = 0; o < s->n; o++) {
				real *to = sums + (ptrdiff_t)t * s->sums_run + (ptrdiff_t)c * s->ld_sums + (ptrdiff_t)o;
				*to = accumulate ? *to + sum[t * s->m + c][o] : sum[t * s->m + c][o];
			}
}

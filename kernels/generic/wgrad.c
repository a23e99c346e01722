/* The weight-gradient tile in portable C: the oracle of every other set, and the fallback. */
#include "kernels/generic/set.h"

enum { MR = 4, NR = 16 }; /* as in generic/table.def */

static void add_pixel(const real *x, const real *y, size_t m, size_t n, real sum[MR][NR])
{
	for (size_t i = 0; i < m; i++)
		for (size_t j = 0; j < n; j++)
			sum[i][j] += x[i] * y[j];
}

/* Columns begin .. end - 1 of every row. */
static void add_range(const struct sgan_walk *walk, size_t begin, size_t end, const real *x, const real *y, size_t m,
                      size_t n, real sum[MR][NR])
{
	for (ptrdiff_t image = 0; image < (ptrdiff_t)walk->images; image++)
		for (ptrdiff_t row = 0; row < (ptrdiff_t)walk->rows; row++)
			for (ptrdiff_t col = (ptrdiff_t)begin; col < (ptrdiff_t)end; col++)
				add_pixel(x + image * walk->x_image + row * walk->x_row + col * walk->x_col,
				          y + image * walk->y_image + row * walk->y_row + col * walk->y_col, m, n, sum);
}

void SGAN_SYMBOL(wgrad_4x16__generic)(const struct sgan_walk *walk, const real *x, const real *y, real *sums,
                                      ptrdiff_t ld_sums, size_t m, size_t n, bool accumulate)
{
	real total[MR][NR] = { { 0 } };

	for (size_t range = 0; range < walk->ranges; range++) {
		real sum[MR][NR] = { { 0 } };
		add_range(walk, range ? walk->range_end[range - 1] : 0, walk->range_end[range], x, y, m, n, sum);
		for (size_t i = 0; i < m; i++)
			for (size_t j = 0; j < n; j++)
				total[i][j] = range ? total[i][j] + sum[i][j] : sum[i][j];
	}
	for (size_t i = 0; i < m; i++)
		for (size_t j = 0; j < n; j++) {
			real *to = sums + (ptrdiff_t)i * ld_sums + j;
			*to = accumulate ? *to + total[i][j] : total[i][j];
		}
}

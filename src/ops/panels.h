/* A matrix brought into panels, the form in which tiles read one operand: panel p holds the columns from p * nr on as
 * [rows, nr], zero beyond the last column. A tile then reads nr neighbours for each step of its sum, from one row to
 * the next. It must not know what the matrix is: weights, an operand of a product, pixels. */
#ifndef SGAN_OPS_PANELS_H
#define SGAN_OPS_PANELS_H

#include "kernels/kernels.h"
#include "src/ops/axis.h"

/* A matrix [rows, cols] in memory: element (r, c) is first[r * ld + c], or first[c * ld + r] where it is transposed. */
struct sgan_panel_source {
	const real *first;
	size_t rows, cols;
	size_t ld;
	bool transposed;
};

/* Columns of panel `panel` of a matrix with `cols` of them: nr, fewer in the last, none past it. */
static inline size_t sgan_panel_cols(size_t cols, size_t nr, size_t panel)
{
	size_t first = panel * nr;

	return first >= cols ? 0 : least_of(cols - first, nr);
}

/* One panel: dst [rows, nr]. */
void sgan_pack_panel(const struct sgan_kernels *kernels, const struct sgan_panel_source *src, size_t nr, size_t panel,
                     real *dst);

/* All panels of a matrix that is not transposed, in the order in which it lies in memory: element (r, c) goes to
 * dst[c / nr * ld_panel + r * ld_row + c % nr], where ld_row >= nr. */
void sgan_pack_panels(const struct sgan_kernels *kernels, const struct sgan_panel_source *src, size_t nr, real *dst,
                      size_t ld_panel, size_t ld_row);

#endif

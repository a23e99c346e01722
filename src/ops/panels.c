/* Panels, packed by the kernels that copy and transpose in vectors. It must not know what is packed, nor of threads. */
#include "src/ops/panels.h"

#include <string.h>

/* Rows that are copied at a time. One would leave each panel after a line or two of it; many would come back to a row
 * of the source after its lines have left the first-level cache. */
enum { STRIP = 16 };

void sgan_pack_panel(const struct sgan_kernels *kernels, const struct sgan_panel_source *src, size_t nr, size_t panel,
                     real *dst)
{
	size_t first = panel * nr, cols = sgan_panel_cols(src->cols, nr, panel);
	ptrdiff_t ld = (ptrdiff_t)src->ld;

	if (cols < nr)
		memset(dst, 0, src->rows * nr * sizeof(real));
	if (src->transposed)
		kernels->transpose(cols, src->rows, src->first + first * src->ld, ld, dst, (ptrdiff_t)nr);
	else
		kernels->copy(src->rows, cols, src->first + first, ld, dst, (ptrdiff_t)nr);
}

static void zero_rows(size_t rows, size_t cols, real *dst, size_t ld)
{
	for (size_t r = 0; r < rows; r++)
		memset(dst + r * ld, 0, cols * sizeof(real));
}

void sgan_pack_panels(const struct sgan_kernels *kernels, const struct sgan_panel_source *src, size_t nr, real *dst,
                      size_t ld_panel, size_t ld_row)
{
	for (size_t row = 0; row < src->rows; row += STRIP, dst += STRIP * ld_row) {
		size_t rows = least_of(src->rows - row, STRIP);
		for (size_t panel = 0; panel * nr < src->cols; panel++) {
			size_t cols = sgan_panel_cols(src->cols, nr, panel);
			real *to = dst + panel * ld_panel;
			if (cols < nr)
				zero_rows(rows, nr, to, ld_row);
			kernels->copy(rows, cols, src->first + row * src->ld + panel * nr, (ptrdiff_t)src->ld, to,
			              (ptrdiff_t)ld_row);
		}
	}
}

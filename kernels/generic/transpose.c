/* Transposition in portable C. */
#include "kernels/generic/set.h"

void SGAN_SYMBOL(transpose__generic)(size_t rows, size_t cols, const real *src, ptrdiff_t ld_src, real *dst,
                                     ptrdiff_t ld_dst)
{
	for (size_t r = 0; r < rows; r++)
		for (size_t c = 0; c < cols; c++)
			dst[(ptrdiff_t)c * ld_dst + (ptrdiff_t)r] = src[(ptrdiff_t)r * ld_src + (ptrdiff_t)c];
}

/* The tile of few columns in portable C. */
#include "kernels/generic/set.h"

void SGAN_SYMBOL(dots__generic)(size_t taps, const struct sgan_tap *tap, size_t k, const real *src, ptrdiff_t ld_src,
                                const real *weights, const real *bias, real *dst, ptrdiff_t ld_dst, size_t m, size_t n)
{
	for (size_t i = 0; i < m; i++, src += ld_src, dst += ld_dst)
		for (size_t j = 0; j < n; j++) {
			real sum = bias ? bias[j] : 0;
			for (size_t t = 0; t < taps; t++)
				for (size_t l = 0; l < k; l++)
					sum += src[tap[t].src + (ptrdiff_t)l] * weights[tap[t].weight + l * n + j];
			dst[j] = sum;
		}
}

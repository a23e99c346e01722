/* The matrix tiles in portable C: the oracle of every other set, and the
 * fallback. Plain loops over a tile of sums; nothing clever. */
#include "kernels/generic/set.h"
#include "kernels/generic/act.h"

enum { MR = 4, NR = 16 }; /* as in generic/table.def */

static void add_tap(size_t k, const real *const src[MR], const real *panel, size_t m, real sum[MR][NR])
{
	for (size_t l = 0; l < k; l++)
		for (size_t i = 0; i < m; i++)
			for (size_t j = 0; j < NR; j++)
				sum[i][j] += src[i][l] * panel[l * NR + j];
}

static void store(real sum[MR][NR], real *dst, ptrdiff_t ld_dst, size_t m, size_t n, const struct sgan_epilogue *e)
{
	for (size_t i = 0; i < m; i++) {
		real *row = dst + (ptrdiff_t)i * ld_dst;
		for (size_t j = 0; j < n; j++) {
			real value = sum[i][j];
			if (e->accumulate)
				value += row[j];
			if (e->bias)
				value += e->bias[j];
			row[j] = act_value(value, e->act, e->slope);
		}
	}
}

void SGAN_SYMBOL(gemm_4x16__generic)(size_t taps, const struct sgan_tap *tap, size_t k, const real *src,
                                     ptrdiff_t ld_src, const real *panel, real *dst, ptrdiff_t ld_dst, size_t m,
                                     size_t n, const struct sgan_epilogue *e)
{
	real sum[MR][NR] = { { 0 } };

	for (size_t t = 0; t < taps; t++) {
		const real *row[MR];
		for (size_t i = 0; i < m; i++)
			row[i] = src + (ptrdiff_t)i * ld_src + tap[t].src;
		add_tap(k, row, panel + tap[t].weight, m, sum);
	}
	store(sum, dst, ld_dst, m, n, e);
}

void SGAN_SYMBOL(igemm_4x16__generic)(size_t taps, const struct sgan_tap *tap, size_t k, const real *const *rows,
                                      const real *panel, real *dst, ptrdiff_t ld_dst, size_t m, size_t n,
                                      const struct sgan_epilogue *e)
{
	real sum[MR][NR] = { { 0 } };

	for (size_t t = 0; t < taps; t++)
		add_tap(k, rows + t * m, panel + tap[t].weight, m, sum);
	store(sum, dst, ld_dst, m, n, e);
}

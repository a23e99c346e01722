/* The gemm and igemm tiles; kernels.def says what they compute. Needs GEMM_NAME
 * and IGEMM_NAME besides what tile.h needs. */
#include "kernels/simd/tile.h"

/* How far ahead a panel is asked for, in its rows: a panel larger than the first-level cache comes from the second
 * or third, whose latency (some 20 and 300 cycles) these rows, at about TILE_MR cycles each, cover. */
enum { PANEL_AHEAD = 24, CACHE_LINE = 64 };

TILE_INLINE void fetch_panel(const float *panel)
{
	const char *ahead = (const char *)(panel + PANEL_AHEAD * TILE_NR);

	TILE_UNROLL for (size_t at = 0; at < TILE_NR * sizeof(float); at += CACHE_LINE)
		__builtin_prefetch(ahead + at);
}

/* sum[i][:] += row[i][l] * panel[l][:], l < k */
TILE_INLINE void multiply_tap(size_t m, size_t nv, size_t k, const float *const row[TILE_MR], const float *panel,
                              vec sum[TILE_MR][TILE_NV])
{
	for (size_t l = 0; l < k; l++, panel += TILE_NR) {
		vec b[TILE_NV];
		fetch_panel(panel);
		TILE_UNROLL for (size_t v = 0; v < nv; v++)
			b[v] = vec_load(panel + v * VEC);
		TILE_UNROLL for (size_t i = 0; i < m; i++) {
			vec a = vec_set(row[i][l]);
			TILE_UNROLL for (size_t v = 0; v < nv; v++)
				sum[i][v] = vec_fma(a, b[v], sum[i][v]);
		}
	}
}

struct gemm_args {
	size_t taps;
	const struct sgan_tap *tap;
	size_t k;
	const float *src;
	ptrdiff_t ld_src;
	const float *const *rows;
	const float *panel;
	float *dst;
	ptrdiff_t ld_dst;
	size_t n;
	const struct sgan_epilogue *e;
};

/* Rows at even distances: a pointer for every third, so that base + ld and base + 2 ld are x86 addresses and all
 * rows stay in general registers. A pointer for each would go through vector registers, on a port that multiplies. */
TILE_INLINE void multiply_even(size_t m, size_t nv, size_t k, const float *src, ptrdiff_t ld, const float *panel,
                               vec sum[TILE_MR][TILE_NV])
{
	const float *base[TILE_MR / 3 + 1];

	TILE_UNROLL for (size_t i = 0; i < m; i += 3)
		base[i / 3] = src + (ptrdiff_t)i * ld;
	for (size_t l = 0; l < k; l++, panel += TILE_NR) {
		vec b[TILE_NV];
		fetch_panel(panel);
		TILE_UNROLL for (size_t v = 0; v < nv; v++)
			b[v] = vec_load(panel + v * VEC);
		TILE_UNROLL for (size_t i = 0; i < m; i++) {
			vec a = vec_set(base[i / 3][(ptrdiff_t)(i % 3) * ld]);
			TILE_UNROLL for (size_t v = 0; v < nv; v++)
				sum[i][v] = vec_fma(a, b[v], sum[i][v]);
		}
		TILE_UNROLL for (size_t i = 0; i < m; i += 3)
			base[i / 3]++;
	}
}

TILE_INLINE void gemm_tile(size_t m, size_t nv, const struct gemm_args *a)
{
	vec sum[TILE_MR][TILE_NV];

	tile_clear(m, nv, sum);
	for (size_t t = 0; t < a->taps; t++)
		multiply_even(m, nv, a->k, a->src + a->tap[t].src, a->ld_src, a->panel + a->tap[t].weight, sum);
	tile_finish(m, nv, a->n, a->dst, a->ld_dst, a->e, sum);
}

TILE_INLINE void igemm_tile(size_t m, size_t nv, const struct gemm_args *a)
{
	vec sum[TILE_MR][TILE_NV];

	tile_clear(m, nv, sum);
	for (size_t t = 0; t < a->taps; t++) {
		const float *row[TILE_MR];
		TILE_UNROLL for (size_t i = 0; i < m; i++)
			row[i] = a->rows[t * m + i];
		multiply_tap(m, nv, a->k, row, a->panel + a->tap[t].weight, sum);
	}
	tile_finish(m, nv, a->n, a->dst, a->ld_dst, a->e, sum);
}

#define GEMM_TILE(m)                                         \
	static void gemm_##m##_wide(const struct gemm_args *a)   \
	{                                                        \
		gemm_tile(m, TILE_NV, a);                            \
	}                                                        \
	static void gemm_##m##_narrow(const struct gemm_args *a) \
	{                                                        \
		gemm_tile(m, 1, a);                                  \
	}                                                        \
	static void igemm_##m##_wide(const struct gemm_args *a)  \
	{                                                        \
		igemm_tile(m, TILE_NV, a);                           \
	}                                                        \
	static void igemm_##m##_narrow(const struct gemm_args *a) \
	{                                                        \
		igemm_tile(m, 1, a);                                 \
	}
TILE_EACH_M(GEMM_TILE)

typedef void gemm_function(const struct gemm_args *a);

#define GEMM_ROW(m) { gemm_##m##_narrow, gemm_##m##_wide },
static gemm_function *const gemm_functions[TILE_MR][2] = { TILE_EACH_M(GEMM_ROW) };
#define IGEMM_ROW(m) { igemm_##m##_narrow, igemm_##m##_wide },
static gemm_function *const igemm_functions[TILE_MR][2] = { TILE_EACH_M(IGEMM_ROW) };

void SGAN_SYMBOL(GEMM_NAME)(size_t taps, const struct sgan_tap *tap, size_t k, const real *src, ptrdiff_t ld_src,
                            const real *panel, real *dst, ptrdiff_t ld_dst, size_t m, size_t n,
                            const struct sgan_epilogue *e)
{
	struct gemm_args a = { taps, tap, k, src, ld_src, NULL, panel, dst, ld_dst, n, e };

	gemm_functions[m - 1][n > VEC](&a);
}

void SGAN_SYMBOL(IGEMM_NAME)(size_t taps, const struct sgan_tap *tap, size_t k, const real *const *rows,
                             const real *panel, real *dst, ptrdiff_t ld_dst, size_t m, size_t n,
                             const struct sgan_epilogue *e)
{
	struct gemm_args a = { taps, tap, k, NULL, 0, rows, panel, dst, ld_dst, n, e };

	igemm_functions[m - 1][n > VEC](&a);
}

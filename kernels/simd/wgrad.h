/* The weight-gradient tile; kernels.def says what it computes. Needs WGRAD_NAME
 * besides what tile.h needs. */
#include "kernels/simd/tile.h"

struct wgrad_args {
	const struct sgan_walk *walk;
	const float *src, *diff;
	float *dw;
	ptrdiff_t ld_dw;
	size_t n;
	bool accumulate;
};

TILE_INLINE void wgrad_row(size_t m, size_t nv, struct tile_edge edge, const struct sgan_walk *w, const float *src,
                           const float *diff, vec sum[TILE_MR][TILE_NV])
{
	for (size_t x = 0; x < w->cols; x++, src += w->src_col, diff += w->diff_col) {
		vec d[TILE_NV];
		TILE_UNROLL for (size_t v = 0; v < nv; v++)
			d[v] = tile_load(diff, v, nv, edge);
		TILE_UNROLL for (size_t i = 0; i < m; i++) {
			vec s = vec_set(src[i]);
			TILE_UNROLL for (size_t v = 0; v < nv; v++)
				sum[i][v] = vec_fma(s, d[v], sum[i][v]);
		}
	}
}

TILE_INLINE void wgrad_sum(size_t m, size_t nv, struct tile_edge edge, const struct wgrad_args *a,
                           vec sum[TILE_MR][TILE_NV])
{
	const struct sgan_walk *w = a->walk;

	for (ptrdiff_t z = 0; z < (ptrdiff_t)w->images; z++)
		for (ptrdiff_t y = 0; y < (ptrdiff_t)w->rows; y++)
			wgrad_row(m, nv, edge, w, a->src + z * w->src_image + y * w->src_row,
			          a->diff + z * w->diff_image + y * w->diff_row, sum);
}

TILE_INLINE void wgrad_tile(size_t m, size_t nv, const struct wgrad_args *a)
{
	struct tile_edge edge = tile_edge(a->n, nv);
	vec sum[TILE_MR][TILE_NV];

	tile_clear(m, nv, sum);
	if (edge.whole)
		wgrad_sum(m, nv, (struct tile_edge){ edge.mask, true }, a, sum);
	else
		wgrad_sum(m, nv, (struct tile_edge){ edge.mask, false }, a, sum);
	if (a->accumulate)
		tile_add_dst(m, nv, edge, a->dw, a->ld_dw, sum);
	tile_write(m, nv, edge, a->dw, a->ld_dw, sum);
}

#define WGRAD_TILE(m)                                          \
	static void wgrad_##m##_wide(const struct wgrad_args *a)   \
	{                                                          \
		wgrad_tile(m, TILE_NV, a);                             \
	}                                                          \
	static void wgrad_##m##_narrow(const struct wgrad_args *a) \
	{                                                          \
		wgrad_tile(m, 1, a);                                   \
	}
TILE_EACH_M(WGRAD_TILE)

typedef void wgrad_function(const struct wgrad_args *a);

#define WGRAD_ROW(m) { wgrad_##m##_narrow, wgrad_##m##_wide },
static wgrad_function *const wgrad_functions[TILE_MR][2] = { TILE_EACH_M(WGRAD_ROW) };

void SGAN_SYMBOL(WGRAD_NAME)(const struct sgan_walk *walk, const real *src, const real *diff, real *dw, ptrdiff_t ld_dw,
                             size_t m, size_t n, bool accumulate)
{
	struct wgrad_args a = { walk, src, diff, dw, ld_dw, n, accumulate };

	wgrad_functions[m - 1][n > VEC](&a);
}

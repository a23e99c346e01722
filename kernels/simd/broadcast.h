/* Products of a tile whose rows' values are set in all lanes of a register, one after the other; included by
 * multiply.h. */
#ifndef SGAN_KERNELS_SIMD_BROADCAST_H
#define SGAN_KERNELS_SIMD_BROADCAST_H

/* sum[i][:] += *a * b[:]. Where the instruction set multiplies by a value in memory, every other row does so, which
 * saves an instruction each; loads, of which these rows have two, would bound a tile that did in all of its rows. */
TILE_INLINE void tile_add_row(size_t i, size_t nv, const float *a, const vec b[TILE_NV], vec sum[TILE_MR][TILE_NV])
{
	if (VEC_FMA_AT && i % 2) {
		TILE_UNROLL for (size_t v = 0; v < nv; v++)
			sum[i][v] = vec_fma_at(a, b[v], sum[i][v]);
	} else {
		vec value = vec_set(*a);
		TILE_UNROLL for (size_t v = 0; v < nv; v++)
			sum[i][v] = vec_fma(value, b[v], sum[i][v]);
	}
}

TILE_INLINE void tile_add_outer(size_t m, size_t nv, const float *a, const vec b[TILE_NV], vec sum[TILE_MR][TILE_NV])
{
	TILE_UNROLL for (size_t i = 0; i < m; i++)
		tile_add_row(i, nv, a + i, b, sum);
}

TILE_INLINE void tile_add_values(size_t m, size_t nv, const float *a, const vec b[TILE_NV], vec sum[TILE_MR][TILE_NV])
{
	TILE_UNROLL for (size_t i = 0; i < m; i++)
		TILE_UNROLL for (size_t v = 0; v < nv; v++)
			sum[i][v] = vec_fma(vec_set(a[i]), b[v], sum[i][v]);
}

TILE_INLINE void fetch_panel(const float *panel)
{
	const char *ahead = (const char *)(panel + PANEL_AHEAD * TILE_NR);

	TILE_UNROLL for (size_t at = 0; at < TILE_NR * sizeof(float); at += VEC_LINE)
		vec_fetch_near(ahead + at);
}

TILE_INLINE const float *tile_multiply(size_t m, size_t nv, size_t k, struct tile_rows rows, const float *panel,
                                       struct tile_ahead *ahead, vec sum[TILE_MR][TILE_NV])
{
	for (size_t l = 0; l < k; l++, panel += TILE_NR) {
		vec b[TILE_NV];
		if (ahead) {
			vec_fetch(ahead->line);
			ahead->line += ahead->step;
		} else {
			fetch_panel(panel);
		}
		TILE_UNROLL for (size_t v = 0; v < nv; v++)
			b[v] = vec_load(panel + v * VEC);
		TILE_UNROLL for (size_t i = 0; i < m; i++)
			tile_add_row(i, nv, rows.even ? rows_at(rows.pointer, i, rows.ld) : rows.pointer[i] + l, b, sum);
		if (rows.even)
			rows_advance(m, rows.pointer, 1);
	}
	return panel;
}

#endif

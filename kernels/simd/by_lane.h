/* Products of a tile whose rows' values are multiplied by lane: a load brings VEC of them, the next steps of a row's sum
 * or neighbours of a pixel; included by multiply.h. */
#ifndef SGAN_KERNELS_SIMD_BY_LANE_H
#define SGAN_KERNELS_SIMD_BY_LANE_H

TILE_INLINE void tile_add_lane(size_t m, size_t nv, int lane, const vec a[TILE_MR], const vec b[TILE_NV],
                               vec sum[TILE_MR][TILE_NV])
{
	TILE_UNROLL for (size_t i = 0; i < m; i++)
		TILE_UNROLL for (size_t v = 0; v < nv; v++)
			sum[i][v] = vec_fma_lane(a[i], lane, b[v], sum[i][v]);
}

/* The first of the values that are loaded with value i of m: the last vector ends with them, where there are enough. */
TILE_INLINE size_t tile_loaded_from(size_t m, size_t i)
{
	size_t from = i / VEC * VEC;

	return from + VEC <= m || m < VEC ? from : m - VEC;
}

TILE_INLINE void tile_add_outer(size_t m, size_t nv, const float *a, const vec b[TILE_NV], vec sum[TILE_MR][TILE_NV])
{
	vec values[(TILE_MR + VEC - 1) / VEC];

	TILE_UNROLL for (size_t i = 0; i < m; i += VEC)
		values[i / VEC] = m < VEC ? vec_load_part(a, vec_first(m)) : vec_load(a + tile_loaded_from(m, i));
	TILE_UNROLL for (size_t i = 0; i < m; i++)
		TILE_UNROLL for (size_t v = 0; v < nv; v++)
			sum[i][v] = vec_fma_lane(values[i / VEC], (int)(i - tile_loaded_from(m, i)), b[v], sum[i][v]);
}

TILE_INLINE void tile_add_values(size_t m, size_t nv, const float *a, const vec b[TILE_NV], vec sum[TILE_MR][TILE_NV])
{
	tile_add_outer(m, nv, a, b, sum); /* a load has several values in any case */
}

TILE_INLINE void tile_load_columns(size_t nv, const float *panel, vec b[TILE_NV])
{
	TILE_UNROLL for (size_t v = 0; v < nv; v++)
		b[v] = vec_load(panel + v * VEC);
}

/* What is asked for with so many steps. */
TILE_INLINE void tile_fetch(const float *panel, struct tile_ahead *ahead, size_t steps)
{
	const float *next = panel + PANEL_AHEAD * TILE_NR;

	if (ahead)
		TILE_UNROLL for (size_t i = 0; i < steps; i++, ahead->line += ahead->step)
			vec_fetch(ahead->line);
	else
		TILE_UNROLL for (size_t at = 0; at < steps * TILE_NR; at += VEC_LINE / sizeof(float))
			vec_fetch_near(next + at);
}

/* The last k % VEC steps: lanes of what ends with the rows, which begins before them where rows are long enough. */
TILE_INLINE const float *tile_multiply_rest(size_t m, size_t nv, size_t k, const struct tile_rows *rows,
                                            const float *panel, struct tile_ahead *ahead, vec sum[TILE_MR][TILE_NV])
{
	size_t rest = k % VEC;
	vec a[TILE_MR], b[TILE_NV];

	TILE_UNROLL for (size_t i = 0; i < m; i++)
		a[i] = k > VEC ? vec_load(rows->pointer[i] + rest - VEC) : vec_load_last(rows->pointer[i] + rest, rest);
	TILE_UNROLL for (size_t lane = 1; lane < VEC; lane++)
	{
		if (lane + rest < VEC)
			continue;
		tile_fetch(panel, ahead, 1);
		tile_load_columns(nv, panel, b);
		tile_add_lane(m, nv, (int)lane, a, b, sum);
		panel += TILE_NR;
	}
	return panel;
}

TILE_INLINE const float *tile_multiply(size_t m, size_t nv, size_t k, struct tile_rows rows, const float *panel,
                                       struct tile_ahead *ahead, vec sum[TILE_MR][TILE_NV])
{
	for (size_t left = k / VEC; left; left--) {
		vec a[TILE_MR], b[TILE_NV];
		tile_fetch(panel, ahead, VEC);
		TILE_UNROLL for (size_t i = 0; i < m; i++)
		{
			a[i] = vec_load(rows.pointer[i]);
			rows.pointer[i] += VEC;
		}
		TILE_UNROLL for (int lane = 0; lane < VEC; lane++)
		{
			tile_load_columns(nv, panel, b);
			tile_add_lane(m, nv, lane, a, b, sum);
			panel += TILE_NR;
		}
	}
	return k % VEC ? tile_multiply_rest(m, nv, k, &rows, panel, ahead, sum) : panel;
}

#endif

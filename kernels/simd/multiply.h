/* The inner loop of the matrix tiles: rows of values times a panel. gemm, igemm and runs differ in where their rows
 * are and in what is asked of memory meanwhile, both of which are constants here after inlining. */
#ifndef SGAN_KERNELS_SIMD_MULTIPLY_H
#define SGAN_KERNELS_SIMD_MULTIPLY_H

#include "kernels/simd/rows.h"
#include "kernels/simd/tile.h"

/* How far ahead a panel is asked for, in its rows: a panel larger than the first-level cache comes from the second
 * or third, whose latency (some 20 and 300 cycles) these rows, at about TILE_MR cycles each, cover. */
enum { PANEL_AHEAD = 24 };

/* A tile's rows: at even distances `ld`, with their pointers as rows.h has them; or anywhere, with a pointer each. */
struct tile_rows {
	bool even;
	ptrdiff_t ld;
	const float *pointer[TILE_MR];
};

/* What is asked for beside the sums: a line at each step of the sum. */
struct tile_ahead {
	const char *line; /* the next one; it need not be there */
	size_t step;      /* bytes; 0: nothing new */
};

TILE_INLINE void fetch_panel(const float *panel)
{
	const char *ahead = (const char *)(panel + PANEL_AHEAD * TILE_NR);

	TILE_UNROLL for (size_t at = 0; at < TILE_NR * sizeof(float); at += VEC_LINE)
		vec_fetch_near(ahead + at);
}

/* sum[i][:] += row i [l] * panel[l][:], l < k; returns the panel's end. With `ahead` NULL it is the panel that is asked
 * for. */
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

TILE_INLINE struct tile_rows tile_even_rows(size_t m, const float *first, ptrdiff_t ld)
{
	struct tile_rows rows = { .even = true, .ld = ld };

	rows_point(m, first, ld, rows.pointer);
	return rows;
}

#endif

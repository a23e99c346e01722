/* The inner loops of the matrix tiles: rows of values times a panel, and products of pixels. gemm, igemm and runs differ
 * in where their rows are and in what is asked of memory meanwhile, both of which are constants here after inlining.
 *
 * A set's vec.h says by VEC_BY_LANE how a value is multiplied by vectors: set in all lanes of a register (broadcast.h),
 * or where it is, in a lane of a register that holds several (by_lane.h). Both have
 *   tile_multiply   sum[i][:] += row i [l] * panel[l][:], l < k; returns the panel's end. With `ahead` NULL it is the
 *                   panel that is asked for.
 *   tile_add_outer  sum[i][:] += a[i] * b[:], i < m
 *   tile_add_values the same, for values that few columns multiply: no operand is read from memory twice */
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

TILE_INLINE struct tile_rows tile_even_rows(size_t m, const float *first, ptrdiff_t ld)
{
	struct tile_rows rows = { .even = true, .ld = ld };

	rows_point(m, first, ld, rows.pointer);
	return rows;
}

#if VEC_BY_LANE
#include "kernels/simd/by_lane.h"
#else
#include "kernels/simd/broadcast.h"
#endif

#endif

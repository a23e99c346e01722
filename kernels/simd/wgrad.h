/* The weight-gradient tile; kernels.def says what it computes. Needs WGRAD_NAME besides what tile.h needs, and
 * WGRAD_PIXELS, the pixels that a step of the inner loop takes. */
#include "kernels/simd/multiply.h"

struct wgrad_args {
	const struct sgan_walk *walk;
	const float *x, *y;
	float *sums;
	ptrdiff_t ld_sums;
	size_t n;
	bool accumulate;
};

TILE_INLINE void wgrad_pixel(size_t m, size_t nv, struct tile_edge edge, const float *x, const float *y,
                             vec sum[TILE_MR][TILE_NV])
{
	vec y_values[TILE_NV];

	TILE_UNROLL for (size_t v = 0; v < nv; v++)
		y_values[v] = tile_load(y, v, nv, edge);
	tile_add_outer(m, nv, x, y_values, sum);
}

/* How far ahead Y is asked for, in pixels: a panel of it comes from the second-level cache, once for each tile. */
enum { WGRAD_AHEAD = 24 };

TILE_INLINE void wgrad_fetch(size_t nv, const struct sgan_walk *w, const float *y)
{
	TILE_UNROLL for (size_t v = 0; v < nv; v += VEC_LINE / sizeof(vec))
		vec_fetch_near(y + WGRAD_AHEAD * w->y_col + v * VEC);
}

#if WGRAD_PIXELS > 1
/* Pixels of a copy, which lie side by side, for each line of it; one where they are longer. */
enum { WGRAD_PER_LINE = TILE_NR * sizeof(float) < VEC_LINE ? VEC_LINE / (TILE_NR * sizeof(float)) : 1 };

/* WGRAD_PIXELS of a row at a time; returns how many are left. */
TILE_INLINE size_t wgrad_several(size_t m, size_t nv, struct tile_edge edge, const struct sgan_walk *w, size_t cols,
                                 const float **x, const float **y, const float **ahead, vec sum[TILE_MR][TILE_NV])
{
	for (size_t count = cols / WGRAD_PIXELS; count; count--, *ahead += WGRAD_PIXELS * w->ahead_step)
		TILE_UNROLL for (ptrdiff_t i = 0; i < WGRAD_PIXELS; i++)
		{
			vec_fetch(*ahead + i * w->ahead_step);
			if (i % WGRAD_PER_LINE == 0)
				wgrad_fetch(nv, w, *y);
			wgrad_pixel(m, nv, edge, *x, *y, sum);
			*x += w->x_col;
			*y += w->y_col;
			/* One addition each: multiples of the steps would take more registers than there are. */
			__asm__("" : "+r"(*x));
			__asm__("" : "+r"(*y));
		}
	return cols % WGRAD_PIXELS;
}
#endif

TILE_INLINE void wgrad_row(size_t m, size_t nv, struct tile_edge edge, const struct sgan_walk *w, size_t cols,
                           const float *x, const float *y, const float **ahead, vec sum[TILE_MR][TILE_NV])
{
#if WGRAD_PIXELS > 1
	if (edge.whole)
		cols = wgrad_several(m, nv, edge, w, cols, &x, &y, ahead, sum);
#endif
	for (; cols; cols--, x += w->x_col, y += w->y_col, *ahead += w->ahead_step) {
		vec_fetch(*ahead);
		wgrad_fetch(nv, w, y);
		wgrad_pixel(m, nv, edge, x, y, sum);
	}
}

/* All rows in one loop: with a loop for each row, its end would be a mispredicted branch, 20 cycles by measurement,
 * which is much where rows are short. */
TILE_INLINE void wgrad_rows(size_t m, size_t nv, struct tile_edge edge, const struct sgan_walk *w, size_t cols,
                            const float *x, const float *y, const float **ahead, vec sum[TILE_MR][TILE_NV])
{
	ptrdiff_t x_next = w->x_row - ((ptrdiff_t)cols - 1) * w->x_col;
	ptrdiff_t y_next = w->y_row - ((ptrdiff_t)cols - 1) * w->y_col;
	size_t left = cols;

	for (size_t count = w->rows * cols; count; count--, *ahead += w->ahead_step) {
		ptrdiff_t x_step = w->x_col, y_step = w->y_col;
		vec_fetch(*ahead);
		wgrad_pixel(m, nv, edge, x, y, sum);
		vec_wrap(&left, cols, &x_step, x_next, &y_step, y_next);
		x += x_step;
		y += y_step;
	}
}

/* Multiply-adds a pixel from which on the instructions of vec_wrap take no time of their own. */
enum { WGRAD_LEAST_SUMS = 16 };

/* Columns begin .. end - 1 of every row. */
TILE_INLINE void wgrad_range(size_t m, size_t nv, struct tile_edge edge, bool one_row, const struct wgrad_args *a,
                             size_t begin, size_t end, const float **ahead, vec sum[TILE_MR][TILE_NV])
{
	const struct sgan_walk *w = a->walk;
	const float *x = a->x + (ptrdiff_t)begin * w->x_col, *y = a->y + (ptrdiff_t)begin * w->y_col;

	tile_clear(m, nv, sum);
	for (ptrdiff_t image = 0; image < (ptrdiff_t)w->images; image++, x += w->x_image, y += w->y_image) {
		if (one_row)
			wgrad_row(m, nv, edge, w, end - begin, x, y, ahead, sum);
		else if (m * nv >= WGRAD_LEAST_SUMS)
			wgrad_rows(m, nv, edge, w, end - begin, x, y, ahead, sum);
		for (ptrdiff_t row = 0; row < (ptrdiff_t)w->rows && !one_row && m * nv < WGRAD_LEAST_SUMS; row++)
			wgrad_row(m, nv, edge, w, end - begin, x + row * w->x_row, y + row * w->y_row, ahead, sum);
	}
}

/* Fetches share `share` of the cache lines of a tile's result, to be written. */
static inline void wgrad_fetch_sums(size_t m, const struct wgrad_args *a, ptrdiff_t tile, size_t share)
{
	const float *row = a->sums + tile;
	size_t begin = m * share / a->walk->ranges, end = m * (share + 1) / a->walk->ranges;

	row += (ptrdiff_t)begin * a->ld_sums;
	for (size_t i = begin; i < end; i++, row += a->ld_sums) {
		vec_fetch_to_write(row);
		vec_fetch_to_write(row + a->n - 1);
	}
}

TILE_INLINE void wgrad_sum(size_t m, size_t nv, struct tile_edge edge, bool one_row, const struct wgrad_args *a,
                           vec sum[TILE_MR][TILE_NV])
{
	const size_t *end = a->walk->range_end;
	const float *ahead = a->walk->ahead;
	float total[TILE_MR * TILE_NR] __attribute__((aligned(64)));

	wgrad_fetch_sums(m, a, a->walk->sums_next, 0);
	wgrad_range(m, nv, edge, one_row, a, 0, end[0], &ahead, sum);
	for (size_t range = 1; range < a->walk->ranges; range++) {
		wgrad_fetch_sums(m, a, a->walk->sums_next, range);
		tile_write(m, nv, (struct tile_edge){ edge.mask, true }, total, TILE_NR, sum);
		wgrad_range(m, nv, edge, one_row, a, end[range - 1], end[range], &ahead, sum);
		tile_add_dst(m, nv, (struct tile_edge){ edge.mask, true }, total, TILE_NR, sum);
	}
}

TILE_INLINE void wgrad_tile(size_t m, size_t nv, const struct wgrad_args *a)
{
	struct tile_edge edge = tile_edge(a->n, nv);
	bool one_row = a->walk->rows == 1;
	vec sum[TILE_MR][TILE_NV];

	if (edge.whole && one_row)
		wgrad_sum(m, nv, (struct tile_edge){ edge.mask, true }, true, a, sum);
	else if (edge.whole)
		wgrad_sum(m, nv, (struct tile_edge){ edge.mask, true }, false, a, sum);
	else if (one_row)
		wgrad_sum(m, nv, (struct tile_edge){ edge.mask, false }, true, a, sum);
	else
		wgrad_sum(m, nv, (struct tile_edge){ edge.mask, false }, false, a, sum);
	if (!VEC_MASKS && !edge.whole) {
		tile_put_edge(m, nv, a->n, a->sums, a->ld_sums, a->accumulate, sum);
		return;
	}
	if (a->accumulate)
		tile_add_dst(m, nv, edge, a->sums, a->ld_sums, sum);
	tile_write(m, nv, edge, a->sums, a->ld_sums, sum);
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

void SGAN_SYMBOL(WGRAD_NAME)(const struct sgan_walk *walk, const real *x, const real *y, real *sums, ptrdiff_t ld_sums,
                             size_t m, size_t n, bool accumulate)
{
	struct wgrad_args a = { walk, x, y, sums, ld_sums, n, accumulate };

	wgrad_functions[m - 1][n > VEC](&a);
}

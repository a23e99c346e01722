/* The weight gradient from few channels; kernels.def says what it computes. A tile is the values under some rows of the
 * kernel, `runs` of m, times up to TILE_NV vectors of Y. Needs WGRAD_RUNS_NAME besides what tile.h needs, and
 * WGRAD_RUNS_2 to WGRAD_RUNS_6, the largest m of so many runs.
 *
 * With the registers for it, a tile has one vector and many values: it takes a load for each multiply-add, which a core
 * just does (x86: two of each a cycle), and has room for most kernels' rows, so that Y, nearly all of what is read, is
 * read once and not once for each row. With few registers two vectors take fewer instructions. */
#include "kernels/simd/multiply.h"

enum {
	WGRAD_RUNS_MOST = 6,
	WGRAD_RUNS_AHEAD = 32 /* pixels that Y is asked for ahead, a line each: some 400 cycles, which memory may take */
};

struct wgrad_runs_args {
	const struct sgan_walk *walk;
	const struct sgan_wgrad_runs *s;
	const float *x, *y;
	float *sums;
	bool accumulate;
};

TILE_INLINE void wgrad_runs_pixel(size_t runs, size_t m, size_t nv, ptrdiff_t x_run, const float *x,
                                  const vec y[TILE_NV], vec sum[TILE_MR][TILE_NV])
{
	const float *pointer[ROWS_POINTERS(WGRAD_RUNS_MOST)];

	rows_point(runs, x, x_run, pointer);
	TILE_UNROLL for (size_t t = 0; t < runs; t++) {
		tile_add_values(m, nv, rows_at(pointer, t, x_run), y, sum + t * m);
	}
}

/* All rows in one loop, as in wgrad.h. */
TILE_INLINE void wgrad_runs_image(size_t runs, size_t m, size_t nv, struct tile_edge edge,
                                  const struct wgrad_runs_args *a, const float *x, const float *y, const float **ahead,
                                  vec sum[TILE_MR][TILE_NV])
{
	const struct sgan_walk *w = a->walk;
	size_t cols = w->range_end[0], left = cols;
	ptrdiff_t x_next = w->x_row - ((ptrdiff_t)cols - 1) * w->x_col;
	ptrdiff_t y_next = w->y_row - ((ptrdiff_t)cols - 1) * w->y_col;

	for (size_t count = w->rows * cols; count; count--, *ahead += w->ahead_step) {
		ptrdiff_t x_step = w->x_col, y_step = w->y_col;
		vec y_values[TILE_NV];
		vec_fetch(*ahead);
		vec_fetch_near(y + WGRAD_RUNS_AHEAD * w->y_col);
		TILE_UNROLL for (size_t v = 0; v < nv; v++)
			y_values[v] = tile_load(y, v, nv, edge);
		wgrad_runs_pixel(runs, m, nv, a->s->x_run, x, y_values, sum);
		vec_wrap(&left, cols, &x_step, x_next, &y_step, y_next);
		x += x_step;
		y += y_step;
	}
}

/* whole: of a set without masks, columns to the end of the last vector; with masks one loop serves all. */
TILE_INLINE void wgrad_runs_tile(size_t runs, size_t m, size_t nv, bool whole, const struct wgrad_runs_args *a)
{
	const struct sgan_walk *w = a->walk;
	struct tile_edge edge = { .mask = vec_first(a->s->n - (nv - 1) * VEC), .whole = whole };
	const float *x = a->x, *y = a->y, *ahead = w->ahead;
	vec sum[TILE_MR][TILE_NV];

	tile_clear(runs * m, nv, sum);
	for (size_t image = 0; image < w->images; image++, x += w->x_image, y += w->y_image)
		wgrad_runs_image(runs, m, nv, edge, a, x, y, &ahead, sum);
	TILE_UNROLL for (size_t t = 0; t < runs; t++) {
		float *to = a->sums + (ptrdiff_t)t * a->s->sums_run;
		if (!VEC_MASKS && !whole) {
			tile_put_edge(m, nv, a->s->n, to, a->s->ld_sums, a->accumulate, sum + t * m);
			continue;
		}
		if (a->accumulate)
			tile_add_dst(m, nv, edge, to, a->s->ld_sums, sum + t * m);
		tile_write(m, nv, edge, to, a->s->ld_sums, sum + t * m);
	}
}

#define WGRAD_RUNS_FUNCTION(runs, m, width, nv)                                  \
	static void wgrad_runs_##runs##_##m##_##width(const struct wgrad_runs_args *a) \
	{                                                                            \
		if (!VEC_MASKS && a->s->n == (nv) * VEC)                                 \
			wgrad_runs_tile(runs, m, nv, true, a);                               \
		else                                                                     \
			wgrad_runs_tile(runs, m, nv, false, a);                              \
	}
#if TILE_NV > 1
#define WGRAD_RUNS_TILE(runs, m)               \
	WGRAD_RUNS_FUNCTION(runs, m, wide, TILE_NV) \
	WGRAD_RUNS_FUNCTION(runs, m, narrow, 1)
#define WGRAD_RUNS_ROW(runs, m) { wgrad_runs_##runs##_##m##_narrow, wgrad_runs_##runs##_##m##_wide },
#else
#define WGRAD_RUNS_TILE(runs, m) WGRAD_RUNS_FUNCTION(runs, m, narrow, 1)
#define WGRAD_RUNS_ROW(runs, m) { wgrad_runs_##runs##_##m##_narrow },
#endif
#define WGRAD_RUNS_TILE_1(m) WGRAD_RUNS_TILE(1, m)
#define WGRAD_RUNS_TILE_2(m) WGRAD_RUNS_TILE(2, m)
#define WGRAD_RUNS_TILE_3(m) WGRAD_RUNS_TILE(3, m)
#define WGRAD_RUNS_TILE_4(m) WGRAD_RUNS_TILE(4, m)
#define WGRAD_RUNS_TILE_5(m) WGRAD_RUNS_TILE(5, m)
#define WGRAD_RUNS_TILE_6(m) WGRAD_RUNS_TILE(6, m)
TILE_EACH_M(WGRAD_RUNS_TILE_1)
TILE_UP_TO(WGRAD_RUNS_2)(WGRAD_RUNS_TILE_2)
TILE_UP_TO(WGRAD_RUNS_3)(WGRAD_RUNS_TILE_3)
TILE_UP_TO(WGRAD_RUNS_4)(WGRAD_RUNS_TILE_4)
TILE_UP_TO(WGRAD_RUNS_5)(WGRAD_RUNS_TILE_5)
TILE_UP_TO(WGRAD_RUNS_6)(WGRAD_RUNS_TILE_6)

#define WGRAD_RUNS_ROW_1(m) WGRAD_RUNS_ROW(1, m)
#define WGRAD_RUNS_ROW_2(m) WGRAD_RUNS_ROW(2, m)
#define WGRAD_RUNS_ROW_3(m) WGRAD_RUNS_ROW(3, m)
#define WGRAD_RUNS_ROW_4(m) WGRAD_RUNS_ROW(4, m)
#define WGRAD_RUNS_ROW_5(m) WGRAD_RUNS_ROW(5, m)
#define WGRAD_RUNS_ROW_6(m) WGRAD_RUNS_ROW(6, m)
static void (*const wgrad_runs_functions[WGRAD_RUNS_MOST][TILE_MR][TILE_NV])(const struct wgrad_runs_args *a) = {
	{ TILE_EACH_M(WGRAD_RUNS_ROW_1) },
	{ TILE_UP_TO(WGRAD_RUNS_2)(WGRAD_RUNS_ROW_2) },
	{ TILE_UP_TO(WGRAD_RUNS_3)(WGRAD_RUNS_ROW_3) },
	{ TILE_UP_TO(WGRAD_RUNS_4)(WGRAD_RUNS_ROW_4) },
	{ TILE_UP_TO(WGRAD_RUNS_5)(WGRAD_RUNS_ROW_5) },
	{ TILE_UP_TO(WGRAD_RUNS_6)(WGRAD_RUNS_ROW_6) },
};

void SGAN_SYMBOL(WGRAD_RUNS_NAME)(const struct sgan_walk *walk, const struct sgan_wgrad_runs *s, const real *x,
                                  const real *y, real *sums, bool accumulate)
{
	struct wgrad_runs_args a = { walk, s, x, y, sums, accumulate };

	wgrad_runs_functions[s->runs - 1][s->m - 1][s->n > VEC](&a);
}

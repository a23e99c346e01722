/* The gather from few channels; kernels.def says what it computes. A tile is up
 * to TILE_MR positions of one row. Needs RUNS_NAME besides what tile.h needs.
 *
 * Sums are short here, some tens of terms, so that the time around them counts: one call goes over many tiles. Most of
 * what moves is the destination; its cache lines are fetched while the tiles before it are summed. */
#include "kernels/simd/multiply.h"

/* How far ahead of a tile the destination is fetched: some tiles' results, whose sums take as long as a cache line
 * takes to come from the third level. */
enum { RUNS_AHEAD = 4096 / sizeof(float) };

/* Bytes of panels that stay in a first-level cache of 48 KiB while results and sources go by: half of it. */
enum { RUNS_NEAR = 24 << 10 };

struct runs_tile {
	const struct sgan_runs *runs;
	const float *src; /* of the tile's first position */
	const float *panel;
	float *dst;
	size_t n; /* columns of the panel */
	struct sgan_epilogue epilogue;
	struct tile_ahead ahead; /* of the destination */
};

TILE_INLINE void runs_panel(size_t m, size_t nv, struct runs_tile *tile)
{
	const float *src = tile->src, *panel = tile->panel;
	struct tile_ahead ahead = tile->ahead;
	vec sum[TILE_MR][TILE_NV];

	tile_clear(m, nv, sum);
	for (size_t t = tile->runs->taps; t; t--, src += tile->runs->src_tap) {
		vec_forget();
		panel = tile_multiply(m, nv, tile->runs->k, tile_even_rows(m, src, tile->runs->src_col), panel, &ahead, sum);
	}
	tile->ahead = ahead;
	tile_finish(m, nv, tile->n, tile->dst, (ptrdiff_t)tile->runs->n, &tile->epilogue, sum);
}

#define RUNS_PANEL(m)                                        \
	static void runs_##m##_wide(struct runs_tile *tile)      \
	{                                                        \
		runs_panel(m, TILE_NV, tile);                        \
	}                                                        \
	static void runs_##m##_narrow(struct runs_tile *tile)    \
	{                                                        \
		runs_panel(m, 1, tile);                              \
	}
TILE_EACH_M(RUNS_PANEL)

#define RUNS_ROW(m) { runs_##m##_narrow, runs_##m##_wide },
static void (*const runs_functions[TILE_MR][2])(struct runs_tile *tile) = { TILE_EACH_M(RUNS_ROW) };

/* Columns begin .. end - 1, whole panels of them. */
struct runs_columns {
	size_t begin, end;
};

/* m positions. */
static void runs_positions(const struct sgan_runs *r, size_t m, struct runs_columns columns, const float *src,
                           const float *panels, float *dst, const struct sgan_epilogue *e, size_t ahead_step)
{
	size_t panel = r->taps * r->k;
	struct runs_tile tile = {
		.runs = r, .src = src, .panel = panels + columns.begin * panel, .dst = dst + columns.begin, .epilogue = *e
	};

	tile.ahead = (struct tile_ahead){ (const char *)(ahead_step ? dst + RUNS_AHEAD : src), ahead_step };
	for (size_t j = columns.begin; j < columns.end; j += TILE_NR, tile.panel += panel * TILE_NR, tile.dst += TILE_NR) {
		tile.n = r->n - j < TILE_NR ? r->n - j : TILE_NR;
		if (e->bias)
			tile.epilogue.bias = e->bias + j;
		runs_functions[m - 1][tile.n > VEC](&tile);
	}
}

static void runs_rows(const struct sgan_runs *r, struct runs_columns columns, const float *src, const float *panels,
                      float *dst, const struct sgan_epilogue *e)
{
	size_t tiles = (r->cols + TILE_MR - 1) / TILE_MR, least = r->cols / tiles, longer = r->cols % tiles;
	size_t steps = r->taps * r->k * ((r->n + TILE_NR - 1) / TILE_NR);
	size_t ahead_step = e->bypass || !steps ? 0 : TILE_MR * r->n * sizeof(float) / steps + 1;

	for (size_t y = 0; y < r->rows; y++) {
		const float *from = src + (ptrdiff_t)y * r->src_row;
		for (size_t t = 0; t < tiles; t++) {
			size_t m = least + (t < longer);
			runs_positions(r, m, columns, from, panels, dst, e, ahead_step);
			from += (ptrdiff_t)m * r->src_col;
			dst += m * r->n;
		}
	}
}

/* Columns that all rows are gone over for before the next. Panels that are too many for the first-level cache, beside
 * what else passes through it, take turns: each stays there for all rows. Otherwise results are written, and their lines
 * fetched, in the order in which they lie. */
static size_t runs_columns_at_once(const struct sgan_runs *r, const struct sgan_epilogue *e)
{
	return e->bypass && r->taps * r->k * r->n * sizeof(float) > RUNS_NEAR ? TILE_NR : r->n;
}

void SGAN_SYMBOL(RUNS_NAME)(const struct sgan_runs *r, const real *src, const real *panels, real *dst,
                            const struct sgan_epilogue *e)
{
	size_t step = runs_columns_at_once(r, e);

	for (size_t j = 0; j < r->n; j += step)
		runs_rows(r, (struct runs_columns){ j, r->n - j < step ? r->n : j + step }, src, panels, dst, e);
}

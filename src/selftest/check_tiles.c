/* The matrix tiles: every m and n of each, odd strides, taps in any order, each
 * epilogue, against the generic tiles fed with the same numbers in their own
 * panels. Sums of small integers must be exact. */
#include <stdio.h>
#include <string.h>

#include "src/selftest/check.h"

enum {
	MOST_MR = 16,
	MOST_NR = 64,
	MOST_TAPS = 4,
	MOST_K = 40,
	ORACLE_PANEL = MOST_TAPS * MOST_K * 16 /* of the generic set, whose panels are 16 wide */
};

/* One case: what both sets compute, with weights in neither's order: [tap][k][n]. */
struct tile_case {
	size_t taps, k, m, n;
	size_t slot[MOST_TAPS]; /* a tap's place in the panel */
	ptrdiff_t offset[MOST_TAPS];
	ptrdiff_t ld_src, ld_dst;
	real weight[MOST_TAPS * MOST_K * MOST_NR];
	struct sgan_epilogue epilogue;
	enum check_values values;
};

static void pack(const struct tile_case *t, size_t first, size_t nr, real *panel)
{
	for (size_t tap = 0; tap < t->taps; tap++)
		for (size_t l = 0; l < t->k; l++)
			for (size_t j = 0; j < nr; j++)
				panel[(t->slot[tap] * t->k + l) * nr + j] =
					first + j < t->n ? t->weight[(tap * t->k + l) * t->n + first + j] : 0;
}

static void list_taps(const struct tile_case *t, size_t nr, struct sgan_tap tap[MOST_TAPS])
{
	for (size_t i = 0; i < t->taps; i++)
		tap[i] = (struct sgan_tap){ t->offset[i], t->slot[i] * t->k * nr };
}

static void shuffle(struct check *c, size_t count, size_t *slot)
{
	for (size_t i = 0; i < count; i++)
		slot[i] = i;
	for (size_t i = count; i > 1; i--) {
		size_t j = check_between(c, 0, i - 1), other = slot[j];
		slot[j] = slot[i - 1];
		slot[i - 1] = other;
	}
}

static void draw(struct check *c, size_t m, size_t n, struct tile_case *t)
{
	static const size_t depths[] = { 1, 2, 3, 5, 16, 25, MOST_K };

	t->taps = check_between(c, 0, MOST_TAPS);
	t->k = depths[check_between(c, 0, 6)];
	t->m = m;
	t->n = n;
	t->ld_src = (ptrdiff_t)check_between(c, t->k > 3 ? t->k - 3 : 1, t->k + 9);
	t->ld_dst = (ptrdiff_t)check_between(c, n, n + 5);
	t->values = check_between(c, 0, 3) ? CHECK_INTEGERS : CHECK_REALS;
	shuffle(c, t->taps, t->slot);
	for (size_t i = 0; i < t->taps; i++)
		t->offset[i] = (ptrdiff_t)check_between(c, 0, 50);
	check_fill(c, t->values, t->taps * t->k * n, t->weight);
	t->epilogue = check_epilogue(c);
	c->libm = t->epilogue.act == SGAN_ACT_SIGMOID;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void compare(struct check *c, const struct tile_case *t, const char *kernel, size_t count, const real *found,
                    const real *expected)
{
	char what[128];

	snprintf(what, sizeof what, "%s m %zu n %zu k %zu taps %zu act %d%s%s", kernel, t->m, t->n, t->k, t->taps,
	         (int)t->epilogue.act, t->epilogue.bias ? " bias" : "", t->epilogue.accumulate ? " accumulate" : "");
	if (t->values == CHECK_INTEGERS)
		check_activated(c, t->epilogue.act, count, found, expected, what);
	else
		check_close_to(c, count, found, expected, (double)(t->taps * t->k), what);
	check_release(c, what);
}

/* Destination rows with gaps, which must stay as they were: the same in both. */
static size_t make_dst(struct check *c, const struct tile_case *t, real **found, real *expected)
{
	size_t count = (t->m - 1) * (size_t)t->ld_dst + t->n;

	*found = check_output(c, count);
	check_fill(c, t->values, count, *found);
	memcpy(expected, *found, count * sizeof(real));
	for (size_t i = 0; i < count && !t->epilogue.accumulate; i++)
		if (i % (size_t)t->ld_dst < t->n)
			(*found)[i] = (real)1e30 * (real)1e30; /* must not be read */
	return count;
}

static void draw_bias(struct check *c, struct tile_case *t)
{
	real *bias;

	if (!check_between(c, 0, 1))
		return;
	bias = check_input(c, t->n);
	check_fill(c, t->values, t->n, bias);
	t->epilogue.bias = bias;
}

/* The generic tile on every block of its own size. rows is NULL for gemm. */
static void oracle_tiles(const struct check *c, const struct tile_case *t, const real *src, const real *const *rows,
                         real *dst)
{
	const struct sgan_kernels *o = c->oracle;
	_Alignas(64) real panel[ORACLE_PANEL];

	for (size_t j = 0; j < t->n; j += o->gemm_nr) {
		struct sgan_tap tap[MOST_TAPS];
		struct sgan_epilogue e = t->epilogue;
		size_t n = least(t->n - j, o->gemm_nr);
		pack(t, j, o->gemm_nr, panel);
		list_taps(t, o->gemm_nr, tap);
		if (e.bias)
			e.bias += j;
		for (size_t i = 0; i < t->m; i += o->gemm_mr) {
			size_t m = least(t->m - i, o->gemm_mr);
			const real *block[MOST_TAPS * MOST_MR];
			for (size_t r = 0; rows && r < t->taps * m; r++)
				block[r] = rows[r / m * t->m + i + r % m];
			if (rows)
				o->igemm(t->taps, tap, t->k, block, panel, dst + (ptrdiff_t)i * t->ld_dst + j, t->ld_dst, m, n, &e);
			else
				o->gemm(t->taps, tap, t->k, src + (ptrdiff_t)i * t->ld_src, t->ld_src, panel,
				        dst + (ptrdiff_t)i * t->ld_dst + j, t->ld_dst, m, n, &e);
		}
	}
}

static void gemm_case(struct check *c, size_t m, size_t n)
{
	struct tile_case t;
	struct sgan_tap tap[MOST_TAPS];
	real expected[MOST_MR * (MOST_NR + 8)];
	real *src, *panel, *found;
	ptrdiff_t reach = 0;
	size_t count;

	draw(c, m, n, &t);
	for (size_t i = 0; i < t.taps; i++)
		reach = t.offset[i] > reach ? t.offset[i] : reach;
	count = (size_t)((ptrdiff_t)(m - 1) * t.ld_src + reach) + t.k;
	src = check_input(c, count);
	check_fill(c, t.values, count, src);
	check_spoil(c, count, src);
	panel = check_input(c, t.taps * t.k * c->tested->gemm_nr);
	pack(&t, 0, c->tested->gemm_nr, panel);
	list_taps(&t, c->tested->gemm_nr, tap);
	draw_bias(c, &t);
	count = make_dst(c, &t, &found, expected);
	oracle_tiles(c, &t, src, NULL, expected);
	c->tested->gemm(t.taps, tap, t.k, src, t.ld_src, panel, found, t.ld_dst, m, n, &t.epilogue);
	compare(c, &t, "gemm", count, found, expected);
}

static void igemm_case(struct check *c, size_t m, size_t n)
{
	enum { SOURCE = 300 };
	struct tile_case t;
	struct sgan_tap tap[MOST_TAPS];
	const real *rows[MOST_TAPS * MOST_MR];
	real expected[MOST_MR * (MOST_NR + 8)];
	real *src = check_input(c, SOURCE), *panel, *found;
	size_t count;

	draw(c, m, n, &t);
	check_fill(c, t.values, SOURCE, src);
	check_spoil(c, SOURCE, src);
	for (size_t i = 0; i < t.taps * m; i++)
		rows[i] = src + (check_between(c, 0, 3) ? check_between(c, 0, SOURCE - t.k) : SOURCE - t.k);
	panel = check_input(c, t.taps * t.k * c->tested->gemm_nr);
	pack(&t, 0, c->tested->gemm_nr, panel);
	list_taps(&t, c->tested->gemm_nr, tap);
	draw_bias(c, &t);
	count = make_dst(c, &t, &found, expected);
	oracle_tiles(c, &t, NULL, rows, expected);
	c->tested->igemm(t.taps, tap, t.k, rows, panel, found, t.ld_dst, m, n, &t.epilogue);
	compare(c, &t, "igemm", count, found, expected);
}

static void each_tile(struct check *c, size_t mr, size_t nr, void (*run)(struct check *c, size_t m, size_t n))
{
	if (mr > MOST_MR || nr > MOST_NR || c->oracle->gemm_nr != 16) {
		check_fail(c, "tiles of %zux%zu, expected at most %dx%d", mr, nr, MOST_MR, MOST_NR);
		return;
	}
	for (size_t m = 1; m <= mr && !check_failed(c); m++)
		for (size_t n = 1; n <= nr && !check_failed(c); n++)
			for (size_t again = 0; again < 4 && !check_failed(c); again++)
				run(c, m, n);
}

void check_gemm(struct check *c)
{
	each_tile(c, c->tested->gemm_mr, c->tested->gemm_nr, gemm_case);
}

void check_igemm(struct check *c)
{
	each_tile(c, c->tested->gemm_mr, c->tested->gemm_nr, igemm_case);
}

/* Random distances for one tensor of a walk; returns how far it reaches. */
static size_t draw_distances(struct check *c, const struct sgan_walk *w, size_t channels, ptrdiff_t *image,
                             ptrdiff_t *row, ptrdiff_t *col)
{
	*col = (ptrdiff_t)check_between(c, 1, channels + 3);
	*row = (ptrdiff_t)check_between(c, 0, 60);
	*image = (ptrdiff_t)check_between(c, 0, 90);
	return (w->images - 1) * (size_t)*image + (w->rows - 1) * (size_t)*row +
	       (w->range_end[w->ranges - 1] - 1) * (size_t)*col + channels;
}

static void oracle_wgrad(const struct check *c, const struct sgan_walk *w, const real *x, const real *y, real *sums,
                         const struct tile_case *t)
{
	const struct sgan_kernels *o = c->oracle;

	for (size_t i = 0; i < t->m; i += o->wgrad_mr)
		for (size_t j = 0; j < t->n; j += o->wgrad_nr)
			o->wgrad(w, x + i, y + j, sums + (ptrdiff_t)i * t->ld_dst + j, t->ld_dst, least(t->m - i, o->wgrad_mr),
			         least(t->n - j, o->wgrad_nr), t->epilogue.accumulate);
}

enum { MOST_RANGES = 4 };

/* Ranges of columns; some may be empty. */
static struct sgan_walk draw_walk(struct check *c, size_t range_end[MOST_RANGES])
{
	struct sgan_walk w = { .range_end = range_end };

	w.images = check_between(c, 1, 3);
	w.rows = check_between(c, 1, 4);
	w.ranges = check_between(c, 0, 1) ? 1 : check_between(c, 2, MOST_RANGES);
	for (size_t i = 0; i < w.ranges; i++)
		range_end[i] = (i ? range_end[i - 1] : 0) + check_between(c, 0, 9);
	if (!range_end[w.ranges - 1])
		range_end[w.ranges - 1] = 1;
	return w;
}

/* The values of a weight gradient's case, and whether they are added; what is fetched ahead may not exist. */
static void fill_wgrad(struct check *c, struct tile_case *t, struct sgan_walk *w, size_t x_count, real *x,
                       size_t y_count, real *y)
{
	t->values = check_between(c, 0, 3) ? CHECK_INTEGERS : CHECK_REALS;
	t->epilogue.accumulate = check_between(c, 0, 1) == 1;
	w->ahead = x + x_count; /* the page that may not be touched */
	w->ahead_step = (ptrdiff_t)check_between(c, 0, 16);
	check_fill(c, t->values, x_count, x);
	check_fill(c, t->values, y_count, y);
}

static void wgrad_case(struct check *c, size_t m, size_t n)
{
	size_t end[MOST_RANGES];
	struct sgan_walk w = draw_walk(c, end);
	struct tile_case t = { .taps = w.images * w.rows, .k = end[w.ranges - 1], .m = m, .n = n };
	size_t x_count = draw_distances(c, &w, m, &w.x_image, &w.x_row, &w.x_col);
	size_t y_count = draw_distances(c, &w, n, &w.y_image, &w.y_row, &w.y_col);
	real *x = check_input(c, x_count), *y = check_input(c, y_count), *found;
	real expected[MOST_MR * (MOST_NR + 8)];
	size_t count;

	if (!check_between(c, 0, 15))
		w.rows = 0;
	t.ld_dst = (ptrdiff_t)check_between(c, n, n + 5);
	fill_wgrad(c, &t, &w, x_count, x, y_count, y);
	count = make_dst(c, &t, &found, expected);
	oracle_wgrad(c, &w, x, y, expected, &t);
	c->tested->wgrad(&w, x, y, found, t.ld_dst, m, n, t.epilogue.accumulate);
	compare(c, &t, "wgrad", count, found, expected);
}

void check_wgrad(struct check *c)
{
	each_tile(c, c->tested->wgrad_mr, c->tested->wgrad_nr, wgrad_case);
}

/* As the kernel of single taps has it, run after run. */
static void oracle_wgrad_runs(const struct check *c, const struct sgan_walk *w, const struct sgan_wgrad_runs *s,
                              const real *x, const real *y, real *sums, struct tile_case t)
{
	for (size_t run = 0; run < s->runs; run++) {
		t.m = s->m;
		oracle_wgrad(c, w, x + (ptrdiff_t)run * s->x_run, y, sums + (ptrdiff_t)run * s->sums_run, &t);
	}
}

static void wgrad_runs_case(struct check *c, size_t runs, size_t m, size_t n)
{
	size_t cols = check_between(c, 1, 20);
	size_t images = check_between(c, 1, 3), rows = check_between(c, 1, 4);
	struct sgan_walk w = { .images = images, .rows = rows, .ranges = 1, .range_end = &cols };
	struct sgan_wgrad_runs s = { .runs = runs, .m = m, .n = n, .x_run = (ptrdiff_t)check_between(c, 0, 50) };
	struct tile_case t = { .taps = w.images * w.rows, .k = cols, .m = runs * m, .n = n };
	size_t x_count = draw_distances(c, &w, m, &w.x_image, &w.x_row, &w.x_col) + (runs - 1) * (size_t)s.x_run;
	size_t y_count = draw_distances(c, &w, n, &w.y_image, &w.y_row, &w.y_col);
	real *x = check_input(c, x_count), *y = check_input(c, y_count), *found;
	real expected[MOST_MR * (MOST_NR + 8)];
	size_t count;

	s.ld_sums = t.ld_dst = (ptrdiff_t)check_between(c, n, n + 5);
	s.sums_run = (ptrdiff_t)m * s.ld_sums;
	fill_wgrad(c, &t, &w, x_count, x, y_count, y);
	count = make_dst(c, &t, &found, expected);
	oracle_wgrad_runs(c, &w, &s, x, y, expected, t);
	c->tested->wgrad_runs(&w, &s, x, y, found, t.epilogue.accumulate);
	compare(c, &t, "wgrad_runs", count, found, expected);
}

void check_wgrad_runs(struct check *c)
{
	size_t sums = c->tested->wgrad_runs_sums, nr = c->tested->wgrad_runs_nr;

	if (nr > MOST_NR || sums * (nr + 5) > MOST_MR * (MOST_NR + 8)) {
		check_fail(c, "tiles of %zu rows and %zu columns, more than there is room for", sums, nr);
		return;
	}
	for (size_t runs = 1; runs <= c->tested->wgrad_runs_most; runs++)
		for (size_t m = 1; m * runs <= c->tested->wgrad_runs_sums; m++)
			for (size_t n = 1; n <= c->tested->wgrad_runs_nr; n++)
				wgrad_runs_case(c, runs, m, n);
}

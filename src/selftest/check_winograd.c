/* The maps of Winograd's filtering: every number of points and size on the columns, drawn ones on the rows, parts of
 * the rows, windows that lie across an image's edges, gaps between pixels and planes, several addends, each
 * epilogue, against the generic ones. */
#include "kernels/winograd_tables.h"
#include "src/selftest/check.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
	LEAST = SGAN_WINOGRAD_LEAST,
	MOST = SGAN_WINOGRAD_MOST,
	MOST_N = 40,
	MOST_GAP = 3,
	MOST_ADDENDS = SGAN_WINOGRAD_ADDENDS
};

enum map { INPUT, EVALUATE, MOMENTS };
static const char *const map_names[] = { "winograd_input", "winograd_evaluate", "winograd_moments" };

struct winograd_case {
	enum map map;
	struct sgan_filtering f[MOST_ADDENDS];
	size_t addends, n, plane;
	struct sgan_window window;
};

/* Points for so many values, sometimes the values themselves. */
static struct sgan_points draw_points(struct check *c, size_t size)
{
	size_t least = size + 1 < LEAST ? LEAST : size + 1;
	struct sgan_points p = { size, size };

	if (size >= 2 && least <= MOST && check_between(c, 0, 2))
		p.points = check_between(c, least, MOST);
	return p;
}

/* A place between two rows of points that are not a pair, from `least` on. */
static size_t draw_row(struct check *c, const struct sgan_points *p, size_t least)
{
	size_t row = check_between(c, least, p->points), singles = sgan_single_points(p->points);

	return p->points != p->size && row > singles && (row - singles) % 2 ? row + 1 : row;
}

static void draw_rows(struct check *c, struct sgan_filtering *f)
{
	f->begin = 0;
	f->end = f->h.points;
	if (check_between(c, 0, 1)) {
		f->begin = draw_row(c, &f->h, 0);
		f->end = draw_row(c, &f->h, f->begin);
	}
}

/* Rows or columns of the map's window. */
static size_t pixels(enum map map, const struct sgan_points *p)
{
	return map == INPUT ? p->points : p->size;
}

static void draw_inside(struct check *c, size_t size, size_t *begin, size_t *end)
{
	*begin = 0;
	*end = size;
	if (check_between(c, 0, 1)) {
		*begin = check_between(c, 0, size);
		*end = check_between(c, *begin, size);
	}
}

static struct winograd_case draw(struct check *c, enum map map, struct sgan_points columns, size_t n)
{
	struct winograd_case w = { .map = map, .addends = map == MOMENTS ? check_between(c, 1, MOST_ADDENDS) : 1, .n = n };
	size_t size = check_between(c, 1, MOST - 1), cols = pixels(map, &columns);

	for (size_t i = 0; i < w.addends; i++) {
		w.f[i].h = draw_points(c, size);
		w.f[i].w = i ? draw_points(c, columns.size) : columns;
		draw_rows(c, &w.f[i]);
	}
	w.plane = n + check_between(c, 0, MOST_GAP);
	w.window.col = (ptrdiff_t)(n + check_between(c, 0, MOST_GAP));
	w.window.row = (ptrdiff_t)cols * w.window.col;
	draw_inside(c, pixels(map, &w.f[0].h), &w.window.row_begin, &w.window.row_end);
	draw_inside(c, cols, &w.window.col_begin, &w.window.col_end);
	return w;
}

static void describe(const struct winograd_case *w, char *text, size_t size)
{
	const struct sgan_filtering *f = w->f;

	snprintf(text, size,
	         "%s, %zu x %zu points, sizes %zu, %zu, points %zu to %zu, %zu addends, n %zu, rows %zu to %zu, "
	         "columns %zu to %zu",
	         map_names[w->map], f->h.points, f->w.points, f->h.size, f->w.size, f->begin, f->end, w->addends, w->n,
	         w->window.row_begin, w->window.row_end, w->window.col_begin, w->window.col_end);
}

/* Elements from a window's first pixel to the end of its last one inside; 0: none is. */
static size_t reach(const struct winograd_case *w)
{
	const struct sgan_window *i = &w->window;

	if (i->row_begin == i->row_end || i->col_begin == i->col_end)
		return 0;
	return (i->row_end - 1) * (size_t)i->row + (i->col_end - 1) * (size_t)i->col + w->n;
}

static size_t planes(const struct winograd_case *w)
{
	size_t count = 0;

	for (size_t i = 0; i < w->addends; i++)
		count += (w->f[i].end - w->f[i].begin) * w->f[i].w.points;
	return count ? (count - 1) * w->plane + w->n : 0;
}

static double sum_of(size_t count, const real *coefficients)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += fabs((double)coefficients[i]);
	return sum;
}

/* The largest sum of an axis's coefficients' absolute values, for any value or point. */
static double coefficients(enum map map, const struct sgan_points *p)
{
	size_t singles = sgan_single_points(p->points), at = p->points - LEAST;
	double most = 1;

	if (p->points == p->size)
		return 1;
	for (size_t i = 0; i < p->points && map == INPUT; i++)
		most = fmax(most, sum_of(p->points, winograd_input_map[at][i]));
	for (size_t i = singles; i < p->points && map == EVALUATE; i++)
		most = fmax(most, sum_of(p->size, winograd_power[at][i - singles]));
	for (size_t y = 0; y < p->size && map == MOMENTS; y++) {
		double sum = 1; /* 0's or infinity's */
		for (size_t i = singles; i < p->points; i++)
			sum += fabs((double)winograd_power[at][i - singles][y]);
		most = fmax(most, sum);
	}
	return most;
}

/* The same of all addends' axes. */
static double terms(const struct winograd_case *w)
{
	double sum = 0;

	for (size_t i = 0; i < w->addends; i++)
		sum += coefficients(w->map, &w->f[i].h) * coefficients(w->map, &w->f[i].w);
	return 3 * sum;
}

static void to_planes_case(struct check *c, const struct winograd_case *w)
{
	const struct sgan_kernels *t = c->tested, *o = c->oracle;
	size_t count = planes(w);
	real *src = check_input(c, reach(w)), *found = check_output(c, count), *expected = check_output(c, count);
	char what[240];

	check_fill(c, CHECK_REALS, reach(w), src);
	check_fill(c, CHECK_REALS, count, found);
	memcpy(expected, found, count * sizeof(real));
	describe(w, what, sizeof what);
	if (w->map == INPUT) {
		o->winograd_input(w->f, &w->window, w->n, src, expected, w->plane);
		t->winograd_input(w->f, &w->window, w->n, src, found, w->plane);
	} else {
		o->winograd_evaluate(w->f, &w->window, w->n, src, expected, w->plane);
		t->winograd_evaluate(w->f, &w->window, w->n, src, found, w->plane);
	}
	check_close_to(c, count, found, expected, terms(w), what);
	check_release(c, what);
}

static void moments_case(struct check *c, const struct winograd_case *w)
{
	size_t count = (w->f[0].h.size - 1) * (size_t)w->window.row + (w->f[0].w.size - 1) * (size_t)w->window.col + w->n;
	real *src = check_input(c, planes(w)), *bias = check_input(c, w->n);
	real *found = check_output(c, count), *expected = check_output(c, count);
	struct sgan_epilogue e = check_epilogue(c);
	char what[240];

	c->libm = e.act == SGAN_ACT_SIGMOID;
	e.bias = check_between(c, 0, 1) ? bias : NULL;
	check_fill(c, CHECK_REALS, planes(w), src);
	check_fill(c, CHECK_REALS, w->n, bias);
	check_fill(c, CHECK_REALS, count, found);
	memcpy(expected, found, count * sizeof(real));
	c->oracle->winograd_moments(w->addends, w->f, &w->window, w->n, src, w->plane, expected, &e);
	c->tested->winograd_moments(w->addends, w->f, &w->window, w->n, src, w->plane, found, &e);
	describe(w, what, sizeof what);
	check_close_to(c, count, found, expected, terms(w), what);
	check_release(c, what);
}

static void run_case(struct check *c, enum map map, struct sgan_points columns, size_t n)
{
	struct winograd_case w = draw(c, map, columns, n);

	if (map == MOMENTS)
		moments_case(c, &w);
	else
		to_planes_case(c, &w);
}

static void each_case(struct check *c, enum map map)
{
	for (size_t n = 1; n <= MOST_N && !check_failed(c); n++)
		for (size_t size = 1; size < MOST; size++) {
			run_case(c, map, (struct sgan_points){ size, size }, n);
			for (size_t points = LEAST; points <= MOST; points++)
				if (size >= 2 && size < points)
					run_case(c, map, (struct sgan_points){ points, size }, n);
		}
}

void check_winograd_input(struct check *c)
{
	each_case(c, INPUT);
}

void check_winograd_evaluate(struct check *c)
{
	each_case(c, EVALUATE);
}

void check_winograd_moments(struct check *c)
{
	each_case(c, MOMENTS);
}

/* The maps of Winograd's filtering: every number of points and size, windows that lie across an image's edges, gaps
 * between pixels and planes, each epilogue, against the generic ones. Sums of small integers times powers of two are
 * exact. */
#include "src/selftest/check.h"

#include <stdio.h>
#include <string.h>

enum { MOST = SGAN_WINOGRAD_MOST, MOST_N = 40, MOST_GAP = 3 };

struct winograd_case {
	size_t alpha, size, n, plane;
	struct sgan_window window;
};

static struct winograd_case draw(struct check *c, size_t alpha, size_t size, size_t n)
{
	struct winograd_case w = { alpha, size, n, n + check_between(c, 0, MOST_GAP), { 0 } };

	w.window.col = (ptrdiff_t)(n + check_between(c, 0, MOST_GAP));
	w.window.row = (ptrdiff_t)size * w.window.col;
	w.window.row_end = w.window.col_end = size;
	if (check_between(c, 0, 1)) {
		w.window.row_begin = check_between(c, 0, size);
		w.window.row_end = check_between(c, w.window.row_begin, size);
		w.window.col_begin = check_between(c, 0, size);
		w.window.col_end = check_between(c, w.window.col_begin, size);
	}
	return w;
}

static void describe(const struct winograd_case *w, const char *kernel, size_t size, char *text)
{
	snprintf(text, size, "%s, %zu points, size %zu, n %zu, rows %zu to %zu, columns %zu to %zu", kernel, w->alpha,
	         w->size, w->n, w->window.row_begin, w->window.row_end, w->window.col_begin, w->window.col_end);
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
	return (w->alpha * w->alpha - 1) * w->plane + w->n;
}

static void to_planes_case(struct check *c, const struct winograd_case *w, bool input)
{
	const struct sgan_kernels *t = c->tested, *o = c->oracle;
	size_t count = planes(w);
	real *src = check_input(c, reach(w)), *found = check_output(c, count), *expected = check_output(c, count);
	char what[160];

	check_fill(c, input ? CHECK_REALS : CHECK_INTEGERS, reach(w), src);
	check_fill(c, CHECK_REALS, count, found);
	memcpy(expected, found, count * sizeof(real));
	describe(w, input ? "winograd_input" : "winograd_evaluate", sizeof what, what);
	if (input) {
		o->winograd_input(w->alpha, &w->window, w->n, src, expected, w->plane);
		t->winograd_input(w->alpha, &w->window, w->n, src, found, w->plane);
		check_close_to(c, count, found, expected, 400, what); /* rows' absolute values come to 13 at the most */
	} else {
		o->winograd_evaluate(w->alpha, w->size, &w->window, w->n, src, expected, w->plane);
		t->winograd_evaluate(w->alpha, w->size, &w->window, w->n, src, found, w->plane);
		check_same(c, count, found, expected, what);
	}
	check_release(c, what);
}

static void moments_case(struct check *c, const struct winograd_case *w)
{
	size_t count = (w->size - 1) * (size_t)(w->window.row + w->window.col) + w->n;
	real *src = check_input(c, planes(w)), *bias = check_input(c, w->n);
	real *found = check_output(c, count), *expected = check_output(c, count);
	struct sgan_epilogue e = {
		.act = (sgan_act)check_between(c, SGAN_ACT_NONE, SGAN_ACT_SIGMOID),
		.slope = (real)0.25,
		.accumulate = check_between(c, 0, 1) == 1,
		.bypass = check_between(c, 0, 1) == 1,
		.bias = check_between(c, 0, 1) ? bias : NULL,
	};
	/* from 2^-12 to 2^12 times these: too many bits */
	enum check_values values = w->size > 5 ? CHECK_REALS : CHECK_INTEGERS;
	char what[160];

	check_fill(c, values, planes(w), src);
	check_fill(c, values, w->n, bias);
	check_fill(c, values, count, found);
	memcpy(expected, found, count * sizeof(real));
	c->oracle->winograd_moments(w->alpha, w->size, &w->window, w->n, src, w->plane, expected, &e);
	c->tested->winograd_moments(w->alpha, w->size, &w->window, w->n, src, w->plane, found, &e);
	describe(w, "winograd_moments", sizeof what, what);
	if (values == CHECK_INTEGERS)
		check_activated(c, e.act, count, found, expected, what);
	else
		check_close_to(c, count, found, expected, 7e4, what); /* of 131 squared, a row's sum of powers */
	check_release(c, what);
}

static void each_case(struct check *c, void (*run)(struct check *c, size_t alpha, size_t size, size_t n))
{
	for (size_t alpha = SGAN_WINOGRAD_LEAST; alpha <= MOST; alpha++)
		for (size_t size = 2; size < alpha; size++)
			for (size_t n = 1; n <= MOST_N && !check_failed(c); n++)
				run(c, alpha, size, n);
}

static void run_input(struct check *c, size_t alpha, size_t size, size_t n)
{
	struct winograd_case w = draw(c, alpha, alpha, n);

	(void)size;
	to_planes_case(c, &w, true);
}

static void run_evaluate(struct check *c, size_t alpha, size_t size, size_t n)
{
	struct winograd_case w = draw(c, alpha, size, n);

	to_planes_case(c, &w, false);
}

static void run_moments(struct check *c, size_t alpha, size_t size, size_t n)
{
	struct winograd_case w = draw(c, alpha, size, n);

	moments_case(c, &w);
}

void check_winograd_input(struct check *c)
{
	each_case(c, run_input);
}

void check_winograd_evaluate(struct check *c)
{
	each_case(c, run_evaluate);
}

void check_winograd_moments(struct check *c)
{
	each_case(c, run_moments);
}

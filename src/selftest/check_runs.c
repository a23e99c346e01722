/* The gather from few channels: rows of every length about the tile's, columns about
 * the panel's, odd distances, each epilogue, against the generic one. Sums of small
 * integers must be exact. */
#include <stdio.h>
#include <string.h>

#include "src/selftest/check.h"

struct runs_case {
	struct sgan_runs r;
	struct sgan_epilogue epilogue;
	enum check_values values;
};

static size_t draw(struct check *c, struct runs_case *t)
{
	static const size_t depths[] = { 1, 2, 3, 5, 9, 15 };
	size_t k = depths[check_between(c, 0, sizeof depths / sizeof *depths - 1)];

	t->r.k = k;
	t->r.taps = check_between(c, 0, 5);
	t->r.rows = check_between(c, 1, 3);
	t->r.src_col = (ptrdiff_t)check_between(c, 0, k + 3);
	t->r.src_row = (ptrdiff_t)check_between(c, 0, 100);
	t->r.src_tap = (ptrdiff_t)check_between(c, 0, 100);
	t->values = check_between(c, 0, 3) ? CHECK_INTEGERS : CHECK_REALS;
	t->epilogue = check_epilogue(c);
	c->libm = t->epilogue.act == SGAN_ACT_SIGMOID;
	return (t->r.rows - 1) * (size_t)t->r.src_row + (t->r.cols - 1) * (size_t)t->r.src_col +
	       (t->r.taps ? (t->r.taps - 1) * (size_t)t->r.src_tap : 0) + k;
}

static real *filled(struct check *c, const struct runs_case *t, size_t count)
{
	real *data = check_input(c, count);

	check_fill(c, t->values, count, data);
	return data;
}

/* Weights [taps * k][n] in a set's panels, run on that set. */
static void run(struct check *c, const struct runs_case *t, const struct sgan_kernels *set, const real *src,
                const real *weights, real *dst)
{
	size_t nr = set->gemm_nr, depth = t->r.taps * t->r.k, panels = (t->r.n + nr - 1) / nr;
	real *packed = check_input(c, panels * (depth ? depth : 1) * nr);

	for (size_t i = 0; i < panels * depth * nr; i++) {
		size_t j = i / nr / depth * nr + i % nr;
		packed[i] = j < t->r.n ? weights[i / nr % depth * t->r.n + j] : 0;
	}
	set->runs(&t->r, src, packed, dst, &t->epilogue);
}

static void runs_case(struct check *c, size_t cols, size_t n)
{
	struct runs_case t = { .r = { .cols = cols, .n = n } };
	size_t src_count = draw(c, &t), count = t.r.rows * cols * n, depth = t.r.taps * t.r.k;
	real *src = filled(c, &t, src_count), *weights = filled(c, &t, depth * n);
	real *found = check_output(c, count), *expected = check_output(c, count);
	char what[128];

	check_spoil(c, src_count, src);
	if (check_between(c, 0, 1))
		t.epilogue.bias = filled(c, &t, n);
	check_fill(c, t.values, count, found);
	memcpy(expected, found, count * sizeof(real));
	run(c, &t, c->oracle, src, weights, expected);
	run(c, &t, c->tested, src, weights, found);
	snprintf(what, sizeof what, "runs rows %zu cols %zu n %zu k %zu taps %zu act %d%s%s", t.r.rows, cols, n, t.r.k,
	         t.r.taps, (int)t.epilogue.act, t.epilogue.bias ? " bias" : "", t.epilogue.accumulate ? " accumulate" : "");
	if (t.values == CHECK_INTEGERS)
		check_activated(c, t.epilogue.act, count, found, expected, what);
	else
		check_close_to(c, count, found, expected, (double)(depth + 1), what);
	check_release(c, what);
}

void check_runs(struct check *c)
{
	size_t mr = c->tested->gemm_mr, nr = c->tested->gemm_nr;

	for (size_t cols = 1; cols <= 2 * mr + 1; cols++)
		for (size_t n = 1; n <= 2 * nr + 1 && !check_failed(c); n++)
			runs_case(c, cols, n);
}

/* The tile of few columns: every m and n, odd strides, taps in any order, with and
 * without bias, against the generic tile. Sums of small integers must be exact. */
#include <stdio.h>
#include <string.h>

#include "src/selftest/check.h"

enum { MOST_TAPS = 4, MOST_REACH = 50 };

struct dots_case {
	size_t taps, k, m, n;
	struct sgan_tap tap[MOST_TAPS];
	ptrdiff_t ld_src, ld_dst;
	enum check_values values;
};

static size_t draw(struct check *c, struct dots_case *t)
{
	static const size_t depths[] = { 1, 3, 7, 8, 9, 15, 16, 17, 32, 47, 64 };
	size_t reach = 0;

	t->taps = check_between(c, 0, MOST_TAPS);
	t->k = depths[check_between(c, 0, sizeof depths / sizeof *depths - 1)];
	t->ld_src = (ptrdiff_t)check_between(c, 0, t->k + 9);
	t->ld_dst = (ptrdiff_t)(check_between(c, 0, 1) ? t->n : check_between(c, t->n, t->n + 5));
	t->values = check_between(c, 0, 3) ? CHECK_INTEGERS : CHECK_REALS;
	for (size_t i = 0; i < t->taps; i++) {
		t->tap[i].src = (ptrdiff_t)check_between(c, 0, MOST_REACH);
		t->tap[i].weight = check_between(c, 0, MOST_TAPS - 1); /* its place */
		reach = (size_t)t->tap[i].src > reach ? (size_t)t->tap[i].src : reach;
	}
	return (t->m - 1) * (size_t)t->ld_src + reach + t->k;
}

static real *filled(struct check *c, const struct dots_case *t, size_t count)
{
	real *data = check_input(c, count);

	check_fill(c, t->values, count, data);
	return data;
}

/* Weights [MOST_TAPS][n][k] in a set's order, and its taps, run on that set. */
static void run(struct check *c, const struct dots_case *t, const struct sgan_kernels *set, const real *src,
                const real *weights, const real *bias, real *dst)
{
	size_t vec = set->dots_vec, depth = (t->k + vec - 1) / vec * vec;
	real *packed = check_input(c, MOST_TAPS * t->n * depth);
	struct sgan_tap tap[MOST_TAPS];

	for (size_t i = 0; i < MOST_TAPS * t->n * depth; i++) {
		size_t place = i / (t->n * depth), l = i / vec % (depth * t->n / vec) / t->n * vec + i % vec;
		size_t j = i / vec % t->n;
		packed[i] = l < t->k ? weights[(place * t->n + j) * t->k + l] : 0;
	}
	for (size_t i = 0; i < t->taps; i++)
		tap[i] = (struct sgan_tap){ t->tap[i].src, t->tap[i].weight * t->n * depth };
	set->dots(t->taps, tap, t->k, src, t->ld_src, packed, bias, dst, t->ld_dst, t->m, t->n);
}

static void dots_case(struct check *c, size_t m, size_t n)
{
	struct dots_case t = { .m = m, .n = n };
	size_t src_count = draw(c, &t), count = (m - 1) * (size_t)t.ld_dst + n;
	real *src = filled(c, &t, src_count), *weights = filled(c, &t, MOST_TAPS * n * t.k);
	real *bias = check_between(c, 0, 1) ? filled(c, &t, n) : NULL;
	real *found = check_output(c, count), *expected = check_output(c, count);
	char what[96];

	check_fill(c, t.values, count, found);
	memcpy(expected, found, count * sizeof(real));
	run(c, &t, c->oracle, src, weights, bias, expected);
	run(c, &t, c->tested, src, weights, bias, found);
	snprintf(what, sizeof what, "dots m %zu n %zu k %zu taps %zu%s", m, n, t.k, t.taps, bias ? " bias" : "");
	if (t.values == CHECK_INTEGERS)
		check_same(c, count, found, expected, what);
	else
		check_close_to(c, count, found, expected, (double)(t.taps * t.k + 1), what);
	check_release(c, what);
}

void check_dots(struct check *c)
{
	for (size_t n = 1; n <= 4; n++)
		for (size_t m = 1; m * n <= c->tested->dots_sums; m++)
			for (size_t again = 0; again < 8 && !check_failed(c); again++)
				dots_case(c, m, n);
}

/* Element-wise kernels: every count up to a few vectors, values that are not
 * numbers, in place; the same bits as the generic kernels (the logistic function:
 * within rounding). Column sums: exact on integers. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/selftest/check.h"

enum { MOST = 70 };

/* Mostly reals, and what breaks comparisons: zeros of both signs, infinities, not-a-number. */
static void fill_awkward(struct check *c, size_t count, real *data)
{
	static const real awkward[] = { 0, (real)-0.0, INFINITY, -INFINITY, NAN, (real)1e-30 };

	for (size_t i = 0; i < count; i++)
		data[i] = check_between(c, 0, 4) ? check_value(c, CHECK_REALS) : awkward[check_between(c, 0, 5)];
}

static const char *describe(char *text, size_t size, const char *kernel, size_t count, int act)
{
	snprintf(text, size, "%s count %zu act %d", kernel, count, act);
	return text;
}

/* Reals scaled to where exp overflows and beyond, and awkward ones. */
static void fill_wide(struct check *c, size_t count, real *data)
{
	static const real reach[] = { 1, 20, 90, 110, (real)1e30 };

	fill_awkward(c, count, data);
	for (size_t i = 0; i < count; i++)
		data[i] *= reach[check_between(c, 0, 4)];
}

static void act_case(struct check *c, size_t count, sgan_act act, bool in_place)
{
	char what[64];
	real *src = check_input(c, count), *dst = check_output(c, count);
	real expected[MOST];

	c->libm = act == SGAN_ACT_SIGMOID;
	fill_wide(c, count, src);
	c->oracle->act(count, src, act, (real)0.2, expected);
	if (in_place)
		memcpy(dst, src, count * sizeof(real));
	c->tested->act(count, in_place ? dst : src, act, (real)0.2, dst);
	describe(what, sizeof what, "act", count, (int)act);
	check_activated(c, act, count, dst, expected, what);
	check_release(c, what);
}

/* What both sets make alike must also be right: ReLU is x < 0 ? 0 : x, and what is not a number is not lost. */
static void act_meaning(struct check *c)
{
	static const real src[] = { (real)NAN, -2, 3, -INFINITY, INFINITY }, relu[] = { (real)NAN, 0, 3, 0, INFINITY };
	static const real leaky[] = { (real)NAN, -1, 3, -INFINITY, INFINITY }, grad[] = { 4, 0, 4, 0, 4 };
	static const real leaky_grad[] = { 2, 2, 4, 2, 4 }, diff[] = { 4, 4, 4, 4, 4 };
	real dst[5];

	c->oracle->act(5, src, SGAN_ACT_RELU, 0, dst);
	check_same(c, 5, dst, relu, "ReLU of known values");
	c->oracle->act(5, src, SGAN_ACT_LRELU, (real)0.5, dst);
	check_same(c, 5, dst, leaky, "leaky ReLU of known values");
	c->oracle->act_grad(5, src, diff, SGAN_ACT_RELU, 0, dst);
	check_same(c, 5, dst, grad, "ReLU's gradient of known values");
	c->oracle->act_grad(5, src, diff, SGAN_ACT_LRELU, (real)0.5, dst);
	check_same(c, 5, dst, leaky_grad, "leaky ReLU's gradient of known values");
}

void check_act(struct check *c)
{
	act_meaning(c);
	for (size_t count = 0; count <= MOST; count++)
		for (int act = SGAN_ACT_NONE; act <= SGAN_ACT_SIGMOID; act++) {
			act_case(c, count, (sgan_act)act, false);
			act_case(c, count, (sgan_act)act, true);
		}
}

static void act_grad_case(struct check *c, size_t count, sgan_act act, bool in_place)
{
	char what[64];
	real *dst = check_input(c, count), *diff = check_input(c, count), *out = check_output(c, count);
	real expected[MOST];

	fill_awkward(c, count, dst);
	fill_awkward(c, count, diff);
	c->oracle->act_grad(count, dst, diff, act, (real)0.2, expected);
	if (in_place)
		memcpy(out, diff, count * sizeof(real));
	c->tested->act_grad(count, dst, in_place ? out : diff, act, (real)0.2, out);
	describe(what, sizeof what, "act_grad", count, (int)act);
	check_same(c, count, out, expected, what);
	check_release(c, what);
}

void check_act_grad(struct check *c)
{
	for (size_t count = 0; count <= MOST; count++)
		for (int act = SGAN_ACT_NONE; act <= SGAN_ACT_SIGMOID; act++) {
			act_grad_case(c, count, (sgan_act)act, false);
			act_grad_case(c, count, (sgan_act)act, true);
		}
}

void check_add(struct check *c)
{
	char what[64];

	for (size_t count = 0; count <= MOST; count++) {
		real *src = check_input(c, count), *dst = check_output(c, count);
		real expected[MOST];
		fill_awkward(c, count, src);
		fill_awkward(c, count, expected);
		memcpy(dst, expected, count * sizeof(real));
		c->oracle->add(count, src, expected);
		c->tested->add(count, src, dst);
		describe(what, sizeof what, "add", count, 0);
		check_same(c, count, dst, expected, what);
		check_release(c, what);
	}
}

void check_copy(struct check *c)
{
	char what[64];

	for (size_t n = 1; n <= MOST; n++)
		for (size_t rows = 0; rows < 4; rows++) {
			size_t ld_src = n + check_between(c, 0, 3), ld_dst = n + check_between(c, 0, 3);
			size_t count = rows ? (rows - 1) * ld_dst + n : 0, src_count = rows ? (rows - 1) * ld_src + n : 0;
			real *src = check_input(c, src_count), *dst = check_output(c, count);
			real expected[4 * (MOST + 3)];
			fill_awkward(c, src_count, src);
			memcpy(expected, dst, count * sizeof(real));
			c->oracle->copy(rows, n, src, (ptrdiff_t)ld_src, expected, (ptrdiff_t)ld_dst);
			c->tested->copy(rows, n, src, (ptrdiff_t)ld_src, dst, (ptrdiff_t)ld_dst);
			describe(what, sizeof what, "copy", rows * n, 0);
			check_same(c, count, dst, expected, what);
			if (rows && memcmp(dst + (rows - 1) * ld_dst, src + (rows - 1) * ld_src, n * sizeof(real)))
				check_fail(c, "%s: the last row is another", what);
			check_release(c, what);
		}
}

static void col_sum_case(struct check *c, size_t rows, size_t channels, bool accumulate, enum check_values values)
{
	char what[64];
	size_t ld = check_between(c, channels, channels + 4), count = rows ? (rows - 1) * ld + channels : 0;
	real *src = check_input(c, count), *sum = check_output(c, channels);
	real expected[4 * MOST];

	check_fill(c, values, count, src);
	check_fill(c, values, channels, expected);
	if (accumulate)
		memcpy(sum, expected, channels * sizeof(real));
	c->oracle->col_sum(rows, channels, src, ld, accumulate, expected);
	c->tested->col_sum(rows, channels, src, ld, accumulate, sum);
	describe(what, sizeof what, "col_sum", rows * channels, accumulate);
	if (values == CHECK_INTEGERS)
		check_same(c, channels, sum, expected, what);
	else
		check_close_to(c, channels, sum, expected, (double)rows, what);
	check_release(c, what);
}

void check_col_sum(struct check *c)
{
	for (size_t channels = 1; channels <= 2 * MOST; channels++)
		for (size_t rows = 0; rows < 5; rows++) {
			col_sum_case(c, rows, channels, rows % 2, CHECK_INTEGERS);
			col_sum_case(c, rows, channels, rows % 2 == 0, CHECK_REALS);
		}
}

void check_adam(struct check *c)
{
	char what[64];

	for (size_t count = 0; count <= MOST; count++) {
		real *grad = check_input(c, count), *m = check_output(c, count), *v = check_output(c, count);
		real *param = check_output(c, count);
		real em[MOST], ev[MOST], ep[MOST];
		real eps = count % 2 ? (real)1e-8 : 0, root = count % 2 ? 0 : (real)1e-8; /* inside the root, outside */
		check_fill(c, CHECK_REALS, count, grad);
		check_fill(c, CHECK_REALS, count, em);
		check_fill(c, CHECK_REALS, count, ep);
		for (size_t i = 0; i < count; i++)
			ev[i] = check_value(c, CHECK_REALS) + 1;
		memcpy(m, em, count * sizeof(real));
		memcpy(v, ev, count * sizeof(real));
		memcpy(param, ep, count * sizeof(real));
		c->oracle->adam(count, (real)1e-3, (real)0.5, (real)0.999, eps, root, (real)1.5, 40, grad, em, ev, ep);
		c->tested->adam(count, (real)1e-3, (real)0.5, (real)0.999, eps, root, (real)1.5, 40, grad, m, v, param);
		describe(what, sizeof what, "adam", count, 0);
		check_same(c, count, m, em, what);
		check_same(c, count, v, ev, what);
		check_same(c, count, param, ep, what);
		check_release(c, what);
	}
}

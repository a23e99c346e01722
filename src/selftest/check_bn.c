/* Batch normalisation: channel counts up to a few vectors, few rows; element by
 * element what the generic kernels give, sums within rounding. */
#include <stdio.h>
#include <string.h>

#include "src/selftest/check.h"

enum { CHANNELS = 141, ROWS = 5, MOST = CHANNELS * ROWS };

/* What every kernel of a case is given. */
struct bn_case {
	size_t rows, channels, count;
	sgan_act act;
	real *src, *diff; /* [rows, channels] */
	real *a, *b, *d;  /* [channels] */
	char what[80];
};

static void draw(struct check *c, const char *kernel, size_t rows, size_t channels, sgan_act act, struct bn_case *t)
{
	*t = (struct bn_case){ .rows = rows, .channels = channels, .count = rows * channels, .act = act };
	c->libm = act == SGAN_ACT_SIGMOID;
	t->src = check_input(c, t->count);
	t->diff = check_input(c, t->count);
	t->a = check_input(c, channels);
	t->b = check_input(c, channels);
	t->d = check_input(c, channels);
	check_fill(c, CHECK_REALS, t->count, t->src);
	check_fill(c, CHECK_REALS, t->count, t->diff);
	check_spoil(c, t->count, t->src);
	check_spoil(c, t->count, t->diff);
	check_fill(c, CHECK_REALS, channels, t->a);
	check_fill(c, CHECK_REALS, channels, t->b);
	check_fill(c, CHECK_REALS, channels, t->d);
	snprintf(t->what, sizeof t->what, "%s rows %zu channels %zu act %d", kernel, rows, channels, (int)act);
}

static void each_case(struct check *c, void (*run)(struct check *c, size_t rows, size_t channels, sgan_act act))
{
	for (size_t channels = 1; channels <= CHANNELS; channels++)
		for (size_t rows = 0; rows <= ROWS; rows++)
			run(c, rows, channels, (sgan_act)((channels + rows) % (SGAN_ACT_SIGMOID + 1)));
}

static void stats_case(struct check *c, size_t rows, size_t channels, sgan_act act)
{
	struct bn_case t;
	real mean[CHANNELS], m2[CHANNELS];
	real *found_mean, *found_m2;

	draw(c, "bn_stats", rows, channels, act, &t);
	found_mean = check_output(c, channels);
	found_m2 = check_output(c, channels);
	c->oracle->bn_stats(rows, channels, t.src, mean, m2);
	c->tested->bn_stats(rows, channels, t.src, found_mean, found_m2);
	check_close_to(c, channels, found_mean, mean, (double)rows, t.what);
	check_close_to(c, channels, found_m2, m2, 4 * (double)rows, t.what);
	check_release(c, t.what);
}

void check_bn_stats(struct check *c)
{
	each_case(c, stats_case);
}

static void apply_case(struct check *c, size_t rows, size_t channels, sgan_act act)
{
	struct bn_case t;
	real expected[MOST];
	real *found;

	draw(c, "bn_apply", rows, channels, act, &t);
	found = check_output(c, t.count);
	c->oracle->bn_apply(rows, channels, t.src, t.a, t.b, act, (real)0.2, rows % 2 == 0, expected);
	c->tested->bn_apply(rows, channels, t.src, t.a, t.b, act, (real)0.2, rows % 2 == 0, found);
	check_activated(c, act, t.count, found, expected, t.what);
	memcpy(found, t.src, t.count * sizeof(real));
	c->tested->bn_apply(rows, channels, found, t.a, t.b, act, (real)0.2, rows % 2 == 0, found);
	check_activated(c, act, t.count, found, expected, t.what);
	check_release(c, t.what);
}

void check_bn_apply(struct check *c)
{
	each_case(c, apply_case);
}

static void grad_sums_case(struct check *c, size_t rows, size_t channels, sgan_act act)
{
	struct bn_case t;
	real sum_g[CHANNELS], sum_gx[CHANNELS];
	real *found_g, *found_gx;

	draw(c, "bn_grad_sums", rows, channels, act, &t);
	found_g = check_output(c, channels);
	found_gx = check_output(c, channels);
	c->oracle->bn_grad_sums(rows, channels, t.src, t.diff, t.b, t.d, t.a, t.b, act, (real)0.2, sum_g, sum_gx);
	c->tested->bn_grad_sums(rows, channels, t.src, t.diff, t.b, t.d, t.a, t.b, act, (real)0.2, found_g, found_gx);
	check_close_to(c, channels, found_g, sum_g, 2 * (double)rows, t.what);
	check_close_to(c, channels, found_gx, sum_gx, 8 * (double)rows, t.what);
	check_release(c, t.what);
}

void check_bn_grad_sums(struct check *c)
{
	each_case(c, grad_sums_case);
}

/* The logistic function's exp may be another's. */
static void check_gradient(struct check *c, const struct bn_case *t, const real *found, const real *expected)
{
	if (t->act == SGAN_ACT_SIGMOID)
		check_close_to(c, t->count, found, expected, 4, t->what);
	else
		check_same(c, t->count, found, expected, t->what);
}

static void grad_apply_case(struct check *c, size_t rows, size_t channels, sgan_act act)
{
	struct bn_case t;
	real expected[MOST];
	real *found;

	draw(c, "bn_grad_apply", rows, channels, act, &t);
	found = check_output(c, t.count);
	c->oracle->bn_grad_apply(rows, channels, t.src, t.diff, t.b, t.d, t.a, t.b, t.d, act, (real)0.2, expected);
	c->tested->bn_grad_apply(rows, channels, t.src, t.diff, t.b, t.d, t.a, t.b, t.d, act, (real)0.2, found);
	check_gradient(c, &t, found, expected);
	memcpy(found, t.diff, t.count * sizeof(real));
	c->tested->bn_grad_apply(rows, channels, t.src, found, t.b, t.d, t.a, t.b, t.d, act, (real)0.2, found);
	check_gradient(c, &t, found, expected);
	check_release(c, t.what);
}

void check_bn_grad_apply(struct check *c)
{
	each_case(c, grad_apply_case);
}

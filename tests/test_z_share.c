/* The z share against closed forms: generators that are linear in their condition and in z. */
#include "tests/linear.h"

#include <math.h>

#include "src/sgan/sample/z_share.h"

enum { CONDITIONS = 200 };

/* G_0 makes a h + b z. */
static void set_bottom(struct linear *l, real a, real b)
{
	linear_diagonal(&l->model->stacks[0].generator, "g0.fc.weight", 0, LINEAR_PIXELS, a);
	linear_diagonal(&l->model->stacks[0].generator, "g0.fc.weight", LINEAR_PIXELS, LINEAR_NOISE, b);
}

static void make_conditions(real conditions[CONDITIONS * LINEAR_PIXELS])
{
	for (size_t i = 0; i < CONDITIONS * LINEAR_PIXELS; i++)
		conditions[i] = (real)(i / LINEAR_PIXELS % 2); /* half of them 0, half 1: variance 1/4 */
}

static double share_at(struct linear *l, real a, real b)
{
	static real conditions[CONDITIONS * LINEAR_PIXELS];
	double share = -1;
	make_conditions(conditions);
	set_bottom(l, a, b);
	ASSERT_OK(sgan_z_share(l->ctx, l->model, 0, CONDITIONS, conditions, 1, &share));
	return share;
}

/* z has variance 1/12, so the share is b^2 / (b^2 + 3 a^2). */
Test(z_share, of_sums_of_condition_and_z)
{
	static const struct {
		real a, b;
	} cases[] = { { 1, 1 }, { 1, 3 }, { 2, (real)0.5 }, { 1, (real)0.01 } };
	struct linear l = linear_open(2, true);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const double a = cases[i].a, b = cases[i].b, expected = b * b / (b * b + 3 * a * a);
		const double found = share_at(&l, cases[i].a, cases[i].b);
		cr_expect_float_eq(found, expected, 0.03 * expected, "%g h + %g z: %g, expected %g", a, b, found, expected);
	}
	linear_close(&l);
}

Test(z_share, extremes)
{
	struct linear l = linear_open(2, true);
	cr_expect_lt(share_at(&l, 1, 0), 1e-12, "no trace of z");
	cr_expect_float_eq(share_at(&l, 0, 1), 1, 0.02, "no trace of the condition");
	cr_expect_eq(share_at(&l, 0, 0), 0, "nothing varies");
	cr_expect(isnan(share_at(&l, 1, (real)INFINITY)), "not finite");
	linear_close(&l);
}

Test(z_share, equal_bits_for_any_number_of_threads)
{
	struct linear one = linear_open(1, true), three = linear_open(3, true);
	cr_expect_eq(share_at(&one, 1, 1), share_at(&three, 1, 1));
	linear_close(&one);
	linear_close(&three);
}

/* Images in the order of their labels: 0 and 255 in all pixels. */
static struct sgan_split make_split(void)
{
	static uint8_t images[900 * LINEAR_PIXELS];
	static uint32_t labels[900];
	for (size_t i = 0; i < 900; i++) {
		labels[i] = (uint32_t)(i / 300);
		memset(images + i * LINEAR_PIXELS, i < 450 ? 0 : 255, LINEAR_PIXELS);
	}
	return (struct sgan_split){ 900, images, labels };
}

/* The bottom stack sees E_0 of images from all over the split, the top stack their labels: of one-hot labels of three
 * classes three values have variance 2/9 each, of four. */
Test(z_share, of_all_stacks)
{
	struct linear l = linear_open(2, true);
	struct sgan_split split = make_split();
	double shares[2];
	set_bottom(&l, 1, 1);
	linear_diagonal(&l.model->encoder[0].part, "encoder.e0.weight", 0, LINEAR_PIXELS, 1);
	linear_diagonal(&l.model->stacks[1].generator, "g1.fc.weight", 0, LINEAR_CLASSES, 1);
	linear_diagonal(&l.model->stacks[1].generator, "g1.fc.weight", LINEAR_CLASSES, LINEAR_NOISE, 1);
	ASSERT_OK(sgan_z_shares(l.ctx, l.model, &split, CONDITIONS, 1, shares));
	cr_expect_float_eq(shares[0], 1.0 / 4, 0.01, "bottom: %g", shares[0]);
	const double within = 4.0 / 12, between = 3 * 2.0 / 9;
	cr_expect_float_eq(shares[1], within / (within + between), 0.01, "top: %g", shares[1]);
	linear_close(&l);
}

/* E_0 makes 0 and a half of black and white images less their mean, a half: variance 1/16. */
Test(z_share, of_images_less_their_mean)
{
	struct linear l = linear_made(2, true, true);
	struct sgan_split split = make_split();
	double shares[2];
	set_bottom(&l, 1, 1);
	linear_diagonal(&l.model->encoder[0].part, "encoder.e0.weight", 0, LINEAR_PIXELS, 1);
	ASSERT_OK(sgan_z_shares(l.ctx, l.model, &split, CONDITIONS, 1, shares));
	cr_expect_float_eq(shares[0], (1.0 / 12) / (1.0 / 12 + 1.0 / 16), 0.01, "%g", shares[0]);
	linear_close(&l);
}

/* A generator that is conditioned on nothing owes all to z, whatever labels there are, or none. */
Test(z_share, without_a_condition)
{
	struct linear l = linear_open(2, false);
	struct sgan_split split = make_split();
	double shares[2];
	split.labels = NULL;
	linear_diagonal(&l.model->stacks[1].generator, "g1.fc.weight", 0, LINEAR_NOISE, 1);
	ASSERT_OK(sgan_z_shares(l.ctx, l.model, &split, CONDITIONS, 1, shares));
	cr_expect_float_eq(shares[1], 1, 1e-12, "%g", shares[1]);
	cr_expect_eq(shares[0], 0, "nothing varies");
	linear_close(&l);
}

Test(z_share, refusals)
{
	struct linear l = linear_open(1, true);
	struct sgan_split split = make_split();
	double share = 7, shares[2] = { 7, 7 };
	ASSERT_FAILS(sgan_z_share(l.ctx, l.model, 0, 0, NULL, 1, &share), SGAN_EINVAL, "stack 0: no condition");
	split.count = 0;
	ASSERT_FAILS(sgan_z_shares(l.ctx, l.model, &split, CONDITIONS, 1, shares), SGAN_EINVAL, "no real images");
	split = make_split();
	split.labels[0] = LINEAR_CLASSES;
	ASSERT_FAILS(sgan_z_shares(l.ctx, l.model, &split, CONDITIONS, 1, shares), SGAN_EINVAL, "label 3");
	cr_expect(share == 7 && shares[0] == 7 && shares[1] == 7, "written to all the same");
	linear_close(&l);
}

/* The operations other than convolution: against sums in double, the same bits for
 * any number of threads, what they refuse. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/exec/ctx.h"
#include "src/cpu/memory.h"
#include "src/ops/ops.h"

static sgan_ctx *context(int threads)
{
	sgan_ctx_options options = { .threads = threads };
	sgan_ctx *ctx = NULL;

	cr_assert_eq(sgan_ctx_create(&options, &ctx), SGAN_OK, "%s", sgan_last_error());
	sgan_ctx_use_all(ctx);
	return ctx;
}

static real *filled(size_t count, unsigned seed)
{
	real *data = sgan_alloc(count, sizeof *data);

	cr_assert_not_null(data);
	for (size_t i = 0; i < count; i++) {
		seed = seed * 1664525 + 1013904223;
		data[i] = (real)(seed >> 8) / (real)(1 << 23) - 1;
	}
	return data;
}

static void expect_near(double found, double expected, double allowed, const char *what, size_t i)
{
	cr_expect(fabs(found - expected) <= allowed * (1 + fabs(expected)), "%s %zu is %.9g, expected %.9g", what, i, found,
	          expected);
}

/* --- batch normalisation ----------------------------------------------------- */

enum { N = 13, PIXELS = 700, CHANNELS = 19, COUNT = N * PIXELS * CHANNELS };

struct bn_run {
	sgan_ctx *ctx;
	struct sgan_bn bn;
	real *src, *gain, *shift, *diff_dst;
	real *mean, *inv_std, *running_mean, *running_var, *dst;
	real *diff_gain, *diff_shift, *diff_src, *diff_bias;
};

static struct bn_run run_bn(int threads, size_t slices)
{
	struct bn_run r = {
		.ctx = context(threads),
		.bn = { CHANNELS, (real)1e-6, SGAN_ACT_LRELU, (real)0.2, SGAN_BN_IMAGES },
		.src = filled(COUNT, 1),
		.gain = filled(CHANNELS, 2),
		.shift = filled(CHANNELS, 3),
		.diff_dst = filled(COUNT, 4),
		.mean = filled(CHANNELS, 5),
		.inv_std = filled(CHANNELS, 6),
		.running_mean = filled(CHANNELS, 7),
		.running_var = filled(CHANNELS, 8),
		.dst = filled(COUNT, 9),
		.diff_gain = filled(CHANNELS, 10),
		.diff_shift = filled(CHANNELS, 11),
		.diff_src = filled(COUNT, 12),
		.diff_bias = filled(CHANNELS, 13),
	};

	const sgan_batch batch = sgan_whole_batch(N, slices);
	for (size_t i = 0; i < COUNT; i++)
		r.src[i] += (real)(5 * (i % CHANNELS)); /* a mean far from 0 must not cost the variance */
	cr_assert_eq(sgan_bn_forward_train(r.ctx, &r.bn, batch, PIXELS, r.src, r.gain, r.shift, r.mean, r.inv_std,
	                                   (real)0.1, r.running_mean, r.running_var, r.dst),
	             SGAN_OK);
	cr_assert_eq(sgan_bn_backward(r.ctx, &r.bn, batch, PIXELS, r.src, r.diff_dst, r.gain, r.shift, r.mean, r.inv_std,
	                              r.diff_gain, r.diff_shift, r.diff_src),
	             SGAN_OK);
	cr_assert_eq(sgan_bias_backward(r.ctx, batch, PIXELS, CHANNELS, r.diff_dst, true, r.diff_bias), SGAN_OK);
	return r;
}

static void free_bn(struct bn_run *r)
{
	real *all[] = { r->src, r->gain,      r->shift,      r->diff_dst, r->mean,      r->inv_std,    r->running_mean,
		            r->dst, r->diff_gain, r->diff_shift, r->diff_src, r->diff_bias, r->running_var };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		sgan_free(all[i]);
	sgan_ctx_destroy(r->ctx);
}

static void compare_channel(const struct bn_run *r, size_t c)
{
	const double rows = N * PIXELS;
	double mean = 0, var = 0, sum_g = 0, sum_gx = 0, sum_bias = 0, inverse;
	real *mean0 = filled(CHANNELS, 7), *var0 = filled(CHANNELS, 8), *gain0 = filled(CHANNELS, 10);
	real *shift0 = filled(CHANNELS, 11), *bias0 = filled(CHANNELS, 13);

	for (size_t i = c; i < COUNT; i += CHANNELS)
		mean += (double)r->src[i] / rows;
	for (size_t i = c; i < COUNT; i += CHANNELS)
		var += ((double)r->src[i] - mean) * ((double)r->src[i] - mean) / rows;
	inverse = 1 / sqrt(var + 1e-6);
	for (size_t i = c; i < COUNT; i += CHANNELS) {
		double x = ((double)r->src[i] - mean) * inverse, y = (double)r->gain[c] * x + (double)r->shift[c];
		double g = (double)r->diff_dst[i] * (r->dst[i] > 0 ? 1 : (double)(real)0.2); /* its side of a kink */
		expect_near((double)r->dst[i], y > 0 ? y : (double)(real)0.2 * y, 2e-4, "dst", i);
		sum_g += g;
		sum_gx += g * x;
		sum_bias += (double)r->diff_dst[i];
	}
	expect_near((double)r->mean[c], mean, 1e-6, "mean", c);
	expect_near((double)r->inv_std[c], inverse, 1e-4, "inv_std", c);
	expect_near((double)r->running_mean[c], 0.9 * (double)mean0[c] + 0.1 * mean, 1e-6, "running mean", c);
	expect_near((double)r->running_var[c], 0.9 * (double)var0[c] + 0.1 * var * N / (N - 1), 1e-4, "running var", c);
	expect_near((double)r->diff_gain[c], (double)gain0[c] + sum_gx, 2e-3, "diff_gain", c);
	expect_near((double)r->diff_shift[c], (double)shift0[c] + sum_g, 2e-3, "diff_shift", c);
	expect_near((double)r->diff_bias[c], (double)bias0[c] + sum_bias, 1e-4, "diff_bias", c);
	for (size_t i = c; i < COUNT; i += 97 * CHANNELS) {
		double x = ((double)r->src[i] - mean) * inverse;
		double g = (double)r->diff_dst[i] * (r->dst[i] > 0 ? 1 : (double)(real)0.2);
		expect_near((double)r->diff_src[i], (double)r->gain[c] * inverse * (g - sum_g / rows - x * sum_gx / rows), 2e-4,
		            "diff_src", i);
	}
	sgan_free(mean0);
	sgan_free(var0);
	sgan_free(gain0);
	sgan_free(shift0);
	sgan_free(bias0);
}

Test(ops, batch_norm_matches_sums_in_double)
{
	for (size_t slices = 1; slices <= 5; slices += 2) {
		struct bn_run r = run_bn(2, slices);
		for (size_t c = 0; c < CHANNELS; c++)
			compare_channel(&r, c);
		free_bn(&r);
	}
}

Test(ops, batch_norm_has_the_same_bits_for_any_threads)
{
	struct bn_run one = run_bn(1, 3);

	for (int threads = 2; threads <= 3; threads++) {
		struct bn_run r = run_bn(threads, 3);
		cr_expect_arr_eq(r.dst, one.dst, COUNT * sizeof(real));
		cr_expect_arr_eq(r.diff_src, one.diff_src, COUNT * sizeof(real));
		cr_expect_arr_eq(r.running_mean, one.running_mean, CHANNELS * sizeof(real));
		cr_expect_arr_eq(r.running_var, one.running_var, CHANNELS * sizeof(real));
		cr_expect_arr_eq(r.diff_gain, one.diff_gain, CHANNELS * sizeof(real));
		cr_expect_arr_eq(r.diff_shift, one.diff_shift, CHANNELS * sizeof(real));
		cr_expect_arr_eq(r.diff_bias, one.diff_bias, CHANNELS * sizeof(real));
		free_bn(&r);
	}
	free_bn(&one);
}

Test(ops, batch_norm_inference_uses_the_given_statistics)
{
	sgan_ctx *ctx = context(2);
	struct sgan_bn bn = { .channels = 2, .act = SGAN_ACT_RELU };
	const real src[] = { 3, 1, 5, 9 }, gain[] = { 2, 1 }, shift[] = { 1, -1 }, mean[] = { 3, 5 }, var[] = { 4, 16 };
	const real diff[] = { 1, 1, 1, 1 }, expected[] = { 1, 0, 3, 0 }, expected_diff[] = { 1, 0, 1, 0 };
	real dst[4], diff_src[4];

	cr_assert_eq(sgan_bn_forward_infer(ctx, &bn, sgan_whole_batch(2, 1), 1, src, gain, shift, mean, var, dst), SGAN_OK);
	cr_expect_arr_eq(dst, expected, sizeof dst);
	cr_assert_eq(
		sgan_bn_backward_infer(ctx, &bn, sgan_whole_batch(2, 1), 1, src, diff, gain, shift, mean, var, diff_src),
		SGAN_OK);
	cr_expect_arr_eq(diff_src, expected_diff, sizeof diff_src);
	sgan_ctx_destroy(ctx);
}

Test(ops, running_variance_of_one_image_is_not_divided_by_zero)
{
	sgan_ctx *ctx = context(1);
	struct sgan_bn bn = { .channels = 1, .epsilon = (real)1e-6 };
	real src[] = { 1, 3 }, gain = 1, shift = 0, mean, inv_std, running_mean = 0, running_var = 0, dst[2];

	cr_assert_eq(sgan_bn_forward_train(ctx, &bn, sgan_whole_batch(1, 1), 2, src, &gain, &shift, &mean, &inv_std, 1,
	                                   &running_mean, &running_var, dst),
	             SGAN_OK);
	cr_expect_eq(running_mean, 2);
	cr_expect_eq(running_var, 1);
	sgan_ctx_destroy(ctx);
}

/* --- losses ------------------------------------------------------------------ */

enum { LOSS_ROWS = 5000, CLASSES = 10 };

struct losses {
	double softmax, bce, squared;
	real *diff; /* [LOSS_ROWS, CLASSES], all three added */
};

static struct losses run_losses(int threads)
{
	sgan_ctx *ctx = context(threads);
	real *x = filled(LOSS_ROWS * CLASSES, 1), *target = filled(LOSS_ROWS * CLASSES, 2);
	uint32_t *labels = malloc(LOSS_ROWS * sizeof *labels);
	struct losses l = { .diff = filled(LOSS_ROWS * CLASSES, 3) };

	for (size_t i = 0; i < LOSS_ROWS; i++)
		labels[i] = (uint32_t)(i * 7 % CLASSES);
	cr_assert_eq(sgan_softmax_cross_entropy(ctx, sgan_whole_batch(LOSS_ROWS, 3), CLASSES, x, labels, (real)0.5,
	                                        &l.softmax, l.diff),
	             SGAN_OK);
	cr_assert_eq(sgan_bce_logits(ctx, sgan_whole_batch(LOSS_ROWS, 3), x, (real)0.9, 2, &l.bce, l.diff), SGAN_OK);
	cr_assert_eq(
		sgan_mean_squared_error(ctx, sgan_whole_batch(LOSS_ROWS, 3), CLASSES, x, target, 10, &l.squared, l.diff),
		SGAN_OK);
	sgan_free(x);
	sgan_free(target);
	free(labels);
	sgan_ctx_destroy(ctx);
	return l;
}

Test(ops, losses_have_the_same_bits_for_any_threads)
{
	struct losses one = run_losses(1);

	for (int threads = 2; threads <= 3; threads++) {
		struct losses l = run_losses(threads);
		cr_expect(l.softmax == one.softmax && l.bce == one.bce && l.squared == one.squared);
		cr_expect_arr_eq(l.diff, one.diff, LOSS_ROWS * CLASSES * sizeof(real));
		sgan_free(l.diff);
	}
	sgan_free(one.diff);
}

Test(ops, losses_of_known_values)
{
	sgan_ctx *ctx = context(1);
	const real even[] = { 1, 1, 1, 1, 2, 2, 2, 2 }, logits[] = { 0, 0 }, x[] = { 1, 2 }, t[] = { 3, 2 };
	const uint32_t labels[] = { 0, 3 };
	real diff[2] = { 1, 1 };
	double loss;

	cr_assert_eq(sgan_softmax_cross_entropy(ctx, sgan_whole_batch(2, 1), 4, even, labels, 1, &loss, NULL), SGAN_OK);
	expect_near(loss, log(4), 1e-12, "cross-entropy of even scores", 0);
	cr_assert_eq(sgan_bce_logits(ctx, sgan_whole_batch(2, 1), logits, 1, 1, &loss, diff), SGAN_OK);
	expect_near(loss, log(2), 1e-12, "binary cross-entropy of 0", 0);
	expect_near((double)diff[0], 1 - 0.25, 1e-6, "its gradient", 0);
	cr_assert_eq(sgan_mean_squared_error(ctx, sgan_whole_batch(1, 1), 2, x, t, 3, &loss, diff), SGAN_OK);
	cr_expect_eq(loss, 2);
	expect_near((double)diff[0], 0.75 + 3 * -2, 1e-6, "gradient of the squared error", 0);
	sgan_ctx_destroy(ctx);
}

/* -log(exp(k / 500) / sum) of scores k / 500, k = 0 .. 999, for labels that a byte does not hold too. */
Test(ops, softmax_cross_entropy_of_a_thousand_classes)
{
	enum { THOUSAND = 1000 };
	static const uint32_t labels[] = { 0, 255, 256, 257, 998, 999 };
	const size_t rows = sizeof labels / sizeof *labels;
	double sum = 0, expected = 0;

	for (size_t c = 0; c < THOUSAND; c++)
		sum += exp((double)c / 500);
	for (size_t r = 0; r < rows; r++)
		expected += (log(sum) - labels[r] / 500.0) / (double)rows;
	for (sgan_isa isa = SGAN_ISA_GENERIC; isa < SGAN_ISA_COUNT; isa++) {
		const sgan_ctx_options options = { .threads = 2, .isa = sgan_isa_name(isa) };
		sgan_ctx *ctx;
		real x[6 * THOUSAND], diff[6 * THOUSAND] = { 0 };
		double loss;
		if (!sgan_isa_usable(isa))
			continue;
		cr_assert_eq(sgan_ctx_create(&options, &ctx), SGAN_OK);
		for (size_t i = 0; i < rows * THOUSAND; i++)
			x[i] = (real)(i % THOUSAND) / 500;
		cr_assert_eq(sgan_softmax_cross_entropy(ctx, sgan_whole_batch(rows, 2), THOUSAND, x, labels, 1, &loss, diff), SGAN_OK);
		expect_near(loss, expected, 1e-6, "cross-entropy", (size_t)isa);
		for (size_t i = 0; i < rows * THOUSAND; i++)
			expect_near((double)diff[i],
			            (exp((double)x[i]) / sum - (i % THOUSAND == labels[i / THOUSAND])) / (double)rows, 1e-7,
			            "its gradient", i);
		sgan_ctx_destroy(ctx);
	}
}

Test(ops, losses_refuse_what_has_no_mean_and_labels_out_of_range)
{
	sgan_ctx *ctx = context(1);
	const real x[] = { 1, 2 };
	const uint32_t labels[] = { 2 };
	double loss = 7;

	cr_expect_eq(sgan_softmax_cross_entropy(ctx, sgan_whole_batch(1, 1), 2, x, labels, 1, &loss, NULL), SGAN_EINVAL);
	cr_expect_str_eq(sgan_last_error(), "softmax cross-entropy: label of row 0 is 2, expected less than 2");
	cr_expect_eq(sgan_softmax_cross_entropy(ctx, sgan_whole_batch(0, 1), 2, x, labels, 1, &loss, NULL), SGAN_EINVAL);
	cr_expect_eq(sgan_bce_logits(ctx, sgan_whole_batch(0, 1), x, 1, 1, &loss, NULL), SGAN_EINVAL);
	cr_expect_eq(sgan_mean_squared_error(ctx, sgan_whole_batch(1, 1), 0, x, x, 1, &loss, NULL), SGAN_EINVAL);
	cr_expect_eq(loss, 7);
	sgan_ctx_destroy(ctx);
}

/* --- the rest ---------------------------------------------------------------- */

Test(ops, activations_over_many_chunks)
{
	enum { MANY = 100003 };
	sgan_ctx *ctx = context(3);
	real *src = filled(MANY, 1), *dst = filled(MANY, 2), *diff = filled(MANY, 3), *sum = filled(MANY, 4);
	real *before = filled(MANY, 4);

	sgan_act_forward(ctx, MANY, src, SGAN_ACT_LRELU, (real)0.2, dst);
	sgan_act_backward(ctx, MANY, dst, src, SGAN_ACT_LRELU, (real)0.2, diff);
	sgan_add(ctx, MANY, src, sum);
	for (size_t i = 0; i < MANY; i++) {
		real expected = src[i] > 0 ? src[i] : (real)0.2 * src[i];
		cr_assert_eq(dst[i], expected);
		cr_assert_eq(diff[i], expected); /* the gradient of src on itself is the same product */
		cr_assert_eq(sum[i], before[i] + src[i]);
	}
	sgan_free(src);
	sgan_free(dst);
	sgan_free(diff);
	sgan_free(sum);
	sgan_free(before);
	sgan_ctx_destroy(ctx);
}

Test(ops, concatenation_and_its_gradient)
{
	enum { ROWS = 600, A = 3, B = 5 };
	sgan_ctx *ctx = context(2);
	real *a = filled(ROWS * A, 1), *b = filled(ROWS * B, 2), *dst = filled(ROWS * (A + B), 3);
	real *back_a = filled(ROWS * A, 4), *back_b = filled(ROWS * B, 5);

	sgan_concat_forward(ctx, sgan_whole_batch(ROWS, 1), A, a, B, b, dst);
	cr_expect_eq(dst[(A + B) * 599 + 2], a[A * 599 + 2]);
	cr_expect_eq(dst[(A + B) * 599 + 3], b[B * 599]);
	sgan_concat_backward(ctx, sgan_whole_batch(ROWS, 1), A, back_a, B, back_b, dst);
	cr_expect_arr_eq(back_a, a, ROWS * A * sizeof(real));
	cr_expect_arr_eq(back_b, b, ROWS * B * sizeof(real));
	back_b[7] = 99;
	sgan_concat_backward(ctx, sgan_whole_batch(ROWS, 1), A, NULL, B, back_b, dst);
	cr_expect_arr_eq(back_b, b, ROWS * B * sizeof(real));
	sgan_concat_backward(ctx, sgan_whole_batch(ROWS, 1), A, back_a, B, NULL, dst);
	cr_expect_arr_eq(back_a, a, ROWS * A * sizeof(real));
	sgan_free(a);
	sgan_free(b);
	sgan_free(dst);
	sgan_free(back_a);
	sgan_free(back_b);
	sgan_ctx_destroy(ctx);
}

/* The epsilon is large enough that it matters where it is added. */
static void check_adam(bool outside)
{
	enum { WEIGHTS = 40000, STEPS = 3 };
	sgan_ctx *ctx = context(3);
	struct sgan_adam adam = { 1e-3, 0.5, 0.999, 1e-2, outside };
	real *grad = filled(WEIGHTS, 1), *m = sgan_alloc(WEIGHTS, sizeof(real)), *v = sgan_alloc(WEIGHTS, sizeof(real));
	real *param = filled(WEIGHTS, 2), *first = filled(WEIGHTS, 2);

	for (uint64_t t = 1; t <= STEPS; t++)
		sgan_adam_step(ctx, &adam, t, WEIGHTS, grad, m, v, param);
	for (size_t i = 0; i < WEIGHTS; i++) {
		double mean = 0, square = 0, square_now, p = (double)first[i], g = (double)grad[i];
		for (int t = 1; t <= STEPS; t++) {
			mean = 0.5 * mean + 0.5 * g;
			square = 0.999 * square + 0.001 * g * g;
			square_now = square / (1 - pow(0.999, t));
			p -= 1e-3 * mean / (1 - pow(0.5, t)) / (outside ? sqrt(square_now) + 1e-2 : sqrt(square_now + 1e-2));
		}
		cr_assert_float_eq((double)param[i], p, 1e-6, "weight %zu is %.9g, expected %.9g", i, (double)param[i], p);
	}
	sgan_free(grad);
	sgan_free(m);
	sgan_free(v);
	sgan_free(param);
	sgan_free(first);
	sgan_ctx_destroy(ctx);
}

Test(ops, adam_follows_its_equations)
{
	check_adam(false);
	check_adam(true);
}

Test(ops, max_pooling_of_a_batch)
{
	enum { IMAGES = 9, SIDE = 5, DEEP = 3 };
	sgan_ctx *ctx = context(2);
	size_t large = SIDE * SIDE * DEEP, small = 2 * 2 * DEEP;
	real *src = filled(IMAGES * large, 1), *dst = filled(IMAGES * small, 2), *diff = filled(IMAGES * large, 3);
	uint8_t which[9 * 2 * 2 * 3];

	sgan_maxpool_forward(ctx, sgan_whole_batch(IMAGES, 1), SIDE, SIDE, DEEP, 2, src, dst, which);
	sgan_maxpool_backward(ctx, sgan_whole_batch(IMAGES, 1), SIDE, SIDE, DEEP, 2, dst, which, diff);
	for (size_t i = 0; i < IMAGES * large; i++)
		cr_assert(diff[i] == 0 || diff[i] == src[i], "a gradient that is not its winner's");
	for (size_t i = 0; i < IMAGES * small; i++) {
		size_t at = i / small * large + (i / DEEP % 4 / 2 * 2 * SIDE + i / DEEP % 2 * 2) * DEEP + i % DEEP;
		real most = src[at];
		most = src[at + DEEP] > most ? src[at + DEEP] : most;
		most = src[at + SIDE * DEEP] > most ? src[at + SIDE * DEEP] : most;
		most = src[at + SIDE * DEEP + DEEP] > most ? src[at + SIDE * DEEP + DEEP] : most;
		cr_assert_eq(dst[i], most);
	}
	sgan_free(src);
	sgan_free(dst);
	sgan_free(diff);
	sgan_ctx_destroy(ctx);
}

/* --- random numbers ---------------------------------------------------------- */

static void expect_moments(const real *x, size_t count, double mean, double variance)
{
	double sum = 0, square = 0;

	for (size_t i = 0; i < count; i++)
		sum += (double)x[i];
	sum /= (double)count;
	for (size_t i = 0; i < count; i++)
		square += ((double)x[i] - sum) * ((double)x[i] - sum);
	square /= (double)count;
	cr_expect_float_eq(sum, mean, 5 * sqrt(variance / (double)count));
	cr_expect_float_eq(square, variance, 8 * variance / sqrt((double)count));
}

Test(ops, random_numbers_have_their_moments_and_the_same_bits_for_any_threads)
{
	enum { MANY = 200001 };
	real *one = filled(MANY, 1), *more = filled(MANY, 2);
	sgan_ctx *single = context(1), *team = context(3);

	sgan_random_uniform(single, 1, 2, 3, 0, MANY, one);
	sgan_random_uniform(team, 1, 2, 3, 0, MANY, more);
	cr_expect_arr_eq(one, more, MANY * sizeof(real));
	expect_moments(one, MANY, 0.5, 1.0 / 12);
	for (size_t i = 0; i < MANY; i++)
		cr_assert(one[i] >= 0 && one[i] < 1);
	sgan_random_normal(single, 1, 2, 3, 0, MANY, one);
	sgan_random_normal(team, 1, 2, 3, 0, MANY, more);
	cr_expect_arr_eq(one, more, MANY * sizeof(real));
	expect_moments(one, MANY, 0, 1);
	sgan_random_normal(team, 1, 2, 4, 0, MANY, more);
	cr_expect_neq(memcmp(one, more, MANY * sizeof(real)), 0, "another step gives other numbers");
	sgan_free(one);
	sgan_free(more);
	sgan_ctx_destroy(single);
	sgan_ctx_destroy(team);
}

Test(ops, permutations_hold_every_number_once)
{
	enum { MANY = 1000 };
	uint32_t order[MANY];
	size_t seen[MANY] = { 0 }, first[5] = { 0 };

	sgan_random_permutation(1, 2, 3, MANY, order);
	for (size_t i = 0; i < MANY; i++)
		seen[order[i]]++;
	for (size_t i = 0; i < MANY; i++)
		cr_assert_eq(seen[i], 1);
	for (uint64_t step = 0; step < 5000; step++) {
		sgan_random_permutation(1, 2, step, 5, order);
		first[order[0]]++;
	}
	for (size_t i = 0; i < 5; i++)
		cr_expect(first[i] > 850 && first[i] < 1150, "%zu leads %zu of 5000 permutations", i, first[i]);
	sgan_random_permutation(1, 2, 3, 0, order);
	sgan_random_permutation(1, 2, 3, 1, order);
	cr_expect_eq(order[0], 0);
}

/* --- matrix products --------------------------------------------------------- */

/* Sizes beyond every block, with and without rows that are whole pages apart. */
static void expect_product(bool trans_a, bool trans_b, size_t m, size_t n, size_t k, size_t gap)
{
	size_t lda = (trans_a ? m : k) + gap, ldb = (trans_b ? k : n) + gap, ldc = n + gap;
	real *a = filled((trans_a ? k : m) * lda, 1), *b = filled((trans_b ? n : k) * ldb, 2), *one = NULL;

	for (int threads = 1; threads <= 3; threads++) {
		sgan_ctx *ctx = context(threads);
		real *c = filled(m * ldc, 3);
		cr_assert_eq(sgan_gemm(ctx, trans_a, trans_b, m, n, k, a, lda, b, ldb, true, c, ldc), SGAN_OK);
		if (one)
			cr_expect_arr_eq(c, one, m * ldc * sizeof(real), "%zux%zux%zu: %d threads give other bits", m, n, k,
			                 threads);
		sgan_ctx_destroy(ctx);
		if (one)
			sgan_free(c);
		else
			one = c;
	}
	real *before = filled(m * ldc, 3);
	for (size_t i = 0; i < m; i += 7)
		for (size_t j = 0; j < n; j++) {
			double sum = (double)before[i * ldc + j];
			for (size_t l = 0; l < k; l++)
				sum += (double)a[trans_a ? l * lda + i : i * lda + l] * (double)b[trans_b ? j * ldb + l : l * ldb + j];
			expect_near((double)one[i * ldc + j], sum, 1e-4, "element", i * ldc + j);
		}
	sgan_free(before);
	sgan_free(one);
	sgan_free(a);
	sgan_free(b);
}

Test(ops, large_matrix_products_match_sums_in_double)
{
	for (int which = 0; which < 4; which++) {
		expect_product(which & 1, which & 2, 100, 300, 801, 0);
		expect_product(which & 1, which & 2, 1600, 33, 65, 3);
		expect_product(which & 1, which & 2, 1024, 41, 1024, 0);
		expect_product(which & 1, which & 2, 901, 290, 530, 1);
		expect_product(which & 1, which & 2, 29, 1024, 1024, 0);
	}
}

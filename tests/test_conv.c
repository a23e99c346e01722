/* Convolution plans: refusals, the layers of the MNIST stack against naive loops,
 * the same bits for any number of threads. (Random shapes are in the selftest.) */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/exec/ctx.h"
#include "src/cpu/memory.h"
#include "src/ops/ops.h"
#include "src/selftest/naive_conv.h"

static sgan_ctx *context(const char *isa, int threads)
{
	sgan_ctx_options options = { .isa = isa, .threads = threads };
	sgan_ctx *ctx = NULL;

	cr_assert_eq(sgan_ctx_create(&options, &ctx), SGAN_OK, "%s", sgan_last_error());
	sgan_ctx_use_all(ctx);
	return ctx;
}

/* --- refusals ---------------------------------------------------------------- */

static const sgan_conv_desc sound = { .kind = SGAN_CONV,
	                                  .in_h = 8,
	                                  .in_w = 8,
	                                  .in_c = 3,
	                                  .out_c = 4,
	                                  .kernel_h = 3,
	                                  .kernel_w = 3,
	                                  .pad_top = 1,
	                                  .pad_bottom = 1,
	                                  .pad_left = 1,
	                                  .pad_right = 1,
	                                  .max_batch = 2 };

static void expect_refused(sgan_conv_desc desc, const char *text)
{
	sgan_ctx *ctx = context(NULL, 1);
	sgan_conv_plan *plan = NULL;

	cr_expect_eq(sgan_conv_plan_create(ctx, &desc, &plan), SGAN_EINVAL, "expected a refusal with \"%s\"", text);
	cr_expect_null(plan);
	cr_expect_not_null(strstr(sgan_last_error(), text), "message is \"%s\", expected \"%s\" in it", sgan_last_error(),
	                   text);
	sgan_ctx_destroy(ctx);
}

#define REFUSED(text, ...)                                                                                             \
	do {                                                                                                               \
		sgan_conv_desc desc = sound;                                                                                   \
		__VA_ARGS__;                                                                                                   \
		expect_refused(desc, text);                                                                                    \
	} while (0)

Test(conv, wrong_sizes_are_refused)
{
	REFUSED("input height is 0", desc.in_h = 0);
	REFUSED("input channels is 0", desc.in_c = 0);
	REFUSED("output channels is 0", desc.out_c = 0);
	REFUSED("kernel width is 0", desc.kernel_w = 0);
	REFUSED("largest batch is 0", desc.max_batch = 0);
	REFUSED("leaves no output", desc.kernel_h = 11);
	REFUSED("leaves no output", desc.dilation_w = 5);
	REFUSED("output padding is 1", desc.out_pad_h = 1);
	REFUSED("output padding is 2", desc.kind = SGAN_DECONV, desc.stride_w = 2, desc.out_pad_w = 2);
	REFUSED("leaves nothing", desc.kind = SGAN_DECONV, desc.in_h = 1, desc.pad_bottom = 3);
	REFUSED("unknown activation", desc.act = (sgan_act)9);
	REFUSED("unknown kind", desc.kind = (sgan_conv_kind)7);
}

Test(conv, sizes_that_overflow_are_refused)
{
	REFUSED("input width", desc.in_w = SIZE_MAX);
	REFUSED("stride_h", desc.stride_h = SIZE_MAX / 2);
	REFUSED("dilation_w", desc.dilation_w = SIZE_MAX / 2);
	REFUSED("pad_left", desc.pad_left = SIZE_MAX - 1);
	REFUSED("too large to address", desc.in_h = desc.in_w = desc.in_c = (size_t)1 << 29);
	REFUSED("too large to address", desc.max_batch = desc.in_c = (size_t)1 << 30);
	REFUSED("too large to address", desc.in_c = desc.out_c = (size_t)1 << 30);
	REFUSED("too large to address", desc.pad_top = desc.pad_right = (size_t)1 << 30, desc.out_c = (size_t)1 << 20);
	REFUSED("too large to address", desc.kind = SGAN_DECONV,
	        desc.in_h = desc.in_w = desc.stride_h = desc.stride_w = (size_t)1 << 30);
	REFUSED("too large to address", desc.kind = SGAN_DECONV,
	        desc.kernel_h = desc.kernel_w = desc.dilation_h = desc.dilation_w = (size_t)1 << 30);
	REFUSED("too large to address", desc.slices = (size_t)1 << 30, desc.in_c = desc.out_c = (size_t)1 << 14);
}

/* Sizes that no memory holds: plans are made at once, with sizes that can be believed, or refused. */
Test(conv, winograd_plans_of_any_size)
{
	for (int isa = 0; isa < SGAN_ISA_COUNT; isa++)
		for (int kind = SGAN_CONV; kind <= SGAN_DECONV && sgan_isa_usable((sgan_isa)isa); kind++)
			for (size_t channels = 8; channels <= (size_t)1 << 24; channels *= 2) {
				sgan_ctx *ctx = context(sgan_isa_name((sgan_isa)isa), 1);
				sgan_conv_desc desc = { .kind = (sgan_conv_kind)kind, .in_h = 9, .in_w = 9, .in_c = channels, .out_c = 8,
					                    .kernel_h = 5, .kernel_w = 5, .stride_h = 2, .stride_w = 2, .max_batch = 1000 };
				sgan_conv_plan *plan = NULL;
				for (int pass = 0; pass < SGAN_PASS_COUNT; pass++)
					desc.algorithm[pass] = "winograd";
				cr_assert_eq(sgan_conv_plan_create(ctx, &desc, &plan), SGAN_OK, "%s", sgan_last_error());
				for (int pass = 0; pass < SGAN_PASS_COUNT; pass++) {
					size_t packed = sgan_conv_packed_size(ctx, plan, (sgan_pass)pass);
					size_t workspace = sgan_conv_workspace_size(ctx, plan, (sgan_pass)pass);
					cr_expect(pass == SGAN_BACKWARD_WEIGHTS || packed >= 25 * channels * 8 * sizeof(real));
					cr_expect(workspace > 0);
					cr_expect(pass == SGAN_BACKWARD_WEIGHTS || workspace < (size_t)16 << 20);
				}
				sgan_conv_plan_destroy(plan);
				sgan_ctx_destroy(ctx);
			}
}

/* What is asked for by name is used, or refused with what could be. */
Test(conv, algorithms_are_chosen_by_name)
{
	sgan_ctx *ctx = context(NULL, 1);
	sgan_conv_desc small = sound;
	const char *names[3] = { NULL, NULL, "untouched" };
	sgan_conv_plan *plan = NULL;
	size_t count = 0;

	cr_assert_eq(sgan_conv_algorithms(ctx, &small, SGAN_FORWARD, 2, names, &count), SGAN_OK);
	cr_expect_eq(count, 3);
	cr_expect_str_eq(names[0], "runs");
	cr_expect_str_eq(names[1], "batch");
	cr_expect_str_eq(names[2], "untouched");
	small.algorithm[SGAN_FORWARD] = "indirect";
	cr_assert_eq(sgan_conv_plan_create(ctx, &small, &plan), SGAN_OK, "%s", sgan_last_error());
	cr_expect_str_eq(sgan_conv_plan_algorithm(plan, SGAN_FORWARD), "indirect");
	cr_expect_str_eq(sgan_conv_plan_algorithm(plan, SGAN_BACKWARD_DATA), "dots");
	cr_expect_str_eq(sgan_conv_plan_algorithm(plan, SGAN_BACKWARD_WEIGHTS), "runs");
	cr_expect_null(sgan_conv_plan_algorithm(plan, SGAN_PASS_COUNT));
	cr_expect_null(sgan_conv_plan_algorithm(NULL, SGAN_FORWARD));
	cr_expect_str_eq(sgan_conv_plan_desc(plan)->algorithm[SGAN_BACKWARD_DATA], "dots");
	cr_expect_eq(sgan_conv_plan_desc(plan)->stride_w, 1);
	sgan_conv_plan_destroy(plan);
	cr_expect_eq(sgan_conv_algorithms(ctx, &small, SGAN_PASS_COUNT, 0, NULL, &count), SGAN_EINVAL);
	cr_expect_eq(sgan_conv_algorithms(ctx, &small, SGAN_FORWARD, 1, NULL, &count), SGAN_EINVAL);
	sgan_ctx_destroy(ctx);
	REFUSED("convolution, forward: algorithm \"winograd\" is unknown or does not fit this layer; runs, batch, "
	        "indirect: these fit",
	        desc.algorithm[SGAN_FORWARD] = "winograd");
	REFUSED("convolution, backward-weights: algorithm \"rows\"", desc.algorithm[SGAN_BACKWARD_WEIGHTS] = "rows");
	REFUSED("batch, indirect: these fit", desc.in_c = 5, desc.algorithm[SGAN_BACKWARD_DATA] = "dots");
}

/* --- one layer, all passes --------------------------------------------------- */

enum { PASSES = SGAN_PASS_COUNT };

struct layer {
	sgan_ctx *ctx;
	sgan_conv_plan *plan;
	size_t n, count[PASSES]; /* of the results: dst, diff_src, diff_weights */
	real *src, *weights, *bias, *diff_dst, *result[PASSES];
	void *packed[PASSES], *workspace[PASSES];
};

static void fill(size_t count, unsigned seed, real *data)
{
	for (size_t i = 0; i < count; i++) {
		seed = seed * 1664525 + 1013904223;
		data[i] = (real)(seed >> 8) / (real)(1 << 23) - 1;
	}
}

static real *filled(size_t count, unsigned seed)
{
	real *data = sgan_alloc(count, sizeof *data);

	cr_assert_not_null(data);
	fill(count, seed, data);
	return data;
}

static void open_layer(const char *isa, int threads, const sgan_conv_desc *desc, size_t n, struct layer *l)
{
	size_t dst;

	*l = (struct layer){ .ctx = context(isa, threads), .n = n };
	cr_assert_eq(sgan_conv_plan_create(l->ctx, desc, &l->plan), SGAN_OK, "%s", sgan_last_error());
	dst = n * sgan_conv_out_h(l->plan) * sgan_conv_out_w(l->plan) * desc->out_c;
	l->count[SGAN_FORWARD] = dst;
	l->count[SGAN_BACKWARD_DATA] = n * desc->in_h * desc->in_w * desc->in_c;
	l->count[SGAN_BACKWARD_WEIGHTS] = desc->kernel_h * desc->kernel_w * desc->in_c * desc->out_c;
	l->src = filled(l->count[SGAN_BACKWARD_DATA], 1);
	l->weights = filled(l->count[SGAN_BACKWARD_WEIGHTS], 2);
	l->bias = filled(desc->out_c, 3);
	l->diff_dst = filled(dst, 4);
	for (int p = 0; p < PASSES; p++) {
		l->result[p] = filled(l->count[p], 5);
		l->workspace[p] = sgan_alloc(sgan_conv_workspace_size(l->ctx, l->plan, (sgan_pass)p) + 1, 1);
		l->packed[p] = sgan_alloc(sgan_conv_packed_size(l->ctx, l->plan, (sgan_pass)p) + 1, 1);
		cr_assert(l->workspace[p] && l->packed[p]);
		cr_assert_eq(sgan_conv_pack(l->ctx, l->plan, (sgan_pass)p, l->weights, l->packed[p]), SGAN_OK);
	}
}

static sgan_batch all_of(const struct layer *l)
{
	return sgan_whole_batch(l->n, sgan_conv_plan_desc(l->plan)->slices);
}

static void run_layer(struct layer *l)
{
	sgan_status status[PASSES] = {
		sgan_conv_forward(l->ctx, l->plan, all_of(l), l->src, l->packed[0], l->bias, l->result[0], l->workspace[0]),
		sgan_conv_backward_data(l->ctx, l->plan, all_of(l), l->diff_dst, l->packed[1], l->result[1], l->workspace[1]),
		sgan_conv_backward_weights(l->ctx, l->plan, all_of(l), l->src, l->diff_dst, l->result[2], true,
		                           l->workspace[2]),
	};

	for (int p = 0; p < PASSES; p++)
		cr_assert_eq(status[p], SGAN_OK, "%s", sgan_last_error());
}

static void close_layer(struct layer *l)
{
	for (int p = 0; p < PASSES; p++) {
		sgan_free(l->result[p]);
		sgan_free(l->workspace[p]);
		sgan_free(l->packed[p]);
	}
	sgan_free(l->src);
	sgan_free(l->weights);
	sgan_free(l->bias);
	sgan_free(l->diff_dst);
	sgan_conv_plan_destroy(l->plan);
	sgan_ctx_destroy(l->ctx);
}

#define LAYER(k, size, in, out, kernel, s, p, op, a)                                                                   \
	{                                                                                                                  \
		.kind = k, .in_h = size, .in_w = size, .in_c = in, .out_c = out, .kernel_h = kernel, .kernel_w = kernel,       \
		.stride_h = s, .stride_w = s, .pad_top = p, .pad_bottom = p, .pad_left = p, .pad_right = p, .out_pad_h = op,   \
		.out_pad_w = op, .max_batch = 100, .act = a, .slope = (real)0.2                                                \
	}

static const sgan_conv_desc mnist[] = {
	LAYER(SGAN_DECONV, 4, 128, 128, 5, 2, 2, 1, SGAN_ACT_NONE),
	LAYER(SGAN_DECONV, 8, 128, 64, 5, 1, 0, 0, SGAN_ACT_NONE),
	LAYER(SGAN_DECONV, 12, 64, 64, 5, 2, 2, 1, SGAN_ACT_NONE),
	LAYER(SGAN_DECONV, 24, 64, 1, 5, 1, 0, 0, SGAN_ACT_SIGMOID),
	LAYER(SGAN_CONV, 28, 1, 32, 5, 2, 2, 0, SGAN_ACT_LRELU),
	LAYER(SGAN_CONV, 14, 32, 64, 5, 2, 2, 0, SGAN_ACT_LRELU),
	LAYER(SGAN_CONV, 7, 64, 128, 5, 2, 2, 0, SGAN_ACT_LRELU),
	LAYER(SGAN_CONV, 28, 1, 32, 5, 1, 0, 0, SGAN_ACT_RELU),
	LAYER(SGAN_CONV, 1, 384, 2048, 1, 1, 0, 0, SGAN_ACT_NONE),
	LAYER(SGAN_CONV, 1, 2048, 256, 1, 1, 0, 0, SGAN_ACT_LRELU),
	LAYER(SGAN_CONV, 1, 256, 1, 1, 1, 0, 0, SGAN_ACT_NONE),
};
enum { MNIST = sizeof mnist / sizeof *mnist };

static double apply_act(const sgan_conv_desc *d, double x)
{
	switch (d->act) {
	case SGAN_ACT_RELU:
		return x > 0 ? x : 0;
	case SGAN_ACT_LRELU:
		return x > 0 ? x : (double)d->slope * x;
	case SGAN_ACT_SIGMOID:
		return 1 / (1 + exp(-x));
	default:
		return x;
	}
}

/* Root mean square of the error, relative to the expected values'. */
static double relative_error(size_t count, const real *found, const double *expected)
{
	double error = 0, size = 0;

	for (size_t i = 0; i < count; i++) {
		double d = (double)found[i] - expected[i];
		error += d * d;
		size += expected[i] * expected[i];
	}
	return sqrt(error / size);
}

static void compare_with_naive(const char *isa, const sgan_conv_desc *d, size_t n)
{
	struct layer l;
	double *expected[PASSES];

	open_layer(isa, 2, d, n, &l);
	for (int p = 0; p < PASSES; p++)
		cr_assert_not_null(expected[p] = calloc(l.count[p], sizeof(double)));
	run_layer(&l);
	naive_conv_forward(d, sgan_conv_out_h(l.plan), sgan_conv_out_w(l.plan), n, l.src, l.weights, l.bias, expected[0]);
	for (size_t i = 0; i < l.count[0]; i++)
		expected[0][i] = apply_act(d, expected[0][i]);
	naive_conv_backward(d, sgan_conv_out_h(l.plan), sgan_conv_out_w(l.plan), n, l.src, l.weights, l.diff_dst,
	                    expected[1], expected[2]);
	fill(l.count[2], 5, l.result[2]); /* what run_layer added to */
	for (size_t i = 0; i < l.count[2]; i++)
		expected[2][i] += (double)l.result[2][i];
	run_layer(&l);
	for (int p = 0; p < PASSES; p++) {
		double error = relative_error(l.count[p], l.result[p], expected[p]);
		bool fast = strcmp(sgan_conv_plan_algorithm(l.plan, (sgan_pass)p), "winograd") == 0;
		cr_expect(error < (fast ? 2e-5 : 3e-6), "%s, %zux%zux%zu to %zu, batch %zu, pass %d: relative error %g",
		          isa ? isa : "best", d->in_h, d->in_w, d->in_c, d->out_c, n, p, error);
		free(expected[p]);
	}
	close_layer(&l);
}

/* Two images take the way of small batches, fifteen that of large ones. */
Test(conv, mnist_layers_match_naive_loops)
{
	for (size_t i = 0; i < MNIST; i++)
		compare_with_naive(NULL, &mnist[i], 2);
	compare_with_naive(NULL, &mnist[0], 15);
	compare_with_naive(NULL, &mnist[6], 15);
	compare_with_naive(NULL, &mnist[9], 33);
	compare_with_naive("generic", &mnist[0], 9);
	compare_with_naive("generic", &mnist[4], 2);
}

/* --- threads ----------------------------------------------------------------- */

static void expect_same_bits(sgan_conv_desc desc, size_t n, size_t slices)
{
	struct layer one, more;

	desc.slices = slices;
	open_layer(NULL, 1, &desc, n, &one);
	run_layer(&one);
	for (int threads = 2; threads <= 3; threads++) {
		open_layer(NULL, threads, &desc, n, &more);
		run_layer(&more);
		for (int p = 0; p < PASSES; p++)
			cr_expect_arr_eq(more.result[p], one.result[p], one.count[p] * sizeof(real),
			                 "%d threads, %zux%zux%zu to %zu, pass %d: other bits than one thread's", threads,
			                 desc.in_h, desc.in_w, desc.in_c, desc.out_c, p);
		close_layer(&more);
	}
	close_layer(&one);
}

Test(conv, threads_do_not_change_a_bit)
{
	for (size_t i = 0; i < MNIST; i++) {
		expect_same_bits(mnist[i], 5, 1);
		expect_same_bits(mnist[i], 21, 3);
	}
	expect_same_bits(mnist[2], 60, 1); /* more images than the weight gradient takes at once */
}

/* The weight gradient's other ways: an image that is cut into bands, a dense layer whose slices are not alike. */
Test(conv, weight_gradients_are_cut_and_match_naive_loops)
{
	sgan_conv_desc large = LAYER(SGAN_CONV, 96, 40, 3, 3, 1, 1, 0, SGAN_ACT_NONE);
	sgan_conv_desc dense = LAYER(SGAN_CONV, 1, 50, 70, 1, 1, 0, 0, SGAN_ACT_NONE);

	compare_with_naive(NULL, &large, 2);
	large.stride_h = large.stride_w = 2;
	compare_with_naive(NULL, &large, 2);
	for (dense.slices = 1; dense.slices <= 4; dense.slices += 3) {
		compare_with_naive(NULL, &dense, 3);
		compare_with_naive(NULL, &dense, 10);
		compare_with_naive("generic", &dense, 10);
		expect_same_bits(dense, 10, dense.slices);
	}
}

/* What is added to a gradient is the whole batch's sum, in one addition, however the sum is cut. */
static void expect_one_addition(const char *isa, sgan_conv_desc desc, size_t n, size_t slices)
{
	struct layer sum, added;
	real *before;

	desc.slices = slices;
	desc.max_batch = n;
	open_layer(isa, 2, &desc, n, &sum);
	open_layer(isa, 2, &desc, n, &added);
	cr_assert_eq(sgan_conv_backward_weights(sum.ctx, sum.plan, all_of(&sum), sum.src, sum.diff_dst, sum.result[2],
	                                        false, sum.workspace[2]),
	             SGAN_OK);
	cr_assert_eq(sgan_conv_backward_weights(added.ctx, added.plan, all_of(&added), added.src, added.diff_dst,
	                                        added.result[2], true, added.workspace[2]),
	             SGAN_OK);
	before = filled(sum.count[2], 5); /* what open_layer gave `added` */
	for (size_t i = 0; i < sum.count[2]; i++)
		cr_assert_eq(added.result[2][i], before[i] + sum.result[2][i],
		             "%s, %zux%zux%zu to %zu, %zu slices: element %zu", isa, desc.in_h, desc.in_w, desc.in_c,
		             desc.out_c, slices, i);
	sgan_free(before);
	close_layer(&sum);
	close_layer(&added);
}

Test(conv, a_gradient_takes_in_the_batch_in_one_addition)
{
	static const sgan_conv_desc large = LAYER(SGAN_CONV, 7, 64, 128, 5, 2, 2, 0, SGAN_ACT_NONE);
	static const sgan_conv_desc bands = LAYER(SGAN_CONV, 96, 40, 3, 3, 1, 1, 0, SGAN_ACT_NONE);
	static const sgan_conv_desc dense = LAYER(SGAN_CONV, 1, 50, 70, 1, 1, 0, 0, SGAN_ACT_NONE);

	for (int isa = 0; isa < SGAN_ISA_COUNT; isa++) {
		if (!sgan_isa_usable((sgan_isa)isa))
			continue;
		for (size_t slices = 1; slices <= 4; slices += 3) {
			for (size_t i = 0; i < sizeof mnist / sizeof *mnist; i++)
				expect_one_addition(sgan_isa_name((sgan_isa)isa), mnist[i], 9, slices);
			expect_one_addition(sgan_isa_name((sgan_isa)isa), large, 9, slices);
			expect_one_addition(sgan_isa_name((sgan_isa)isa), bands, 5, slices);
			expect_one_addition(sgan_isa_name((sgan_isa)isa), dense, 9, slices);
		}
	}
}

/* --- images with rows that no tap reaches ------------------------------------------ */

static void weight_gradient(const char *isa, const sgan_conv_desc *given, struct layer *l)
{
	sgan_conv_desc direct = *given, *d = &direct;

	d->algorithm[SGAN_BACKWARD_WEIGHTS] = "direct";
	open_layer(isa, 2, d, 2, l);
	for (int p = 0; p < PASSES - 1; p++) /* sums of small integers are exact in any order */
		for (size_t i = 0; i < l->count[p]; i++)
			(p == 0 ? l->diff_dst : l->src)[i] = (real)((i * 7 + (size_t)p) % 5) - 2;
	cr_assert_eq(
		sgan_conv_backward_weights(l->ctx, l->plan, all_of(l), l->src, l->diff_dst, l->result[2], false,
		                           l->workspace[2]),
		SGAN_OK);
}

static void same_weight_gradient(const char *isa, const sgan_conv_desc *d)
{
	struct layer found, expected;

	weight_gradient(isa, d, &found);
	weight_gradient("generic", d, &expected);
	cr_expect_arr_eq(found.result[2], expected.result[2], found.count[2] * sizeof(real),
	                 "%s, kind %d, %zux%zux%zu to %zu: other weight gradients than the generic ones", isa, (int)d->kind,
	                 d->in_h, d->in_w, d->in_c, d->out_c);
	close_layer(&found);
	close_layer(&expected);
}

/* A set to compare with the generic one. */
static bool vectorised(sgan_isa isa)
{
	return isa != SGAN_ISA_GENERIC && sgan_isa_usable(isa);
}

/* With a stride, rows at the bottom may lie beyond the last kernel; copies of whole images have them all the same.
 * The sizes go from several images at once, by one, to bands. */
Test(conv, rows_that_no_tap_reaches_spoil_nothing)
{
	static const size_t sides[] = { 8, 24, 28, 50, 54, 58, 68, 96 };

	for (int isa = 0; isa < SGAN_ISA_COUNT; isa++)
		for (size_t i = 0; i < sizeof sides / sizeof *sides && vectorised((sgan_isa)isa); i++) {
			sgan_conv_desc wide = LAYER(SGAN_CONV, sides[i], 128, 65, 3, 2, 0, 0, SGAN_ACT_NONE);
			sgan_conv_desc padded = LAYER(SGAN_CONV, sides[i] + 1, 2, 33, 2, 3, 1, 0, SGAN_ACT_NONE);
			sgan_conv_desc back = LAYER(SGAN_DECONV, sides[i] / 2, 65, 128, 3, 2, 0, 1, SGAN_ACT_NONE);
			wide.max_batch = padded.max_batch = back.max_batch = 2;
			same_weight_gradient(sgan_isa_name((sgan_isa)isa), &wide);
			same_weight_gradient(sgan_isa_name((sgan_isa)isa), &padded);
			same_weight_gradient(sgan_isa_name((sgan_isa)isa), &back);
		}
}

/* --- few channels on one side -------------------------------------------------- */

static const sgan_conv_desc few[] = {
	LAYER(SGAN_DECONV, 28, 128, 3, 5, 1, 0, 0, SGAN_ACT_SIGMOID),
	LAYER(SGAN_CONV, 32, 3, 96, 3, 1, 1, 0, SGAN_ACT_LRELU),
	LAYER(SGAN_CONV, 32, 3, 64, 5, 1, 0, 0, SGAN_ACT_RELU),
	LAYER(SGAN_CONV, 28, 1, 32, 5, 2, 2, 0, SGAN_ACT_LRELU),
	LAYER(SGAN_DECONV, 9, 17, 4, 4, 3, 1, 2, SGAN_ACT_NONE),
	LAYER(SGAN_CONV, 11, 2, 9, 3, 2, 0, 0, SGAN_ACT_NONE),
	LAYER(SGAN_DECONV, 3, 8, 1, 2, 4, 0, 3, SGAN_ACT_RELU),
};

Test(conv, layers_with_few_channels_match_naive_loops)
{
	for (size_t i = 0; i < sizeof few / sizeof *few; i++) {
		compare_with_naive(NULL, &few[i], 1);
		compare_with_naive("generic", &few[i], 2);
		compare_with_naive(NULL, &few[i], 13);
		expect_same_bits(few[i], 13, 1);
	}
}

/* --- slices ------------------------------------------------------------------ */

/* The gradient of a batch in slices is the sum of what its slices give, up to rounding, also where
 * there are more slices than images. */
Test(conv, slices_sum_to_the_whole)
{
	sgan_conv_desc desc = mnist[5];

	for (size_t slices = 1; slices <= 9; slices += 4) {
		desc.slices = slices;
		compare_with_naive(NULL, &desc, 6);
	}
}

Test(conv, an_empty_batch_gives_nothing)
{
	struct layer l;

	open_layer(NULL, 2, &mnist[5], 1, &l);
	l.n = 0;
	cr_assert_eq(sgan_conv_forward(l.ctx, l.plan, all_of(&l), NULL, l.packed[0], l.bias, NULL, l.workspace[0]),
	             SGAN_OK);
	cr_assert_eq(sgan_conv_backward_data(l.ctx, l.plan, all_of(&l), NULL, l.packed[1], NULL, l.workspace[1]), SGAN_OK);
	cr_assert_eq(
		sgan_conv_backward_weights(l.ctx, l.plan, all_of(&l), NULL, NULL, l.result[2], false, l.workspace[2]), SGAN_OK);
	for (size_t i = 0; i < l.count[2]; i++)
		cr_assert_eq(l.result[2][i], 0);
	close_layer(&l);
}

Test(conv, wrong_leading_dimensions_are_refused)
{
	sgan_ctx *ctx = context(NULL, 1);
	real a[4] = { 0 }, b[4] = { 0 }, c[4] = { 0 };

	cr_expect_eq(sgan_gemm(ctx, false, false, 2, 2, 2, a, 1, b, 2, false, c, 2), SGAN_EINVAL);
	cr_expect_str_eq(sgan_last_error(), "matrix product: leading dimension of A is 1, expected at least 2");
	cr_expect_eq(sgan_gemm(ctx, false, true, 2, 2, 2, a, 2, b, 1, false, c, 2), SGAN_EINVAL);
	cr_expect_eq(sgan_gemm(ctx, false, false, 2, 2, 2, a, 2, b, 2, false, c, 1), SGAN_EINVAL);
	cr_expect_eq(sgan_gemm(ctx, true, false, SIZE_MAX / 2, 1, 1, a, SIZE_MAX, b, 1, false, c, 1), SGAN_EINVAL);
	cr_expect_eq(sgan_gemm(ctx, false, false, 2, 2, 2, a, 2, b, 2, false, c, 2), SGAN_OK);
	sgan_ctx_destroy(ctx);
}

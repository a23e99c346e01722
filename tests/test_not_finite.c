/* What is not a number is not lost on its way: through activations, fused with a convolution or not, through batch
 * normalisation and max pooling, and through their gradients, on every instruction set. */
#include <criterion/criterion.h>
#include <math.h>

#include <sgan/conv.h>
#include <sgan/ops.h>

#include "src/cpu/memory.h"

enum { COUNT = 37 }; /* whole vectors and some elements */
static const sgan_real slope = (sgan_real)0.25;

static void on_each_set(void (*run)(sgan_ctx *ctx, const char *isa))
{
	for (int isa = 0; isa < SGAN_ISA_COUNT; isa++) {
		sgan_ctx_options options = { .isa = sgan_isa_name((sgan_isa)isa), .threads = 2 };
		sgan_ctx *ctx = NULL;

		if (!sgan_isa_usable((sgan_isa)isa))
			continue;
		cr_assert_eq(sgan_ctx_create(&options, &ctx), SGAN_OK, "%s", sgan_last_error());
		run(ctx, options.isa);
		sgan_ctx_destroy(ctx);
	}
}

static void ok(sgan_status status)
{
	cr_assert_eq(status, SGAN_OK, "%s", sgan_last_error());
}

/* --- activations -------------------------------------------------------------- */

static void activations(sgan_ctx *ctx, const char *isa)
{
	sgan_real src[COUNT], dst[COUNT];

	for (size_t i = 0; i < COUNT; i++)
		src[i] = i % 3 ? (sgan_real)NAN : (sgan_real)-INFINITY;
	for (int act = SGAN_ACT_NONE; act <= SGAN_ACT_SIGMOID; act++) {
		ok(sgan_act_forward(ctx, COUNT, src, (sgan_act)act, slope, dst));
		for (size_t i = 0; i < COUNT; i++)
			cr_expect_eq(isnan(dst[i]) != 0, i % 3 != 0, "%s: activation %d, element %zu is %g", isa, act, i,
			             (double)dst[i]);
	}
}

Test(not_finite, activations)
{
	on_each_set(activations);
}

/* As PyTorch's threshold_backward and leaky_relu_backward: x <= 0 ? 0 : diff, and x > 0 ? diff : slope * diff. */
static void activation_gradients(sgan_ctx *ctx, const char *isa)
{
	sgan_real dst[COUNT], diff[COUNT], relu[COUNT], leaky[COUNT];

	for (size_t i = 0; i < COUNT; i++) {
		dst[i] = i % 2 ? (sgan_real)NAN : -1;
		diff[i] = 8;
	}
	ok(sgan_act_backward(ctx, COUNT, dst, diff, SGAN_ACT_RELU, slope, relu));
	ok(sgan_act_backward(ctx, COUNT, dst, diff, SGAN_ACT_LRELU, slope, leaky));
	for (size_t i = 0; i < COUNT; i++) {
		cr_expect_eq(relu[i], i % 2 ? 8 : 0, "%s: ReLU's gradient, element %zu is %g", isa, i, (double)relu[i]);
		cr_expect_eq(leaky[i], 2, "%s: leaky ReLU's gradient, element %zu is %g", isa, i, (double)leaky[i]);
	}
	diff[5] = (sgan_real)NAN;
	ok(sgan_act_backward(ctx, COUNT, dst, diff, SGAN_ACT_RELU, slope, relu));
	cr_expect(isnan(relu[5]), "%s: a gradient that is not a number became %g", isa, (double)relu[5]);
}

Test(not_finite, activation_gradients)
{
	on_each_set(activation_gradients);
}

/* --- fused with a convolution --------------------------------------------------- */

static void fused(sgan_ctx *ctx, const char *isa, const sgan_conv_desc *desc)
{
	size_t n = desc->max_batch, src_count = n * desc->in_h * desc->in_w * desc->in_c, dst_count, lost = 0;
	size_t weight_count = desc->kernel_h * desc->kernel_w * desc->in_c * desc->out_c;
	sgan_conv_plan *plan;

	ok(sgan_conv_plan_create(ctx, desc, &plan));
	dst_count = n * sgan_conv_out_h(plan) * sgan_conv_out_w(plan) * desc->out_c;
	sgan_real *src = sgan_alloc(src_count, sizeof *src), *dst = sgan_alloc(dst_count, sizeof *dst);
	sgan_real *weights = sgan_alloc(weight_count, sizeof *weights);
	void *packed = sgan_alloc(sgan_conv_packed_size(ctx, plan, SGAN_FORWARD), 1);
	void *workspace = sgan_alloc(sgan_conv_workspace_size(ctx, plan, SGAN_FORWARD), 1);
	for (size_t i = 0; i < src_count; i++)
		src[i] = (sgan_real)NAN;
	for (size_t i = 0; i < weight_count; i++)
		weights[i] = 1;
	ok(sgan_conv_pack(ctx, plan, SGAN_FORWARD, weights, packed));
	ok(sgan_conv_forward(ctx, plan, sgan_whole_batch(n, 1), src, packed, NULL, dst, workspace));
	for (size_t i = 0; i < dst_count; i++)
		lost += isnan(dst[i]) ? 0 : 1;
	cr_expect_eq(lost, 0, "%s: %s of %zux%zux%zu to %zu, activation %d: %zu of %zu results are numbers", isa,
	             desc->kind == SGAN_CONV ? "convolution" : "deconvolution", n, desc->in_h, desc->in_c, desc->out_c,
	             (int)desc->act, lost, dst_count);
	sgan_free(workspace);
	sgan_free(packed);
	sgan_free(weights);
	sgan_free(dst);
	sgan_free(src);
	sgan_conv_plan_destroy(plan);
}

static void convolutions(sgan_ctx *ctx, const char *isa)
{
	static const size_t channels[] = { 1, 3, 17 }, batches[] = { 1, 20 };

	for (size_t i = 0; i < 3 * 3 * 2 * 2 * 4; i++) {
		sgan_conv_desc desc = {
			.kind = i % 2 ? SGAN_DECONV : SGAN_CONV,
			.in_h = 5,
			.in_w = 5,
			.in_c = channels[i / 2 % 3],
			.out_c = channels[i / 6 % 3],
			.kernel_h = 3,
			.kernel_w = 3,
			.pad_top = 1,
			.pad_bottom = 1,
			.pad_left = 1,
			.pad_right = 1,
			.max_batch = batches[i / 18 % 2],
			.act = (sgan_act)(i / 36),
			.slope = slope,
		};

		fused(ctx, isa, &desc);
	}
}

Test(not_finite, fused_with_convolutions)
{
	on_each_set(convolutions);
}

/* --- batch normalisation ---------------------------------------------------------- */

static void batch_norm(sgan_ctx *ctx, const char *isa)
{
	enum { N = 6 };
	sgan_bn bn = { .channels = COUNT, .epsilon = 0, .act = SGAN_ACT_RELU };
	sgan_real src[N * COUNT], dst[N * COUNT], diff[N * COUNT], one[COUNT], zero[COUNT];

	for (size_t i = 0; i < N * COUNT; i++) {
		src[i] = i % 5 ? -1 : (sgan_real)NAN;
		diff[i] = 8;
	}
	for (size_t c = 0; c < COUNT; c++) {
		one[c] = 1;
		zero[c] = 0;
	}
	ok(sgan_bn_forward_infer(ctx, &bn, sgan_whole_batch(N, 1), 1, src, one, zero, zero, one, dst));
	ok(sgan_bn_backward_infer(ctx, &bn, sgan_whole_batch(N, 1), 1, src, diff, one, zero, zero, one, diff));
	for (size_t i = 0; i < N * COUNT; i++) {
		cr_expect_eq(isnan(dst[i]) != 0, i % 5 == 0, "%s: element %zu is %g", isa, i, (double)dst[i]);
		cr_expect(i % 5 ? diff[i] == 0 : isnan(diff[i]) || diff[i] == 8, "%s: gradient %zu is %g", isa, i,
		          (double)diff[i]);
	}
}

Test(not_finite, batch_norm)
{
	on_each_set(batch_norm);
}

/* --- max pooling -------------------------------------------------------------------- */

/* Windows of 2 x 2 with what is not a number in each set of places: the first is the winner. */
static void max_pooling(sgan_ctx *ctx, const char *isa)
{
	static const sgan_real finite[4] = { 1, 4, 2, 4 };

	for (unsigned places = 0; places < 16; places++) {
		sgan_real src[4 * COUNT], dst[COUNT], diff[COUNT], back[4 * COUNT];
		uint8_t which[COUNT];
		unsigned winner = places ? (unsigned)__builtin_ctz(places) : 1;

		for (size_t i = 0; i < 4 * COUNT; i++)
			src[i] = places >> (i / COUNT) & 1 ? (sgan_real)NAN : finite[i / COUNT];
		for (size_t c = 0; c < COUNT; c++)
			diff[c] = 8;
		ok(sgan_maxpool_forward(ctx, sgan_whole_batch(1, 1), 2, 2, COUNT, 2, src, dst, which));
		ok(sgan_maxpool_backward(ctx, sgan_whole_batch(1, 1), 2, 2, COUNT, 2, diff, which, back));
		for (size_t c = 0; c < COUNT; c++) {
			cr_expect(places ? isnan(dst[c]) : dst[c] == 4, "%s: largest of window %x is %g", isa, places,
			          (double)dst[c]);
			cr_expect_eq(which[c], winner, "%s: winner of window %x is %u", isa, places, which[c]);
			for (size_t place = 0; place < 4; place++)
				cr_expect_eq(back[place * COUNT + c], place == winner ? 8 : 0, "%s: gradient of window %x, place %zu",
				             isa, places, place);
		}
	}
}

Test(not_finite, max_pooling)
{
	on_each_set(max_pooling);
}

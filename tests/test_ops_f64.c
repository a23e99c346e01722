/* Every operation's gradient against central differences, in double. Each function
 * is <result, fixed numbers>, so that its gradient is one backward pass. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "src/cpu/memory.h"
#include "src/ops/ops.h"
#include "tests/gradients.h"

enum { MOST = 4096 };

static real *filled(size_t count, uint32_t stream)
{
	real *data = sgan_alloc(count, sizeof *data);
	sgan_ctx *ctx = NULL;

	cr_assert_not_null(data);
	cr_assert_eq(sgan_ctx_create(NULL, &ctx), SGAN_OK);
	sgan_random_normal(ctx, 20, stream, 0, 0, count, data);
	sgan_ctx_destroy(ctx);
	return data;
}

static double dot(size_t count, const real *a, const real *b)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += (double)a[i] * (double)b[i];
	return sum;
}

static void finish(const struct gradient_check *c)
{
	cr_expect_gt(c->checked, 0);
	cr_expect(c->left_out * 10 <= c->checked, "%zu of %zu elements near a kink", c->left_out, c->checked);
}

/* --- convolution ------------------------------------------------------------- */

struct conv {
	sgan_ctx *ctx;
	sgan_conv_plan *plan;
	size_t n, src_count, dst_count, weight_count;
	real *src, *weights, *bias, *dst, *direction;
	void *packed[2], *workspace[SGAN_PASS_COUNT];
};

static void conv_forward(struct conv *v)
{
	cr_assert_eq(sgan_conv_pack(v->ctx, v->plan, SGAN_FORWARD, v->weights, v->packed[0]), SGAN_OK);
	cr_assert_eq(sgan_conv_forward(v->ctx, v->plan, sgan_whole_batch(v->n, 2), v->src, v->packed[0], v->bias, v->dst,
	                               v->workspace[0]),
	             SGAN_OK);
}

static double conv_value(void *arg)
{
	struct conv *v = arg;

	conv_forward(v);
	return dot(v->dst_count, v->dst, v->direction);
}

static struct conv conv_open(const sgan_conv_desc *d, size_t n)
{
	struct conv v = { .n = n };

	cr_assert_eq(sgan_ctx_create(NULL, &v.ctx), SGAN_OK);
	cr_assert_eq(sgan_conv_plan_create(v.ctx, d, &v.plan), SGAN_OK, "%s", sgan_last_error());
	v.src_count = n * d->in_h * d->in_w * d->in_c;
	v.dst_count = n * sgan_conv_out_h(v.plan) * sgan_conv_out_w(v.plan) * d->out_c;
	v.weight_count = d->kernel_h * d->kernel_w * d->in_c * d->out_c;
	v.src = filled(v.src_count, 1);
	v.weights = filled(v.weight_count, 2);
	v.bias = filled(d->out_c, 3);
	v.dst = filled(v.dst_count, 4);
	v.direction = filled(v.dst_count, 5);
	for (int p = 0; p < SGAN_PASS_COUNT; p++)
		v.workspace[p] = sgan_alloc(sgan_conv_workspace_size(v.ctx, v.plan, (sgan_pass)p) + 1, 1);
	for (int p = 0; p < 2; p++)
		v.packed[p] = sgan_alloc(sgan_conv_packed_size(v.ctx, v.plan, (sgan_pass)p), 1);
	return v;
}

static void conv_close(struct conv *v)
{
	for (int p = 0; p < SGAN_PASS_COUNT; p++)
		sgan_free(v->workspace[p]);
	for (int p = 0; p < 2; p++)
		sgan_free(v->packed[p]);
	sgan_free(v->src);
	sgan_free(v->weights);
	sgan_free(v->bias);
	sgan_free(v->dst);
	sgan_free(v->direction);
	sgan_conv_plan_destroy(v->plan);
	sgan_ctx_destroy(v->ctx);
}

static void check_conv(const sgan_conv_desc *d, size_t n)
{
	struct conv v = conv_open(d, n);
	struct gradient_check c = { .value = conv_value, .arg = &v };
	real *diff = filled(v.dst_count, 6), *diff_src = filled(v.src_count, 7), *diff_weights = filled(v.weight_count, 8);
	real *diff_bias = filled(d->out_c, 9);
	const sgan_batch batch = sgan_whole_batch(n, 2);

	conv_forward(&v);
	sgan_act_backward(v.ctx, v.dst_count, v.dst, v.direction, d->act, d->slope, diff);
	cr_assert_eq(sgan_conv_pack(v.ctx, v.plan, SGAN_BACKWARD_DATA, v.weights, v.packed[1]), SGAN_OK);
	cr_assert_eq(sgan_conv_backward_data(v.ctx, v.plan, batch, diff, v.packed[1], diff_src, v.workspace[1]), SGAN_OK);
	cr_assert_eq(sgan_conv_backward_weights(v.ctx, v.plan, batch, v.src, diff, diff_weights, false, v.workspace[2]),
	             SGAN_OK);
	cr_assert_eq(sgan_bias_backward(v.ctx, sgan_whole_batch(n, d->slices), v.dst_count / n / d->out_c, d->out_c, diff,
	                                false, diff_bias),
	             SGAN_OK);
	check_gradient(&c, "src", v.src_count, v.src, diff_src);
	check_gradient(&c, "weights", v.weight_count, v.weights, diff_weights);
	check_gradient(&c, "bias", d->out_c, v.bias, diff_bias);
	finish(&c);
	sgan_free(diff);
	sgan_free(diff_src);
	sgan_free(diff_weights);
	sgan_free(diff_bias);
	conv_close(&v);
}

#define DESC(k, h, w, in, out, kh, kw, s, p, op, a)                                                                    \
	{                                                                                                                  \
		.kind = k, .in_h = h, .in_w = w, .in_c = in, .out_c = out, .kernel_h = kh, .kernel_w = kw,                     \
		.stride_h = s, .stride_w = s, .pad_top = p, .pad_bottom = p, .pad_left = p, .pad_right = p, .out_pad_h = op,   \
		.out_pad_w = op, .max_batch = 6, .slices = 2, .act = a, .slope = (real)0.2                                     \
	}

Test(gradients, convolutions)
{
	static const sgan_conv_desc descs[] = {
		DESC(SGAN_CONV, 6, 5, 5, 7, 3, 2, 1, 0, 0, SGAN_ACT_NONE),
		DESC(SGAN_CONV, 7, 7, 6, 5, 5, 5, 2, 2, 0, SGAN_ACT_LRELU),
		DESC(SGAN_CONV, 9, 8, 1, 6, 5, 3, 2, 1, 0, SGAN_ACT_SIGMOID),
		DESC(SGAN_CONV, 5, 5, 3, 2, 2, 2, 1, 0, 0, SGAN_ACT_RELU),
		DESC(SGAN_CONV, 1, 1, 20, 9, 1, 1, 1, 0, 0, SGAN_ACT_LRELU),
	};

	for (size_t i = 0; i < sizeof descs / sizeof *descs; i++) {
		check_conv(&descs[i], 2);
		check_conv(&descs[i], 5);
	}
}

Test(gradients, deconvolutions)
{
	static const sgan_conv_desc descs[] = {
		DESC(SGAN_DECONV, 4, 4, 6, 5, 5, 5, 2, 2, 1, SGAN_ACT_NONE),
		DESC(SGAN_DECONV, 3, 4, 5, 8, 3, 2, 1, 0, 0, SGAN_ACT_LRELU),
		DESC(SGAN_DECONV, 4, 3, 7, 1, 5, 5, 1, 0, 0, SGAN_ACT_SIGMOID),
		DESC(SGAN_DECONV, 3, 3, 4, 3, 3, 3, 3, 1, 2, SGAN_ACT_RELU),
	};

	for (size_t i = 0; i < sizeof descs / sizeof *descs; i++) {
		check_conv(&descs[i], 2);
		check_conv(&descs[i], 5);
	}
}

/* --- batch normalisation ----------------------------------------------------- */

enum { BN_N = 5, BN_PIXELS = 6, BN_CHANNELS = 3, BN_COUNT = BN_N * BN_PIXELS * BN_CHANNELS };

struct norm {
	sgan_ctx *ctx;
	struct sgan_bn bn;
	bool train;
	real *src, *gain, *shift, *direction, *running_mean, *running_var;
	real dst[BN_COUNT], mean[BN_CHANNELS], inv_std[BN_CHANNELS];
};

static sgan_batch bn_batch(void)
{
	return sgan_whole_batch(BN_N, 2);
}

static double norm_value(void *arg)
{
	struct norm *v = arg;

	if (v->train)
		sgan_bn_forward_train(v->ctx, &v->bn, bn_batch(), BN_PIXELS, v->src, v->gain, v->shift, v->mean, v->inv_std, 0,
		                      NULL, NULL, v->dst);
	else
		sgan_bn_forward_infer(v->ctx, &v->bn, bn_batch(), BN_PIXELS, v->src, v->gain, v->shift, v->running_mean,
		                      v->running_var, v->dst);
	return dot(BN_COUNT, v->dst, v->direction);
}

static void check_norm(struct norm *v)
{
	struct gradient_check c = { .value = norm_value, .arg = v };
	real diff_src[BN_COUNT], diff_gain[BN_CHANNELS] = { 0 }, diff_shift[BN_CHANNELS] = { 0 };

	norm_value(v);
	if (v->train)
		cr_assert_eq(sgan_bn_backward(v->ctx, &v->bn, bn_batch(), BN_PIXELS, v->src, v->direction, v->gain, v->shift,
		                              v->mean, v->inv_std, diff_gain, diff_shift, diff_src),
		             SGAN_OK);
	else
		cr_assert_eq(sgan_bn_backward_infer(v->ctx, &v->bn, bn_batch(), BN_PIXELS, v->src, v->direction, v->gain,
		                                    v->shift, v->running_mean, v->running_var, diff_src),
		             SGAN_OK);
	check_gradient(&c, "src", BN_COUNT, v->src, diff_src);
	if (v->train) {
		check_gradient(&c, "gain", BN_CHANNELS, v->gain, diff_gain);
		check_gradient(&c, "shift", BN_CHANNELS, v->shift, diff_shift);
	}
	finish(&c);
}

Test(gradients, batch_normalisation)
{
	struct norm v = {
		.src = filled(BN_COUNT, 1),
		.gain = filled(BN_CHANNELS, 2),
		.shift = filled(BN_CHANNELS, 3),
		.direction = filled(BN_COUNT, 4),
		.running_mean = filled(BN_CHANNELS, 5),
		.running_var = filled(BN_CHANNELS, 6),
	};

	cr_assert_eq(sgan_ctx_create(NULL, &v.ctx), SGAN_OK);
	for (size_t i = 0; i < BN_CHANNELS; i++)
		v.running_var[i] = v.running_var[i] * v.running_var[i] + (real)0.5;
	for (int act = SGAN_ACT_NONE; act <= SGAN_ACT_SIGMOID; act++)
		for (int train = 0; train <= 1; train++) {
			v.bn = (struct sgan_bn){ BN_CHANNELS, (real)1e-6, (sgan_act)act, (real)0.2, SGAN_BN_IMAGES };
			v.train = train;
			check_norm(&v);
		}
	sgan_free(v.src);
	sgan_free(v.gain);
	sgan_free(v.shift);
	sgan_free(v.direction);
	sgan_free(v.running_mean);
	sgan_free(v.running_var);
	sgan_ctx_destroy(v.ctx);
}

/* --- losses ------------------------------------------------------------------ */

enum { ROWS = 7, CLASSES = 5, SCORES = ROWS * CLASSES };

struct loss {
	sgan_ctx *ctx;
	int which;
	real *x, *target;
	uint32_t labels[ROWS];
	real *diff; /* NULL while values are asked for */
};

static double loss_value(void *arg)
{
	struct loss *v = arg;
	double loss = NAN;

	switch (v->which) {
	case 0:
		sgan_softmax_cross_entropy(v->ctx, sgan_whole_batch(ROWS, 2), CLASSES, v->x, v->labels, 1, &loss, v->diff);
		break;
	case 1:
		sgan_bce_logits(v->ctx, sgan_whole_batch(SCORES, 2), v->x, (real)0.3, 1, &loss, v->diff);
		break;
	default:
		sgan_mean_squared_error(v->ctx, sgan_whole_batch(ROWS, 2), CLASSES, v->x, v->target, 1, &loss, v->diff);
	}
	return loss;
}

Test(gradients, losses)
{
	struct loss v = { .x = filled(SCORES, 1), .target = filled(SCORES, 2), .labels = { 0, 4, 2, 2, 1, 3, 0 } };

	cr_assert_eq(sgan_ctx_create(NULL, &v.ctx), SGAN_OK);
	for (v.which = 0; v.which < 3; v.which++) {
		struct gradient_check c = { .value = loss_value, .arg = &v };
		real diff[SCORES] = { 0 };
		v.diff = diff;
		loss_value(&v);
		v.diff = NULL;
		check_gradient(&c, "scores", SCORES, v.x, diff);
		finish(&c);
	}
	sgan_free(v.x);
	sgan_free(v.target);
	sgan_ctx_destroy(v.ctx);
}

/* --- activations, pooling, concatenation, products --------------------------- */

struct elements {
	sgan_ctx *ctx;
	sgan_act act;
	size_t count;
	real *src, *direction, *dst;
	uint8_t which[MOST];
};

static double act_of(void *arg)
{
	struct elements *v = arg;

	sgan_act_forward(v->ctx, v->count, v->src, v->act, (real)0.2, v->dst);
	return dot(v->count, v->dst, v->direction);
}

/* 2 images of 7x5x3 by 2: rows and columns that no window has. */
static double pooled(void *arg)
{
	struct elements *v = arg;

	sgan_maxpool_forward(v->ctx, sgan_whole_batch(2, 1), 7, 5, 3, 2, v->src, v->dst, v->which);
	return dot(2 * 3 * 2 * 3, v->dst, v->direction);
}

Test(gradients, activations_and_pooling)
{
	enum { COUNT = 2 * 7 * 5 * 3 };
	struct elements v = {
		.count = COUNT, .src = filled(COUNT, 1), .direction = filled(COUNT, 2), .dst = filled(COUNT, 3)
	};
	real diff[COUNT];

	cr_assert_eq(sgan_ctx_create(NULL, &v.ctx), SGAN_OK);
	for (int act = SGAN_ACT_NONE; act <= SGAN_ACT_SIGMOID; act++) {
		struct gradient_check c = { .value = act_of, .arg = &v };
		v.act = (sgan_act)act;
		act_of(&v);
		sgan_act_backward(v.ctx, COUNT, v.dst, v.direction, v.act, (real)0.2, diff);
		check_gradient(&c, "activation", COUNT, v.src, diff);
		finish(&c);
	}
	struct gradient_check c = { .value = pooled, .arg = &v };
	pooled(&v);
	sgan_maxpool_backward(v.ctx, sgan_whole_batch(2, 1), 7, 5, 3, 2, v.direction, v.which, diff);
	check_gradient(&c, "pooling", COUNT, v.src, diff);
	finish(&c);
	sgan_free(v.src);
	sgan_free(v.direction);
	sgan_free(v.dst);
	sgan_ctx_destroy(v.ctx);
}

struct product {
	sgan_ctx *ctx;
	real *a, *b, *c, *direction; /* [4, 6], [6, 5], [4, 5] */
};

static double product_value(void *arg)
{
	struct product *v = arg;

	sgan_gemm(v->ctx, false, false, 4, 5, 6, v->a, 6, v->b, 5, false, v->c, 5);
	return dot(4 * 5, v->c, v->direction);
}

Test(gradients, matrix_products)
{
	struct product v = { .a = filled(24, 1), .b = filled(30, 2), .c = filled(20, 3), .direction = filled(20, 4) };
	struct gradient_check c = { .value = product_value, .arg = &v };
	real diff_a[24], diff_b[30];

	cr_assert_eq(sgan_ctx_create(NULL, &v.ctx), SGAN_OK);
	cr_assert_eq(sgan_gemm(v.ctx, false, true, 4, 6, 5, v.direction, 5, v.b, 5, false, diff_a, 6), SGAN_OK);
	cr_assert_eq(sgan_gemm(v.ctx, true, false, 6, 5, 4, v.a, 6, v.direction, 5, false, diff_b, 5), SGAN_OK);
	check_gradient(&c, "A", 24, v.a, diff_a);
	check_gradient(&c, "B", 30, v.b, diff_b);
	finish(&c);
	sgan_free(v.a);
	sgan_free(v.b);
	sgan_free(v.c);
	sgan_free(v.direction);
	sgan_ctx_destroy(v.ctx);
}

struct join {
	sgan_ctx *ctx;
	real *a, *b, *direction;
	real dst[6 * 7];
};

static double join_value(void *arg)
{
	struct join *v = arg;

	sgan_concat_forward(v->ctx, sgan_whole_batch(6, 1), 3, v->a, 4, v->b, v->dst);
	return dot(6 * 7, v->dst, v->direction);
}

Test(gradients, concatenation)
{
	struct join v = { .a = filled(18, 1), .b = filled(24, 2), .direction = filled(42, 3) };
	struct gradient_check c = { .value = join_value, .arg = &v };
	real diff_a[18], diff_b[24];

	cr_assert_eq(sgan_ctx_create(NULL, &v.ctx), SGAN_OK);
	sgan_concat_backward(v.ctx, sgan_whole_batch(6, 1), 3, diff_a, 4, diff_b, v.direction);
	check_gradient(&c, "a", 18, v.a, diff_a);
	check_gradient(&c, "b", 24, v.b, diff_b);
	finish(&c);
	sgan_free(v.a);
	sgan_free(v.b);
	sgan_free(v.direction);
	sgan_ctx_destroy(v.ctx);
}

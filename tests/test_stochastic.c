/* Layers that draw: noise and dropout; and average pooling beside them: what they compute, that inference leaves
 * values alone, and that numbers depend on what they are told to depend on and nothing else. */
#include "tests/small_nets.h"

enum { N = 8, H = 9, W = 8, C = 10, COUNT = N * H * W * C };

static struct small of_layers(sgan_ctx *ctx, const struct sgan_layer_desc *layers)
{
	const struct sgan_net_desc desc = small_net("drawn", layers);
	return small_create(ctx, &desc, N, 2);
}

static void forward_with(struct small *s, uint64_t seed, uint32_t stream, uint64_t step)
{
	sgan_tape_random(s->tape, seed, stream, step);
	cr_assert_eq(sgan_net_forward(s->ctx, s->net, s->params, s->tape, s->batch, SGAN_TRAIN), SGAN_OK, "%s",
	             sgan_last_error());
}

static const struct sgan_layer_desc noisy[] = { INPUT("x", H, W, C), NOISE("noise", 0.25), { .name = "" } };
static const struct sgan_layer_desc dropping[] = { INPUT("x", H, W, C), DROPOUT("dropout", 0.3), { .name = "" } };

Test(stochastic, noise_has_its_deviation)
{
	sgan_ctx *ctx = small_context(NULL, 2);
	struct small s = of_layers(ctx, noisy);
	double sum = 0, square = 0;
	small_forward(&s, SGAN_TRAIN);
	for (size_t i = 0; i < COUNT; i++) {
		const double d = (double)sgan_tape_value(s.tape, 1)[i] - (double)s.inputs[0][i];
		sum += d;
		square += d * d;
	}
	/* mean and variance of COUNT draws, within five of their own deviations */
	cr_expect(fabs(sum / COUNT) < 5 * 0.25 / sqrt(COUNT), "mean %g", sum / COUNT);
	cr_expect(fabs(square / COUNT / 0.0625 - 1) < 5 * sqrt(2.0 / COUNT), "variance %g", square / COUNT);
	small_destroy(&s);
	sgan_ctx_destroy(ctx);
}

Test(stochastic, dropout_keeps_the_mean)
{
	sgan_ctx *ctx = small_context(NULL, 2);
	struct small s = of_layers(ctx, dropping);
	size_t dropped = 0;
	small_forward(&s, SGAN_TRAIN);
	for (size_t i = 0; i < COUNT; i++) {
		const double y = (double)sgan_tape_value(s.tape, 1)[i], x = (double)s.inputs[0][i];
		dropped += y == 0;
		cr_expect(y == 0 || fabs(y - x / 0.7) < 1e-5, "element %zu: %g became %g", i, x, y);
	}
	cr_expect(fabs((double)dropped / COUNT - 0.3) < 5 * sqrt(0.21 / COUNT), "%zu of %d dropped", dropped, (int)COUNT);
	small_destroy(&s);
	sgan_ctx_destroy(ctx);
}

/* What was dropped gets no gradient; the rest gets it scaled as the value was. */
Test(stochastic, dropout_has_one_mask_for_both_ways)
{
	sgan_ctx *ctx = small_context(NULL, 2);
	struct small s = of_layers(ctx, dropping);
	small_forward(&s, SGAN_TRAIN);
	real *value = small_room(COUNT);
	memcpy(value, sgan_tape_value(s.tape, 1), COUNT * sizeof(real));
	small_backward(&s, false, 0);
	for (size_t i = 0; i < COUNT; i++) {
		const double want = value[i] == 0 ? 0 : (double)s.head_gradients[1][i] / 0.7;
		cr_expect(fabs((double)sgan_tape_grad(s.tape, 0)[i] - want) < 1e-5, "gradient %zu", i);
	}
	free(value);
	small_destroy(&s);
	sgan_ctx_destroy(ctx);
}

Test(stochastic, inference_leaves_values_alone)
{
	static const struct sgan_layer_desc layers[] = {
		INPUT("x", H, W, C), NOISE("noise", 0.25), DROPOUT("dropout", 0.3), { .name = "" }
	};
	sgan_ctx *ctx = small_context(NULL, 2);
	struct small s = of_layers(ctx, layers);
	small_forward(&s, SGAN_TRAIN); /* what it leaves is not seen again */
	cr_assert_eq(sgan_net_forward(ctx, s.net, s.params, s.tape, s.batch, SGAN_INFER), SGAN_OK, "%s", sgan_last_error());
	cr_expect_arr_eq(sgan_tape_value(s.tape, 2), s.inputs[0], COUNT * sizeof(real));
	small_backward(&s, false, 0);
	cr_expect_arr_eq(sgan_tape_grad(s.tape, 0), s.head_gradients[2], COUNT * sizeof(real));
	small_destroy(&s);
	sgan_ctx_destroy(ctx);
}

Test(stochastic, training_needs_random_numbers)
{
	sgan_ctx *ctx = small_context(NULL, 1);
	struct small s = of_layers(ctx, noisy);
	cr_expect_eq(sgan_net_forward(ctx, s.net, s.params, s.tape, s.batch, SGAN_TRAIN), SGAN_EINVAL);
	cr_expect(strstr(sgan_last_error(), "'noise'") != NULL, "%s", sgan_last_error());
	cr_expect_eq(sgan_net_forward(ctx, s.net, s.params, s.tape, s.batch, SGAN_INFER), SGAN_OK);
	small_destroy(&s);
	sgan_ctx_destroy(ctx);
}

static bool same_values(const struct small *a, int layer, const struct small *b, int other)
{
	return memcmp(sgan_tape_value(a->tape, layer), sgan_tape_value(b->tape, other), COUNT * sizeof(real)) == 0;
}

/* Seed, stream, step and layer each give other numbers; the same again give the same. */
static void expect_own_numbers(const struct sgan_layer_desc *layers)
{
	sgan_ctx *ctx = small_context(NULL, 2);
	struct small one = of_layers(ctx, layers), other = of_layers(ctx, layers);
	forward_with(&one, 1, 2, 3);
	forward_with(&other, 1, 2, 3);
	cr_expect(same_values(&one, 1, &other, 1), "the same again");
	cr_expect(same_values(&one, 2, &other, 2), "the same again, of the next layer");
	cr_expect_not(same_values(&one, 1, &one, 2), "two layers");
	static const uint64_t others[][3] = { { 2, 2, 3 }, { 1, 3, 3 }, { 1, 2, 4 }, { 1, 2, 3 + ((uint64_t)1 << 32) } };
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		forward_with(&other, others[i][0], (uint32_t)others[i][1], others[i][2]);
		cr_expect_not(same_values(&one, 1, &other, 1), "case %zu", i);
	}
	small_destroy(&one);
	small_destroy(&other);
	sgan_ctx_destroy(ctx);
}

Test(stochastic, numbers_of_their_own)
{
	static const struct sgan_layer_desc noises[] = {
		INPUT("x", H, W, C), NOISE("a", 1, .from = { "x" }), NOISE("b", 1, .from = { "x" }), { .name = "" }
	};
	static const struct sgan_layer_desc dropouts[] = {
		INPUT("x", H, W, C), DROPOUT("a", 0.5, .from = { "x" }), DROPOUT("b", 0.5, .from = { "x" }), { .name = "" }
	};
	expect_own_numbers(noises);
	expect_own_numbers(dropouts);
}

/* A rate or sigma of 0 changes nothing. */
Test(stochastic, nothing_at_zero)
{
	static const struct sgan_layer_desc layers[] = {
		INPUT("x", H, W, C), NOISE("noise", 0), DROPOUT("dropout", 0), { .name = "" }
	};
	sgan_ctx *ctx = small_context(NULL, 2);
	struct small s = of_layers(ctx, layers);
	small_forward(&s, SGAN_TRAIN);
	for (size_t i = 0; i < COUNT; i++)
		cr_expect_eq(sgan_tape_value(s.tape, 2)[i], s.inputs[0][i], "element %zu", i);
	small_destroy(&s);
	sgan_ctx_destroy(ctx);
}

Test(stochastic, averages_of_all_pixels)
{
	static const struct sgan_layer_desc layers[] = { INPUT("x", H, W, C), AVGPOOL("pool"), { .name = "" } };
	sgan_ctx *ctx = small_context(NULL, 2);
	struct small s = of_layers(ctx, layers);
	small_forward(&s, SGAN_TRAIN);
	small_backward(&s, false, 0);
	for (size_t i = 0; i < N; i++)
		for (size_t c = 0; c < C; c++) {
			double sum = 0;
			for (size_t p = 0; p < H * W; p++) {
				const size_t at = (i * H * W + p) * C + c;
				sum += (double)s.inputs[0][at];
				cr_expect(fabs((double)sgan_tape_grad(s.tape, 0)[at] -
				               (double)s.head_gradients[1][i * C + c] / (H * W)) < 1e-7);
			}
			cr_expect_float_eq((double)sgan_tape_value(s.tape, 1)[i * C + c], sum / (H * W), 1e-5);
		}
	small_destroy(&s);
	sgan_ctx_destroy(ctx);
}

/* Small networks for tests: one of every kind and rule of layer, as data. */
#ifndef SGAN_TESTS_SMALL_NETS_H
#define SGAN_TESTS_SMALL_NETS_H

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/nn/net.h"
#include "src/ops/ops.h"

/* clang-format off */
#define INPUT(n, ...) { .name = n, .kind = SGAN_LAYER_INPUT, .shape = { __VA_ARGS__ } }
#define CONV(n, k, s, p, o, ...) \
	{ .name = n, .kind = SGAN_LAYER_CONV, .kernel = k, .stride = s, .pad = p, .out = o, __VA_ARGS__ }
#define DECONV(n, k, s, p, op, o, ...) \
	{ .name = n, .kind = SGAN_LAYER_DECONV, .kernel = k, .stride = s, .pad = p, .out_pad = op, .out = o, __VA_ARGS__ }
#define DENSE(n, o, ...) { .name = n, .kind = SGAN_LAYER_DENSE, .out = o, __VA_ARGS__ }
#define POOL(n, k) { .name = n, .kind = SGAN_LAYER_MAXPOOL, .kernel = k }
#define AVGPOOL(n, ...) { .name = n, .kind = SGAN_LAYER_AVGPOOL, __VA_ARGS__ }
#define NOISE(n, s, ...) { .name = n, .kind = SGAN_LAYER_NOISE, .sigma = s, __VA_ARGS__ }
#define DROPOUT(n, r, ...) { .name = n, .kind = SGAN_LAYER_DROPOUT, .rate = r, __VA_ARGS__ }
#define CONCAT(n, a, b) { .name = n, .kind = SGAN_LAYER_CONCAT, .from = { a, b } }
#define BIAS .bias = true
#define BN .bn = true
#define RELU .act = SGAN_ACT_RELU
#define LRELU .act = SGAN_ACT_LRELU, .slope = 0.2
#define SIGMOID .act = SGAN_ACT_SIGMOID
/* clang-format on */

/* A description with the usual settings; the layers end with one that has no name. */
static inline struct sgan_net_desc small_net(const char *name, const struct sgan_layer_desc *layers)
{
	struct sgan_net_desc desc = { .source = "test", .bn_epsilon = 1e-6, .bn_momentum = 0.1 };
	snprintf(desc.name, sizeof desc.name, "%s", name);
	for (; layers[desc.layer_count].name[0] != '\0'; desc.layer_count++)
		desc.layers[desc.layer_count] = layers[desc.layer_count];
	return desc;
}

static const struct sgan_layer_desc small_layers[][10] = {
	{ INPUT("x", 5, 6, 3), CONV("conv", 3, 1, 1, 4, BIAS) },
	{ INPUT("x", 7, 5, 2), CONV("relu", 3, 2, 1, 5, BIAS, RELU) },
	{ INPUT("x", 8, 8, 1), CONV("lrelu", 5, 2, 2, 3, BIAS, LRELU) },
	{ INPUT("x", 4, 4, 2), CONV("sigmoid", 2, 3, 1, 3, BIAS, SIGMOID) },
	{ INPUT("x", 5, 5, 2), CONV("bare", 3, 1, 0, 3) },
	{ INPUT("x", 5, 6, 3), CONV("bn", 3, 1, 1, 4, BN) },
	{ INPUT("x", 7, 5, 2), CONV("bn_relu", 3, 2, 1, 5, BN, RELU) },
	{ INPUT("x", 6, 6, 2), CONV("bn_lrelu", 1, 1, 0, 3, BN, LRELU) },
	{ INPUT("x", 4, 4, 2), CONV("bn_sigmoid", 3, 1, 1, 3, BN, SIGMOID) },
	{ INPUT("x", 3, 4, 2), DECONV("deconv", 5, 2, 2, 1, 3, BIAS) },
	{ INPUT("x", 3, 3, 3), DECONV("relu", 3, 1, 0, 0, 2, BIAS, RELU) },
	{ INPUT("x", 1, 2, 3), DECONV("sigmoid", 4, 3, 1, 2, 1, BIAS, SIGMOID) },
	{ INPUT("x", 3, 3, 2), DECONV("bn_relu", 5, 2, 2, 1, 4, BN, RELU) },
	{ INPUT("x", 2, 2, 2), DECONV("bn_lrelu", 2, 2, 0, 0, 3, BN, LRELU) },
	{ INPUT("x", 1, 1, 7), DENSE("dense", 5, BIAS) },
	{ INPUT("x", 2, 3, 4), DENSE("of_image", 6, BIAS, LRELU) },
	{ INPUT("x", 1, 1, 6), DENSE("bn", 5, BN) },
	{ INPUT("x", 1, 1, 6), DENSE("bn_relu", 9, BN, RELU) },
	{ INPUT("x", 7, 5, 2), CONV("conv", 3, 1, 1, 3, BIAS, RELU), POOL("pool", 2), DENSE("fc", 4, BIAS) },
	{ INPUT("x", 6, 7, 2), POOL("pool", 3), CONV("conv", 2, 1, 0, 3, BN, LRELU) },
	{ INPUT("h", 1, 1, 4), INPUT("z", 1, 1, 3), CONCAT("hz", "h", "z"), DENSE("fc", 5, BN, RELU),
	  DENSE("out", 3, BIAS) },
	{ INPUT("h", 1, 1, 4), INPUT("z", 1, 1, 3), DENSE("fcz", 5, .from = { "z" }, BN, RELU), CONCAT("hz", "h", "fcz"),
	  DENSE("fc", 12, BN, RELU, .shape = { 2, 2, 3 }), DECONV("d1", 3, 2, 1, 1, 4, BN, RELU),
	  DECONV("d2", 3, 1, 1, 0, 1, BIAS, SIGMOID) },
	{ INPUT("x", 1, 1, 6), DENSE("view", 12, BIAS, LRELU, .shape = { 2, 3, 2 }), CONV("conv", 2, 1, 0, 2, BIAS) },
	{ INPUT("x", 1, 1, 5), DENSE("trunk", 6, BIAS, LRELU), DENSE("a", 4, .from = { "trunk" }, BIAS, SIGMOID),
	  DENSE("b", 3, .from = { "trunk" }, BN), CONCAT("ab", "a", "b"), CONCAT("abt", "ab", "trunk"),
	  DENSE("out", 2, BIAS) },
	{ INPUT("x", 1, 1, 5), DENSE("a", 4, BIAS, SIGMOID), CONCAT("twice", "a", "a"), CONCAT("more", "twice", "x"),
	  DENSE("out", 3, BIAS) },
	{ INPUT("x", 4, 5, 3), AVGPOOL("pool"), DENSE("fc", 4, BIAS) },
	{ INPUT("x", 4, 5, 3), CONV("conv", 3, 1, 1, 4, BN, LRELU), AVGPOOL("pool"), DENSE("a", 3, BIAS),
	  DENSE("b", 2, .from = { "conv" }, BIAS), CONCAT("ab", "a", "b"), DENSE("out", 2, BIAS) },
	{ INPUT("x", 4, 5, 3), CONV("conv", 3, 1, 1, 4, BIAS, LRELU), DENSE("a", 3, BIAS),
	  AVGPOOL("pool", .from = { "conv" }), DENSE("b", 2, BIAS), CONCAT("ab", "a", "b"), DENSE("out", 2, BIAS) },
	{ INPUT("x", 3, 4, 2), NOISE("noise", 0.3), CONV("conv", 3, 1, 1, 3, BN, LRELU), NOISE("more", 0.1),
	  DENSE("fc", 3, BIAS) },
	{ INPUT("x", 3, 4, 2), DROPOUT("dropout", 0.4), CONV("conv", 3, 1, 1, 3, BN, LRELU), DROPOUT("more", 0.2),
	  DENSE("fc", 3, BIAS) },
	{ INPUT("x", 1, 1, 6), DENSE("trunk", 8, BIAS, LRELU), DENSE("a", 3, BIAS),
	  DROPOUT("left", 0.3, .from = { "trunk" }), NOISE("right", 0.2, .from = { "trunk" }),
	  CONCAT("both", "left", "right"), CONCAT("all", "both", "a"), DENSE("out", 2, BIAS) },
};

enum { SMALL_NETS = sizeof small_layers / sizeof small_layers[0] };

/* Two heads on a shared trunk. */
static inline struct sgan_net_desc two_heads(void)
{
	static const struct sgan_layer_desc layers[] = { INPUT("h", 5, 5, 2),
		                                             CONV("conv", 3, 2, 1, 4, BIAS, LRELU),
		                                             DENSE("fc", 6, BIAS, LRELU),
		                                             DENSE("d", 1, .from = { "fc" }, BIAS),
		                                             DENSE("q", 3, .from = { "fc" }, BIAS, SIGMOID),
		                                             { .name = "" } };
	struct sgan_net_desc desc = small_net("two_heads", layers);
	desc.head_count = 2;
	memcpy(desc.heads[0], "d", 2);
	memcpy(desc.heads[1], "q", 2);
	return desc;
}

/* Numbers in [-0.5, 0.5) of a stream of their own. */
static inline void small_numbers(sgan_ctx *ctx, uint32_t stream, uint64_t step, size_t count, real *dst)
{
	sgan_random_uniform(ctx, 20170711, stream, step, 0, count, dst);
	for (size_t i = 0; i < count; i++)
		dst[i] -= (real)0.5;
}

/* All values of a network at random; gains and variances near 1. */
static inline void small_values(sgan_ctx *ctx, struct sgan_params *params)
{
	for (size_t i = 0; i < sgan_params_count(params); i++) {
		struct sgan_param *p = sgan_params_at(params, i);
		const char *kind = strrchr(p->name, '.') + 1;
		small_numbers(ctx, 0x700000, i, p->count, p->value);
		for (size_t j = 0; j < p->count && (strcmp(kind, "gain") == 0 || strcmp(kind, "var") == 0); j++)
			p->value[j] = 1 + p->value[j] / 2;
	}
	sgan_params_changed(params);
}

/* A network at work on n images, with inputs and gradients of its heads at random. */
struct small {
	sgan_ctx *ctx;
	struct sgan_net_desc desc;
	struct sgan_net *net;
	struct sgan_params *params;
	struct sgan_tape *tape;
	size_t n;
	sgan_batch batch; /* all of them */
	real *inputs[SGAN_LAYERS], *head_gradients[SGAN_LAYERS];
};

static inline sgan_ctx *small_context(const char *isa, int threads)
{
	sgan_ctx *ctx = NULL;
	const sgan_ctx_options options = { .isa = isa, .threads = threads };
	cr_assert_eq(sgan_ctx_create(&options, &ctx), SGAN_OK, "%s", sgan_last_error());
	return ctx;
}

static inline real *small_room(size_t count)
{
	real *memory = calloc(count, sizeof(real));
	cr_assert_not_null(memory);
	return memory;
}

static inline bool small_is_head(const struct small *s, size_t layer)
{
	for (size_t h = 0; h < s->desc.head_count; h++)
		if (strcmp(s->desc.heads[h], s->desc.layers[layer].name) == 0)
			return true;
	return s->desc.head_count == 0 && layer + 1 == s->desc.layer_count;
}

/* Tape and numbers `which` for a network and parameters that exist. */
static inline void small_tape(struct small *s, uint64_t which)
{
	cr_assert_eq(sgan_tape_create(s->net, true, &s->tape), SGAN_OK, "%s", sgan_last_error());
	for (size_t i = 0; i < s->desc.layer_count; i++) {
		const size_t count = s->n * sgan_net_size(s->net, (int)i);
		if (s->desc.layers[i].kind == SGAN_LAYER_INPUT) {
			s->inputs[i] = small_room(count);
			small_numbers(s->ctx, 0x710000 + (uint32_t)i, which, count, s->inputs[i]);
			sgan_tape_input(s->tape, (int)i, s->inputs[i]);
		}
		if (small_is_head(s, i)) {
			s->head_gradients[i] = small_room(count);
			small_numbers(s->ctx, 0x720000 + (uint32_t)i, which, count, s->head_gradients[i]);
		}
	}
}

static inline struct small small_create(sgan_ctx *ctx, const struct sgan_net_desc *desc, size_t n, size_t slices)
{
	struct small s = { .ctx = ctx, .desc = *desc, .n = n, .batch = sgan_whole_batch(n, slices) };
	cr_assert_eq(sgan_net_create(ctx, desc, n, slices, &s.net), SGAN_OK, "%s", sgan_last_error());
	cr_assert_eq(sgan_params_create(s.net, true, &s.params), SGAN_OK, "%s", sgan_last_error());
	small_values(ctx, s.params);
	small_tape(&s, 0);
	return s;
}

static inline void small_destroy_tape(struct small *s)
{
	for (size_t i = 0; i < SGAN_LAYERS; i++) {
		free(s->inputs[i]);
		free(s->head_gradients[i]);
	}
	sgan_tape_destroy(s->tape);
}

static inline void small_destroy(struct small *s)
{
	small_destroy_tape(s);
	sgan_params_destroy(s->params);
	sgan_net_destroy(s->net);
}

static inline void small_forward(struct small *s, enum sgan_mode mode)
{
	sgan_tape_random(s->tape, 7, 0x730000, 1);
	cr_assert_eq(sgan_net_forward(s->ctx, s->net, s->params, s->tape, s->batch, mode), SGAN_OK, "%s",
	             sgan_last_error());
}

/* From the heads' gradients, which are set anew. */
static inline void small_backward(struct small *s, bool want_weights, int want_input)
{
	for (size_t i = 0; i < s->desc.layer_count; i++)
		if (s->head_gradients[i] != NULL)
			memcpy(sgan_tape_grad(s->tape, (int)i), s->head_gradients[i],
			       s->n * sgan_net_size(s->net, (int)i) * sizeof(real));
	cr_assert_eq(sgan_net_backward(s->ctx, s->net, s->params, s->tape, want_weights, want_input), SGAN_OK, "%s",
	             sgan_last_error());
}

#endif

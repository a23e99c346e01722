/* Networks: shapes, cuts, descriptions that cannot be, tapes, what passes change and what they leave, and the
 * same bits for any number of threads. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/small_nets.h"

static void expect_shape(const struct sgan_net_desc *desc, size_t layer, size_t h, size_t w, size_t c)
{
	size_t shapes[SGAN_LAYERS][3];
	cr_assert_eq(sgan_net_shapes(desc, shapes), SGAN_OK, "%s", sgan_last_error());
	const size_t *s = shapes[layer];
	cr_expect(s[0] == h && s[1] == w && s[2] == c, "%s, layer %zu is %zux%zux%zu, not %zux%zux%zu", desc->name, layer,
	          s[0], s[1], s[2], h, w, c);
}

/* One layer behind an input of 28 x 20 x 3. */
static struct sgan_net_desc behind_image(struct sgan_layer_desc layer)
{
	const struct sgan_layer_desc layers[] = { INPUT("x", 28, 20, 3), layer, { .name = "" } };
	return small_net("net", layers);
}

static void expect_behind_image(struct sgan_layer_desc layer, size_t h, size_t w, size_t c)
{
	const struct sgan_net_desc desc = behind_image(layer);
	expect_shape(&desc, 0, 28, 20, 3);
	expect_shape(&desc, 1, h, w, c);
}

#define LAYER(...) ((struct sgan_layer_desc)__VA_ARGS__)

Test(nn, shapes)
{
	expect_behind_image(LAYER(CONV("l", 5, 1, 0, 7, BIAS)), 24, 16, 7);
	expect_behind_image(LAYER(CONV("l", 5, 2, 2, 7, BN)), 14, 10, 7);
	expect_behind_image(LAYER(CONV("l", 3, 3, 1, 7)), 10, 7, 7);
	expect_behind_image(LAYER(CONV("l", 20, 1, 0, 1)), 9, 1, 1);
	expect_behind_image(LAYER(DECONV("l", 5, 1, 0, 0, 4)), 32, 24, 4);
	expect_behind_image(LAYER(DECONV("l", 5, 2, 2, 1, 4)), 56, 40, 4);
	expect_behind_image(LAYER(DECONV("l", 4, 3, 1, 2, 4)), 85, 61, 4);
	expect_behind_image(LAYER(DENSE("l", 12)), 1, 1, 12);
	expect_behind_image(LAYER(DENSE("l", 12, .shape = { 2, 3, 2 })), 2, 3, 2);
	expect_behind_image(LAYER(CONV("l", 5, 1, 0, 7, .shape = { 1, 1, 24 * 16 * 7 })), 1, 1, 24 * 16 * 7);
	expect_behind_image(LAYER(POOL("l", 3)), 9, 6, 3);
	expect_behind_image(LAYER(AVGPOOL("l")), 1, 1, 3);
	expect_behind_image(LAYER(NOISE("l", 0.1)), 28, 20, 3);
	expect_behind_image(LAYER(DROPOUT("l", 0.1)), 28, 20, 3);
}

Test(nn, shapes_of_a_graph)
{
	const struct sgan_layer_desc layers[] = {
		INPUT("h", 1, 1, 10),     INPUT("z", 1, 1, 50),   DENSE("fcz", 12, .from = { "z" }),
		CONCAT("hz", "h", "fcz"), CONCAT("zh", "z", "h"), { .name = "" }
	};
	const struct sgan_net_desc desc = small_net("graph", layers);
	expect_shape(&desc, 2, 1, 1, 12);
	expect_shape(&desc, 3, 1, 1, 22);
	expect_shape(&desc, 4, 1, 1, 60);
}

/* --- descriptions that cannot be --------------------------------------------- */

/* The message names the layer and says what is wrong with it. */
static void expect_refused(const struct sgan_net_desc *desc, const char *layer, const char *why)
{
	size_t shapes[SGAN_LAYERS][3];
	const sgan_status status = sgan_net_shapes(desc, shapes);
	const char *message = sgan_last_error();
	cr_assert_eq(status, SGAN_EINVAL, "layer '%s' should be refused: %s", layer, why);
	cr_expect(strstr(message, layer) != NULL && strstr(message, why) != NULL, "'%s' does not name '%s' and '%s'",
	          message, layer, why);
	cr_expect_null(strchr(message, '\n'));
}

static void expect_layer_refused(struct sgan_layer_desc layer, const char *why)
{
	struct sgan_net_desc desc = behind_image(layer);
	desc.layer_count = 2; /* also where the name is empty */
	desc.layers[1] = layer;
	expect_refused(&desc, "'", why);
	if (layer.name[0] == '\0')
		return;
	char quoted[SGAN_NAME + 2];
	snprintf(quoted, sizeof quoted, "'%s'", layer.name);
	expect_refused(&desc, quoted, why);
}

Test(nn, layers_that_cannot_be)
{
	expect_layer_refused(LAYER(CONV("bad", 0, 1, 0, 7)), "kernel");
	expect_layer_refused(LAYER(CONV("bad", 3, 0, 0, 7)), "stride");
	expect_layer_refused(LAYER(CONV("bad", 3, 1, 3, 7)), "pad 3: 1 to 4096, 1 to 4096, less than");
	expect_layer_refused(LAYER(CONV("bad", 21, 1, 0, 7)),
	                     "from 'x', but kernel 21 with pad 0 expects a height and width of at least 21");
	expect_layer_refused(LAYER(CONV("bad", 5000, 1, 4999, 7)), "kernel");
	expect_layer_refused(LAYER(CONV("bad", (size_t)-1, 1, (size_t)-2, 7)), "kernel");
	expect_layer_refused(LAYER(CONV("bad", 3, 1, 0, 0)), "'out'");
	expect_layer_refused(LAYER(CONV("bad", 3, 1, 0, (size_t)-1)), "'out'");
	expect_layer_refused(LAYER(CONV("bad", 3, 1, 0, (size_t)1 << 28)), "1 to 268435456 values expected");
	expect_layer_refused(LAYER(DECONV("bad", 5, 2, 2, 2, 4)), "out_pad 2, less than the stride, 2, expected");
	expect_layer_refused(LAYER(DECONV("bad", 4096, 4096, 0, 0, 1 << 20)), "1 to 268435456 values expected");
	expect_layer_refused(LAYER(DENSE("bad", 0)), "'out'");
	expect_layer_refused(LAYER(DENSE("bad", 12, .shape = { 2, 3, 3 })), "'shape'");
	expect_layer_refused(LAYER(DENSE("bad", 12, .shape = { 0, 3, 4 })), "'shape'");
	expect_layer_refused(LAYER(DENSE("bad", 12, .shape = { (size_t)1 << 33, (size_t)1 << 33, 12 })), "'shape'");
	expect_layer_refused(LAYER(POOL("bad", 0)), "kernel 0, 1 to 15 expected");
	expect_layer_refused(LAYER(POOL("bad", 16)), "kernel 16, 1 to 15 expected");
	expect_layer_refused(LAYER(CONCAT("bad", "x", "x")), "vectors");
	expect_layer_refused(LAYER(CONCAT("bad", "x", "y")), "second source");
	expect_layer_refused(LAYER(CONCAT("bad", "x", "")), "second source");
	expect_layer_refused(LAYER(DENSE("bad", 2, .from = { "y" })), "source");
	expect_layer_refused(LAYER(DENSE("bad", 2, .from = { "bad" })), "source");
	expect_layer_refused(LAYER(DENSE("x", 2)), "name is taken");
	expect_layer_refused(LAYER(DENSE("", 2)), "no name");
	expect_layer_refused(LAYER(DENSE("bad", 2, BIAS, BN)), "no bias");
	expect_layer_refused(LAYER(DENSE("bad", 2, .act = SGAN_ACT_LRELU)), "slope");
	expect_layer_refused(LAYER(DENSE("bad", 2, .act = SGAN_ACT_LRELU, .slope = 1)), "slope");
	expect_layer_refused(LAYER(DENSE("bad", 2, .act = SGAN_ACT_LRELU, .slope = NAN)), "slope");
	expect_layer_refused(LAYER({ .name = "bad", .kind = SGAN_LAYER_MAXPOOL, .kernel = 2, RELU }), "activation");
	expect_layer_refused(LAYER({ .name = "bad", .kind = (enum sgan_layer_kind)77 }), "unknown kind");
	expect_layer_refused(LAYER(AVGPOOL("bad", RELU)), "activation");
	expect_layer_refused(LAYER(NOISE("bad", -1)), "sigma");
	expect_layer_refused(LAYER(NOISE("bad", NAN)), "sigma");
	expect_layer_refused(LAYER(DROPOUT("bad", 1)), "rate");
	expect_layer_refused(LAYER(DROPOUT("bad", NAN)), "rate");
	expect_layer_refused(LAYER(DROPOUT("bad", 0.1, .from = { "y" })), "source");
	expect_layer_refused(LAYER(INPUT("bad", 0, 1, 1)), "takes 0x1x1, 1 to 268435456 values expected");
	expect_layer_refused(LAYER(INPUT("bad", (size_t)-1, (size_t)-1, 2)), "1 to 268435456 values expected");
}

Test(nn, lines_are_named)
{
	struct sgan_net_desc desc = behind_image(LAYER(CONV("bad", 0, 1, 0, 7)));
	desc.layers[1].line = 42;
	expect_refused(&desc, "test:42: net: layer 'bad'", "kernel");
}

Test(nn, networks_that_cannot_be)
{
	struct sgan_net_desc desc = behind_image(LAYER(DENSE("fc", 2)));
	const struct sgan_net_desc good = desc;
	desc.layer_count = 0;
	expect_refused(&desc, "net", "layers");
	desc.layer_count = SGAN_LAYERS + 1;
	expect_refused(&desc, "net", "layers");
	desc = good;
	desc.head_count = 1;
	memcpy(desc.heads[0], "none", 5);
	expect_refused(&desc, "'none'", "head");
	memcpy(desc.heads[0], "x", 2);
	expect_refused(&desc, "'fc'", "head");
	desc = good;
	desc.head_count = SGAN_HEADS + 1;
	expect_refused(&desc, "net", "heads");
	desc = good;
	desc.layers[0] = LAYER(DENSE("first", 2));
	expect_refused(&desc, "'first'", "source");
}

Test(nn, batches_that_cannot_be)
{
	sgan_ctx *ctx = small_context("generic", 1);
	const struct sgan_net_desc desc = behind_image(LAYER(DENSE("fc", 2)));
	struct sgan_net *net = NULL;
	cr_expect_eq(sgan_net_create(ctx, &desc, 0, 1, &net), SGAN_EINVAL);
	cr_expect_eq(sgan_net_create(ctx, &desc, 65537, 1, &net), SGAN_EINVAL);
	cr_expect_null(net);
	struct small s = small_create(ctx, &desc, 3, 1);
	cr_expect_eq(sgan_net_forward(ctx, s.net, s.params, s.tape, sgan_whole_batch(0, 1), SGAN_TRAIN), SGAN_EINVAL);
	cr_expect_eq(sgan_net_forward(ctx, s.net, s.params, s.tape, sgan_whole_batch(4, 1), SGAN_TRAIN), SGAN_EINVAL);
	cr_expect(strstr(sgan_last_error(), "4 images") != NULL, "%s", sgan_last_error());
	sgan_tape_input(s.tape, 0, NULL);
	cr_expect_eq(sgan_net_forward(ctx, s.net, s.params, s.tape, sgan_whole_batch(3, 1), SGAN_TRAIN), SGAN_EINVAL);
	cr_expect(strstr(sgan_last_error(), "'x'") != NULL, "%s", sgan_last_error());
	small_destroy(&s);
	sgan_ctx_destroy(ctx);
}

/* Weights have no gradient behind running statistics, nor where there is no room for it. */
Test(nn, backward_passes_that_cannot_be)
{
	sgan_ctx *ctx = small_context("generic", 1);
	const struct sgan_net_desc desc = behind_image(LAYER(DENSE("fc", 2, BN)));
	struct small s = small_create(ctx, &desc, 3, 1);
	struct sgan_tape *forward_only = NULL;
	struct sgan_params *untrained = NULL;
	small_forward(&s, SGAN_INFER);
	cr_expect_eq(sgan_net_backward(ctx, s.net, s.params, s.tape, true, -1), SGAN_EINVAL);
	small_forward(&s, SGAN_TRAIN);
	cr_assert_eq(sgan_params_create(s.net, false, &untrained), SGAN_OK);
	cr_expect_eq(sgan_net_backward(ctx, s.net, untrained, s.tape, true, -1), SGAN_EINVAL);
	cr_assert_eq(sgan_tape_create(s.net, false, &forward_only), SGAN_OK);
	sgan_tape_input(forward_only, 0, s.inputs[0]);
	cr_assert_eq(sgan_net_forward(ctx, s.net, s.params, forward_only, sgan_whole_batch(3, 1), SGAN_TRAIN), SGAN_OK);
	cr_expect_eq(sgan_net_backward(ctx, s.net, s.params, forward_only, false, 0), SGAN_EINVAL);
	sgan_tape_destroy(forward_only);
	sgan_params_destroy(untrained);
	small_destroy(&s);
	sgan_ctx_destroy(ctx);
}

/* --- cuts ---------------------------------------------------------------------- */

static struct sgan_net_desc chain(void)
{
	static const struct sgan_layer_desc layers[] = { INPUT("x", 9, 9, 1),      CONV("conv", 3, 1, 0, 4, BIAS, RELU),
		                                             POOL("pool", 2),          DENSE("features", 6, BIAS, RELU),
		                                             DENSE("scores", 3, BIAS), { .name = "" } };
	return small_net("chain", layers);
}

static struct sgan_param *must_find(struct sgan_params *params, const char *name)
{
	struct sgan_param *p = sgan_params_find(params, name);
	cr_assert_not_null(p, "there is no %s", name);
	return p;
}

static void copy_values(struct sgan_params *to, struct sgan_params *from)
{
	for (size_t i = 0; i < sgan_params_count(to); i++) {
		struct sgan_param *p = sgan_params_at(to, i);
		memcpy(p->value, must_find(from, p->name)->value, p->count * sizeof(real));
	}
	sgan_params_changed(to);
}

/* Parts that are cut at each layer, one behind the other, are the whole, to the bit. */
Test(nn, parts_make_the_whole)
{
	sgan_ctx *ctx = small_context(NULL, 2);
	const struct sgan_net_desc whole_desc = chain();
	struct small whole = small_create(ctx, &whole_desc, 4, 1);
	small_forward(&whole, SGAN_TRAIN);
	for (size_t at = 1; at + 1 < whole_desc.layer_count; at++) {
		struct sgan_net_desc low_desc, high_desc;
		cr_assert_eq(sgan_net_desc_cut(&whole_desc, "", whole_desc.layers[at].name, &low_desc), SGAN_OK);
		cr_assert_eq(sgan_net_desc_cut(&whole_desc, whole_desc.layers[at].name, "scores", &high_desc), SGAN_OK);
		cr_expect_str_eq(low_desc.layers[0].name, "h");
		struct small low = small_create(ctx, &low_desc, 4, 1), high = small_create(ctx, &high_desc, 4, 1);
		copy_values(low.params, whole.params);
		if (sgan_params_count(high.params) > 0)
			copy_values(high.params, whole.params);
		sgan_tape_input(low.tape, 0, whole.inputs[0]);
		small_forward(&low, SGAN_TRAIN);
		sgan_tape_input(high.tape, 0, sgan_tape_value(low.tape, (int)low_desc.layer_count - 1));
		small_forward(&high, SGAN_TRAIN);
		cr_expect_arr_eq(sgan_tape_value(high.tape, (int)high_desc.layer_count - 1), sgan_tape_value(whole.tape, 4),
		                 4 * 3 * sizeof(real), "cut at '%s'", whole_desc.layers[at].name);
		small_destroy(&low);
		small_destroy(&high);
	}
	small_destroy(&whole);
	sgan_ctx_destroy(ctx);
}

Test(nn, cuts_that_cannot_be)
{
	const struct sgan_net_desc whole = chain(), forked = two_heads();
	struct sgan_net_desc part;
	static const char *const ends[][2] = {
		{ "", "none" }, { "none", "scores" }, { "scores", "pool" }, { "pool", "pool" }
	};
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		cr_expect_eq(sgan_net_desc_cut(&whole, ends[i][0], ends[i][1], &part), SGAN_EINVAL);
		cr_expect(strstr(sgan_last_error(), ends[i][1]) != NULL, "%s", sgan_last_error());
	}
	cr_expect_eq(sgan_net_desc_cut(&forked, "", "q", &part), SGAN_EINVAL);
	cr_expect(strstr(sgan_last_error(), "chain") != NULL, "%s", sgan_last_error());
}

/* --- parameters ------------------------------------------------------------------ */

static void expect_param(struct sgan_params *params, const char *name, bool trainable, size_t rank,
                         const size_t shape[4], size_t fan_in)
{
	const struct sgan_param *p = must_find(params, name);
	size_t count = 1;
	cr_expect_eq(p->trainable, trainable, "%s", name);
	cr_assert_eq(p->rank, rank, "%s", name);
	for (size_t i = 0; i < rank; i++) {
		cr_expect_eq(p->shape[i], shape[i], "%s: dimension %zu is %zu", name, i, p->shape[i]);
		count *= shape[i];
	}
	cr_expect_eq(p->count, count, "%s", name);
	cr_expect_eq(p->weight, fan_in > 0, "%s", name);
	if (fan_in > 0)
		cr_expect_eq(p->fan_in, fan_in, "%s: fan-in %zu", name, p->fan_in);
	cr_expect_eq(p->grad != NULL && p->m != NULL && p->v != NULL, trainable, "%s", name);
}

Test(nn, parameters_by_name)
{
	static const struct sgan_layer_desc layers[] = { INPUT("x", 4, 4, 3),
		                                             CONV("conv", 3, 1, 1, 5, BN, RELU),
		                                             DECONV("deconv", 2, 2, 0, 0, 6, BIAS),
		                                             DENSE("fc", 7),
		                                             { .name = "" } };
	const struct sgan_net_desc desc = small_net("n", layers);
	sgan_ctx *ctx = small_context("generic", 1);
	struct sgan_net *net;
	struct sgan_params *p;
	cr_assert_eq(sgan_net_create(ctx, &desc, 2, 1, &net), SGAN_OK);
	cr_assert_eq(sgan_params_create(net, true, &p), SGAN_OK);
	cr_expect_eq(sgan_params_count(p), 8);
	expect_param(p, "n.conv.weight", true, 4, (size_t[4]){ 3, 3, 3, 5 }, 27);
	expect_param(p, "n.conv.gain", true, 1, (size_t[4]){ 5 }, 0);
	expect_param(p, "n.conv.shift", true, 1, (size_t[4]){ 5 }, 0);
	expect_param(p, "n.conv.mean", false, 1, (size_t[4]){ 5 }, 0);
	expect_param(p, "n.conv.var", false, 1, (size_t[4]){ 5 }, 0);
	expect_param(p, "n.deconv.weight", true, 4, (size_t[4]){ 2, 2, 6, 5 }, 20);
	expect_param(p, "n.deconv.bias", true, 1, (size_t[4]){ 6 }, 0);
	expect_param(p, "n.fc.weight", true, 2, (size_t[4]){ 8 * 8 * 6, 7 }, 384);
	for (size_t c = 0; c < 5; c++) {
		cr_expect_eq(must_find(p, "n.conv.gain")->value[c], 1);
		cr_expect_eq(must_find(p, "n.conv.var")->value[c], 1);
		cr_expect_eq(must_find(p, "n.conv.shift")->value[c], 0);
		cr_expect_eq(must_find(p, "n.conv.mean")->value[c], 0);
	}
	/* What a description promises is what there is. */
	size_t shapes[SGAN_LAYERS][3], described = 0, trainable = 0;
	cr_assert_eq(sgan_net_shapes(&desc, shapes), SGAN_OK);
	for (size_t i = 0; i < desc.layer_count; i++)
		described += sgan_net_desc_parameters(&desc, i, shapes);
	for (size_t i = 0; i < sgan_params_count(p); i++)
		trainable += sgan_params_at(p, i)->trainable ? sgan_params_at(p, i)->count : 0;
	cr_expect_eq(described, trainable, "%zu described, %zu there", described, trainable);
	cr_expect_null(sgan_params_find(p, "n.conv.bias"));
	cr_expect_null(sgan_params_find(p, "n.conv"));
	sgan_params_destroy(p);
	sgan_net_destroy(net);
	sgan_ctx_destroy(ctx);
}

/* --- what passes change -------------------------------------------------------------- */

enum param_field { VALUES, GRADIENTS };

/* All values of one kind of all parameters, one behind the other. */
static real *gather(struct sgan_params *params, enum param_field field, bool trainable, size_t *count)
{
	real *all = NULL;
	*count = 0;
	for (size_t i = 0; i < sgan_params_count(params); i++) {
		const struct sgan_param *p = sgan_params_at(params, i);
		if (p->trainable != trainable)
			continue;
		all = realloc(all, (*count + p->count) * sizeof(real));
		cr_assert_not_null(all);
		memcpy(all + *count, field == VALUES ? p->value : p->grad, p->count * sizeof(real));
		*count += p->count;
	}
	return all;
}

static bool same(struct sgan_params *params, enum param_field field, bool trainable, const real *before, size_t count)
{
	size_t now_count;
	real *now = gather(params, field, trainable, &now_count);
	cr_assert_eq(now_count, count);
	const bool equal = memcmp(now, before, count * sizeof(real)) == 0;
	free(now);
	return equal;
}

static struct sgan_net_desc normed(void)
{
	static const struct sgan_layer_desc layers[] = { INPUT("h", 1, 1, 6),
		                                             INPUT("z", 1, 1, 4),
		                                             DENSE("fcz", 8, .from = { "z" }, BN, RELU),
		                                             CONCAT("hz", "h", "fcz"),
		                                             DENSE("fc", 36, BN, RELU, .shape = { 3, 3, 4 }),
		                                             DECONV("deconv", 5, 2, 2, 1, 7, BN, LRELU),
		                                             CONV("conv", 3, 1, 1, 1, BIAS, SIGMOID),
		                                             { .name = "" } };
	return small_net("normed", layers);
}

Test(nn, running_statistics_move_when_told_to)
{
	sgan_ctx *ctx = small_context(NULL, 2);
	const struct sgan_net_desc desc = normed();
	struct small s = small_create(ctx, &desc, 6, 2);
	size_t value_count, running_count;
	real *values = gather(s.params, VALUES, true, &value_count),
		 *running = gather(s.params, VALUES, false, &running_count);
	small_forward(&s, SGAN_TRAIN);
	small_forward(&s, SGAN_INFER);
	small_forward(&s, SGAN_TRAIN);
	small_backward(&s, true, -1);
	cr_expect(same(s.params, VALUES, false, running, running_count), "running statistics moved");
	small_forward(&s, SGAN_TRAIN_RUNNING);
	cr_expect_not(same(s.params, VALUES, false, running, running_count), "running statistics did not move");
	cr_expect(same(s.params, VALUES, true, values, value_count), "a pass changed weights");
	free(values);
	free(running);
	small_destroy(&s);
	sgan_ctx_destroy(ctx);
}

/* The first layer's statistics, by their definition: momentum 0.1, the variance scaled by n / (n - 1). */
Test(nn, running_statistics_are_the_batch_s)
{
	enum { N = 6, IN = 4, OUT = 3 };
	static const struct sgan_layer_desc layers[] = { INPUT("x", 1, 1, IN), DENSE("fc", OUT, BN), { .name = "" } };
	sgan_ctx *ctx = small_context(NULL, 1);
	const struct sgan_net_desc desc = small_net("n", layers);
	struct small s = small_create(ctx, &desc, N, 2);
	const struct sgan_param *w = must_find(s.params, "n.fc.weight");
	double expected[2][OUT];
	for (size_t c = 0; c < OUT; c++) {
		double y[N], mean = 0, m2 = 0;
		for (size_t i = 0; i < N; i++) {
			y[i] = 0;
			for (size_t k = 0; k < IN; k++)
				y[i] += (double)s.inputs[0][i * IN + k] * (double)w->value[k * OUT + c];
			mean += y[i] / N;
		}
		for (size_t i = 0; i < N; i++)
			m2 += (y[i] - mean) * (y[i] - mean);
		expected[0][c] = 0.9 * (double)must_find(s.params, "n.fc.mean")->value[c] + 0.1 * mean;
		expected[1][c] = 0.9 * (double)must_find(s.params, "n.fc.var")->value[c] + 0.1 * m2 / (N - 1);
	}
	small_forward(&s, SGAN_TRAIN_RUNNING);
	for (size_t c = 0; c < OUT; c++) {
		cr_expect_float_eq((double)must_find(s.params, "n.fc.mean")->value[c], expected[0][c], 1e-6);
		cr_expect_float_eq((double)must_find(s.params, "n.fc.var")->value[c], expected[1][c], 1e-6);
	}
	small_destroy(&s);
	sgan_ctx_destroy(ctx);
}

Test(nn, gradients_accumulate)
{
	sgan_ctx *ctx = small_context(NULL, 2);
	const struct sgan_net_desc desc = normed();
	struct small s = small_create(ctx, &desc, 6, 2);
	size_t count;
	small_forward(&s, SGAN_TRAIN);
	small_backward(&s, true, -1);
	real *once = gather(s.params, GRADIENTS, true, &count);
	small_forward(&s, SGAN_TRAIN);
	small_backward(&s, true, -1);
	real *twice = gather(s.params, GRADIENTS, true, &count);
	for (size_t i = 0; i < count; i++)
		cr_expect(fabs((double)twice[i] - 2 * (double)once[i]) <= 1e-5 * fabs((double)once[i]) + 1e-7,
		          "gradient %zu is %g after one pass and %g after two", i, (double)once[i], (double)twice[i]);
	sgan_params_clear_grads(s.params);
	real *none = gather(s.params, GRADIENTS, true, &count);
	for (size_t i = 0; i < count; i++)
		cr_expect_eq(none[i], 0, "gradient %zu is %g after clearing", i, (double)none[i]);
	free(none);
	sgan_params_clear_grads(s.params);
	small_forward(&s, SGAN_TRAIN);
	small_backward(&s, true, -1);
	cr_expect(same(s.params, GRADIENTS, true, once, count), "after clearing, one pass gives other gradients");
	free(once);
	free(twice);
	small_destroy(&s);
	sgan_ctx_destroy(ctx);
}

/* A pass for an input alone leaves parameters and their gradients, and gives what a pass for both gives. */
Test(nn, frozen_networks_stay)
{
	sgan_ctx *ctx = small_context(NULL, 2);
	const struct sgan_net_desc desc = normed();
	struct small s = small_create(ctx, &desc, 6, 2);
	const size_t z_count = 6 * 4;
	size_t value_count, grad_count;
	small_forward(&s, SGAN_TRAIN);
	small_backward(&s, true, 1);
	real *values = gather(s.params, VALUES, true, &value_count),
		 *grads = gather(s.params, GRADIENTS, true, &grad_count);
	real *diff_z = small_room(z_count);
	memcpy(diff_z, sgan_tape_grad(s.tape, 1), z_count * sizeof(real));
	small_forward(&s, SGAN_TRAIN);
	small_backward(&s, false, 1);
	cr_expect(same(s.params, VALUES, true, values, value_count), "parameters were changed");
	cr_expect(same(s.params, GRADIENTS, true, grads, grad_count), "gradients were changed");
	cr_expect_arr_eq(sgan_tape_grad(s.tape, 1), diff_z, z_count * sizeof(real), "the input's gradient differs");
	free(values);
	free(grads);
	free(diff_z);
	small_destroy(&s);
	sgan_ctx_destroy(ctx);
}

/* --- two tapes, any number of threads --------------------------------------------------- */

/* Forward and backward on numbers A and B: with both tapes alive at once, or B's begun when A's is done. */
static real *two_passes(sgan_ctx *ctx, bool interleaved, size_t *count)
{
	const struct sgan_net_desc desc = two_heads();
	struct small a = small_create(ctx, &desc, 6, 2), b = a;
	memset(b.inputs, 0, sizeof b.inputs);
	memset(b.head_gradients, 0, sizeof b.head_gradients);
	small_tape(&b, 1);
	small_forward(&a, SGAN_TRAIN);
	if (interleaved)
		small_forward(&b, SGAN_TRAIN);
	small_backward(&a, true, 0);
	if (!interleaved)
		small_forward(&b, SGAN_TRAIN);
	small_backward(&b, true, 0);
	real *all = gather(a.params, GRADIENTS, true, count);
	const size_t x_count = 6 * 5 * 5 * 2;
	all = realloc(all, (*count + 2 * x_count) * sizeof(real));
	cr_assert_not_null(all);
	memcpy(all + *count, sgan_tape_grad(a.tape, 0), x_count * sizeof(real));
	memcpy(all + *count + x_count, sgan_tape_grad(b.tape, 0), x_count * sizeof(real));
	*count += 2 * x_count;
	small_destroy_tape(&b);
	small_destroy(&a);
	return all;
}

Test(nn, two_tapes_at_once)
{
	sgan_ctx *ctx = small_context(NULL, 2);
	size_t count, count2;
	real *apart = two_passes(ctx, false, &count), *at_once = two_passes(ctx, true, &count2);
	cr_assert_eq(count, count2);
	cr_expect_arr_eq(apart, at_once, count * sizeof(real), "two tapes at once give other gradients");
	free(apart);
	free(at_once);
	sgan_ctx_destroy(ctx);
}

/* Outputs, gradients and running statistics of a whole network, large enough to be cut into many chunks. */
static real *whole_pass(const char *isa, int threads, size_t n, size_t slices, size_t *count)
{
	static const struct sgan_layer_desc layers[] = { INPUT("h", 1, 1, 30),
		                                             INPUT("z", 1, 1, 21),
		                                             DENSE("fcz", 40, .from = { "z" }, BN, RELU),
		                                             CONCAT("hz", "h", "fcz"),
		                                             DENSE("fc", 7 * 7 * 33, BN, RELU, .shape = { 7, 7, 33 }),
		                                             DECONV("d1", 5, 2, 2, 1, 35, BN, RELU),
		                                             DECONV("d2", 5, 1, 0, 0, 18, BIAS, LRELU),
		                                             POOL("pool", 2),
		                                             CONV("c1", 3, 1, 1, 37, BN, LRELU),
		                                             DECONV("d3", 5, 2, 2, 1, 1, BIAS, SIGMOID),
		                                             { .name = "" } };
	sgan_ctx *ctx = small_context(isa, threads);
	const struct sgan_net_desc desc = small_net("whole", layers);
	struct small s = small_create(ctx, &desc, n, slices);
	size_t grad_count, running_count;
	small_forward(&s, SGAN_TRAIN_RUNNING);
	const size_t out = desc.layer_count - 1, out_count = n * sgan_net_size(s.net, (int)out), h_count = n * 30;
	small_backward(&s, true, 0);
	real *grads = gather(s.params, GRADIENTS, true, &grad_count),
		 *running = gather(s.params, VALUES, false, &running_count);
	*count = grad_count + running_count + out_count + h_count;
	real *all = small_room(*count);
	memcpy(all, grads, grad_count * sizeof(real));
	memcpy(all + grad_count, running, running_count * sizeof(real));
	memcpy(all + grad_count + running_count, sgan_tape_value(s.tape, (int)out), out_count * sizeof(real));
	memcpy(all + grad_count + running_count + out_count, sgan_tape_grad(s.tape, 0), h_count * sizeof(real));
	free(grads);
	free(running);
	small_destroy(&s);
	sgan_ctx_destroy(ctx);
	return all;
}

static void expect_same_bits(const char *isa, size_t n, size_t slices)
{
	size_t count, other_count;
	real *one = whole_pass(isa, 1, n, slices, &count);
	for (size_t i = 0; i < count; i++)
		cr_assert(isfinite((double)one[i]), "%s: value %zu is %g", isa, i, (double)one[i]);
	for (int threads = 2; threads <= 3; threads++) {
		real *more = whole_pass(isa, threads, n, slices, &other_count);
		cr_assert_eq(count, other_count);
		cr_expect_arr_eq(one, more, count * sizeof(real),
		                 "%s: %d threads give other bits than one, %zu images in %zu slices", isa, threads, n, slices);
		free(more);
	}
	free(one);
}

Test(nn, same_bits_for_any_number_of_threads)
{
	for (int isa = 0; isa < SGAN_ISA_COUNT; isa++) {
		if (!sgan_isa_usable((sgan_isa)isa))
			continue;
		expect_same_bits(sgan_isa_name((sgan_isa)isa), 13, 4);
		expect_same_bits(sgan_isa_name((sgan_isa)isa), 8, 1);
	}
}

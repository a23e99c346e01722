/* Presets: the built-in ones are what was published; what is written reads back; bases and settings override. */
#include "tests/preset_loading.h"

#include "src/sgan/preset/builtin.h"

TestSuite(preset, .init = temporary_make, .fini = temporary_remove);

/* --- the published model ------------------------------------------------------ */

/* The weight of a term, 0 where there is none. */
static double weight(const struct sgan_preset *p, size_t stack, enum sgan_stage stage, enum sgan_term_kind kind)
{
	const struct sgan_term *term = sgan_objective_find(&p->stacks[stack].objective[stage], kind);
	return term ? term->weight : 0;
}

static enum sgan_adversarial adversarial(const struct sgan_preset *p, size_t stack, enum sgan_stage stage)
{
	const struct sgan_term *term = sgan_objective_find(&p->stacks[stack].objective[stage], SGAN_TERM_ADVERSARIAL);
	cr_assert_not_null(term);
	return term->adversarial;
}

struct expected_layer {
	const char *name;
	enum sgan_layer_kind kind;
	size_t shape[3];
	size_t kernel, stride, pad, out_pad; /* 0: not looked at */
	sgan_act act;
	bool bn, bias;
	double share; /* of noise and dropout: sigma, rate */
};

static void expect_net(const struct sgan_net_desc *net, const struct expected_layer *expected, size_t count)
{
	size_t shapes[SGAN_LAYERS][3];
	cr_assert_eq(sgan_net_shapes(net, shapes), SGAN_OK, "%s", sgan_last_error());
	cr_assert_eq(net->layer_count, count, "%s has %zu layers", net->name, net->layer_count);
	for (size_t i = 0; i < count; i++) {
		const struct sgan_layer_desc *layer = &net->layers[i];
		const struct expected_layer *want = &expected[i];
		cr_expect_str_eq(layer->name, want->name);
		cr_expect_eq(layer->kind, want->kind, "%s.%s", net->name, layer->name);
		for (int k = 0; k < 3; k++)
			cr_expect_eq(shapes[i][k], want->shape[k], "%s.%s: shape[%d] is %zu", net->name, layer->name, k,
			             shapes[i][k]);
		cr_expect_eq(layer->act, want->act, "%s.%s: act", net->name, layer->name);
		cr_expect_eq(layer->bn, want->bn, "%s.%s: bn", net->name, layer->name);
		cr_expect_eq(layer->bias, want->bias, "%s.%s: bias", net->name, layer->name);
		cr_expect_eq(layer->kind == SGAN_LAYER_NOISE ? layer->sigma : layer->rate, want->share, "%s.%s: sigma or rate",
		             net->name, layer->name);
		cr_expect(layer->act != SGAN_ACT_LRELU || layer->slope == 0.2, "%s.%s: slope", net->name, layer->name);
		if (want->kernel) {
			cr_expect_eq(layer->kernel, want->kernel, "%s.%s: kernel", net->name, layer->name);
			cr_expect_eq(layer->stride, want->stride, "%s.%s: stride", net->name, layer->name);
			cr_expect_eq(layer->pad, want->pad, "%s.%s: pad", net->name, layer->name);
			cr_expect_eq(layer->out_pad, want->out_pad, "%s.%s: out_pad", net->name, layer->name);
		}
	}
}

#define INPUT(name, ...) { name, SGAN_LAYER_INPUT, __VA_ARGS__, 0, 0, 0, 0, SGAN_ACT_NONE, false, false, 0 }
#define CONCAT(name, ...) { name, SGAN_LAYER_CONCAT, __VA_ARGS__, 0, 0, 0, 0, SGAN_ACT_NONE, false, false, 0 }
#define POOL(name, ...) { name, SGAN_LAYER_MAXPOOL, __VA_ARGS__, 2, 1, 0, 0, SGAN_ACT_NONE, false, false, 0 }
#define DENSE(name, out, act, bn) { name, SGAN_LAYER_DENSE, { 1, 1, out }, 0, 0, 0, 0, act, bn, !(bn), 0 }
/* What changes no shape, and average pooling. */
#define PLAIN(name, kind, share, ...) { name, kind, __VA_ARGS__, 0, 0, 0, 0, SGAN_ACT_NONE, false, false, share }
#define LIST(...) { __VA_ARGS__ }

Test(preset, mnist_encoder)
{
	static const struct expected_layer expected[] = {
		INPUT("x", LIST(28, 28, 1)),
		{ "conv1", SGAN_LAYER_CONV, { 24, 24, 32 }, 5, 1, 0, 0, SGAN_ACT_RELU, false, true, 0 },
		POOL("pool1", LIST(12, 12, 32)),
		{ "conv2", SGAN_LAYER_CONV, { 8, 8, 32 }, 5, 1, 0, 0, SGAN_ACT_RELU, false, true, 0 },
		POOL("pool2", LIST(4, 4, 32)),
		{ "fc3", SGAN_LAYER_DENSE, { 1, 1, 256 }, 0, 0, 0, 0, SGAN_ACT_RELU, false, true, 0 },
		{ "fc4", SGAN_LAYER_DENSE, { 1, 1, 10 }, 0, 0, 0, 0, SGAN_ACT_NONE, false, true, 0 },
	};
	struct sgan_preset *preset = load("mnist", NULL, 0);
	cr_expect_str_eq(preset->encoder.name, "encoder");
	expect_net(&preset->encoder, expected, COUNT(expected));
	sgan_preset_free(preset);
}

Test(preset, mnist_generators)
{
	static const struct expected_layer g0[] = {
		INPUT("h", LIST(1, 1, 256)),
		INPUT("z", LIST(1, 1, 50)),
		{ "fcz", SGAN_LAYER_DENSE, { 1, 1, 128 }, 0, 0, 0, 0, SGAN_ACT_RELU, true, false, 0 },
		CONCAT("hz", LIST(1, 1, 384)),
		{ "fc", SGAN_LAYER_DENSE, { 4, 4, 128 }, 0, 0, 0, 0, SGAN_ACT_RELU, true, false, 0 },
		{ "deconv1", SGAN_LAYER_DECONV, { 8, 8, 128 }, 5, 2, 2, 1, SGAN_ACT_RELU, true, false, 0 },
		{ "deconv2", SGAN_LAYER_DECONV, { 12, 12, 64 }, 5, 1, 0, 0, SGAN_ACT_RELU, true, false, 0 },
		{ "deconv3", SGAN_LAYER_DECONV, { 24, 24, 64 }, 5, 2, 2, 1, SGAN_ACT_RELU, true, false, 0 },
		{ "deconv4", SGAN_LAYER_DECONV, { 28, 28, 1 }, 5, 1, 0, 0, SGAN_ACT_SIGMOID, false, true, 0 },
	};
	static const struct expected_layer g1[] = {
		INPUT("h", LIST(1, 1, 10)),
		INPUT("z", LIST(1, 1, 50)),
		CONCAT("hz", LIST(1, 1, 60)),
		{ "fc1", SGAN_LAYER_DENSE, { 1, 1, 512 }, 0, 0, 0, 0, SGAN_ACT_RELU, true, false, 0 },
		{ "fc2", SGAN_LAYER_DENSE, { 1, 1, 512 }, 0, 0, 0, 0, SGAN_ACT_RELU, true, false, 0 },
		{ "fc3", SGAN_LAYER_DENSE, { 1, 1, 256 }, 0, 0, 0, 0, SGAN_ACT_RELU, false, true, 0 },
	};
	struct sgan_preset *preset = load("mnist", NULL, 0);
	cr_assert_eq(preset->stack_count, 2);
	cr_expect_str_eq(preset->stacks[0].generator.name, "g0");
	cr_expect_str_eq(preset->stacks[1].generator.name, "g1");
	expect_net(&preset->stacks[0].generator, g0, COUNT(g0));
	expect_net(&preset->stacks[1].generator, g1, COUNT(g1));
	cr_expect_str_eq(preset->stacks[0].cut, "fc3");
	cr_expect_str_eq(preset->stacks[1].cut, "fc4");
	cr_expect_eq(preset->stacks[0].condition, SGAN_CONDITION_SQUARED_ERROR);
	cr_expect_eq(preset->stacks[1].condition, SGAN_CONDITION_CROSS_ENTROPY);
	sgan_preset_free(preset);
}

Test(preset, mnist_discriminators)
{
	static const struct expected_layer d0[] = {
		INPUT("h", LIST(28, 28, 1)),
		{ "conv1", SGAN_LAYER_CONV, { 14, 14, 32 }, 5, 2, 2, 0, SGAN_ACT_LRELU, false, true, 0 },
		{ "conv2", SGAN_LAYER_CONV, { 7, 7, 64 }, 5, 2, 2, 0, SGAN_ACT_LRELU, false, true, 0 },
		{ "conv3", SGAN_LAYER_CONV, { 4, 4, 128 }, 5, 2, 2, 0, SGAN_ACT_LRELU, false, true, 0 },
		{ "fc", SGAN_LAYER_DENSE, { 1, 1, 256 }, 0, 0, 0, 0, SGAN_ACT_LRELU, false, true, 0 },
		{ "d", SGAN_LAYER_DENSE, { 1, 1, 1 }, 0, 0, 0, 0, SGAN_ACT_NONE, false, true, 0 },
		{ "q", SGAN_LAYER_DENSE, { 1, 1, 50 }, 0, 0, 0, 0, SGAN_ACT_SIGMOID, false, true, 0 },
	};
	static const struct expected_layer d1[] = {
		INPUT("h", LIST(1, 1, 256)),
		{ "fc1", SGAN_LAYER_DENSE, { 1, 1, 256 }, 0, 0, 0, 0, SGAN_ACT_LRELU, false, true, 0 },
		{ "fc2", SGAN_LAYER_DENSE, { 1, 1, 256 }, 0, 0, 0, 0, SGAN_ACT_LRELU, false, true, 0 },
		{ "d", SGAN_LAYER_DENSE, { 1, 1, 1 }, 0, 0, 0, 0, SGAN_ACT_NONE, false, true, 0 },
		{ "q", SGAN_LAYER_DENSE, { 1, 1, 50 }, 0, 0, 0, 0, SGAN_ACT_SIGMOID, false, true, 0 },
	};
	struct sgan_preset *preset = load("mnist", NULL, 0);
	expect_net(&preset->stacks[0].discriminator, d0, COUNT(d0));
	expect_net(&preset->stacks[1].discriminator, d1, COUNT(d1));
	for (size_t i = 0; i < 2; i++) {
		const struct sgan_net_desc *d = &preset->stacks[i].discriminator;
		cr_expect_str_eq(d->name, i ? "d1" : "d0");
		cr_assert_eq(d->head_count, 2);
		cr_expect_str_eq(d->heads[0], "d");
		cr_expect_str_eq(d->heads[1], "q");
		cr_expect_str_eq(d->layers[d->layer_count - 1].from[0], i ? "fc2" : "fc");
		cr_expect_str_eq(d->layers[d->layer_count - 2].from[0], i ? "fc2" : "fc");
	}
	sgan_preset_free(preset);
}

Test(preset, mnist_settings)
{
	struct sgan_preset *p = load("mnist", NULL, 0);
	cr_expect(p->height == 28 && p->width == 28 && p->channels == 1 && p->classes == 10);
	cr_expect_str_eq(p->name, "mnist");
	cr_expect_str_eq(p->stage, "all");
	cr_expect_eq(p->seed, 1);
	for (size_t i = 0; i < p->stack_count; i++) {
		cr_expect_eq(p->stacks[i].generator.bn_epsilon, 1e-6);
		cr_expect_eq(p->stacks[i].generator.bn_momentum, 0.1);
	}
	for (int stage = 0; stage < SGAN_STAGE_COUNT; stage++) {
		const struct sgan_stage_settings *s = &p->stages[stage];
		bool encoder = stage == SGAN_STAGE_ENCODER;
		cr_expect_eq(s->epochs, encoder ? 10 : 200);
		cr_expect_eq(s->steps, 0);
		cr_expect_eq(s->batch, 100);
		cr_expect_eq(s->lr, encoder ? 1e-3 : 1e-4);
		cr_expect_eq(s->beta1, encoder ? 0.9 : 0.5);
		cr_expect_eq(s->beta2, 0.999);
		cr_expect_eq(s->epsilon, 1e-8);
		cr_expect(s->loss.lambda_adv == 1 && s->loss.lambda_cond == 1 && s->loss.lambda_ent == 10);
		cr_expect_eq(s->generator_steps.steps.count, 1);
		cr_expect_eq(s->generator_steps.steps.values[0], 1);
		cr_expect_eq(s->generator_steps.above.count, 0);
		cr_expect_eq(s->init.kind, encoder ? SGAN_INIT_HE : SGAN_INIT_NORMAL);
		cr_expect_eq(s->init.std, 0.02);
	}
	sgan_preset_free(p);
}

/* --- the published CIFAR-10 model ---------------------------------------------- */

Test(preset, cifar10_encoder)
{
	static const struct expected_layer expected[] = {
		INPUT("x", LIST(32, 32, 3)),
		{ "conv1", SGAN_LAYER_CONV, { 28, 28, 64 }, 5, 1, 0, 0, SGAN_ACT_RELU, false, true, 0 },
		POOL("pool1", LIST(14, 14, 64)),
		{ "conv2", SGAN_LAYER_CONV, { 10, 10, 128 }, 5, 1, 0, 0, SGAN_ACT_RELU, false, true, 0 },
		POOL("pool2", LIST(5, 5, 128)), /* 3200 values */
		DENSE("fc3", 256, SGAN_ACT_RELU, false),
		DENSE("fc4", 10, SGAN_ACT_NONE, false),
	};
	struct sgan_preset *p = load("cifar10", NULL, 0);
	expect_net(&p->encoder, expected, COUNT(expected));
	cr_expect(p->height == 32 && p->width == 32 && p->channels == 3 && p->classes == 10);
	sgan_preset_free(p);
}

Test(preset, cifar10_generators)
{
	static const struct expected_layer g0[] = {
		INPUT("h", LIST(1, 1, 256)),
		INPUT("z", LIST(1, 1, 16)),
		DENSE("fcz1", 128, SGAN_ACT_RELU, true),
		DENSE("fcz2", 128, SGAN_ACT_RELU, true),
		CONCAT("hz", LIST(1, 1, 384)),
		{ "fc", SGAN_LAYER_DENSE, { 5, 5, 256 }, 0, 0, 0, 0, SGAN_ACT_RELU, true, false, 0 },
		{ "deconv1", SGAN_LAYER_DECONV, { 10, 10, 256 }, 5, 2, 2, 1, SGAN_ACT_RELU, true, false, 0 },
		{ "deconv2", SGAN_LAYER_DECONV, { 14, 14, 128 }, 5, 1, 0, 0, SGAN_ACT_RELU, true, false, 0 },
		{ "deconv3", SGAN_LAYER_DECONV, { 28, 28, 128 }, 5, 2, 2, 1, SGAN_ACT_RELU, true, false, 0 },
		{ "deconv4", SGAN_LAYER_DECONV, { 32, 32, 3 }, 5, 1, 0, 0, SGAN_ACT_SIGMOID, false, true, 0 },
	};
	static const struct expected_layer g1[] = {
		INPUT("h", LIST(1, 1, 10)),
		INPUT("z", LIST(1, 1, 50)),
		DENSE("fcz", 256, SGAN_ACT_RELU, true),
		DENSE("fch", 512, SGAN_ACT_RELU, true),
		CONCAT("hz", LIST(1, 1, 768)),
		DENSE("fc1", 512, SGAN_ACT_RELU, true),
		DENSE("fc2", 512, SGAN_ACT_RELU, true),
		DENSE("fc3", 256, SGAN_ACT_RELU, false),
	};
	struct sgan_preset *p = load("cifar10", NULL, 0);
	cr_assert_eq(p->stack_count, 2);
	expect_net(&p->stacks[0].generator, g0, COUNT(g0));
	expect_net(&p->stacks[1].generator, g1, COUNT(g1));
	cr_expect_str_eq(p->stacks[0].generator.layers[2].from[0], "z");
	cr_expect_str_eq(p->stacks[1].generator.layers[2].from[0], "z");
	cr_expect_str_eq(p->stacks[1].generator.layers[3].from[0], "h");
	cr_expect_str_eq(p->stacks[0].cut, "fc3");
	cr_expect_str_eq(p->stacks[1].cut, "fc4");
	sgan_preset_free(p);
}

Test(preset, cifar10_discriminators)
{
	static const struct expected_layer d0[] = {
		INPUT("h", LIST(32, 32, 3)),
		PLAIN("noise", SGAN_LAYER_NOISE, 0.05, LIST(32, 32, 3)),
		{ "conv1", SGAN_LAYER_CONV, { 32, 32, 96 }, 3, 1, 1, 0, SGAN_ACT_LRELU, false, true, 0 },
		{ "conv2", SGAN_LAYER_CONV, { 16, 16, 96 }, 3, 2, 1, 0, SGAN_ACT_LRELU, true, false, 0 },
		PLAIN("dropout1", SGAN_LAYER_DROPOUT, 0.1, LIST(16, 16, 96)),
		{ "conv3", SGAN_LAYER_CONV, { 16, 16, 192 }, 3, 1, 1, 0, SGAN_ACT_LRELU, true, false, 0 },
		{ "conv4", SGAN_LAYER_CONV, { 8, 8, 192 }, 3, 2, 1, 0, SGAN_ACT_LRELU, true, false, 0 },
		PLAIN("dropout2", SGAN_LAYER_DROPOUT, 0.1, LIST(8, 8, 192)),
		{ "conv5", SGAN_LAYER_CONV, { 6, 6, 192 }, 3, 1, 0, 0, SGAN_ACT_LRELU, true, false, 0 },
		{ "conv6", SGAN_LAYER_CONV, { 6, 6, 192 }, 1, 1, 0, 0, SGAN_ACT_LRELU, false, true, 0 },
		PLAIN("pool", SGAN_LAYER_AVGPOOL, 0, LIST(1, 1, 192)),
		DENSE("d", 10, SGAN_ACT_NONE, false),
		DENSE("q", 16, SGAN_ACT_NONE, false),
	};
	static const struct expected_layer d1[] = {
		INPUT("h", LIST(1, 1, 256)),
		PLAIN("noise", SGAN_LAYER_NOISE, 0.2, LIST(1, 1, 256)),
		DENSE("fc1", 512, SGAN_ACT_LRELU, false),
		PLAIN("noise1", SGAN_LAYER_NOISE, 0, LIST(1, 1, 512)),
		DENSE("fc2", 512, SGAN_ACT_LRELU, true),
		PLAIN("noise2", SGAN_LAYER_NOISE, 0, LIST(1, 1, 512)),
		DENSE("d", 10, SGAN_ACT_NONE, false),
		DENSE("q", 50, SGAN_ACT_NONE, false),
	};
	struct sgan_preset *p = load("cifar10", NULL, 0);
	expect_net(&p->stacks[0].discriminator, d0, COUNT(d0));
	expect_net(&p->stacks[1].discriminator, d1, COUNT(d1));
	cr_expect_str_eq(p->stacks[0].discriminator.layers[12].from[0], "conv6", "q reads all 6 x 6 x 192 values");
	cr_expect_str_eq(p->stacks[1].discriminator.layers[6].from[0], "noise2");
	cr_expect_str_eq(p->stacks[1].discriminator.layers[7].from[0], "noise2");
	for (size_t i = 0; i < 2; i++) {
		cr_expect_eq(p->stacks[i].discriminator_loss, SGAN_DISCRIMINATOR_CLASSES);
		cr_expect_eq(adversarial(p, i, SGAN_STAGE_JOINT), SGAN_ADVERSARIAL_NON_SATURATING);
	}
	sgan_preset_free(p);
}

/* How D is trained may be left out: as the MNIST stacks are. */
Test(preset, discriminator_losses)
{
	struct sgan_preset *p = load("mnist", NULL, 0);
	cr_expect_eq(p->stacks[1].discriminator_loss, SGAN_DISCRIMINATOR_BINARY);
	cr_expect_eq(adversarial(p, 1, SGAN_STAGE_INDEPENDENT), SGAN_ADVERSARIAL_NON_SATURATING);
	sgan_preset_free(p);
	static const char *const settings[] = { "stacks.[1].adversarial=saturating" };
	p = load("cifar10", settings, 1);
	cr_expect_eq(adversarial(p, 0, SGAN_STAGE_INDEPENDENT), SGAN_ADVERSARIAL_NON_SATURATING);
	cr_expect_eq(adversarial(p, 1, SGAN_STAGE_INDEPENDENT), SGAN_ADVERSARIAL_SATURATING);
	sgan_preset_free(p);
}

/* --- what stacks minimise ------------------------------------------------------ */

/* The most particular setting counts: a stack's in a stage, a stack's, a stage's, the common one. */
Test(preset, weights_of_losses)
{
	static const char *const settings[] = { "lambda_ent=2",
		                                    "joint.lambda_ent=3",
		                                    "stacks.[0].lambda_ent=0",
		                                    "stacks.[0].joint.lambda_ent=5",
		                                    "stacks.[1].joint.adversarial=saturating",
		                                    "independent.lambda_cond=0" };
	struct sgan_preset *p = load("mnist", settings, COUNT(settings));
	cr_expect_eq(weight(p, 1, SGAN_STAGE_INDEPENDENT, SGAN_TERM_ENTROPY), 2);
	cr_expect_eq(weight(p, 1, SGAN_STAGE_JOINT, SGAN_TERM_ENTROPY), 3);
	cr_expect_eq(weight(p, 0, SGAN_STAGE_INDEPENDENT, SGAN_TERM_ENTROPY), 0);
	cr_expect_eq(weight(p, 0, SGAN_STAGE_JOINT, SGAN_TERM_ENTROPY), 5);
	cr_expect_eq(weight(p, 0, SGAN_STAGE_INDEPENDENT, SGAN_TERM_CONDITIONAL), 0);
	cr_expect_eq(weight(p, 0, SGAN_STAGE_JOINT, SGAN_TERM_CONDITIONAL), 1);
	cr_expect_eq(adversarial(p, 0, SGAN_STAGE_JOINT), SGAN_ADVERSARIAL_NON_SATURATING);
	cr_expect_eq(adversarial(p, 1, SGAN_STAGE_JOINT), SGAN_ADVERSARIAL_SATURATING);
	cr_expect_eq(adversarial(p, 1, SGAN_STAGE_INDEPENDENT), SGAN_ADVERSARIAL_NON_SATURATING);
	for (size_t i = 0; i < 2; i++) {
		cr_expect_eq(p->stacks[i].objective[SGAN_STAGE_ENCODER].count, 0);
		cr_expect_eq(weight(p, i, SGAN_STAGE_JOINT, SGAN_TERM_CLASS), 0, "D has one logit");
	}
	sgan_preset_free(p);
}

Test(preset, weight_of_the_class_loss)
{
	static const char *const settings[] = { "stacks.[1].lambda_class=0.5", "joint.lambda_class=0" };
	struct sgan_preset *p = load("cifar10", settings, COUNT(settings));
	cr_expect_eq(weight(p, 0, SGAN_STAGE_INDEPENDENT, SGAN_TERM_CLASS), 1);
	cr_expect_eq(weight(p, 0, SGAN_STAGE_JOINT, SGAN_TERM_CLASS), 0);
	cr_expect_eq(weight(p, 1, SGAN_STAGE_JOINT, SGAN_TERM_CLASS), 0.5);
	sgan_preset_free(p);
}

/* --- noise, dropout and initial weights by stage and network -------------------- */

static double strength(const struct sgan_preset *p, size_t stack, enum sgan_stage stage, const char *layer)
{
	const int found = sgan_net_desc_find(&p->stacks[stack].discriminator, layer);
	cr_assert_geq(found, 0);
	return p->stacks[stack].discriminator_strengths[stage][found];
}

Test(preset, cifar10_strengths)
{
	struct sgan_preset *p = load("cifar10", NULL, 0);
	static const char *const dropouts[2] = { "dropout1", "dropout2" }, *const noises[2] = { "noise1", "noise2" };
	for (int i = 0; i < 2; i++) {
		cr_expect_eq(strength(p, 0, SGAN_STAGE_INDEPENDENT, dropouts[i]), 0.1);
		cr_expect_eq(strength(p, 0, SGAN_STAGE_JOINT, dropouts[i]), 0.3);
		cr_expect_eq(strength(p, 1, SGAN_STAGE_INDEPENDENT, noises[i]), 0);
		cr_expect_eq(strength(p, 1, SGAN_STAGE_JOINT, noises[i]), 0.2);
	}
	cr_expect_eq(strength(p, 0, SGAN_STAGE_JOINT, "noise"), 0.05);
	cr_expect_eq(strength(p, 1, SGAN_STAGE_JOINT, "noise"), 0.2);
	sgan_preset_free(p);
}

Test(preset, strengths_by_stage)
{
	static const char *const settings[] = { "stacks.[1].discriminator.[1].independent.sigma=0.5",
		                                    "stacks.[0].discriminator.[4].joint.rate=0" };
	struct sgan_preset *p = load("cifar10", settings, COUNT(settings));
	cr_expect_eq(strength(p, 1, SGAN_STAGE_INDEPENDENT, "noise"), 0.5);
	cr_expect_eq(strength(p, 1, SGAN_STAGE_JOINT, "noise"), 0.2);
	cr_expect_eq(strength(p, 0, SGAN_STAGE_INDEPENDENT, "dropout1"), 0.1);
	cr_expect_eq(strength(p, 0, SGAN_STAGE_JOINT, "dropout1"), 0);
	sgan_preset_free(p);
}

static void expect_init(const struct sgan_init *init, enum sgan_init_kind kind, double std)
{
	cr_expect_eq(init->kind, kind);
	cr_expect_eq(init->std, std);
}

Test(preset, initial_weights_by_network)
{
	static const char *const settings[] = { "discriminator_init=glorot", "independent.init_std=0.03",
		                                    "independent.generator_init_std=0.01", "joint.generator_init=he" };
	struct sgan_preset *p = load("mnist", settings, COUNT(settings));
	const struct sgan_stage_settings *s = &p->stages[SGAN_STAGE_INDEPENDENT];
	expect_init(&s->init, SGAN_INIT_NORMAL, 0.03);
	expect_init(&s->generator_init, SGAN_INIT_NORMAL, 0.01);
	expect_init(&s->discriminator_init, SGAN_INIT_GLOROT, 0.03);
	expect_init(&p->stages[SGAN_STAGE_JOINT].generator_init, SGAN_INIT_HE, 0.02);
	expect_init(&p->stages[SGAN_STAGE_ENCODER].init, SGAN_INIT_HE, 0.02);
	sgan_preset_free(p);
}

/* Which first weights make z matter was measured: the presets' are no accident. */
Test(preset, initial_weights_of_the_presets)
{
	static const struct {
		const char *name;
		enum sgan_init_kind discriminator;
	} expected[] = { { "mnist", SGAN_INIT_GLOROT },
		             { "mnist-normal", SGAN_INIT_NORMAL },
		             { "cifar10", SGAN_INIT_NORMAL } };
	for (size_t i = 0; i < COUNT(expected); i++) {
		struct sgan_preset *p = load(expected[i].name, NULL, 0);
		for (int stage = SGAN_STAGE_INDEPENDENT; stage <= SGAN_STAGE_JOINT; stage++) {
			expect_init(&p->stages[stage].generator_init, SGAN_INIT_NORMAL, 0.02);
			expect_init(&p->stages[stage].discriminator_init, expected[i].discriminator, 0.02);
		}
		expect_init(&p->stages[SGAN_STAGE_ENCODER].init, SGAN_INIT_HE, 0.02);
		sgan_preset_free(p);
	}
}

/* A learning rate stays as it is where none is said to come of it; images are shown as they are. */
Test(preset, learning_rates_and_views)
{
	static const char *const settings[] = { "lr_end=1e-5", "joint.lr_end=0", "encoder.flip=true", "encoder.shift=3" };
	struct sgan_preset *p = load("mnist", NULL, 0);
	for (int stage = 0; stage < SGAN_STAGE_COUNT; stage++)
		cr_expect_eq(p->stages[stage].lr_end, p->stages[stage].lr);
	cr_expect(!p->augmentation.flip && p->augmentation.shift == 0);
	sgan_preset_free(p);
	p = load("mnist", settings, COUNT(settings));
	cr_expect_eq(p->stages[SGAN_STAGE_ENCODER].lr, 1e-3);
	cr_expect_eq(p->stages[SGAN_STAGE_ENCODER].lr_end, 1e-5);
	cr_expect_eq(p->stages[SGAN_STAGE_INDEPENDENT].lr_end, 1e-5);
	cr_expect_eq(p->stages[SGAN_STAGE_JOINT].lr_end, 0);
	cr_expect(p->augmentation.flip && p->augmentation.shift == 3);
	sgan_preset_free(p);
}

/* The encoders of colour images see them mirrored, but for digits'. */
Test(preset, mirrored_images)
{
	static const struct {
		const char *name;
		bool flip;
	} expected[] = {
		{ "mnist", false }, { "cifar10", true }, { "cifar10-small", true }, { "svhn", false }, { "svhn-small", false }
	};
	for (size_t i = 0; i < COUNT(expected); i++) {
		struct sgan_preset *p = load(expected[i].name, NULL, 0);
		cr_expect_eq(p->augmentation.flip, expected[i].flip, "%s", expected[i].name);
		sgan_preset_free(p);
	}
}

/* A classifier's features come before its scores; digits are not mirrored. */
Test(preset, classifiers)
{
	static const struct {
		const char *name;
		size_t features;
		bool flip;
	} expected[] = { { "classifier-mnist", 128, false },
		             { "classifier-fashion-mnist", 128, true },
		             { "classifier-cifar10", 256, true } };
	for (size_t i = 0; i < COUNT(expected); i++) {
		struct sgan_preset *p = load(expected[i].name, NULL, 0);
		cr_expect_str_eq(p->name, expected[i].name);
		cr_expect_eq(p->stack_count, 0);
		cr_expect_eq(p->stages[SGAN_STAGE_ENCODER].lr_end, 0);
		cr_expect_eq(p->augmentation.flip, expected[i].flip);
		cr_expect_gt(p->augmentation.shift, 0);
		const int features = sgan_net_desc_find(&p->encoder, "features");
		cr_assert_geq(features, 0);
		cr_expect_eq(p->encoder.layers[features].out, expected[i].features);
		sgan_preset_free(p);
	}
}

/* --- classes -------------------------------------------------------------------- */

static size_t scores(const struct sgan_preset *p)
{
	return p->encoder.layers[p->encoder.layer_count - 1].out;
}

/* As many as the dataset has; what is written then has the number, and needs no dataset. */
Test(preset, classes_of_the_dataset)
{
	static const size_t counts[] = { 1, 3, 26, 1000, 10000 };
	for (size_t i = 0; i < COUNT(counts); i++) {
		struct sgan_preset *p = NULL, *again = NULL;
		char written[32];
		cr_assert_eq(sgan_preset_load("cifar10", NULL, 0, &p), SGAN_OK, "%s", sgan_last_error());
		cr_expect_eq(p->classes, 0);
		cr_assert_eq(sgan_preset_settle(&p, counts[i]), SGAN_OK, "%s", sgan_last_error());
		cr_expect_eq(p->classes, counts[i]);
		cr_expect_eq(scores(p), counts[i]);
		cr_expect_eq(p->stacks[1].generator.layers[0].shape[2], counts[i]);
		for (size_t k = 0; k < p->stack_count; k++)
			cr_expect_eq(p->stacks[k].discriminator.layers[sgan_net_desc_find(&p->stacks[k].discriminator, "d")].out,
			             counts[i]);
		snprintf(written, sizeof written, "classes = %zu;", counts[i]);
		cr_expect(strstr(p->text, written), "%s is missing", written);
		cr_assert_eq(sgan_preset_parse("again", p->text, &again), SGAN_OK, "%s", sgan_last_error());
		cr_expect_eq(again->classes, counts[i]);
		cr_assert_eq(sgan_preset_settle(&again, 7), SGAN_OK);
		cr_expect_eq(again->classes, counts[i], "it was settled before");
		sgan_preset_free(p);
		sgan_preset_free(again);
	}
}

/* A number that is given counts, and so does that of the encoder's scores. */
Test(preset, classes_that_are_given)
{
	static const char *const given[] = { "classes=26" };
	struct sgan_preset *p = NULL;
	cr_assert_eq(sgan_preset_load("mnist", given, 1, &p), SGAN_OK, "%s", sgan_last_error());
	cr_expect(p->classes == 26 && scores(p) == 26);
	sgan_preset_free(p);
	put_text("five.cfg", "base = \"mnist\";\nremove = [ \"stacks\" ];\nset = [ \"encoder.layers.fc4.out=5\" ];\n");
	cr_assert_eq(sgan_preset_load(in_temporary("five.cfg"), NULL, 0, &p), SGAN_OK, "%s", sgan_last_error());
	cr_expect_eq(p->classes, 5);
	cr_expect(strstr(p->text, "classes = 5;"));
	sgan_preset_free(p);
}

/* Nothing is told what an image shows, so there are as many classes as there may be. */
Test(preset, without_labels)
{
	struct sgan_preset *p = load("mnist-nolabels", NULL, 0);
	cr_expect_eq(p->classes, CLASSES);
	cr_expect_eq(p->labels, SGAN_LABELS_ROTATIONS);
	cr_expect_eq(scores(p), SGAN_ROTATIONS);
	cr_expect_eq(sgan_preset_scores(p), SGAN_ROTATIONS);
	cr_expect(!sgan_preset_labelled(p) && !sgan_preset_reads_labels(p));
	cr_expect_eq(weight(p, 1, SGAN_STAGE_JOINT, SGAN_TERM_CONDITIONAL), 0);
	cr_expect_eq(weight(p, 0, SGAN_STAGE_JOINT, SGAN_TERM_CONDITIONAL), 1);
	sgan_preset_free(p);
	p = load("mnist", NULL, 0);
	cr_expect_eq(p->labels, SGAN_LABELS_DATA);
	cr_expect(sgan_preset_labelled(p) && sgan_preset_reads_labels(p));
	sgan_preset_free(p);
	p = load("classifier-mnist", NULL, 0);
	cr_expect(!sgan_preset_labelled(p) && sgan_preset_reads_labels(p));
	sgan_preset_free(p);
}

/* --- what is written reads back ------------------------------------------------ */

/* But for their names. */
static void expect_same_net(const struct sgan_net_desc *a, const struct sgan_net_desc *b)
{
	cr_expect(a->bn_epsilon == b->bn_epsilon && a->bn_momentum == b->bn_momentum);
	cr_assert_eq(a->layer_count, b->layer_count);
	for (size_t i = 0; i < a->layer_count; i++) {
		const struct sgan_layer_desc *x = &a->layers[i], *y = &b->layers[i];
		cr_expect_str_eq(x->name, y->name);
		cr_expect(strcmp(x->from[0], y->from[0]) == 0 && strcmp(x->from[1], y->from[1]) == 0);
		cr_expect(x->kind == y->kind && x->act == y->act && x->slope == y->slope && x->bn == y->bn &&
		          x->bias == y->bias && x->sigma == y->sigma && x->rate == y->rate);
		cr_expect(x->out == y->out && x->kernel == y->kernel && x->stride == y->stride && x->pad == y->pad &&
		          x->out_pad == y->out_pad);
		cr_expect_eq(memcmp(x->shape, y->shape, sizeof x->shape), 0);
	}
}

static void expect_same_objective(const struct sgan_objective *a, const struct sgan_objective *b)
{
	cr_assert_eq(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		const struct sgan_term *x = &a->terms[i], *y = &b->terms[i];
		cr_expect(x->kind == y->kind && x->weight == y->weight && x->adversarial == y->adversarial &&
		          x->condition == y->condition);
	}
}

static void expect_same_stack(const struct sgan_stack_desc *a, const struct sgan_stack_desc *b)
{
	cr_expect_str_eq(a->cut, b->cut);
	cr_expect_eq(a->condition, b->condition);
	cr_expect_eq(a->discriminator_loss, b->discriminator_loss);
	for (int stage = 0; stage < SGAN_STAGE_COUNT; stage++)
		expect_same_objective(&a->objective[stage], &b->objective[stage]);
	cr_expect_arr_eq(a->generator_strengths, b->generator_strengths, sizeof(sgan_strengths));
	cr_expect_arr_eq(a->discriminator_strengths, b->discriminator_strengths, sizeof(sgan_strengths));
	expect_same_net(&a->generator, &b->generator);
	expect_same_net(&a->discriminator, &b->discriminator);
}

static void expect_same(const struct sgan_preset *a, const struct sgan_preset *b)
{
	cr_expect_str_eq(a->text, b->text);
	cr_expect_str_eq(a->name, b->name);
	cr_expect_str_eq(a->stage, b->stage);
	cr_expect(a->height == b->height && a->width == b->width && a->channels == b->channels &&
	          a->classes == b->classes && a->seed == b->seed && a->slices == b->slices &&
	          a->log_interval == b->log_interval);
	cr_expect_eq(memcmp(a->stages, b->stages, sizeof a->stages), 0);
	expect_same_net(&a->encoder, &b->encoder);
	cr_assert_eq(a->stack_count, b->stack_count);
	for (size_t i = 0; i < a->stack_count; i++) {
		cr_expect_str_eq(a->stacks[i].generator.name, b->stacks[i].generator.name);
		expect_same_stack(&a->stacks[i], &b->stacks[i]);
	}
}

Test(preset, text_reads_back)
{
	/* numbers that are hard to write: many digits, very small, larger than 32 bits */
	static const char *const settings[] = { "joint.lr=0.12345678901234567",
		                                    "epsilon=1.0000000000000001e-30",
		                                    "seed=9223372036854775807",
		                                    "encoder.steps=1e9",
		                                    "lambda_ent=3",
		                                    "stage=joint",
		                                    "encoder.init=normal",
		                                    "stacks.[0].generator.[4].act=lrelu" };
	struct sgan_preset *again = NULL;
	for (size_t count = 0; count <= COUNT(settings); count += COUNT(settings)) {
		struct sgan_preset *preset = load("mnist", settings, count);
		cr_assert_eq(sgan_preset_parse("written", preset->text, &again), SGAN_OK, "%s", sgan_last_error());
		expect_same(preset, again);
		sgan_preset_free(preset);
		sgan_preset_free(again);
	}
}

Test(preset, cifar10_reads_back)
{
	struct sgan_preset *preset = load("cifar10", NULL, 0), *again = NULL;
	cr_assert_eq(sgan_preset_parse("written", preset->text, &again), SGAN_OK, "%s", sgan_last_error());
	expect_same(preset, again);
	sgan_preset_free(preset);
	sgan_preset_free(again);
}

/* --- settings and bases -------------------------------------------------------- */

Test(preset, settings_override)
{
	static const char *const settings[] = { "lr=0.5",
		                                    "joint.lr=2e-3",
		                                    "epochs=7",
		                                    "joint.lr=3e-3",
		                                    "stage=encoder",
		                                    "joint.steps=2e2",
		                                    "stacks.[1].generator.[3].out=300",
		                                    "name=\"other-1\"" };
	struct sgan_preset *p = load("mnist", settings, COUNT(settings));
	cr_expect_eq(p->stages[SGAN_STAGE_ENCODER].lr, 1e-3, "its group's own setting stays");
	cr_expect_eq(p->stages[SGAN_STAGE_INDEPENDENT].lr, 0.5);
	cr_expect_eq(p->stages[SGAN_STAGE_JOINT].lr, 3e-3, "the last one counts");
	cr_expect_eq(p->stages[SGAN_STAGE_ENCODER].epochs, 10);
	cr_expect_eq(p->stages[SGAN_STAGE_JOINT].epochs, 7);
	cr_expect_eq(p->stages[SGAN_STAGE_JOINT].steps, 200);
	cr_expect_str_eq(p->stage, "encoder");
	cr_expect_str_eq(p->name, "other-1");
	cr_expect_eq(p->stacks[1].generator.layers[3].out, 300);
	sgan_preset_free(p);
}

Test(preset, bases)
{
	put_text("middle.cfg", "base = \"mnist\";\nname = \"middle\";\nseed = 5;\njoint: { lr = 1e-3; beta1 = 0.25; };\n");
	put_text("leaf.cfg", "seed = 6;\nbase = \"middle.cfg\";\njoint: { lr = 2e-3; };\nimage = [ 28, 28, 1 ];\n");
	static const char *const settings[] = { "joint.beta2=0.5" };
	struct sgan_preset *p = load(in_temporary("leaf.cfg"), settings, 1);
	cr_expect_str_eq(p->name, "middle");
	cr_expect_eq(p->seed, 6);
	cr_expect_eq(p->stages[SGAN_STAGE_JOINT].lr, 2e-3);
	cr_expect_eq(p->stages[SGAN_STAGE_JOINT].beta1, 0.25);
	cr_expect_eq(p->stages[SGAN_STAGE_JOINT].beta2, 0.5);
	cr_expect_eq(p->stages[SGAN_STAGE_INDEPENDENT].lr, 1e-4);
	cr_expect_null(strstr(p->text, "base"), "the effective text needs no base");
	sgan_preset_free(p);
}

/* A file can change parts of its base's lists. */
Test(preset, bases_with_changes)
{
	put_text("less.cfg", "base = \"mnist\";\nname = \"less\";\n"
	                     "set = [ \"stacks.[0].lambda_ent=0\", \"stacks.[1].generator.[3].out=300\" ];\n");
	put_text("least.cfg", "base = \"less.cfg\";\nset = [ \"stacks.[1].lambda_ent=0\" ];\n");
	struct sgan_preset *p = load(in_temporary("least.cfg"), NULL, 0);
	cr_expect_str_eq(p->name, "less");
	cr_expect_eq(weight(p, 0, SGAN_STAGE_JOINT, SGAN_TERM_ENTROPY), 0);
	cr_expect_eq(weight(p, 1, SGAN_STAGE_JOINT, SGAN_TERM_ENTROPY), 0);
	cr_expect_eq(p->stacks[1].generator.layers[3].out, 300);
	cr_expect_null(strstr(p->text, "set ="), "the effective text needs no changes");
	sgan_preset_free(p);
}

/* A base's parts go and change by name or number. */
Test(preset, bases_with_removals)
{
	put_text("one.cfg", "base = \"mnist\";\nname = \"one\";\nlambda_ent = 0.0;\n"
	                    "remove = [ \"stacks.[1]\", \"stacks.[0].discriminator.q\",\n"
	                    "           \"stacks.[0].generator.h.shape\" ];\n"
	                    "set = [ \"stacks.[0].cut=fc4\", \"stacks.[0].condition=cross_entropy\",\n"
	                    "        \"stacks.[0].generator.h.shape=classes\", \"stacks.[0].generator.fcz.out=17\" ];\n");
	struct sgan_preset *p = load(in_temporary("one.cfg"), NULL, 0);
	cr_expect_eq(p->stack_count, 1);
	cr_expect_eq(p->stacks[0].generator.layers[2].out, 17);
	cr_expect_eq(p->stacks[0].generator.layers[0].shape[2], 10);
	cr_expect_eq(sgan_net_desc_find(&p->stacks[0].discriminator, "q"), -1);
	cr_expect_null(strstr(p->text, "remove"), "the effective text needs no changes");
	sgan_preset_free(p);
}

/* A chain of bases on another preset than the one that it ends in. */
Test(preset, bases_on_another)
{
	put_text("less.cfg", "base = \"mnist\";\nname = \"less\";\nset = [ \"stacks.[0].lambda_ent=0\" ];\n");
	put_text("least.cfg", "base = \"less.cfg\";\nseed = 8;\n");
	put_text("wide.cfg", "base = \"mnist\";\nname = \"wide\";\nset = [ \"stacks.[0].generator.fcz.out=99\" ];\n");
	put_text("both.cfg", "base = \"least.cfg\";\non = \"wide.cfg\";\n");
	struct sgan_preset *p = load(in_temporary("both.cfg"), NULL, 0);
	cr_expect_str_eq(p->name, "less");
	cr_expect_eq(p->seed, 8);
	cr_expect_eq(p->stacks[0].generator.layers[2].out, 99);
	cr_expect_eq(weight(p, 0, SGAN_STAGE_JOINT, SGAN_TERM_ENTROPY), 0);
	cr_expect_null(strstr(p->text, "wide"), "the effective text needs no other");
	sgan_preset_free(p);
}

Test(preset, schedules)
{
	struct sgan_preset *p = load("cifar10", NULL, 0);
	for (unsigned stage = SGAN_STAGE_INDEPENDENT; stage < SGAN_STAGE_COUNT; stage++) {
		const struct sgan_schedule *s = &p->stages[stage].generator_steps;
		static const size_t steps[] = { 1, 3, 5, 7 };
		static const double above[] = { 0.65, 0.5, 0.3 };
		cr_assert_eq(s->steps.count, 4);
		cr_assert_eq(s->above.count, 3);
		cr_expect_arr_eq(s->steps.values, steps, sizeof steps);
		cr_expect_arr_eq(s->above.values, above, sizeof above);
	}
	cr_expect_eq(p->stacks[1].objective[SGAN_STAGE_JOINT].below, 0.01);
	cr_expect_eq(p->stacks[1].objective[SGAN_STAGE_INDEPENDENT].below, 0);
	cr_expect_eq(p->stacks[0].objective[SGAN_STAGE_JOINT].below, 0);
	sgan_preset_free(p);
}

/* Every built-in preset fits together, and its effective text says the same. */
Test(preset, built_in)
{
	for (size_t i = 0; i < sgan_builtin_preset_count; i++) {
		struct sgan_preset *p = load(sgan_builtin_presets[i].name, NULL, 0), *again = NULL;
		cr_expect_str_eq(p->name, sgan_builtin_presets[i].name);
		cr_assert_eq(sgan_preset_parse(p->name, p->text, &again), SGAN_OK, "%s", sgan_last_error());
		cr_expect_str_eq(p->text, again->text);
		sgan_preset_free(p);
		sgan_preset_free(again);
	}
}

/* Table 1 of the paper: what distinguishes its rows. */
Test(preset, ablations)
{
	static const struct {
		const char *name;
		size_t stacks, logits;
		double cond, ent;
		bool label;
	} rows[] = {
		{ "cifar10", 2, 10, 1, 10, true },
		{ "dcgan-adv-cond-ent", 1, 10, 1, 10, true },
		{ "dcgan-adv-cond", 1, 10, 1, 0, true },
		{ "dcgan-adv-ent", 1, 1, 0, 10, false },
		{ "dcgan-adv", 1, 1, 0, 0, false },
		{ "dcgan-adv-cond-small", 1, 10, 1, 0, true },
		{ "dcgan-adv-ent-small", 1, 1, 0, 10, false },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sgan_preset *p = load(rows[i].name, NULL, 0);
		const struct sgan_stack_desc *bottom = &p->stacks[0];
		const int d = sgan_net_desc_find(&bottom->discriminator, "d");
		cr_expect_eq(p->stack_count, rows[i].stacks, "%s", rows[i].name);
		cr_expect_eq(bottom->discriminator.layers[d].out, rows[i].logits, "%s", rows[i].name);
		cr_expect_eq(weight(p, 0, SGAN_STAGE_INDEPENDENT, SGAN_TERM_CONDITIONAL), rows[i].cond, "%s", rows[i].name);
		cr_expect_eq(weight(p, 0, SGAN_STAGE_INDEPENDENT, SGAN_TERM_ENTROPY), rows[i].ent, "%s", rows[i].name);
		cr_expect_eq(sgan_net_desc_find(&bottom->generator, "h") >= 0, rows[i].label, "%s", rows[i].name);
		sgan_preset_free(p);
	}
}

/* The top stack of three is mnist's, as the preset says. */
Test(preset, the_top_of_three_stacks_is_of_two)
{
	struct sgan_preset *two = load("mnist", NULL, 0), *three = load("mnist-3stacks", NULL, 0);
	cr_assert_eq(three->stack_count, 3);
	expect_same_stack(&two->stacks[1], &three->stacks[2]);
	sgan_preset_free(two);
	sgan_preset_free(three);
}

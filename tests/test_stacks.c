/* Presets of many stacks: built, stepped and sampled; random streams of their own, no loss lost. First weights. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/sgan/objective/session.h"
#include "src/sgan/sample/sampler.h"

enum { IMAGES = 6, PIXELS = 4, CLASSES = 3, NOISE = 8, TEXT = 1 << 16 };

static const char head_text[] =
	"name = \"many\"; image = [ 2, 2, 1 ]; classes = 3; seed = 7; stage = \"all\"; slices = 2; log_interval = 1;\n"
	"bn_epsilon = 1e-6; bn_momentum = 0.1; epochs = 1; steps = 0; batch = 6; lr = 1e-3; beta1 = 0.5; beta2 = 0.999;\n"
	"epsilon = 1e-8; lambda_adv = 1.0; lambda_cond = 1.0; lambda_ent = 10.0; generator_steps = 1;\n"
	"init = \"he\"; init_std = 0.02;\n"
	"encoder: { layers = (\n"
	"  { type = \"input\"; name = \"x\"; shape = [ 2, 2, 1 ]; }";

/* Values of h(i): 4 of the image and between the stacks, 3 of the label. */
static int width(int i, int stacks)
{
	return i == stacks ? CLASSES : PIXELS;
}

/* A preset of so many stacks, in room for TEXT bytes. */
static void write_text(char *text, int stacks)
{
	int at = snprintf(text, TEXT, "%s", head_text);
	for (int i = 0; i < stacks; i++)
		at += snprintf(text + at, (size_t)(TEXT - at), ",\n  { type = \"dense\"; name = \"e%d\"; out = %d; }", i,
		               width(i + 1, stacks));
	at += snprintf(text + at, (size_t)(TEXT - at), ");\n};\nstacks = (\n");
	for (int i = 0; i < stacks; i++)
		at += snprintf(text + at, (size_t)(TEXT - at),
		               "%s{ cut = \"e%d\"; condition = \"%s\"; generator = (\n"
		               "  { type = \"input\"; name = \"h\"; shape = [ %d ]; },\n"
		               "  { type = \"input\"; name = \"z\"; shape = [ 8 ]; },\n"
		               "  { type = \"concat\"; name = \"hz\"; from = [ \"h\", \"z\" ]; },\n"
		               "  { type = \"dense\"; name = \"fc\"; out = 4; %s}\n"
		               "); discriminator = ( { type = \"input\"; name = \"h\"; %s },\n"
		               "  { type = \"noise\"; name = \"noise\"; sigma = 0.1; },\n"
		               "  { type = \"dense\"; name = \"fc\"; out = 4; act = \"relu\"; },\n"
		               "  { type = \"dense\"; name = \"d\"; out = 1; },\n"
		               "  { type = \"dense\"; name = \"q\"; from = \"fc\"; out = 8; } ); }",
		               i > 0 ? ",\n" : "", i, i + 1 == stacks ? "cross_entropy" : "squared_error",
		               width(i + 1, stacks), i == 0 ? "shape = [ 2, 2, 1 ]; " : "",
		               i == 0 ? "shape = [ 2, 2, 1 ];" : "shape = [ 4 ];");
	at += snprintf(text + at, (size_t)(TEXT - at), "\n);\n");
	cr_assert_lt(at, TEXT);
}

struct many {
	sgan_ctx *ctx;
	struct sgan_preset *preset;
	struct sgan_model *model;
	real x[IMAGES * PIXELS];
	uint32_t labels[IMAGES];
};

static void must(sgan_status status)
{
	cr_assert_eq(status, SGAN_OK, "%s", sgan_last_error());
}

static void open_text(struct many *m, const char *text)
{
	memset(m, 0, sizeof *m);
	must(sgan_ctx_create(&(sgan_ctx_options){ .threads = 2 }, &m->ctx));
	must(sgan_preset_parse("many", text, &m->preset));
	must(sgan_model_create(m->ctx, m->preset, IMAGES, true, &m->model));
	must(sgan_model_init(m->ctx, m->model, SGAN_STAGE_ENCODER));
	must(sgan_model_init(m->ctx, m->model, SGAN_STAGE_INDEPENDENT));
	for (size_t i = 0; i < IMAGES * PIXELS; i++)
		m->x[i] = (real)(i % 7) / 7;
	for (size_t i = 0; i < IMAGES; i++)
		m->labels[i] = (uint32_t)(i % CLASSES);
}

static void open_many(struct many *m, int stacks)
{
	static char text[TEXT];
	write_text(text, stacks);
	open_text(m, text);
}

static void close_many(struct many *m)
{
	sgan_model_destroy(m->model);
	sgan_preset_free(m->preset);
	sgan_ctx_destroy(m->ctx);
}

/* Every loss of every stack under its name, none twice. */
static void expect_all_losses(const struct sgan_session *s)
{
	static const char *const names[] = { "loss_d%zu", "loss_d%zu_ent", "loss_g%zu_adv", "loss_g%zu_cond",
		                                 "loss_g%zu_ent" };
	enum { NAMES = sizeof names / sizeof names[0] };
	cr_assert_eq(s->loss_count, s->model->stack_count * NAMES);
	for (size_t i = 0; i < s->model->stack_count; i++)
		for (size_t k = 0; k < NAMES; k++) {
			char name[SGAN_NAME];
			size_t found = 0;
			snprintf(name, sizeof name, names[k], i);
			for (size_t j = 0; j < s->loss_count; j++)
				if (strcmp(s->losses[j].name, name) == 0) {
					found++;
					cr_expect(isfinite(s->losses[j].value) && s->losses[j].value > 0, "%s is %g", name,
					          s->losses[j].value);
				}
			cr_expect_eq(found, 1, "%s is there %zu times", name, found);
		}
}

/* z of all stacks, and what their discriminators added to real and generated values: all from streams of their own. */
static void expect_own_numbers(const struct sgan_session *s)
{
	for (size_t i = 0; i < s->model->stack_count; i++)
		for (size_t j = 0; j < i; j++)
			cr_expect_arr_neq(s->tapes[i].noise, s->tapes[j].noise, IMAGES * NOISE * sizeof(real),
			                  "stacks %zu and %zu drew the same z", i, j);
	for (size_t i = 1; i < s->model->stack_count; i++)
		for (size_t j = 1; j <= i; j++) {
			const struct sgan_tape *const a = s->tapes[i].discriminator_real;
			const struct sgan_tape *const b = s->tapes[j].discriminator_generated;
			const int noise = sgan_net_find(s->model->stacks[i].discriminator.net, "noise");
			const real *h = sgan_session_real(s, i), *g = sgan_session_generated(s, j);
			double difference = 0;
			for (size_t k = 0; k < IMAGES * PIXELS; k++)
				difference += fabs((double)(sgan_tape_value(a, noise)[k] - h[k]) -
				                   (double)(sgan_tape_value(b, noise)[k] - g[k]));
			cr_expect_gt(difference, 0.1, "D%zu on real and D%zu on generated values drew the same noise", i, j);
		}
}

static void step_stage(struct many *m, enum sgan_stage stage)
{
	struct sgan_session *s;
	must(sgan_session_create(m->ctx, m->model, stage, &s));
	must(sgan_session_batch(s, IMAGES, m->x, m->labels));
	if (stage == SGAN_STAGE_ENCODER) {
		must(sgan_encoder_step(s));
		cr_assert_eq(s->loss_count, 1);
		cr_expect_str_eq(s->losses[0].name, "loss_encoder");
	} else {
		must(sgan_generator_step(s));
		must(sgan_discriminator_step(s));
		expect_all_losses(s);
		expect_own_numbers(s);
	}
	sgan_session_destroy(s);
}

static void expect_to_work(int stacks)
{
	struct many m;
	struct sgan_sampler *sampler;
	uint8_t images[IMAGES * PIXELS];
	open_many(&m, stacks);
	cr_assert_eq(m.model->stack_count, (size_t)stacks);
	for (int stage = 0; stage < SGAN_STAGE_COUNT; stage++)
		step_stage(&m, (enum sgan_stage)stage);
	must(sgan_sampler_create(m.ctx, m.model, &sampler));
	must(sgan_sampler_draw(sampler, 0, 1, 0, IMAGES, m.labels, images));
	sgan_sampler_destroy(sampler);
	close_many(&m);
}

Test(stacks, one)
{
	expect_to_work(1);
}

Test(stacks, five)
{
	expect_to_work(5);
}

Test(stacks, sixteen)
{
	expect_to_work(16);
}

Test(stacks, seventeen_are_refused)
{
	static char text[TEXT];
	struct sgan_preset *preset = NULL;
	write_text(text, 17);
	cr_assert_eq(sgan_preset_parse("many", text, &preset), SGAN_EINVAL);
	cr_expect(strstr(sgan_last_error(), "stacks must be a list of up to 16 groups"), "%s", sgan_last_error());
	cr_expect(strstr(sgan_last_error(), "it has 17"), "%s", sgan_last_error());
}

/* A step of the encoder, which normalises nothing, on a single image. */
Test(stacks, an_encoder_learns_from_one_image)
{
	static char text[TEXT];
	struct many m;
	struct sgan_session *s;
	write_text(text, 2);
	memcpy(strstr(text, "slices = 2"), "slices = 1", 10);
	open_text(&m, text);
	must(sgan_session_create(m.ctx, m.model, SGAN_STAGE_ENCODER, &s));
	must(sgan_session_batch(s, 1, m.x, m.labels));
	must(sgan_encoder_step(s));
	cr_expect(isfinite(s->losses[0].value));
	sgan_session_destroy(s);
	close_many(&m);
}

/* A label that no class has is refused before it is an address. */
Test(stacks, a_label_beyond_the_classes_is_refused)
{
	static char text[TEXT];
	struct many m;
	struct sgan_session *s;
	uint32_t labels[IMAGES] = { 0 };
	write_text(text, 2);
	open_text(&m, text);
	must(sgan_session_create(m.ctx, m.model, SGAN_STAGE_INDEPENDENT, &s));
	must(sgan_session_batch(s, IMAGES, m.x, labels));
	labels[IMAGES - 1] = (uint32_t)m.preset->classes;
	cr_expect_eq(sgan_session_batch(s, IMAGES, m.x, labels), SGAN_EINVAL);
	cr_expect(strstr(sgan_last_error(), "label"), "%s", sgan_last_error());
	sgan_session_destroy(s);
	close_many(&m);
}

/* Layers cannot be as wide as nobody knows. */
Test(stacks, a_preset_without_its_classes_makes_no_model)
{
	sgan_ctx *ctx;
	struct sgan_preset *preset;
	struct sgan_model *model = NULL;
	must(sgan_ctx_create(&(sgan_ctx_options){ .threads = 1 }, &ctx));
	must(sgan_preset_load("mnist", NULL, 0, &preset));
	cr_assert_eq(sgan_model_create(ctx, preset, 4, false, &model), SGAN_EINVAL);
	cr_expect(strstr(sgan_last_error(), "its number of classes is the dataset's"), "%s", sgan_last_error());
	sgan_preset_free(preset);
	sgan_ctx_destroy(ctx);
}

/* --- first weights ---------------------------------------------------------------- */

static struct sgan_model *make_model(sgan_ctx *ctx, struct sgan_preset *preset)
{
	struct sgan_model *model;
	must(sgan_model_create(ctx, preset, 4, false, &model));
	must(sgan_model_init(ctx, model, SGAN_STAGE_ENCODER));
	must(sgan_model_init(ctx, model, SGAN_STAGE_INDEPENDENT));
	return model;
}

/* Largest magnitude, mean and variance of a weight. */
static void measure(struct sgan_params *params, const char *name, double *largest, double *mean, double *variance)
{
	const struct sgan_param *p = sgan_params_find(params, name);
	cr_assert_not_null(p, "%s", name);
	*largest = *mean = *variance = 0;
	for (size_t i = 0; i < p->count; i++) {
		*largest = fmax(*largest, fabs((double)p->value[i]));
		*mean += (double)p->value[i] / (double)p->count;
	}
	for (size_t i = 0; i < p->count; i++)
		*variance += pow((double)p->value[i] - *mean, 2) / (double)p->count;
}

/* Uniform within sqrt(6 / (fan_in + fan_out)), whose variance is 2 / (fan_in + fan_out). */
static void expect_glorot(struct sgan_params *params, const char *name, double fans)
{
	double largest, mean, variance;
	const double limit = sqrt(6 / fans);
	measure(params, name, &largest, &mean, &variance);
	cr_expect_leq(largest, limit * (1 + 1e-6), "%s: %g is beyond %g", name, largest, limit);
	cr_expect_geq(largest, 0.98 * limit, "%s: nothing above %g of %g", name, largest, limit);
	cr_expect_lt(fabs(mean), 0.05 * limit, "%s: mean %g", name, mean);
	cr_expect_float_eq(variance, 2 / fans, 0.1 * 2 / fans, "%s: variance %g, expected %g", name, variance, 2 / fans);
}

Test(init, glorot_and_normal_by_network)
{
	static const char *const settings[] = { "discriminator_init=glorot", "generator_init_std=0.05",
		                                    "encoder.init=glorot", "classes=10" };
	sgan_ctx *ctx;
	struct sgan_preset *preset;
	double largest, mean, variance;
	must(sgan_ctx_create(&(sgan_ctx_options){ .threads = 2 }, &ctx));
	must(sgan_preset_load("mnist", settings, 4, &preset));
	struct sgan_model *model = make_model(ctx, preset);
	expect_glorot(model->stacks[0].discriminator.params, "d0.conv2.weight", 25 * (32 + 64));
	expect_glorot(model->stacks[0].discriminator.params, "d0.fc.weight", 2048 + 256);
	expect_glorot(model->stacks[1].discriminator.params, "d1.fc1.weight", 256 + 256);
	expect_glorot(model->stacks[1].discriminator.params, "d1.q.weight", 256 + 50);
	expect_glorot(model->encoder[0].part.params, "encoder.conv2.weight", 25 * (32 + 32));
	measure(model->stacks[0].generator.params, "g0.deconv1.weight", &largest, &mean, &variance);
	cr_expect_float_eq(sqrt(variance), 0.05, 0.001);
	cr_expect_gt(largest, 0.15, "not uniform");
	sgan_model_destroy(model);
	sgan_preset_free(preset);
	sgan_ctx_destroy(ctx);
}

/* A deconvolution's fans count its kernel's area and its own channels. */
Test(init, fans)
{
	sgan_ctx *ctx;
	struct sgan_preset *preset;
	must(sgan_ctx_create(&(sgan_ctx_options){ .threads = 1 }, &ctx));
	must(sgan_preset_load("mnist", (const char *[]){ "classes=10" }, 1, &preset));
	struct sgan_model *model = make_model(ctx, preset);
	const struct sgan_param *p = sgan_params_find(model->stacks[0].generator.params, "g0.deconv2.weight");
	cr_expect_eq(p->fan_in, 25 * 128);
	cr_expect_eq(p->fan_out, 25 * 64);
	p = sgan_params_find(model->stacks[0].generator.params, "g0.fc.weight");
	cr_expect_eq(p->fan_in, 384);
	cr_expect_eq(p->fan_out, 2048);
	sgan_model_destroy(model);
	sgan_preset_free(preset);
	sgan_ctx_destroy(ctx);
}

/* The same bits on every instruction set and any number of threads; others for another seed. */
Test(init, glorot_is_the_same_everywhere)
{
	static const char *const settings[] = { "init=glorot", "classes=10", "seed=2" };
	struct sgan_preset *preset, *other;
	sgan_ctx *ctx;
	must(sgan_preset_load("mnist", settings, 2, &preset));
	must(sgan_preset_load("mnist", settings, 3, &other));
	must(sgan_ctx_create(&(sgan_ctx_options){ .isa = "generic", .threads = 1 }, &ctx));
	struct sgan_model *first = make_model(ctx, preset), *seeded = make_model(ctx, other);
	const struct sgan_param *a = sgan_params_find(first->stacks[0].discriminator.params, "d0.conv3.weight");
	const struct sgan_param *c = sgan_params_find(seeded->stacks[0].discriminator.params, "d0.conv3.weight");
	cr_expect_arr_neq(a->value, c->value, a->count * sizeof(real));
	for (int isa = 0; isa < SGAN_ISA_COUNT; isa++) {
		sgan_ctx *own;
		if (!sgan_isa_usable((sgan_isa)isa))
			continue;
		must(sgan_ctx_create(&(sgan_ctx_options){ .isa = sgan_isa_name((sgan_isa)isa), .threads = 2 }, &own));
		struct sgan_model *model = make_model(own, preset);
		const struct sgan_param *b = sgan_params_find(model->stacks[0].discriminator.params, "d0.conv3.weight");
		cr_expect_arr_eq(a->value, b->value, a->count * sizeof(real), "%s", sgan_isa_name((sgan_isa)isa));
		sgan_model_destroy(model);
		sgan_ctx_destroy(own);
	}
	sgan_model_destroy(first);
	sgan_model_destroy(seeded);
	sgan_ctx_destroy(ctx);
	sgan_preset_free(preset);
	sgan_preset_free(other);
}

/* A model of two stacks all of whose layers are linear, so that what it does follows from a few weights: an image of
 * four pixels, an encoder E_0 of four values and E_1 of three scores, generators that read their condition beside z. */
#ifndef SGAN_TESTS_LINEAR_H
#define SGAN_TESTS_LINEAR_H

#include "tests/temporary.h"

#include "src/sgan/model/model.h"

enum { LINEAR_PIXELS = 4, LINEAR_CLASSES = 3, LINEAR_NOISE = 4, LINEAR_BATCH = 37 };

/* Layers that pass on as many values as they take, so that weights can be the identity. %s: settings, what E_0 does
 * besides; the top's condition and Q, or that it has neither. */
static const char linear_text[] =
	"name = \"linear\"; image = [ 2, 2, 1 ]; classes = 3; seed = 7; stage = \"all\"; slices = 2; log_interval = 1; %s\n"
	"bn_epsilon = 1e-6; bn_momentum = 0.1; epochs = 1; steps = 0; batch = 6; lr = 1e-3; beta1 = 0.5; beta2 = 0.999;\n"
	"epsilon = 1e-8; lambda_adv = 1.0; lambda_cond = 1.0; lambda_ent = 10.0; generator_steps = 1;\n"
	"init = \"he\"; init_std = 0.02;\n"
	"encoder: { layers = ( { type = \"input\"; name = \"x\"; shape = [ 2, 2, 1 ]; },\n"
	"  { type = \"dense\"; name = \"e0\"; out = 4; %s }, { type = \"dense\"; name = \"e1\"; out = 3; } ); };\n"
	"stacks = (\n"
	"  { cut = \"e0\"; condition = \"squared_error\"; generator = (\n"
	"    { type = \"input\"; name = \"h\"; shape = [ 4 ]; }, { type = \"input\"; name = \"z\"; shape = [ 4 ]; },\n"
	"    { type = \"concat\"; name = \"hz\"; from = [ \"h\", \"z\" ]; },\n"
	"    { type = \"dense\"; name = \"fc\"; out = 4; shape = [ 2, 2, 1 ]; } );\n"
	"    discriminator = ( { type = \"input\"; name = \"h\"; shape = [ 2, 2, 1 ]; },\n"
	"      { type = \"dense\"; name = \"fc\"; out = 4; }, { type = \"dense\"; name = \"d\"; out = 1; },\n"
	"      { type = \"dense\"; name = \"q\"; from = \"fc\"; out = 4; } ); },\n"
	"  { cut = \"e1\"; condition = \"cross_entropy\"; %s generator = ( %s\n"
	"    { type = \"input\"; name = \"z\"; shape = [ 4 ]; }, %s\n"
	"    { type = \"dense\"; name = \"fc\"; out = 4; } );\n"
	"    discriminator = ( { type = \"input\"; name = \"h\"; shape = [ 4 ]; },\n"
	"      { type = \"dense\"; name = \"fc\"; out = 4; }, { type = \"dense\"; name = \"d\"; out = 1; } %s ); } );\n";

struct linear {
	sgan_ctx *ctx;
	struct sgan_preset *preset;
	struct sgan_model *model; /* all weights are 0 */
};

/* Without `labelled`, G_1 takes no condition, and D_1 has no Q. With `mean` the mean image is subtracted, which is a half
 * in all pixels, and E_0 makes 0 of what is below 0, so that the difference shows. */
static inline struct linear linear_made(int threads, bool labelled, bool mean)
{
	struct linear l;
	char whole[sizeof linear_text + 256];
	snprintf(whole, sizeof whole, linear_text, mean ? "subtract_mean = true;" : "", mean ? "act = \"relu\";" : "",
	         labelled ? "" : "lambda_cond = 0.0; lambda_ent = 0.0;",
	         labelled ? "{ type = \"input\"; name = \"h\"; shape = [ 3 ]; }," : "",
	         labelled ? "{ type = \"concat\"; name = \"hz\"; from = [ \"h\", \"z\" ]; }," : "",
	         labelled ? ", { type = \"dense\"; name = \"q\"; from = \"fc\"; out = 4; }" : "");
	ASSERT_OK(sgan_ctx_create(&(sgan_ctx_options){ .threads = threads }, &l.ctx));
	ASSERT_OK(sgan_preset_parse("linear", whole, &l.preset));
	ASSERT_OK(sgan_model_create(l.ctx, l.preset, LINEAR_BATCH, false, &l.model));
	for (size_t k = 0; mean && k < LINEAR_PIXELS; k++)
		l.model->input.mean[k] = (real)0.5;
	return l;
}

static inline struct linear linear_open(int threads, bool labelled)
{
	return linear_made(threads, labelled, false);
}

static inline void linear_close(struct linear *l)
{
	sgan_model_destroy(l->model);
	sgan_preset_free(l->preset);
	sgan_ctx_destroy(l->ctx);
}

/* weight[first + k][k] = value for k < count. */
static inline void linear_diagonal(struct sgan_part *part, const char *name, size_t first, size_t count, real value)
{
	struct sgan_param *p = sgan_params_find(part->params, name);
	cr_assert_not_null(p, "%s", name);
	for (size_t k = 0; k < count; k++)
		p->value[(first + k) * p->shape[1] + k] = value;
	sgan_params_changed(part->params);
}

#endif

/* A small model of two stacks with all that published networks have: images that are not square, deconvolutions with
 * and without stride, dense layers that read and make images, embeddings of z and of the label. */
#ifndef SGAN_TESTS_SMALL_STACKS_H
#define SGAN_TESTS_SMALL_STACKS_H

#include "tests/small_nets.h"
#include "tests/temporary.h"

#include "src/sgan/model/model.h"

enum { SMALL_H = 8, SMALL_W = 6, SMALL_C = 3, SMALL_IMAGE = SMALL_H * SMALL_W * SMALL_C, SMALL_CLASSES = 3 };

static const char small_stacks_text[] =
	"name = \"small\"; image = [ 8, 6, 3 ]; classes = 3; seed = 7; stage = \"all\"; slices = 2; log_interval = 2;\n"
	"bn_epsilon = 1e-6; bn_momentum = 0.1; epochs = 1; steps = 0; batch = 6; lr = 1e-3; beta1 = 0.5; beta2 = 0.999;\n"
	"epsilon = 1e-8; lambda_adv = 1.0; lambda_cond = 1.0; lambda_ent = 10.0; generator_steps = 1;\n"
	"init = \"he\"; init_std = 0.02;\n"
	"encoder: { layers = (\n"
	"  { type = \"input\"; name = \"x\"; shape = [ 8, 6, 3 ]; },\n"
	"  { type = \"conv\"; name = \"conv1\"; kernel = 3; out = 4; act = \"relu\"; },\n"
	"  { type = \"maxpool\"; name = \"pool1\"; kernel = 2; },\n"
	"  { type = \"dense\"; name = \"fc3\"; out = 16; act = \"relu\"; },\n"
	"  { type = \"dense\"; name = \"fc4\"; out = 3; } ); };\n"
	"stacks = ( { cut = \"fc3\"; condition = \"squared_error\"; generator = (\n"
	"  { type = \"input\"; name = \"h\"; shape = [ 16 ]; },\n"
	"  { type = \"input\"; name = \"z\"; shape = [ 4 ]; },\n"
	"  { type = \"dense\"; name = \"fcz\"; from = \"z\"; out = 5; bn = true; act = \"relu\"; },\n"
	"  { type = \"concat\"; name = \"hz\"; from = [ \"h\", \"fcz\" ]; },\n"
	"  { type = \"dense\"; name = \"fc\"; out = 60; bn = true; act = \"relu\"; shape = [ 4, 3, 5 ]; },\n"
	"  { type = \"deconv\"; name = \"deconv1\"; kernel = 3; pad = 1; out = 4; bn = true; act = \"relu\"; },\n"
	"  { type = \"deconv\"; name = \"deconv2\"; kernel = 5; stride = 2; pad = 2; out_pad = 1; out = 3;\n"
	"    act = \"sigmoid\"; } ); discriminator = (\n"
	"  { type = \"input\"; name = \"h\"; shape = [ 8, 6, 3 ]; },\n"
	"  { type = \"dense\"; name = \"fc\"; out = 4; act = \"relu\"; },\n"
	"  { type = \"dense\"; name = \"d\"; out = 1; },\n"
	"  { type = \"dense\"; name = \"q\"; from = \"fc\"; out = 4; } ); },\n"
	"{ cut = \"fc4\"; condition = \"cross_entropy\"; generator = (\n"
	"  { type = \"input\"; name = \"h\"; shape = [ 3 ]; },\n"
	"  { type = \"input\"; name = \"z\"; shape = [ 6 ]; },\n"
	"  { type = \"dense\"; name = \"fcy\"; from = \"h\"; out = 7; bn = true; act = \"relu\"; },\n"
	"  { type = \"dense\"; name = \"fcz\"; from = \"z\"; out = 5; bn = true; act = \"relu\"; },\n"
	"  { type = \"concat\"; name = \"zy\"; from = [ \"fcz\", \"fcy\" ]; },\n"
	"  { type = \"dense\"; name = \"fc1\"; out = 16; act = \"relu\"; } ); discriminator = (\n"
	"  { type = \"input\"; name = \"h\"; shape = [ 16 ]; },\n"
	"  { type = \"dense\"; name = \"fc\"; out = 4; act = \"relu\"; },\n"
	"  { type = \"dense\"; name = \"d\"; out = 1; },\n"
	"  { type = \"dense\"; name = \"q\"; from = \"fc\"; out = 6; } ); } );\n";

/* All values of a model at random. */
static inline void small_model_values(sgan_ctx *ctx, struct sgan_model *model)
{
	struct sgan_part *part;
	enum sgan_stage stage;
	for (size_t k = 0; (part = sgan_model_part(model, k, &stage)) != NULL; k++)
		small_values(ctx, part->params);
}

struct small_stacks {
	sgan_ctx *ctx;
	struct sgan_preset *preset;
	struct sgan_model *model;
};

static inline struct small_stacks small_stacks_open(const char *text, size_t max_batch)
{
	struct small_stacks s = { .ctx = small_context(NULL, 2) };
	ASSERT_OK(sgan_preset_parse("small", text, &s.preset));
	ASSERT_OK(sgan_model_create(s.ctx, s.preset, max_batch, true, &s.model));
	small_model_values(s.ctx, s.model);
	return s;
}

static inline void small_stacks_close(struct small_stacks *s)
{
	sgan_model_destroy(s->model);
	sgan_preset_free(s->preset);
	sgan_ctx_destroy(s->ctx);
}

#endif

/* The z share against closed forms: generators that are linear in their condition and in z. */
#include "tests/temporary.h"

#include <math.h>

#include "src/sgan/model/model.h"
#include "src/sgan/sample/z_share.h"

enum { PIXELS = 4, CLASSES = 3, NOISE = 4, CONDITIONS = 200, BATCH = 37 };

/* Two stacks; layers that pass on as many values as they take, so that weights can be the identity. %s: a generator's
 * condition at the top. */
static const char text[] =
	"name = \"linear\"; image = [ 2, 2, 1 ]; classes = 3; seed = 7; stage = \"all\"; slices = 2; log_interval = 1;\n"
	"bn_epsilon = 1e-6; bn_momentum = 0.1; epochs = 1; steps = 0; batch = 6; lr = 1e-3; beta1 = 0.5; beta2 = 0.999;\n"
	"epsilon = 1e-8; lambda_adv = 1.0; lambda_cond = 1.0; lambda_ent = 10.0; generator_steps = 1;\n"
	"init = \"he\"; init_std = 0.02;\n"
	"encoder: { layers = ( { type = \"input\"; name = \"x\"; shape = [ 2, 2, 1 ]; },\n"
	"  { type = \"dense\"; name = \"e0\"; out = 4; }, { type = \"dense\"; name = \"e1\"; out = 3; } ); };\n"
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
	"      { type = \"dense\"; name = \"fc\"; out = 4; }, { type = \"dense\"; name = \"d\"; out = 1; },\n"
	"      { type = \"dense\"; name = \"q\"; from = \"fc\"; out = 4; } ); } );\n";

struct linear {
	sgan_ctx *ctx;
	struct sgan_preset *preset;
	struct sgan_model *model; /* all weights are 0 */
};

static struct linear open_linear(int threads, bool labelled)
{
	struct linear l;
	char whole[sizeof text + 256];
	snprintf(whole, sizeof whole, text, labelled ? "" : "lambda_cond = 0.0;",
	         labelled ? "{ type = \"input\"; name = \"h\"; shape = [ 3 ]; }," : "",
	         labelled ? "{ type = \"concat\"; name = \"hz\"; from = [ \"h\", \"z\" ]; }," : "");
	ASSERT_OK(sgan_ctx_create(&(sgan_ctx_options){ .threads = threads }, &l.ctx));
	ASSERT_OK(sgan_preset_parse("linear", whole, &l.preset));
	ASSERT_OK(sgan_model_create(l.ctx, l.preset, BATCH, false, &l.model));
	return l;
}

static void close_linear(struct linear *l)
{
	sgan_model_destroy(l->model);
	sgan_preset_free(l->preset);
	sgan_ctx_destroy(l->ctx);
}

/* weight[first + k][k] = value for k < count. */
static void set_diagonal(struct sgan_part *part, const char *name, size_t first, size_t count, real value)
{
	struct sgan_param *p = sgan_params_find(part->params, name);
	cr_assert_not_null(p, "%s", name);
	for (size_t k = 0; k < count; k++)
		p->value[(first + k) * p->shape[1] + k] = value;
	sgan_params_changed(part->params);
}

/* G_0 makes a h + b z. */
static void set_bottom(struct linear *l, real a, real b)
{
	set_diagonal(&l->model->stacks[0].generator, "g0.fc.weight", 0, PIXELS, a);
	set_diagonal(&l->model->stacks[0].generator, "g0.fc.weight", PIXELS, NOISE, b);
}

static void make_conditions(real conditions[CONDITIONS * PIXELS])
{
	for (size_t i = 0; i < CONDITIONS * PIXELS; i++)
		conditions[i] = (real)(i / PIXELS % 2); /* half of them 0, half 1: variance 1/4 */
}

static double share_at(struct linear *l, real a, real b)
{
	static real conditions[CONDITIONS * PIXELS];
	double share = -1;
	make_conditions(conditions);
	set_bottom(l, a, b);
	ASSERT_OK(sgan_z_share(l->ctx, l->model, 0, CONDITIONS, conditions, 1, &share));
	return share;
}

/* z has variance 1/12, so the share is b^2 / (b^2 + 3 a^2). */
Test(z_share, of_sums_of_condition_and_z)
{
	static const struct {
		real a, b;
	} cases[] = { { 1, 1 }, { 1, 3 }, { 2, (real)0.5 }, { 1, (real)0.01 } };
	struct linear l = open_linear(2, true);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const double a = cases[i].a, b = cases[i].b, expected = b * b / (b * b + 3 * a * a);
		const double found = share_at(&l, cases[i].a, cases[i].b);
		cr_expect_float_eq(found, expected, 0.03 * expected, "%g h + %g z: %g, expected %g", a, b, found, expected);
	}
	close_linear(&l);
}

Test(z_share, extremes)
{
	struct linear l = open_linear(2, true);
	cr_expect_lt(share_at(&l, 1, 0), 1e-12, "no trace of z");
	cr_expect_float_eq(share_at(&l, 0, 1), 1, 0.02, "no trace of the condition");
	cr_expect_eq(share_at(&l, 0, 0), 0, "nothing varies");
	cr_expect(isnan(share_at(&l, 1, (real)INFINITY)), "not finite");
	close_linear(&l);
}

Test(z_share, equal_bits_for_any_number_of_threads)
{
	struct linear one = open_linear(1, true), three = open_linear(3, true);
	cr_expect_eq(share_at(&one, 1, 1), share_at(&three, 1, 1));
	close_linear(&one);
	close_linear(&three);
}

/* Images in the order of their labels: 0 and 255 in all pixels. */
static struct sgan_split make_split(void)
{
	static uint8_t images[900 * PIXELS];
	static uint32_t labels[900];
	for (size_t i = 0; i < 900; i++) {
		labels[i] = (uint32_t)(i / 300);
		memset(images + i * PIXELS, i < 450 ? 0 : 255, PIXELS);
	}
	return (struct sgan_split){ 900, images, labels };
}

/* The bottom stack sees E_0 of images from all over the split, the top stack their labels: of one-hot labels of three
 * classes three values have variance 2/9 each, of four. */
Test(z_share, of_all_stacks)
{
	struct linear l = open_linear(2, true);
	struct sgan_split split = make_split();
	double shares[2];
	set_bottom(&l, 1, 1);
	set_diagonal(&l.model->encoder[0].part, "encoder.e0.weight", 0, PIXELS, 1);
	set_diagonal(&l.model->stacks[1].generator, "g1.fc.weight", 0, CLASSES, 1);
	set_diagonal(&l.model->stacks[1].generator, "g1.fc.weight", CLASSES, NOISE, 1);
	ASSERT_OK(sgan_z_shares(l.ctx, l.model, &split, CONDITIONS, 1, shares));
	cr_expect_float_eq(shares[0], 1.0 / 4, 0.01, "bottom: %g", shares[0]);
	const double within = 4.0 / 12, between = 3 * 2.0 / 9;
	cr_expect_float_eq(shares[1], within / (within + between), 0.01, "top: %g", shares[1]);
	close_linear(&l);
}

/* A generator that is conditioned on nothing owes all to z, whatever labels there are, or none. */
Test(z_share, without_a_condition)
{
	struct linear l = open_linear(2, false);
	struct sgan_split split = make_split();
	double shares[2];
	split.labels = NULL;
	set_diagonal(&l.model->stacks[1].generator, "g1.fc.weight", 0, NOISE, 1);
	ASSERT_OK(sgan_z_shares(l.ctx, l.model, &split, CONDITIONS, 1, shares));
	cr_expect_float_eq(shares[1], 1, 1e-12, "%g", shares[1]);
	cr_expect_eq(shares[0], 0, "nothing varies");
	close_linear(&l);
}

Test(z_share, refusals)
{
	struct linear l = open_linear(1, true);
	struct sgan_split split = make_split();
	double share = 7, shares[2] = { 7, 7 };
	ASSERT_FAILS(sgan_z_share(l.ctx, l.model, 0, 0, NULL, 1, &share), SGAN_EINVAL, "stack 0: no condition");
	split.count = 0;
	ASSERT_FAILS(sgan_z_shares(l.ctx, l.model, &split, CONDITIONS, 1, shares), SGAN_EINVAL, "no real images");
	split = make_split();
	split.labels[0] = CLASSES;
	ASSERT_FAILS(sgan_z_shares(l.ctx, l.model, &split, CONDITIONS, 1, shares), SGAN_EINVAL, "label 3");
	cr_expect(share == 7 && shares[0] == 7 && shares[1] == 7, "written to all the same");
	close_linear(&l);
}

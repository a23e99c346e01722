/* Whole objectives of a small stacked GAN against central differences, in double: what a step minimises, and the
 * gradients that it leaves in the parameters. With a learning rate of 0 a step only computes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/sgan/objective/session.h"
#include "tests/gradients.h"
#include "tests/small_nets.h"

enum { IMAGES = 5, PIXELS = 6 * 6, CLASSES = 3 };

/* Three stacks, so that one is neither at the top nor at the bottom; every kind of layer. */
static const char preset_text[] =
	"name = \"small\"; image = [ 6, 6, 1 ]; classes = 3; seed = 7; stage = \"all\"; slices = 2; log_interval = 1;\n"
	"bn_epsilon = 1e-6; bn_momentum = 0.1; epochs = 1; steps = 0; batch = 5; lr = 1e-4; beta1 = 0.5; beta2 = 0.999;\n"
	"epsilon = 1e-8; lambda_adv = 0.8; lambda_cond = 1.3; lambda_ent = 2.5; generator_steps = 1;\n"
	"init = \"normal\"; init_std = 0.02;\n"
	"encoder: { layers = (\n"
	"  { type = \"input\"; name = \"x\"; shape = [ 6, 6, 1 ]; },\n"
	"  { type = \"conv\"; name = \"conv\"; kernel = 3; out = 3; act = \"relu\"; },\n"
	"  { type = \"maxpool\"; name = \"pool\"; kernel = 2; },\n"
	"  { type = \"dense\"; name = \"low\"; out = 6; act = \"lrelu\"; slope = 0.2; },\n"
	"  { type = \"dense\"; name = \"high\"; out = 5; act = \"sigmoid\"; },\n"
	"  { type = \"dense\"; name = \"scores\"; out = 3; }\n"
	"); };\n"
	"independent: { }; joint: { };\n"
	"stacks = (\n"
	"  { cut = \"low\"; condition = \"squared_error\"; generator = (\n"
	"    { type = \"input\"; name = \"h\"; shape = [ 6 ]; }, { type = \"input\"; name = \"z\"; shape = [ 2 ]; },\n"
	"    { type = \"dense\"; name = \"fcz\"; from = \"z\"; out = 4; bn = true; act = \"relu\"; },\n"
	"    { type = \"concat\"; name = \"hz\"; from = [ \"h\", \"fcz\" ]; },\n"
	"    { type = \"dense\"; name = \"fc\"; out = 18; bn = true; act = \"relu\"; shape = [ 3, 3, 2 ]; },\n"
	"    { type = \"deconv\"; name = \"deconv\"; kernel = 5; stride = 2; pad = 2; out_pad = 1; out = 1; act = "
	"\"sigmoid\"; }\n"
	"  ); discriminator = (\n"
	"    { type = \"input\"; name = \"h\"; shape = [ 6, 6, 1 ]; },\n"
	"    { type = \"conv\"; name = \"conv\"; kernel = 3; stride = 2; pad = 1; out = 3; bn = true; act = \"lrelu\"; "
	"slope = 0.2; },\n"
	"    { type = \"dense\"; name = \"fc\"; out = 5; act = \"lrelu\"; slope = 0.2; },\n"
	"    { type = \"dense\"; name = \"d\"; from = \"fc\"; out = 1; },\n"
	"    { type = \"dense\"; name = \"q\"; from = \"fc\"; out = 2; act = \"sigmoid\"; }\n"
	"  ); },\n"
	"  { cut = \"high\"; condition = \"squared_error\"; generator = (\n"
	"    { type = \"input\"; name = \"h\"; shape = [ 5 ]; }, { type = \"input\"; name = \"z\"; shape = [ 3 ]; },\n"
	"    { type = \"concat\"; name = \"hz\"; from = [ \"z\", \"h\" ]; },\n"
	"    { type = \"dense\"; name = \"fc\"; out = 6; bn = true; act = \"lrelu\"; slope = 0.2; }\n"
	"  ); discriminator = (\n"
	"    { type = \"input\"; name = \"h\"; shape = [ 6 ]; },\n"
	"    { type = \"dense\"; name = \"fc\"; out = 5; act = \"lrelu\"; slope = 0.2; },\n"
	"    { type = \"dense\"; name = \"d\"; from = \"fc\"; out = 1; },\n"
	"    { type = \"dense\"; name = \"q\"; from = \"fc\"; out = 3; }\n"
	"  ); },\n"
	"  { cut = \"scores\"; condition = \"cross_entropy\"; generator = (\n"
	"    { type = \"input\"; name = \"h\"; shape = [ 3 ]; }, { type = \"input\"; name = \"z\"; shape = [ 2 ]; },\n"
	"    { type = \"concat\"; name = \"hz\"; from = [ \"z\", \"h\" ]; },\n"
	"    { type = \"dense\"; name = \"fc\"; out = 4; bn = true; act = \"relu\"; },\n"
	"    { type = \"dense\"; name = \"out\"; out = 5; act = \"sigmoid\"; }\n"
	"  ); discriminator = (\n"
	"    { type = \"input\"; name = \"h\"; shape = [ 5 ]; },\n"
	"    { type = \"dense\"; name = \"fc\"; out = 6; bn = true; act = \"lrelu\"; slope = 0.2; },\n"
	"    { type = \"dense\"; name = \"d\"; from = \"fc\"; out = 1; },\n"
	"    { type = \"dense\"; name = \"q\"; from = \"fc\"; out = 2; act = \"sigmoid\"; }\n"
	"  ); }\n"
	");\n";

/* Discriminators with a logit for each class, noise, dropout and average pooling; L_adv of either kind. */
static const char class_text[] =
	"name = \"classes\"; image = [ 6, 6, 1 ]; classes = 3; seed = 7; stage = \"all\"; slices = 2; log_interval = 1;\n"
	"bn_epsilon = 1e-6; bn_momentum = 0.1; epochs = 1; steps = 0; batch = 5; lr = 1e-4; beta1 = 0.5; beta2 = 0.999;\n"
	"epsilon = 1e-8; lambda_adv = 0.8; lambda_cond = 1.3; lambda_ent = 2.5; generator_steps = 1;\n"
	"init = \"normal\"; init_std = 0.02;\n"
	"encoder: { layers = (\n"
	"  { type = \"input\"; name = \"x\"; shape = [ 6, 6, 1 ]; },\n"
	"  { type = \"noise\"; name = \"noise\"; sigma = 0.1; },\n"
	"  { type = \"dense\"; name = \"low\"; out = 6; act = \"lrelu\"; slope = 0.2; },\n"
	"  { type = \"dropout\"; name = \"dropout\"; rate = 0.3; },\n"
	"  { type = \"dense\"; name = \"scores\"; out = 3; }\n"
	"); };\n"
	"independent: { }; joint: { };\n"
	"stacks = (\n"
	"  { cut = \"low\"; condition = \"squared_error\"; discriminator_loss = \"classes\"; generator = (\n"
	"    { type = \"input\"; name = \"h\"; shape = [ 6 ]; }, { type = \"input\"; name = \"z\"; shape = [ 2 ]; },\n"
	"    { type = \"concat\"; name = \"hz\"; from = [ \"h\", \"z\" ]; },\n"
	"    { type = \"dense\"; name = \"fc\"; out = 18; bn = true; act = \"relu\"; shape = [ 3, 3, 2 ]; },\n"
	"    { type = \"dropout\"; name = \"dropout\"; rate = 0.2; },\n"
	"    { type = \"deconv\"; name = \"deconv\"; kernel = 5; stride = 2; pad = 2; out_pad = 1; out = 1; act = "
	"\"sigmoid\"; }\n"
	"  ); discriminator = (\n"
	"    { type = \"input\"; name = \"h\"; shape = [ 6, 6, 1 ]; },\n"
	"    { type = \"noise\"; name = \"noise\"; sigma = 0.05; },\n"
	"    { type = \"conv\"; name = \"conv1\"; kernel = 3; pad = 1; out = 4; act = \"lrelu\"; slope = 0.2; },\n"
	"    { type = \"dropout\"; name = \"dropout\"; rate = 0.1; },\n"
	"    { type = \"conv\"; name = \"conv2\"; kernel = 3; out = 5; bn = true; act = \"lrelu\"; slope = 0.2; },\n"
	"    { type = \"avgpool\"; name = \"pool\"; }, { type = \"dense\"; name = \"d\"; out = 3; },\n"
	"    { type = \"dense\"; name = \"q\"; from = \"conv2\"; out = 2; }\n"
	"  ); },\n"
	"  { cut = \"scores\"; condition = \"cross_entropy\"; discriminator_loss = \"classes\"; adversarial = "
	"\"saturating\";\n"
	"    generator = (\n"
	"    { type = \"input\"; name = \"h\"; shape = [ 3 ]; }, { type = \"input\"; name = \"z\"; shape = [ 2 ]; },\n"
	"    { type = \"dense\"; name = \"fcz\"; from = \"z\"; out = 3; bn = true; act = \"relu\"; },\n"
	"    { type = \"dense\"; name = \"fch\"; from = \"h\"; out = 4; bn = true; act = \"relu\"; },\n"
	"    { type = \"concat\"; name = \"hz\"; from = [ \"fcz\", \"fch\" ]; },\n"
	"    { type = \"dense\"; name = \"out\"; out = 6; act = \"lrelu\"; slope = 0.2; }\n"
	"  ); discriminator = (\n"
	"    { type = \"input\"; name = \"h\"; shape = [ 6 ]; },\n"
	"    { type = \"noise\"; name = \"noise\"; sigma = 0.2; },\n"
	"    { type = \"dense\"; name = \"fc\"; out = 6; bn = true; act = \"lrelu\"; slope = 0.2; },\n"
	"    { type = \"dense\"; name = \"d\"; from = \"fc\"; out = 3; },\n"
	"    { type = \"dense\"; name = \"q\"; from = \"fc\"; out = 2; }\n"
	"  ); }\n"
	");\n";

enum objective { ENCODER, DISCRIMINATOR, GENERATOR };

struct run {
	sgan_ctx *ctx;
	struct sgan_preset *preset;
	struct sgan_model *model;
	struct sgan_session *session;
	real x[IMAGES * PIXELS];
	uint32_t labels[IMAGES];
	enum objective objective;
	size_t stack;
};

static void open_text(struct run *r, const char *text, enum sgan_stage stage)
{
	struct sgan_part *part;
	enum sgan_stage first;
	memset(r, 0, sizeof *r);
	r->ctx = small_context("generic", 1);
	cr_assert_eq(sgan_preset_parse("small", text, &r->preset), SGAN_OK, "%s", sgan_last_error());
	for (int i = 0; i < SGAN_STAGE_COUNT; i++)
		r->preset->stages[i].lr = 0;
	cr_assert_eq(sgan_model_create(r->ctx, r->preset, IMAGES, true, &r->model), SGAN_OK, "%s", sgan_last_error());
	cr_assert_eq(sgan_session_create(r->ctx, r->model, stage, &r->session), SGAN_OK, "%s", sgan_last_error());
	for (size_t k = 0; (part = sgan_model_part(r->model, k, &first)) != NULL; k++)
		small_values(r->ctx, part->params);
	small_numbers(r->ctx, 0x710000, 0, IMAGES * PIXELS, r->x);
	for (size_t i = 0; i < IMAGES; i++)
		r->labels[i] = (uint32_t)(i % CLASSES);
}

static void open_run(struct run *r, enum sgan_stage stage)
{
	open_text(r, preset_text, stage);
}

static void close_run(struct run *r)
{
	sgan_session_destroy(r->session);
	sgan_model_destroy(r->model);
	sgan_preset_free(r->preset);
	sgan_ctx_destroy(r->ctx);
}

/* The loss of a stack; 0, and it must not be there, unless `expected`. */
static double find_loss(const struct run *r, size_t stack, const char *format, bool expected)
{
	char name[SGAN_NAME];
	snprintf(name, sizeof name, format, stack);
	for (size_t i = 0; i < r->session->loss_count; i++)
		if (strcmp(r->session->losses[i].name, name) == 0) {
			cr_assert(expected, "%s has weight 0 and was computed", name);
			return r->session->losses[i].value;
		}
	cr_assert_not(expected, "the step gave no %s", name);
	return 0;
}

static double loss(const struct run *r, const char *format)
{
	return find_loss(r, r->stack, format, true);
}

/* A loss times the weight of its term, which stack has or has not. */
static double weighted(const struct run *r, size_t stack, enum sgan_term_kind kind, const char *format)
{
	const struct sgan_objective *o = &r->preset->stacks[stack].objective[r->session->stage];
	const struct sgan_term *term = sgan_objective_find(o, kind);
	const double value = find_loss(r, stack, format, term != NULL);
	return term != NULL ? term->weight * value : 0;
}

static double discriminator_objective(const struct run *r, size_t stack)
{
	return weighted(r, stack, SGAN_TERM_ADVERSARIAL, "loss_d%zu") +
	       weighted(r, stack, SGAN_TERM_CLASS, "loss_d%zu_class") +
	       weighted(r, stack, SGAN_TERM_ENTROPY, "loss_d%zu_ent");
}

/* Its own terms, and so much of what the stack below minimises. */
static double generator_objective(const struct run *r, size_t stack)
{
	const double below = r->preset->stacks[stack].objective[r->session->stage].below;
	const double own = weighted(r, stack, SGAN_TERM_ADVERSARIAL, "loss_g%zu_adv") +
	                   weighted(r, stack, SGAN_TERM_CONDITIONAL, "loss_g%zu_cond") +
	                   weighted(r, stack, SGAN_TERM_ENTROPY, "loss_g%zu_ent");
	return below > 0 ? own + below * generator_objective(r, stack - 1) : own;
}

static void mark_changed(struct run *r)
{
	struct sgan_part *part;
	enum sgan_stage first;
	for (size_t k = 0; (part = sgan_model_part(r->model, k, &first)) != NULL; k++)
		sgan_params_changed(part->params);
}

/* What part `stack` minimises, by a step on the same batch with the same z. */
static double objective(void *arg)
{
	struct run *r = arg;
	sgan_status status;
	mark_changed(r);
	r->session->updates = (struct sgan_updates){ .first = 0 };
	cr_assert_eq(sgan_session_batch(r->session, IMAGES, r->x, r->labels), SGAN_OK, "%s", sgan_last_error());
	if (r->objective == ENCODER)
		status = sgan_encoder_step(r->session);
	else
		status = r->objective == DISCRIMINATOR ? sgan_discriminator_step(r->session) : sgan_generator_step(r->session);
	cr_assert_eq(status, SGAN_OK, "%s", sgan_last_error());
	if (r->objective == ENCODER)
		return loss(r, "loss_encoder");
	return r->objective == DISCRIMINATOR ? discriminator_objective(r, r->stack) : generator_objective(r, r->stack);
}

static void check_part(struct run *r, struct gradient_check *c, struct sgan_part *part)
{
	for (size_t i = 0; i < sgan_params_count(part->params); i++) {
		struct sgan_param *p = sgan_params_at(part->params, i);
		if (!p->trainable)
			continue;
		real *gradient = small_room(p->count);
		objective(r); /* the quotients' last step was beside the point */
		memcpy(gradient, p->grad, p->count * sizeof(real));
		check_gradient(c, p->name, p->count, p->value, gradient);
		free(gradient);
	}
}

static void check_stage(const char *text, enum sgan_stage stage)
{
	struct run r;
	struct gradient_check c = { .value = objective, .arg = &r };
	open_text(&r, text, stage);
	for (r.stack = 0; r.stack < r.model->stack_count; r.stack++) {
		struct sgan_stack *stack = &r.model->stacks[r.stack];
		if (stage == SGAN_STAGE_ENCODER) {
			r.objective = ENCODER;
			check_part(&r, &c, &r.model->encoder[r.stack].part);
			continue;
		}
		r.objective = DISCRIMINATOR;
		check_part(&r, &c, &stack->discriminator);
		r.objective = GENERATOR;
		check_part(&r, &c, &stack->generator);
	}
	expect_few_left_out(&c, sgan_stage_name(stage));
	cr_log_info("%s: %zu elements, %zu at kinks, largest error %.3f of what is allowed", sgan_stage_name(stage),
	            c.checked, c.left_out, c.worst);
	close_run(&r);
}

Test(objectives, encoder)
{
	check_stage(preset_text, SGAN_STAGE_ENCODER);
	check_stage(class_text, SGAN_STAGE_ENCODER);
}

Test(objectives, independent)
{
	check_stage(preset_text, SGAN_STAGE_INDEPENDENT);
	check_stage(class_text, SGAN_STAGE_INDEPENDENT);
}

Test(objectives, joint)
{
	check_stage(preset_text, SGAN_STAGE_JOINT);
	check_stage(class_text, SGAN_STAGE_JOINT);
}

/* `text` with `from`, which it has once, replaced; to be freed. */
static char *replaced(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	cr_assert_not_null(at, "%s", from);
	char *made = malloc(strlen(text) + strlen(to) + 1);
	cr_assert_not_null(made);
	sprintf(made, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	return made;
}

/* A generator that is held to what the stacks below it minimise, through their generators and their targets. */
Test(objectives, joint_below)
{
	static const char joint[] = "joint: { };", below[] = "joint: { lambda_below = 0.4; };";
	char *all = replaced(preset_text, joint, below), *classes = replaced(class_text, joint, below);
	check_stage(all, SGAN_STAGE_JOINT);
	check_stage(classes, SGAN_STAGE_JOINT);
	check_stage(all, SGAN_STAGE_INDEPENDENT); /* where stacks do not meet */
	free(all);
	/* the top stack alone looks down, and has nothing else to minimise */
	all = replaced(preset_text, "{ cut = \"scores\";",
	               "{ cut = \"scores\"; joint: { lambda_adv = 0.0; lambda_cond = 0.0; lambda_ent = 0.0; "
	               "lambda_below = 0.4; };");
	check_stage(all, SGAN_STAGE_JOINT);
	free(all);
	free(classes);
}

static size_t generator_updates(const struct run *r, size_t stack)
{
	return (size_t)r->session->updates.generator[stack];
}

/* Takes a D step, then sets bounds of a schedule around what the D of a stack came to, and takes the G steps. */
static void take_scheduled_steps(struct run *r, size_t stack)
{
	struct sgan_schedule *schedule = &r->preset->stages[r->session->stage].generator_steps;
	cr_assert_eq(sgan_session_batch(r->session, IMAGES, r->x, r->labels), SGAN_OK, "%s", sgan_last_error());
	cr_assert_eq(sgan_discriminator_step(r->session), SGAN_OK, "%s", sgan_last_error());
	const double found = find_loss(r, stack, "loss_d%zu", true);
	*schedule = (struct sgan_schedule){ .steps = { 3, { 1, 2, 4 } }, .above = { 2, { found * 1.001, found * 0.999 } } };
	cr_assert_eq(sgan_generator_steps(r->session), SGAN_OK, "%s", sgan_last_error());
}

/* How many steps a stack should take, whose D came to `value`. */
static size_t expected_steps(const struct run *r, size_t stack)
{
	const struct sgan_schedule *schedule = &r->preset->stages[r->session->stage].generator_steps;
	const double value = find_loss(r, stack, "loss_d%zu", true);
	return value > schedule->above.values[0] ? 1 : value > schedule->above.values[1] ? 2 : 4;
}

Test(objectives, scheduled_generator_steps)
{
	struct run r;
	open_run(&r, SGAN_STAGE_INDEPENDENT);
	take_scheduled_steps(&r, 1);
	cr_expect_eq(generator_updates(&r, 1), 2);
	for (size_t i = 0; i < r.model->stack_count; i++)
		cr_expect_eq(generator_updates(&r, i), expected_steps(&r, i), "stack %zu", i);
	cr_expect_neq(generator_updates(&r, 0), 2, "the stacks' discriminators are alike");
	cr_expect_eq(r.session->updates.first, 1);
	close_run(&r);
}

/* In the joint stage the bottom stack's D decides for all. */
Test(objectives, scheduled_joint_steps)
{
	struct run r;
	open_run(&r, SGAN_STAGE_JOINT);
	take_scheduled_steps(&r, 0);
	for (size_t i = 0; i < r.model->stack_count; i++)
		cr_expect_eq(generator_updates(&r, i), 2, "stack %zu", i);
	close_run(&r);
}

/* The parts' places in a stack's three; see sgan_model_part. */
enum { GENERATORS = 1, DISCRIMINATORS = 2 };

/* Appends values, running statistics, gradients and moments of a part to all[*count]. */
static real *append_part(real *all, size_t *count, struct sgan_part *part)
{
	for (size_t i = 0; i < sgan_params_count(part->params); i++) {
		const struct sgan_param *p = sgan_params_at(part->params, i);
		const real *tensors[4] = { p->value, p->grad, p->m, p->v };
		for (int t = 0; t < (p->trainable ? 4 : 1); t++) {
			all = realloc(all, (*count + p->count) * sizeof(real));
			cr_assert_not_null(all);
			memcpy(all + *count, tensors[t], p->count * sizeof(real));
			*count += p->count;
		}
	}
	return all;
}

static real *snapshot_part(struct sgan_part *part, size_t *count)
{
	*count = 0;
	return append_part(NULL, count, part);
}

/* Of all parts but one kind. */
static real *snapshot(struct run *r, size_t but, size_t *count)
{
	struct sgan_part *part;
	enum sgan_stage first;
	real *all = NULL;
	*count = 0;
	for (size_t k = 0; (part = sgan_model_part(r->model, k, &first)) != NULL; k++)
		if (k % 3 != but)
			all = append_part(all, count, part);
	return all;
}

static void expect_others_kept(enum sgan_stage stage, size_t trained)
{
	struct run r;
	size_t before_count, after_count;
	open_run(&r, stage);
	r.preset->stages[stage].lr = 0.01;
	cr_assert_eq(sgan_session_batch(r.session, IMAGES, r.x, r.labels), SGAN_OK, "%s", sgan_last_error());
	real *before = snapshot(&r, trained, &before_count);
	cr_assert_eq(trained == GENERATORS ? sgan_generator_step(r.session) : sgan_discriminator_step(r.session), SGAN_OK,
	             "%s", sgan_last_error());
	real *after = snapshot(&r, trained, &after_count);
	cr_assert_eq(before_count, after_count);
	cr_expect_arr_eq(before, after, before_count * sizeof(real), "%s: a %c step changed more than its own",
	                 sgan_stage_name(stage), trained == GENERATORS ? 'G' : 'D');
	free(before);
	free(after);
	close_run(&r);
}

Test(objectives, steps_leave_the_other_parts)
{
	expect_others_kept(SGAN_STAGE_INDEPENDENT, GENERATORS);
	expect_others_kept(SGAN_STAGE_INDEPENDENT, DISCRIMINATORS);
	expect_others_kept(SGAN_STAGE_JOINT, GENERATORS);
	expect_others_kept(SGAN_STAGE_JOINT, DISCRIMINATORS);
}

/* Both steps of one stack alone leave it as those of all stacks do, to the bit, and the others untouched. */
static void expect_alone(size_t stack)
{
	struct run all, one;
	size_t count, all_count;
	open_run(&all, SGAN_STAGE_INDEPENDENT);
	open_run(&one, SGAN_STAGE_INDEPENDENT);
	cr_assert_eq(sgan_session_only(one.session, stack), SGAN_OK, "%s", sgan_last_error());
	struct run *const runs[2] = { &one, &all };
	for (int i = 0; i < 2; i++) {
		runs[i]->preset->stages[SGAN_STAGE_INDEPENDENT].lr = 0.01;
		cr_assert_eq(sgan_session_batch(runs[i]->session, IMAGES, runs[i]->x, runs[i]->labels), SGAN_OK);
		cr_assert_eq(sgan_discriminator_step(runs[i]->session), SGAN_OK, "%s", sgan_last_error());
		cr_assert_eq(sgan_generator_step(runs[i]->session), SGAN_OK, "%s", sgan_last_error());
	}
	struct run fresh;
	open_run(&fresh, SGAN_STAGE_INDEPENDENT);
	for (size_t k = 0; k < 3 * one.model->stack_count; k++) {
		enum sgan_stage first;
		struct run *expected = k / 3 == stack ? &all : &fresh;
		real *values = snapshot_part(sgan_model_part(one.model, k, &first), &count);
		real *wanted = snapshot_part(sgan_model_part(expected->model, k, &first), &all_count);
		cr_assert_eq(count, all_count);
		cr_expect_arr_eq(values, wanted, count * sizeof(real), "part %zu after steps of stack %zu", k, stack);
		free(values);
		free(wanted);
	}
	close_run(&fresh);
	close_run(&all);
	close_run(&one);
}

Test(objectives, one_stack_alone)
{
	for (size_t stack = 0; stack < 3; stack++)
		expect_alone(stack);
}

Test(objectives, stacks_that_cannot_be_alone)
{
	struct run r;
	open_run(&r, SGAN_STAGE_INDEPENDENT);
	cr_expect_eq(sgan_session_only(r.session, 3), SGAN_EINVAL);
	close_run(&r);
	open_run(&r, SGAN_STAGE_JOINT);
	cr_expect_eq(sgan_session_only(r.session, 0), SGAN_EINVAL);
	cr_expect(strstr(sgan_last_error(), "joint") != NULL, "%s", sgan_last_error());
	close_run(&r);
}

/* --- terms of weight 0, no condition, no label, no Q ----------------------------- */

/* Without what a stack does not minimise: L_ent of a stack that has a Q, L_cond of one with a condition. */
static const char *const less_text[][2] = {
	{ "{ cut = \"low\";", "{ cut = \"low\"; lambda_ent = 0.0;" },
	{ "{ cut = \"high\";", "{ cut = \"high\"; lambda_cond = 0.0; joint: { lambda_ent = 0.0; };" },
	{ "{ cut = \"scores\";", "{ cut = \"scores\"; lambda_adv = 0.0; joint: { lambda_adv = 0.1; lambda_cond = 0.0; };" },
};

/* Stack 0 without h, stack 1 without Q, stack 2 without a label. */
static const char *const absent_text[][2] = {
	{ "{ cut = \"low\";", "{ cut = \"low\"; lambda_cond = 0.0;" },
	{ "{ type = \"input\"; name = \"h\"; shape = [ 6 ]; }, { type = \"input\"; name = \"z\"; shape = [ 2 ]; },",
	  "{ type = \"input\"; name = \"z\"; shape = [ 2 ]; }," },
	{ "    { type = \"concat\"; name = \"hz\"; from = [ \"h\", \"fcz\" ]; },\n", "" },
	{ "{ cut = \"high\";", "{ cut = \"high\"; lambda_ent = 0.0;" },
	{ "{ type = \"dense\"; name = \"d\"; from = \"fc\"; out = 1; },\n"
	  "    { type = \"dense\"; name = \"q\"; from = \"fc\"; out = 3; }",
	  "{ type = \"dense\"; name = \"d\"; from = \"fc\"; out = 1; }" },
	{ "{ cut = \"scores\";", "{ cut = \"scores\"; lambda_cond = 0.0;" },
	{ "{ type = \"input\"; name = \"h\"; shape = [ 3 ]; }, { type = \"input\"; name = \"z\"; shape = [ 2 ]; },\n"
	  "    { type = \"concat\"; name = \"hz\"; from = [ \"z\", \"h\" ]; },",
	  "{ type = \"input\"; name = \"z\"; shape = [ 2 ]; }," },
};

/* preset_text with changes made, each in one place; free it. */
static char *changed_text(const char *const changes[][2], size_t count)
{
	size_t size = sizeof preset_text;
	for (size_t i = 0; i < count; i++)
		size += strlen(changes[i][1]);
	char *text = malloc(size);
	cr_assert_not_null(text);
	memcpy(text, preset_text, sizeof preset_text);
	for (size_t i = 0; i < count; i++) {
		const size_t from = strlen(changes[i][0]), to = strlen(changes[i][1]);
		char *at = strstr(text, changes[i][0]);
		cr_assert_not_null(at, "%s", changes[i][0]);
		memmove(at + to, at + from, strlen(at + from) + 1);
		memcpy(at, changes[i][1], to);
	}
	return text;
}

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

Test(objectives, terms_of_weight_0)
{
	char *text = changed_text(less_text, COUNT(less_text));
	check_stage(text, SGAN_STAGE_INDEPENDENT);
	check_stage(text, SGAN_STAGE_JOINT);
	free(text);
}

Test(objectives, absent_conditions_and_codes)
{
	char *text = changed_text(absent_text, COUNT(absent_text));
	check_stage(text, SGAN_STAGE_INDEPENDENT);
	check_stage(text, SGAN_STAGE_JOINT);
	free(text);
}

/* What no term needs has no memory, so no pass can have been run. */
Test(objectives, passes_without_terms)
{
	struct run r;
	char *text = changed_text(less_text, COUNT(less_text));
	open_text(&r, text, SGAN_STAGE_INDEPENDENT);
	const struct sgan_stack_tapes *t = r.session->tapes;
	cr_expect_null(t[1].encoder_generated);
	cr_expect_not_null(t[0].encoder_generated);
	cr_expect_null(t[2].discriminator_real);
	cr_expect_not_null(t[2].discriminator_generated, "Q is there");
	close_run(&r);
	free(text);
}

Test(objectives, labels_where_they_are_needed)
{
	struct run r;
	char *text = changed_text(absent_text, COUNT(absent_text));
	open_text(&r, text, SGAN_STAGE_JOINT);
	cr_assert_eq(sgan_session_batch(r.session, IMAGES, r.x, NULL), SGAN_OK, "%s", sgan_last_error());
	cr_expect_eq(sgan_discriminator_step(r.session), SGAN_OK, "%s", sgan_last_error());
	cr_expect_eq(sgan_generator_step(r.session), SGAN_OK, "%s", sgan_last_error());
	close_run(&r);
	open_text(&r, text, SGAN_STAGE_ENCODER);
	cr_expect_eq(sgan_session_batch(r.session, IMAGES, r.x, NULL), SGAN_EINVAL);
	close_run(&r);
	free(text);
	open_run(&r, SGAN_STAGE_JOINT);
	cr_expect_eq(sgan_session_batch(r.session, IMAGES, r.x, NULL), SGAN_EINVAL);
	cr_expect_str_eq(sgan_last_error(), "stage joint: a batch without labels, which it needs");
	cr_assert_eq(sgan_session_only(r.session, 0), SGAN_EINVAL);
	close_run(&r);
	open_run(&r, SGAN_STAGE_INDEPENDENT);
	cr_assert_eq(sgan_session_only(r.session, 0), SGAN_OK);
	cr_expect_eq(sgan_session_batch(r.session, IMAGES, r.x, NULL), SGAN_OK, "below the top no label is read");
	close_run(&r);
}

/* --- discriminators with a logit for each class -------------------------------- */

static double log_sum_exp(const real *x)
{
	double sum = 0;
	for (size_t c = 0; c < CLASSES; c++)
		sum += exp((double)x[c]);
	return log(sum);
}

static double softplus(double x)
{
	return log(1 + exp(x));
}

static const real *logits(const struct run *r, const struct sgan_tape *tape)
{
	return sgan_tape_value(tape, r->model->stacks[r->stack].discriminator_logit);
}

/* L_D = [-l_y(h) + Z(h)] + (-Z(h) + softplus(Z(h))) / 2 + softplus(Z(G)) / 2, Z = log sum exp l, over the batch. */
static void expect_discriminator_loss(struct run *r)
{
	const struct sgan_stack_tapes *t = &r->session->tapes[r->stack];
	double classes = 0, binary = 0;
	r->objective = DISCRIMINATOR;
	objective(r);
	for (size_t i = 0; i < IMAGES; i++) {
		const real *on_real = logits(r, t->discriminator_real) + i * CLASSES;
		const double z = log_sum_exp(on_real);
		const double generated = log_sum_exp(logits(r, t->discriminator_generated) + i * CLASSES);
		classes += (z - (double)on_real[r->labels[i]]) / IMAGES;
		binary += (-z + softplus(z) + softplus(generated)) / (2 * IMAGES);
	}
	cr_expect_float_eq(loss(r, "loss_d%zu_class"), classes, 1e-12);
	cr_expect_float_eq(loss(r, "loss_d%zu"), binary, 1e-12);
}

/* softplus(-Z) = -log D, or -softplus(Z) = log(1 - D). */
static void expect_adversarial_loss(struct run *r)
{
	const struct sgan_objective *o = &r->preset->stacks[r->stack].objective[SGAN_STAGE_INDEPENDENT];
	const bool saturating = sgan_objective_find(o, SGAN_TERM_ADVERSARIAL)->adversarial == SGAN_ADVERSARIAL_SATURATING;
	double expected = 0;
	r->objective = GENERATOR;
	objective(r);
	for (size_t i = 0; i < IMAGES; i++) {
		const double z = log_sum_exp(logits(r, r->session->tapes[r->stack].discriminator_generated) + i * CLASSES);
		expected += (saturating ? -softplus(z) : softplus(-z)) / IMAGES;
	}
	cr_expect_float_eq(loss(r, "loss_g%zu_adv"), expected, 1e-12);
}

Test(objectives, losses_of_classes)
{
	struct run r;
	open_text(&r, class_text, SGAN_STAGE_INDEPENDENT);
	for (r.stack = 0; r.stack < r.model->stack_count; r.stack++) {
		expect_discriminator_loss(&r);
		expect_adversarial_loss(&r);
	}
	close_run(&r);
}

/* --- random numbers of a step --------------------------------------------------- */

enum { DRAWS = 6 };

/* What D_0's noise layer added, of the pass that the tape holds. */
static void take_noise(const struct run *r, const struct sgan_tape *tape, real noise[IMAGES * PIXELS])
{
	const struct sgan_net *d = r->model->stacks[0].discriminator.net;
	const real *before = sgan_tape_value(tape, r->model->stacks[0].discriminator_in);
	const real *after = sgan_tape_value(tape, sgan_net_find(d, "noise"));
	for (size_t i = 0; i < IMAGES * PIXELS; i++)
		noise[i] = after[i] - before[i];
}

/* A stage has noise and dropout of its own: the joint one more noise, and no dropout. */
Test(objectives, strengths_of_a_stage)
{
	static const char noise_from[] = "name = \"noise\"; sigma = 0.05;";
	static const char noise_to[] = "name = \"noise\"; sigma = 0.05; joint: { sigma = 0.5; };";
	static const char rate_from[] = "name = \"dropout\"; rate = 0.1;";
	static const char rate_to[] = "name = \"dropout\"; rate = 0.1; joint: { rate = 0; };";
	char text[sizeof class_text + sizeof noise_to + sizeof rate_to];
	static real noise[IMAGES * PIXELS];
	const char *const noise_at = strstr(class_text, noise_from), *const rate_at = strstr(class_text, rate_from);
	snprintf(text, sizeof text, "%.*s%s%.*s%s%s", (int)(noise_at - class_text), class_text, noise_to,
	         (int)(rate_at - noise_at - (ptrdiff_t)strlen(noise_from)), noise_at + strlen(noise_from), rate_to,
	         rate_at + strlen(rate_from));
	for (unsigned stage = SGAN_STAGE_INDEPENDENT; stage <= SGAN_STAGE_JOINT; stage++) {
		struct run r;
		double square = 0;
		open_text(&r, text, stage);
		cr_assert_eq(sgan_session_batch(r.session, IMAGES, r.x, r.labels), SGAN_OK, "%s", sgan_last_error());
		cr_assert_eq(sgan_discriminator_step(r.session), SGAN_OK, "%s", sgan_last_error());
		const struct sgan_tape *tape = r.session->tapes[0].discriminator_real;
		const struct sgan_net *d = r.model->stacks[0].discriminator.net;
		take_noise(&r, tape, noise);
		for (size_t k = 0; k < IMAGES * PIXELS; k++)
			square += (double)noise[k] * (double)noise[k] / (IMAGES * PIXELS);
		const double sigma = stage == SGAN_STAGE_JOINT ? 0.5 : 0.05;
		cr_expect_float_eq(sqrt(square), sigma, sigma / 5);
		const bool handed_on =
			sgan_tape_value(tape, sgan_net_find(d, "dropout")) == sgan_tape_value(tape, sgan_net_find(d, "conv1"));
		cr_expect_eq(handed_on, stage == SGAN_STAGE_JOINT);
		close_run(&r);
	}
	check_stage(text, SGAN_STAGE_JOINT);
}

/* Real and generated images of a D step, those of a G step, and those of the next steps: each has its own. */
Test(objectives, every_pass_draws_anew)
{
	struct run r;
	static real noise[DRAWS][IMAGES * PIXELS];
	open_text(&r, class_text, SGAN_STAGE_INDEPENDENT);
	const struct sgan_stack_tapes *t = &r.session->tapes[0];
	cr_assert_eq(sgan_session_batch(r.session, IMAGES, r.x, r.labels), SGAN_OK, "%s", sgan_last_error());
	for (int step = 0; step < 2; step++) {
		cr_assert_eq(sgan_discriminator_step(r.session), SGAN_OK, "%s", sgan_last_error());
		take_noise(&r, t->discriminator_real, noise[3 * step]);
		take_noise(&r, t->discriminator_generated, noise[3 * step + 1]);
		cr_assert_eq(sgan_generator_step(r.session), SGAN_OK, "%s", sgan_last_error());
		take_noise(&r, t->discriminator_generated, noise[3 * step + 2]);
	}
	for (int i = 0; i < DRAWS; i++)
		for (int j = 0; j < i; j++) {
			double product = 0, square = 0;
			for (size_t k = 0; k < IMAGES * PIXELS; k++) {
				product += (double)noise[i][k] * (double)noise[j][k];
				square += (double)noise[i][k] * (double)noise[i][k];
			}
			cr_expect(fabs(product / square) < 0.5, "passes %d and %d drew alike: correlation %g", i, j,
			          product / square);
		}
	close_run(&r);
}

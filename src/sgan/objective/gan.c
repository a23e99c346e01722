/* A D step and a G step of a session's stacks: equations (3) to (7) of the paper.
 *
 * In the independent stage every stack is conditioned on the encoder's h(i+1) of the real images; in the joint
 * stage on what the generator above made of it. Everything within a step uses the weights from before it. */
#include <string.h>

#include "src/cpu/status.h"
#include "src/ops/ops.h"
#include "src/sgan/objective/session_internal.h"
#include "src/sgan/objective/terms.h"

/* z(i) ~ U[0, 1) */
static sgan_status draw(struct sgan_session *s, enum sgan_purpose purpose, uint64_t step, size_t i)
{
	const struct sgan_image_range images = sgan_batch_images(s->batch);
	const size_t size = s->model->stacks[i].noise_size, first = images.first * size;
	return sgan_random_uniform(s->ctx, s->model->preset->seed, sgan_stream(purpose, (unsigned)s->stage, (unsigned)i),
	                           step, first, images.count * size, s->tapes[i].noise + first);
}

/* What G_0 made, as networks on images take it. */
static void subtract_mean(struct sgan_session *s, const real *pixels)
{
	const struct sgan_image_range images = sgan_batch_images(s->batch);
	const size_t first = images.first * s->model->stacks[0].lower_size;
	sgan_input_of_pixels(s->ctx, &s->model->input, images.count, pixels + first, s->generated + first);
}

/* The stacks begin .. end - 1. */
struct stacks {
	size_t begin, end;
};

/* How images are generated, and for what. */
struct drawing {
	enum sgan_purpose purpose; /* of z, noise and masks */
	enum sgan_mode mode;
	bool averaged;   /* by averaged weights */
	uint64_t number; /* of such a batch */
};

static const struct drawing for_discriminator = { .purpose = SGAN_RANDOM_DISCRIMINATOR, .mode = SGAN_TRAIN };
static const struct drawing for_generator = { .purpose = SGAN_RANDOM_GENERATOR, .mode = SGAN_TRAIN_RUNNING };

static uint64_t updates_of(const struct sgan_session *s, enum sgan_player player, size_t i)
{
	return player == SGAN_DISCRIMINATOR ? s->updates.first : s->updates.generator[i];
}

/* Names the random numbers of stack i: by the updates that its player had before. */
static uint64_t step_of(const struct sgan_session *s, const struct drawing *drawing, size_t i)
{
	const bool discriminator = drawing->purpose == SGAN_RANDOM_DISCRIMINATOR;
	if (drawing->averaged)
		return drawing->number;
	return updates_of(s, discriminator ? SGAN_DISCRIMINATOR : SGAN_GENERATOR, i);
}

/* Draws z(i) and generates h(i) = G_i(h(i+1), z(i)), from the top stack down. */
static sgan_status generate(struct sgan_session *s, struct stacks stacks, const struct drawing *drawing)
{
	for (size_t i = stacks.end; i-- > stacks.begin;) {
		const struct sgan_stack *stack = &s->model->stacks[i];
		struct sgan_stack_tapes *t = &s->tapes[i];
		const uint64_t step = step_of(s, drawing, i);
		const struct sgan_part *g = &stack->generator;
		SGAN_TRY(draw(s, drawing->purpose, step, i));
		if (stack->generator_condition >= 0)
			sgan_tape_input(t->generator, stack->generator_condition, sgan_session_condition(s, i));
		sgan_tape_input(t->generator, stack->generator_noise, t->noise);
		sgan_session_random(s, t->generator, drawing->purpose, i, SGAN_DRAWN_BY_GENERATOR, step);
		SGAN_TRY(sgan_net_forward(s->ctx, g->net, drawing->averaged ? g->average : g->params, t->generator, s->batch,
		                          drawing->mode));
		if (i == 0 && s->generated != NULL) /* gradients pass a subtraction as they are */
			subtract_mean(s, sgan_tape_value(t->generator, stack->generator_out));
	}
	return SGAN_OK;
}

/* D_i and Q_i on h. */
static sgan_status discriminate(struct sgan_session *s, size_t i, struct sgan_tape *tape, const real *h)
{
	const struct sgan_stack *stack = &s->model->stacks[i];
	sgan_tape_input(tape, stack->discriminator_in, h);
	return sgan_net_forward(s->ctx, stack->discriminator.net, stack->discriminator.params, tape, s->batch, SGAN_TRAIN);
}

/* E_i on what G_i made. */
static sgan_status encode(struct sgan_session *s, size_t i)
{
	const struct sgan_encoder_part *e = &s->model->encoder[i];
	struct sgan_tape *tape = s->tapes[i].encoder_generated;
	sgan_tape_input(tape, e->in, sgan_session_generated(s, i));
	return sgan_net_forward(s->ctx, e->part.net, e->part.params, tape, s->batch, SGAN_INFER);
}

/* Gradients of the terms of D_i and Q_i: lambda_adv L_D + lambda_ent L_ent, equations (4) and (7), and the class loss.
 * Real and generated batches pass apart, each with its own batch statistics, noise and masks. */
static sgan_status discriminator_gradients(struct sgan_session *s, size_t i)
{
	const struct sgan_part *d = &s->model->stacks[i].discriminator;
	const unsigned passes = sgan_terms_passes(s, i, SGAN_DISCRIMINATOR);
	struct sgan_tape *on_real = s->tapes[i].discriminator_real, *on_generated = s->tapes[i].discriminator_generated;
	sgan_params_clear_grads(d->params);
	if (passes & SGAN_D_REAL) {
		sgan_session_random(s, on_real, SGAN_RANDOM_DISCRIMINATOR, i, SGAN_DRAWN_BY_REAL, s->updates.first);
		SGAN_TRY(discriminate(s, i, on_real, sgan_session_real(s, i)));
	}
	if (passes & SGAN_D_GENERATED) {
		sgan_session_random(s, on_generated, SGAN_RANDOM_DISCRIMINATOR, i, SGAN_DRAWN_BY_GENERATED, s->updates.first);
		SGAN_TRY(discriminate(s, i, on_generated, sgan_session_generated(s, i)));
	}
	SGAN_TRY(sgan_terms_take(s, i, SGAN_DISCRIMINATOR));
	if (passes & SGAN_D_REAL)
		SGAN_TRY(sgan_net_backward(s->ctx, d->net, d->params, on_real, true, -1));
	if (passes & SGAN_D_GENERATED)
		SGAN_TRY(sgan_net_backward(s->ctx, d->net, d->params, on_generated, true, -1));
	return SGAN_OK;
}

/* The way of a gradient back through D_i or E_i, which stay as they are, to what G_i made. */
static sgan_status lead_back(struct sgan_session *s, size_t i, const struct sgan_part *part, struct sgan_tape *tape,
                             int input)
{
	const struct sgan_stack *stack = &s->model->stacks[i];
	SGAN_TRY(sgan_net_backward(s->ctx, part->net, part->params, tape, false, input));
	return sgan_session_add(s, stack->lower_size, sgan_tape_grad(tape, input),
	                        sgan_tape_grad(s->tapes[i].generator, stack->generator_out));
}

/* The gradient of L_cond by its target, h(i+1): the opposite of that by what E_i recovered, of whose head it is kept
 * before a backward pass writes over it. */
static void keep_target_gradient(struct sgan_session *s, size_t i)
{
	const struct sgan_stack *stack = &s->model->stacks[i];
	const struct sgan_image_range images = sgan_batch_images(s->batch);
	const size_t first = images.first * stack->upper_size;
	real *kept = s->tapes[i].condition_gradient;
	memset(kept + first, 0, images.count * stack->upper_size * sizeof *kept);
	if (sgan_terms_passes(s, i, SGAN_GENERATOR) & SGAN_E_GENERATED)
		sgan_session_add_weighted(s, stack->upper_size, -1,
		                          sgan_tape_grad(s->tapes[i].encoder_generated, s->model->encoder[i].out), kept);
}

/* The way of all that G_i minimises back to h(i+1), which G_(i+1) made, to whose gradients it is added. */
static sgan_status lead_up(struct sgan_session *s, size_t i, double weight)
{
	const struct sgan_stack *stack = &s->model->stacks[i], *above = &s->model->stacks[i + 1];
	struct sgan_stack_tapes *t = &s->tapes[i];
	SGAN_TRY(sgan_session_add(s, stack->upper_size, sgan_tape_grad(t->generator, stack->generator_condition),
	                          t->condition_gradient));
	sgan_session_add_weighted(s, stack->upper_size, weight, t->condition_gradient,
	                          sgan_tape_grad(s->tapes[i + 1].generator, above->generator_out));
	return SGAN_OK;
}

/* Gradients of the terms of G_i, equation (3): lambda_adv L_adv + lambda_cond L_cond + lambda_ent L_ent; and of what
 * G_(i-1) minimises, which the step of stack i - 1 has left there. */
static sgan_status generator_gradients(struct sgan_session *s, size_t i)
{
	const struct sgan_stack *stack = &s->model->stacks[i];
	const struct sgan_encoder_part *e = &s->model->encoder[i];
	const struct sgan_stack_tapes *t = &s->tapes[i];
	const unsigned passes = sgan_terms_passes(s, i, SGAN_GENERATOR);
	const double above = sgan_terms_below(s, i + 1);
	sgan_params_clear_grads(stack->generator.params);
	if (passes & SGAN_D_GENERATED) {
		sgan_session_random(s, t->discriminator_generated, SGAN_RANDOM_GENERATOR, i, SGAN_DRAWN_BY_GENERATED,
		                    s->updates.generator[i]);
		SGAN_TRY(discriminate(s, i, t->discriminator_generated, sgan_session_generated(s, i)));
	}
	if (passes & SGAN_E_GENERATED)
		SGAN_TRY(encode(s, i));
	SGAN_TRY(sgan_terms_take(s, i, SGAN_GENERATOR));
	if (above > 0)
		keep_target_gradient(s, i);
	if (passes & SGAN_D_GENERATED)
		SGAN_TRY(lead_back(s, i, &stack->discriminator, t->discriminator_generated, stack->discriminator_in));
	if (passes & SGAN_E_GENERATED)
		SGAN_TRY(lead_back(s, i, &e->part, t->encoder_generated, e->in));
	SGAN_TRY(sgan_net_backward(s->ctx, stack->generator.net, stack->generator.params, t->generator, true,
	                           above > 0 ? stack->generator_condition : -1));
	return above > 0 ? lead_up(s, i, above) : SGAN_OK;
}

/* Whether the player of a stack has anything to minimise. */
static bool takes_part(const struct sgan_session *s, size_t i, enum sgan_player player)
{
	return sgan_terms_passes(s, i, player) != 0 || (player == SGAN_GENERATOR && sgan_terms_below(s, i) > 0);
}

/* Gradients of every stack whose player takes part, from the bottom up, then their updates: all by the weights from
 * before. */
static sgan_status step(struct sgan_session *s, struct stacks stacks, enum sgan_player player)
{
	SGAN_TRY(generate(s, stacks, player == SGAN_DISCRIMINATOR ? &for_discriminator : &for_generator));
	for (size_t i = stacks.begin; i < stacks.end; i++)
		if (takes_part(s, i, player))
			SGAN_TRY(player == SGAN_DISCRIMINATOR ? discriminator_gradients(s, i) : generator_gradients(s, i));
	for (size_t i = stacks.begin; i < stacks.end; i++) {
		struct sgan_stack *stack = &s->model->stacks[i];
		struct sgan_part *part = player == SGAN_DISCRIMINATOR ? &stack->discriminator : &stack->generator;
		if (takes_part(s, i, player))
			SGAN_TRY(sgan_session_update(s, part, updates_of(s, player, i)));
	}
	return SGAN_OK;
}

static struct stacks stacks_of(const struct sgan_session *s)
{
	return (struct stacks){ s->stack_begin, s->stack_end };
}

sgan_status sgan_discriminator_step(struct sgan_session *s)
{
	SGAN_TRY(step(s, stacks_of(s), SGAN_DISCRIMINATOR));
	s->updates.first++;
	return SGAN_OK;
}

/* The first updates count for more, so that the first weights are soon forgotten: the decay is 2/11 at first, 0.9 after
 * some 80, and the stage's in the end. */
static void move_average(struct sgan_session *s, size_t i)
{
	const struct sgan_part *g = &s->model->stacks[i].generator;
	const double updates = (double)s->updates.generator[i], early = (1 + updates) / (10 + updates);
	if (g->average != NULL && s->settings->ema > 0)
		sgan_params_average(s->ctx, g->params, early < s->settings->ema ? early : s->settings->ema, g->average);
}

static sgan_status generator_step(struct sgan_session *s, struct stacks stacks)
{
	SGAN_TRY(step(s, stacks, SGAN_GENERATOR));
	for (size_t i = stacks.begin; i < stacks.end; i++) {
		s->updates.generator[i]++;
		move_average(s, i);
	}
	return SGAN_OK;
}

void sgan_session_copy_averages(struct sgan_session *s)
{
	for (size_t i = 0; i < s->model->stack_count; i++) {
		const struct sgan_part *g = &s->model->stacks[i].generator;
		if (g->average != NULL)
			sgan_params_average(s->ctx, g->params, 0, g->average);
	}
}

sgan_status sgan_session_average_statistics(struct sgan_session *s, uint64_t number)
{
	const struct drawing for_average = {
		.purpose = SGAN_RANDOM_AVERAGE, .mode = SGAN_TRAIN_RUNNING, .averaged = true, .number = number
	};
	return generate(s, stacks_of(s), &for_average);
}

sgan_status sgan_generator_step(struct sgan_session *s)
{
	return generator_step(s, stacks_of(s));
}

/* The number of G steps that the schedule has for what D_i's loss was; its first where D_i has no such loss. */
static size_t steps_wanted(const struct sgan_session *s, size_t i)
{
	const struct sgan_schedule *schedule = &s->settings->generator_steps;
	const struct sgan_loss *loss = sgan_terms_loss(s, i, SGAN_TERM_ADVERSARIAL, SGAN_DISCRIMINATOR);
	size_t k = 0;
	while (loss != NULL && k < schedule->above.count && !(loss->value > schedule->above.values[k]))
		k++;
	return schedule->steps.values[k];
}

static sgan_status repeat_step(struct sgan_session *s, struct stacks stacks)
{
	const size_t count = steps_wanted(s, stacks.begin);
	for (size_t i = stacks.begin; i < stacks.end; i++)
		sgan_terms_count_steps(s, i, count);
	for (size_t k = 0; k < count; k++)
		SGAN_TRY(generator_step(s, stacks));
	return SGAN_OK;
}

sgan_status sgan_generator_steps(struct sgan_session *s)
{
	if (s->stage == SGAN_STAGE_JOINT)
		return repeat_step(s, stacks_of(s));
	for (size_t i = s->stack_begin; i < s->stack_end; i++)
		SGAN_TRY(repeat_step(s, (struct stacks){ i, i + 1 }));
	return SGAN_OK;
}

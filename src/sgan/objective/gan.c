/* A D step and a G step of a session's stacks: equations (3) to (7) of the paper.
 *
 * In the independent stage every stack is conditioned on the encoder's h(i+1) of the real images; in the joint
 * stage on what the generator above made of it. Everything within a step uses the weights from before it. */
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
	sgan_input_of_pixels(&s->model->input, images.count, pixels + first, s->generated + first);
}

/* Draws z(i) and generates h(i) = G_i(h(i+1), z(i)), from the top stack down. */
static sgan_status generate(struct sgan_session *s, enum sgan_purpose purpose, uint64_t step, enum sgan_mode mode)
{
	for (size_t i = s->stack_end; i-- > s->stack_begin;) {
		const struct sgan_stack *stack = &s->model->stacks[i];
		struct sgan_stack_tapes *t = &s->tapes[i];
		SGAN_TRY(draw(s, purpose, step, i));
		if (stack->generator_condition >= 0)
			sgan_tape_input(t->generator, stack->generator_condition, sgan_session_condition(s, i));
		sgan_tape_input(t->generator, stack->generator_noise, t->noise);
		sgan_session_random(s, t->generator, purpose, i, SGAN_DRAWN_BY_GENERATOR, step);
		SGAN_TRY(sgan_net_forward(s->ctx, stack->generator.net, stack->generator.params, t->generator, s->batch, mode));
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
	const struct sgan_stack *stack = &s->model->stacks[i];
	struct sgan_tape *tape = s->tapes[i].encoder_generated;
	sgan_tape_input(tape, stack->encoder_in, sgan_session_generated(s, i));
	return sgan_net_forward(s->ctx, stack->encoder.net, stack->encoder.params, tape, s->batch, SGAN_INFER);
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
		sgan_session_random(s, on_real, SGAN_RANDOM_DISCRIMINATOR, i, SGAN_DRAWN_BY_REAL, s->updates[0]);
		SGAN_TRY(discriminate(s, i, on_real, sgan_session_real(s, i)));
	}
	if (passes & SGAN_D_GENERATED) {
		sgan_session_random(s, on_generated, SGAN_RANDOM_DISCRIMINATOR, i, SGAN_DRAWN_BY_GENERATED, s->updates[0]);
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

/* Gradients of the terms of G_i, equation (3): lambda_adv L_adv + lambda_cond L_cond + lambda_ent L_ent. */
static sgan_status generator_gradients(struct sgan_session *s, size_t i)
{
	const struct sgan_stack *stack = &s->model->stacks[i];
	const struct sgan_stack_tapes *t = &s->tapes[i];
	const unsigned passes = sgan_terms_passes(s, i, SGAN_GENERATOR);
	sgan_params_clear_grads(stack->generator.params);
	if (passes & SGAN_D_GENERATED) {
		sgan_session_random(s, t->discriminator_generated, SGAN_RANDOM_GENERATOR, i, SGAN_DRAWN_BY_GENERATED,
		                    s->updates[1]);
		SGAN_TRY(discriminate(s, i, t->discriminator_generated, sgan_session_generated(s, i)));
	}
	if (passes & SGAN_E_GENERATED)
		SGAN_TRY(encode(s, i));
	SGAN_TRY(sgan_terms_take(s, i, SGAN_GENERATOR));
	if (passes & SGAN_D_GENERATED)
		SGAN_TRY(lead_back(s, i, &stack->discriminator, t->discriminator_generated, stack->discriminator_in));
	if (passes & SGAN_E_GENERATED)
		SGAN_TRY(lead_back(s, i, &stack->encoder, t->encoder_generated, stack->encoder_in));
	return sgan_net_backward(s->ctx, stack->generator.net, stack->generator.params, t->generator, true, -1);
}

/* Gradients of every stack whose player has terms, then their updates: all by the weights from before. */
static sgan_status step(struct sgan_session *s, enum sgan_player player,
                        sgan_status (*gradients)(struct sgan_session *s, size_t i))
{
	for (size_t i = s->stack_begin; i < s->stack_end; i++)
		if (sgan_terms_passes(s, i, player) != 0)
			SGAN_TRY(gradients(s, i));
	for (size_t i = s->stack_begin; i < s->stack_end; i++) {
		struct sgan_stack *stack = &s->model->stacks[i];
		struct sgan_part *part = player == SGAN_DISCRIMINATOR ? &stack->discriminator : &stack->generator;
		if (sgan_terms_passes(s, i, player) != 0)
			SGAN_TRY(sgan_session_update(s, part, s->updates[player]));
	}
	s->updates[player]++;
	return SGAN_OK;
}

sgan_status sgan_discriminator_step(struct sgan_session *s)
{
	SGAN_TRY(generate(s, SGAN_RANDOM_DISCRIMINATOR, s->updates[0], SGAN_TRAIN));
	return step(s, SGAN_DISCRIMINATOR, discriminator_gradients);
}

sgan_status sgan_generator_step(struct sgan_session *s)
{
	SGAN_TRY(generate(s, SGAN_RANDOM_GENERATOR, s->updates[1], SGAN_TRAIN_RUNNING));
	return step(s, SGAN_GENERATOR, generator_gradients);
}

/* A D step and a G step of a session's stacks: equations (3) to (7) of the paper.
 *
 * In the independent stage every stack is conditioned on the encoder's h(i+1) of the real images; in the joint
 * stage on what the generator above made of it. Everything within a step uses the weights from before it. */
#include "src/cpu/status.h"
#include "src/ops/ops.h"
#include "src/sgan/objective/session_internal.h"

static bool is_top(const struct sgan_session *s, size_t i)
{
	return i + 1 == s->model->stack_count;
}

/* h(i+1): what G_i is conditioned on, and what E_i should recover from its output. */
static const real *condition(const struct sgan_session *s, size_t i)
{
	if (is_top(s, i))
		return s->one_hot;
	return s->stage == SGAN_STAGE_JOINT ? sgan_session_generated(s, i + 1) : sgan_session_real(s, i + 1);
}

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
		sgan_tape_input(t->generator, stack->generator_condition, condition(s, i));
		sgan_tape_input(t->generator, stack->generator_noise, t->noise);
		sgan_session_random(s, t->generator, purpose, i, SGAN_PASS_GENERATOR, step);
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

/* The binary cross-entropy of D with `target`, its gradient times `weight` left on the tape. */
static sgan_status adversarial_loss(struct sgan_session *s, size_t i, struct sgan_tape *tape, real target,
                                    double weight, double *loss)
{
	const int head = s->model->stacks[i].discriminator_logit;
	if (s->model->preset->stacks[i].discriminator_loss == SGAN_DISCRIMINATOR_BINARY)
		return sgan_bce_logits(s->ctx, s->batch, sgan_tape_value(tape, head), target, (real)weight, loss,
		                       sgan_tape_grad(tape, head));
	return sgan_bce_classes(s->ctx, s->batch, s->model->preset->classes, sgan_tape_value(tape, head), target,
	                        (real)weight, loss, sgan_tape_grad(tape, head));
}

/* That D tells the classes of real images, where it has an output for each; else 0. */
static sgan_status class_loss(struct sgan_session *s, size_t i, struct sgan_tape *tape, double *loss)
{
	const int head = s->model->stacks[i].discriminator_logit;
	if (s->model->preset->stacks[i].discriminator_loss == SGAN_DISCRIMINATOR_BINARY)
		return SGAN_OK;
	return sgan_softmax_cross_entropy(s->ctx, s->batch, s->model->preset->classes, sgan_tape_value(tape, head),
	                                  s->labels, 1, loss, sgan_tape_grad(tape, head));
}

/* lambda_adv L_adv: -log D, equation (5), or log(1 - D). */
static sgan_status generator_adversarial_loss(struct sgan_session *s, size_t i, struct sgan_tape *tape, double *loss)
{
	const double weight = s->settings->lambda_adv;
	if (s->model->preset->stacks[i].adversarial == SGAN_ADVERSARIAL_NON_SATURATING)
		return adversarial_loss(s, i, tape, 1, weight, loss);
	SGAN_TRY(adversarial_loss(s, i, tape, 0, -weight, loss));
	*loss = -*loss;
	return SGAN_OK;
}

/* L_ent, equation (7): with a fixed-variance Gaussian posterior, the squared error of Q's mean. */
static sgan_status entropy_loss(struct sgan_session *s, size_t i, struct sgan_tape *tape, double *loss)
{
	const struct sgan_stack *stack = &s->model->stacks[i];
	return sgan_mean_squared_error(
		s->ctx, s->batch, stack->noise_size, sgan_tape_value(tape, stack->discriminator_code), s->tapes[i].noise,
		(real)s->settings->lambda_ent, loss, sgan_tape_grad(tape, stack->discriminator_code));
}

/* L_cond, equation (6): the distance of E_i(G_i(h(i+1), z)) from h(i+1): Euclidean for features, cross-entropy
 * for labels. */
static sgan_status conditional_loss(struct sgan_session *s, size_t i, double *loss)
{
	const struct sgan_stack *stack = &s->model->stacks[i];
	struct sgan_tape *tape = s->tapes[i].encoder_generated;
	const real weight = (real)s->settings->lambda_cond;
	sgan_tape_input(tape, stack->encoder_in, sgan_session_generated(s, i));
	SGAN_TRY(sgan_net_forward(s->ctx, stack->encoder.net, stack->encoder.params, tape, s->batch, SGAN_INFER));
	const real *recovered = sgan_tape_value(tape, stack->encoder_out);
	real *grad = sgan_tape_grad(tape, stack->encoder_out);
	if (s->model->preset->stacks[i].condition == SGAN_CONDITION_CROSS_ENTROPY)
		SGAN_TRY(
			sgan_softmax_cross_entropy(s->ctx, s->batch, stack->upper_size, recovered, s->labels, weight, loss, grad));
	else
		SGAN_TRY(sgan_mean_squared_error(s->ctx, s->batch, stack->upper_size, recovered, condition(s, i), weight, loss,
		                                 grad));
	return sgan_net_backward(s->ctx, stack->encoder.net, stack->encoder.params, tape, false, stack->encoder_in);
}

/* Gradients of L_D + lambda_ent L_ent, equations (4) and (7), with respect to D_i and Q_i. Real and generated
 * batches pass apart, each with its own batch statistics, noise and masks. */
static sgan_status discriminator_gradients(struct sgan_session *s, size_t i)
{
	const struct sgan_part *d = &s->model->stacks[i].discriminator;
	struct sgan_stack_tapes *t = &s->tapes[i];
	double real_loss = 0, generated_loss = 0, classes = 0, entropy = 0;
	sgan_params_clear_grads(d->params);
	sgan_session_random(s, t->discriminator_real, SGAN_RANDOM_DISCRIMINATOR, i, SGAN_PASS_REAL, s->updates[0]);
	sgan_session_random(s, t->discriminator_generated, SGAN_RANDOM_DISCRIMINATOR, i, SGAN_PASS_GENERATED,
	                    s->updates[0]);
	SGAN_TRY(discriminate(s, i, t->discriminator_real, sgan_session_real(s, i)));
	SGAN_TRY(discriminate(s, i, t->discriminator_generated, sgan_session_generated(s, i)));
	/* equation (4), each expectation weighted by one half */
	SGAN_TRY(adversarial_loss(s, i, t->discriminator_real, 1, 0.5, &real_loss));
	SGAN_TRY(adversarial_loss(s, i, t->discriminator_generated, 0, 0.5, &generated_loss));
	SGAN_TRY(class_loss(s, i, t->discriminator_real, &classes));
	SGAN_TRY(entropy_loss(s, i, t->discriminator_generated, &entropy));
	SGAN_TRY(sgan_net_backward(s->ctx, d->net, d->params, t->discriminator_real, true, -1));
	SGAN_TRY(sgan_net_backward(s->ctx, d->net, d->params, t->discriminator_generated, true, -1));
	sgan_session_record(s, 0.5 * real_loss + 0.5 * generated_loss, "loss_d%zu", i);
	sgan_session_record(s, entropy, "loss_d%zu_ent", i);
	if (s->model->preset->stacks[i].discriminator_loss == SGAN_DISCRIMINATOR_CLASSES)
		sgan_session_record(s, classes, "loss_d%zu_class", i);
	return SGAN_OK;
}

/* Gradients of equation (3), lambda_adv L_adv + lambda_cond L_cond + lambda_ent L_ent, with respect to G_i. D_i,
 * Q_i and E_i stay as they are; the condition counts as a constant. */
static sgan_status generator_gradients(struct sgan_session *s, size_t i)
{
	const struct sgan_stack *stack = &s->model->stacks[i];
	const struct sgan_part *d = &stack->discriminator, *g = &stack->generator;
	struct sgan_stack_tapes *t = &s->tapes[i];
	real *grad = sgan_tape_grad(t->generator, stack->generator_out);
	double adversarial = 0, conditional = 0, entropy = 0;
	sgan_params_clear_grads(g->params);
	sgan_session_random(s, t->discriminator_generated, SGAN_RANDOM_GENERATOR, i, SGAN_PASS_GENERATED, s->updates[1]);
	SGAN_TRY(discriminate(s, i, t->discriminator_generated, sgan_session_generated(s, i)));
	SGAN_TRY(generator_adversarial_loss(s, i, t->discriminator_generated, &adversarial));
	SGAN_TRY(entropy_loss(s, i, t->discriminator_generated, &entropy));
	SGAN_TRY(sgan_net_backward(s->ctx, d->net, d->params, t->discriminator_generated, false, stack->discriminator_in));
	SGAN_TRY(conditional_loss(s, i, &conditional));
	SGAN_TRY(sgan_session_add(s, stack->lower_size, sgan_tape_grad(t->discriminator_generated, stack->discriminator_in),
	                          grad));
	SGAN_TRY(sgan_session_add(s, stack->lower_size, sgan_tape_grad(t->encoder_generated, stack->encoder_in), grad));
	SGAN_TRY(sgan_net_backward(s->ctx, g->net, g->params, t->generator, true, -1));
	sgan_session_record(s, adversarial, "loss_g%zu_adv", i);
	sgan_session_record(s, conditional, "loss_g%zu_cond", i);
	sgan_session_record(s, entropy, "loss_g%zu_ent", i);
	return SGAN_OK;
}

sgan_status sgan_discriminator_step(struct sgan_session *s)
{
	SGAN_TRY(generate(s, SGAN_RANDOM_DISCRIMINATOR, s->updates[0], SGAN_TRAIN));
	for (size_t i = s->stack_begin; i < s->stack_end; i++)
		SGAN_TRY(discriminator_gradients(s, i));
	for (size_t i = s->stack_begin; i < s->stack_end; i++)
		SGAN_TRY(sgan_session_update(s, &s->model->stacks[i].discriminator, s->updates[0]));
	s->updates[0]++;
	return SGAN_OK;
}

sgan_status sgan_generator_step(struct sgan_session *s)
{
	SGAN_TRY(generate(s, SGAN_RANDOM_GENERATOR, s->updates[1], SGAN_TRAIN_RUNNING));
	for (size_t i = s->stack_begin; i < s->stack_end; i++)
		SGAN_TRY(generator_gradients(s, i));
	for (size_t i = s->stack_begin; i < s->stack_end; i++)
		SGAN_TRY(sgan_session_update(s, &s->model->stacks[i].generator, s->updates[1]));
	s->updates[1]++;
	return SGAN_OK;
}

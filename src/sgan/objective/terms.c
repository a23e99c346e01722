/* The terms that discriminators and generators minimise, equations (4) to (7) of the paper: one row each.
 *
 * A term knows the heads that it is taken of; which passes ran before and where gradients go on to is gan.c's. */
#include "src/sgan/objective/terms.h"

#include <stdio.h>

#include "src/cpu/status.h"
#include "src/ops/ops.h"
#include "src/sgan/objective/session_internal.h"

static bool has_classes(const struct sgan_session *s, size_t i)
{
	return s->model->preset->stacks[i].discriminator_loss == SGAN_DISCRIMINATOR_CLASSES;
}

/* The binary cross-entropy of D with `target`, its gradient times `weight` left on the tape. */
static sgan_status judge(struct sgan_session *s, size_t i, struct sgan_tape *tape, real target, double weight,
                         double *loss)
{
	const int head = s->model->stacks[i].discriminator_logit;
	if (!has_classes(s, i))
		return sgan_bce_logits(s->ctx, s->batch, sgan_tape_value(tape, head), target, (real)weight, loss,
		                       sgan_tape_grad(tape, head));
	return sgan_bce_classes(s->ctx, s->batch, s->model->preset->classes, sgan_tape_value(tape, head), target,
	                        (real)weight, loss, sgan_tape_grad(tape, head));
}

/* L_D, equation (4), each expectation weighted by one half. lambda_adv weighs it as it does L_adv: so does the
 * published code, and where it is 0 nobody asks D. */
static sgan_status tell_apart(struct sgan_session *s, size_t i, const struct sgan_term *term, double *loss)
{
	double real_loss = 0, generated_loss = 0;
	SGAN_TRY(judge(s, i, s->tapes[i].discriminator_real, 1, 0.5 * term->weight, &real_loss));
	SGAN_TRY(judge(s, i, s->tapes[i].discriminator_generated, 0, 0.5 * term->weight, &generated_loss));
	*loss = 0.5 * real_loss + 0.5 * generated_loss;
	return SGAN_OK;
}

/* That D tells the classes of real images: softmax cross-entropy of its logits with the label. */
static sgan_status tell_classes(struct sgan_session *s, size_t i, const struct sgan_term *term, double *loss)
{
	struct sgan_tape *tape = s->tapes[i].discriminator_real;
	const int head = s->model->stacks[i].discriminator_logit;
	return sgan_softmax_cross_entropy(s->ctx, s->batch, s->model->preset->classes, sgan_tape_value(tape, head),
	                                  s->labels, (real)term->weight, loss, sgan_tape_grad(tape, head));
}

/* L_adv: -log D, equation (5), or log(1 - D). */
static sgan_status deceive(struct sgan_session *s, size_t i, const struct sgan_term *term, double *loss)
{
	struct sgan_tape *tape = s->tapes[i].discriminator_generated;
	if (term->adversarial == SGAN_ADVERSARIAL_NON_SATURATING)
		return judge(s, i, tape, 1, term->weight, loss);
	SGAN_TRY(judge(s, i, tape, 0, -term->weight, loss));
	*loss = -*loss;
	return SGAN_OK;
}

/* L_ent, equation (7): with a fixed-variance Gaussian posterior, the squared error of Q's mean. */
static sgan_status recover_noise(struct sgan_session *s, size_t i, const struct sgan_term *term, double *loss)
{
	const struct sgan_stack *stack = &s->model->stacks[i];
	struct sgan_tape *tape = s->tapes[i].discriminator_generated;
	return sgan_mean_squared_error(s->ctx, s->batch, stack->noise_size,
	                               sgan_tape_value(tape, stack->discriminator_code), s->tapes[i].noise,
	                               (real)term->weight, loss, sgan_tape_grad(tape, stack->discriminator_code));
}

/* L_cond, equation (6): the distance of E_i(G_i(h(i+1), z)) from h(i+1): Euclidean for features, cross-entropy for
 * labels. The condition counts as a constant; where a generator above is held to this term, gan.c takes the gradient by
 * the condition from that by what was recovered. */
static sgan_status recover_condition(struct sgan_session *s, size_t i, const struct sgan_term *term, double *loss)
{
	const struct sgan_encoder_part *e = &s->model->encoder[i];
	const real *recovered = sgan_tape_value(s->tapes[i].encoder_generated, e->out);
	real *grad = sgan_tape_grad(s->tapes[i].encoder_generated, e->out);
	if (term->condition == SGAN_CONDITION_CROSS_ENTROPY)
		return sgan_softmax_cross_entropy(s->ctx, s->batch, e->out_size, recovered, s->labels, (real)term->weight, loss,
		                                  grad);
	return sgan_mean_squared_error(s->ctx, s->batch, e->out_size, recovered, sgan_session_condition(s, i),
	                               (real)term->weight, loss, grad);
}

/* clang-format off */
const struct sgan_term_row sgan_term_rows[SGAN_TERM_ROWS] = {
	{ SGAN_TERM_ADVERSARIAL, SGAN_DISCRIMINATOR, "loss_d%zu",       SGAN_D_REAL | SGAN_D_GENERATED, tell_apart },
	{ SGAN_TERM_ENTROPY,     SGAN_DISCRIMINATOR, "loss_d%zu_ent",   SGAN_D_GENERATED,               recover_noise },
	{ SGAN_TERM_CLASS,       SGAN_DISCRIMINATOR, "loss_d%zu_class", SGAN_D_REAL,                    tell_classes },
	{ SGAN_TERM_ADVERSARIAL, SGAN_GENERATOR,     "loss_g%zu_adv",   SGAN_D_GENERATED,               deceive },
	{ SGAN_TERM_CONDITIONAL, SGAN_GENERATOR,     "loss_g%zu_cond",  SGAN_E_GENERATED,               recover_condition },
	{ SGAN_TERM_ENTROPY,     SGAN_GENERATOR,     "loss_g%zu_ent",   SGAN_D_GENERATED,               recover_noise },
};
/* clang-format on */

unsigned sgan_terms_passes(const struct sgan_session *s, size_t i, enum sgan_player player)
{
	unsigned passes = 0;
	for (size_t k = 0; k < s->terms[i].count; k++)
		if (s->terms[i].list[k].row->player == player)
			passes |= s->terms[i].list[k].row->passes;
	return passes;
}

const struct sgan_loss *sgan_terms_loss(const struct sgan_session *s, size_t i, enum sgan_term_kind kind,
                                        enum sgan_player player)
{
	for (size_t k = 0; k < s->terms[i].count; k++) {
		const struct sgan_term_row *row = s->terms[i].list[k].row;
		if (row->kind == kind && row->player == player)
			return s->terms[i].list[k].loss;
	}
	return NULL;
}

void sgan_terms_count_steps(struct sgan_session *s, size_t i, size_t steps)
{
	if (s->terms[i].steps == NULL)
		return;
	s->terms[i].steps->value = (double)steps;
	s->taken[s->terms[i].steps - s->losses] = true;
}

double sgan_terms_below(const struct sgan_session *s, size_t i)
{
	const bool pair = i > 0 && i < s->model->stack_count && s->model->stacks[i - 1].generator_condition >= 0;
	return pair ? s->model->preset->stacks[i].objective[s->stage].below : 0;
}

sgan_status sgan_terms_take(struct sgan_session *s, size_t i, enum sgan_player player)
{
	for (size_t k = 0; k < s->terms[i].count; k++) {
		const struct sgan_active_term *active = &s->terms[i].list[k];
		if (active->row->player != player)
			continue;
		SGAN_TRY(active->row->take(s, i, active->term, &active->loss->value));
		s->taken[active->loss - s->losses] = true;
	}
	return SGAN_OK;
}

bool sgan_terms_use_labels(const struct sgan_session *s, size_t i)
{
	for (size_t k = 0; k < s->terms[i].count; k++) {
		const struct sgan_term *term = s->terms[i].list[k].term;
		if (term->kind == SGAN_TERM_CLASS ||
		    (term->kind == SGAN_TERM_CONDITIONAL && term->condition == SGAN_CONDITION_CROSS_ENTROPY))
			return true;
	}
	return i + 1 == s->model->stack_count && s->model->stacks[i].generator_condition >= 0;
}

static struct sgan_loss *add_loss(struct sgan_session *s, const char *name, size_t i)
{
	struct sgan_loss *loss = &s->losses[s->loss_count++];
	snprintf(loss->name, sizeof loss->name, name, i);
	loss->value = 0;
	return loss;
}

/* Adds a stack's terms of one player, and their losses. */
static void list_terms(struct sgan_session *s, size_t i, enum sgan_player player)
{
	const struct sgan_objective *objective = &s->model->preset->stacks[i].objective[s->stage];
	struct sgan_stack_terms *terms = &s->terms[i];
	for (size_t r = 0; r < SGAN_TERM_ROWS; r++) {
		const struct sgan_term_row *row = &sgan_term_rows[r];
		const struct sgan_term *term = sgan_objective_find(objective, row->kind);
		if (row->player != player || term == NULL)
			continue;
		terms->list[terms->count++] = (struct sgan_active_term){ row, term, add_loss(s, row->name, i) };
	}
}

void sgan_terms_list(struct sgan_session *s)
{
	s->loss_count = 0;
	for (size_t i = 0; i < s->model->stack_count; i++)
		s->terms[i] = (struct sgan_stack_terms){ .count = 0 };
	if (s->stage == SGAN_STAGE_ENCODER)
		add_loss(s, "loss_encoder", 0);
	for (int player = 0; player < SGAN_PLAYERS; player++)
		for (size_t i = s->stack_begin; i < s->stack_end; i++)
			list_terms(s, i, (enum sgan_player)player);
	if (s->stage != SGAN_STAGE_ENCODER && s->settings->generator_steps.above.count > 0)
		for (size_t i = s->stack_begin; i < s->stack_end; i++)
			s->terms[i].steps = add_loss(s, "steps_g%zu", i);
}

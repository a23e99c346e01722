/* The memory of a stage's steps. */
#include "src/sgan/objective/session.h"

#include <stdlib.h>

#include "src/cpu/memory.h"
#include "src/cpu/status.h"
#include "src/exec/ctx.h"
#include "src/sgan/objective/terms.h"

/* A tape for gradients, with the stage's strengths of noise and dropout. */
static sgan_status make_tape(const struct sgan_net *net, const double strengths[SGAN_LAYERS], struct sgan_tape **tape)
{
	SGAN_TRY(sgan_tape_create(net, true, tape));
	sgan_tape_strengths(*tape, strengths);
	return SGAN_OK;
}

/* What the passes of a stack need, and no more: a term that a stack has not leaves tapes out. */
static sgan_status make_tapes(struct sgan_session *s, size_t i)
{
	const struct sgan_stack *stack = &s->model->stacks[i];
	struct sgan_stack_tapes *t = &s->tapes[i];
	const struct sgan_stack_desc *desc = &s->model->preset->stacks[i];
	const double *d_strengths = desc->discriminator_strengths[s->stage];
	const unsigned passes = sgan_terms_passes(s, i, SGAN_DISCRIMINATOR) | sgan_terms_passes(s, i, SGAN_GENERATOR);
	SGAN_TRY(make_tape(stack->generator.net, desc->generator_strengths[s->stage], &t->generator));
	if (passes & SGAN_D_REAL)
		SGAN_TRY(make_tape(stack->discriminator.net, d_strengths, &t->discriminator_real));
	if (passes & SGAN_D_GENERATED)
		SGAN_TRY(make_tape(stack->discriminator.net, d_strengths, &t->discriminator_generated));
	if (passes & SGAN_E_GENERATED)
		SGAN_TRY(sgan_tape_create(s->model->encoder[i].part.net, true, &t->encoder_generated));
	t->noise = sgan_places_alloc(s->ctx->places, s->model->max_batch, stack->noise_size * sizeof(real));
	if (t->noise == NULL)
		return SGAN_ENOMEM;
	if (!(sgan_terms_below(s, i + 1) > 0))
		return SGAN_OK;
	t->condition_gradient = sgan_places_alloc(s->ctx->places, s->model->max_batch, stack->upper_size * sizeof(real));
	return t->condition_gradient != NULL ? SGAN_OK : SGAN_ENOMEM;
}

static sgan_status make_all(struct sgan_session *s)
{
	const size_t stacks = s->model->stack_count, parts = s->model->encoder_count;
	const bool encoder = s->stage == SGAN_STAGE_ENCODER;
	s->encoder = calloc(parts, sizeof(struct sgan_tape *));
	s->tapes = calloc(stacks + 1, sizeof *s->tapes); /* there may be no stacks, and calloc(0) may be NULL */
	s->terms = calloc(stacks + 1, sizeof *s->terms);
	s->losses = calloc(stacks * (SGAN_TERM_ROWS + 1) + 1, sizeof *s->losses);
	s->taken = calloc(stacks * (SGAN_TERM_ROWS + 1) + 1, sizeof *s->taken);
	if (s->encoder == NULL || s->tapes == NULL || s->terms == NULL || s->losses == NULL || s->taken == NULL)
		return sgan_fail(SGAN_ENOMEM, "no memory for %zu stacks", stacks);
	sgan_terms_list(s);
	for (size_t i = 0; i < parts; i++)
		SGAN_TRY(sgan_tape_create(s->model->encoder[i].part.net, encoder, &s->encoder[i]));
	for (size_t i = 0; i < stacks && !encoder; i++)
		SGAN_TRY(make_tapes(s, i));
	if (s->model->input.mean != NULL && !encoder) {
		s->generated = sgan_places_alloc(s->ctx->places, s->model->max_batch, s->model->input.size * sizeof(real));
		if (s->generated == NULL)
			return SGAN_ENOMEM;
	}
	if (encoder || !sgan_preset_labelled(s->model->preset))
		return SGAN_OK;
	s->one_hot = sgan_alloc(s->model->max_batch * s->model->preset->classes, sizeof(real));
	return s->one_hot != NULL ? SGAN_OK : SGAN_ENOMEM;
}

sgan_status sgan_session_create(sgan_ctx *ctx, struct sgan_model *model, enum sgan_stage stage,
                                struct sgan_session **out)
{
	struct sgan_session *s = calloc(1, sizeof *s);
	if (s == NULL)
		return sgan_fail(SGAN_ENOMEM, "stage %s: no memory", sgan_stage_name(stage));
	s->ctx = ctx;
	s->model = model;
	s->stage = stage;
	s->settings = &model->preset->stages[stage];
	s->lr_factor = 1;
	s->stack_end = model->stack_count;
	s->slice_end = model->preset->slices;
	sgan_status status = make_all(s);
	if (status != SGAN_OK) {
		sgan_session_destroy(s);
		return sgan_fail_in(status, "stage %s", sgan_stage_name(stage));
	}
	*out = s;
	return SGAN_OK;
}

void sgan_session_destroy(struct sgan_session *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; s->encoder != NULL && i < s->model->encoder_count; i++)
		sgan_tape_destroy(s->encoder[i]);
	for (size_t i = 0; s->tapes != NULL && i < s->model->stack_count; i++) {
		struct sgan_stack_tapes *t = &s->tapes[i];
		sgan_tape_destroy(t->encoder_generated);
		sgan_tape_destroy(t->generator);
		sgan_tape_destroy(t->discriminator_real);
		sgan_tape_destroy(t->discriminator_generated);
		sgan_free(t->noise);
		sgan_free(t->condition_gradient);
	}
	sgan_free(s->one_hot);
	sgan_free(s->generated);
	free(s->encoder);
	free(s->tapes);
	free(s->terms);
	free(s->losses);
	free(s->taken);
	free(s);
}

sgan_status sgan_session_only(struct sgan_session *s, size_t stack)
{
	if (s->stage != SGAN_STAGE_INDEPENDENT)
		return sgan_fail(SGAN_EINVAL, "stage %s: its stacks cannot be stepped one by one", sgan_stage_name(s->stage));
	if (stack >= s->model->stack_count)
		return sgan_fail(SGAN_EINVAL, "stack %zu: the model has %zu, counted from 0", stack, s->model->stack_count);
	s->stack_begin = stack;
	s->stack_end = stack + 1;
	sgan_terms_list(s);
	return SGAN_OK;
}

sgan_status sgan_session_share(struct sgan_session *s, size_t begin, size_t end)
{
	if (begin > end || end > s->model->preset->slices)
		return sgan_fail(SGAN_EINVAL, "slices %zu to %zu of a batch, which has %zu", begin, end,
		                 s->model->preset->slices);
	s->slice_begin = begin;
	s->slice_end = end;
	return SGAN_OK;
}

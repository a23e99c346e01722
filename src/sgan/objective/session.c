/* Memory and data of a stage's steps; the encoder's step. The GAN's steps are in gan.c. */
#include "src/sgan/objective/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cpu/memory.h"
#include "src/cpu/status.h"
#include "src/ops/ops.h"
#include "src/sgan/objective/session_internal.h"

static sgan_status make_tapes(struct sgan_session *s, size_t i)
{
	const struct sgan_stack *stack = &s->model->stacks[i];
	struct sgan_stack_tapes *t = &s->tapes[i];
	if (s->stage == SGAN_STAGE_ENCODER)
		return sgan_tape_create(stack->encoder.net, true, &t->encoder);
	SGAN_TRY(sgan_tape_create(stack->encoder.net, false, &t->encoder));
	SGAN_TRY(sgan_tape_create(stack->encoder.net, true, &t->encoder_generated));
	SGAN_TRY(sgan_tape_create(stack->generator.net, true, &t->generator));
	SGAN_TRY(sgan_tape_create(stack->discriminator.net, true, &t->discriminator_real));
	SGAN_TRY(sgan_tape_create(stack->discriminator.net, true, &t->discriminator_generated));
	t->noise = sgan_alloc(s->model->max_batch * stack->noise_size, sizeof(real));
	return t->noise != NULL ? SGAN_OK : SGAN_ENOMEM;
}

static sgan_status make_all(struct sgan_session *s)
{
	for (size_t i = 0; i < s->model->stack_count; i++)
		SGAN_TRY(make_tapes(s, i));
	if (s->model->input.mean != NULL && s->stage != SGAN_STAGE_ENCODER) {
		s->generated = sgan_alloc(s->model->max_batch * s->model->input.size, sizeof(real));
		if (s->generated == NULL)
			return SGAN_ENOMEM;
	}
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
	for (size_t i = 0; i < s->model->stack_count; i++) {
		struct sgan_stack_tapes *t = &s->tapes[i];
		sgan_tape_destroy(t->encoder);
		sgan_tape_destroy(t->encoder_generated);
		sgan_tape_destroy(t->generator);
		sgan_tape_destroy(t->discriminator_real);
		sgan_tape_destroy(t->discriminator_generated);
		sgan_free(t->noise);
	}
	sgan_free(s->one_hot);
	sgan_free(s->generated);
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

/* h(i+1) = E_i(h(i)), from the image up to what E_(end-1) gives (section 3.2). */
static sgan_status run_encoder(struct sgan_session *s, size_t end, enum sgan_mode mode)
{
	for (size_t i = 0; i < end; i++) {
		const struct sgan_stack *stack = &s->model->stacks[i];
		sgan_tape_input(s->tapes[i].encoder, stack->encoder_in, sgan_session_real(s, i));
		sgan_session_random(s, s->tapes[i].encoder, SGAN_RANDOM_ENCODER, i, SGAN_PASS_ENCODER, s->updates[0]);
		SGAN_TRY(
			sgan_net_forward(s->ctx, stack->encoder.net, stack->encoder.params, s->tapes[i].encoder, s->batch, mode));
	}
	return SGAN_OK;
}

sgan_status sgan_session_batch(struct sgan_session *s, size_t n, const real *x, const uint32_t *labels)
{
	const size_t classes = s->model->preset->classes;
	if (n == 0 || n > s->model->max_batch)
		return sgan_fail(SGAN_EINVAL, "a batch of %zu images for a model made for 1 to %zu", n, s->model->max_batch);
	s->batch = (sgan_batch){ n, s->model->preset->slices, s->slice_begin, s->slice_end };
	s->x = x;
	s->labels = labels;
	memset(s->one_hot, 0, n * classes * sizeof s->one_hot[0]);
	for (size_t i = 0; i < n; i++)
		s->one_hot[i * classes + labels[i]] = 1;
	return run_encoder(s, s->stack_end, s->stage == SGAN_STAGE_ENCODER ? SGAN_TRAIN_RUNNING : SGAN_INFER);
}

sgan_status sgan_session_classify(struct sgan_session *s, size_t n, const real *x, uint32_t *classes)
{
	const size_t top = s->model->stack_count - 1, count = s->model->preset->classes;
	if (n == 0 || n > s->model->max_batch)
		return sgan_fail(SGAN_EINVAL, "%zu images to classify with a model made for 1 to %zu", n, s->model->max_batch);
	s->batch = sgan_whole_batch(n, s->model->preset->slices);
	s->x = x;
	SGAN_TRY(run_encoder(s, top + 1, SGAN_INFER));
	const real *scores = sgan_tape_value(s->tapes[top].encoder, s->model->stacks[top].encoder_out);
	for (size_t i = 0; i < n; i++) {
		classes[i] = 0;
		for (size_t c = 1; c < count; c++)
			if (scores[i * count + c] > scores[i * count + classes[i]])
				classes[i] = (uint32_t)c;
	}
	return SGAN_OK;
}

const real *sgan_session_real(const struct sgan_session *s, size_t stack)
{
	return stack == 0 ? s->x : sgan_tape_value(s->tapes[stack - 1].encoder, s->model->stacks[stack - 1].encoder_out);
}

const real *sgan_session_generated(const struct sgan_session *s, size_t stack)
{
	if (stack == 0 && s->generated != NULL)
		return s->generated;
	return sgan_tape_value(s->tapes[stack].generator, s->model->stacks[stack].generator_out);
}

void sgan_session_record(struct sgan_session *s, double value, const char *format, size_t stack)
{
	char name[SGAN_NAME];
	snprintf(name, sizeof name, format, stack);
	size_t i = 0;
	while (i < s->loss_count && strcmp(s->losses[i].name, name) != 0)
		i++;
	if (i == SGAN_LOSSES)
		return;
	if (i == s->loss_count)
		memcpy(s->losses[s->loss_count++].name, name, sizeof name);
	s->losses[i].value = value;
}

sgan_status sgan_session_add(struct sgan_session *s, size_t size, const real *values, real *sum)
{
	const struct sgan_image_range images = sgan_batch_images(s->batch);
	return sgan_add(s->ctx, images.count * size, values + images.first * size, sum + images.first * size);
}

void sgan_session_random(struct sgan_session *s, struct sgan_tape *tape, enum sgan_purpose purpose, size_t stack,
                         enum sgan_pass_of pass, uint64_t step)
{
	sgan_tape_random(tape, s->model->preset->seed,
	                 sgan_layer_stream(purpose, (unsigned)s->stage, (unsigned)stack, pass), step);
}

sgan_status sgan_session_update(struct sgan_session *s, struct sgan_part *part, uint64_t updates)
{
	const struct sgan_adam adam = {
		.lr = s->settings->lr, .beta1 = s->settings->beta1, .beta2 = s->settings->beta2, .epsilon = s->settings->epsilon
	};
	return sgan_params_adam(s->ctx, part->params, &adam, updates + 1);
}

sgan_status sgan_encoder_step(struct sgan_session *s)
{
	const size_t top = s->model->stack_count - 1;
	double loss = 0;
	for (size_t i = 0; i <= top; i++)
		sgan_params_clear_grads(s->model->stacks[i].encoder.params);
	SGAN_TRY(sgan_softmax_cross_entropy(s->ctx, s->batch, s->model->preset->classes,
	                                    sgan_tape_value(s->tapes[top].encoder, s->model->stacks[top].encoder_out),
	                                    s->labels, 1, &loss,
	                                    sgan_tape_grad(s->tapes[top].encoder, s->model->stacks[top].encoder_out)));
	for (size_t i = top + 1; i-- > 0;) {
		const struct sgan_stack *stack = &s->model->stacks[i];
		SGAN_TRY(sgan_net_backward(s->ctx, stack->encoder.net, stack->encoder.params, s->tapes[i].encoder, true,
		                           i > 0 ? stack->encoder_in : -1));
		if (i > 0)
			SGAN_TRY(sgan_session_add(s, stack->lower_size, sgan_tape_grad(s->tapes[i].encoder, stack->encoder_in),
			                          sgan_tape_grad(s->tapes[i - 1].encoder, s->model->stacks[i - 1].encoder_out)));
	}
	for (size_t i = 0; i <= top; i++)
		SGAN_TRY(sgan_session_update(s, &s->model->stacks[i].encoder, s->updates[0]));
	s->updates[0]++;
	sgan_session_record(s, loss, "loss_encoder", 0);
	return SGAN_OK;
}

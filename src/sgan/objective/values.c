/* What the steps of a session share: h(i) of the batch, random numbers, updates. */
#include "src/ops/ops.h"
#include "src/sgan/objective/session_internal.h"

const real *sgan_session_real(const struct sgan_session *s, size_t i)
{
	return i == 0 ? s->x : sgan_tape_value(s->encoder[i - 1], s->model->encoder[i - 1].out);
}

const real *sgan_session_generated(const struct sgan_session *s, size_t stack)
{
	if (stack == 0 && s->generated != NULL)
		return s->generated;
	return sgan_tape_value(s->tapes[stack].generator, s->model->stacks[stack].generator_out);
}

const real *sgan_session_condition(const struct sgan_session *s, size_t stack)
{
	if (stack + 1 == s->model->stack_count)
		return s->one_hot;
	return s->stage == SGAN_STAGE_JOINT ? sgan_session_generated(s, stack + 1) : sgan_session_real(s, stack + 1);
}

sgan_status sgan_session_add(struct sgan_session *s, size_t size, const real *values, real *sum)
{
	const struct sgan_image_range images = sgan_batch_images(s->batch);
	return sgan_add(s->ctx, images.count * size, values + images.first * size, sum + images.first * size);
}

void sgan_session_add_weighted(struct sgan_session *s, size_t size, double weight, const real *values, real *sum)
{
	const struct sgan_image_range images = sgan_batch_images(s->batch);
	for (size_t i = images.first * size; i < (images.first + images.count) * size; i++)
		sum[i] += (real)weight * values[i];
}

void sgan_session_random(struct sgan_session *s, struct sgan_tape *tape, enum sgan_purpose purpose, size_t stack,
                         enum sgan_drawn_by pass, uint64_t step)
{
	sgan_tape_random(tape, s->model->preset->seed,
	                 sgan_layer_stream(purpose, (unsigned)s->stage, (unsigned)stack, pass), step);
}

sgan_status sgan_session_update(struct sgan_session *s, struct sgan_part *part, uint64_t updates)
{
	const struct sgan_adam adam = { .lr = s->settings->lr * s->lr_factor,
		                            .beta1 = s->settings->beta1,
		                            .beta2 = s->settings->beta2,
		                            .epsilon = s->settings->epsilon };
	return sgan_params_adam(s->ctx, part->params, &adam, updates + 1);
}

/* Sampling: the generators from the top stack down, with running statistics. */
#include "src/sgan/sample/sampler.h"

#include <stdlib.h>
#include <string.h>

#include "src/cpu/memory.h"
#include "src/cpu/status.h"
#include "src/ops/ops.h"

struct sgan_sampler {
	sgan_ctx *ctx;
	struct sgan_model *model;
	struct sgan_tape *tapes[SGAN_STACKS_MAX];
	real *noise[SGAN_STACKS_MAX]; /* [max_batch, noise_size] */
	real *one_hot;                /* [max_batch, classes] */
};

static sgan_status make_room(struct sgan_sampler *s)
{
	const size_t batch = s->model->max_batch;
	for (size_t i = 0; i < s->model->stack_count; i++) {
		const struct sgan_stack *stack = &s->model->stacks[i];
		SGAN_TRY(sgan_tape_create(stack->generator.net, false, &s->tapes[i]));
		s->noise[i] = sgan_alloc(batch * stack->noise_size, sizeof(real));
		if (s->noise[i] == NULL)
			return SGAN_ENOMEM;
	}
	s->one_hot = sgan_alloc(batch * s->model->preset->classes, sizeof(real));
	return s->one_hot != NULL ? SGAN_OK : SGAN_ENOMEM;
}

sgan_status sgan_sampler_create(sgan_ctx *ctx, struct sgan_model *model, struct sgan_sampler **out)
{
	if (model->stack_count == 0)
		return sgan_fail(SGAN_EINVAL, "preset %s has no stacks, only an encoder: there is nothing to sample",
		                 model->preset->name);
	struct sgan_sampler *s = calloc(1, sizeof *s);
	if (s == NULL)
		return sgan_fail(SGAN_ENOMEM, "sampling: no memory");
	s->ctx = ctx;
	s->model = model;
	sgan_status status = make_room(s);
	if (status != SGAN_OK) {
		sgan_sampler_destroy(s);
		return sgan_fail_in(status, "sampling");
	}
	*out = s;
	return SGAN_OK;
}

void sgan_sampler_destroy(struct sgan_sampler *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->model->stack_count; i++) {
		sgan_tape_destroy(s->tapes[i]);
		sgan_free(s->noise[i]);
	}
	sgan_free(s->one_hot);
	free(s);
}

static sgan_status draw_noise(struct sgan_sampler *s, size_t i, uint32_t stream, uint64_t seed, uint64_t first,
                              size_t n)
{
	const size_t size = s->model->stacks[i].noise_size;
	for (size_t k = 0; k < n; k++)
		SGAN_TRY(sgan_random_uniform(s->ctx, seed, stream + (uint32_t)i, first + k, 0, size, s->noise[i] + k * size));
	return SGAN_OK;
}

static sgan_status draw_batch(struct sgan_sampler *s, uint32_t stream, uint64_t seed, uint64_t first, size_t n,
                              const uint32_t *labels, const real **x)
{
	const size_t classes = s->model->preset->classes;
	const sgan_batch batch = sgan_whole_batch(n, s->model->preset->slices);
	const real *condition = s->one_hot;
	memset(s->one_hot, 0, n * classes * sizeof s->one_hot[0]);
	for (size_t k = 0; k < n && labels != NULL; k++)
		s->one_hot[k * classes + labels[k]] = 1;
	for (size_t i = s->model->stack_count; i-- > 0;) {
		const struct sgan_stack *stack = &s->model->stacks[i];
		SGAN_TRY(draw_noise(s, i, stream, seed, first, n));
		if (stack->generator_condition >= 0)
			sgan_tape_input(s->tapes[i], stack->generator_condition, condition);
		sgan_tape_input(s->tapes[i], stack->generator_noise, s->noise[i]);
		SGAN_TRY(sgan_net_forward(s->ctx, stack->generator.net, sgan_part_drawn_with(&stack->generator), s->tapes[i],
		                          batch, SGAN_INFER));
		condition = sgan_tape_value(s->tapes[i], stack->generator_out);
	}
	*x = condition;
	return SGAN_OK;
}

sgan_status sgan_sampler_draw(struct sgan_sampler *s, uint32_t stream, uint64_t seed, uint64_t first, size_t count,
                              const uint32_t *labels, uint8_t *images)
{
	const size_t size = s->model->input.size, batch = s->model->max_batch;
	for (size_t done = 0; done < count; done += batch) {
		const size_t n = count - done < batch ? count - done : batch;
		const real *pixels; /* [n, size], before any mean is subtracted */
		SGAN_TRY(draw_batch(s, stream, seed, first + done, n, labels != NULL ? labels + done : NULL, &pixels));
		sgan_input_to_bytes(&s->model->input, n, pixels, images + done * size);
	}
	return SGAN_OK;
}

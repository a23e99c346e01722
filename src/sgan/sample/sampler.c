/* Sampling: the generators from the top stack down, with running statistics. */
#include "src/sgan/sample/sampler.h"

#include <stdlib.h>
#include <string.h>

#include "src/cpu/memory.h"
#include "src/cpu/status.h"
#include "src/ops/ops.h"
#include "src/sgan/model/generation.h"

struct sgan_sampler {
	sgan_ctx *ctx;
	struct sgan_model *model;
	struct sgan_generation generators[SGAN_STACKS_MAX];
	real *to;                          /* [noise_size] of the largest: where an interpolated z goes to */
	struct sgan_image_source *sources; /* [max_batch] */
	real *one_hot;                     /* [max_batch, classes] */
};

static sgan_status make_room(struct sgan_sampler *s)
{
	const size_t batch = s->model->max_batch;
	size_t largest = 1;
	for (size_t i = 0; i < s->model->stack_count; i++) {
		const struct sgan_stack *stack = &s->model->stacks[i];
		SGAN_TRY(sgan_generation_create(s->model, i, &s->generators[i]));
		largest = stack->noise_size > largest ? stack->noise_size : largest;
	}
	s->to = sgan_alloc(largest, sizeof(real));
	s->sources = sgan_alloc(batch, sizeof *s->sources);
	s->one_hot = sgan_alloc(batch * s->model->preset->classes, sizeof(real));
	return s->to != NULL && s->sources != NULL && s->one_hot != NULL ? SGAN_OK : SGAN_ENOMEM;
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
	for (size_t i = 0; i < s->model->stack_count; i++)
		sgan_generation_free(&s->generators[i]);
	sgan_free(s->to);
	sgan_free(s->sources);
	sgan_free(s->one_hot);
	free(s);
}

/* z of stack i for one image. */
static sgan_status draw_z(struct sgan_sampler *s, size_t i, uint32_t stream, const struct sgan_z_source *from, real *z)
{
	const size_t size = s->model->stacks[i].noise_size;
	SGAN_TRY(sgan_random_uniform(s->ctx, from->seed, stream + (uint32_t)i, from->index, 0, size, z));
	if (from->share == 0)
		return SGAN_OK;
	SGAN_TRY(sgan_random_uniform(s->ctx, from->to, stream + (uint32_t)i, from->index, 0, size, s->to));
	for (size_t k = 0; k < size; k++)
		z[k] = (real)(1 - from->share) * z[k] + (real)from->share * s->to[k];
	return SGAN_OK;
}

static sgan_status encode_labels(struct sgan_sampler *s, size_t n, const struct sgan_image_source *sources)
{
	const size_t classes = s->model->preset->classes;
	memset(s->one_hot, 0, n * classes * sizeof s->one_hot[0]);
	for (size_t k = 0; k < n; k++) {
		if (sources[k].label >= classes)
			return sgan_fail(SGAN_EINVAL, "label %u: preset %s has classes 0 to %zu", (unsigned)sources[k].label,
			                 s->model->preset->name, classes - 1);
		s->one_hot[k * classes + sources[k].label] = 1;
	}
	return SGAN_OK;
}

/* From the label down; *x [n, lower_size of stack 0] is the sampler's. */
static sgan_status run_generators(struct sgan_sampler *s, uint32_t stream, size_t n,
                                  const struct sgan_image_source *sources, const real **x)
{
	*x = s->one_hot;
	for (size_t i = s->model->stack_count; i-- > 0;) {
		for (size_t k = 0; k < n; k++)
			SGAN_TRY(draw_z(s, i, stream, &sources[k].z[i], s->generators[i].z + k * s->model->stacks[i].noise_size));
		SGAN_TRY(sgan_generation_run(s->ctx, &s->generators[i], n, *x, x));
	}
	return SGAN_OK;
}

sgan_status sgan_sampler_draw_from(struct sgan_sampler *s, uint32_t stream, size_t n,
                                   const struct sgan_image_source *sources, uint8_t *images)
{
	const real *pixels; /* before any mean is subtracted */
	if (n > s->model->max_batch)
		return sgan_fail(SGAN_EINVAL, "%zu images to draw with a model made for %zu", n, s->model->max_batch);
	SGAN_TRY(encode_labels(s, n, sources));
	SGAN_TRY(run_generators(s, stream, n, sources, &pixels));
	sgan_input_to_bytes(&s->model->input, n, pixels, images);
	return SGAN_OK;
}

sgan_status sgan_sampler_draw(struct sgan_sampler *s, uint32_t stream, uint64_t seed, uint64_t first, size_t count,
                              const uint32_t *labels, uint8_t *images)
{
	const size_t size = s->model->input.size, batch = s->model->max_batch;
	for (size_t done = 0; done < count; done += batch) {
		const size_t n = count - done < batch ? count - done : batch;
		for (size_t k = 0; k < n; k++) {
			s->sources[k].label = labels != NULL ? labels[done + k] : 0;
			for (size_t i = 0; i < s->model->stack_count; i++)
				s->sources[k].z[i] = (struct sgan_z_source){ .seed = seed, .index = first + done + k };
		}
		SGAN_TRY(sgan_sampler_draw_from(s, stream, n, s->sources, images + done * size));
	}
	return SGAN_OK;
}

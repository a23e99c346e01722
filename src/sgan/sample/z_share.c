/* Variances over z at fixed conditions, and over all.
 * It must not know how generators are trained, nor what is thought of the result. */
#include "src/sgan/sample/z_share.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "src/cpu/memory.h"
#include "src/cpu/status.h"
#include "src/ops/ops.h"
#include "src/sgan/model/encoding.h"
#include "src/sgan/model/generation.h"
#include "src/sgan/model/streams.h"

/* A running mean, and the squared distances from it summed over values and elements (Welford, 1962). */
struct spread {
	size_t count, size;
	double *mean; /* [size] */
	double squares;
};

static void spread_add(struct spread *s, const real *value)
{
	s->count++;
	for (size_t k = 0; k < s->size; k++) {
		const double distance = (double)value[k] - s->mean[k];
		s->mean[k] += distance / (double)s->count;
		s->squares += distance * ((double)value[k] - s->mean[k]);
	}
}

static void spread_clear(struct spread *s)
{
	s->count = 0;
	s->squares = 0;
	memset(s->mean, 0, s->size * sizeof *s->mean);
}

/* One stack's measurement. */
struct measurement {
	sgan_ctx *ctx;
	struct sgan_model *model;
	const struct sgan_stack *stack;
	uint32_t stream;
	uint64_t seed;
	size_t conditions, draws; /* draws at each */
	const real *condition;    /* [conditions, upper_size] */
	struct sgan_generation generator;
	real *condition_batch;    /* [max_batch, upper_size] */
	struct spread all, fixed; /* fixed: of the condition that is being drawn at */
	double within;            /* squares of the conditions that are done */
};

/* Makes images first .. first + n - 1: number c * draws + k is draw k at condition c. */
static sgan_status generate(struct measurement *m, size_t first, size_t n, const real **values)
{
	const struct sgan_stack *stack = m->stack;
	const size_t upper = stack->upper_size, z = stack->noise_size;
	SGAN_TRY(sgan_random_uniform(m->ctx, m->seed, m->stream, 0, first * z, n * z, m->generator.z));
	for (size_t i = 0; i < n && stack->generator_condition >= 0; i++)
		memcpy(m->condition_batch + i * upper, m->condition + (first + i) / m->draws * upper, upper * sizeof(real));
	return sgan_generation_run(m->ctx, &m->generator, n, m->condition_batch, values);
}

static void add_one(struct measurement *m, const real *value)
{
	spread_add(&m->all, value);
	spread_add(&m->fixed, value);
	if (m->fixed.count == m->draws) {
		m->within += m->fixed.squares;
		spread_clear(&m->fixed);
	}
}

static sgan_status measure(struct measurement *m)
{
	const size_t total = m->conditions * m->draws, batch = m->model->max_batch;
	const real *values;
	for (size_t first = 0; first < total; first += batch) {
		const size_t n = total - first < batch ? total - first : batch;
		SGAN_TRY(generate(m, first, n, &values));
		for (size_t i = 0; i < n; i++)
			add_one(m, values + i * m->stack->lower_size);
	}
	return SGAN_OK;
}

static double share_of(const struct measurement *m)
{
	const double total = m->all.squares / (double)(m->all.count - 1);
	const double within = m->within / (double)(m->conditions * (m->draws - 1));
	return total == 0 ? 0 : within / total;
}

static sgan_status make_room(struct measurement *m, size_t number)
{
	const struct sgan_stack *stack = m->stack;
	SGAN_TRY(sgan_generation_create(m->model, number, &m->generator));
	m->condition_batch = sgan_alloc(m->model->max_batch * stack->upper_size, sizeof(real));
	m->all.mean = sgan_alloc(stack->lower_size, sizeof(double));
	m->fixed.mean = sgan_alloc(stack->lower_size, sizeof(double));
	m->all.size = m->fixed.size = stack->lower_size;
	return m->condition_batch && m->all.mean && m->fixed.mean ? SGAN_OK : SGAN_ENOMEM;
}

static void free_room(struct measurement *m)
{
	sgan_generation_free(&m->generator);
	sgan_free(m->condition_batch);
	sgan_free(m->all.mean);
	sgan_free(m->fixed.mean);
}

sgan_status sgan_z_share(sgan_ctx *ctx, struct sgan_model *model, size_t stack, size_t count, const real *conditions,
                         uint64_t seed, double *share)
{
	struct measurement m = {
		.ctx = ctx,
		.model = model,
		.stack = &model->stacks[stack],
		.stream = sgan_stream(SGAN_RANDOM_Z_SHARE, 0, (unsigned)stack),
		.seed = seed,
		.conditions = count,
		.draws = SGAN_Z_SHARE_DRAWS,
		.condition = conditions,
	};
	if (count == 0)
		return sgan_fail(SGAN_EINVAL, "z share of stack %zu: no condition is given", stack);
	if (m.stack->generator_condition < 0) {
		m.conditions = 1;
		m.draws = count * SGAN_Z_SHARE_DRAWS;
	}
	sgan_status status = make_room(&m, stack);
	if (status == SGAN_OK)
		status = measure(&m);
	if (status == SGAN_OK)
		*share = share_of(&m);
	free_room(&m);
	return status == SGAN_OK ? SGAN_OK : sgan_fail_in(status, "z share of stack %zu", stack);
}

/* What every stack is conditioned on: h(i+1) of chosen images, their labels at the top. */
struct conditions {
	size_t count;
	real *values[SGAN_STACKS_MAX]; /* [count, upper_size] */
	struct sgan_encoding encoding; /* up to the top stack's condition, which is a label */
};

static sgan_status make_conditions(const struct sgan_model *model, struct conditions *c)
{
	SGAN_TRY(sgan_encoding_create(model, model->stack_count - 1, &c->encoding));
	for (size_t i = 0; i < model->stack_count; i++) {
		c->values[i] = sgan_alloc(c->count, model->stacks[i].upper_size * sizeof(real));
		if (c->values[i] == NULL)
			return SGAN_ENOMEM;
	}
	return SGAN_OK;
}

static void free_conditions(struct conditions *c)
{
	sgan_encoding_free(&c->encoding);
	for (size_t i = 0; i < SGAN_STACKS_MAX; i++)
		sgan_free(c->values[i]);
}

/* Image k of `count` that are spread evenly over a split: data may be in the order of classes. */
static size_t spread_evenly(const struct sgan_split *split, size_t count, size_t k)
{
	return (size_t)((uint64_t)k * split->count / count);
}

/* h(1), h(2), ... of conditions first .. first + n - 1. */
static sgan_status encode(sgan_ctx *ctx, struct sgan_model *model, const struct sgan_split *split, size_t first,
                          size_t n, struct conditions *c)
{
	const size_t pixels = model->input.size;
	for (size_t k = 0; k < n; k++)
		sgan_input_of_bytes(&model->input, 1, split->images + spread_evenly(split, c->count, first + k) * pixels,
		                    c->encoding.x + k * pixels);
	SGAN_TRY(sgan_encoding_run(ctx, &c->encoding, n));
	for (size_t i = 0; i < c->encoding.parts; i++) {
		const size_t size = model->encoder[i].out_size;
		memcpy(c->values[i] + first * size, sgan_encoding_features(&c->encoding, i), n * size * sizeof(real));
	}
	return SGAN_OK;
}

static sgan_status encode_all(sgan_ctx *ctx, struct sgan_model *model, const struct sgan_split *split,
                              struct conditions *c)
{
	const size_t classes = model->preset->classes, batch = model->max_batch;
	for (size_t first = 0; first < c->count; first += batch)
		SGAN_TRY(encode(ctx, model, split, first, c->count - first < batch ? c->count - first : batch, c));
	if (model->stacks[model->stack_count - 1].generator_condition < 0)
		return SGAN_OK; /* there may be no labels */
	for (size_t k = 0; k < c->count; k++) {
		const uint32_t label = split->labels[spread_evenly(split, c->count, k)];
		if (label >= classes)
			return sgan_fail(SGAN_EINVAL, "z share: label %" PRIu32 " of an image, expected less than %zu", label,
			                 classes);
		c->values[model->stack_count - 1][k * classes + label] = 1;
	}
	return SGAN_OK;
}

const struct sgan_split *sgan_z_share_images(const struct sgan_dataset *data)
{
	return data->test.count >= SGAN_Z_SHARE_CONDITIONS ? &data->test : &data->train;
}

sgan_status sgan_z_shares(sgan_ctx *ctx, struct sgan_model *model, const struct sgan_split *real_images, size_t count,
                          uint64_t seed, double *shares)
{
	struct conditions c = { .count = count < real_images->count ? count : real_images->count };
	if (c.count == 0)
		return sgan_fail(SGAN_EINVAL, "z share: there are no real images");
	sgan_status status = make_conditions(model, &c);
	if (status == SGAN_OK)
		status = encode_all(ctx, model, real_images, &c);
	for (size_t i = 0; i < model->stack_count && status == SGAN_OK; i++)
		status = sgan_z_share(ctx, model, i, c.count, c.values[i], seed, &shares[i]);
	free_conditions(&c);
	return status;
}

/* z through the generators and back through Q.
 * It must not know how either was trained. */
#include "src/sgan/eval/recovery.h"

#include <math.h>
#include <string.h>

#include "src/cpu/memory.h"
#include "src/cpu/status.h"
#include "src/ops/ops.h"
#include "src/sgan/model/generation.h"
#include "src/sgan/model/streams.h"

struct recovery {
	sgan_ctx *ctx;
	struct sgan_model *model;
	uint64_t seed;
	struct sgan_generation generators[SGAN_STACKS_MAX];
	struct sgan_tape *discriminators[SGAN_STACKS_MAX];
	real *one_hot, *x; /* [max_batch, ...]: labels; what D_0 sees */
};

static sgan_status make_room(struct recovery *r)
{
	static const double none[SGAN_LAYERS];
	const struct sgan_model *m = r->model;
	for (size_t i = 0; i < m->stack_count; i++) {
		SGAN_TRY(sgan_generation_create(m, i, &r->generators[i]));
		SGAN_TRY(sgan_tape_create(m->stacks[i].discriminator.net, false, &r->discriminators[i]));
		sgan_tape_strengths(r->discriminators[i], none);
	}
	r->one_hot = sgan_alloc(m->max_batch, m->preset->classes * sizeof(real));
	r->x = sgan_alloc(m->max_batch, m->input.size * sizeof(real));
	return r->one_hot != NULL && r->x != NULL ? SGAN_OK : SGAN_ENOMEM;
}

static void free_room(struct recovery *r)
{
	for (size_t i = 0; i < SGAN_STACKS_MAX; i++) {
		sgan_generation_free(&r->generators[i]);
		sgan_tape_destroy(r->discriminators[i]);
	}
	sgan_free(r->one_hot);
	sgan_free(r->x);
}

/* h(i) of stack i from h(i+1), or from z alone. */
static sgan_status generate(struct recovery *r, size_t i, size_t number, const real *condition, const real **h)
{
	const size_t n = r->model->max_batch;
	SGAN_TRY(sgan_random_uniform(r->ctx, r->seed, sgan_stream(SGAN_RANDOM_RECOVERY, 0, (unsigned)i), number, 0,
	                             n * r->model->stacks[i].noise_size, r->generators[i].z));
	return sgan_generation_run(r->ctx, &r->generators[i], n, condition, h);
}

/* Adds the mean squared error of Q_i on h(i). */
static sgan_status recover(struct recovery *r, size_t i, const real *h, double *error)
{
	const struct sgan_stack *stack = &r->model->stacks[i];
	const sgan_batch batch = sgan_whole_batch(r->model->max_batch, r->model->preset->slices);
	double loss;
	if (i == 0) {
		sgan_input_of_pixels(r->ctx, &r->model->input, batch.n, h, r->x);
		h = r->x;
	}
	sgan_tape_input(r->discriminators[i], stack->discriminator_in, h);
	SGAN_TRY(sgan_net_forward(r->ctx, stack->discriminator.net, stack->discriminator.params, r->discriminators[i],
	                          batch, SGAN_TRAIN));
	SGAN_TRY(sgan_mean_squared_error(r->ctx, batch, stack->noise_size,
	                                 sgan_tape_value(r->discriminators[i], stack->discriminator_code),
	                                 r->generators[i].z, 1, &loss, NULL));
	*error += loss;
	return SGAN_OK;
}

static sgan_status take_batch(struct recovery *r, size_t number, double *errors)
{
	const struct sgan_model *m = r->model;
	const real *h = r->one_hot;
	for (size_t i = m->stack_count; i-- > 0;) {
		SGAN_TRY(generate(r, i, number, h, &h));
		if (m->stacks[i].discriminator_code >= 0)
			SGAN_TRY(recover(r, i, h, &errors[i]));
	}
	return SGAN_OK;
}

static sgan_status take_all(struct recovery *r, size_t batches, double *errors)
{
	const struct sgan_model *m = r->model;
	const size_t classes = m->preset->classes;
	for (size_t i = 0; i < m->stack_count; i++)
		errors[i] = m->stacks[i].discriminator_code >= 0 ? 0 : (double)NAN;
	for (size_t number = 0; number < batches; number++) {
		memset(r->one_hot, 0, m->max_batch * classes * sizeof(real));
		for (size_t k = 0; k < m->max_batch; k++)
			r->one_hot[k * classes + (number * m->max_batch + k) % classes] = 1;
		SGAN_TRY(take_batch(r, number, errors));
	}
	for (size_t i = 0; i < m->stack_count; i++)
		errors[i] /= (double)batches;
	return SGAN_OK;
}

sgan_status sgan_recovery(sgan_ctx *ctx, struct sgan_model *model, size_t batches, uint64_t seed, double *errors)
{
	struct recovery r = { .ctx = ctx, .model = model, .seed = seed };
	sgan_status status = make_room(&r);
	if (status == SGAN_OK)
		status = take_all(&r, batches, errors);
	free_room(&r);
	return status == SGAN_OK ? SGAN_OK : sgan_fail_in(status, "recovery of z");
}

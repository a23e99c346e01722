/* See together.h. It must not know when training tells what. */
#include "src/sgan/train/together.h"

#include "src/cpu/status.h"
#include "src/ops/ops.h"

sgan_status sgan_together_check(struct sgan_trainer *t, uint64_t data_hash)
{
	const uint64_t isa = (uint64_t)sgan_ctx_isa(t->ctx);
	uint64_t most[4] = { data_hash, ~data_hash, isa, ~isa };
	SGAN_TRY(sgan_ranks_most(t->options->ranks, 4, most));
	if (most[0] != ~most[1])
		return sgan_fail(SGAN_EINVAL, "%s: not all of the %zu processes have the same images there",
		                 t->options->data->name, sgan_ranks_count(t->options->ranks));
	if (most[2] != ~most[3])
		return sgan_fail(
			SGAN_EINVAL, "not all of the %zu processes compute with %s, nor to the same bits: give --isa %s",
			sgan_ranks_count(t->options->ranks), sgan_isa_name((sgan_isa)most[2]), sgan_isa_name((sgan_isa)~most[3]));
	return SGAN_OK;
}

static sgan_status tell_tensor(struct sgan_trainer *t, real *values, size_t count)
{
	return values == NULL ? SGAN_OK : sgan_ranks_tell(t->options->ranks, values, count * sizeof *values);
}

static sgan_status tell_params(struct sgan_trainer *t, struct sgan_params *params)
{
	for (size_t i = 0; params != NULL && i < sgan_params_count(params); i++) {
		const struct sgan_param *p = sgan_params_at(params, i);
		SGAN_TRY(tell_tensor(t, p->value, p->count));
		SGAN_TRY(tell_tensor(t, p->m, p->count));
		SGAN_TRY(tell_tensor(t, p->v, p->count));
	}
	if (params != NULL)
		sgan_params_changed(params);
	return SGAN_OK;
}

sgan_status sgan_together_start(struct sgan_trainer *t)
{
	struct sgan_part *part;
	enum sgan_stage first;
	if (sgan_ranks_count(t->options->ranks) == 1)
		return SGAN_OK;
	SGAN_TRY(sgan_ranks_tell(t->options->ranks, &t->state, sizeof t->state));
	t->state.measures = NULL; /* rank 0 alone tells of them */
	SGAN_TRY(sgan_ranks_tell(t->options->ranks, &t->model->input.divisor, sizeof t->model->input.divisor));
	SGAN_TRY(tell_tensor(t, t->model->input.mean, t->model->input.size));
	for (size_t k = 0; (part = sgan_model_part(t->model, k, &first)) != NULL; k++) {
		SGAN_TRY(tell_params(t, part->params));
		SGAN_TRY(tell_params(t, part->average));
	}
	return SGAN_OK;
}

/* What one signal asks for is asked once. */
static uint64_t take(volatile sig_atomic_t *flag)
{
	if (flag == NULL || *flag == 0)
		return 0;
	*flag = 0;
	return 1;
}

sgan_status sgan_together_signals(struct sgan_trainer *t)
{
	const struct sgan_train_options *o = t->options;
	const bool late = o->save_every > 0 && sgan_trainer_leads(t) && sgan_trainer_now() - t->saved >= o->save_every;
	uint64_t come[2] = { o->stop == NULL ? 0 : (uint64_t)*o->stop, take(o->save) | late };
	SGAN_TRY(sgan_ranks_most(o->ranks, 2, come));
	t->stop = come[0] != 0;
	t->save = come[1] != 0;
	if (t->stop && o->stop != NULL)
		*o->stop = (sig_atomic_t)come[0];
	return SGAN_OK;
}

/* A tensor of `size` values an image. */
static sgan_status collect(struct sgan_trainer *t, size_t size, const real *values)
{
	size_t *offsets = t->offsets;
	const sgan_batch batch = sgan_trainer_batch(t);
	const size_t ranks = sgan_ranks_count(t->options->ranks);
	for (size_t r = 0; r <= ranks; r++)
		offsets[r] =
			sgan_slice_begin(batch.n, batch.slices, sgan_ranks_first(batch.slices, r, ranks)) * size * sizeof(real);
	return sgan_ranks_collect(t->options->ranks, offsets, (void *)(uintptr_t)values);
}

sgan_status sgan_together_tensors(struct sgan_trainer *t)
{
	if (sgan_ranks_count(t->options->ranks) == 1 || t->state.stage == SGAN_STAGE_ENCODER)
		return SGAN_OK;
	for (size_t i = 0; i < t->model->stack_count; i++) {
		const size_t size = t->model->stacks[i].lower_size;
		SGAN_TRY(collect(t, size, sgan_session_real(t->session, i)));
		SGAN_TRY(collect(t, size, sgan_session_generated(t->session, i)));
	}
	return SGAN_OK;
}

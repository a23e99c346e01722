/* See need.h. */
#include "src/sgan/train/need.h"

#include "src/cpu/memory.h"
#include "src/cpu/status.h"
#include "src/sgan/objective/session.h"
#include "src/sgan/sample/sampler.h"
#include "src/sgan/train/limits.h"

/* Adds what a stage's steps take, and what draws samples between them. */
static sgan_status stage_memory(sgan_ctx *ctx, struct sgan_model *model, enum sgan_stage stage, size_t *most)
{
	struct sgan_session *session = NULL;
	struct sgan_sampler *sampler = NULL;
	const size_t before = sgan_alloc_tally();
	sgan_status status = sgan_session_create(ctx, model, stage, &session);
	if (status == SGAN_OK && stage != SGAN_STAGE_ENCODER)
		status = sgan_sampler_create(ctx, model, &sampler);
	const size_t bytes = sgan_alloc_tally() - before;
	*most = bytes > *most ? bytes : *most;
	sgan_sampler_destroy(sampler);
	sgan_session_destroy(session);
	return status;
}

sgan_status sgan_train_memory(sgan_ctx *ctx, const struct sgan_preset *preset, const struct sgan_dataset *data,
                              enum sgan_stage first, size_t *bytes)
{
	struct sgan_model *model;
	size_t most = 0;
	const size_t batch = sgan_largest_batch(preset), before = sgan_alloc_tally();
	SGAN_TRY(sgan_model_create(ctx, preset, batch, true, &model));
	const size_t of_model = sgan_alloc_tally() - before;
	sgan_status status = SGAN_OK;
	for (unsigned stage = first; stage <= (unsigned)sgan_last_stage(preset) && status == SGAN_OK; stage++)
		status = stage_memory(ctx, model, (enum sgan_stage)stage, &most);
	*bytes = of_model + most + batch * model->input.size * sizeof(real) + data->train.count * sizeof(uint32_t);
	sgan_model_destroy(model);
	return status;
}

/* Models for sampling: built, and loaded from a checkpoint or from published weights. */
#include "src/sgan/sample/generators.h"

#include <string.h>

#include "src/cpu/status.h"
#include "src/io/safetensors.h"
#include "src/sgan/model/checkpoint.h"
#include "src/sgan/model/published.h"

bool sgan_generators_published(const char *path)
{
	const size_t length = strlen(path);
	return length > 4 && strcmp(path + length - 4, ".npz") == 0;
}

/* Generators exist from the first step of the independent stage on. */
static sgan_status load_checkpoint(const char *path, struct sgan_model *model)
{
	struct sgan_safetensors *file;
	struct sgan_state state;
	SGAN_TRY(sgan_safetensors_open(path, &file));
	sgan_status status = sgan_checkpoint_state(file, &state);
	if (status == SGAN_OK && !state.trained[SGAN_STAGE_INDEPENDENT] &&
	    (state.stage == SGAN_STAGE_ENCODER || state.step == 0))
		status = sgan_fail(SGAN_EFORMAT, "%s: its generators are not trained yet", path);
	if (status == SGAN_OK)
		status = sgan_checkpoint_load(file, model, SGAN_STAGE_COUNT, false);
	sgan_safetensors_close(file);
	return status;
}

sgan_status sgan_generators_load(sgan_ctx *ctx, const char *path, const struct sgan_preset *preset, size_t max_batch,
                                 struct sgan_model **out)
{
	struct sgan_model *model = NULL;
	SGAN_TRY(sgan_model_create(ctx, preset, max_batch, false, &model));
	sgan_status status =
		sgan_generators_published(path) ? sgan_published_generators(path, model) : load_checkpoint(path, model);
	if (status != SGAN_OK) {
		sgan_model_destroy(model);
		return status;
	}
	*out = model;
	return SGAN_OK;
}

/* Models for sampling: built, and loaded from a checkpoint or from published weights. */
#include "src/sgan/sample/generators.h"

#include <string.h>

#include "src/cpu/status.h"
#include "src/io/safetensors.h"
#include "src/sgan/model/contents.h"
#include "src/sgan/model/published.h"

bool sgan_generators_published(const char *path)
{
	const size_t length = strlen(path);
	return length > 4 && strcmp(path + length - 4, ".npz") == 0;
}

/* Generators exist from the first step of the independent stage on. */
static sgan_status check_checkpoint(const char *path, const struct sgan_safetensors *file,
                                    const struct sgan_preset *preset)
{
	struct sgan_state state;
	SGAN_TRY(sgan_checkpoint_state(file, &state));
	if (!state.trained[SGAN_STAGE_INDEPENDENT] && (state.stage == SGAN_STAGE_ENCODER || state.step == 0))
		return sgan_fail(SGAN_EFORMAT, "%s: its generators are not trained yet", path);
	return sgan_contents_check(file, &state, preset);
}

/* No model is made before it is known that the file has one. */
static sgan_status load_checkpoint(sgan_ctx *ctx, const char *path, const struct sgan_preset *preset, size_t max_batch,
                                   struct sgan_model **model)
{
	struct sgan_safetensors *file;
	SGAN_TRY(sgan_safetensors_open(path, &file));
	sgan_status status = check_checkpoint(path, file, preset);
	if (status == SGAN_OK)
		status = sgan_model_create(ctx, preset, max_batch, false, model);
	if (status == SGAN_OK)
		status = sgan_checkpoint_load(file, *model, SGAN_STAGE_COUNT, false);
	sgan_safetensors_close(file);
	return status;
}

static sgan_status load_published(sgan_ctx *ctx, const char *path, const struct sgan_preset *preset, size_t max_batch,
                                  struct sgan_model **model)
{
	SGAN_TRY(sgan_model_create(ctx, preset, max_batch, false, model));
	return sgan_published_generators(path, *model);
}

sgan_status sgan_generators_load(sgan_ctx *ctx, const char *path, const struct sgan_preset *preset, size_t max_batch,
                                 struct sgan_model **out)
{
	struct sgan_model *model = NULL;
	const sgan_status status = sgan_generators_published(path) ? load_published(ctx, path, preset, max_batch, &model)
	                                                           : load_checkpoint(ctx, path, preset, max_batch, &model);
	if (status != SGAN_OK) {
		sgan_model_destroy(model);
		return status;
	}
	*out = model;
	return SGAN_OK;
}

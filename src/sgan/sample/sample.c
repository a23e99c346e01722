/* Images from a model file: the model is built, its generators are loaded, a sampler draws. */
#include "src/sgan/sample/sample.h"

#include <inttypes.h>

#include "src/cpu/status.h"
#include "src/io/safetensors.h"
#include "src/sgan/model/checkpoint.h"
#include "src/sgan/model/streams.h"
#include "src/sgan/sample/sampler.h"

/* Generators exist from the first step of the independent stage on. */
static sgan_status load_generators(const char *path, struct sgan_model *model)
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

sgan_status sgan_sample(sgan_ctx *ctx, const char *path, const struct sgan_preset *preset, size_t count,
                        const uint32_t *labels, uint64_t seed, uint8_t *images)
{
	struct sgan_model *model = NULL;
	struct sgan_sampler *sampler = NULL;
	const size_t batch = count < 100 ? (count > 0 ? count : 1) : 100;
	for (size_t i = 0; i < count; i++)
		if (labels[i] >= preset->classes)
			return sgan_fail(SGAN_EINVAL, "label %" PRIu32 ": preset %s has classes 0 to %zu", labels[i], preset->name,
			                 preset->classes - 1);
	sgan_status status = sgan_model_create(ctx, preset, batch, false, &model);
	if (status == SGAN_OK)
		status = sgan_sampler_create(ctx, model, &sampler);
	if (status == SGAN_OK)
		status = load_generators(path, model);
	if (status == SGAN_OK)
		status = sgan_sampler_draw(sampler, sgan_stream(SGAN_RANDOM_SAMPLE, 0, 0), seed, 0, count, labels, images);
	sgan_sampler_destroy(sampler);
	sgan_model_destroy(model);
	return status;
}

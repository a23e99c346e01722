/* Model files by name, and what they hold besides their tensors. */
#include "src/sgan/model/modelfile.h"

#include <stdio.h>
#include <string.h>

#include "src/cpu/status.h"
#include "src/io/file.h"
#include "src/sgan/model/contents.h"

static sgan_status file_of_run(const char *run, char path[SGAN_PATH])
{
	SGAN_TRY(sgan_run_file(run, SGAN_RUN_CHECKPOINT, path));
	if (!sgan_file_exists(path))
		return sgan_fail(SGAN_EIO, "%s: the run has no checkpoint yet", run);
	return SGAN_OK;
}

sgan_status sgan_model_file(const char *out, const char *model, char path[SGAN_PATH])
{
	char run[SGAN_PATH];
	if (sgan_file_exists(model)) {
		if (strlen(model) >= SGAN_PATH)
			return sgan_fail(SGAN_EINVAL, "%s: the path is too long", model);
		memcpy(path, model, strlen(model) + 1);
		return SGAN_OK;
	}
	SGAN_TRY(sgan_run_find(out, model, run));
	return file_of_run(run, path);
}

sgan_status sgan_model_preset(const char *path, struct sgan_preset **preset)
{
	struct sgan_safetensors *file;
	struct sgan_preset *parsed = NULL;
	struct sgan_state state;
	SGAN_TRY(sgan_safetensors_open(path, &file));
	sgan_status status = sgan_checkpoint_state(file, &state);
	const char *config = sgan_safetensors_metadata(file, "config");
	if (status == SGAN_OK && config == NULL)
		status = sgan_fail(SGAN_EFORMAT, "%s: it does not hold the preset it was trained with", path);
	if (status == SGAN_OK)
		status = sgan_preset_parse(path, config, &parsed);
	if (status == SGAN_OK)
		status = sgan_contents_check(file, &state, parsed);
	sgan_safetensors_close(file);
	if (status == SGAN_OK)
		*preset = parsed;
	else
		sgan_preset_free(parsed);
	return status;
}

static void describe(const struct sgan_safetensors *file, const struct sgan_state *state, struct sgan_model_info *info)
{
	*info = (struct sgan_model_info){ .step = (size_t)state->step, .tensor_count = sgan_safetensors_count(file) };
	snprintf(info->stage, sizeof info->stage, "%s",
	         state->stage == SGAN_STAGE_COUNT ? "done" : sgan_stage_name(state->stage));
	memcpy(info->trained, state->trained, sizeof info->trained);
	memcpy(info->dataset, state->dataset, sizeof info->dataset);
	info->mean_subtracted = sgan_safetensors_find(file, SGAN_MEAN_TENSOR) != NULL;
	for (size_t i = 0; i < info->tensor_count; i++) {
		const struct sgan_tensor *t = sgan_safetensors_tensor(file, i);
		size_t count = 1;
		for (size_t d = 0; d < t->rank; d++)
			count *= t->shape[d];
		if (sgan_checkpoint_holds_parameter(t->name))
			info->parameter_count += count;
	}
}

sgan_status sgan_model_describe(const char *path, struct sgan_model_info *info)
{
	struct sgan_safetensors *file;
	struct sgan_state state;
	SGAN_TRY(sgan_safetensors_open(path, &file));
	sgan_status status = sgan_checkpoint_state(file, &state);
	if (status == SGAN_OK)
		describe(file, &state, info);
	if (status == SGAN_OK)
		status = sgan_checkpoint_divisor(file, &info->input_divisor);
	sgan_safetensors_close(file);
	return status;
}

sgan_status sgan_init_fits(const char *path, const struct sgan_preset *preset, enum sgan_stage stage)
{
	struct sgan_safetensors *file;
	SGAN_TRY(sgan_safetensors_open(path, &file));
	sgan_status status = sgan_checkpoint_trained(file, preset, stage);
	sgan_safetensors_close(file);
	return status;
}

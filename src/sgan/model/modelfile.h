/* Model files: which file a name stands for, and what it holds besides its tensors. Knows nothing of training. */
#ifndef SGAN_SGAN_MODEL_MODELFILE_H
#define SGAN_SGAN_MODEL_MODELFILE_H

#include "src/io/run.h"
#include "src/sgan/preset/preset.h"

/* The file that a run (its directory, or its name below `out`) or a file path stands for: a run's checkpoint, the newest
 * state of all that it has trained. */
sgan_status sgan_model_file(const char *out, const char *model, char path[SGAN_PATH]);

/* The preset that a model file was trained with, of which the file holds the parts that it says were trained (contents.h);
 * free it with sgan_preset_free. */
sgan_status sgan_model_preset(const char *path, struct sgan_preset **preset);

/* What a model file holds, for people: stage, step, and the stages it has weights for. */
struct sgan_model_info {
	char stage[16];
	size_t step;
	bool trained[SGAN_STAGE_COUNT];
	size_t tensor_count, parameter_count;
	char dataset[64];
	double input_divisor; /* images as input are bytes divided by this, */
	bool mean_subtracted; /* and less the mean image */
};
sgan_status sgan_model_describe(const char *path, struct sgan_model_info *info);

/* Whether the model file has been through the stages before `stage`: SGAN_EINVAL if not, and as for reading it. */
sgan_status sgan_init_fits(const char *path, const struct sgan_preset *preset, enum sgan_stage stage);

#endif

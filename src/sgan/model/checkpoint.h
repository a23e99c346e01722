/* The whole state of a training run as a safetensors file: weights, running statistics, Adam's moments, and
 * where training stands. It holds no time, path or thread count, so equal runs give equal files. */
#ifndef SGAN_SGAN_MODEL_CHECKPOINT_H
#define SGAN_SGAN_MODEL_CHECKPOINT_H

#include "src/io/safetensors.h"
#include "src/sgan/model/model.h"
#include "src/sgan/model/updates.h"

#define SGAN_MEAN_TENSOR "input.mean" /* the mean image, where one is subtracted */

/* Where training stands. Random numbers and the place in the shuffle follow from it and the preset's seed. */
struct sgan_state {
	enum sgan_stage stage; /* the current one; SGAN_STAGE_COUNT: none is left */
	uint64_t step;         /* steps of it that are done */
	struct sgan_updates updates;
	size_t generators;              /* that the file had updates of; 1: a number for all */
	bool trained[SGAN_STAGE_COUNT]; /* stages whose work the weights hold */
	char dataset[64];
	uint64_t data_hash;   /* of the training images: sizes, labels and pixels */
	uint64_t test_hash;   /* of the test images; 0: the file does not say */
	const char *measures; /* a text of training's; NULL: none. Of a state that was read it is the file's */
};

/* Writes the parts that some stage has trained, with moments where the current stage has done a step; all or
 * nothing. SGAN_EDIVERGED: something is not finite (nothing is written); SGAN_EIO. */
sgan_status sgan_checkpoint_save(const char *path, struct sgan_model *model, const struct sgan_state *state);

/* Whether a tensor of such a file is a parameter or a running statistic itself, not what is kept of one besides. */
bool sgan_checkpoint_holds_parameter(const char *tensor);

/* Reads where training stands from an opened file. SGAN_EFORMAT: not a checkpoint of this program. */
sgan_status sgan_checkpoint_state(const struct sgan_safetensors *file, struct sgan_state *state);

/* Whether a file of that state holds the parts that stage `first` is the first to train. Those that none has trained have
 * nothing to keep: their first weights follow from the seed. */
bool sgan_checkpoint_has_weights(const struct sgan_state *state, enum sgan_stage first);

/* What the bytes of images are divided by to be the model's input; 255 in files from before it was saved.
 * SGAN_EFORMAT. */
sgan_status sgan_checkpoint_divisor(const struct sgan_safetensors *file, double *divisor);

/* Reads what images are as input and the parts that stages before `stage` train, as far as the file's state says that
 * they were trained, into the model, and with `moments` Adam's moments where the file has them. Every such tensor must
 * be there, have the preset's shape and be finite; for all stages and with moments there must be no other.
 * SGAN_EFORMAT: the message names file and tensor. */
sgan_status sgan_checkpoint_load(const struct sgan_safetensors *file, struct sgan_model *model, enum sgan_stage stage,
                                 bool moments);

/* Whether the file's weights have been through every stage before `stage`, but for an encoder that the preset does not
 * need: SGAN_EINVAL if not. */
sgan_status sgan_checkpoint_trained(const struct sgan_safetensors *file, const struct sgan_preset *preset,
                                    enum sgan_stage stage);

#endif

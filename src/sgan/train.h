/* Training a model in a run directory: stages, checkpoints, statistics, sample grids. */
#ifndef SGAN_SGAN_TRAIN_H
#define SGAN_SGAN_TRAIN_H

#include <signal.h>

#include "src/data/dataset.h"
#include "src/io/run.h"
#include "src/sgan/preset/preset.h"

enum { SGAN_LOSSES = 32 };

struct sgan_loss {
	char name[SGAN_NAME]; /* "loss_g0_adv", ... */
	double value;
};

enum sgan_event {
	SGAN_EVENT_STAGE, /* a stage begins (or goes on after a resume) */
	SGAN_EVENT_STEP,  /* a step is done: for a live line; losses are the last step's */
	SGAN_EVENT_LOG,   /* an interval is done: losses are its means */
	SGAN_EVENT_EPOCH, /* an epoch is done, or the stage at its limit: losses are the epoch's means */
	SGAN_EVENT_DONE   /* a stage is done */
};

struct sgan_progress {
	enum sgan_event event;
	enum sgan_stage stage;
	size_t epoch, epochs; /* the current one, from 1; the stage's last */
	bool epoch_whole;     /* no step of the epoch is left */
	size_t step, steps;   /* steps of this stage done; the stage's limit */
	double images_per_second, seconds_left;
	double test_accuracy; /* of an encoder epoch; negative: none */
	size_t loss_count;
	struct sgan_loss losses[SGAN_LOSSES];
};

struct sgan_train_options {
	const struct sgan_preset *preset; /* effective: its stage, limits and seed are what is run */
	const struct sgan_dataset *data;
	const char *run;                   /* an existing run directory */
	const char *init;                  /* a model file for the stages that are not run, or NULL */
	bool resume;                       /* go on from the run's checkpoint (its preset must be the one given here) */
	size_t stop_after;                 /* save and return after this many steps of this call; 0: no limit */
	const volatile sig_atomic_t *stop; /* becomes not 0: finish the step, save, return SGAN_EINTERRUPTED; or NULL */
	void (*progress)(void *arg, const struct sgan_progress *progress); /* or NULL */
	void *arg;
};

/* Runs the preset's stages. Writes into the run: stats.jsonl, samples-STAGE-EPOCH.png, reals.png,
 * checkpoint.safetensors (whole state: before the first step, at each epoch's end, at each stage's end, and when
 * stopping) and STAGE.safetensors (the same, as the stage left it). A stage that ends within an epoch draws and
 * evaluates as at its end. One process at a time trains in a run; another gets SGAN_EIO.
 * SGAN_EDIVERGED: a loss or weight is not finite; the message says which at which step, the last good
 * checkpoint is kept. SGAN_EINTERRUPTED: see stop. SGAN_EINVAL: dataset and preset differ, init lacks a stage. */
sgan_status sgan_train(sgan_ctx *ctx, const struct sgan_train_options *options);

/* The first stage that a preset runs. */
enum sgan_stage sgan_first_stage(const struct sgan_preset *preset);

/* Whether training has all that the preset needs: SGAN_EINVAL, and what is missing, if not. */
sgan_status sgan_preset_trainable(const struct sgan_preset *preset);

/* Whether the dataset has the images, classes and at least a batch that the preset needs: SGAN_EINVAL if not. */
sgan_status sgan_data_fits(const struct sgan_preset *preset, const struct sgan_dataset *data);

/* Whether the model file has been through the stages before `stage`: SGAN_EINVAL if not, and as for reading it. */
sgan_status sgan_init_fits(const char *path, enum sgan_stage stage);

/* The file that a run (its directory) or a file path stands for: a run's checkpoint; for init of `stage` (not
 * SGAN_STAGE_COUNT) the model as the stage before it left it, where the run has that. */
sgan_status sgan_model_file(const char *out, const char *model, enum sgan_stage stage, char path[SGAN_PATH]);

/* The preset that a model file was trained with; free it with sgan_preset_free. */
sgan_status sgan_model_preset(const char *path, struct sgan_preset **preset);

/* What a model file holds, for people: stage, step, and the stages it has weights for. */
struct sgan_model_info {
	char stage[16];
	size_t step;
	bool trained[SGAN_STAGE_COUNT];
	size_t tensor_count, parameter_count;
	char dataset[64];
};
sgan_status sgan_model_describe(const char *path, struct sgan_model_info *info);

/* Draws images from a model file. labels [count], each < classes; images receives count * height * width *
 * channels bytes. z depends on (seed, image number) alone. */
sgan_status sgan_sample(sgan_ctx *ctx, const char *path, const struct sgan_preset *preset, size_t count,
                        const uint8_t *labels, uint64_t seed, uint8_t *images);

#endif

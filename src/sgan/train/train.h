/* Training a model in a run directory: stages, checkpoints, statistics, sample grids. */
#ifndef SGAN_SGAN_TRAIN_TRAIN_H
#define SGAN_SGAN_TRAIN_TRAIN_H

#include <signal.h>

#include "src/data/dataset.h"
#include "src/ranks/ranks.h"
#include "src/sgan/preset/preset.h"
#include "src/sgan/train/progress.h"

struct sgan_train_options {
	const struct sgan_preset *preset; /* effective: its stage, limits and seed are what is run */
	const struct sgan_dataset *data;
	const char *run;          /* an existing run directory */
	const char *init;         /* a model file for the stages that are not run, or NULL */
	const char *encoder;      /* published weights of the encoder, whose stage is then not run; or NULL */
	bool resume;              /* go on from the run's checkpoint (its preset must be the one given here) */
	bool more;                /* and the preset has more epochs or steps, of stages that are not done, or of the last */
	double save_every;        /* seconds: save, too, when so many have passed since the last save; 0: at epochs alone */
	size_t stop_after;        /* save and return after this many steps of this call; 0: no limit */
	struct sgan_ranks *ranks; /* the processes that train together, with the same options but for run, init, encoder and
	                             resume, which are rank 0's to know; their exchange is the context's; NULL: none */
	volatile sig_atomic_t *save; /* becomes not 0: after the step, save, and set it to 0; or NULL */
	volatile sig_atomic_t *stop; /* becomes not 0: finish the step, save, return SGAN_EINTERRUPTED; or NULL. What it is
	                                in one rank it becomes in all */
	void (*progress)(void *arg, const struct sgan_progress *progress); /* or NULL */
	void *arg;
};

/* Whether each rank has a slice of every batch to compute: SGAN_EINVAL if not. */
sgan_status sgan_ranks_fit(const struct sgan_preset *preset, const struct sgan_ranks *ranks);

/* Runs the preset's stages. Writes into the run: stats.jsonl, samples-STAGE-EPOCH.png, reals.png,
 * checkpoint.safetensors (whole state: before the first step, at each epoch's end, at each stage's end, and when
 * stopping) and STAGE.safetensors (the same, as the stage left it, with what it takes to go on with it). A stage that ends within an epoch draws and
 * evaluates as at its end. One process at a time trains in a run; another gets SGAN_EIO.
 * SGAN_EDIVERGED: a loss or, when a line of the log or a checkpoint is due, anything that the stage trains is not
 * finite; the message says what at which step of which stage, and the checkpoint from before is kept.
 * SGAN_EINTERRUPTED: see stop. SGAN_EINVAL: dataset and preset differ, init lacks a stage, or there are more ranks than
 * slices. A failure is all ranks', which have agreed on it (sgan_ranks_agree), but for one of memory, or of the exchange. */
sgan_status sgan_train(sgan_ctx *ctx, const struct sgan_train_options *options);

#endif

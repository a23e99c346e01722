/* The inside of a training run, shared by the loop (train.c) and what it opens, draws and saves (trainer.c). */
#ifndef SGAN_SGAN_TRAIN_TRAINER_H
#define SGAN_SGAN_TRAIN_TRAINER_H

#include "src/sgan/model/checkpoint.h"
#include "src/sgan/sample/sampler.h"
#include "src/sgan/train/report.h"
#include "src/sgan/train/train.h"

struct sgan_trainer {
	sgan_ctx *ctx;
	const struct sgan_train_options *options;
	struct sgan_model *model;
	struct sgan_state state;
	enum sgan_stage last;         /* the last stage to run */
	struct sgan_session *session; /* of the current stage */
	struct sgan_sampler *sampler; /* made when first used */
	struct sgan_log *log;
	int lock; /* on the run's folder; -1: none */
	struct sgan_meter interval, epoch;
	size_t steps_made; /* by this call, over all stages */
	uint32_t *order;   /* [train.count], the images in the order of order_epoch */
	uint64_t order_epoch;
	real *x;         /* [max_batch, image] */
	uint32_t *labels; /* [max_batch] */
};

/* Checks preset against data, builds the model, loads what the run goes on from (a checkpoint or `init`), opens the
 * log. */
sgan_status sgan_trainer_open(struct sgan_trainer *t);

/* Frees everything; returns status, or the log's failure if status is SGAN_OK. */
sgan_status sgan_trainer_close(struct sgan_trainer *t, sgan_status status);

/* Writes the state into the run under this name, or as the given stage left it. */
sgan_status sgan_trainer_save(struct sgan_trainer *t, const char *name);
sgan_status sgan_trainer_save_stage(struct sgan_trainer *t, enum sgan_stage stage);

void sgan_trainer_clear_moments(struct sgan_trainer *t);

/* The share of test images that the encoder gives their class. */
sgan_status sgan_trainer_accuracy(struct sgan_trainer *t, double *accuracy);

/* samples-STAGE-EPOCH.png: one row a class, the same noise every time. */
sgan_status sgan_trainer_grid(struct sgan_trainer *t, size_t epoch);

#endif

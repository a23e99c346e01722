/* What a training run holds while it goes on: model, state, log, lock. For src/sgan/train alone. */
#ifndef SGAN_SGAN_TRAIN_TRAINER_H
#define SGAN_SGAN_TRAIN_TRAINER_H

#include "src/io/run.h"
#include "src/sgan/model/checkpoint.h"
#include "src/sgan/sample/sampler.h"
#include "src/sgan/train/health.h"
#include "src/sgan/train/meter.h"
#include "src/sgan/train/train.h"

struct sgan_trainer {
	sgan_ctx *ctx;
	const struct sgan_train_options *options;
	struct sgan_model *model;
	struct sgan_state state;
	struct sgan_session *session;                /* of the current stage */
	struct sgan_sampler *sampler;                /* made when first used */
	struct sgan_log *log;                        /* NULL until training begins */
	int lock;                                    /* on the run's folder; -1: none */
	struct sgan_meter interval, epoch;           /* of the session's steps */
	double z_shares[SGAN_STACKS_MAX];            /* the last measured */
	double chance;                               /* the encoder's accuracy if it always said the same */
	struct sgan_health health[SGAN_STAGE_COUNT]; /* of each stage's last epoch */
	char *measures;                              /* the checkpoint's, until the stage's meters have them; or NULL */
	size_t steps_made;                           /* by this call, over all stages */
	uint32_t *order;                             /* [train.count], the images in the order of order_epoch */
	uint64_t order_epoch;
	real *x;                       /* [max_batch, image] */
	uint32_t *labels;              /* [max_batch] */
	uint8_t *shown;                /* [image], as the encoder's stage shows it */
	size_t *offsets;               /* [ranks + 1], of what they bring together */
	bool stop, save;               /* wanted after this step */
	double saved;                  /* when it last was, as sgan_trainer_now has it */
	size_t slice_begin, slice_end; /* of every batch: those that this rank computes */
};

/* Whether this process reads and writes the run's files, and tells of it. */
static inline bool sgan_trainer_leads(const struct sgan_trainer *t)
{
	return sgan_ranks_number(t->options->ranks) == 0;
}

/* Seconds of a clock that nobody sets. */
double sgan_trainer_now(void);

/* Its batch, of which this rank computes a part. */
sgan_batch sgan_trainer_batch(const struct sgan_trainer *t);

/* Checks preset against data, locks the run, builds the model. The caller ends it with sgan_trainer_close, also after
 * a failure. */
sgan_status sgan_trainer_open(struct sgan_trainer *t, sgan_ctx *ctx, const struct sgan_train_options *options);

/* Frees everything; returns status, or the log's failure if status is SGAN_OK. */
sgan_status sgan_trainer_close(struct sgan_trainer *t, sgan_status status);

/* Settings of the current stage; steps of its epochs. */
const struct sgan_stage_settings *sgan_trainer_settings(const struct sgan_trainer *t);
size_t sgan_trainer_epoch_steps(const struct sgan_trainer *t);

/* Where the current stage stands, for an event; and telling the caller of it. */
struct sgan_progress sgan_trainer_progress(const struct sgan_trainer *t, enum sgan_event event);
void sgan_trainer_emit(const struct sgan_trainer *t, const struct sgan_progress *progress);

/* Tells the caller of something that failed, whose message is the thread's last error, and without which training goes on. */
void sgan_trainer_warn(const struct sgan_trainer *t, const char *what);

/* Ends the stage's session and what measures it. */
void sgan_trainer_end_session(struct sgan_trainer *t);

/* Writes the state into the run's checkpoint, or into the given stage's own file; rank 0 does, others have nothing to do. */
sgan_status sgan_trainer_save(struct sgan_trainer *t);
/* The same of a state that was just read, before its measures were taken. */
sgan_status sgan_trainer_save_again(struct sgan_trainer *t);
sgan_status sgan_trainer_save_stage(struct sgan_trainer *t, enum sgan_stage stage);

#endif

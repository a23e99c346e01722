/* What a training run tells its caller while it runs. */
#ifndef SGAN_SGAN_TRAIN_PROGRESS_H
#define SGAN_SGAN_TRAIN_PROGRESS_H

#include "src/sgan/objective/session.h"

enum sgan_event {
	SGAN_EVENT_STAGE,   /* a stage begins (or goes on after a resume) */
	SGAN_EVENT_STEP,    /* a step is done: for a live line; losses are the last step's */
	SGAN_EVENT_LOG,     /* an interval is done: losses are its means */
	SGAN_EVENT_EPOCH,   /* an epoch is done, or the stage at its limit: losses are the epoch's means */
	SGAN_EVENT_WARNING, /* something has gone wrong: `warning` */
	SGAN_EVENT_DONE     /* a stage is done */
};

struct sgan_progress {
	enum sgan_event event;
	enum sgan_stage stage;
	size_t epoch, epochs; /* the current one, from 1; the stage's last; 0: of an encoder that was given */
	bool epoch_whole;     /* no step of the epoch is left */
	size_t step, steps;   /* steps of this stage done; the stage's limit */
	double images_per_second, seconds_left;
	double test_accuracy;   /* of an encoder epoch; negative: none */
	size_t stack_count;     /* of the z shares */
	const double *z_shares; /* [stack_count] at a GAN epoch's end; good until the next event */
	const char *warning;    /* a line */
	bool again;             /* the warning has been given before, and still holds at the end */
	size_t loss_count;
	const struct sgan_loss *losses; /* [loss_count]; good until the next event */
};

#endif

/* Means over some steps: of the losses, and of the time that the steps took. */
#ifndef SGAN_SGAN_TRAIN_METER_H
#define SGAN_SGAN_TRAIN_METER_H

#include "src/sgan/objective/session.h"
#include "src/sgan/train/progress.h"

/* Sums since it was last cleared. Those of losses outlive the process (measures.h), those of time do not. */
struct sgan_meter {
	size_t steps, images; /* that were timed */
	double seconds;       /* wall time of the steps alone */
	size_t loss_count;
	struct sgan_loss *sums, *means; /* [loss_count] each */
	uint64_t *counts;               /* [loss_count]: steps that took the loss */
};

/* A meter for the losses of a session, cleared. One that is all 0 may be destroyed. SGAN_ENOMEM. */
sgan_status sgan_meter_create(const struct sgan_session *session, struct sgan_meter *meter);
void sgan_meter_destroy(struct sgan_meter *meter);

void sgan_meter_clear(struct sgan_meter *meter);

/* Adds a step that the session has done in so many seconds; of its losses, those that were taken. */
void sgan_meter_add(struct sgan_meter *meter, const struct sgan_session *session, double seconds);

/* Fills in rate, time left and the means of those losses that were taken at all; they stay the meter's, until it is
 * read again. */
void sgan_meter_read(struct sgan_meter *meter, struct sgan_progress *progress);

/* The same with the losses of the session's last step in the place of means. */
void sgan_meter_read_last(struct sgan_meter *meter, const struct sgan_session *session, struct sgan_progress *progress);

#endif

/* What a run says of itself: stats.jsonl and progress events. Means of the losses over an interval and an epoch. */
#ifndef SGAN_SGAN_TRAIN_REPORT_H
#define SGAN_SGAN_TRAIN_REPORT_H

#include "src/io/run.h"
#include "src/sgan/objective/session.h"
#include "src/sgan/train/progress.h"

/* Sums since the last time it was emptied. */
struct sgan_meter {
	size_t steps, images;
	double seconds; /* wall time of the steps alone */
	size_t loss_count;
	struct sgan_loss losses[SGAN_LOSSES];
};

void sgan_meter_add(struct sgan_meter *meter, const struct sgan_session *session, double seconds);
void sgan_meter_clear(struct sgan_meter *meter);

/* Fills in rate, time left and the losses' means. */
void sgan_meter_read(const struct sgan_meter *meter, struct sgan_progress *progress);

/* A line of stats.jsonl: the progress's numbers; at the end of a whole epoch also "epoch_done". With GAN stages the
 * variances of real and generated h(i), var_x_real, var_x_generated, var_h1_real, ... of the last batch. */
sgan_status sgan_report_line(struct sgan_log *log, const struct sgan_progress *progress,
                             const struct sgan_session *session);

/* The mean over features of the variance over the batch. x [n, size]. */
double sgan_batch_variance(size_t n, size_t size, const real *x);

#endif

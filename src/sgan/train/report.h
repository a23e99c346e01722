/* What a run says of itself in stats.jsonl. */
#ifndef SGAN_SGAN_TRAIN_REPORT_H
#define SGAN_SGAN_TRAIN_REPORT_H

#include "src/io/run.h"
#include "src/sgan/objective/session.h"
#include "src/sgan/train/progress.h"

/* A line of stats.jsonl: the progress's numbers; at the end of a whole epoch also "epoch_done". With GAN stages the
 * variances of real and generated h(i), var_x_real, var_x_generated, var_h1_real, ... of the last batch, which at an
 * epoch's end is one that averages made, where they are kept, and of which the session has all images; and at an epoch's end the z shares, z_share_g0, ... */
sgan_status sgan_report_line(struct sgan_log *log, const struct sgan_progress *progress,
                             const struct sgan_session *session);

/* A line ahead of the first step of a call: what runs it ("isa", "threads", of "cpus" that this process may use), and how
 * much the machine has to do without ("load", the mean number of programs that ran or waited in the last minute); of
 * several processes, how many there are ("ranks"), and what is so of the first. */
sgan_status sgan_report_start(struct sgan_log *log, const struct sgan_progress *progress, const sgan_ctx *ctx,
                              size_t ranks);

/* A line with a warning: "warning". */
sgan_status sgan_report_warning(struct sgan_log *log, const struct sgan_progress *progress);

/* The mean over features of the variance over the batch. x [n, size]. */
double sgan_batch_variance(size_t n, size_t size, const real *x);

#endif

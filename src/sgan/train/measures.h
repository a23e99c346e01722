/* What a run has measured and says later: the sums of losses since the log's last line and since the epoch began, and
 * what ailed its stages. Checkpoints keep it, so that a run that was stopped and resumed tells what one does that was
 * not.
 *
 * As a text it is JSON: "interval" and "epoch" with {"sum", "steps"} of each loss, while a stage is under way; "health"
 * with "epoch", "step" and "signs" of each stage that something ailed. Times are no part of it. */
#ifndef SGAN_SGAN_TRAIN_MEASURES_H
#define SGAN_SGAN_TRAIN_MEASURES_H

#include "src/sgan/train/trainer.h"

/* *text (free() it) = the trainer's measures; NULL: there are none. SGAN_ENOMEM. */
sgan_status sgan_measures_text(const struct sgan_trainer *t, char **text);

/* Takes the health from a text as a checkpoint holds it, and keeps the text for sgan_measures_restore_sums; NULL, of a
 * checkpoint that has none, is nothing. SGAN_EFORMAT: it is not such a text; SGAN_ENOMEM. */
sgan_status sgan_measures_restore(struct sgan_trainer *t, const char *text);

/* Gives the meters, made for the session's losses, the sums of the text that was kept, which is done with then.
 * SGAN_EFORMAT: the sums are of other losses. */
sgan_status sgan_measures_restore_sums(struct sgan_trainer *t);

#endif

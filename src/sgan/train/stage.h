/* One training stage: its beginning, its steps with what follows each, its end. */
#ifndef SGAN_SGAN_TRAIN_STAGE_H
#define SGAN_SGAN_TRAIN_STAGE_H

#include "src/sgan/train/trainer.h"

/* Whether the current stage has a step left. */
bool sgan_stage_left(const struct sgan_trainer *t);

/* Draws the first weights of a stage that has done no step yet, and makes its session. */
sgan_status sgan_stage_begin(struct sgan_trainer *t);

/* One step; then, as it is time, a line of the log, the epoch's evaluation, a checkpoint. SGAN_EDIVERGED: a loss, or
 * when a line or a checkpoint is due anything that the stage trains, is not finite; nothing is written of it. */
sgan_status sgan_stage_step(struct sgan_trainer *t);

/* Goes to the next stage, or behind the last; writes the stage's own file, which the next begins from, and the
 * checkpoint. */
sgan_status sgan_stage_end(struct sgan_trainer *t);

#endif

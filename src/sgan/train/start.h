/* What a run begins from: nothing, a model given for the stages that are not run, or its own checkpoint. */
#ifndef SGAN_SGAN_TRAIN_START_H
#define SGAN_SGAN_TRAIN_START_H

#include "src/sgan/train/trainer.h"

/* Sets the state of an opened trainer and loads weights, which all ranks have from rank 0; that one writes what a new run has before its first step (reals.png,
 * the first checkpoint), or cuts a resumed run's log back to its checkpoint; opens the log.
 * SGAN_EINVAL: the dataset is another, a stage has no trained model to start from; SGAN_EFORMAT, SGAN_EIO. */
sgan_status sgan_trainer_start(struct sgan_trainer *t);

#endif

/* The end of an epoch: what it measures, draws, and warns of. */
#ifndef SGAN_SGAN_TRAIN_EPOCH_H
#define SGAN_SGAN_TRAIN_EPOCH_H

#include "src/sgan/train/trainer.h"

/* The encoder's accuracy, or images and z shares of the GANs; a line of the log with these and the epoch's means;
 * warnings of what has begun to go wrong. */
sgan_status sgan_epoch_end(struct sgan_trainer *t);

/* Takes the running statistics of averaged generators anew, which follow from their weights alone: before images are
 * drawn with them, and before they are saved. */
sgan_status sgan_epoch_settle(struct sgan_trainer *t);

/* Says once more what ailed the run's stages in their last epochs, where a step was made since the call began. */
void sgan_epoch_warn_again(const struct sgan_trainer *t);

/* Tells what an encoder that was given, not trained, is worth: a line of the log with its test accuracy. */
sgan_status sgan_epoch_judge_encoder(struct sgan_trainer *t);

#endif

/* The end of an epoch: what it measures, warns of, and draws. */
#ifndef SGAN_SGAN_TRAIN_EPOCH_H
#define SGAN_SGAN_TRAIN_EPOCH_H

#include "src/sgan/train/trainer.h"

/* The encoder's accuracy, or z shares of the GANs; a line of the log with these and the epoch's means;
 * warnings of what has begun to go wrong. */
sgan_status sgan_epoch_end(struct sgan_trainer *t);

/* The GANs' images as a picture, once all else is saved: where it cannot be written the caller is told, and training goes
 * on. And the same where a run goes on from the end of an epoch, whose picture it was stopped ahead of. */
void sgan_epoch_draw(struct sgan_trainer *t);
void sgan_epoch_draw_missing(struct sgan_trainer *t);

/* Takes the running statistics of averaged generators anew, which follow from their weights alone: before images are
 * drawn with them, and before they are saved. */
sgan_status sgan_epoch_settle(struct sgan_trainer *t);

/* Says once more what ailed the run's stages in their last epochs, where a step was made since the call began. */
void sgan_epoch_warn_again(const struct sgan_trainer *t);

/* Tells what an encoder that was given, not trained, is worth: a line of the log with its test accuracy. */
sgan_status sgan_epoch_judge_encoder(struct sgan_trainer *t);

#endif

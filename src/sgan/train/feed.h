/* Batches of training images for a stage's session: of each batch, the images that this process computes. */
#ifndef SGAN_SGAN_TRAIN_FEED_H
#define SGAN_SGAN_TRAIN_FEED_H

#include "src/sgan/train/trainer.h"
#include "src/sgan/train/view.h"

/* The batch of the current step: the next images of the epoch's order, which follows from the preset's seed. */
sgan_status sgan_feed_step(struct sgan_trainer *t);

/* Batch `number` of so many that are spread evenly over the training half, the same in every epoch. Their product with
 * the batch's size and the number of images must fit 64 bits. */
sgan_status sgan_feed_evenly(struct sgan_trainer *t, size_t number, size_t batches);

/* An image [height, width, channels] into place k of the batch, in a view of it or (NULL) as it is. */
void sgan_feed_put(struct sgan_trainer *t, size_t k, const uint8_t *pixels, const struct sgan_view *view);

#endif

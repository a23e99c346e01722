/* How long training lasts: which stages a preset runs, their steps and epochs. An incomplete last batch of an epoch is
 * dropped. Pure arithmetic: knows a stage's settings and how many images there are, nothing of runs. */
#ifndef SGAN_SGAN_TRAIN_LIMITS_H
#define SGAN_SGAN_TRAIN_LIMITS_H

#include "src/sgan/preset/preset.h"

/* The first and the last stage that a preset runs. An encoder that nothing needs (sgan_preset_needs_encoder) is trained
 * only where its stage is asked for by name. */
enum sgan_stage sgan_first_stage(const struct sgan_preset *preset);
enum sgan_stage sgan_last_stage(const struct sgan_preset *preset);

/* Whether the first stage starts from first weights, not from a model that others have trained. */
bool sgan_starts_from_nothing(const struct sgan_preset *preset);

/* Steps of an epoch over `images` training images. */
size_t sgan_epoch_steps(const struct sgan_stage_settings *settings, size_t images);

/* Steps of the whole stage: its epochs', or its own limit where that is less. */
size_t sgan_stage_steps(const struct sgan_stage_settings *settings, size_t images);

/* Epochs that these steps take, the last one perhaps in part. */
size_t sgan_stage_epochs(const struct sgan_stage_settings *settings, size_t images);

/* The epoch, from 1, that the last of `steps` done steps was of; 1 before the first. There is at least a batch. */
size_t sgan_epoch_of(const struct sgan_stage_settings *settings, size_t images, uint64_t steps);

/* Images of the largest batch of the stages that there are: what models are made for. */
size_t sgan_largest_batch(const struct sgan_preset *preset);

/* What a step, from 0, takes of the stage's learning rate: from 1 at the first to lr_end / lr at the last, linearly. It
 * follows from the step alone. */
double sgan_stage_lr_factor(const struct sgan_stage_settings *settings, size_t images, uint64_t step);

#endif

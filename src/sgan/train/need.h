/* What training takes of memory, told before it takes any time. */
#ifndef SGAN_SGAN_TRAIN_NEED_H
#define SGAN_SGAN_TRAIN_NEED_H

#include "src/data/dataset.h"
#include "src/sgan/preset/preset.h"

/* Bytes of model and steps, the largest of the stages from `first` on that the preset runs, besides the data, which are there.
 * Makes all of it once, untouched for the most part, and frees it. SGAN_ENOMEM: it cannot be had. */
sgan_status sgan_train_memory(sgan_ctx *ctx, const struct sgan_preset *preset, const struct sgan_dataset *data,
                              enum sgan_stage first, size_t *bytes);

#endif

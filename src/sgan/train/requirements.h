/* What must be so before a run is made: of the preset, and of the dataset beside it. */
#ifndef SGAN_SGAN_TRAIN_REQUIREMENTS_H
#define SGAN_SGAN_TRAIN_REQUIREMENTS_H

#include "src/data/dataset.h"
#include "src/sgan/preset/preset.h"

/* Whether training has all that the preset needs: SGAN_EINVAL, and what is missing, if not. */
sgan_status sgan_preset_trainable(const struct sgan_preset *preset);

/* Whether the dataset has the images, classes and at least a batch that the preset needs: SGAN_EINVAL if not. */
sgan_status sgan_data_fits(const struct sgan_preset *preset, const struct sgan_dataset *data);

#endif

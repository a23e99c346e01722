/* What must be so of a dataset that goes with a preset. */
#ifndef SGAN_SGAN_TRAIN_REQUIREMENTS_H
#define SGAN_SGAN_TRAIN_REQUIREMENTS_H

#include "src/data/dataset.h"
#include "src/sgan/preset/preset.h"

/* Whether the dataset has labels, unless the preset reads none: SGAN_EINVAL if not. The preset need not be settled. */
sgan_status sgan_labels_fit(const struct sgan_preset *preset, const struct sgan_dataset *data);

/* Whether the dataset has images of the preset's size and, unless the preset reads no labels, labels of as many
 * classes: SGAN_EINVAL if not. */
sgan_status sgan_images_fit(const struct sgan_preset *preset, const struct sgan_dataset *data);

/* The same of training: whether the dataset has the images, classes and at least a batch that the preset needs:
 * SGAN_EINVAL if not. */
sgan_status sgan_data_fits(const struct sgan_preset *preset, const struct sgan_dataset *data);

#endif

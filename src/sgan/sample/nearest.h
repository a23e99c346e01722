/* The training image that is nearest to a generated one (Figure 2b of the paper): by pixels, and by the encoder's
 * penultimate layer (encoding.h; fc3 in the presets), wherever stacks cut it. Both images are compared as bytes, as files hold them.
 * Knows nothing of where images come from or are shown. */
#ifndef SGAN_SGAN_SAMPLE_NEAREST_H
#define SGAN_SGAN_SAMPLE_NEAREST_H

#include "src/data/dataset.h"
#include "src/sgan/model/model.h"

enum sgan_space { SGAN_SPACE_PIXELS, SGAN_SPACE_FEATURES, SGAN_SPACES };

/* A training image; of equally near ones the first. */
struct sgan_neighbour {
	size_t index;
	double distance; /* Euclidean; of pixels in [0, 1], of features as the encoder gives them */
};

/* The training images as rows of each space. */
struct sgan_nearest;

/* Runs the encoder over the training images; model and data must outlive what is made. SGAN_EINVAL: images of another
 * size, or none; SGAN_ENOMEM. */
sgan_status sgan_nearest_create(sgan_ctx *ctx, struct sgan_model *model, const struct sgan_dataset *data,
                                struct sgan_nearest **nearest);
void sgan_nearest_destroy(struct sgan_nearest *nearest); /* NULL is allowed */

/* The nearest to each of n <= max_batch images [n, height, width, channels], in each space. */
sgan_status sgan_nearest_find(struct sgan_nearest *nearest, size_t n, const uint8_t *images,
                              struct sgan_neighbour (*found)[SGAN_SPACES]);

#endif

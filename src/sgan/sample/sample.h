/* Images from a model file. Knows nothing of how models are trained, nor of what becomes of the images. */
#ifndef SGAN_SGAN_SAMPLE_SAMPLE_H
#define SGAN_SGAN_SAMPLE_SAMPLE_H

#include "src/sgan/preset/preset.h"

/* Draws images from a model file. labels [count], each < classes; images receives count * height * width *
 * channels bytes. z depends on (seed, image number) alone. */
sgan_status sgan_sample(sgan_ctx *ctx, const char *path, const struct sgan_preset *preset, size_t count,
                        const uint32_t *labels, uint64_t seed, uint8_t *images);

#endif

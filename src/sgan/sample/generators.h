/* A model for sampling, from the file that holds it. Knows nothing of what is drawn. */
#ifndef SGAN_SGAN_SAMPLE_GENERATORS_H
#define SGAN_SGAN_SAMPLE_GENERATORS_H

#include "src/sgan/model/model.h"

/* Whether a path names a published generator (src/sgan/model/published.h), which has no preset of its own, and not a
 * model file of this program: its name ends in .npz. */
bool sgan_generators_published(const char *path);

/* Builds the preset's model for up to max_batch images and loads what the file holds: generators and, but for a
 * published file, the encoder. SGAN_EFORMAT: the generators are not trained yet, or as for reading such a file. */
sgan_status sgan_generators_load(sgan_ctx *ctx, const char *path, const struct sgan_preset *preset, size_t max_batch,
                                 struct sgan_model **model);

#endif

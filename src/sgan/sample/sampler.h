/* Images from labels through all generators (Figure 1c of the paper). */
#ifndef SGAN_SGAN_SAMPLE_SAMPLER_H
#define SGAN_SGAN_SAMPLE_SAMPLER_H

#include "src/sgan/model/model.h"

/* Forward tapes of all generators and room for a batch. SGAN_EINVAL: the model has no stacks. */
struct sgan_sampler;
sgan_status sgan_sampler_create(sgan_ctx *ctx, struct sgan_model *model, struct sgan_sampler **sampler);
void sgan_sampler_destroy(struct sgan_sampler *sampler);

/* Draws count images: image k is of labels[k] (NULL: of none, for models that take none), its noise from (stream's purpose, seed, first + k). Batch
 * normalisation uses the running statistics. images [count, height, width, channels]. */
sgan_status sgan_sampler_draw(struct sgan_sampler *sampler, uint32_t stream, uint64_t seed, uint64_t first,
                              size_t count, const uint32_t *labels, uint8_t *images);

#endif

/* Images from labels through all generators (Figure 1c of the paper). */
#ifndef SGAN_SGAN_SAMPLE_SAMPLER_H
#define SGAN_SGAN_SAMPLE_SAMPLER_H

#include "src/sgan/model/model.h"

/* Where a z(i) comes from: the numbers of (seed, index) in the stack's stream; or between these and those of
 * (to, index), `share` of the way along a straight line. */
struct sgan_z_source {
	uint64_t seed, index, to;
	double share; /* 0 .. 1 */
};

/* All that an image is made from. Two images that share z(i) and all above it have the same h(i). */
struct sgan_image_source {
	uint32_t label;
	struct sgan_z_source z[SGAN_STACKS_MAX]; /* [stack_count] */
};

/* Forward tapes of all generators and room for a batch. SGAN_EINVAL: the model has no stacks. */
struct sgan_sampler;
sgan_status sgan_sampler_create(sgan_ctx *ctx, struct sgan_model *model, struct sgan_sampler **sampler);
void sgan_sampler_destroy(struct sgan_sampler *sampler);

/* Draws n <= max_batch images from their sources, z(i) in the stream `stream` + i. Batch normalisation uses the running
 * statistics. images [n, height, width, channels]. SGAN_EINVAL: too many, or a label that the model has no class for. */
sgan_status sgan_sampler_draw_from(struct sgan_sampler *sampler, uint32_t stream, size_t n,
                                   const struct sgan_image_source *sources, uint8_t *images);

/* The same for any count of images: image k is of labels[k] (NULL: of none, for models that take none), all of its z
 * from (seed, first + k). */
sgan_status sgan_sampler_draw(struct sgan_sampler *sampler, uint32_t stream, uint64_t seed, uint64_t first,
                              size_t count, const uint32_t *labels, uint8_t *images);

#endif

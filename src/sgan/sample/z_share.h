/* The z share of a generator: how much of the variance of what it makes comes from z, the rest coming from its
 * condition. Near 0, the generator does without z: Figure 2(d) of the paper as a number. */
#ifndef SGAN_SGAN_SAMPLE_Z_SHARE_H
#define SGAN_SGAN_SAMPLE_Z_SHARE_H

#include "src/data/dataset.h"
#include "src/sgan/model/model.h"

enum {
	SGAN_Z_SHARE_CONDITIONS = 100, /* that a measurement should have at least */
	SGAN_Z_SHARE_DRAWS = 16        /* of z for each */
};

/* The z share of G_stack from SGAN_Z_SHARE_DRAWS draws of z at each of `count` conditions [count, upper_size] (h(i+1),
 * or one-hot labels for the top stack), with running statistics: the variance at a fixed condition, the mean over
 * conditions, divided by the variance of all that was made; variances are unbiased and summed over elements. It may
 * pass 1 a little where the condition has no effect. A generator without a condition has one and the same for all
 * draws, so its share is 1; `conditions` may be NULL then. What does not vary at all has share 0; what is not finite, a
 * NaN. z is of stream SGAN_RANDOM_Z_SHARE of `seed`. The same bits for any number of threads.
 * SGAN_EINVAL: count is 0; SGAN_ENOMEM. */
sgan_status sgan_z_share(sgan_ctx *ctx, struct sgan_model *model, size_t stack, size_t count, const real *conditions,
                         uint64_t seed, double *share);

/* The images of a dataset that shares are measured on: those of the test half, which no stage was trained on, or of the
 * training half where there are fewer of them than SGAN_Z_SHARE_CONDITIONS. */
const struct sgan_split *sgan_z_share_images(const struct sgan_dataset *data);

/* The same of every stack, conditioned as in the independent stage: on E's h(i+1) of real images, the top stack on
 * their labels. Takes `count` images spread evenly over the split, fewer where it has fewer. shares [stack_count].
 * SGAN_EINVAL: no image, or a label that is no class of the model's. */
sgan_status sgan_z_shares(sgan_ctx *ctx, struct sgan_model *model, const struct sgan_split *real_images, size_t count,
                          uint64_t seed, double *shares);

#endif

/* Images or features through one stack's generator, outside of training: by the weights that are drawn with, with
 * running statistics, and no way back. Knows nothing of where z and conditions come from. */
#ifndef SGAN_SGAN_MODEL_GENERATION_H
#define SGAN_SGAN_MODEL_GENERATION_H

#include "src/sgan/model/model.h"

struct sgan_generation {
	const struct sgan_model *model;
	const struct sgan_stack *stack;
	struct sgan_tape *tape;
	real *z; /* [max_batch, noise_size]: what is generated from */
};

/* Room for stack i of the model, which must outlive it. The caller ends it with sgan_generation_free, also after a
 * failure; one that is all 0 may be freed. SGAN_ENOMEM. */
sgan_status sgan_generation_create(const struct sgan_model *model, size_t i, struct sgan_generation *generation);
void sgan_generation_free(struct sgan_generation *generation);

/* Generates n <= max_batch from z and the condition h(i+1) [n, upper_size], which a generator without one does not
 * read. *h: what was made, h(i) [n, lower_size], until the next run. */
sgan_status sgan_generation_run(sgan_ctx *ctx, struct sgan_generation *generation, size_t n, const real *condition,
                                const real **h);

#endif

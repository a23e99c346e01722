/* A stacked GAN: what its images are as input, the encoder's parts E_i, and for every stack i the generator G_i and the
 * discriminator D_i with its second head Q_i, and their parameters. A model without stacks is its encoder, a
 * classifier. Knows nothing of how they are trained. */
#ifndef SGAN_SGAN_MODEL_MODEL_H
#define SGAN_SGAN_MODEL_MODEL_H

#include "src/sgan/model/input.h"
#include "src/sgan/preset/preset.h"

/* A network with its parameters. */
struct sgan_part {
	struct sgan_net *net;
	struct sgan_params *params;
	struct sgan_params *average; /* of a generator that is trained: the moving average of its weights; or NULL */
};

/* E_i turns h(i) into h(i+1), and G_i back; h(0) is the image, h(stack_count) the label (section 3.2). */
struct sgan_encoder_part {
	struct sgan_part part;
	int in, out; /* layers: h(i), h(i+1) */
	size_t in_size, out_size;
};

struct sgan_stack {
	struct sgan_part generator, discriminator;
	int generator_condition, generator_noise, generator_out;       /* h(i+1) (-1: G_i does without), z(i), h(i) */
	int discriminator_in, discriminator_logit, discriminator_code; /* h(i), D's logits, Q's guess at z(i) (-1: no Q) */
	size_t upper_size, noise_size, lower_size;                     /* values of h(i+1), z(i), h(i) */
};

struct sgan_model {
	const struct sgan_preset *preset;
	struct sgan_input input;
	size_t max_batch;
	size_t encoder_count;
	struct sgan_encoder_part *encoder; /* [encoder_count]: E_i for each stack i; without stacks E_0, all of it */
	size_t stack_count;
	struct sgan_stack *stacks; /* [stack_count] */
};

/* The parameters that a generator's images are drawn with. */
static inline struct sgan_params *sgan_part_drawn_with(const struct sgan_part *generator)
{
	return generator->average != NULL ? generator->average : generator->params;
}

/* Builds the networks of a preset, which must outlive the model, for up to max_batch images; with gradients and
 * moments if `trained`. Weights are 0 until drawn (sgan_model_init) or loaded. */
sgan_status sgan_model_create(sgan_ctx *ctx, const struct sgan_preset *preset, size_t max_batch, bool trained,
                              struct sgan_model **model);
void sgan_model_destroy(struct sgan_model *model);

/* The model's part number k, in the order E_0, G_0, D_0, E_1, ...; NULL behind the last. *stage is the first
 * stage that trains it: SGAN_STAGE_ENCODER, or SGAN_STAGE_INDEPENDENT. */
struct sgan_part *sgan_model_part(struct sgan_model *model, size_t k, enum sgan_stage *stage);

/* Draws the weights of the parts that `stage` is the first to train, by the stage's settings for encoder, generators
 * or discriminators and the preset's seed. */
sgan_status sgan_model_init(sgan_ctx *ctx, struct sgan_model *model, enum sgan_stage stage);

#endif

/* A model as data: image, encoder, stacks, losses and training settings, read from a libconfig file.
 *
 * Knows nothing of training; networks come out as descriptions (src/nn). */
#ifndef SGAN_SGAN_PRESET_PRESET_H
#define SGAN_SGAN_PRESET_PRESET_H

#include "src/nn/net.h"

enum {
	SGAN_STACKS = 4,
	SGAN_CLASSES = 10000 /* the most of a preset */
};

enum sgan_stage { SGAN_STAGE_ENCODER, SGAN_STAGE_INDEPENDENT, SGAN_STAGE_JOINT, SGAN_STAGE_COUNT };

/* "encoder", "independent", "joint". */
const char *sgan_stage_name(enum sgan_stage stage);

enum sgan_condition { SGAN_CONDITION_SQUARED_ERROR, SGAN_CONDITION_CROSS_ENTROPY };

/* What D's head "d" is: one logit, or one for each class with D = Z / (1 + Z), Z the sum of their exponentials; the
 * latter is trained to tell the classes of real images as well. */
enum sgan_discriminator_loss { SGAN_DISCRIMINATOR_BINARY, SGAN_DISCRIMINATOR_CLASSES };

/* L_adv: -log D(G(h, z)), equation (5), or log(1 - D(G(h, z))), whose gradient fades where D is sure. */
enum sgan_adversarial { SGAN_ADVERSARIAL_NON_SATURATING, SGAN_ADVERSARIAL_SATURATING };

enum sgan_init { SGAN_INIT_NORMAL, SGAN_INIT_HE };

/* Settings of one training stage: the preset's common ones, then those of the stage's group. */
struct sgan_stage_settings {
	size_t epochs; /* limit of the stage */
	size_t steps;  /* the same in steps; 0: none */
	size_t batch;
	double lr, beta1, beta2, epsilon;           /* Adam */
	double lambda_adv, lambda_cond, lambda_ent; /* weights of equation (3) */
	size_t generator_steps;                     /* G steps for each D step */
	enum sgan_init init;
	double init_std; /* of SGAN_INIT_NORMAL */
};

/* One GAN of the stack, number 0 (images) first. */
struct sgan_stack_desc {
	char cut[SGAN_NAME]; /* the encoder's layer that gives h(i+1); the top stack's gives class scores */
	enum sgan_condition condition;
	enum sgan_discriminator_loss discriminator_loss;
	enum sgan_adversarial adversarial;
	struct sgan_net_desc generator;     /* inputs "h" (the condition) and "z"; its last layer makes h(i) */
	struct sgan_net_desc discriminator; /* input "h", heads "d" (logits) and "q" (as wide as z) */
};

struct sgan_preset {
	char name[SGAN_NAME];
	size_t height, width, channels, classes;
	bool subtract_mean; /* of the training images, from every image (src/sgan/model/input.h) */
	uint64_t seed;
	char stage[16];                 /* "encoder", "independent", "joint" or "all" */
	size_t slices;                  /* what a batch is cut into; part of the result's definition */
	size_t log_interval;            /* steps */
	double bn_epsilon, bn_momentum; /* those of every network */
	struct sgan_net_desc encoder;
	size_t stack_count;
	struct sgan_stack_desc stacks[SGAN_STACKS];
	struct sgan_stage_settings stages[SGAN_STAGE_COUNT];
	char *text; /* the effective settings, in the preset's own language: parsing it gives this preset again */
};

/* Loads a preset: the name of a built-in one, or a file (anything with a '/' or ending in ".cfg"), its `base`
 * (another such name; a file's is relative to the folder of this one) first, then `settings` ("key=value", key a libconfig path such as "joint.lr", value a libconfig scalar or a
 * bare word) applied in order. The caller ends it with sgan_preset_free.
 * SGAN_EINVAL, SGAN_EIO: the message names file, line and what is wrong: syntax, unknown or mistyped key, value out
 * of range, networks that do not fit each other. */
sgan_status sgan_preset_load(const char *name, const char *const *settings, size_t setting_count,
                             struct sgan_preset **preset);

/* The same from text as sgan_preset.text holds it; `source` names it in messages. */
sgan_status sgan_preset_parse(const char *source, const char *text, struct sgan_preset **preset);

void sgan_preset_free(struct sgan_preset *preset);

#endif

/* A model as data: image, encoder, stacks, losses and training settings, read from a libconfig file.
 *
 * Knows nothing of training; networks come out as descriptions (src/nn). */
#ifndef SGAN_SGAN_PRESET_PRESET_H
#define SGAN_SGAN_PRESET_PRESET_H

#include "src/nn/net.h"
#include "src/sgan/preset/lists.h"

enum {
	SGAN_STACKS_MAX = 16, /* a random stream's name has room for so many (src/sgan/model/streams.h) */
	SGAN_CLASSES = 10000, /* the most of a preset */
	SGAN_CLASSES_UNKNOWN  /* what layers have of as many as there are classes, while nobody knows how many */
};

enum sgan_stage { SGAN_STAGE_ENCODER, SGAN_STAGE_INDEPENDENT, SGAN_STAGE_JOINT, SGAN_STAGE_COUNT };

/* "encoder", "independent", "joint". */
const char *sgan_stage_name(enum sgan_stage stage);

enum sgan_condition { SGAN_CONDITION_SQUARED_ERROR, SGAN_CONDITION_CROSS_ENTROPY };

/* What D's head "d" is: one logit, or one for each class with D = Z / (1 + Z), Z the sum of their exponentials; the
 * latter is trained to tell the classes of real images as well. */
enum sgan_discriminator_loss { SGAN_DISCRIMINATOR_BINARY, SGAN_DISCRIMINATOR_CLASSES };

/* G's L_adv: -log D(G(h, z)), equation (5), or log(1 - D(G(h, z))), whose gradient fades where D is sure. */
enum sgan_adversarial { SGAN_ADVERSARIAL_NON_SATURATING, SGAN_ADVERSARIAL_SATURATING };

/* Initial weights: N(0, std^2); He et al. 2015, N(0, 2 / fan_in); Glorot and Bengio 2010, uniform within
 * sqrt(6 / (fan_in + fan_out)). Fans of a convolution count the kernel's area. */
enum sgan_init_kind { SGAN_INIT_NORMAL, SGAN_INIT_HE, SGAN_INIT_GLOROT };

struct sgan_init {
	enum sgan_init_kind kind;
	double std; /* of SGAN_INIT_NORMAL */
};

/* Weights of the losses' terms, equation (3), and the form of one; the settings that terms are made from. */
struct sgan_loss_settings {
	double lambda_adv, lambda_cond, lambda_ent;
	double lambda_class; /* of the class loss of discriminators that have one */
	double lambda_below; /* see struct sgan_objective */
	enum sgan_adversarial adversarial;
};

/* How many G steps follow a D step, by how well D tells real from generated: steps.values[k], k the first for which the
 * adversarial part of L_D is greater than above.values[k], which fall; where it is greater than none, the last. */
struct sgan_schedule {
	struct sgan_sizes steps; /* one or more */
	struct sgan_reals above; /* one less */
};

/* Settings of one training stage: the preset's common ones, then those of the stage's group. */
struct sgan_stage_settings {
	size_t epochs; /* limit of the stage */
	size_t steps;  /* the same in steps; 0: none */
	size_t batch;
	double lr, beta1, beta2, epsilon; /* Adam; lr is that of the first step */
	double lr_end;                    /* of the last; between them it changes linearly */
	struct sgan_loss_settings loss;   /* of stacks that have none of their own */
	struct sgan_schedule generator_steps;
	double ema; /* decay of the moving average of generators' weights that images are drawn with; 0: there is none */
	struct sgan_init init, generator_init, discriminator_init; /* of networks that this stage is the first to train */
};

/* What the encoder is trained to tell of an image: its class; or by which of four quarter turns it was turned, which
 * takes no labels (Gidaris et al., ICLR 2018, "Unsupervised Representation Learning by Predicting Image Rotations"). */
enum sgan_labels { SGAN_LABELS_DATA, SGAN_LABELS_ROTATIONS };

enum { SGAN_ROTATIONS = 4 };

/* What is done to a training image each time that the encoder's stage takes it, drawn anew. */
struct sgan_augmentation {
	bool flip;    /* mirrored, left to right, every other time */
	size_t shift; /* moved by up to so many pixels each way; what comes in is 0 */
};

enum sgan_term_kind {
	SGAN_TERM_ADVERSARIAL, /* D tells real from generated, G deceives it: equations (4) and (5) */
	SGAN_TERM_CLASS,       /* D tells the classes of real images */
	SGAN_TERM_CONDITIONAL, /* E recovers the condition from what G made: equation (6) */
	SGAN_TERM_ENTROPY,     /* Q recovers z: equation (7); in the losses of D and of G */
	SGAN_TERM_KINDS
};

/* One term of what a stack's networks minimise. */
struct sgan_term {
	enum sgan_term_kind kind;
	double weight;                     /* above 0 */
	enum sgan_adversarial adversarial; /* G's form of SGAN_TERM_ADVERSARIAL */
	enum sgan_condition condition;     /* what SGAN_TERM_CONDITIONAL measures */
};

/* All that a stack minimises in a stage; kinds are in the order of their enum, each at most once. */
struct sgan_objective {
	size_t count;
	struct sgan_term terms[SGAN_TERM_KINDS];
	/* In the joint stage G_i minimises besides its own terms `below` times all that G_(i-1) minimises, whose gradient
	 * reaches what G_i makes through G_(i-1) and through the target of its conditional term; 0: nothing, and always so
	 * for the bottom stack and in other stages. */
	double below;
};

/* The sigma or rate of each noise or dropout layer of a network, by stage. */
typedef double sgan_strengths[SGAN_STAGE_COUNT][SGAN_LAYERS];

/* One GAN of the stack, number 0 (images) first. */
struct sgan_stack_desc {
	char cut[SGAN_NAME];           /* the encoder's layer that gives h(i+1); the top stack's gives class scores */
	enum sgan_condition condition; /* what h(i+1) is compared by */
	enum sgan_discriminator_loss discriminator_loss;
	struct sgan_objective objective[SGAN_STAGE_COUNT]; /* empty in the encoder's stage */
	struct sgan_net_desc generator;     /* inputs "h" (the condition; may be absent), "z"; its last layer makes h(i) */
	struct sgan_net_desc discriminator; /* input "h", heads "d" (logits) and "q" (as wide as z; may be absent) */
	sgan_strengths generator_strengths, discriminator_strengths;
};

struct sgan_preset {
	char name[SGAN_NAME];
	size_t height, width, channels;
	size_t classes;     /* 0: the dataset's number, which is not known yet (sgan_preset_settle) */
	bool subtract_mean; /* of the training images, from every image (src/sgan/model/input.h) */
	uint64_t seed;
	char stage[16];                 /* "encoder", "independent", "joint", "all", or "no_joint": all but that */
	size_t slices;                  /* what a batch is cut into; part of the result's definition */
	size_t log_interval;            /* steps */
	double bn_epsilon, bn_momentum; /* those of every network */
	enum sgan_net_algorithm algorithm;
	struct sgan_net_desc encoder;
	enum sgan_labels labels; /* what it is trained to tell */
	struct sgan_augmentation augmentation;
	size_t stack_count;             /* 0 (an encoder alone) to SGAN_STACKS_MAX */
	struct sgan_stack_desc *stacks; /* [stack_count] */
	struct sgan_stage_settings stages[SGAN_STAGE_COUNT];
	char *text; /* the effective settings, in the preset's own language: parsing it gives this preset again */
};

/* How many stages there are to train it in: without stacks the encoder's alone. */
size_t sgan_preset_stages(const struct sgan_preset *preset);

/* How many scores the encoder gives: one for each class, or rotation. */
size_t sgan_preset_scores(const struct sgan_preset *preset);

/* Whether the top generator makes images of a label. */
bool sgan_preset_labelled(const struct sgan_preset *preset);

/* Whether anything that is trained is told a dataset's labels. */
bool sgan_preset_reads_labels(const struct sgan_preset *preset);

/* Whether anything needs a trained encoder: without stacks it is all that there is; else stacks above others, which work
 * on its features, or generators that are held to their condition by it. Stages start without one where nothing does. */
bool sgan_preset_needs_encoder(const struct sgan_preset *preset);

/* The term of a kind, NULL if the stack has none in that stage. */
const struct sgan_term *sgan_objective_find(const struct sgan_objective *objective, enum sgan_term_kind kind);

/* Loads a preset: the name of a built-in one, or a file (anything with a '/' or ending in ".cfg"): its `base` (another
 * such name; a file's is relative to the folder of this one) first, less the paths that its `remove` lists, then what
 * its `set` lists, then the file's own settings, then `settings`, applied in order. Those and `set` are "key=value", key
 * a path such as "joint.lr" or "stacks.[0].generator.fc.out", value a libconfig scalar or a bare word. `on` names a
 * preset that stands in the place of the last of the chain of bases; of several in the chain the first counts. The
 * caller ends it with sgan_preset_free.
 * SGAN_EINVAL, SGAN_EIO: the message names file, line and what is wrong: syntax, unknown or mistyped key, value out
 * of range, networks that do not fit each other. */
sgan_status sgan_preset_load(const char *name, const char *const *settings, size_t setting_count,
                             struct sgan_preset **preset);

/* The same from text as sgan_preset.text holds it; `source` names it in messages. */
sgan_status sgan_preset_parse(const char *source, const char *text, struct sgan_preset **preset);

/* And then with settings, as of sgan_preset_load. */
sgan_status sgan_preset_parse_with(const char *source, const char *text, const char *const *settings,
                                   size_t setting_count, struct sgan_preset **preset);

/* Makes a preset whose number of classes is the dataset's, 0 as yet, one for so many, as if its settings had said so;
 * another stays as it is. SGAN_EINVAL: too many. */
sgan_status sgan_preset_settle(struct sgan_preset **preset, size_t classes);

void sgan_preset_free(struct sgan_preset *preset);

#endif

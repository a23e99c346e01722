/* The steps of a training stage: one batch through encoder, discriminators and generators, and their updates.
 *
 * The equations are the paper's (Huang et al., CVPR 2017); weights, targets and order are those of the
 * authors' implementation. Knows nothing of epochs, files or logs. */
#ifndef SGAN_SGAN_OBJECTIVE_SESSION_H
#define SGAN_SGAN_OBJECTIVE_SESSION_H

#include "src/sgan/model/model.h"
#include "src/sgan/model/updates.h"

/* In whose loss a term is. */
enum sgan_player { SGAN_DISCRIMINATOR, SGAN_GENERATOR, SGAN_PLAYERS };

enum { SGAN_TERM_ROWS = 6 }; /* terms that a stack may have, D's and G's together */

struct sgan_loss {
	char name[SGAN_NAME]; /* "loss_g0_adv", ... */
	double value;         /* of the last step, without its weight */
};

/* A term that is computed: what it is, its weight, and the loss that it fills. */
struct sgan_active_term {
	const struct sgan_term_row *row;
	const struct sgan_term *term;
	struct sgan_loss *loss;
};

/* All that D_i and G_i minimise. */
struct sgan_stack_terms {
	size_t count;
	struct sgan_active_term list[SGAN_TERM_ROWS];
	struct sgan_loss *steps; /* G steps of the last batch, logged where a schedule may change them; or NULL */
};

/* The tapes of a stack; NULL where no term needs them. Two of D are alive at once in a D step. */
struct sgan_stack_tapes {
	struct sgan_tape *encoder_generated; /* E_i on what G_i made */
	struct sgan_tape *generator;
	struct sgan_tape *discriminator_real, *discriminator_generated;
	real *noise;              /* [max_batch, noise_size] */
	real *condition_gradient; /* [max_batch, upper_size]: of what G_i minimises, by its condition; NULL: not wanted */
};

/* What one stage works with. */
struct sgan_session {
	sgan_ctx *ctx;
	struct sgan_model *model;
	enum sgan_stage stage;
	const struct sgan_stage_settings *settings;
	struct sgan_tape **encoder;     /* [encoder_count]: E_i on real data */
	struct sgan_stack_tapes *tapes; /* [stack_count] */
	struct sgan_stack_terms *terms; /* [stack_count]; empty for stacks that steps are not of */
	size_t stack_begin, stack_end;  /* the stacks that steps are of */
	size_t slice_begin, slice_end;  /* those of every batch that this session computes */
	sgan_batch batch;               /* the current one */
	const real *x;                  /* [n, height, width, channels], the caller's */
	const uint32_t *labels;         /* [n], the caller's; NULL: none */
	real *one_hot;                  /* [max_batch, classes]: the labels; NULL: nothing is conditioned on them */
	real *generated;                /* [max_batch, image]: h(0) of G_0's pixels; NULL: they are h(0) themselves */
	double lr_factor;               /* of the stage's learning rate: what updates take of it; 1 at first */
	struct sgan_updates updates;
	size_t loss_count;
	struct sgan_loss *losses; /* [loss_count], those of the last step; 0 before the first */
	bool *taken;              /* [loss_count]: whether a step of the current batch has taken it */
};

/* Tapes for a stage of a model made with `trained`; all updates start from 0. */
sgan_status sgan_session_create(sgan_ctx *ctx, struct sgan_model *model, enum sgan_stage stage,
                                struct sgan_session **session);
void sgan_session_destroy(struct sgan_session *session);

/* Steps are of one stack alone from now on. SGAN_EINVAL: stacks are only apart in the independent stage, or there
 * is no such stack. */
sgan_status sgan_session_only(struct sgan_session *session, size_t stack);

/* Steps compute the slices begin .. end - 1 of every batch alone from now on, of the preset's; what sums over the batch
 * is exchanged with the sessions that compute the others (sgan_ctx_set_exchange), which take the same steps, and all
 * end with the same parameters. Of tensors over the batch a session has only its own images; sgan_session_classify takes whole batches all the same. SGAN_EINVAL: no such
 * slices. */
sgan_status sgan_session_share(struct sgan_session *session, size_t begin, size_t end);

/* Takes a batch, which must stay valid during its steps, and runs the encoder on it once, as far up as the steps
 * need. Labels may be NULL where nothing is conditioned on them or held to them. SGAN_EINVAL: n is 0 or more than the
 * model was made for, or labels are needed. */
sgan_status sgan_session_batch(struct sgan_session *session, size_t n, const real *x, const uint32_t *labels);

/* The class that the encoder gives each of n other images, in inference mode; the batch has to be taken anew. */
sgan_status sgan_session_classify(struct sgan_session *session, size_t n, const real *x, uint32_t *classes);

/* The encoder's step: softmax cross-entropy, Adam. */
sgan_status sgan_encoder_step(struct sgan_session *session);

/* One update of the discriminators of all stacks that steps are of; one of their generators. */
sgan_status sgan_discriminator_step(struct sgan_session *session);
sgan_status sgan_generator_step(struct sgan_session *session);

/* As many updates of the generators as the stage's schedule asks for after the last D step: in the independent stage
 * each stack has its own number, by its own D; in the joint stage all have that of the bottom one. */
sgan_status sgan_generator_steps(struct sgan_session *session);

/* The moving averages of generators (struct sgan_part) become copies of what they average: where a stage begins, and
 * for stages that keep none. Else each update of a generator moves its average. */
void sgan_session_copy_averages(struct sgan_session *session);

/* Batch number `number` of those that averaged generators have their running statistics from: they make of it what a G
 * step makes. sgan_params_clear_statistics comes before the first. */
sgan_status sgan_session_average_statistics(struct sgan_session *session, uint64_t number);

/* Real h(i) of the batch, for i up to encoder_count, and what the last step of stack i generated for it. */
const real *sgan_session_real(const struct sgan_session *session, size_t i);
const real *sgan_session_generated(const struct sgan_session *session, size_t stack);

#endif

/* What PyTorch computed in float64 (the .json files beside this), replayed through libsgan and compared.
 *
 * Compiled twice, for float and for double. Knows nothing of how the records were made but the numbers
 * that both sides draw from Philox (record.py). */
#ifndef SGAN_TESTS_GOLDEN_H
#define SGAN_TESTS_GOLDEN_H

#include <jansson.h>

#include "src/sgan/objective/session.h"

enum { GOLDEN_BATCH = 4 };

struct golden {
	json_t *root;
	struct sgan_preset *preset;
	sgan_ctx *ctx;
	char where[80];   /* ISA, threads and algorithm, for messages */
	double tolerance; /* relative */
	double rounding;  /* unit roundoff of `real` */
	size_t compared;  /* tensors and losses */
	double worst;     /* largest error found, in tolerances */
	char worst_name[96];
};

/* Reads tests/golden/<name>.json, and the MNIST preset with that `algorithm`; any trouble ends the test. */
void golden_open(struct golden *g, const char *name, const char *isa, int threads, const char *algorithm,
                 double tolerance);
void golden_close(struct golden *g);

/* Draws from here on with the seed of a case or pass. */
void golden_take_seed(struct golden *g, const json_t *record);

/* The records' own numbers: start values of every parameter and running statistic; a network's inputs, by the
 * name "g0.h", of a batch by its number; gradients of heads. `count` values each. */
void golden_start_values(struct golden *g, struct sgan_params *params);
void golden_input(struct golden *g, const char *name, size_t count, real *dst);
void golden_batch(struct golden *g, size_t number, size_t count, real *dst, uint32_t labels[GOLDEN_BATCH]);
void golden_head_gradient(struct golden *g, const char *name, size_t count, real *dst);

/* One tensor against its record, which must exist: relative error of the L2 norm, and of each recorded element
 * relative to itself or, where that is larger, to the root mean square of them all, both at most `tolerance`.
 * `rounding` (0: none) is an absolute error that every element may have besides. */
void golden_compare(struct golden *g, json_t *tensors, const char *what, const char *name, size_t count,
                    const real *values, double rounding);

/* The same for the difference of a parameter's values to its start value, with two errors besides, once a step:
 * half a unit in the last place of the values, for float holds them no better; and adam_gain, lr / sqrt(epsilon),
 * times the rounding of gradients: that is how steeply Adam's update answers to a gradient near 0. */
void golden_compare_update(struct golden *g, json_t *tensors, const struct sgan_param *param, size_t steps,
                           double adam_gain);

/* That each of the tensors recorded was compared. */
void golden_expect_all_compared(struct golden *g, const json_t *tensors);

/* One loss by name: relative error at most `tolerance`. */
void golden_compare_loss(struct golden *g, const char *step, const char *name, double found, double expected);

/* Whole cases: each network alone, forward and backward; some steps of a stage. */
void golden_replay_networks(struct golden *g);
void golden_replay_stage(struct golden *g, enum sgan_stage stage);

#endif

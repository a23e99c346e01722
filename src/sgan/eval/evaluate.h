/* How good a model's samples are. Knows nothing of options, tables and files. */
#ifndef SGAN_SGAN_EVAL_EVALUATE_H
#define SGAN_SGAN_EVAL_EVALUATE_H

#include "src/data/dataset.h"
#include "src/sgan/eval/evaluation.h"

enum { SGAN_EVAL_FEWEST = 10 }; /* images of any kind */

struct sgan_eval_options {
	const char *model; /* a model file */
	const struct sgan_preset *preset;
	const struct sgan_classifier *classifier;
	const struct sgan_dataset *data;
	size_t count; /* of samples, at least SGAN_EVAL_FEWEST */
	uint64_t seed;
	void (*progress)(void *arg, const char *what); /* told what begins; NULL: nobody is */
	void *arg;
};

/* Whether a model, a classifier and a dataset have images of one size and as many classes: SGAN_EINVAL if not; and
 * whether there is something to draw from and to compare with. */
sgan_status sgan_eval_fits(const struct sgan_preset *preset, const struct sgan_classifier *classifier,
                           const struct sgan_dataset *data);

/* Draws samples, those that `sample` puts into an .npz of as many with the same seed, and computes all scores: of samples
 * and, in their place, of the test images, both against the training images. Where work grows with the square of the
 * number of images, at most 10,000 of each kind take part (precision and recall: equally many). The same bits for any
 * number of threads. */
sgan_status sgan_evaluate(sgan_ctx *ctx, const struct sgan_eval_options *options, struct sgan_evaluation *evaluation);

/* Whether an evaluation is of what a model file holds now, whatever the file is called: of that stage, step and weights
 * of generators. SGAN_EFORMAT, SGAN_EIO: the file cannot be read, or its generators are not trained yet. */
sgan_status sgan_evaluation_fits(sgan_ctx *ctx, const struct sgan_evaluation *evaluation, const char *path,
                                 const struct sgan_preset *preset, bool *fits);

#endif

/* Whether a classifier can judge a model's samples at all. */
#ifndef SGAN_SGAN_EVAL_WARNINGS_H
#define SGAN_SGAN_EVAL_WARNINGS_H

#include "src/sgan/eval/evaluation.h"

/* What it is told by. */
struct sgan_judge {
	double accuracy, chance;             /* on the test images: its own, and that of always the commonest class */
	size_t tested;                       /* test images that have labels; 0: it was not tried */
	const char *dataset, *model_dataset; /* that it was trained on, and the model */
	bool own;                            /* it is the model's own encoder */
};

/* Adds a line to the evaluation's warnings for each of: the classifier guesses (src/metrics/chance.h), or is wrong more
 * often than right; it or the model was trained on a dataset of another name than that of the evaluation; it is the
 * model's own encoder. */
void sgan_evaluation_warn(struct sgan_evaluation *evaluation, const struct sgan_judge *judge);

#endif

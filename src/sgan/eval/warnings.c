/* Why scores may say nothing.
 * It must not know how scores are computed. */
#include "src/sgan/eval/warnings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "src/metrics/chance.h"

static void add(struct sgan_evaluation *e, const char *format, ...) SGAN_PRINTF(2, 3);
static void add(struct sgan_evaluation *e, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(e->warnings[e->warning_count++], SGAN_EVAL_WARNING, format, args);
	va_end(args);
}

static void compare_names(struct sgan_evaluation *e, const char *who, const char *dataset)
{
	if (strcmp(dataset, e->dataset) != 0)
		add(e, "the %s was trained on '%s', the real images here are of '%s'", who, dataset, e->dataset);
}

void sgan_evaluation_warn(struct sgan_evaluation *e, const struct sgan_judge *judge)
{
	const double percent = 100 * judge->accuracy;
	if (judge->tested > 0 && sgan_guesses(judge->accuracy, judge->chance, judge->tested))
		add(e,
		    "the classifier guesses: it has %.1f %% of the test images right, as chance has; scores by it mean nothing",
		    percent);
	else if (judge->tested > 0 && judge->accuracy < 0.5)
		add(e, "the classifier has %.1f %% of the test images right, fewer than half: scores by it mean little",
		    percent);
	compare_names(e, "classifier", judge->dataset);
	compare_names(e, "model", judge->model_dataset);
	if (judge->own)
		add(e, "the classifier is the model's own encoder, which its samples were trained by: take one apart from it");
}

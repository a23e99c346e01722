/* An evaluation as a table. */
#ifndef SGAN_CLI_SCORES_H
#define SGAN_CLI_SCORES_H

#include "src/sgan/eval/evaluation.h"

/* Prints to stdout: whose scores they are, by which classifier, a row a score, and warnings. */
void cli_scores_print(const struct sgan_evaluation *evaluation);

/* In their place, one line: that the file's scores are of another state, and of which. */
void cli_scores_other(const char *path, const struct sgan_evaluation *evaluation);

#endif

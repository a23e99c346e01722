/* An evaluation as a table. */
#ifndef SGAN_CLI_SCORES_H
#define SGAN_CLI_SCORES_H

#include "src/sgan/eval/evaluation.h"

/* Prints to stdout: whose scores they are, by which classifier, and a row a score. */
void cli_scores_print(const struct sgan_evaluation *evaluation);

#endif

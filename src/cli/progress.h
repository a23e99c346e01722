/* What training and sampling say while they run, on stderr. */
#ifndef SGAN_CLI_PROGRESS_H
#define SGAN_CLI_PROGRESS_H

#include "src/sgan/train/progress.h"

struct cli_progress {
	bool quiet;
	bool live; /* stderr is a terminal: one line a stage, drawn over */
	bool colour;
	bool drawn;      /* the live line has no newline yet */
	double drawn_at; /* seconds */
	double begun_at; /* seconds: when images were first told of; 0: not yet */
	double accuracy; /* the encoder's last; negative: none */
};

void cli_progress_begin(struct cli_progress *progress, bool quiet);

/* sgan_train_options.progress; arg is a struct cli_progress. */
void cli_progress_show(void *arg, const struct sgan_progress *now);

/* Sampling: `done` of `total` images are drawn; to be told from 0 on. On a terminal a live line, elsewhere a plain line
 * every ten seconds. */
void cli_progress_images(struct cli_progress *progress, size_t done, size_t total);

/* Sampling: what begins, which has no measure. On a terminal alone. */
void cli_progress_tell(struct cli_progress *progress, const char *what);

/* Ends a line that is still live, so that what follows begins a new one. */
void cli_progress_end(struct cli_progress *progress);

#endif

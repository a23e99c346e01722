/* A call of `sgan-cpu train`: what its options say, and doing it. */
#ifndef SGAN_CLI_TRAIN_RUN_H
#define SGAN_CLI_TRAIN_RUN_H

#include "src/cli/cli.h"
#include "src/cli/progress.h"
#include "src/data/dataset.h"
#include "src/io/run.h"
#include "src/ranks/ranks.h"
#include "src/sgan/preset/preset.h"

/* --stage, --epochs, --steps and --seed as settings, in this order and before those of --set. */
enum cli_own_setting {
	OWN_STAGE,
	OWN_EPOCHS,
	OWN_STEPS = OWN_EPOCHS + SGAN_STAGE_COUNT,
	OWN_SEED = OWN_STEPS + SGAN_STAGE_COUNT,
	OWN_COUNT
};

/* Where a run stands, as its files say. */
struct cli_standing {
	enum sgan_stage stage;          /* that is next; SGAN_STAGE_COUNT: the run is finished */
	size_t step;                    /* of that stage */
	bool more;                      /* it is resumed, to do more than it was to */
	bool done;                      /* and was finished before */
	struct sgan_stage_settings was; /* those of its stage, before */
};

struct cli_train {
	const char *preset_name, *data_name, *out, *init_name, *encoder, *resume;
	const char *changes; /* an option that a resumed run cannot take, NULL: none was given */
	struct cli_machine machine;
	uint64_t stop_after, save_every; /* steps; seconds, 0: no such */
	bool dry_run, quiet;
	char own[OWN_COUNT][48];
	const char **sets; /* of --set */
	size_t set_count;

	struct sgan_ranks *ranks;
	sgan_ctx *ctx;
	struct sgan_preset *preset;
	struct sgan_dataset data;
	char data_path[SGAN_PATH]; /* what is opened; "": the default */
	char run[SGAN_PATH];       /* known to the first process alone */
	bool begun;                /* training has */
	struct cli_progress progress;
	char init[SGAN_PATH]; /* a model file, "": none */
	struct cli_standing at;
	size_t memory; /* bytes that training takes, once it is known */
};

/* Trains, or says what would be done, and prints the run's folder. Of several processes the first reads what is given,
 * makes the run and prints; the others are told. */
sgan_status cli_train_run(struct cli_train *train);

/* Frees what that made, the context too. */
void cli_train_free(struct cli_train *train);

#endif

/* What a training run is going to do, for --dry-run. */
#ifndef SGAN_CLI_PLAN_H
#define SGAN_CLI_PLAN_H

#include "src/data/dataset.h"
#include "src/sgan/preset/preset.h"

struct cli_plan {
	const struct sgan_preset *preset;
	const struct sgan_dataset *data;
	const char *run;       /* the run's folder */
	const char *init;      /* a model file, or NULL */
	const char *encoder;   /* published weights, or NULL */
	enum sgan_stage stage; /* where the run stands: its first stage; SGAN_STAGE_COUNT when it is finished */
	size_t step;           /* steps of that stage done */
	bool resumed;
	size_t processes; /* that train together */
	uint64_t memory;  /* bytes that training takes besides the data, 0: it does none; what is to be had, UINT64_MAX: unknown */
	uint64_t room;
};

/* Prints to stdout. */
sgan_status cli_plan_print(const struct cli_plan *plan, const sgan_ctx *ctx);

#endif

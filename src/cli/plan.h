/* What a training run is going to do, for --dry-run. */
#ifndef SGAN_CLI_PLAN_H
#define SGAN_CLI_PLAN_H

#include "src/data/dataset.h"
#include "src/sgan/preset.h"

/* Prints to stdout. `run` is the run's folder, `init` a model file or NULL. */
sgan_status cli_plan_print(const struct sgan_preset *preset, const struct sgan_dataset *data, const sgan_ctx *ctx,
                           const char *run, const char *init);

/* Whether a preset's `stage` setting runs a stage. */
bool cli_plan_runs(const struct sgan_preset *preset, enum sgan_stage stage);

/* The folder that the next run below `out` would get. */
sgan_status cli_plan_run(const char *out, const struct sgan_preset *preset, const struct sgan_dataset *data,
                         char run[4096]);

#endif

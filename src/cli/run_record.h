/* What a run's folder says of itself besides its checkpoints: config.cfg and run.json. */
#ifndef SGAN_CLI_RUN_RECORD_H
#define SGAN_CLI_RUN_RECORD_H

#include "src/data/dataset.h"
#include "src/io/run.h"
#include "src/sgan/preset/preset.h"

/* Writes config.cfg, the effective preset, and run.json: program, instruction set, dataset. */
sgan_status cli_record_write(const char *run, const struct sgan_preset *preset, const struct sgan_dataset *data,
                             sgan_isa isa);

/* The dataset's folder by run.json. SGAN_EIO, SGAN_EFORMAT. */
sgan_status cli_record_data(const char *run, char path[SGAN_PATH]);

/* Removes a run that has not begun: what cli_record_write wrote, reals.png, and the folder. Whatever has a log or a
 * checkpoint stays. */
void cli_record_discard(const char *run);

#endif

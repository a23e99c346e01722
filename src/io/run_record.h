/* What a run's folder says of where the run came from: config.cfg and run.json.
 *
 * Checkpoints hold no paths, so that equal runs give equal files: where the data lay is told here. */
#ifndef SGAN_IO_RUN_RECORD_H
#define SGAN_IO_RUN_RECORD_H

#include "src/io/run.h"

struct sgan_run_record {
	const char *config; /* the text of config.cfg: the effective preset */
	const char *isa, *preset, *dataset;
	const char *data; /* the dataset's folder; one that is not UTF-8 is recorded as null */
};

/* Writes config.cfg and run.json into the run's folder. SGAN_EIO, SGAN_ENOMEM. */
sgan_status sgan_run_record_write(const char *run, const struct sgan_run_record *record);

/* config.cfg alone, of a run whose preset has changed. */
sgan_status sgan_run_record_config(const char *run, const char *config);

/* The dataset's folder by run.json. SGAN_EIO, SGAN_EFORMAT. */
sgan_status sgan_run_record_data(const char *run, char data[SGAN_PATH]);

/* Removes a run that has not begun: what sgan_run_record_write wrote, the picture of real images, and the folder.
 * Whatever has a log or a checkpoint stays. */
void sgan_run_record_discard(const char *run);

/* Does so with every run below `out` that was made over a minute ago, and that nobody trains in. No such folder is no error. */
sgan_status sgan_run_clean(const char *out);

#endif

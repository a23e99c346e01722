/* The numbered run directories below an output folder, a run's lock, and its log. */
#ifndef SGAN_IO_RUN_H
#define SGAN_IO_RUN_H

#include <signal.h>

#include <sgan/sgan.h>

enum { SGAN_PATH = 4096 };

/* What a run's folder holds; besides these STAGE.safetensors, the run as a stage left it, and
 * samples-STAGE-EPOCH.png. */
#define SGAN_RUN_CHECKPOINT "checkpoint.safetensors"
#define SGAN_RUN_CONFIG "config.cfg"
#define SGAN_RUN_LOG "stats.jsonl"
#define SGAN_RUN_REALS "reals.png"
#define SGAN_RUN_RECORD "run.json"

/* Makes out/NNNNN-preset-dataset with the next number after the highest there is (never reused, also when two
 * processes start at once), making `out` itself when missing; path receives its name. SGAN_EINTERRUPTED: it had to wait for
 * another process, and *stop (or NULL) became something else than 0. */
sgan_status sgan_run_create(const char *out, const char *preset, const char *dataset, const volatile sig_atomic_t *stop,
                            char path[SGAN_PATH]);

/* The folder that the next run would get, with nothing made. */
sgan_status sgan_run_next(const char *out, const char *preset, const char *dataset, char path[SGAN_PATH]);

/* Finds a run: "latest" is the highest number below out that has a checkpoint, "DIR/latest" the same below DIR; else a path to a run directory, or a name or number
 * ("00003", "3", "00003-mnist-mnist") below out. SGAN_EIO when there is none. */
sgan_status sgan_run_find(const char *out, const char *run, char path[SGAN_PATH]);

/* path = dir/name; SGAN_EINVAL when it does not fit. */
sgan_status sgan_run_file(const char *dir, const char *name, char path[SGAN_PATH]);

/* Takes the run for this process, until it is unlocked or the process ends, however it does; then removes what writers
 * of processes that are dead left there. Where a file system cannot lock, nobody is kept out. SGAN_EIO: another process
 * trains in it, or the folder cannot be opened. */
sgan_status sgan_run_lock(const char *dir, int *lock);
void sgan_run_unlock(int lock); /* -1: nothing was locked */

/* stats.jsonl: one JSON object a line. */
struct sgan_log;
/* Opens dir/stats.jsonl for appending. */
sgan_status sgan_log_open(const char *dir, struct sgan_log **log);
/* What was written is on the disk. */
sgan_status sgan_log_sync(const struct sgan_log *log);
/* Begins an object, adds members, ends the line and flushes it. Doubles that are not finite are written as null. */
void sgan_log_begin(struct sgan_log *log);
void sgan_log_text(struct sgan_log *log, const char *key, const char *value);
void sgan_log_integer(struct sgan_log *log, const char *key, int64_t value);
void sgan_log_number(struct sgan_log *log, const char *key, double value);
sgan_status sgan_log_end(struct sgan_log *log);
sgan_status sgan_log_close(struct sgan_log *log);

/* Rewrites dir/stats.jsonl (all or not at all) keeping its first lines as long as keep() says so of the members
 * "stage" and "step"; what is damaged stays where a line behind it does, so that a last line cut short, as after a crash, is
 * dropped. No file is no error. */
sgan_status sgan_log_truncate(const char *dir, bool (*keep)(void *arg, const char *stage, int64_t step), void *arg);

#endif

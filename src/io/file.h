/* Whole files: read with a bound, written all or not at all. */
#ifndef SGAN_IO_FILE_H
#define SGAN_IO_FILE_H

#include <sgan/sgan.h>

/* Reads a whole regular file of at most `limit` bytes, and nothing of any other. *data (free() it) ends in a NUL that *size does not count. */
sgan_status sgan_file_read(const char *path, size_t limit, char **data, size_t *size);

/* Whether there is something of this name that is not a folder. */
bool sgan_file_exists(const char *path);

/* A file being written beside its final place. */
struct sgan_writer;
sgan_status sgan_writer_open(const char *path, struct sgan_writer **writer);
sgan_status sgan_writer_write(struct sgan_writer *writer, const void *data, size_t size);
/* Flushes, fsyncs, renames to the final name, fsyncs the folder, frees the writer. A failure leaves no file behind. */
sgan_status sgan_writer_commit(struct sgan_writer *writer);
/* Removes what was written; frees. NULL is allowed. */
void sgan_writer_abort(struct sgan_writer *writer);

/* Whether a file can be written there: makes what a writer would and removes it. For long work to find out first; a
 * writer that was open all the while would leave its file where the work is interrupted. */
sgan_status sgan_file_try(const char *path);

/* Removes from a folder what writers of processes that are dead left, by the names that writers give; this process must not
 * be writing there. */
sgan_status sgan_file_clean(const char *folder);

/* The three steps for data that is at hand. */
sgan_status sgan_file_write(const char *path, const void *data, size_t size);

#endif

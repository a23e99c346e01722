/* A tar archive, gzipped or not, member by member. */
#ifndef SGAN_DATA_TAR_H
#define SGAN_DATA_TAR_H

#include "src/data/source.h"

struct sgan_tar;

/* A file or a folder; its name, relative and without "..", begins neither with "./" nor ends with a slash. */
struct sgan_tar_member {
	const char *name;
	bool folder;
	uint64_t size;
	struct sgan_source *content; /* to be read before the next member is asked for, if at all */
};

/* Opens the archive at path, which must outlive it; of what it holds uncompressed, names and padding with it, no more
 * than `limit` bytes are read. SGAN_EIO: missing, unreadable, not a regular file; SGAN_EFORMAT: empty, no tar
 * archive. */
sgan_status sgan_tar_open(const char *path, uint64_t limit, struct sgan_tar **tar);
void sgan_tar_close(struct sgan_tar *tar); /* NULL is allowed */

/* The next member, which is good until the next call. At the end *end is true: all of the file has been read then, and
 * the sums of its gzip data were right. SGAN_EFORMAT: damaged, truncated or larger than the limit; a member that is
 * neither a file nor a folder, has an absolute name or one with "..", or no name that can be read. */
sgan_status sgan_tar_next(struct sgan_tar *tar, struct sgan_tar_member *member, bool *end);

#endif

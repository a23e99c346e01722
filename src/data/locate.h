/* Where a dataset lies, by what a user calls it. */
#ifndef SGAN_DATA_LOCATE_H
#define SGAN_DATA_LOCATE_H

#include <limits.h>

#include <sgan/sgan.h>

struct sgan_place {
	char path[PATH_MAX]; /* absolute: a folder or a file */
	char set[32];        /* which of the sets that are there; "": the only one */
};

/* The place of a known name's folder below its root (`root`, where that is not NULL), or of another path; NULL: the
 * first known name. A path that is not there is taken apart at its last colon: what follows names the set. SGAN_EINVAL:
 * the spec is empty or too long; SGAN_EIO: nothing is there; the messages say how to get data. */
sgan_status sgan_data_locate(const char *root, const char *spec, struct sgan_place *place);

/* What to give instead, for messages. */
extern const char sgan_data_how_to[];

#endif

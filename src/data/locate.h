/* Where a dataset lies, by what a user calls it. */
#ifndef SGAN_DATA_LOCATE_H
#define SGAN_DATA_LOCATE_H

#include <limits.h>

#include <sgan/sgan.h>

/* The absolute path of a known name's folder below its root (`root`, where that is not NULL), or of another path; NULL:
 * the first known name. SGAN_EINVAL: the spec is empty or too long; SGAN_EIO: nothing is there; the messages say how
 * to get data. */
sgan_status sgan_data_locate(const char *root, const char *spec, char path[PATH_MAX]);

/* What to give instead, for messages. */
extern const char sgan_data_how_to[];

#endif

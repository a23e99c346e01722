/* A file as a source of bytes, gunzipped where its content is gzip, whatever its name. */
#ifndef SGAN_DATA_GUNZIP_H
#define SGAN_DATA_GUNZIP_H

#include "src/data/source.h"

/* Opens path, which must outlive the source. SGAN_EIO: missing, unreadable, not a regular file; SGAN_EFORMAT: empty.
 * Reading fails with SGAN_EFORMAT for gzip data that is truncated, damaged or followed by something else. */
sgan_status sgan_gunzip_open(const char *path, struct sgan_source **source);
/* The same for content that is never gzip. */
sgan_status sgan_gunzip_open_plain(const char *path, struct sgan_source **source);
void sgan_gunzip_close(struct sgan_source *source); /* NULL is allowed */

#endif

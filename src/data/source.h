/* Bytes that come piece by piece, wherever from. */
#ifndef SGAN_DATA_SOURCE_H
#define SGAN_DATA_SOURCE_H

#include <sgan/sgan.h>

struct sgan_source {
	const char *name; /* for messages */
	/* Reads up to `size` bytes into dst; *got is less only at the end. A failure has its message. */
	sgan_status (*read)(struct sgan_source *source, void *dst, size_t size, size_t *got);
};

#endif

/* Bytes that come piece by piece, wherever from. */
#ifndef SGAN_DATA_SOURCE_H
#define SGAN_DATA_SOURCE_H

#include <sgan/sgan.h>

struct sgan_source {
	const char *name; /* for messages */
	/* Reads up to `size` bytes into dst; *got is less only at the end. A failure has its message. */
	sgan_status (*read)(struct sgan_source *source, void *dst, size_t size, size_t *got);
};

/* What was taken from a source. */
struct sgan_bytes {
	uint8_t *data; /* [count], the caller's to free() */
	size_t count;
	bool more; /* there was more than the limit */
};

/* Takes up to `limit` bytes. Memory grows with what arrives, so a limit that is only claimed costs nothing. `what`
 * ("60000 images of 28x28") is for messages. SGAN_ENOMEM, or as reading fails; nothing is left to free then. */
sgan_status sgan_source_take(struct sgan_source *source, size_t limit, const char *what, struct sgan_bytes *taken);

#endif

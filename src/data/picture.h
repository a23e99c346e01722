/* One PNG or JPEG image. */
#ifndef SGAN_DATA_PICTURE_H
#define SGAN_DATA_PICTURE_H

#include "src/data/source.h"

struct sgan_picture {
	size_t height, width, channels; /* 1: grey; 3: red, green, blue */
	uint8_t *pixels;                /* [height, width, channels]; free() it */
};

/* Decodes a file, by its content, whatever its name. A PNG's 16 bits become 8, its transparent parts white; a JPEG is
 * decoded with libjpeg's slow, exact transform. SGAN_EIO: missing, unreadable, not a regular file; SGAN_EFORMAT: neither
 * of both, truncated, damaged, too large; SGAN_ENOMEM. */
sgan_status sgan_picture_read(const char *path, struct sgan_picture *picture);

/* The two decoders, of bytes that begin as such files do; name is for messages. */
sgan_status sgan_picture_png(const char *name, const struct sgan_bytes *bytes, struct sgan_picture *picture);
sgan_status sgan_picture_jpeg(const char *name, const struct sgan_bytes *bytes, struct sgan_picture *picture);

/* Checks sizes against what is believed and takes memory for the pixels. */
sgan_status sgan_picture_room(const char *name, struct sgan_picture *picture);

#endif

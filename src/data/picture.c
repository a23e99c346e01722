/* Reads an image's file and finds its decoder.
 * It must not know how images are decoded. */
#include "src/data/picture.h"

#include <stdlib.h>
#include <string.h>

#include "src/cpu/status.h"
#include "src/data/gunzip.h"

enum { LARGEST_FILE = 64 << 20 }; /* bytes: more than the largest image has uncompressed */

static const struct {
	const char *begins;
	size_t length;
	sgan_status (*decode)(const char *name, const struct sgan_bytes *bytes, struct sgan_picture *picture);
} decoders[] = {
	{ "\x89PNG\r\n\x1a\n", 8, sgan_picture_png },
	{ "\xff\xd8\xff", 3, sgan_picture_jpeg },
};

static sgan_status decode(const char *path, const struct sgan_bytes *bytes, struct sgan_picture *picture)
{
	if (bytes->more)
		return sgan_fail(SGAN_EFORMAT, "%s: more than the %d bytes that are read of an image", path, LARGEST_FILE);
	for (size_t i = 0; i < sizeof decoders / sizeof *decoders; i++)
		if (bytes->count >= decoders[i].length && memcmp(bytes->data, decoders[i].begins, decoders[i].length) == 0)
			return decoders[i].decode(path, bytes, picture);
	return sgan_fail(SGAN_EFORMAT, "%s: neither a PNG nor a JPEG image", path);
}

sgan_status sgan_picture_read(const char *path, struct sgan_picture *picture)
{
	struct sgan_source *source;
	struct sgan_bytes bytes;
	SGAN_TRY(sgan_gunzip_open(path, &source));
	sgan_status status = sgan_source_take(source, LARGEST_FILE, "an image's file", &bytes);
	sgan_gunzip_close(source);
	SGAN_TRY(status);
	status = decode(path, &bytes, picture);
	free(bytes.data);
	return status;
}

/* Reads IDX images and labels from a source.
 * It must not know of files, nor of compression: bytes come from a source. */
#include "src/data/idx.h"

#include <stdio.h>
#include <stdlib.h>

#include "src/cpu/status.h"
#include "src/data/found.h"

enum { IMAGES_HEADER = 16, LABELS_HEADER = 8, WHAT = 64 };

static size_t big_endian(const uint8_t bytes[4])
{
	return (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
}

static sgan_status read_header(struct sgan_source *source, uint8_t *header, size_t size, uint32_t magic,
                               const char *what)
{
	size_t got;
	SGAN_TRY(source->read(source, header, size, &got));
	if (got == 0)
		return sgan_fail(SGAN_EFORMAT, "%s: empty", source->name);
	if (got >= 4 && big_endian(header) != magic)
		return sgan_fail(SGAN_EFORMAT, "%s: not IDX %s: magic number 0x%08zx found, 0x%08x expected", source->name,
		                 what, big_endian(header), (unsigned)magic);
	if (got < size)
		return sgan_fail(SGAN_EFORMAT, "%s: truncated: a header of %zu bytes expected, %zu found", source->name, size,
		                 got);
	return SGAN_OK;
}

/* Reads exactly `size` bytes and then the end. what: "60000 images of 28x28", for messages. */
static sgan_status read_data(struct sgan_source *source, size_t header, size_t size, const char *what, uint8_t **data)
{
	struct sgan_bytes taken;
	SGAN_TRY(sgan_source_take(source, size, what, &taken));
	*data = taken.data;
	if (taken.count == size && !taken.more)
		return SGAN_OK;
	free(taken.data);
	if (taken.more)
		return sgan_fail(SGAN_EFORMAT, "%s: header says %s, %zu bytes expected, more found", source->name, what,
		                 header + size);
	return sgan_fail(SGAN_EFORMAT, "%s: header says %s, %zu bytes expected, %zu found", source->name, what,
	                 header + size, header + taken.count);
}

sgan_status sgan_idx_read_images(struct sgan_source *source, struct sgan_idx *idx)
{
	uint8_t header[IMAGES_HEADER];
	char what[WHAT];
	SGAN_TRY(read_header(source, header, sizeof header, SGAN_IDX_IMAGES, "images"));
	size_t count = big_endian(header + 4), height = big_endian(header + 8), width = big_endian(header + 12);
	snprintf(what, sizeof what, "%zu images of %zux%zu", count, height, width);
	if (count < 1 || count > SGAN_DATA_COUNT || height < 1 || height > SGAN_DATA_SIDE || width < 1 ||
	    width > SGAN_DATA_SIDE)
		return sgan_fail(SGAN_EFORMAT, "%s: header says %s, 1 to %d images of 1x1 to %dx%d expected", source->name,
		                 what, SGAN_DATA_COUNT, SGAN_DATA_SIDE, SGAN_DATA_SIDE);
	uint64_t size = (uint64_t)count * height * width; /* below 2^48 */
	if (size > SGAN_DATA_BYTES || size > SIZE_MAX / 2)
		return sgan_fail(SGAN_EFORMAT, "%s: header says %s, which is more than the %ju bytes that are read",
		                 source->name, what, (uintmax_t)SGAN_DATA_BYTES);
	uint8_t *images;
	SGAN_TRY(read_data(source, sizeof header, (size_t)size, what, &images));
	*idx = (struct sgan_idx){ .count = count, .height = height, .width = width, .images = images };
	return SGAN_OK;
}

/* labels = bytes, each checked. */
static sgan_status take_labels(const char *name, const uint8_t *bytes, size_t count, size_t classes,
                               struct sgan_idx *idx)
{
	for (size_t i = 0; i < count; i++) {
		idx->labels[i] = bytes[i];
		SGAN_TRY(sgan_found_label(name, i, idx->labels[i], classes, &idx->classes));
	}
	return SGAN_OK;
}

sgan_status sgan_idx_read_labels(struct sgan_source *source, size_t classes, struct sgan_idx *idx)
{
	uint8_t header[LABELS_HEADER];
	char what[WHAT];
	SGAN_TRY(read_header(source, header, sizeof header, SGAN_IDX_LABELS, "labels"));
	size_t count = big_endian(header + 4);
	snprintf(what, sizeof what, "%zu labels", count);
	if (count < 1 || count > SGAN_DATA_COUNT)
		return sgan_fail(SGAN_EFORMAT, "%s: header says %s, 1 to %d expected", source->name, what, SGAN_DATA_COUNT);
	uint8_t *bytes;
	SGAN_TRY(read_data(source, sizeof header, count, what, &bytes));
	struct sgan_idx read = { .count = count, .labels = malloc(count * sizeof *read.labels) };
	sgan_status status = read.labels ? take_labels(source->name, bytes, count, classes, &read)
	                                 : sgan_fail(SGAN_ENOMEM, "%s: no memory for %s", source->name, what);
	free(bytes);
	if (status == SGAN_OK)
		*idx = read;
	else
		free(read.labels);
	return status;
}

/* Reads IDX images and labels.
 * It must not know of files, nor of compression: bytes come from a source. */
#include "src/data/idx.h"

#include <stdio.h>
#include <stdlib.h>

#include "src/cpu/status.h"

static const uint64_t largest_data = (uint64_t)4 << 30;
static const size_t first_capacity = 1 << 20;

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

/* Doubles the buffer, up to `size`. */
static bool grow(uint8_t **bytes, size_t *capacity, size_t size)
{
	size_t wanted = *capacity == 0 ? first_capacity : 2 * *capacity;
	if (wanted > size)
		wanted = size;
	uint8_t *grown = realloc(*bytes, wanted);
	if (!grown)
		return false;
	*bytes = grown;
	*capacity = wanted;
	return true;
}

/* Reads exactly `size` bytes and then the end. what: "60000 images of 28x28", for messages. */
static sgan_status read_data(struct sgan_source *source, size_t header, size_t size, const char *what, uint8_t **bytes)
{
	size_t capacity = 0, filled = 0, got;
	while (filled < size) {
		if (!grow(bytes, &capacity, size))
			return sgan_fail(SGAN_ENOMEM, "%s: no memory for %s", source->name, what);
		SGAN_TRY(source->read(source, *bytes + filled, capacity - filled, &got));
		filled += got;
		if (filled < capacity)
			return sgan_fail(SGAN_EFORMAT, "%s: header says %s, %zu bytes expected, %zu found", source->name, what,
			                 header + size, header + filled);
	}
	uint8_t beyond;
	SGAN_TRY(source->read(source, &beyond, 1, &got));
	if (got > 0)
		return sgan_fail(SGAN_EFORMAT, "%s: header says %s, %zu bytes expected, more found", source->name, what,
		                 header + size);
	return SGAN_OK;
}

sgan_status sgan_idx_read_images(struct sgan_source *source, struct sgan_idx *idx)
{
	uint8_t header[IMAGES_HEADER];
	char what[WHAT];
	SGAN_TRY(read_header(source, header, sizeof header, SGAN_IDX_IMAGES, "images"));
	size_t count = big_endian(header + 4), height = big_endian(header + 8), width = big_endian(header + 12);
	snprintf(what, sizeof what, "%zu images of %zux%zu", count, height, width);
	if (count < 1 || count > SGAN_IDX_COUNT || height < 1 || height > SGAN_IDX_SIDE || width < 1 ||
	    width > SGAN_IDX_SIDE)
		return sgan_fail(SGAN_EFORMAT, "%s: header says %s, 1 to %d images of 1x1 to %dx%d expected", source->name,
		                 what, SGAN_IDX_COUNT, SGAN_IDX_SIDE, SGAN_IDX_SIDE);
	uint64_t size = (uint64_t)count * height * width; /* below 2^48 */
	if (size > largest_data || size > SIZE_MAX / 2)
		return sgan_fail(SGAN_EFORMAT, "%s: header says %s, which is more than the %ju bytes that are read",
		                 source->name, what, (uintmax_t)largest_data);
	uint8_t *bytes = NULL;
	sgan_status status = read_data(source, sizeof header, (size_t)size, what, &bytes);
	if (status != SGAN_OK) {
		free(bytes);
		return status;
	}
	*idx = (struct sgan_idx){ .count = count, .height = height, .width = width, .bytes = bytes };
	return SGAN_OK;
}

static sgan_status check_labels(const struct sgan_source *source, const uint8_t *labels, size_t count, size_t classes)
{
	for (size_t i = 0; i < count; i++)
		if (labels[i] >= classes)
			return sgan_fail(SGAN_EFORMAT, "%s: label %zu is %d, 0 to %zu expected", source->name, i, labels[i],
			                 classes - 1);
	return SGAN_OK;
}

sgan_status sgan_idx_read_labels(struct sgan_source *source, size_t classes, struct sgan_idx *idx)
{
	uint8_t header[LABELS_HEADER];
	char what[WHAT];
	SGAN_TRY(read_header(source, header, sizeof header, SGAN_IDX_LABELS, "labels"));
	size_t count = big_endian(header + 4);
	snprintf(what, sizeof what, "%zu labels", count);
	if (count < 1 || count > SGAN_IDX_COUNT)
		return sgan_fail(SGAN_EFORMAT, "%s: header says %s, 1 to %d expected", source->name, what, SGAN_IDX_COUNT);
	uint8_t *bytes = NULL;
	sgan_status status = read_data(source, sizeof header, count, what, &bytes);
	if (status == SGAN_OK)
		status = check_labels(source, bytes, count, classes);
	uint32_t *labels = status == SGAN_OK ? malloc(count * sizeof *labels) : NULL;
	if (status == SGAN_OK && !labels)
		status = sgan_fail(SGAN_ENOMEM, "%s: no memory for %s", source->name, what);
	for (size_t i = 0; i < count && status == SGAN_OK; i++)
		labels[i] = bytes[i];
	free(bytes);
	if (status == SGAN_OK)
		*idx = (struct sgan_idx){ .count = count, .labels = labels };
	return status;
}

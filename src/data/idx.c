/* Reads IDX images and labels from a source.
 * It must not know of files, nor of compression: bytes come from a source. */
#include "src/data/idx.h"

#include <stdio.h>
#include <stdlib.h>

#include "src/cpu/status.h"

enum { WHAT = 64, DIMENSIONS = 3, COLUMNS = 64 };

/* Types of elements, as the header has them. */
enum { UNSIGNED_BYTE = 0x08, SIGNED_BYTE = 0x09, INT16 = 0x0b, INT32 = 0x0c };

struct header {
	unsigned type;
	size_t rank, dims[DIMENSIONS];
	size_t bytes; /* its own */
};

/* What a file of a kind may be. */
struct kind {
	const char *what, *expected;
	size_t least, most; /* dimensions */
	bool (*has)(unsigned type);
};

static bool is_byte(unsigned type)
{
	return type == UNSIGNED_BYTE;
}

/* Bytes of an integer; 0 for what is none. */
static size_t integer_size(unsigned type)
{
	switch (type) {
	case UNSIGNED_BYTE:
	case SIGNED_BYTE:
		return 1;
	case INT16:
		return 2;
	case INT32:
		return 4;
	default:
		return 0;
	}
}

static bool is_integer(unsigned type)
{
	return integer_size(type) > 0;
}

static const struct kind images_kind = { "images", "0x00000803", 3, 3, is_byte };
static const struct kind labels_kind = { "labels", "0x00000801, or 0x00000c02 for integers in columns,", 1, 2,
	                                     is_integer };

static size_t big_endian(const uint8_t bytes[4])
{
	return (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
}

static sgan_status read_header_bytes(struct sgan_source *source, uint8_t *bytes, size_t from, size_t to, size_t *got)
{
	SGAN_TRY(source->read(source, bytes + from, to - from, got));
	*got += from;
	return SGAN_OK;
}

static sgan_status read_header(struct sgan_source *source, const struct kind *kind, struct header *header)
{
	uint8_t bytes[4 + 4 * DIMENSIONS];
	size_t size = 4 + 4 * kind->least, got;
	SGAN_TRY(read_header_bytes(source, bytes, 0, size, &got));
	if (got == 0)
		return sgan_fail(SGAN_EFORMAT, "%s: empty", source->name);
	if (got >= 4 && (bytes[0] || bytes[1] || !kind->has(bytes[2]) || bytes[3] < kind->least || bytes[3] > kind->most))
		return sgan_fail(SGAN_EFORMAT, "%s: not IDX %s: magic number 0x%08zx found, %s expected", source->name,
		                 kind->what, big_endian(bytes), kind->expected);
	if (got == size && bytes[3] > kind->least) {
		size = 4 + 4 * (size_t)bytes[3];
		SGAN_TRY(read_header_bytes(source, bytes, got, size, &got));
	}
	if (got < size)
		return sgan_fail(SGAN_EFORMAT, "%s: truncated: a header of %zu bytes expected, %zu found", source->name, size,
		                 got);
	*header = (struct header){ .type = bytes[2], .rank = bytes[3], .bytes = size };
	for (size_t i = 0; i < header->rank; i++)
		header->dims[i] = big_endian(bytes + 4 + 4 * i);
	return SGAN_OK;
}

/* Reads exactly `size` bytes and then the end. what: "60000 images of 28x28", for messages. */
static sgan_status read_data(struct sgan_source *source, size_t header, size_t size, const char *what, uint8_t **data)
{
	struct sgan_bytes taken;
	SGAN_TRY(sgan_source_take(source, size, what, &taken));
	if (taken.count == size && !taken.more) {
		*data = taken.data;
		return SGAN_OK;
	}
	free(taken.data);
	if (taken.more)
		return sgan_fail(SGAN_EFORMAT, "%s: header says %s, %zu bytes expected, more found", source->name, what,
		                 header + size);
	return sgan_fail(SGAN_EFORMAT, "%s: header says %s, %zu bytes expected, %zu found", source->name, what,
	                 header + size, header + taken.count);
}

/* "60000 images of 28x28" */
static void describe_images(const struct sgan_idx *idx, char what[WHAT])
{
	snprintf(what, WHAT, "%zu images of %zux%zu", idx->count, idx->height, idx->width);
}

sgan_status sgan_idx_read_shape(struct sgan_source *source, struct sgan_idx *idx)
{
	struct header header;
	char what[WHAT];
	SGAN_TRY(read_header(source, &images_kind, &header));
	size_t count = header.dims[0], height = header.dims[1], width = header.dims[2];
	*idx = (struct sgan_idx){ .count = count, .height = height, .width = width, .header = header.bytes };
	describe_images(idx, what);
	if (count < 1 || count > SGAN_DATA_COUNT || height < 1 || height > SGAN_DATA_SIDE || width < 1 ||
	    width > SGAN_DATA_SIDE)
		return sgan_fail(SGAN_EFORMAT, "%s: header says %s, 1 to %d images of 1x1 to %dx%d expected", source->name,
		                 what, SGAN_DATA_COUNT, SGAN_DATA_SIDE, SGAN_DATA_SIDE);
	uint64_t size = (uint64_t)count * height * width; /* below 2^48 */
	if (size > SGAN_DATA_BYTES || size > SIZE_MAX / 2)
		return sgan_fail(SGAN_EFORMAT, "%s: header says %s, which is more than the %ju bytes that are read",
		                 source->name, what, (uintmax_t)SGAN_DATA_BYTES);
	return SGAN_OK;
}

sgan_status sgan_idx_read_pixels(struct sgan_source *source, struct sgan_idx *idx)
{
	char what[WHAT];
	describe_images(idx, what);
	return read_data(source, idx->header, idx->count * idx->height * idx->width, what, &idx->images);
}

static int64_t integer(unsigned type, const uint8_t *bytes)
{
	switch (type) {
	case SIGNED_BYTE:
		return (int8_t)bytes[0];
	case INT16:
		return (int16_t)(bytes[0] << 8 | bytes[1]);
	case INT32:
		return (int32_t)big_endian(bytes);
	default:
		return bytes[0];
	}
}

/* Labels from rows of `row` bytes, each checked. */
static sgan_status take_labels(const char *name, unsigned type, const uint8_t *rows, size_t row,
                               struct sgan_numbering numbering, struct sgan_idx *idx)
{
	for (size_t i = 0; i < idx->count; i++)
		SGAN_TRY(sgan_found_label(name, i, integer(type, rows + i * row), numbering, &idx->labels[i], &idx->classes));
	return SGAN_OK;
}

sgan_status sgan_idx_read_labels(struct sgan_source *source, struct sgan_numbering numbering, struct sgan_idx *idx)
{
	struct header header;
	char what[WHAT];
	SGAN_TRY(read_header(source, &labels_kind, &header));
	size_t count = header.dims[0], columns = header.rank > 1 ? header.dims[1] : 1;
	if (header.rank > 1)
		snprintf(what, sizeof what, "%zu labels in %zu columns", count, columns);
	else
		snprintf(what, sizeof what, "%zu labels", count);
	if (count < 1 || count > SGAN_DATA_COUNT)
		return sgan_fail(SGAN_EFORMAT, "%s: header says %s, 1 to %d expected", source->name, what, SGAN_DATA_COUNT);
	if (columns < 1 || columns > COLUMNS)
		return sgan_fail(SGAN_EFORMAT, "%s: header says %s, 1 to %d columns expected", source->name, what, COLUMNS);
	const size_t row = columns * integer_size(header.type);
	uint8_t *rows;
	SGAN_TRY(read_data(source, header.bytes, count * row, what, &rows)); /* below 2^32 */
	struct sgan_idx read = { .count = count, .labels = malloc(count * sizeof *read.labels) };
	sgan_status status = read.labels ? take_labels(source->name, header.type, rows, row, numbering, &read)
	                                 : sgan_fail(SGAN_ENOMEM, "%s: no memory for %s", source->name, what);
	free(rows);
	if (status == SGAN_OK)
		*idx = read;
	else
		free(read.labels);
	return status;
}

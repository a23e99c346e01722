/* PNG grids and .npz files of images, the same bytes for the same images.
 * It must not know where the images come from. */
#include "src/io/image.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cpu/memory.h"
#include "src/cpu/status.h"
#include "src/io/file.h"

enum {
	GAP = 2,               /* pixels between images of a grid */
	LARGEST_SIDE = 65535,  /* what every viewer opens */
	LARGEST_GRID = 1 << 30 /* bytes of pixels */
};

static sgan_status check_images(const char *path, const struct sgan_images *images, size_t *bytes)
{
	size_t area;
	if (images->count == 0 || images->height == 0 || images->width == 0)
		return sgan_fail(SGAN_EINVAL, "%s: %zu images of %zux%zu: nothing to write", path, images->count,
		                 images->height, images->width);
	if (images->channels != 1 && images->channels != 3)
		return sgan_fail(SGAN_EINVAL, "%s: images have 1 or 3 channels, these %zu", path, images->channels);
	if (!sgan_size_mul3(images->height, images->width, images->channels, &area) ||
	    !sgan_size_mul3(area, images->count, 1, bytes) || *bytes > SIZE_MAX / 2)
		return sgan_fail(SGAN_EINVAL, "%s: %zu images of %zux%zux%zu are too large to address", path, images->count,
		                 images->height, images->width, images->channels);
	return SGAN_OK;
}

/* Pixels of `count` images in a line; LARGEST_SIDE + 1 when there are too many. */
static size_t grid_side(size_t count, size_t side)
{
	if (count > LARGEST_SIDE || side > LARGEST_SIDE || count * (side + GAP) - GAP > LARGEST_SIDE)
		return LARGEST_SIDE + 1;
	return count * (side + GAP) - GAP;
}

static void draw_grid(const struct sgan_images *images, size_t columns, size_t grid_width, uint8_t *grid)
{
	size_t line = images->width * images->channels;
	for (size_t i = 0; i < images->count; i++) {
		size_t top = i / columns * (images->height + GAP);
		size_t left = i % columns * (images->width + GAP);
		for (size_t y = 0; y < images->height; y++)
			memcpy(grid + ((top + y) * grid_width + left) * images->channels,
			       images->pixels + (i * images->height + y) * line, line);
	}
}

/* libpng's simplified interface: no time chunk, no long jumps. */
static sgan_status write_png(const char *path, const uint8_t *grid, size_t width, size_t height, size_t channels)
{
	png_image image = { .version = PNG_IMAGE_VERSION };
	image.width = (png_uint_32)width;
	image.height = (png_uint_32)height;
	image.format = channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
	png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
	void *encoded = malloc(size);
	if (!encoded)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory for a picture of %zux%zu", path, height, width);
	sgan_status status;
	if (png_image_write_to_memory(&image, encoded, &size, 0, grid, 0, NULL))
		status = sgan_file_write(path, encoded, size);
	else
		status = sgan_fail(SGAN_EINVAL, "%s: cannot encode: %s", path, image.message);
	png_image_free(&image);
	free(encoded);
	return status;
}

sgan_status sgan_png_grid_write(const char *path, const struct sgan_images *images, size_t columns)
{
	size_t bytes;
	SGAN_TRY(check_images(path, images, &bytes));
	if (columns == 0)
		return sgan_fail(SGAN_EINVAL, "%s: a grid has at least 1 column", path);
	if (columns > images->count)
		columns = images->count;
	size_t rows = images->count / columns + (images->count % columns != 0);
	size_t width = grid_side(columns, images->width);
	size_t height = grid_side(rows, images->height);
	if (width > LARGEST_SIDE || height > LARGEST_SIDE || height * width > LARGEST_GRID / images->channels)
		return sgan_fail(SGAN_EINVAL, "%s: a grid of %zu rows of %zu images of %zux%zu is too large for a picture",
		                 path, rows, columns, images->height, images->width);
	size_t size = height * width * images->channels;
	uint8_t *grid = malloc(size);
	if (!grid)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory for a picture of %zux%zu", path, height, width);
	memset(grid, 255, size);
	draw_grid(images, columns, width, grid);
	sgan_status status = write_png(path, grid, width, height, images->channels);
	free(grid);
	return status;
}

enum { NPY_HEADER = 128 }; /* magic, version, length, the dictionary, spaces, a newline: a multiple of 64 */

/* The header of an array file, format 1.0. shape is "60000, 28, 28, 1". */
static void npy_header(char header[NPY_HEADER], const char *type, const char *shape)
{
	const int before = 10;
	memset(header, ' ', NPY_HEADER);
	memcpy(header, "\x93NUMPY\x01\x00", 8);
	header[8] = NPY_HEADER - 10;
	header[9] = 0;
	int length = snprintf(header + before, NPY_HEADER - 10, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }",
	                      type, shape);
	header[before + length] = ' ';
	header[NPY_HEADER - 1] = '\n';
}

struct npz {
	struct archive *archive;
	struct sgan_writer *writer;
	const char *path;
	sgan_status status; /* of the writer; its message stands */
};

static la_ssize_t npz_bytes(struct archive *archive, void *arg, const void *data, size_t size)
{
	struct npz *npz = arg;
	npz->status = sgan_writer_write(npz->writer, data, size);
	if (npz->status == SGAN_OK)
		return (la_ssize_t)size;
	archive_set_error(archive, EIO, "write failed");
	return -1;
}

static sgan_status npz_check(struct npz *npz, bool good)
{
	if (good)
		return SGAN_OK;
	if (npz->status != SGAN_OK)
		return npz->status;
	return sgan_fail(SGAN_EIO, "%s: cannot make a zip: %s", npz->path, archive_error_string(npz->archive));
}

static sgan_status npz_begin(struct npz *npz)
{
	struct archive *archive = npz->archive;
	return npz_check(npz, archive_write_set_format_zip(archive) == ARCHIVE_OK &&
	                          archive_write_set_format_option(archive, "zip", "compression", "deflate") == ARCHIVE_OK &&
	                          archive_write_set_bytes_in_last_block(archive, 1) == ARCHIVE_OK &&
	                          archive_write_open(archive, npz, NULL, npz_bytes, NULL) == ARCHIVE_OK);
}

/* Begins an array of the archive: its entry, without an owner or a time, and its header. */
static sgan_status npz_array(struct npz *npz, const char *name, const char *type, const char *shape, size_t bytes)
{
	char header[NPY_HEADER];
	struct archive_entry *entry = archive_entry_new();
	if (!entry)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory to write it", npz->path);
	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_mtime(entry, 0, 0);
	archive_entry_set_size(entry, (la_int64_t)(bytes + NPY_HEADER));
	bool good = archive_write_header(npz->archive, entry) == ARCHIVE_OK;
	archive_entry_free(entry);
	SGAN_TRY(npz_check(npz, good));
	npy_header(header, type, shape);
	return npz_check(npz, archive_write_data(npz->archive, header, NPY_HEADER) == NPY_HEADER);
}

static sgan_status npz_data(struct npz *npz, const void *data, size_t size)
{
	return npz_check(npz, archive_write_data(npz->archive, data, size) == (la_ssize_t)size);
}

static sgan_status npz_labels(struct npz *npz, const uint32_t *labels, size_t count)
{
	uint8_t wide[8 * 512]; /* int64, little endian */
	while (count > 0) {
		size_t some = count < 512 ? count : 512;
		memset(wide, 0, 8 * some);
		for (size_t i = 0; i < some; i++)
			for (int k = 0; k < 4; k++)
				wide[8 * i + (size_t)k] = (uint8_t)(labels[i] >> 8 * k);
		SGAN_TRY(npz_data(npz, wide, 8 * some));
		labels += some;
		count -= some;
	}
	return SGAN_OK;
}

static sgan_status npz_content(struct npz *npz, const struct sgan_images *images, size_t bytes, const uint32_t *labels)
{
	char shape[96];
	SGAN_TRY(npz_begin(npz));
	snprintf(shape, sizeof shape, "%zu, %zu, %zu, %zu", images->count, images->height, images->width, images->channels);
	SGAN_TRY(npz_array(npz, "arr_0.npy", "|u1", shape, bytes));
	SGAN_TRY(npz_data(npz, images->pixels, bytes));
	if (labels) {
		snprintf(shape, sizeof shape, "%zu,", images->count);
		SGAN_TRY(npz_array(npz, "arr_1.npy", "<i8", shape, 8 * images->count));
		SGAN_TRY(npz_labels(npz, labels, images->count));
	}
	return npz_check(npz, archive_write_close(npz->archive) == ARCHIVE_OK);
}

sgan_status sgan_npz_write(const char *path, const struct sgan_images *images, const uint32_t *labels)
{
	size_t bytes;
	struct npz npz = { .path = path };
	SGAN_TRY(check_images(path, images, &bytes));
	if (images->count > SIZE_MAX / 16)
		return sgan_fail(SGAN_EINVAL, "%s: %zu labels are too many to address", path, images->count);
	SGAN_TRY(sgan_writer_open(path, &npz.writer));
	npz.archive = archive_write_new();
	sgan_status status = npz.archive ? npz_content(&npz, images, bytes, labels)
	                                 : sgan_fail(SGAN_ENOMEM, "%s: no memory to write it", path);
	if (npz.archive) {
		/* Freeing closes, and closing writes: of a failed archive that must not reach the file. */
		if (status != SGAN_OK)
			archive_write_fail(npz.archive);
		archive_write_free(npz.archive);
	}
	if (status == SGAN_OK)
		return sgan_writer_commit(npz.writer);
	sgan_writer_abort(npz.writer);
	return status;
}

/* PNG grids of images, the same bytes for the same images.
 * It must not know where the images come from. */
#include "src/io/image.h"

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

/* Pixels of a grid's sides, and images of a column. */
struct grid {
	size_t columns, rows, width, height;
};

static sgan_status measure_grid(const char *path, const struct sgan_images *images, size_t columns, struct grid *grid)
{
	size_t bytes;
	SGAN_TRY(check_images(path, images, &bytes));
	if (columns == 0)
		return sgan_fail(SGAN_EINVAL, "%s: a grid has at least 1 column", path);
	grid->columns = columns < images->count ? columns : images->count;
	grid->rows = images->count / grid->columns + (images->count % grid->columns != 0);
	grid->width = grid_side(grid->columns, images->width);
	grid->height = grid_side(grid->rows, images->height);
	if (grid->width > LARGEST_SIDE || grid->height > LARGEST_SIDE ||
	    grid->height * grid->width > LARGEST_GRID / images->channels)
		return sgan_fail(SGAN_EINVAL, "%s: a grid of %zu rows of %zu images of %zux%zu is too large for a picture",
		                 path, grid->rows, grid->columns, images->height, images->width);
	return SGAN_OK;
}

sgan_status sgan_png_grid_check(const char *path, const struct sgan_images *images, size_t columns)
{
	struct grid grid;
	return measure_grid(path, images, columns, &grid);
}

sgan_status sgan_png_grid_write(const char *path, const struct sgan_images *images, size_t columns)
{
	struct grid grid = { .columns = 0 };
	SGAN_TRY(measure_grid(path, images, columns, &grid));
	size_t size = grid.height * grid.width * images->channels;
	uint8_t *pixels = malloc(size);
	if (!pixels)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory for a picture of %zux%zu", path, grid.height, grid.width);
	memset(pixels, 255, size);
	draw_grid(images, grid.columns, grid.width, pixels);
	sgan_status status = write_png(path, pixels, grid.width, grid.height, images->channels);
	free(pixels);
	return status;
}

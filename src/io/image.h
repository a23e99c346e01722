/* Images as PNG grids. */
#ifndef SGAN_IO_IMAGE_H
#define SGAN_IO_IMAGE_H

#include <sgan/sgan.h>

/* images [count, height, width, channels] uint8, channels 1 or 3. */
struct sgan_images {
	size_t count, height, width, channels;
	const uint8_t *pixels;
};

/* A PNG of the images in reading order, `columns` a row, 2 pixels apart on white. All or not at all. */
sgan_status sgan_png_grid_write(const char *path, const struct sgan_images *images, size_t columns);

/* Whether such a picture can be, before there are any pixels. SGAN_EINVAL. */
sgan_status sgan_png_grid_check(const char *path, const struct sgan_images *images, size_t columns);

#endif

/* Sample images: PNG grids, and .npz in the form that GAN evaluation tools read. */
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

/* arr_0 = images uint8 [N, H, W, C], arr_1 = labels int64 [N] (numpy.savez's names). All or not at all. */
sgan_status sgan_npz_write(const char *path, const struct sgan_images *images, const uint32_t *labels);

#endif

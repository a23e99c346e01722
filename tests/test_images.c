/* Pictures, read back by the library of others. */
#include "tests/temporary.h"

#include <png.h>

#include "src/io/image.h"

TestSuite(image, .init = temporary_make, .fini = temporary_remove);

enum { COUNT = 5, HEIGHT = 3, WIDTH = 4 };

static uint8_t pixels[COUNT * HEIGHT * WIDTH * 3];

static struct sgan_images some_images(size_t channels)
{
	for (size_t i = 0; i < sizeof pixels; i++)
		pixels[i] = (uint8_t)(i * 37 + 11);
	return (struct sgan_images){ COUNT, HEIGHT, WIDTH, channels, pixels };
}

static uint8_t *read_png(const char *name, int channels, size_t *width, size_t *height)
{
	png_image image = { .version = PNG_IMAGE_VERSION };
	cr_assert(png_image_begin_read_from_file(&image, in_temporary(name)), "%s", image.message);
	cr_assert_eq(image.format, channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY);
	uint8_t *read = malloc(PNG_IMAGE_SIZE(image));
	cr_assert(png_image_finish_read(&image, NULL, read, 0, NULL), "%s", image.message);
	*width = image.width;
	*height = image.height;
	return read;
}

/* Two rows of three, the last place empty. */
static void check_grid(size_t channels)
{
	struct sgan_images images = some_images(channels);
	size_t width, height;
	ASSERT_OK(sgan_png_grid_write(in_temporary("grid.png"), &images, 3));
	uint8_t *grid = read_png("grid.png", (int)channels, &width, &height);
	cr_assert_eq(width, 3 * WIDTH + 2 * 2);
	cr_assert_eq(height, 2 * HEIGHT + 2);
	for (size_t y = 0; y < height; y++)
		for (size_t x = 0; x < width; x++)
			for (size_t c = 0; c < channels; c++) {
				size_t image = y / (HEIGHT + 2) * 3 + x / (WIDTH + 2);
				size_t row = y % (HEIGHT + 2), column = x % (WIDTH + 2);
				bool white = row >= HEIGHT || column >= WIDTH || image >= COUNT;
				uint8_t expected = 255;
				if (!white)
					expected = pixels[((image * HEIGHT + row) * WIDTH + column) * channels + c];
				cr_assert_eq(grid[(y * width + x) * channels + c], expected, "pixel %zu,%zu", y, x);
			}
	free(grid);
}

Test(image, grid_of_grey)
{
	check_grid(1);
}

Test(image, grid_of_colour)
{
	check_grid(3);
}

Test(image, grid_is_no_wider_than_its_images)
{
	struct sgan_images images = some_images(1);
	size_t width, height;
	ASSERT_OK(sgan_png_grid_write(in_temporary("grid.png"), &images, 100));
	free(read_png("grid.png", 1, &width, &height));
	cr_assert_eq(width, COUNT * WIDTH + 2 * (COUNT - 1));
	cr_assert_eq(height, HEIGHT);
}

static void assert_same_files(const char *a, const char *b)
{
	size_t a_size, b_size;
	char *a_data = get_file(a, &a_size), *b_data = get_file(b, &b_size);
	cr_assert_eq(a_size, b_size);
	cr_assert_arr_eq(a_data, b_data, a_size);
	free(a_data);
	free(b_data);
}

Test(image, same_images_same_bytes)
{
	struct sgan_images images = some_images(3);
	setenv("TZ", "UTC", 1);
	ASSERT_OK(sgan_png_grid_write(in_temporary("a.png"), &images, 2));
	setenv("TZ", "Pacific/Auckland", 1);
	ASSERT_OK(sgan_png_grid_write(in_temporary("b.png"), &images, 2));
	assert_same_files("a.png", "b.png");
}

Test(image, full_disk)
{
	static uint8_t noise[100 * 28 * 28];
	uint32_t state = 1;
	struct sgan_images images = { 100, 28, 28, 1, noise };
	for (size_t i = 0; i < sizeof noise; i++) {
		state = state * 1664525 + 1013904223;
		noise[i] = (uint8_t)(state >> 24);
	}
	put_text("a.png", "old");
	fill_disk_after(20000);
	ASSERT_FAILS(sgan_png_grid_write(in_temporary("a.png"), &images, 10), SGAN_EIO,
	             "a.png: cannot write: File too large");
	empty_disk();
	assert_text("a.png", "old");
	cr_assert_eq(count_files(), 1);
	ASSERT_FAILS(sgan_png_grid_write(in_temporary("none/a.png"), &images, 1), SGAN_EIO, "none/a.png: cannot create");
}

Test(image, what_is_no_image)
{
	struct sgan_images none = { 0, 28, 28, 1, pixels }, thin = { 1, 28, 0, 1, pixels }, two = { 1, 2, 2, 2, pixels };
	struct sgan_images huge = { SIZE_MAX / 2, 28, 28, 1, pixels }, tall = { 100000, 28, 28, 1, pixels };
	struct sgan_images fine = some_images(1);
	const char *png = in_temporary("a.png");
	ASSERT_FAILS(sgan_png_grid_write(png, &none, 1), SGAN_EINVAL, "0 images of 28x28");
	ASSERT_FAILS(sgan_png_grid_write(png, &thin, 1), SGAN_EINVAL, "1 images of 28x0");
	ASSERT_FAILS(sgan_png_grid_write(png, &two, 1), SGAN_EINVAL, "1 or 3 channels, these 2");
	ASSERT_FAILS(sgan_png_grid_write(png, &huge, 1), SGAN_EINVAL, "too large to address");
	ASSERT_FAILS(sgan_png_grid_write(png, &tall, 10), SGAN_EINVAL, "too large for a picture");
	ASSERT_FAILS(sgan_png_grid_write(png, &fine, 0), SGAN_EINVAL, "at least 1 column");
	cr_assert_eq(count_files(), 0);
}

/* Pictures and .npz files, read back by the libraries of others. */
#include "tests/temporary.h"

#include <archive.h>
#include <archive_entry.h>
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
	uint32_t labels[COUNT] = { 0 };
	struct sgan_images images = some_images(3);
	setenv("TZ", "UTC", 1);
	ASSERT_OK(sgan_png_grid_write(in_temporary("a.png"), &images, 2));
	ASSERT_OK(sgan_npz_write(in_temporary("a.npz"), &images, labels));
	setenv("TZ", "Pacific/Auckland", 1);
	sleep(2); /* a zip counts time in steps of two seconds */
	ASSERT_OK(sgan_png_grid_write(in_temporary("b.png"), &images, 2));
	ASSERT_OK(sgan_npz_write(in_temporary("b.npz"), &images, labels));
	assert_same_files("a.png", "b.png");
	assert_same_files("a.npz", "b.npz");
}

/* The next entry of the archive: its name, the text of its header, its data. */
static void check_array(struct archive *archive, const char *name, const char *dictionary, const void *data,
                        size_t size)
{
	struct archive_entry *entry;
	static uint8_t found[1 << 16];
	cr_assert_eq(archive_read_next_header(archive, &entry), ARCHIVE_OK);
	cr_assert_str_eq(archive_entry_pathname(entry), name);
	la_ssize_t length = archive_read_data(archive, found, sizeof found);
	cr_assert_geq(length, 10);
	cr_assert_arr_eq(found, "\x93NUMPY\x01\x00", 8);
	size_t header = 10u + found[8] + 256u * found[9];
	cr_assert_eq(header % 64, 0);
	cr_assert_eq((size_t)length, header + size);
	cr_assert_eq(found[header - 1], '\n');
	size_t text = strlen(dictionary);
	cr_assert_arr_eq(found + 10, dictionary, text);
	for (size_t i = 10 + text; i < header - 1; i++)
		cr_assert_eq(found[i], ' ');
	cr_assert_arr_eq(found + header, data, size);
}

static struct archive *open_npz(const char *name)
{
	struct archive *archive = archive_read_new();
	archive_read_support_format_zip(archive);
	cr_assert_eq(archive_read_open_filename(archive, in_temporary(name), 10240), ARCHIVE_OK);
	return archive;
}

Test(image, npz)
{
	uint32_t labels[COUNT] = { 3, 1, 999, 255, 0x1020304 };
	uint8_t wide[8 * COUNT] = { 0 };
	struct archive_entry *entry;
	struct sgan_images images = some_images(3);
	for (size_t i = 0; i < 8 * COUNT; i++)
		wide[i] = i % 8 < 4 ? (uint8_t)(labels[i / 8] >> 8 * (i % 8)) : 0;
	ASSERT_OK(sgan_npz_write(in_temporary("a.npz"), &images, labels));
	struct archive *archive = open_npz("a.npz");
	check_array(archive, "arr_0.npy", "{'descr': '|u1', 'fortran_order': False, 'shape': (5, 3, 4, 3), }", pixels,
	            COUNT * HEIGHT * WIDTH * 3);
	check_array(archive, "arr_1.npy", "{'descr': '<i8', 'fortran_order': False, 'shape': (5,), }", wide, sizeof wide);
	cr_assert_eq(archive_read_next_header(archive, &entry), ARCHIVE_EOF);
	archive_read_free(archive);
}

Test(image, npz_without_labels)
{
	struct archive_entry *entry;
	struct sgan_images images = some_images(1);
	ASSERT_OK(sgan_npz_write(in_temporary("a.npz"), &images, NULL));
	struct archive *archive = open_npz("a.npz");
	check_array(archive, "arr_0.npy", "{'descr': '|u1', 'fortran_order': False, 'shape': (5, 3, 4, 1), }", pixels,
	            COUNT * HEIGHT * WIDTH);
	cr_assert_eq(archive_read_next_header(archive, &entry), ARCHIVE_EOF);
	archive_read_free(archive);
}

Test(image, full_disk)
{
	static uint8_t noise[100 * 28 * 28];
	uint32_t labels[100] = { 0 };
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
	ASSERT_FAILS(sgan_npz_write(in_temporary("a.npz"), &images, labels), SGAN_EIO,
	             "a.npz: cannot write: File too large");
	empty_disk();
	assert_text("a.png", "old");
	cr_assert_eq(count_files(), 1);
	ASSERT_FAILS(sgan_npz_write(in_temporary("none/a.npz"), &images, labels), SGAN_EIO, "none/a.npz: cannot create");
	ASSERT_FAILS(sgan_png_grid_write(in_temporary("none/a.png"), &images, 1), SGAN_EIO, "none/a.png: cannot create");
}

Test(image, what_is_no_image)
{
	struct sgan_images none = { 0, 28, 28, 1, pixels }, thin = { 1, 28, 0, 1, pixels }, two = { 1, 2, 2, 2, pixels };
	struct sgan_images huge = { SIZE_MAX / 2, 28, 28, 1, pixels }, tall = { 100000, 28, 28, 1, pixels };
	struct sgan_images fine = some_images(1);
	const char *png = in_temporary("a.png"), *npz = in_temporary("a.npz");
	ASSERT_FAILS(sgan_png_grid_write(png, &none, 1), SGAN_EINVAL, "0 images of 28x28");
	ASSERT_FAILS(sgan_npz_write(npz, &thin, NULL), SGAN_EINVAL, "1 images of 28x0");
	ASSERT_FAILS(sgan_png_grid_write(png, &two, 1), SGAN_EINVAL, "1 or 3 channels, these 2");
	ASSERT_FAILS(sgan_npz_write(npz, &huge, NULL), SGAN_EINVAL, "too large to address");
	ASSERT_FAILS(sgan_png_grid_write(png, &huge, 1), SGAN_EINVAL, "too large to address");
	ASSERT_FAILS(sgan_png_grid_write(png, &tall, 10), SGAN_EINVAL, "too large for a picture");
	ASSERT_FAILS(sgan_png_grid_write(png, &fine, 0), SGAN_EINVAL, "at least 1 column");
	cr_assert_eq(count_files(), 0);
}

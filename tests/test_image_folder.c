/* Folders of PNG and JPEG images, good or hostile. */
#include "tests/temporary.h"

#include <png.h>
#include <stdio.h>

#include <jpeglib.h>

#include "src/data/picture.h"
#include "tests/data_files.h"

TestSuite(picture, .init = temporary_make, .fini = temporary_remove);
TestSuite(image_folder, .init = temporary_make, .fini = temporary_remove);

enum { HEIGHT = 6, WIDTH = 9 };

/* Slopes, so that JPEG keeps them nearly. */
static uint8_t pixel(size_t seed, size_t y, size_t x, size_t c)
{
	return (uint8_t)(20 + seed % 16 * 8 + y * 4 + x * 3 + c * 20);
}

/* [height, width, channels]; free() it. */
static uint8_t *pixels(size_t seed, size_t height, size_t width, size_t channels)
{
	uint8_t *all = malloc(height * width * channels);
	for (size_t at = 0; at < height * width * channels; at++)
		all[at] = pixel(seed, at / (width * channels), at / channels % width, at % channels);
	return all;
}

static void put_png(const char *name, size_t seed, size_t height, size_t width, size_t channels)
{
	png_image image = { .version = PNG_IMAGE_VERSION };
	uint8_t *all = pixels(seed, height, width, channels);
	image.height = (png_uint_32)height;
	image.width = (png_uint_32)width;
	image.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
	cr_assert(png_image_write_to_file(&image, in_temporary(name), 0, all, 0, NULL), "%s", image.message);
	free(all);
}

/* In place of scans: those that libjpeg has for progressive images. */
static const jpeg_scan_info progressive[1];

static void put_jpeg_of(const char *name, size_t seed, size_t height, size_t width, int channels, J_COLOR_SPACE space,
                        const jpeg_scan_info *scans, int scan_count)
{
	struct jpeg_compress_struct jpeg;
	struct jpeg_error_mgr errors;
	uint8_t *all = pixels(seed, height, width, (size_t)channels);
	FILE *file = fopen(in_temporary(name), "wb");
	cr_assert_not_null(file);
	jpeg.err = jpeg_std_error(&errors);
	jpeg_create_compress(&jpeg);
	jpeg_stdio_dest(&jpeg, file);
	jpeg.image_height = (JDIMENSION)height;
	jpeg.image_width = (JDIMENSION)width;
	jpeg.input_components = channels;
	jpeg.in_color_space = space;
	jpeg_set_defaults(&jpeg);
	jpeg_set_quality(&jpeg, 100, TRUE);
	jpeg.scan_info = scans;
	jpeg.num_scans = scan_count;
	if (scans == progressive)
		jpeg_simple_progression(&jpeg);
	jpeg_start_compress(&jpeg, TRUE);
	while (jpeg.next_scanline < jpeg.image_height) {
		JSAMPROW row = all + jpeg.next_scanline * width * (size_t)channels;
		jpeg_write_scanlines(&jpeg, &row, 1);
	}
	jpeg_finish_compress(&jpeg);
	jpeg_destroy_compress(&jpeg);
	cr_assert_eq(fclose(file), 0);
	free(all);
}

static void put_jpeg(const char *name, size_t seed, size_t height, size_t width, size_t channels)
{
	put_jpeg_of(name, seed, height, width, (int)channels, channels == 1 ? JCS_GRAYSCALE : JCS_RGB, NULL, 0);
}

/* --- images --- */

static void check_picture(const char *name, size_t seed, size_t channels, int tolerance)
{
	struct sgan_picture picture;
	ASSERT_OK(sgan_picture_read(in_temporary(name), &picture));
	cr_assert_eq(picture.height, HEIGHT);
	cr_assert_eq(picture.width, WIDTH);
	cr_assert_eq(picture.channels, channels);
	for (size_t at = 0; at < HEIGHT * WIDTH * channels; at++) {
		const int expected = pixel(seed, at / (WIDTH * channels), at / channels % WIDTH, at % channels);
		cr_assert_leq(abs(picture.pixels[at] - expected), tolerance, "%s: %d, %d expected", name, picture.pixels[at],
		              expected);
	}
	free(picture.pixels);
}

Test(picture, png_and_jpeg)
{
	for (size_t channels = 1; channels <= 3; channels += 2) {
		put_png("a.png", 1, HEIGHT, WIDTH, channels);
		check_picture("a.png", 1, channels, 0);
		put_jpeg("a.jpg", 2, HEIGHT, WIDTH, channels);
		check_picture("a.jpg", 2, channels, channels == 1 ? 2 : 12); /* colours are halved in size */
		put_jpeg_of("a.jpg", 2, HEIGHT, WIDTH, (int)channels, channels == 1 ? JCS_GRAYSCALE : JCS_RGB, progressive, 0);
		check_picture("a.jpg", 2, channels, channels == 1 ? 2 : 12);
		put_jpeg("wrong.png", 3, HEIGHT, WIDTH, channels); /* the content counts */
		check_picture("wrong.png", 3, channels, channels == 1 ? 2 : 12);
	}
}

/* Transparent parts are white, 16 bits become 8. */
Test(picture, other_kinds_of_png)
{
	static const uint8_t rgba[HEIGHT * WIDTH * 4] = { 10, 20, 30, 255, 10, 20, 30, 0 };
	static const uint16_t wide[HEIGHT * WIDTH] = { 65535, 0 };
	png_image image = { .version = PNG_IMAGE_VERSION, .height = HEIGHT, .width = WIDTH, .format = PNG_FORMAT_RGBA };
	struct sgan_picture picture;
	cr_assert(png_image_write_to_file(&image, in_temporary("a.png"), 0, rgba, 0, NULL));
	ASSERT_OK(sgan_picture_read(in_temporary("a.png"), &picture));
	cr_assert_eq(picture.channels, 3);
	cr_assert_arr_eq(picture.pixels, ((uint8_t[]){ 10, 20, 30, 255, 255, 255 }), 6);
	free(picture.pixels);
	image =
		(png_image){ .version = PNG_IMAGE_VERSION, .height = HEIGHT, .width = WIDTH, .format = PNG_FORMAT_LINEAR_Y };
	cr_assert(png_image_write_to_file(&image, in_temporary("a.png"), 0, wide, 0, NULL));
	ASSERT_OK(sgan_picture_read(in_temporary("a.png"), &picture));
	cr_assert_eq(picture.channels, 1);
	cr_assert_eq(picture.pixels[0], 255);
	cr_assert_eq(picture.pixels[1], 0);
	free(picture.pixels);
}

static void assert_picture_refused(const char *name, sgan_status code, const char *words)
{
	struct sgan_picture picture = { .channels = 77 };
	ASSERT_FAILS(sgan_picture_read(in_temporary(name), &picture), code, words);
	cr_assert_not_null(strstr(sgan_last_error(), name));
}

/* Also the last bytes are missed: grey areas must not become training images. */
static void check_truncated(const char *name, const char *words)
{
	size_t size;
	char *bytes = get_file(name, &size);
	for (size_t kept = 8; kept < size - 12; kept += 3) {
		put_file(name, bytes, kept);
		assert_picture_refused(name, SGAN_EFORMAT, words);
	}
	free(bytes);
}

Test(picture, that_are_wrong)
{
	put_png("a.png", 1, HEIGHT, WIDTH, 3);
	check_truncated("a.png", "a.png: cannot decode the PNG: ");
	put_jpeg("a.jpg", 1, 40, 40, 3);
	check_truncated("a.jpg", "a.jpg: cannot decode the JPEG: ");
	put_jpeg_of("a.jpg", 1, 40, 40, 3, JCS_RGB, progressive, 0);
	check_truncated("a.jpg", "a.jpg: cannot decode the JPEG: ");
	put_text("a.png", "");
	assert_picture_refused("a.png", SGAN_EFORMAT, "a.png: empty");
	put_text("a.png", "GIF89a");
	assert_picture_refused("a.png", SGAN_EFORMAT, "a.png: neither a PNG nor a JPEG image");
	assert_picture_refused("none.png", SGAN_EIO, "none.png: cannot open: No such file");
	cr_assert_eq(mkfifo(in_temporary("pipe.png"), 0600), 0);
	assert_picture_refused("pipe.png", SGAN_EIO, "pipe.png: not a regular file");
	put_jpeg_of("cmyk.jpg", 1, HEIGHT, WIDTH, 4, JCS_CMYK, NULL, 0);
	assert_picture_refused("cmyk.jpg", SGAN_EFORMAT, "cmyk.jpg: cannot decode the JPEG: Unsupported color conversion");
}

/* Sizes are refused before there is memory for them. */
Test(picture, too_large)
{
	size_t size;
	put_jpeg("a.jpg", 1, HEIGHT, WIDTH, 1);
	char *bytes = get_file("a.jpg", &size);
	size_t frame = 0;
	while (memcmp(bytes + frame, "\xff\xc0", 2) != 0)
		frame++;
	memcpy(bytes + frame + 5, "\xff\xff\xff\xff", 4);
	put_file("a.jpg", bytes, size);
	assert_picture_refused("a.jpg", SGAN_EFORMAT, "a.jpg: ");
	memcpy(bytes + frame + 5, "\x10\x01\x10\x00", 4);
	put_file("a.jpg", bytes, size);
	assert_picture_refused("a.jpg", SGAN_EFORMAT, "a.jpg: an image of 4097x4096, 1x1 to 4096x4096 expected");
	free(bytes);
	put_png("a.png", 1, 1, 4097, 1);
	assert_picture_refused("a.png", SGAN_EFORMAT, "a.png: an image of 1x4097, 1x1 to 4096x4096 expected");
}

/* A scan for each coefficient is 190 of them, and a decoder's time is their number times the image's size. */
Test(picture, too_many_scans)
{
	enum { SCANS = 1 + 3 * 63 };
	static jpeg_scan_info scans[SCANS] = { { 3, { 0, 1, 2 }, 0, 0, 0, 0 } };
	for (int i = 1; i < SCANS; i++)
		scans[i] = (jpeg_scan_info){ 1, { (i - 1) / 63 }, (i - 1) % 63 + 1, (i - 1) % 63 + 1, 0, 0 };
	put_jpeg_of("a.jpg", 1, HEIGHT, WIDTH, 3, JCS_RGB, scans, 100);
	check_picture("a.jpg", 1, 3, 255);
	put_jpeg_of("a.jpg", 1, HEIGHT, WIDTH, 3, JCS_RGB, scans, SCANS);
	assert_picture_refused("a.jpg", SGAN_EFORMAT, "a.jpg: cannot decode the JPEG: more than 100 scans");
}

/* --- folders --- */

static void make(const char *folder)
{
	cr_assert_eq(mkdir(in_temporary(folder), 0777), 0);
}

/* Images 0 to count - 1 of a class, PNG all, in names whose order is that of their numbers. */
static void put_class(const char *folder, size_t count, size_t channels)
{
	char name[128];
	make(folder);
	for (size_t i = 0; i < count; i++) {
		snprintf(name, sizeof name, "%s/%03zu.%s", folder, i, i % 2 ? "PNG" : "png");
		put_png(name, i, HEIGHT, WIDTH, channels);
	}
}

static void put_divided(size_t channels)
{
	make("d");
	make("d/train");
	make("d/test");
	put_class("d/train/b", 3, channels);
	put_class("d/train/B", 2, channels);
	put_class("d/train/a class", 1, channels);
	put_class("d/test/b", 2, channels);
	put_class("d/test/a class", 1, channels);
}

static void check_images(const struct sgan_split *split, const size_t *seeds, const uint32_t *labels, size_t count,
                         size_t channels)
{
	const size_t size = HEIGHT * WIDTH * channels;
	cr_assert_eq(split->count, count);
	for (size_t i = 0; i < count; i++) {
		uint8_t *expected = pixels(seeds[i], HEIGHT, WIDTH, channels);
		cr_assert_eq(split->labels[i], labels[i]);
		cr_assert_arr_eq(split->images + i * size, expected, size);
		free(expected);
	}
}

/* Classes are in the order of their names' bytes, capital letters first. */
Test(image_folder, divided)
{
	static const size_t train_seeds[] = { 0, 1, 0, 0, 1, 2 }, test_seeds[] = { 0, 0, 1 };
	static const uint32_t train_labels[] = { 0, 0, 1, 2, 2, 2 }, test_labels[] = { 1, 2, 2 };
	for (size_t channels = 1; channels <= 3; channels += 2) {
		struct sgan_dataset dataset;
		put_divided(channels);
		put_text("d/train/b/notes.txt", "no image");
		put_text("d/train/b/.hidden.png", "no image");
		put_text("d/train/notes.txt", "no class");
		make("d/train/.hidden");
		ASSERT_OK(sgan_dataset_open(in_temporary("d"), 0, &dataset));
		cr_assert_str_eq(dataset.format, "images");
		cr_assert_str_eq(dataset.name, "d");
		cr_assert_eq(dataset.classes, 3);
		cr_assert_eq(dataset.height, HEIGHT);
		cr_assert_eq(dataset.width, WIDTH);
		cr_assert_eq(dataset.channels, channels);
		cr_assert_str_eq(dataset.class_info[0].name, "B");
		cr_assert_str_eq(dataset.class_info[1].name, "a class");
		cr_assert_str_eq(dataset.class_info[2].name, "b");
		cr_assert_eq(dataset.class_info[2].number, 2);
		check_images(&dataset.train, train_seeds, train_labels, 6, channels);
		check_images(&dataset.test, test_seeds, test_labels, 3, channels);
		sgan_dataset_free(&dataset);
		temporary_remove();
		cr_assert_eq(mkdir(temporary, 0777), 0);
	}
}

/* Every tenth image of a class is a test image. */
Test(image_folder, undivided)
{
	static const size_t test_seeds[] = { 9, 19, 9 };
	static const uint32_t test_labels[] = { 0, 0, 2 };
	struct sgan_dataset dataset;
	make("d");
	put_class("d/one", 25, 1);
	put_class("d/three", 9, 1);
	put_class("d/two", 10, 1);
	ASSERT_OK(sgan_dataset_open(in_temporary("d"), 1000, &dataset)); /* there are as many as folders */
	cr_assert_eq(dataset.classes, 3);
	cr_assert_eq(dataset.train.count, 23 + 9 + 9);
	check_images(&dataset.test, test_seeds, test_labels, 3, 1);
	size_t seed = 0;
	for (size_t i = 0; i < 23; i++, seed++) {
		seed += seed % 10 == 9;
		cr_assert_eq(dataset.train.images[i * HEIGHT * WIDTH], pixel(seed, 0, 0, 0));
		cr_assert_eq(dataset.train.labels[i], 0);
	}
	sgan_dataset_free(&dataset);
}

/* More images than there is memory for at first. */
Test(image_folder, many)
{
	struct sgan_dataset dataset;
	make("d");
	put_class("d/only", 300, 3);
	ASSERT_OK(sgan_dataset_open(in_temporary("d"), 0, &dataset));
	cr_assert_eq(dataset.classes, 1);
	cr_assert_eq(dataset.train.count, 270);
	cr_assert_eq(dataset.test.count, 30);
	for (size_t i = 0; i < 30; i++)
		cr_assert_eq(dataset.test.images[i * HEIGHT * WIDTH * 3], pixel(10 * i + 9, 0, 0, 0));
	sgan_dataset_free(&dataset);
}

Test(image_folder, of_jpegs)
{
	struct sgan_dataset dataset;
	put_divided(3);
	put_jpeg("d/train/b/100.jpg", 5, HEIGHT, WIDTH, 3);
	put_jpeg("d/train/b/101.JPEG", 6, HEIGHT, WIDTH, 3);
	ASSERT_OK(sgan_dataset_open(in_temporary("d"), 0, &dataset));
	cr_assert_eq(dataset.train.count, 8);
	cr_assert_leq(abs(dataset.train.images[7 * HEIGHT * WIDTH * 3] - pixel(6, 0, 0, 0)), 12);
	sgan_dataset_free(&dataset);
}

/* One line names both files. */
static void assert_mixed(const char *file, const char *found, const char *like)
{
	char words[128];
	snprintf(words, sizeof words, "%s: an image of %s, but ", file, found);
	assert_refused(SGAN_EFORMAT, words);
	cr_assert_not_null(strstr(sgan_last_error(), like), "%s", sgan_last_error());
}

Test(image_folder, mixed)
{
	put_divided(3);
	put_png("d/train/b/002.png", 1, HEIGHT, WIDTH + 1, 3);
	assert_mixed("d/train/b/002.png", "6x10x3", "/d/train/B/000.png has 6x9x3");
	put_png("d/train/b/002.png", 1, HEIGHT, WIDTH, 1);
	assert_mixed("d/train/b/002.png", "6x9x1", "/d/train/B/000.png has 6x9x3");
	put_png("d/train/b/002.png", 1, HEIGHT, WIDTH, 3);
	put_png("d/test/b/000.png", 1, HEIGHT + 1, WIDTH, 3);
	assert_mixed("d/test/b/000.png", "7x9x3", "/d/test/a class/000.png has 6x9x3");
	put_png("d/test/b/001.PNG", 1, HEIGHT + 1, WIDTH, 3);
	put_png("d/test/a class/000.png", 1, HEIGHT + 1, WIDTH, 3);
	assert_refused(SGAN_EFORMAT, "d/test/a class/000.png: images of 7x9x3, but ");
	cr_assert_not_null(strstr(sgan_last_error(), "/d/train/B/000.png has 6x9x3"));
}

/* Images alone, in one folder or in train and test: no labels. */
Test(image_folder, without_classes)
{
	struct sgan_dataset dataset;
	put_class("d", 21, 3);
	put_text("d/notes.txt", "no image");
	make("d/empty");
	for (int divided = 0; divided < 2; divided++) {
		ASSERT_OK(sgan_dataset_open(in_temporary("d"), 10, &dataset));
		cr_assert_str_eq(dataset.format, "images");
		cr_assert_str_eq(dataset.no_labels, "a folder for each class");
		cr_assert(dataset.classes == 0 && dataset.class_info == NULL);
		cr_assert(dataset.train.labels == NULL && dataset.test.labels == NULL);
		cr_assert_eq(dataset.train.count, 19);
		cr_assert_eq(dataset.test.count, 2);
		cr_assert_eq(dataset.train.images[9 * HEIGHT * WIDTH * 3], pixel(divided ? 9 : 10, 0, 0, 0));
		cr_assert_eq(dataset.test.images[HEIGHT * WIDTH * 3], pixel(divided ? 1 : 19, 0, 0, 0));
		sgan_dataset_free(&dataset);
		temporary_remove();
		cr_assert_eq(mkdir(temporary, 0777), 0);
		make("d");
		put_class("d/train", 19, 3);
		put_class("d/test", 2, 3);
	}
	put_png("d/test/000.png", 1, HEIGHT, WIDTH, 1);
	assert_mixed("d/test/001.PNG", "6x9x3", "/d/test/000.png has 6x9x1");
	make("d/train/class");
	put_png("d/train/class/0.png", 1, HEIGHT, WIDTH, 3);
	assert_refused(SGAN_EFORMAT, "d/test: no test images"); /* one class makes it a dataset with labels */
	temporary_remove();
	cr_assert_eq(mkdir(temporary, 0777), 0);
	put_class("d", 9, 1);
	assert_refused(SGAN_EFORMAT, "d: no test images: every tenth image is one, and there are not ten");
	put_png("d/004.png", 1, HEIGHT + 1, WIDTH, 1);
	assert_refused(SGAN_EFORMAT, "d/004.png: an image of 7x9x1, but ");
}

Test(image_folder, that_are_wrong)
{
	put_divided(1);
	put_text("d/train/b/001.PNG", "no image");
	assert_refused(SGAN_EFORMAT, "d/train/b/001.PNG: neither a PNG nor a JPEG image");
	put_png("d/train/b/001.PNG", 1, HEIGHT, WIDTH, 1);
	make("d/train/empty");
	assert_refused(SGAN_EFORMAT, "d/train/empty: no PNG or JPEG image in it");
	cr_assert_eq(remove(in_temporary("d/train/empty")), 0);
	put_class("d/test/c", 1, 1);
	assert_refused(SGAN_EFORMAT, "d/test/c: a class that ");
	cr_assert_eq(rename(in_temporary("d/test"), in_temporary("aside")), 0);
	make("d/test");
	assert_refused(SGAN_EFORMAT, "d/test: no test images");
	cr_assert_eq(rename(in_temporary("d/train"), in_temporary("aside2")), 0);
	assert_refused(SGAN_EFORMAT, "d: no dataset is there");
	cr_assert_eq(remove(in_temporary("d/test")), 0);
	put_class("d/class", 9, 1);
	assert_refused(SGAN_EFORMAT, "d: no test images: every tenth image of a class is one, and no class has ten");
}

Test(image_folder, random_damage)
{
	static const char *const files[] = { "d/train/a/0.png", "d/train/a/1.jpg", "d/test/a/0.jpg" };
	make("d");
	make("d/train");
	make("d/test");
	make("d/train/a");
	make("d/test/a");
	put_png(files[0], 1, 40, 40, 3);
	put_jpeg(files[1], 2, 40, 40, 3);
	put_jpeg_of(files[2], 3, 40, 40, 3, JCS_RGB, progressive, 0);
	check_damaged(files, 3, 300);
}

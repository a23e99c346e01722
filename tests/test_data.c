/* Sources, gzip, and datasets of IDX files, good or hostile; Fashion-MNIST and MNIST where they are. */
#include "tests/temporary.h"

#include <limits.h>

#include "src/data/gunzip.h"
#include "src/data/idx.h"
#include "tests/data_files.h"

TestSuite(source);
TestSuite(idx);
TestSuite(gunzip, .init = temporary_make, .fini = temporary_remove);
TestSuite(dataset, .init = temporary_make, .fini = temporary_remove);

/* --- IDX, from memory --- */

enum { IDX_IMAGES = 0x00000803, IDX_LABELS = 0x00000801 };
static const struct sgan_numbering ten = { 0, 10 }, any = { 0, 0 };

static void put_big_endian(uint8_t *to, uint32_t value)
{
	to[0] = (uint8_t)(value >> 24);
	to[1] = (uint8_t)(value >> 16);
	to[2] = (uint8_t)(value >> 8);
	to[3] = (uint8_t)value;
}

/* An image file of that header and `size` bytes after it, 0 1 2 ...; free() it. */
static uint8_t *images_file(uint32_t magic, uint32_t count, uint32_t height, uint32_t width, size_t size)
{
	uint8_t *bytes = malloc(16 + size);
	put_big_endian(bytes, magic);
	put_big_endian(bytes + 4, count);
	put_big_endian(bytes + 8, height);
	put_big_endian(bytes + 12, width);
	for (size_t i = 0; i < size; i++)
		bytes[16 + i] = (uint8_t)(i + i / 256);
	return bytes;
}

static uint8_t *labels_file(uint32_t magic, uint32_t count, size_t size)
{
	uint8_t *bytes = malloc(8 + size);
	put_big_endian(bytes, magic);
	put_big_endian(bytes + 4, count);
	for (size_t i = 0; i < size; i++)
		bytes[8 + i] = (uint8_t)(i % 10);
	return bytes;
}

static sgan_status read_images(struct sgan_source *source, struct sgan_idx *idx)
{
	const sgan_status status = sgan_idx_read_shape(source, idx);
	return status == SGAN_OK ? sgan_idx_read_pixels(source, idx) : status;
}

Test(idx, images)
{
	enum { SIZE = 3000 * 31 * 29 }; /* more than is taken at first */
	struct sgan_idx idx;
	uint8_t *bytes = images_file(IDX_IMAGES, 3000, 31, 29, SIZE);
	struct memory memory = memory_of(bytes, 16 + SIZE);
	ASSERT_OK(read_images(&memory.source, &idx));
	cr_assert_eq(idx.count, 3000);
	cr_assert_eq(idx.height, 31);
	cr_assert_eq(idx.width, 29);
	cr_assert_arr_eq(idx.images, bytes + 16, SIZE);
	free(idx.images);
	free(bytes);
}

Test(idx, labels)
{
	struct sgan_idx idx;
	uint8_t *bytes = labels_file(IDX_LABELS, 77, 77);
	struct memory memory = memory_of(bytes, 8 + 77);
	ASSERT_OK(sgan_idx_read_labels(&memory.source, ten, &idx));
	cr_assert_eq(idx.count, 77);
	cr_assert_eq(idx.classes, 10);
	for (size_t i = 0; i < 77; i++)
		cr_assert_eq(idx.labels[i], bytes[8 + i]);
	free(idx.labels);
	free(bytes);
}

static void assert_images_refused(uint8_t *bytes, size_t size, const char *words)
{
	struct sgan_idx idx = { .images = NULL };
	struct memory memory = memory_of(bytes, size);
	ASSERT_FAILS(read_images(&memory.source, &idx), SGAN_EFORMAT, words);
	cr_assert_null(idx.images);
	free(bytes);
}

static void assert_labels_refused(uint8_t *bytes, size_t size, const char *words)
{
	struct sgan_idx idx = { .labels = NULL };
	struct memory memory = memory_of(bytes, size);
	ASSERT_FAILS(sgan_idx_read_labels(&memory.source, ten, &idx), SGAN_EFORMAT, words);
	cr_assert_null(idx.labels);
	free(bytes);
}

Test(idx, wrong_length)
{
	assert_images_refused(images_file(IDX_IMAGES, 60000, 28, 28, 1048560), 1048576,
	                      "x: header says 60000 images of 28x28, 47040016 bytes expected, 1048576 found");
	assert_images_refused(images_file(IDX_IMAGES, 2, 3, 3, 17), 16 + 17, "34 bytes expected, 33 found");
	assert_images_refused(images_file(IDX_IMAGES, 2, 3, 3, 0), 16, "34 bytes expected, 16 found");
	assert_images_refused(images_file(IDX_IMAGES, 2, 3, 3, 19), 16 + 19, "34 bytes expected, more found");
	assert_images_refused(images_file(IDX_IMAGES, 2, 3, 3, 0), 0, "x: empty");
	for (size_t size = 1; size < 16; size++)
		assert_images_refused(images_file(IDX_IMAGES, 2, 3, 3, 0), size, "x: truncated: a header of 16 bytes");
	assert_labels_refused(labels_file(IDX_LABELS, 5, 4), 8 + 4, "header says 5 labels, 13 bytes expected, 12 found");
	assert_labels_refused(labels_file(IDX_LABELS, 5, 6), 8 + 6, "13 bytes expected, more found");
	assert_labels_refused(labels_file(IDX_LABELS, 5, 0), 7, "truncated: a header of 8 bytes expected, 7 found");
}

Test(idx, wrong_magic)
{
	assert_images_refused(images_file(0x00000801, 2, 3, 3, 18), 16 + 18,
	                      "not IDX images: magic number 0x00000801 found, 0x00000803 expected");
	assert_images_refused(images_file(0x03080000, 2, 3, 3, 18), 16 + 18, "0x03080000 found");
	assert_images_refused(images_file(0xffffffff, 2, 3, 3, 18), 4, "0xffffffff found");
	assert_labels_refused(labels_file(0x00000803, 2, 2), 8 + 2, "0x00000803 found, 0x00000801, or 0x00000c02");
}

Test(idx, absurd_dimensions)
{
	assert_images_refused(images_file(IDX_IMAGES, 0, 28, 28, 0), 16, "0 images of 28x28, 1 to 10000000");
	assert_images_refused(images_file(IDX_IMAGES, 1, 0, 28, 0), 16, "1 images of 0x28");
	assert_images_refused(images_file(IDX_IMAGES, 1, 28, 0, 0), 16, "1 images of 28x0");
	assert_images_refused(images_file(IDX_IMAGES, 1, 4097, 28, 0), 16, "1 images of 4097x28");
	assert_images_refused(images_file(IDX_IMAGES, 1, 28, UINT32_MAX, 0), 16, "28x4294967295");
	assert_images_refused(images_file(IDX_IMAGES, UINT32_MAX, UINT32_MAX, UINT32_MAX, 0), 16, "4294967295 images");
	assert_images_refused(images_file(IDX_IMAGES, 10000001, 28, 28, 0), 16, "10000001 images");
	assert_images_refused(images_file(IDX_IMAGES, 10000000, 4096, 4096, 0), 16, "more than the 4294967296 bytes");
	/* Believed as far as it goes, but memory is taken for what comes. */
	assert_images_refused(images_file(IDX_IMAGES, 256, 4096, 4096, 10), 26, "4294967312 bytes expected, 26 found");
	assert_labels_refused(labels_file(IDX_LABELS, 0, 0), 8, "0 labels, 1 to 10000000 expected");
	assert_labels_refused(labels_file(IDX_LABELS, UINT32_MAX, 0), 8, "4294967295 labels");
}

Test(idx, labels_out_of_range)
{
	uint8_t *bytes = labels_file(IDX_LABELS, 20, 20);
	bytes[8 + 13] = 10;
	assert_labels_refused(bytes, 8 + 20, "x: image 13 has label 10, 0 to 9 expected");
	bytes = labels_file(IDX_LABELS, 20, 20);
	bytes[8 + 19] = 255;
	assert_labels_refused(bytes, 8 + 20, "image 19 has label 255");
}

Test(idx, labels_of_unknown_classes)
{
	struct sgan_idx idx;
	uint8_t *bytes = labels_file(IDX_LABELS, 20, 20);
	bytes[8 + 7] = 255;
	struct memory memory = memory_of(bytes, 28);
	ASSERT_OK(sgan_idx_read_labels(&memory.source, any, &idx));
	cr_assert_eq(idx.classes, 256);
	cr_assert_eq(idx.labels[7], 255);
	free(idx.labels);
	free(bytes);
}

/* Labels in rows of `columns` integers of `size` bytes, big-endian: the first is image i's number, others are noise;
 * free() it. */
static uint8_t *columns_file(uint32_t magic, uint32_t count, uint32_t columns, size_t size, const int64_t *numbers)
{
	uint8_t *bytes = malloc(12 + (size_t)count * columns * size), *to = bytes + 12;
	put_big_endian(bytes, magic);
	put_big_endian(bytes + 4, count);
	put_big_endian(bytes + 8, columns);
	for (size_t i = 0; i < (size_t)count * columns; i++)
		for (size_t k = 0; k < size; k++)
			*to++ = (uint8_t)((i % columns ? (int64_t)i * 7919 : numbers[i / columns]) >> 8 * (size - 1 - k));
	return bytes;
}

Test(idx, labels_of_other_types)
{
	static const struct {
		uint32_t magic;
		size_t size;
		int64_t numbers[4];
	} cases[] = {
		{ 0x00000802, 1, { 3, 0, 200, 255 } },
		{ 0x00000902, 1, { 3, 0, 127, 1 } },
		{ 0x00000b02, 2, { 3, 9999, 256, 0 } },
		{ 0x00000c02, 4, { 9999, 0, 256, 65 } },
	};
	for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
		for (uint32_t columns = 1; columns <= 64; columns += 7) {
			struct sgan_idx idx;
			const size_t size = 12 + 4 * columns * cases[c].size;
			uint8_t *bytes = columns_file(cases[c].magic, 4, columns, cases[c].size, cases[c].numbers);
			struct memory memory = memory_of(bytes, size);
			ASSERT_OK(sgan_idx_read_labels(&memory.source, any, &idx));
			cr_assert_eq(idx.count, 4);
			for (size_t i = 0; i < 4; i++)
				cr_assert_eq(idx.labels[i], cases[c].numbers[i]);
			free(idx.labels);
			free(bytes);
		}
}

Test(idx, columns_that_are_wrong)
{
	static const int64_t numbers[] = { 1, 2, 3 }, negative[] = { 1, -2, 3 }, large[] = { 1, 2, 70000 };
	assert_labels_refused(columns_file(0x00000c02, 3, 8, 4, numbers), 12 + 95,
	                      "header says 3 labels in 8 columns, 108 bytes expected, 107 found");
	assert_labels_refused(columns_file(0x00000c02, 3, 8, 4, numbers), 11, "a header of 12 bytes expected, 11 found");
	assert_labels_refused(columns_file(0x00000c02, 3, 8, 4, numbers), 8, "a header of 12 bytes expected, 8 found");
	assert_labels_refused(columns_file(0x00000c02, 3, 8, 4, negative), 12 + 96,
	                      "image 1 has label -2, 0 to 9 expected");
	assert_labels_refused(columns_file(0x00000b02, 3, 8, 2, negative), 12 + 48,
	                      "image 1 has label -2, 0 to 9 expected");
	assert_labels_refused(columns_file(0x00000902, 3, 8, 1, negative), 12 + 24,
	                      "image 1 has label -2, 0 to 9 expected");
	assert_labels_refused(columns_file(0x00000c02, 3, 8, 4, large), 12 + 96,
	                      "image 2 has label 70000, 0 to 9 expected");
	assert_labels_refused(columns_file(0x00000c02, 3, 0, 4, numbers), 12, "3 labels in 0 columns, 1 to 64 columns");
	assert_labels_refused(columns_file(0x00000c02, 3, 65, 4, numbers), 12 + 780, "in 65 columns, 1 to 64 columns");
	assert_labels_refused(columns_file(0x00000d02, 3, 8, 4, numbers), 12 + 96, "magic number 0x00000d02 found");
	assert_labels_refused(columns_file(0x00000c03, 3, 8, 4, numbers), 12 + 96, "magic number 0x00000c03 found");
	assert_labels_refused(columns_file(0x00000c00, 3, 8, 4, numbers), 12 + 96, "magic number 0x00000c00 found");
	struct sgan_idx idx;
	uint8_t *bytes = columns_file(0x00000c02, 3, 1, 4, large);
	struct memory memory = memory_of(bytes, 24);
	ASSERT_FAILS(sgan_idx_read_labels(&memory.source, any, &idx), SGAN_EFORMAT, "label 70000, 0 to 9999 expected");
	free(bytes);
}

Test(idx, labels_from_one)
{
	static const struct sgan_numbering letters = { 1, 26 };
	struct sgan_idx idx;
	uint8_t bytes[8 + 3] = { 0, 0, 8, 1, 0, 0, 0, 3, 1, 26, 13 };
	struct memory memory = memory_of(bytes, sizeof bytes);
	ASSERT_OK(sgan_idx_read_labels(&memory.source, letters, &idx));
	cr_assert_eq(idx.labels[0], 0);
	cr_assert_eq(idx.labels[1], 25);
	cr_assert_eq(idx.labels[2], 12);
	free(idx.labels);
	for (int wrong = 0; wrong < 2; wrong++) {
		bytes[9] = wrong ? 27 : 0;
		memory = memory_of(bytes, sizeof bytes);
		ASSERT_FAILS(sgan_idx_read_labels(&memory.source, letters, &idx), SGAN_EFORMAT,
		             wrong ? "image 1 has label 27, 1 to 26 expected" : "image 1 has label 0, 1 to 26 expected");
	}
}

/* --- what readers take from a source --- */

/* Ends with a failure after its bytes. */
static sgan_status read_and_fail(struct sgan_source *source, void *dst, size_t size, size_t *got)
{
	read_memory(source, dst, size, got);
	return *got < size ? SGAN_EIO : SGAN_OK;
}

Test(source, takes_what_there_is_up_to_a_limit)
{
	enum { SIZE = 5000000 };
	static const size_t limits[] = { 0, 1, 1 << 20, (1 << 20) + 1, SIZE - 1, SIZE, SIZE + 1, SIZE_MAX };
	uint8_t *bytes = malloc(SIZE);
	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (uint8_t)(i ^ i >> 11);
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		struct memory memory = memory_of(bytes, SIZE);
		struct sgan_bytes taken;
		ASSERT_OK(sgan_source_take(&memory.source, limits[i], "bytes", &taken));
		cr_assert_eq(taken.count, limits[i] < SIZE ? limits[i] : SIZE);
		cr_assert_eq(taken.more, limits[i] < SIZE);
		if (taken.count > 0)
			cr_assert_arr_eq(taken.data, bytes, taken.count);
		free(taken.data);
	}
	struct memory broken = { { "x", read_and_fail }, bytes, SIZE, 0 };
	struct sgan_bytes taken = { .count = 77 };
	cr_assert_eq(sgan_source_take(&broken.source, SIZE_MAX, "bytes", &taken), SGAN_EIO);
	cr_assert_eq(taken.count, 77);
	free(bytes);
}

/* --- gzip --- */

enum { LENGTH = 200000 };

static uint8_t *noisy(void)
{
	uint8_t *data = malloc(LENGTH);
	uint32_t state = 7;
	for (size_t i = 0; i < LENGTH; i++) {
		state = state * 1664525 + 1013904223;
		data[i] = (uint8_t)(state >> 27);
	}
	return data;
}

/* Reads a file in pieces of `piece` bytes to its end or a failure. */
static sgan_status gunzip(const char *name, size_t piece, uint8_t *to, size_t *total)
{
	struct sgan_source *source;
	char path[1024];
	snprintf(path, sizeof path, "%s/%s", temporary, name);
	sgan_status status = sgan_gunzip_open(path, &source);
	if (status != SGAN_OK)
		return status;
	size_t got = piece;
	for (*total = 0; status == SGAN_OK && got == piece; *total += got) {
		cr_assert_leq(*total + piece, 3 * LENGTH);
		status = source->read(source, to + *total, piece, &got);
	}
	sgan_gunzip_close(source);
	return status;
}

static void assert_gunzips(const char *name, const uint8_t *data, size_t size)
{
	static const size_t pieces[] = { 1, 1000, 65536, 2 * LENGTH + 1 };
	uint8_t *read = malloc(3 * LENGTH);
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		size_t total;
		ASSERT_OK(gunzip(name, pieces[i], read, &total));
		cr_assert_eq(total, size);
		cr_assert_arr_eq(read, data, size);
	}
	free(read);
}

static void assert_gunzip_fails(const char *name, sgan_status code, const char *words)
{
	size_t total;
	uint8_t *read = malloc(3 * LENGTH);
	ASSERT_FAILS(gunzip(name, 65536, read, &total), code, words);
	free(read);
}

Test(gunzip, compressed_or_not)
{
	uint8_t *data = noisy();
	put_gzip("a.gz", data, LENGTH);
	put_file("plain.gz", data, LENGTH);
	assert_gunzips("a.gz", data, LENGTH);
	assert_gunzips("plain.gz", data, LENGTH);
	put_file("one", "\x1f", 1);
	assert_gunzips("one", (const uint8_t *)"\x1f", 1);
	put_gzip("nothing.gz", data, 0);
	assert_gunzips("nothing.gz", data, 0);
	free(data);
}

Test(gunzip, several_parts)
{
	size_t size;
	uint8_t *data = noisy(), *both = malloc(2 * LENGTH);
	put_gzip("a.gz", data, LENGTH);
	char *part = get_file("a.gz", &size), *parts = calloc(2, size);
	memcpy(parts, part, size);
	put_file("padded.gz", parts, 2 * size); /* as tapes do */
	assert_gunzips("padded.gz", data, LENGTH);
	memcpy(parts, part, size);
	memcpy(parts + size, part, size);
	put_file("two.gz", parts, 2 * size);
	memcpy(both, data, LENGTH);
	memcpy(both + LENGTH, data, LENGTH);
	assert_gunzips("two.gz", both, 2 * LENGTH);
	put_file("two.gz", parts, 2 * size - 5);
	assert_gunzip_fails("two.gz", SGAN_EFORMAT, "corrupt gzip: truncated");
	free(data);
	free(both);
	free(part);
	free(parts);
}

Test(gunzip, damage)
{
	size_t size;
	uint8_t *data = noisy();
	put_gzip("good", data, LENGTH);
	char *bytes = get_file("good", &size);
	static const size_t kept[] = { 2, 5, 10, 1000, 70000 };
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
		put_file("bad.gz", bytes, kept[i]);
		assert_gunzip_fails("bad.gz", SGAN_EFORMAT, "bad.gz: corrupt gzip: truncated");
	}
	for (size_t cut = 1; cut <= 8; cut++) {
		put_file("bad.gz", bytes, size - cut);
		assert_gunzip_fails("bad.gz", SGAN_EFORMAT, "corrupt gzip: truncated");
	}
	/* The check sum finds what inflates well; the length in the last bytes is checked too. */
	for (size_t from_end = 1; from_end <= 8; from_end++) {
		bytes[size - from_end] ^= 1;
		put_file("bad.gz", bytes, size);
		assert_gunzip_fails("bad.gz", SGAN_EFORMAT, "corrupt gzip: incorrect");
		bytes[size - from_end] ^= 1;
	}
	for (size_t at = 2; at < size; at += size / 50) {
		if (at >= 4 && at < 10)
			continue; /* time and system, which nothing protects */
		bytes[at] ^= 0x55;
		put_file("bad.gz", bytes, size);
		assert_gunzip_fails("bad.gz", SGAN_EFORMAT, "corrupt gzip: ");
		bytes[at] ^= 0x55;
	}
	char *longer = malloc(size + 9);
	memcpy(longer, bytes, size);
	memcpy(longer + size, "something", 9);
	put_file("bad.gz", longer, size + 9);
	assert_gunzip_fails("bad.gz", SGAN_EFORMAT, "something else follows");
	put_file("bad.gz", longer, size + 1);
	assert_gunzip_fails("bad.gz", SGAN_EFORMAT, "something else follows");
	memset(longer + size, 0, 9);
	longer[size + 8] = 1;
	put_file("bad.gz", longer, size + 9);
	assert_gunzip_fails("bad.gz", SGAN_EFORMAT, "something else follows");
	free(longer);
	free(bytes);
	free(data);
}

Test(gunzip, what_is_no_file)
{
	put_text("empty", "");
	assert_gunzip_fails("none", SGAN_EIO, "none: cannot open: No such file");
	assert_gunzip_fails("empty", SGAN_EFORMAT, "empty: empty");
	assert_gunzip_fails("", SGAN_EIO, "not a regular file");
	cr_assert_eq(mkfifo(in_temporary("pipe"), 0600), 0);
	assert_gunzip_fails("pipe", SGAN_EIO, "not a regular file");
}

/* --- datasets --- */

enum { TRAIN = 40, TEST = 20, SIDE = 5 };

static void put_images(const char *folder, const char *name, bool compressed, uint32_t count, uint32_t side)
{
	size_t size = (size_t)count * side * side;
	put(folder, name, compressed, images_file(IDX_IMAGES, count, side, side, size), 16 + size);
}

static void put_labels(const char *folder, const char *name, bool compressed, uint32_t count)
{
	put(folder, name, compressed, labels_file(IDX_LABELS, count, count), 8 + count);
}

static void put_dataset(const char *folder, bool compressed)
{
	cr_assert_eq(mkdir(in_temporary(folder), 0777), 0);
	put_images(folder, "train-images-idx3-ubyte", compressed, TRAIN, SIDE);
	put_labels(folder, "train-labels-idx1-ubyte", compressed, TRAIN);
	put_images(folder, "t10k-images-idx3-ubyte", compressed, TEST, SIDE);
	put_labels(folder, "t10k-labels-idx1-ubyte", compressed, TEST);
}

static void check_small(struct sgan_dataset *dataset)
{
	cr_assert_eq(dataset->train.count, TRAIN);
	cr_assert_eq(dataset->test.count, TEST);
	cr_assert_eq(dataset->height, SIDE);
	cr_assert_eq(dataset->width, SIDE);
	cr_assert_eq(dataset->channels, 1);
	cr_assert_eq(dataset->classes, 10);
	cr_assert_str_eq(dataset->format, "idx");
	for (size_t i = 0; i < TRAIN; i++)
		cr_assert_eq(dataset->train.labels[i], i % 10);
	for (size_t i = 0; i < TEST * SIDE * SIDE; i++)
		cr_assert_eq(dataset->test.images[i], (uint8_t)(i + i / 256));
	sgan_dataset_free(dataset);
	cr_assert_null(dataset->train.images);
}

Test(dataset, plain_and_compressed)
{
	struct sgan_dataset dataset;
	char resolved[PATH_MAX];
	put_dataset("plain", false);
	put_dataset("my data (2)", true);
	ASSERT_OK(sgan_dataset_open(in_temporary("plain"), 10, &dataset));
	cr_assert_str_eq(dataset.name, "plain");
	cr_assert_str_eq(dataset.path, realpath(in_temporary("plain"), resolved));
	check_small(&dataset);
	ASSERT_OK(sgan_dataset_open(in_temporary("my data (2)//"), 10, &dataset));
	cr_assert_str_eq(dataset.name, "my-data--2-");
	check_small(&dataset);
	cr_assert_eq(chdir(in_temporary("plain")), 0);
	ASSERT_OK(sgan_dataset_open(".", 10, &dataset));
	cr_assert_str_eq(dataset.name, "plain");
	check_small(&dataset);
	cr_assert_eq(chdir("/"), 0);
}

Test(dataset, names_with_a_dot)
{
	struct sgan_dataset dataset;
	cr_assert_eq(mkdir(in_temporary("d"), 0777), 0);
	put_images("d", "train-images.idx3-ubyte", false, TRAIN, SIDE);
	put_labels("d", "train-labels.idx1-ubyte", true, TRAIN);
	put_images("d", "t10k-images.idx3-ubyte", true, TEST, SIDE);
	put_labels("d", "t10k-labels.idx1-ubyte", false, TEST);
	ASSERT_OK(sgan_dataset_open(in_temporary("d"), 10, &dataset));
	check_small(&dataset);
	cr_assert_eq(remove(in_temporary("d/t10k-images.idx3-ubyte.gz")), 0);
	ASSERT_FAILS(sgan_dataset_open(in_temporary("d"), 10, &dataset), SGAN_EIO,
	             "d/t10k-images.idx3-ubyte: missing, and so is t10k-images.idx3-ubyte.gz");
}

/* As many as the caller says, else as many as the labels need. */
Test(dataset, classes)
{
	struct sgan_dataset dataset;
	put_dataset("d", false);
	ASSERT_OK(sgan_dataset_open(in_temporary("d"), 0, &dataset));
	check_small(&dataset);
	ASSERT_OK(sgan_dataset_open(in_temporary("d"), 1000, &dataset));
	cr_assert_eq(dataset.classes, 1000);
	sgan_dataset_free(&dataset);
	ASSERT_FAILS(sgan_dataset_open(in_temporary("d"), 3, &dataset), SGAN_EFORMAT,
	             "d/train-labels-idx1-ubyte: image 3 has label 3, 0 to 2 expected");
	uint8_t *labels = labels_file(IDX_LABELS, TEST, TEST);
	labels[8 + 5] = 25; /* in the test half alone */
	put("d", "t10k-labels-idx1-ubyte", false, labels, 8 + TEST);
	ASSERT_OK(sgan_dataset_open(in_temporary("d"), 0, &dataset));
	cr_assert_eq(dataset.classes, 26);
	sgan_dataset_free(&dataset);
	ASSERT_FAILS(sgan_dataset_open(in_temporary("d"), 10, &dataset), SGAN_EFORMAT,
	             "d/t10k-labels-idx1-ubyte: image 5 has label 25, 0 to 9 expected");
}

Test(dataset, plain_goes_first)
{
	struct sgan_dataset dataset;
	put_dataset("both", false);
	put_text("both/train-images-idx3-ubyte.gz", "not looked at");
	put_text("both/t10k-labels-idx1-ubyte.gz", "not looked at");
	ASSERT_OK(sgan_dataset_open(in_temporary("both"), 10, &dataset));
	check_small(&dataset);
}

Test(dataset, known_names)
{
	struct sgan_dataset dataset;
	put_dataset("fashion-mnist", true);
	ASSERT_OK(sgan_dataset_open_from(temporary, NULL, 10, &dataset));
	cr_assert_str_eq(dataset.name, "fashion-mnist");
	check_small(&dataset);
	ASSERT_OK(sgan_dataset_open_from(temporary, "fashion-mnist", 10, &dataset));
	check_small(&dataset);
	ASSERT_FAILS(sgan_dataset_open_from(temporary, "mnist", 10, &dataset), SGAN_EIO, "mnist: no mnist there");
	cr_assert_not_null(strstr(sgan_last_error(), "--data DIR"));
}

Test(dataset, how_to_get_data)
{
	struct sgan_dataset dataset;
	ASSERT_FAILS(sgan_dataset_open_from(temporary, NULL, 10, &dataset), SGAN_EIO, "dataset-fashion-mnist");
	cr_assert_not_null(strstr(sgan_last_error(), "./bootstrap"));
	cr_assert_not_null(strstr(sgan_last_error(), "--data DIR"));
	ASSERT_FAILS(sgan_dataset_open("no-such-name", 10, &dataset), SGAN_EIO,
	             "neither a dataset's name (fashion-mnist, mnist)");
	ASSERT_FAILS(sgan_dataset_open(in_temporary("none"), 10, &dataset), SGAN_EIO,
	             "none: cannot open the dataset: No such");
	ASSERT_FAILS(sgan_dataset_open("", 10, &dataset), SGAN_EINVAL, "empty");
	put_text("file", "x");
	ASSERT_FAILS(sgan_dataset_open(in_temporary("file"), 10, &dataset), SGAN_EIO, "file: not a folder");
}

Test(dataset, missing_files)
{
	static const char *const names[] = { "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
		                                 "t10k-labels-idx1-ubyte" };
	put_dataset("d", false);
	for (size_t i = 0; i < 4; i++) {
		char from[64], words[128];
		snprintf(from, sizeof from, "d/%s", names[i]);
		snprintf(words, sizeof words, "%s: missing, and so is %s.gz", from, names[i]);
		cr_assert_eq(rename(in_temporary(from), in_temporary("aside")), 0);
		assert_refused(SGAN_EIO, words);
		put_text(from, "");
		snprintf(words, sizeof words, "%s: empty", from);
		assert_refused(SGAN_EFORMAT, words);
		cr_assert_eq(rename(in_temporary("aside"), in_temporary(from)), 0);
	}
	struct sgan_dataset dataset;
	ASSERT_OK(sgan_dataset_open(in_temporary("d"), 10, &dataset));
	check_small(&dataset);
}

Test(dataset, halves_that_do_not_fit)
{
	put_dataset("d", false);
	put_labels("d", "train-labels-idx1-ubyte", false, TRAIN - 1);
	assert_refused(SGAN_EFORMAT, "train-labels-idx1-ubyte: 39 labels, but train-images-idx3-ubyte has 40 images");
	put_labels("d", "train-labels-idx1-ubyte", false, TRAIN);
	put_labels("d", "t10k-labels-idx1-ubyte", false, TEST + 1);
	assert_refused(SGAN_EFORMAT, "t10k-labels-idx1-ubyte: 21 labels");
	put_labels("d", "t10k-labels-idx1-ubyte", false, TEST);
	put_images("d", "t10k-images-idx3-ubyte", false, TEST, SIDE + 1);
	assert_refused(SGAN_EFORMAT, "t10k-images-idx3-ubyte: images of 6x6x1, but ");
	cr_assert_not_null(strstr(sgan_last_error(), "train-images-idx3-ubyte has 5x5x1"));
}

/* A few bytes of gzip may stand for gigabytes: that they cannot be right is found before they are unpacked. */
Test(dataset, what_is_small_is_read_first)
{
	put_dataset("d", true);
	put("d", "train-images-idx3-ubyte", true, images_file(IDX_IMAGES, TRAIN + 1, SIDE, SIDE, 9), 25);
	assert_refused(SGAN_EFORMAT, "labels, but train-images-idx3-ubyte has ");
}

/* More bytes than the header says may be damage, which the sum at the end tells. */
Test(dataset, damage_is_told_before_length)
{
	enum { MORE = (TRAIN + 1) * SIDE * SIDE };
	size_t size;
	put_dataset("d", true);
	put("d", "train-images-idx3-ubyte", true, images_file(IDX_IMAGES, TRAIN, SIDE, SIDE, MORE), 16 + MORE);
	assert_refused(SGAN_EFORMAT, "bytes expected, more found");
	char *bytes = get_file("d/train-images-idx3-ubyte.gz", &size);
	bytes[size - 5] ^= 1;
	put_file("d/train-images-idx3-ubyte.gz", bytes, size);
	assert_refused(SGAN_EFORMAT, "corrupt gzip: incorrect data check");
	free(bytes);
}

Test(dataset, files_that_are_wrong)
{
	size_t size;
	put_dataset("d", true);
	char *bytes = get_file("d/t10k-images-idx3-ubyte.gz", &size);
	put_file("d/t10k-images-idx3-ubyte.gz", bytes, size / 2);
	assert_refused(SGAN_EFORMAT, "t10k-images-idx3-ubyte.gz: corrupt gzip: truncated");
	bytes[size - 5] ^= 1;
	put_file("d/t10k-images-idx3-ubyte.gz", bytes, size);
	assert_refused(SGAN_EFORMAT, "t10k-images-idx3-ubyte.gz: corrupt gzip: incorrect data check");
	put("d", "t10k-images-idx3-ubyte", true, images_file(IDX_IMAGES, TEST, SIDE, SIDE, 9), 25);
	assert_refused(SGAN_EFORMAT,
	               "t10k-images-idx3-ubyte.gz: header says 20 images of 5x5, 516 bytes expected, 25 found");
	/* Of two faults, the training half's is told. */
	put("d", "train-labels-idx1-ubyte", true, labels_file(IDX_IMAGES, TRAIN, TRAIN), 8 + TRAIN);
	assert_refused(SGAN_EFORMAT, "train-labels-idx1-ubyte.gz: not IDX labels");
	free(bytes);
}

Test(dataset, random_damage)
{
	static const char *const plain[] = { "d/train-images-idx3-ubyte", "d/train-labels-idx1-ubyte",
		                                 "d/t10k-images-idx3-ubyte", "d/t10k-labels-idx1-ubyte" };
	put_dataset("d", false);
	check_damaged(plain, 4, 400);
}

Test(dataset, random_damage_of_gzip)
{
	static const char *const gzipped[] = { "d/train-images-idx3-ubyte.gz", "d/train-labels-idx1-ubyte.gz",
		                                   "d/t10k-images-idx3-ubyte.gz", "d/t10k-labels-idx1-ubyte.gz" };
	put_dataset("d", true);
	check_damaged(gzipped, 4, 400);
}

/* --- EMNIST, QMNIST, several sets, names of classes --- */

enum { HEIGHT = 3, WIDTH = 5 };

/* A half of EMNIST's: images of 5x3, whose columns lie as rows, so 3x5 in the end. */
static void put_emnist_half(const char *set, const char *half, uint32_t count, unsigned first, unsigned classes)
{
	char name[64];
	uint8_t *labels = labels_file(IDX_LABELS, count, count);
	for (size_t i = 0; i < count; i++)
		labels[8 + i] = (uint8_t)(first + i % classes);
	snprintf(name, sizeof name, "emnist-%s-%s-images-idx3-ubyte", set, half);
	put("d", name, true, images_file(IDX_IMAGES, count, WIDTH, HEIGHT, count * WIDTH * HEIGHT),
	    16 + count * WIDTH * HEIGHT);
	snprintf(name, sizeof name, "emnist-%s-%s-labels-idx1-ubyte", set, half);
	put("d", name, true, labels, 8 + count);
}

static void put_emnist(const char *set, unsigned first, unsigned classes)
{
	put_emnist_half(set, "train", 2 * classes, first, classes);
	put_emnist_half(set, "test", classes, first, classes);
}

Test(dataset, emnist)
{
	static const struct {
		const char *set, *name, *last;
		unsigned first, classes;
	} sets[] = {
		{ "letters", "emnist-letters", "Z", 1, 26 }, { "balanced", "emnist-balanced", "t", 0, 47 },
		{ "digits", "emnist-digits", "9", 0, 10 },   { "byclass", "emnist-byclass", "z", 0, 62 },
		{ "bymerge", "emnist-bymerge", "t", 0, 47 }, { "mnist", "emnist-mnist", "9", 0, 10 },
	};
	for (size_t s = 0; s < sizeof sets / sizeof *sets; s++) {
		struct sgan_dataset dataset;
		const size_t last = sets[s].classes - 1;
		cr_assert_eq(mkdir(in_temporary("d"), 0777), 0);
		put_emnist(sets[s].set, sets[s].first, sets[s].classes);
		ASSERT_OK(sgan_dataset_open(in_temporary("d"), 3, &dataset)); /* the set says how many there are */
		cr_assert_str_eq(dataset.name, sets[s].name);
		cr_assert_eq(dataset.classes, sets[s].classes);
		cr_assert_eq(dataset.height, HEIGHT);
		cr_assert_eq(dataset.width, WIDTH);
		cr_assert_eq(dataset.class_info[0].number, sets[s].first);
		cr_assert_eq(dataset.class_info[last].number, sets[s].first + last);
		cr_assert_str_eq(dataset.class_info[last].name, sets[s].last);
		for (size_t i = 0; i < dataset.train.count; i++)
			cr_assert_eq(dataset.train.labels[i], i % sets[s].classes);
		for (size_t at = 0; at < dataset.test.count * HEIGHT * WIDTH; at++) {
			const size_t i = at / (HEIGHT * WIDTH), y = at / WIDTH % HEIGHT, x = at % WIDTH;
			const size_t stored = (i * WIDTH + x) * HEIGHT + y;
			cr_assert_eq(dataset.test.images[at], (uint8_t)(stored + stored / 256));
		}
		sgan_dataset_free(&dataset);
		put_emnist_half(sets[s].set, "test", sets[s].classes + 1, sets[s].first, sets[s].classes + 1);
		assert_refused(SGAN_EFORMAT, "-test-labels-idx1-ubyte.gz: image ");
		temporary_remove();
		cr_assert_eq(mkdir(temporary, 0777), 0);
	}
}

static void put_qmnist_half(const char *half, uint32_t count)
{
	char name[64];
	int64_t numbers[TRAIN];
	for (uint32_t i = 0; i < count; i++)
		numbers[i] = i * 3 % 10;
	snprintf(name, sizeof name, "qmnist-%s-images-idx3-ubyte", half);
	put_images("d", name, true, count, SIDE);
	snprintf(name, sizeof name, "qmnist-%s-labels-idx2-int", half);
	put("d", name, true, columns_file(0x00000c02, count, 8, 4, numbers), 12 + count * 32);
}

Test(dataset, qmnist)
{
	struct sgan_dataset dataset;
	cr_assert_eq(mkdir(in_temporary("d"), 0777), 0);
	put_qmnist_half("train", TRAIN);
	put_qmnist_half("test", TEST);
	ASSERT_OK(sgan_dataset_open(in_temporary("d"), 0, &dataset));
	cr_assert_str_eq(dataset.name, "qmnist");
	cr_assert_eq(dataset.classes, 10);
	cr_assert_eq(dataset.train.count, TRAIN);
	for (size_t i = 0; i < TRAIN; i++)
		cr_assert_eq(dataset.train.labels[i], i * 3 % 10);
	sgan_dataset_free(&dataset);
	cr_assert_eq(remove(in_temporary("d/qmnist-test-labels-idx2-int.gz")), 0);
	assert_refused(SGAN_EIO, "d/qmnist-test-labels-idx2-int: missing");
}

Test(dataset, several_sets)
{
	struct sgan_dataset dataset, again;
	put_dataset("d", false);
	put_emnist("letters", 1, 26);
	put_emnist("digits", 0, 10);
	assert_refused(SGAN_EINVAL,
	               "several sets are there (mnist, emnist-letters, emnist-digits): choose one, as in --data ");
	ASSERT_OK(sgan_dataset_open(in_temporary("d:emnist-letters"), 0, &dataset));
	cr_assert_str_eq(dataset.name, "emnist-letters");
	ASSERT_OK(sgan_dataset_open(dataset.path, 0, &again)); /* as a run that is resumed does */
	cr_assert_str_eq(again.path, dataset.path);
	cr_assert_eq(again.classes, 26);
	sgan_dataset_free(&again);
	sgan_dataset_free(&dataset);
	ASSERT_OK(sgan_dataset_open(in_temporary("d:mnist"), 10, &dataset));
	cr_assert_str_eq(dataset.name, "d");
	check_small(&dataset);
	ASSERT_FAILS(sgan_dataset_open(in_temporary("d:letters"), 0, &dataset), SGAN_EINVAL,
	             "d: no set 'letters' there: mnist, emnist-letters, emnist-digits");
	ASSERT_FAILS(sgan_dataset_open(in_temporary("none:mnist"), 0, &dataset), SGAN_EIO, "none:mnist: cannot open");
	ASSERT_FAILS(sgan_dataset_open(in_temporary("d:"), 0, &dataset), SGAN_EIO, "d:: cannot open");
	/* A folder of such a name is a folder. */
	cr_assert_eq(rename(in_temporary("d"), in_temporary("d:mnist")), 0);
	assert_refused_at("d:mnist", SGAN_EINVAL, "d:mnist: several sets are there");
}

Test(dataset, names_of_classes)
{
	struct sgan_dataset dataset;
	put_dataset("fashion-mnist", false);
	put_dataset("kmnist", false);
	put_dataset("other", false);
	ASSERT_OK(sgan_dataset_open(in_temporary("fashion-mnist"), 0, &dataset));
	cr_assert_str_eq(dataset.class_info[0].name, "T-shirt/top");
	cr_assert_str_eq(dataset.class_info[9].name, "Ankle boot");
	cr_assert_eq(dataset.class_info[9].number, 9);
	sgan_dataset_free(&dataset);
	ASSERT_OK(sgan_dataset_open(in_temporary("kmnist"), 0, &dataset));
	cr_assert_str_eq(dataset.class_info[2].name, "su");
	sgan_dataset_free(&dataset);
	ASSERT_OK(sgan_dataset_open(in_temporary("other"), 0, &dataset));
	cr_assert_str_eq(dataset.class_info[2].name, "2");
	sgan_dataset_free(&dataset);
	/* Names are those of ten classes. */
	ASSERT_OK(sgan_dataset_open(in_temporary("kmnist"), 11, &dataset));
	cr_assert_str_eq(dataset.class_info[2].name, "2");
	cr_assert_eq(dataset.classes, 11);
	sgan_dataset_free(&dataset);
}

static void put_label(const char *name, uint32_t count, size_t at, uint8_t label)
{
	uint8_t *labels = labels_file(IDX_LABELS, count, count);
	labels[8 + at] = label;
	put_file(name, labels, 8 + count);
	free(labels);
}

/* Of a set whose classes are known, a label that is none of them is damage and no new class. */
Test(dataset, labels_outside_of_known_classes)
{
	static const char *const sets[] = { "fashion-mnist", "kmnist", "mnist" };
	for (size_t s = 0; s < sizeof sets / sizeof *sets; s++)
		for (int half = 0; half < 2; half++) {
			char name[64], words[128];
			struct sgan_dataset dataset;
			put_dataset(sets[s], false);
			snprintf(name, sizeof name, "%s/%s-labels-idx1-ubyte", sets[s], half ? "t10k" : "train");
			put_label(name, half ? TEST : TRAIN, 7, 200);
			snprintf(words, sizeof words, "%s: image 7 has label 200, 0 to 9 expected", name);
			ASSERT_FAILS(sgan_dataset_open(in_temporary(sets[s]), 0, &dataset), SGAN_EFORMAT, words);
			ASSERT_FAILS(sgan_dataset_open(in_temporary(sets[s]), 1000, &dataset), SGAN_EFORMAT, words);
			temporary_remove();
			cr_assert_eq(mkdir(temporary, 0777), 0);
		}
	/* EMNIST's letters begin with 1 and end with 26, under whatever names their files were stored. */
	struct sgan_dataset dataset;
	put_dataset("emnist-letters", false);
	put_label("emnist-letters/train-labels-idx1-ubyte", TRAIN, 0, 26);
	ASSERT_OK(sgan_dataset_open(in_temporary("emnist-letters"), 0, &dataset));
	cr_assert_eq(dataset.classes, 27);
	sgan_dataset_free(&dataset);
}

static void check_unlabelled(const char *place, const char *name, const char *missing)
{
	struct sgan_dataset dataset;
	ASSERT_OK(sgan_dataset_open(in_temporary(place), 10, &dataset));
	cr_assert_str_eq(dataset.name, name);
	cr_assert_str_eq(dataset.no_labels, missing);
	cr_assert_eq(dataset.classes, 0);
	cr_assert_null(dataset.class_info);
	cr_assert_null(dataset.train.labels);
	cr_assert_null(dataset.test.labels);
	cr_assert_eq(dataset.train.count, TRAIN);
	cr_assert_eq(dataset.test.count, TEST);
	sgan_dataset_free(&dataset);
}

/* Labels of both halves may be missing, not those of one. */
Test(dataset, without_labels)
{
	struct sgan_dataset dataset;
	put_dataset("d", false);
	ASSERT_OK(sgan_dataset_open(in_temporary("d"), 0, &dataset));
	cr_assert_null(dataset.no_labels);
	sgan_dataset_free(&dataset);
	cr_assert_eq(remove(in_temporary("d/t10k-labels-idx1-ubyte")), 0);
	assert_refused(SGAN_EIO, "d/t10k-labels-idx1-ubyte: missing, and so is t10k-labels-idx1-ubyte.gz");
	cr_assert_eq(remove(in_temporary("d/train-labels-idx1-ubyte")), 0);
	check_unlabelled("d", "d", "train-labels-idx1-ubyte");
	put_qmnist_half("train", TRAIN);
	put_qmnist_half("test", TEST);
	cr_assert_eq(remove(in_temporary("d/qmnist-test-labels-idx2-int.gz")), 0);
	cr_assert_eq(remove(in_temporary("d/qmnist-train-labels-idx2-int.gz")), 0);
	check_unlabelled("d:qmnist", "qmnist", "qmnist-train-labels-idx2-int");
}

/* One class, and three. */
Test(dataset, few_classes)
{
	for (unsigned classes = 1; classes <= 3; classes += 2) {
		struct sgan_dataset dataset;
		put_dataset("d", false);
		for (int half = 0; half < 2; half++) {
			const uint32_t count = half ? TEST : TRAIN;
			uint8_t *labels = labels_file(IDX_LABELS, count, count);
			for (size_t i = 0; i < count; i++)
				labels[8 + i] = (uint8_t)(i % classes);
			put("d", half ? "t10k-labels-idx1-ubyte" : "train-labels-idx1-ubyte", false, labels, 8 + count);
		}
		ASSERT_OK(sgan_dataset_open(in_temporary("d"), 0, &dataset));
		cr_assert_eq(dataset.classes, classes);
		sgan_dataset_free(&dataset);
		temporary_remove();
		cr_assert_eq(mkdir(temporary, 0777), 0);
	}
}

/* --- the choice of a format --- */

Test(dataset, no_format)
{
	cr_assert_eq(mkdir(in_temporary("d"), 0777), 0);
	assert_refused(SGAN_EFORMAT, "d: no dataset is there; looked for: ");
	cr_assert_not_null(strstr(sgan_last_error(), "train-images-idx3-ubyte"));
	cr_assert_not_null(strstr(sgan_last_error(), "data_batch_1.bin"));
	cr_assert_not_null(strstr(sgan_last_error(), "cifar-10-batches-bin)"));
	put_text("d/picture.png", "no picture"); /* images alone are a dataset */
	assert_refused(SGAN_EFORMAT, "d/picture.png: neither a PNG nor a JPEG image");
}

/* A file or two are enough to know what is meant. */
Test(dataset, one_file_tells_the_format)
{
	cr_assert_eq(mkdir(in_temporary("d"), 0777), 0);
	put_text("d/test_batch.bin", "x");
	assert_refused(SGAN_EIO, "d/data_batch_1.bin: missing");
	put_labels("d", "t10k-labels-idx1-ubyte", true, TEST);
	assert_refused(SGAN_EIO, "d/train-images-idx3-ubyte: missing");
}

/* --- the real ones --- */

static void check_real(const char *spec, const char *name)
{
	struct sgan_dataset dataset;
	ASSERT_OK(sgan_dataset_open(spec, 10, &dataset));
	cr_assert_str_eq(dataset.name, name);
	cr_assert_eq(dataset.train.count, 60000);
	cr_assert_eq(dataset.test.count, 10000);
	cr_assert_eq(dataset.height, 28);
	cr_assert_eq(dataset.width, 28);
	size_t classes[10] = { 0 };
	for (size_t i = 0; i < dataset.test.count; i++)
		classes[dataset.test.labels[i]]++;
	for (size_t i = 0; i < 10; i++)
		cr_assert_gt(classes[i], 800);
	sgan_dataset_free(&dataset);
}

Test(dataset, fashion_mnist)
{
	if (access("/usr/share/datasets/fashion-mnist", R_OK) != 0)
		cr_skip("Fashion-MNIST is not installed");
	check_real(NULL, "fashion-mnist");
}

Test(dataset, mnist)
{
	char path[PATH_MAX];
	const char *data = getenv("SGAN_TEST_DATA");
	snprintf(path, sizeof path, "%s/mnist", data ? data : "");
	if (!data || !*data || access(path, R_OK) != 0)
		cr_skip("SGAN_TEST_DATA names no folder with mnist in it");
	check_real(path, "mnist");
}

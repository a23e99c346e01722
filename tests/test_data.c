/* Datasets: IDX files and CIFAR-10's batches, gzipped or not, good or hostile; Fashion-MNIST, MNIST and CIFAR-10 where
 * they are. */
#include "tests/temporary.h"

#include <limits.h>
#include <zlib.h>

#include "src/data/cifar10.h"
#include "src/data/dataset.h"
#include "src/data/gunzip.h"
#include "src/data/idx.h"
#include "src/data/source.h"

TestSuite(source);
TestSuite(idx);
TestSuite(cifar10);
TestSuite(gunzip, .init = temporary_make, .fini = temporary_remove);
TestSuite(dataset, .init = temporary_make, .fini = temporary_remove);

/* --- IDX, from memory --- */

struct memory {
	struct sgan_source source;
	const uint8_t *bytes;
	size_t size, position;
};

static sgan_status read_memory(struct sgan_source *source, void *dst, size_t size, size_t *got)
{
	struct memory *memory = (struct memory *)source;
	*got = memory->size - memory->position < size ? memory->size - memory->position : size;
	memcpy(dst, memory->bytes + memory->position, *got);
	memory->position += *got;
	return SGAN_OK;
}

static struct memory memory_of(const uint8_t *bytes, size_t size)
{
	return (struct memory){ { "x", read_memory }, bytes, size, 0 };
}

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

Test(idx, images)
{
	enum { SIZE = 3000 * 31 * 29 }; /* more than is taken at first */
	struct sgan_idx idx;
	uint8_t *bytes = images_file(SGAN_IDX_IMAGES, 3000, 31, 29, SIZE);
	struct memory memory = memory_of(bytes, 16 + SIZE);
	ASSERT_OK(sgan_idx_read_images(&memory.source, &idx));
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
	uint8_t *bytes = labels_file(SGAN_IDX_LABELS, 77, 77);
	struct memory memory = memory_of(bytes, 8 + 77);
	ASSERT_OK(sgan_idx_read_labels(&memory.source, 10, &idx));
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
	ASSERT_FAILS(sgan_idx_read_images(&memory.source, &idx), SGAN_EFORMAT, words);
	cr_assert_null(idx.images);
	free(bytes);
}

static void assert_labels_refused(uint8_t *bytes, size_t size, const char *words)
{
	struct sgan_idx idx = { .labels = NULL };
	struct memory memory = memory_of(bytes, size);
	ASSERT_FAILS(sgan_idx_read_labels(&memory.source, 10, &idx), SGAN_EFORMAT, words);
	cr_assert_null(idx.labels);
	free(bytes);
}

Test(idx, wrong_length)
{
	assert_images_refused(images_file(SGAN_IDX_IMAGES, 60000, 28, 28, 1048560), 1048576,
	                      "x: header says 60000 images of 28x28, 47040016 bytes expected, 1048576 found");
	assert_images_refused(images_file(SGAN_IDX_IMAGES, 2, 3, 3, 17), 16 + 17, "34 bytes expected, 33 found");
	assert_images_refused(images_file(SGAN_IDX_IMAGES, 2, 3, 3, 0), 16, "34 bytes expected, 16 found");
	assert_images_refused(images_file(SGAN_IDX_IMAGES, 2, 3, 3, 19), 16 + 19, "34 bytes expected, more found");
	assert_images_refused(images_file(SGAN_IDX_IMAGES, 2, 3, 3, 0), 0, "x: empty");
	for (size_t size = 1; size < 16; size++)
		assert_images_refused(images_file(SGAN_IDX_IMAGES, 2, 3, 3, 0), size, "x: truncated: a header of 16 bytes");
	assert_labels_refused(labels_file(SGAN_IDX_LABELS, 5, 4), 8 + 4,
	                      "header says 5 labels, 13 bytes expected, 12 found");
	assert_labels_refused(labels_file(SGAN_IDX_LABELS, 5, 6), 8 + 6, "13 bytes expected, more found");
	assert_labels_refused(labels_file(SGAN_IDX_LABELS, 5, 0), 7, "truncated: a header of 8 bytes expected, 7 found");
}

Test(idx, wrong_magic)
{
	assert_images_refused(images_file(0x00000801, 2, 3, 3, 18), 16 + 18,
	                      "not IDX images: magic number 0x00000801 found, 0x00000803 expected");
	assert_images_refused(images_file(0x03080000, 2, 3, 3, 18), 16 + 18, "0x03080000 found");
	assert_images_refused(images_file(0xffffffff, 2, 3, 3, 18), 4, "0xffffffff found");
	assert_labels_refused(labels_file(0x00000803, 2, 2), 8 + 2, "0x00000803 found, 0x00000801 expected");
}

Test(idx, absurd_dimensions)
{
	assert_images_refused(images_file(SGAN_IDX_IMAGES, 0, 28, 28, 0), 16, "0 images of 28x28, 1 to 10000000");
	assert_images_refused(images_file(SGAN_IDX_IMAGES, 1, 0, 28, 0), 16, "1 images of 0x28");
	assert_images_refused(images_file(SGAN_IDX_IMAGES, 1, 28, 0, 0), 16, "1 images of 28x0");
	assert_images_refused(images_file(SGAN_IDX_IMAGES, 1, 4097, 28, 0), 16, "1 images of 4097x28");
	assert_images_refused(images_file(SGAN_IDX_IMAGES, 1, 28, UINT32_MAX, 0), 16, "28x4294967295");
	assert_images_refused(images_file(SGAN_IDX_IMAGES, UINT32_MAX, UINT32_MAX, UINT32_MAX, 0), 16, "4294967295 images");
	assert_images_refused(images_file(SGAN_IDX_IMAGES, 10000001, 28, 28, 0), 16, "10000001 images");
	assert_images_refused(images_file(SGAN_IDX_IMAGES, 10000000, 4096, 4096, 0), 16, "more than the 4294967296 bytes");
	/* Believed as far as it goes, but memory is taken for what comes. */
	assert_images_refused(images_file(SGAN_IDX_IMAGES, 256, 4096, 4096, 10), 26, "4294967312 bytes expected, 26 found");
	assert_labels_refused(labels_file(SGAN_IDX_LABELS, 0, 0), 8, "0 labels, 1 to 10000000 expected");
	assert_labels_refused(labels_file(SGAN_IDX_LABELS, UINT32_MAX, 0), 8, "4294967295 labels");
}

Test(idx, labels_out_of_range)
{
	uint8_t *bytes = labels_file(SGAN_IDX_LABELS, 20, 20);
	bytes[8 + 13] = 10;
	assert_labels_refused(bytes, 8 + 20, "x: image 13 has label 10, 0 to 9 expected");
	bytes = labels_file(SGAN_IDX_LABELS, 20, 20);
	bytes[8 + 19] = 255;
	assert_labels_refused(bytes, 8 + 20, "image 19 has label 255");
}

Test(idx, labels_of_unknown_classes)
{
	struct sgan_idx idx;
	uint8_t *bytes = labels_file(SGAN_IDX_LABELS, 20, 20);
	bytes[8 + 7] = 255;
	struct memory memory = memory_of(bytes, 28);
	ASSERT_OK(sgan_idx_read_labels(&memory.source, 0, &idx));
	cr_assert_eq(idx.classes, 256);
	cr_assert_eq(idx.labels[7], 255);
	free(idx.labels);
	free(bytes);
}

/* --- CIFAR-10's records, from memory --- */

enum { RECORD = 3073 };

static uint8_t record_byte(size_t record, size_t at)
{
	return (uint8_t)(record * 31 + at * 7 + at / 1024 * 50);
}

/* Records whose labels are 0 to 9 in turn. */
static uint8_t *records(size_t count)
{
	uint8_t *bytes = malloc(count * RECORD + 1);
	for (size_t i = 0; i < count; i++) {
		bytes[i * RECORD] = (uint8_t)(i % 10);
		for (size_t at = 0; at < RECORD - 1; at++)
			bytes[i * RECORD + 1 + at] = record_byte(i, at);
	}
	bytes[count * RECORD] = 0;
	return bytes;
}

/* Image `at` of a split is a file's record: planes are pixels now. */
static void check_record(const struct sgan_split *split, size_t at, size_t record)
{
	cr_assert_eq(split->labels[at], record % 10);
	for (size_t y = 0; y < 32; y++)
		for (size_t x = 0; x < 32; x++)
			for (size_t c = 0; c < 3; c++)
				cr_assert_eq(split->images[((at * 32 + y) * 32 + x) * 3 + c],
				             record_byte(record, (c * 32 + y) * 32 + x));
}

static void free_found(struct sgan_found *found)
{
	free(found->split.images);
	free(found->split.labels);
}

Test(cifar10, records)
{
	struct sgan_found found = { .classes = 0 };
	uint8_t *bytes = records(700); /* more than is taken at first */
	struct memory first = memory_of(bytes, 700 * RECORD), second = memory_of(bytes, 3 * RECORD);
	ASSERT_OK(sgan_cifar10_add(&first.source, 10, 700, &found));
	cr_assert_eq(found.split.count, 700);
	cr_assert_eq(found.classes, 10);
	ASSERT_OK(sgan_cifar10_add(&second.source, 0, 3, &found));
	cr_assert_eq(found.split.count, 703);
	for (size_t i = 0; i < 703; i++)
		check_record(&found.split, i, i % 700);
	free_found(&found);
	free(bytes);
}

static void assert_records_refused(uint8_t *bytes, size_t size, size_t classes, const char *words)
{
	struct sgan_found found = { .classes = 0 };
	struct memory memory = memory_of(bytes, size);
	ASSERT_FAILS(sgan_cifar10_add(&memory.source, classes, 5, &found), SGAN_EFORMAT, words);
	cr_assert_eq(found.split.count, 0);
	free_found(&found);
}

Test(cifar10, records_that_are_wrong)
{
	uint8_t *bytes = records(6);
	assert_records_refused(bytes, 0, 10, "x: empty");
	for (size_t size = 1; size < 5 * RECORD; size += size < 3 ? 1 : 511)
		if (size % RECORD != 0)
			assert_records_refused(bytes, size, 10, "bytes, a multiple of 3073 expected: truncated");
	assert_records_refused(bytes, 5 * RECORD - 1, 10, "x: 15364 bytes, a multiple of 3073 expected");
	assert_records_refused(bytes, 5 * RECORD + 1, 10, "x: more than the 5 images that are read");
	assert_records_refused(bytes, 6 * RECORD, 10, "x: more than the 5 images that are read");
	bytes[4 * RECORD] = 10;
	assert_records_refused(bytes, 5 * RECORD, 10, "x: image 4 has label 10, 0 to 9 expected");
	bytes[2 * RECORD] = 255;
	assert_records_refused(bytes, 5 * RECORD, 10, "x: image 2 has label 255, 0 to 9 expected");
	free(bytes);
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

static void put_gzip(const char *name, const void *data, size_t size)
{
	gzFile file = gzopen(in_temporary(name), "wb");
	cr_assert_not_null(file);
	cr_assert_eq(gzwrite(file, data, (unsigned)size), (int)size);
	cr_assert_eq(gzclose(file), Z_OK);
}

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
	char *part = get_file("a.gz", &size), *parts = malloc(2 * size);
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

static void put(const char *folder, const char *name, bool compressed, uint8_t *bytes, size_t size)
{
	char path[256];
	snprintf(path, sizeof path, "%s/%s%s", folder, name, compressed ? ".gz" : "");
	if (compressed)
		put_gzip(path, bytes, size);
	else
		put_file(path, bytes, size);
	free(bytes);
}

static void put_images(const char *folder, const char *name, bool compressed, uint32_t count, uint32_t side)
{
	size_t size = (size_t)count * side * side;
	put(folder, name, compressed, images_file(SGAN_IDX_IMAGES, count, side, side, size), 16 + size);
}

static void put_labels(const char *folder, const char *name, bool compressed, uint32_t count)
{
	put(folder, name, compressed, labels_file(SGAN_IDX_LABELS, count, count), 8 + count);
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
	uint8_t *labels = labels_file(SGAN_IDX_LABELS, TEST, TEST);
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

/* What is wrong in any of the four files, read by whichever thread, is said by the caller's thread. */
static void assert_refused(sgan_status code, const char *words)
{
	struct sgan_dataset dataset = { .channels = 77 };
	ASSERT_FAILS(sgan_dataset_open(in_temporary("d"), 10, &dataset), code, words);
	cr_assert_eq(dataset.channels, 77);
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
	put("d", "t10k-images-idx3-ubyte", true, images_file(SGAN_IDX_IMAGES, TEST, SIDE, SIDE, 9), 25);
	assert_refused(SGAN_EFORMAT,
	               "t10k-images-idx3-ubyte.gz: header says 20 images of 5x5, 516 bytes expected, 25 found");
	/* Of two faults, the training half's is told. */
	put("d", "train-labels-idx1-ubyte", true, labels_file(SGAN_IDX_IMAGES, TRAIN, TRAIN), 8 + TRAIN);
	assert_refused(SGAN_EFORMAT, "train-labels-idx1-ubyte.gz: not IDX labels");
	free(bytes);
}

/* --- CIFAR-10 --- */

static const char *const batch_names[] = { "data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
	                                       "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin" };
enum { BATCHES = 6, BATCH = 12 };

/* Batch k starts with record k, so that their order shows. */
static void put_batch(const char *folder, size_t k, bool compressed, size_t count)
{
	uint8_t *all = records(BATCHES + count), *bytes = malloc(count * RECORD);
	memcpy(bytes, all + k * RECORD, count * RECORD);
	free(all);
	put(folder, batch_names[k], compressed, bytes, count * RECORD);
}

static void put_batches(const char *folder, bool compressed)
{
	cr_assert_eq(mkdir(in_temporary(folder), 0777), 0);
	for (size_t k = 0; k < BATCHES; k++)
		put_batch(folder, k, compressed && k % 2 == 0, BATCH);
}

static void check_batches(const char *folder, size_t classes)
{
	struct sgan_dataset dataset;
	ASSERT_OK(sgan_dataset_open(in_temporary(folder), classes, &dataset));
	cr_assert_str_eq(dataset.format, "cifar10");
	cr_assert_str_eq(dataset.name, folder);
	cr_assert_eq(dataset.height, 32);
	cr_assert_eq(dataset.width, 32);
	cr_assert_eq(dataset.channels, 3);
	cr_assert_eq(dataset.classes, 10);
	cr_assert_eq(dataset.train.count, 5 * BATCH);
	cr_assert_eq(dataset.test.count, BATCH);
	for (size_t i = 0; i < 5 * BATCH; i++)
		check_record(&dataset.train, i, i / BATCH + i % BATCH);
	for (size_t i = 0; i < BATCH; i++)
		check_record(&dataset.test, i, 5 + i);
	sgan_dataset_free(&dataset);
}

Test(dataset, cifar10)
{
	put_batches("plain", false);
	check_batches("plain", 10);
	check_batches("plain", 0);
	cr_assert_eq(mkdir(in_temporary("outer"), 0777), 0);
	put_batches("outer/cifar-10-batches-bin", true);
	check_batches("outer", 10);
}

Test(dataset, cifar10_files_that_are_wrong)
{
	char from[64], words[128];
	put_batches("d", false);
	for (size_t k = 0; k < BATCHES; k++) {
		snprintf(from, sizeof from, "d/%s", batch_names[k]);
		snprintf(words, sizeof words, "%s: missing, and so is %s.gz", from, batch_names[k]);
		cr_assert_eq(rename(in_temporary(from), in_temporary("aside")), 0);
		assert_refused(SGAN_EIO, words);
		put_text(from, "");
		snprintf(words, sizeof words, "%s: empty", from);
		assert_refused(SGAN_EFORMAT, words);
		put_text(from, "some text");
		snprintf(words, sizeof words, "%s: 9 bytes, a multiple of 3073 expected", from);
		assert_refused(SGAN_EFORMAT, words);
		put_batch("d", k, true, 0);
		cr_assert_eq(remove(in_temporary(from)), 0);
		snprintf(words, sizeof words, "%s.gz: empty", from);
		assert_refused(SGAN_EFORMAT, words);
		cr_assert_eq(mkfifo(in_temporary(from), 0600), 0);
		snprintf(words, sizeof words, "%s: not a regular file", from);
		assert_refused(SGAN_EIO, words);
		cr_assert_eq(rename(in_temporary("aside"), in_temporary(from)), 0);
	}
	put_batch("d", 3, false, BATCH - 1);
	assert_refused(SGAN_EFORMAT, "data_batch_4.bin: 11 images, but data_batch_1.bin has 12: batches are of one size");
	put_batch("d", 3, false, BATCH + 1);
	assert_refused(SGAN_EFORMAT, "data_batch_4.bin: 13 images, but data_batch_1.bin has 12");
}

Test(dataset, cifar10_labels_out_of_range)
{
	size_t size;
	put_batches("d", false);
	char *bytes = get_file("d/data_batch_2.bin", &size);
	bytes[7 * RECORD] = 10;
	put_file("d/data_batch_2.bin", bytes, size);
	assert_refused(SGAN_EFORMAT, "d/data_batch_2.bin: image 7 has label 10, 0 to 9 expected");
	free(bytes);
}

/* --- random damage --- */

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* Some bytes of the file are others, and every third time it is cut. */
static void damage(const char *name, const char *bytes, size_t size, int round, uint32_t *state)
{
	char *damaged = malloc(size);
	memcpy(damaged, bytes, size);
	for (int i = 0; i <= round % 4; i++) /* the first bytes more often, where headers are */
		damaged[next_random(state) % (i % 2 ? size : 16)] = (char)(next_random(state) >> 8);
	put_file(name, damaged, round % 3 ? size : 1 + next_random(state) % size);
	free(damaged);
}

/* Whatever the bytes of a file are, the folder is refused with one line, or a dataset that keeps its promises. */
static void check_damaged(const char *const *names, size_t count, int rounds)
{
	uint32_t state = 20260101;
	for (int round = 0; round < rounds; round++) {
		const char *name = names[(size_t)round % count];
		struct sgan_dataset dataset;
		size_t size;
		char *bytes = get_file(name, &size);
		damage(name, bytes, size, round, &state);
		sgan_status status = sgan_dataset_open(in_temporary("d"), round % 2 ? 10 : 0, &dataset);
		if (status == SGAN_OK) {
			const struct sgan_split *halves[] = { &dataset.train, &dataset.test };
			for (size_t h = 0; h < 2; h++)
				for (size_t i = 0; i < halves[h]->count; i++)
					cr_assert_lt(halves[h]->labels[i], dataset.classes);
			sgan_dataset_free(&dataset);
		} else {
			cr_assert_eq(status, SGAN_EFORMAT, "round %d: %s", round, sgan_last_error());
			cr_assert_not_null(strstr(sgan_last_error(), "/d/"), "round %d: %s", round, sgan_last_error());
		}
		put_file(name, bytes, size);
		free(bytes);
	}
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

Test(dataset, random_damage_of_batches)
{
	static const char *const batches[] = { "d/data_batch_1.bin.gz", "d/data_batch_2.bin", "d/test_batch.bin" };
	put_batches("d", true);
	check_damaged(batches, 3, 150);
}

/* --- the choice of a format --- */

Test(dataset, no_format)
{
	cr_assert_eq(mkdir(in_temporary("d"), 0777), 0);
	assert_refused(SGAN_EFORMAT, "d: no dataset is there; looked for: ");
	cr_assert_not_null(strstr(sgan_last_error(), "train-images-idx3-ubyte"));
	cr_assert_not_null(strstr(sgan_last_error(), "data_batch_1.bin"));
	cr_assert_not_null(strstr(sgan_last_error(), "cifar-10-batches-bin)"));
	put_text("d/picture.png", "no picture");
	assert_refused(SGAN_EFORMAT, "d: no dataset is there; looked for: ");
}

/* A file or two are enough to know what is meant. */
Test(dataset, one_file_tells_the_format)
{
	put_batches("d", false);
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

Test(dataset, cifar10_as_it_is_published)
{
	char path[PATH_MAX], batch[PATH_MAX + 64];
	const char *data = getenv("SGAN_TEST_DATA");
	struct sgan_dataset dataset;
	snprintf(path, sizeof path, "%s/cifar10", data ? data : "");
	snprintf(batch, sizeof batch, "%s/cifar-10-batches-bin/test_batch.bin", path);
	if (!data || !*data || access(batch, R_OK) != 0)
		cr_skip("SGAN_TEST_DATA names no folder with cifar10/cifar-10-batches-bin in it");
	ASSERT_OK(sgan_dataset_open(path, 0, &dataset));
	cr_assert_eq(dataset.train.count, 50000);
	cr_assert_eq(dataset.test.count, 10000);
	cr_assert_eq(dataset.classes, 10);
	size_t classes[10] = { 0 };
	double sums[3] = { 0 };
	for (size_t i = 0; i < dataset.train.count; i++)
		classes[dataset.train.labels[i]]++;
	for (size_t i = 0; i < 10; i++)
		cr_assert_eq(classes[i], 5000);
	for (size_t i = 0; i < dataset.train.count * 1024; i++)
		for (size_t c = 0; c < 3; c++)
			sums[c] += dataset.train.images[i * 3 + c];
	/* The known means of red, green and blue. */
	static const double means[] = { 0.4914, 0.4822, 0.4465 };
	for (size_t c = 0; c < 3; c++)
		cr_assert_float_eq(sums[c] / (50000.0 * 1024 * 255), means[c], 1e-3);
	sgan_dataset_free(&dataset);
}

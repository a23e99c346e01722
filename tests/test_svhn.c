/* SVHN's .mat files, written by matio, good or hostile; what a build without matio says. */
#include "tests/temporary.h"

#include "tests/data_files.h"

TestSuite(svhn, .init = temporary_make, .fini = temporary_remove);

#ifndef SGAN_HAVE_MATIO

Test(svhn, without_matio)
{
	cr_assert_eq(mkdir(in_temporary("d"), 0777), 0);
	put_text("d/train_32x32.mat", "x");
	assert_refused(SGAN_EUNSUPPORTED, "train_32x32.mat: this build has no matio");
}

#else

#include <matio.h>

enum { SIDE = 32, CHANNELS = 3, IMAGE = SIDE * SIDE * CHANNELS, TRAIN = 25, TEST = 12 };

/* What is written of a variable. */
struct variable {
	const char *name;
	enum matio_classes class;
	enum matio_types type;
	int rank;
	size_t dims[5];
	void *data;
	int options;
};

/* A file of variables, up to the one without a name. */
static void put_mat(const char *name, enum mat_ft version, bool compressed, const struct variable *variables)
{
	remove(in_temporary(name));
	mat_t *file = Mat_CreateVer(in_temporary(name), NULL, version);
	cr_assert_not_null(file);
	for (const struct variable *v = variables; v->name; v++) {
		size_t dims[5];
		memcpy(dims, v->dims, sizeof dims);
		matvar_t *variable = Mat_VarCreate(v->name, v->class, v->type, v->rank, dims, v->data, v->options);
		cr_assert_not_null(variable);
		cr_assert_eq(Mat_VarWrite(file, variable, compressed ? MAT_COMPRESSION_ZLIB : MAT_COMPRESSION_NONE), 0);
		Mat_VarFree(variable);
	}
	cr_assert_eq(Mat_Close(file), 0);
}

static uint8_t pixel(size_t image, size_t y, size_t x, size_t c)
{
	return (uint8_t)(image * 41 + y * 5 + x * 3 + c * 80);
}

/* X of `count` images, as MATLAB has them; free() it. */
static uint8_t *images(size_t count)
{
	uint8_t *all = malloc(count * IMAGE), *to = all;
	for (size_t i = 0; i < count; i++)
		for (size_t c = 0; c < CHANNELS; c++)
			for (size_t x = 0; x < SIDE; x++)
				for (size_t y = 0; y < SIDE; y++)
					*to++ = pixel(i, y, x, c);
	return all;
}

/* Labels 1 to 10 in turn. */
static void labels(size_t count, uint8_t *to)
{
	for (size_t i = 0; i < count; i++)
		to[i] = (uint8_t)(i % 10 + 1);
}

static void put_half(const char *name, bool compressed, size_t count)
{
	uint8_t *x = images(count), y[TRAIN];
	labels(count, y);
	const struct variable variables[] = {
		{ "X", MAT_C_UINT8, MAT_T_UINT8, 4, { SIDE, SIDE, CHANNELS, count }, x, 0 },
		{ "y", MAT_C_UINT8, MAT_T_UINT8, 2, { count, 1 }, y, 0 },
		{ .name = NULL },
	};
	put_mat(name, MAT_FT_MAT5, compressed, variables);
	free(x);
}

static void put_halves(bool compressed)
{
	cr_assert(mkdir(in_temporary("d"), 0777) == 0 || access(in_temporary("d"), R_OK) == 0);
	put_half("d/train_32x32.mat", compressed, TRAIN);
	put_half("d/test_32x32.mat", compressed, TEST);
}

static void check_half(const struct sgan_split *split, size_t count)
{
	cr_assert_eq(split->count, count);
	for (size_t i = 0; i < count; i++) {
		cr_assert_eq(split->labels[i], (i + 1) % 10);
		for (size_t at = 0; at < IMAGE; at++)
			cr_assert_eq(split->images[i * IMAGE + at],
			             pixel(i, at / (SIDE * CHANNELS), at / CHANNELS % SIDE, at % CHANNELS));
	}
}

static void check_dataset(void)
{
	struct sgan_dataset dataset;
	ASSERT_OK(sgan_dataset_open(in_temporary("d"), 10, &dataset));
	cr_assert_str_eq(dataset.format, "svhn");
	cr_assert_eq(dataset.height, SIDE);
	cr_assert_eq(dataset.width, SIDE);
	cr_assert_eq(dataset.channels, CHANNELS);
	cr_assert_eq(dataset.classes, 10);
	cr_assert_str_eq(dataset.class_info[0].name, "0");
	cr_assert_eq(dataset.class_info[0].number, 10);
	cr_assert_eq(dataset.class_info[9].number, 9);
	check_half(&dataset.train, TRAIN);
	check_half(&dataset.test, TEST);
	sgan_dataset_free(&dataset);
}

Test(svhn, compressed_or_not)
{
	put_halves(false);
	check_dataset();
	put_halves(true);
	check_dataset();
}

/* Tools other than MATLAB write labels as they have them. */
Test(svhn, labels_of_other_types)
{
	int64_t wide[TEST];
	int32_t narrow[TEST];
	double real[TEST];
	uint8_t *x = images(TEST);
	for (size_t i = 0; i < TEST; i++)
		real[i] = (double)(wide[i] = narrow[i] = (int32_t)(i % 10 + 1));
	const struct variable y[] = {
		{ "y", MAT_C_INT64, MAT_T_INT64, 2, { TEST, 1 }, wide, 0 },
		{ "y", MAT_C_INT32, MAT_T_INT32, 2, { 1, TEST }, narrow, 0 },
		{ "y", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, { TEST, 1 }, real, 0 },
	};
	put_halves(false);
	for (size_t i = 0; i < sizeof y / sizeof *y; i++) {
		const struct variable variables[] = {
			y[i], { "X", MAT_C_UINT8, MAT_T_UINT8, 4, { SIDE, SIDE, CHANNELS, TEST }, x, 0 }, { .name = NULL }
		};
		put_mat("d/test_32x32.mat", MAT_FT_MAT5, i % 2, variables);
		check_dataset();
	}
	free(x);
}

/* Each test file is refused with these words. */
static void assert_mat_refused(struct variable x, struct variable y, const char *words)
{
	const struct variable variables[] = { x, y, { .name = NULL } };
	for (int compressed = 0; compressed < 2; compressed++) {
		put_mat("d/test_32x32.mat", MAT_FT_MAT5, compressed, variables);
		assert_refused(SGAN_EFORMAT, words);
		cr_assert_not_null(strstr(sgan_last_error(), "/d/test_32x32.mat: "));
	}
}

Test(svhn, variables_that_are_wrong)
{
	uint8_t *bytes = images(TEST), y[TEST];
	double *numbers = calloc(TEST * IMAGE, sizeof *numbers);
	const struct variable x = { "X", MAT_C_UINT8, MAT_T_UINT8, 4, { SIDE, SIDE, CHANNELS, TEST }, bytes, 0 };
	const struct variable good = { "y", MAT_C_UINT8, MAT_T_UINT8, 2, { TEST, 1 }, y, 0 };
	struct variable wrong = x;
	labels(TEST, y);
	put_halves(true);
	wrong.name = "x";
	assert_mat_refused(wrong, good, "no variable X in it");
	wrong = good;
	wrong.name = "Y";
	assert_mat_refused(x, wrong, "no variable y in it");
	wrong = (struct variable){ "X", MAT_C_UINT8, MAT_T_UINT8, 4, { SIDE, SIDE, TEST, CHANNELS }, bytes, 0 };
	assert_mat_refused(wrong, good, "X is uint8 of 32x32x12x3, uint8 of 32x32x3xN expected");
	wrong = (struct variable){ "X", MAT_C_UINT8, MAT_T_UINT8, 4, { SIDE, SIDE - 1, CHANNELS, TEST }, bytes, 0 };
	assert_mat_refused(wrong, good, "X is uint8 of 32x31x3x12");
	wrong = (struct variable){ "X", MAT_C_UINT8, MAT_T_UINT8, 2, { SIDE, SIDE }, bytes, 0 };
	assert_mat_refused(wrong, good, "X is uint8 of 32x32, uint8");
	wrong = (struct variable){ "X", MAT_C_UINT8, MAT_T_UINT8, 5, { SIDE, SIDE, CHANNELS, 2, 3 }, bytes, 0 };
	assert_mat_refused(wrong, good, "X is an array of 5 dimensions, up to 4 expected");
	wrong = (struct variable){ "X", MAT_C_DOUBLE, MAT_T_DOUBLE, 4, { SIDE, SIDE, CHANNELS, TEST }, numbers, 0 };
	assert_mat_refused(wrong, good, "X is another type than uint8 of 32x32x3x12");
	wrong = (struct variable){ "X", MAT_C_INT16, MAT_T_INT16, 4, { SIDE, SIDE, CHANNELS, TEST }, numbers, 0 };
	assert_mat_refused(wrong, good, "X has elements of type ");
	wrong = (struct variable){ "X", MAT_C_UINT8, MAT_T_UINT8, 4, { SIDE, SIDE, CHANNELS, 0 }, bytes, 0 };
	assert_mat_refused(wrong, good, "dimensions, name or data cannot be");
	wrong = (struct variable){ "X", MAT_C_CHAR, MAT_T_UINT8, 2, { 1, 5 }, bytes, 0 };
	assert_mat_refused(wrong, good, "holds a variable that is no array of real numbers");
	mat_complex_split_t parts = { numbers, numbers };
	wrong = (struct variable){ "X", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, { 2, 2 }, &parts, MAT_F_COMPLEX };
	assert_mat_refused(wrong, good, "holds a variable that is no array of real numbers");
	wrong = good;
	wrong.dims[0] = TEST - 1;
	assert_mat_refused(x, wrong, "y has 11 labels, but X has 12 images");
	wrong = (struct variable){ "y", MAT_C_UINT8, MAT_T_UINT8, 2, { 3, 4 }, y, 0 };
	assert_mat_refused(x, wrong, "y is an array of 3x4, Nx1 expected");
	free(numbers);
	free(bytes);
}

Test(svhn, labels_out_of_range)
{
	uint8_t *bytes = images(TEST), y[TEST];
	double real[TEST] = { 1, 1, 2.5 };
	const struct variable x = { "X", MAT_C_UINT8, MAT_T_UINT8, 4, { SIDE, SIDE, CHANNELS, TEST }, bytes, 0 };
	const struct variable some = { "y", MAT_C_UINT8, MAT_T_UINT8, 2, { TEST, 1 }, y, 0 };
	const struct variable others = { "y", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, { TEST, 1 }, real, 0 };
	put_halves(true);
	labels(TEST, y);
	y[7] = 0;
	assert_mat_refused(x, some, "image 7 has label 0, 1 to 10 expected");
	y[7] = 11;
	assert_mat_refused(x, some, "image 7 has label 11, 1 to 10 expected");
	assert_mat_refused(x, others, "image 2 has label 2.5, a digit or 10 expected");
	real[2] = -1;
	assert_mat_refused(x, others, "image 2 has label -1, a digit or 10 expected");
	real[2] = 1e300;
	assert_mat_refused(x, others, "image 2 has label 1e+300, a digit or 10 expected");
	real[2] = __builtin_nan("");
	assert_mat_refused(x, others, "image 2 has label nan, a digit or 10 expected");
	free(bytes);
}

/* A header alone is enough to tell version 7.3; version 4 has none. */
Test(svhn, other_versions)
{
	size_t size;
	double y[] = { 1, 2 };
	const struct variable variables[] = { { "y", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, { 2, 1 }, y, 0 }, { .name = NULL } };
	put_halves(true);
	char *bytes = get_file("d/test_32x32.mat", &size);
	bytes[124] = 0;
	bytes[125] = 2;
	put_file("d/test_32x32.mat", bytes, size);
	assert_refused(SGAN_EFORMAT, "test_32x32.mat: a MATLAB file of version 7.3 (HDF5), version 5 expected");
	bytes[125] = 9;
	put_file("d/test_32x32.mat", bytes, size);
	assert_refused(SGAN_EFORMAT, "test_32x32.mat: a MATLAB file of version 9, version 5 expected");
	bytes[126] = 'x';
	put_file("d/test_32x32.mat", bytes, size);
	assert_refused(SGAN_EFORMAT, "test_32x32.mat: no MATLAB file of version 5");
	put_mat("d/test_32x32.mat", MAT_FT_MAT4, false, variables);
	assert_refused(SGAN_EFORMAT, "test_32x32.mat: no MATLAB file of version 5");
	free(bytes);
}

Test(svhn, files_that_are_wrong)
{
	size_t size;
	for (int compressed = 0; compressed < 2; compressed++) {
		put_halves(compressed);
		char *bytes = get_file("d/train_32x32.mat", &size);
		for (size_t kept = 1; kept < size; kept += size / 300 + 1) {
			put_file("d/train_32x32.mat", bytes, kept);
			assert_refused(SGAN_EFORMAT, "/d/train_32x32.mat: ");
		}
		free(bytes);
	}
	put_text("d/train_32x32.mat", "");
	assert_refused(SGAN_EFORMAT, "train_32x32.mat: empty");
	cr_assert_eq(remove(in_temporary("d/train_32x32.mat")), 0);
	assert_refused(SGAN_EIO, "train_32x32.mat: cannot open: No such file");
	cr_assert_eq(mkfifo(in_temporary("d/train_32x32.mat"), 0600), 0);
	assert_refused(SGAN_EIO, "train_32x32.mat: not a regular file");
}

/* What is damaged in compressed data is found by its sum, which matio does not look at. */
Test(svhn, damaged_data)
{
	size_t size;
	put_halves(true);
	char *bytes = get_file("d/train_32x32.mat", &size);
	for (size_t at = 136; at < size; at += 11) {
		bytes[at] ^= 0x10;
		put_file("d/train_32x32.mat", bytes, size);
		assert_refused(SGAN_EFORMAT, "/d/train_32x32.mat: ");
		bytes[at] ^= 0x10;
	}
	free(bytes);
}

/* Dimensions that are larger than the data; elements that are larger than what is read. */
Test(svhn, bombs)
{
	enum { HEADER = 128, DIMENSIONS = HEADER + 8 + 16 + 8 };
	size_t size;
	put_halves(false);
	char *bytes = get_file("d/train_32x32.mat", &size);
	bytes[DIMENSIONS + 12 + 2] = 3; /* 200 thousand images */
	put_file("d/train_32x32.mat", bytes, size);
	assert_refused(SGAN_EFORMAT, "train_32x32.mat: damaged: an array ");
	free(bytes);
	enum { PIECE = 1 << 20, PIECES = 900 };
	uint8_t *zeros = calloc(1, PIECE), *packed = malloc(8 * PIECE);
	z_stream stream = { .next_out = packed, .avail_out = 8 * PIECE };
	cr_assert_eq(deflateInit(&stream, 1), Z_OK);
	for (int i = 0; i < PIECES; i++) {
		stream.next_in = zeros;
		stream.avail_in = PIECE;
		cr_assert_eq(deflate(&stream, i < PIECES - 1 ? Z_NO_FLUSH : Z_FINISH), i < PIECES - 1 ? Z_OK : Z_STREAM_END);
	}
	uint8_t *file = calloc(1, 136 + 8 * PIECE);
	memcpy(file + 124, "\0\1IM\17\0\0", 8);
	for (int k = 0; k < 4; k++)
		file[132 + k] = (uint8_t)(stream.total_out >> 8 * k);
	memcpy(file + 136, packed, stream.total_out);
	put_file("d/train_32x32.mat", file, 136 + stream.total_out);
	deflateEnd(&stream);
	assert_refused(SGAN_EFORMAT, "train_32x32.mat: a variable of more than the 921600000 bytes that are read");
	free(file);
	free(packed);
	free(zeros);
}

Test(svhn, random_damage)
{
	static const char *const files[] = { "d/train_32x32.mat", "d/test_32x32.mat" };
	put_halves(false);
	put_half("d/test_32x32.mat", true, TEST);
	check_damaged(files, 2, 300);
}

#endif

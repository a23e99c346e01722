/* The format "svhn": cropped digits of Street View House Numbers (Netzer et al., "Reading Digits in Natural Images with
 * Unsupervised Feature Learning", 2011), train_32x32.mat and test_32x32.mat: X is 32x32x3xN bytes, y the N digits, with
 * 10 for 0.
 * It must not know how a .mat file is read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cpu/status.h"
#include "src/data/classes.h"
#include "src/data/folder.h"
#include "src/data/format.h"
#include "src/data/mat.h"

enum {
	SIDE = 32,
	CHANNELS = 3,
	IMAGE = SIDE * SIDE * CHANNELS,
	LARGEST_HALF = 300000 /* images: four times what is published */
};

static const char *const files[SGAN_DATA_HALVES] = {
	[SGAN_DATA_TRAIN] = "train_32x32.mat",
	[SGAN_DATA_TEST] = "test_32x32.mat",
};

static bool probe(const struct sgan_place *place)
{
	for (int half = 0; half < SGAN_DATA_HALVES; half++)
		if (sgan_folder_has(place->path, files[half]))
			return true;
	return false;
}

/* Digits are in order from 0; the file has 10 for 0. */
static sgan_status name_classes(struct sgan_found *found)
{
	SGAN_TRY(sgan_classes_listed(sgan_class_names("svhn"), ",", 0, &found->named, &found->classes));
	found->named[0].number = (uint32_t)found->classes;
	return SGAN_OK;
}

static sgan_status check_images(const char *path, const struct sgan_mat_array *x)
{
	static const size_t expected[] = { SIDE, SIDE, CHANNELS };
	bool good = x->bytes && (x->rank == 4 || x->rank == 3); /* MATLAB drops a last dimension of 1 */
	for (size_t i = 0; good && i < 3; i++)
		good = x->dims[i] == expected[i];
	if (good)
		return SGAN_OK;
	char dims[SGAN_MAT_RANK * 24] = "";
	for (size_t i = 0, length = 0; i < x->rank; i++)
		length += (size_t)snprintf(dims + length, sizeof dims - length, "%s%zu", i ? "x" : "", x->dims[i]);
	return sgan_fail(SGAN_EFORMAT, "%s: X is %s of %s, uint8 of %dx%dx%dxN expected", path,
	                 x->bytes ? "uint8" : "another type than uint8", dims, SIDE, SIDE, CHANNELS);
}

/* Columns of planes to rows of pixels. */
static void take_image(const uint8_t *stored, uint8_t *image)
{
	for (size_t y = 0; y < SIDE; y++)
		for (size_t x = 0; x < SIDE; x++)
			for (size_t c = 0; c < CHANNELS; c++)
				image[(y * SIDE + x) * CHANNELS + c] = stored[(c * SIDE + x) * SIDE + y];
}

static void take_images(const struct sgan_mat_array *x, struct sgan_split *split)
{
	for (size_t i = 0; i < split->count; i++)
		take_image(x->bytes + i * IMAGE, split->images + i * IMAGE);
}

static sgan_status take_label(const char *path, const struct sgan_mat_array *y, size_t i, struct sgan_found *found)
{
	const struct sgan_numbering numbering = { 1, found->classes };
	const double given = y->bytes ? y->bytes[i] : y->numbers[i];
	if (!(given >= 0 && given <= INT32_MAX) || given != (double)(int32_t)given)
		return sgan_fail(SGAN_EFORMAT, "%s: image %zu has label %g, a digit or 10 expected", path, i, given);
	uint32_t *label = &found->split.labels[i];
	SGAN_TRY(sgan_found_label(path, i, (int64_t)given, numbering, label, &found->classes));
	*label = (*label + 1) % (uint32_t)found->classes;
	return SGAN_OK;
}

static sgan_status take_labels(const char *path, const struct sgan_mat_array *y, struct sgan_found *found)
{
	if (y->rank > 2 || (y->rank == 2 && y->dims[0] != 1 && y->dims[1] != 1))
		return sgan_fail(SGAN_EFORMAT, "%s: y is an array of %zux%zu%s, Nx1 expected", path, y->dims[0], y->dims[1],
		                 y->rank > 2 ? " and more" : "");
	if (y->count != found->split.count)
		return sgan_fail(SGAN_EFORMAT, "%s: y has %zu labels, but X has %zu images", path, y->count,
		                 found->split.count);
	for (size_t i = 0; i < y->count; i++)
		SGAN_TRY(take_label(path, y, i, found));
	return SGAN_OK;
}

static sgan_status read_images(const char *path, struct sgan_found *found)
{
	struct sgan_mat_array x;
	SGAN_TRY(sgan_mat_read(path, "X", (size_t)LARGEST_HALF * IMAGE, &x));
	sgan_status status = check_images(path, &x);
	const size_t count = x.rank == 4 ? x.dims[3] : 1;
	if (status == SGAN_OK)
		status = sgan_found_room(found, count);
	if (status == SGAN_OK) {
		found->split.count = count;
		take_images(&x, &found->split);
	}
	free(x.bytes);
	free(x.numbers);
	return status;
}

static sgan_status read_labels(const char *path, struct sgan_found *found)
{
	struct sgan_mat_array y;
	SGAN_TRY(sgan_mat_read(path, "y", LARGEST_HALF, &y));
	sgan_status status = take_labels(path, &y, found);
	free(y.bytes);
	free(y.numbers);
	return status;
}

static sgan_status read_file(const char *path, struct sgan_found *found)
{
	found->height = found->width = SIDE;
	found->channels = CHANNELS;
	SGAN_TRY(sgan_mat_usable(path));
	SGAN_TRY(name_classes(found));
	SGAN_TRY(sgan_mat_check(path, (uint64_t)LARGEST_HALF * IMAGE));
	SGAN_TRY(read_images(path, found));
	return read_labels(path, found);
}

static sgan_status read_half(const struct sgan_place *place, enum sgan_data_half half, size_t classes,
                             struct sgan_found *found)
{
	(void)classes; /* the digits are what they are */
	int length = snprintf(found->file, sizeof found->file, "%s/%s", place->path, files[half]);
	if (length < 0 || (size_t)length >= sizeof found->file)
		return sgan_fail(SGAN_EINVAL, "%.60s.../%s: the path is too long", place->path, files[half]);
	sgan_status status = read_file(found->file, found);
	if (status != SGAN_OK)
		sgan_found_free(found);
	return status;
}

const struct sgan_data_format sgan_data_svhn = {
	.name = "svhn",
	.looked_for = "SVHN's train_32x32.mat and test_32x32.mat",
	.probe = probe,
	.read = read_half,
};

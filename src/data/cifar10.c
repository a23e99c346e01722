/* The format "cifar10": a folder with CIFAR-10's binary batches, or the folder that they come in inside it
 * (Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009). */
#include "src/data/cifar10.h"

#include <stdio.h>
#include <stdlib.h>

#include "src/cpu/status.h"
#include "src/data/folder.h"
#include "src/data/format.h"

enum {
	SIDE = 32,
	CHANNELS = 3,
	PIXELS = SIDE * SIDE,
	IMAGE = CHANNELS * PIXELS, /* bytes */
	RECORD = 1 + IMAGE,
	LARGEST_HALF = 200000 /* images: four times what is published, and what a few gzipped bytes may become */
};

static const char inner[] = "cifar-10-batches-bin"; /* as the archive names its folder */

static const char *const batches[SGAN_DATA_HALVES][6] = {
	[SGAN_DATA_TRAIN] = { "data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
	                      "data_batch_5.bin", NULL },
	[SGAN_DATA_TEST] = { "test_batch.bin", NULL },
};

static bool has_batches(const char *folder)
{
	for (int half = 0; half < SGAN_DATA_HALVES; half++)
		for (const char *const *name = batches[half]; *name; name++)
			if (sgan_folder_has(folder, *name))
				return true;
	return false;
}

/* The folder that has the batches: path or the one inside it. */
static bool folder_of(const char *path, char folder[PATH_MAX])
{
	int length = snprintf(folder, PATH_MAX, "%s", path);
	if (length >= 0 && length < PATH_MAX && has_batches(folder))
		return true;
	length = snprintf(folder, PATH_MAX, "%s/%s", path, inner);
	return length >= 0 && length < PATH_MAX && has_batches(folder);
}

static bool probe(const char *path)
{
	char folder[PATH_MAX];
	return folder_of(path, folder);
}

/* Colour planes to pixels. */
static void take_image(const uint8_t *planes, uint8_t *image)
{
	for (size_t p = 0; p < PIXELS; p++)
		for (size_t c = 0; c < CHANNELS; c++)
			image[p * CHANNELS + c] = planes[c * PIXELS + p];
}

/* Room for `count` images in all. */
static bool reserve(struct sgan_split *split, size_t count)
{
	uint8_t *images = realloc(split->images, count * IMAGE);
	if (!images)
		return false;
	split->images = images;
	uint32_t *labels = realloc(split->labels, count * sizeof *labels);
	if (!labels)
		return false;
	split->labels = labels;
	return true;
}

static sgan_status add_records(const char *name, const uint8_t *records, size_t count, size_t classes,
                               struct sgan_found *found)
{
	struct sgan_split *split = &found->split;
	if (!reserve(split, split->count + count))
		return sgan_fail(SGAN_ENOMEM, "%s: no memory for %zu images", name, split->count + count);
	for (size_t i = 0; i < count; i++) {
		const uint8_t *record = records + i * RECORD;
		SGAN_TRY(sgan_found_label(name, i, record[0], classes, &found->classes));
		split->labels[split->count + i] = record[0];
		take_image(record + 1, split->images + (split->count + i) * IMAGE);
	}
	split->count += count;
	return SGAN_OK;
}

sgan_status sgan_cifar10_add(struct sgan_source *source, size_t classes, size_t most, struct sgan_found *found)
{
	struct sgan_bytes taken;
	sgan_status status;
	SGAN_TRY(sgan_source_take(source, most * RECORD, "its images", &taken));
	if (taken.more)
		status = sgan_fail(SGAN_EFORMAT, "%s: more than the %zu images that are read", source->name, most);
	else if (taken.count == 0)
		status = sgan_fail(SGAN_EFORMAT, "%s: empty", source->name);
	else if (taken.count % RECORD != 0)
		status = sgan_fail(SGAN_EFORMAT, "%s: %zu bytes, a multiple of %d expected: truncated, or not CIFAR-10's",
		                   source->name, taken.count, RECORD);
	else
		status = add_records(source->name, taken.data, taken.count / RECORD, classes, found);
	free(taken.data);
	return status;
}

static sgan_status add_batch(const char *folder, const char *name, size_t classes, struct sgan_found *found)
{
	struct sgan_source *source;
	SGAN_TRY(sgan_folder_open(folder, name, found->file, &source));
	sgan_status status = sgan_cifar10_add(source, classes, LARGEST_HALF - found->split.count, found);
	sgan_gunzip_close(source);
	return status;
}

/* Batches of a half are of one size: a file that was cut between two images would not show otherwise. */
static sgan_status add_batches(const char *folder, const char *const *names, size_t classes, struct sgan_found *found)
{
	size_t size = 0;
	for (size_t i = 0; names[i]; i++) {
		const size_t before = found->split.count;
		SGAN_TRY(add_batch(folder, names[i], classes, found));
		const size_t added = found->split.count - before;
		if (i == 0)
			size = added;
		else if (added != size)
			return sgan_fail(SGAN_EFORMAT, "%s: %zu images, but %s has %zu: batches are of one size", found->file,
			                 added, names[0], size);
	}
	return SGAN_OK;
}

static sgan_status read_half(const char *path, enum sgan_data_half half, size_t classes, struct sgan_found *found)
{
	char folder[PATH_MAX];
	if (!folder_of(path, folder))
		return sgan_fail(SGAN_EIO, "%s: its files have gone", path);
	found->height = found->width = SIDE;
	found->channels = CHANNELS;
	sgan_status status = add_batches(folder, batches[half], classes, found);
	if (status != SGAN_OK) {
		free(found->split.images);
		free(found->split.labels);
		found->split = (struct sgan_split){ .count = 0 };
	}
	return status;
}

const struct sgan_data_format sgan_data_cifar10 = {
	.name = "cifar10",
	.looked_for = "CIFAR-10's binary batches (data_batch_1.bin to data_batch_5.bin and test_batch.bin, in it or in its "
				  "cifar-10-batches-bin)",
	.probe = probe,
	.read = read_half,
};

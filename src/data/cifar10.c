/* CIFAR-10's records and names, from bytes.
 * It must not know where they come from. */
#include "src/data/cifar10.h"

#include <stdlib.h>
#include <string.h>

#include "src/cpu/status.h"
#include "src/data/classes.h"

enum { SIDE = 32, CHANNELS = 3, PIXELS = SIDE * SIDE, IMAGE = CHANNELS * PIXELS /* bytes */ };
_Static_assert(SGAN_CIFAR10_RECORD == 1 + IMAGE, "a record is a label and an image");

const char *const sgan_cifar10_batches[SGAN_DATA_HALVES][SGAN_CIFAR10_BATCHES + 1] = {
	[SGAN_DATA_TRAIN] = { "data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
	                      "data_batch_5.bin", NULL },
	[SGAN_DATA_TEST] = { "test_batch.bin", NULL },
};
const char sgan_cifar10_meta[] = "batches.meta.txt", sgan_cifar10_folder[] = "cifar-10-batches-bin";

sgan_status sgan_cifar10_take(struct sgan_source *source, size_t most, struct sgan_bytes *records)
{
	struct sgan_bytes taken;
	SGAN_TRY(sgan_source_take(source, most * SGAN_CIFAR10_RECORD, "its images", &taken));
	sgan_status status = SGAN_OK;
	if (taken.more)
		status = sgan_fail(SGAN_EFORMAT, "%s: more than the %zu images that are read", source->name, most);
	else if (taken.count == 0)
		status = sgan_fail(SGAN_EFORMAT, "%s: empty", source->name);
	else if (taken.count % SGAN_CIFAR10_RECORD != 0)
		status = sgan_fail(SGAN_EFORMAT, "%s: %zu bytes, a multiple of %d expected: truncated, or not CIFAR-10's",
		                   source->name, taken.count, SGAN_CIFAR10_RECORD);
	if (status == SGAN_OK)
		*records = taken;
	else
		free(taken.data);
	return status;
}

/* Colour planes to pixels. */
static void take_image(const uint8_t *planes, uint8_t *image)
{
	for (size_t p = 0; p < PIXELS; p++)
		for (size_t c = 0; c < CHANNELS; c++)
			image[p * CHANNELS + c] = planes[c * PIXELS + p];
}

sgan_status sgan_cifar10_add(const char *name, const struct sgan_bytes *records, size_t classes,
                             struct sgan_found *found)
{
	struct sgan_split *split = &found->split;
	const size_t count = records->count / SGAN_CIFAR10_RECORD;
	const size_t unnamed = classes > 0 && classes < SGAN_CIFAR10_CLASSES ? classes : SGAN_CIFAR10_CLASSES;
	const struct sgan_numbering numbering = { 0, found->named ? found->classes : unnamed };
	found->height = found->width = SIDE;
	found->channels = CHANNELS;
	SGAN_TRY(sgan_found_room(found, split->count + count));
	for (size_t i = 0; i < count; i++) {
		const uint8_t *record = records->data + i * SGAN_CIFAR10_RECORD;
		SGAN_TRY(sgan_found_label(name, i, record[0], numbering, &split->labels[split->count + i], &found->classes));
		take_image(record + 1, split->images + (split->count + i) * IMAGE);
	}
	split->count += count;
	return SGAN_OK;
}

sgan_status sgan_cifar10_name(struct sgan_source *source, struct sgan_found *found)
{
	struct sgan_bytes taken;
	SGAN_TRY(sgan_source_take(source, SGAN_CIFAR10_META, "names of classes", &taken));
	char *text = taken.more ? NULL : malloc(taken.count + 1);
	sgan_status status = taken.more ? sgan_fail(SGAN_EFORMAT, "%s: more than the %d bytes that are read", source->name,
	                                            SGAN_CIFAR10_META)
	                                : sgan_fail(SGAN_ENOMEM, "%s: no memory to read it", source->name);
	if (text) {
		memcpy(text, taken.data, taken.count);
		text[taken.count] = '\0';
		status = sgan_classes_listed(text, "\r\n", 0, &found->named, &found->classes);
		if (status != SGAN_OK)
			sgan_fail_in(status, "%s", source->name);
	}
	free(text);
	free(taken.data);
	return status;
}

sgan_status sgan_cifar10_same_size(const char *name, size_t images, const char *first_name, size_t first_images)
{
	if (images == first_images)
		return SGAN_OK;
	return sgan_fail(SGAN_EFORMAT, "%s: %zu images, but %s has %zu: batches are of one size", name, images, first_name,
	                 first_images);
}

sgan_status sgan_cifar10_refuse_python(const char *path)
{
	return sgan_fail(SGAN_EFORMAT,
	                 "%s: CIFAR-10's Python version, which is not read (it holds pickles): get the binary version, "
	                 "cifar-10-binary.tar.gz, from https://www.cs.toronto.edu/~kriz/cifar.html",
	                 path);
}

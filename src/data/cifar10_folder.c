/* The format "cifar10" in a folder: CIFAR-10's binary batches, or the folder that they come in inside it.
 * It must not know what a batch looks like. */
#include <stdio.h>
#include <stdlib.h>

#include "src/cpu/status.h"
#include "src/data/cifar10.h"
#include "src/data/folder.h"

static bool has_batches(const char *folder)
{
	for (int half = 0; half < SGAN_DATA_HALVES; half++)
		for (const char *const *name = sgan_cifar10_batches[half]; *name; name++)
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
	length = snprintf(folder, PATH_MAX, "%s/%s", path, sgan_cifar10_folder);
	return length >= 0 && length < PATH_MAX && has_batches(folder);
}

static bool probe(const struct sgan_place *place)
{
	char folder[PATH_MAX];
	return folder_of(place->path, folder);
}

static sgan_status name_classes(const char *folder, struct sgan_found *found)
{
	char path[PATH_MAX];
	struct sgan_source *source;
	if (!sgan_folder_has(folder, sgan_cifar10_meta))
		return SGAN_OK;
	SGAN_TRY(sgan_folder_open(folder, sgan_cifar10_meta, path, &source));
	sgan_status status = sgan_cifar10_name(source, found);
	sgan_gunzip_close(source);
	return status;
}

static sgan_status add_batch(const char *folder, const char *name, size_t classes, struct sgan_found *found)
{
	struct sgan_source *source;
	struct sgan_bytes records;
	SGAN_TRY(sgan_folder_open(folder, name, found->file, &source));
	sgan_status status = sgan_cifar10_take(source, SGAN_CIFAR10_COUNT - found->split.count, &records);
	sgan_gunzip_close(source);
	SGAN_TRY(status);
	status = sgan_cifar10_add(found->file, &records, classes, found);
	free(records.data);
	return status;
}

static sgan_status add_batches(const char *folder, const char *const *names, size_t classes, struct sgan_found *found)
{
	size_t size = 0;
	SGAN_TRY(name_classes(folder, found));
	for (size_t i = 0; names[i]; i++) {
		const size_t before = found->split.count;
		SGAN_TRY(add_batch(folder, names[i], classes, found));
		const size_t added = found->split.count - before;
		size = i == 0 ? added : size;
		SGAN_TRY(sgan_cifar10_same_size(found->file, added, names[0], size));
	}
	return SGAN_OK;
}

static sgan_status read_half(const struct sgan_place *place, enum sgan_data_half half, size_t classes,
                             struct sgan_found *found)
{
	char folder[PATH_MAX];
	if (!folder_of(place->path, folder))
		return sgan_fail(SGAN_EIO, "%s: its files have gone", place->path);
	sgan_status status = add_batches(folder, sgan_cifar10_batches[half], classes, found);
	if (status != SGAN_OK)
		sgan_found_free(found);
	return status;
}

const struct sgan_data_format sgan_data_cifar10 = {
	.name = "cifar10",
	.looked_for = "CIFAR-10's binary batches (data_batch_1.bin and so on, in it or in its cifar-10-batches-bin)",
	.probe = probe,
	.read = read_half,
};

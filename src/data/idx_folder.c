/* The format "idx": a folder with four IDX files, images and labels of each half, under the names of a table.
 * It must not know what an IDX file looks like. */
#include <stdlib.h>

#include "src/cpu/status.h"
#include "src/data/folder.h"
#include "src/data/format.h"
#include "src/data/idx.h"

/* The names of one half's files. */
struct names {
	const char *images, *labels;
};

/* What those who publish such files call them; a folder goes by the first row of which it has a file. */
static const struct names known[][SGAN_DATA_HALVES] = {
	{ { "train-images-idx3-ubyte", "train-labels-idx1-ubyte" },
	  { "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte" } },
	{ { "train-images.idx3-ubyte", "train-labels.idx1-ubyte" },
	  { "t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte" } },
};

static const struct names *names_in(const char *folder)
{
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		for (int half = 0; half < SGAN_DATA_HALVES; half++)
			if (sgan_folder_has(folder, known[i][half].images) || sgan_folder_has(folder, known[i][half].labels))
				return known[i];
	return NULL;
}

static bool probe(const char *path)
{
	return names_in(path) != NULL;
}

static sgan_status read_images(const char *folder, const char *name, struct sgan_idx *images, struct sgan_found *found)
{
	struct sgan_source *source;
	SGAN_TRY(sgan_folder_open(folder, name, found->file, &source));
	sgan_status status = sgan_idx_read_images(source, images);
	sgan_gunzip_close(source);
	return status;
}

static sgan_status read_labels(const char *folder, const struct names *names, size_t classes, size_t images,
                               struct sgan_idx *labels)
{
	char path[PATH_MAX];
	struct sgan_source *source;
	SGAN_TRY(sgan_folder_open(folder, names->labels, path, &source));
	sgan_status status = sgan_idx_read_labels(source, classes, labels);
	sgan_gunzip_close(source);
	if (status != SGAN_OK || labels->count == images)
		return status;
	free(labels->labels);
	return sgan_fail(SGAN_EFORMAT, "%s: %zu labels, but %s has %zu images", path, labels->count, names->images, images);
}

static sgan_status read_half(const char *path, enum sgan_data_half half, size_t classes, struct sgan_found *found)
{
	const struct names *names = names_in(path);
	struct sgan_idx images, labels;
	if (!names)
		return sgan_fail(SGAN_EIO, "%s: its files have gone", path);
	names += half;
	SGAN_TRY(read_images(path, names->images, &images, found));
	sgan_status status = read_labels(path, names, classes, images.count, &labels);
	if (status != SGAN_OK) {
		free(images.images);
		return status;
	}
	found->split = (struct sgan_split){ images.count, images.images, labels.labels };
	found->height = images.height;
	found->width = images.width;
	found->channels = 1;
	found->classes = labels.classes;
	return SGAN_OK;
}

const struct sgan_data_format sgan_data_idx = {
	.name = "idx",
	.looked_for = "MNIST's four IDX files (train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, "
				  "t10k-labels-idx1-ubyte, or with a dot before idx)",
	.probe = probe,
	.read = read_half,
};

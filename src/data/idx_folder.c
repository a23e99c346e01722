/* The format "idx": a folder with four IDX files a set, images and labels of each half, under the names of a table; or,
 * without labels, with the two of images.
 * It must not know what an IDX file looks like. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cpu/status.h"
#include "src/data/classes.h"
#include "src/data/folder.h"
#include "src/data/format.h"
#include "src/data/idx.h"

struct names {
	const char *set; /* what it is chosen by */
	struct {
		const char *images, *labels;
	} files[SGAN_DATA_HALVES];
	bool shared;     /* several sets have these names: the folder says which it is */
	bool transposed; /* images lie with their columns as rows */
	uint32_t first;  /* the number of the first class */
};

#define MNIST(separator)                                                                                               \
	{                                                                                                                  \
		.set = "mnist", .shared = true, .files = {                                                                     \
			{ "train-images" separator "idx3-ubyte", "train-labels" separator "idx1-ubyte" },                          \
			{ "t10k-images" separator "idx3-ubyte", "t10k-labels" separator "idx1-ubyte" }                             \
		}                                                                                                              \
	}
#define EMNIST(name, first_class)                                                                                      \
	{                                                                                                                  \
		.set = "emnist-" name, .transposed = true, .first = first_class, .files = {                                    \
			{ "emnist-" name "-train-images-idx3-ubyte", "emnist-" name "-train-labels-idx1-ubyte" },                  \
			{ "emnist-" name "-test-images-idx3-ubyte", "emnist-" name "-test-labels-idx1-ubyte" }                     \
		}                                                                                                              \
	}

/* What those who publish such files call them; of a set's rows, a folder goes by the first of which it has a file. */
static const struct names known[] = {
	MNIST("-"), /* Fashion-MNIST's and KMNIST's too */
	MNIST("."),
	EMNIST("letters", 1),
	EMNIST("balanced", 0),
	EMNIST("digits", 0),
	EMNIST("byclass", 0),
	EMNIST("bymerge", 0),
	EMNIST("mnist", 0),
	{ .set = "qmnist",
	  .files = { { "qmnist-train-images-idx3-ubyte", "qmnist-train-labels-idx2-int" },
	             { "qmnist-test-images-idx3-ubyte", "qmnist-test-labels-idx2-int" } } },
};

enum { KNOWN = sizeof known / sizeof *known };

static bool has_files(const char *folder, const struct names *names)
{
	for (int half = 0; half < SGAN_DATA_HALVES; half++)
		if (sgan_folder_has(folder, names->files[half].images) || sgan_folder_has(folder, names->files[half].labels))
			return true;
	return false;
}

static bool has_labels(const char *folder, const struct names *names)
{
	for (int half = 0; half < SGAN_DATA_HALVES; half++)
		if (sgan_folder_has(folder, names->files[half].labels))
			return true;
	return false;
}

static bool probe(const struct sgan_place *place)
{
	for (size_t i = 0; i < KNOWN; i++)
		if (has_files(place->path, &known[i]))
			return true;
	return false;
}

/* The sets of a folder, "emnist-letters, emnist-digits", and the first rows of the first of them and of the one that is
 * asked for; NULL: there is none. Returns how many there are. */
static size_t list_sets(const struct sgan_place *place, char *list, size_t size, const struct names **first,
                        const struct names **asked)
{
	size_t sets = 0, length = 0;
	const struct names *last = NULL;
	*first = *asked = NULL;
	for (size_t i = 0; i < KNOWN; i++) {
		if ((last && strcmp(last->set, known[i].set) == 0) || !has_files(place->path, &known[i]))
			continue;
		last = &known[i];
		*first = *first ? *first : last;
		*asked = strcmp(last->set, place->set) == 0 ? last : *asked;
		length += (size_t)snprintf(list + length, size - length, "%s%s", sets ? ", " : "", last->set);
		sets++;
	}
	return sets;
}

static sgan_status choose(const struct sgan_place *place, const struct names **names)
{
	char list[256]; /* of all sets there is room for */
	const struct names *first, *asked;
	size_t sets = list_sets(place, list, sizeof list, &first, &asked);
	if (sets == 0)
		return sgan_fail(SGAN_EIO, "%s: its files have gone", place->path);
	if (place->set[0] && !asked)
		return sgan_fail(SGAN_EINVAL, "%s: no set '%s' there: %s", place->path, place->set, list);
	if (!place->set[0] && sets > 1)
		return sgan_fail(SGAN_EINVAL, "%s: several sets are there (%s): choose one, as in --data %s:%s", place->path,
		                 list, place->path, first->set);
	*names = asked ? asked : first;
	return SGAN_OK;
}

static sgan_status read_labels(const char *folder, const char *name, struct sgan_numbering numbering,
                               const char *images_name, size_t images, struct sgan_idx *labels)
{
	char path[PATH_MAX];
	struct sgan_source *source;
	SGAN_TRY(sgan_folder_open(folder, name, path, &source));
	sgan_status status = sgan_idx_read_labels(source, numbering, labels);
	sgan_gunzip_close(source);
	if (status != SGAN_OK || labels->count == images)
		return status;
	free(labels->labels);
	return sgan_fail(SGAN_EFORMAT, "%s: %zu labels, but %s has %zu images", path, labels->count, images_name, images);
}

/* Columns become rows. */
static sgan_status transpose(const char *name, struct sgan_idx *images)
{
	const size_t height = images->width, width = images->height, size = height * width;
	uint8_t *image = malloc(size);
	if (!image)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory to transpose its images", name);
	for (size_t i = 0; i < images->count; i++) {
		uint8_t *stored = images->images + i * size; /* [width, height] */
		memcpy(image, stored, size);
		for (size_t y = 0; y < height; y++)
			for (size_t x = 0; x < width; x++)
				stored[y * width + x] = image[x * height + y];
	}
	free(image);
	images->height = height;
	images->width = width;
	return SGAN_OK;
}

/* The classes of a set that its files' names tell. */
static sgan_status tell_classes(const struct names *names, struct sgan_found *found)
{
	if (names->shared)
		return SGAN_OK;
	snprintf(found->name, sizeof found->name, "%s", names->set);
	if (found->no_labels)
		return SGAN_OK;
	return sgan_classes_listed(sgan_class_names(names->set), ",", names->first, &found->named, &found->classes);
}

/* How many classes a folder's set has by the folder's name, where that tells; 0: it does not. A set whose files have
 * names of their own may have been stored under others, with other numbers for its classes. */
static size_t classes_by_name(const char *folder)
{
	const char *name = strrchr(folder, '/') + 1; /* absolute paths have a slash */
	for (size_t i = 0; i < KNOWN; i++)
		if (!known[i].shared && strcmp(known[i].set, name) == 0)
			return 0;
	return sgan_class_count(name);
}

/* What the numbers of labels may be, as far as the files, the folder's name or the caller tell. */
static struct sgan_numbering numbering_of(const char *folder, const struct names *names, size_t classes,
                                          const struct sgan_found *found)
{
	const size_t by_name = names->shared ? classes_by_name(folder) : 0;
	if (by_name > 0 && (classes == 0 || by_name < classes))
		classes = by_name;
	return (struct sgan_numbering){ names->first, found->named ? found->classes : classes };
}

/* The labels of the images that were found. */
static sgan_status take_labels(const char *folder, const struct names *names, enum sgan_data_half half, size_t classes,
                               struct sgan_found *found)
{
	struct sgan_idx labels;
	SGAN_TRY(read_labels(folder, names->files[half].labels, numbering_of(folder, names, classes, found),
	                     names->files[half].images, found->split.count, &labels));
	found->split.labels = labels.labels;
	found->classes = found->named ? found->classes : labels.classes;
	return SGAN_OK;
}

/* What is small is read first: a few bytes of gzip can stand for gigabytes of images, of which the labels tell how many there
 * are. */
static sgan_status read_in_order(struct sgan_source *source, const char *folder, const struct names *names,
                                 enum sgan_data_half half, size_t classes, struct sgan_found *found)
{
	struct sgan_idx images;
	SGAN_TRY(sgan_idx_read_shape(source, &images));
	found->split.count = images.count;
	if (!found->no_labels)
		SGAN_TRY(take_labels(folder, names, half, classes, found));
	SGAN_TRY(sgan_idx_read_pixels(source, &images));
	found->split.images = images.images;
	if (names->transposed)
		SGAN_TRY(transpose(found->file, &images));
	found->height = images.height;
	found->width = images.width;
	found->channels = 1;
	return SGAN_OK;
}

static sgan_status read_set(const char *folder, const struct names *names, enum sgan_data_half half, size_t classes,
                            struct sgan_found *found)
{
	struct sgan_source *source;
	if (!has_labels(folder, names))
		found->no_labels = names->files[SGAN_DATA_TRAIN].labels;
	SGAN_TRY(tell_classes(names, found));
	SGAN_TRY(sgan_folder_open(folder, names->files[half].images, found->file, &source));
	const sgan_status status = read_in_order(source, folder, names, half, classes, found);
	sgan_gunzip_close(source);
	return status;
}

static sgan_status read_half(const struct sgan_place *place, enum sgan_data_half half, size_t classes,
                             struct sgan_found *found)
{
	const struct names *names;
	SGAN_TRY(choose(place, &names));
	sgan_status status = read_set(place->path, names, half, classes, found);
	if (status != SGAN_OK)
		sgan_found_free(found);
	return status;
}

const struct sgan_data_format sgan_data_idx = {
	.name = "idx",
	.looked_for = "IDX files (train-images-idx3-ubyte and so on)",
	.sets = true,
	.probe = probe,
	.read = read_half,
};

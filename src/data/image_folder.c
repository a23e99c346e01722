/* The format "images": PNG and JPEG images in a folder a class, train/CLASS and test/CLASS or, where there are not both,
 * CLASS alone. Then every tenth image of a class, in the order of their names' bytes, is a test image. Where no folder
 * has images that could be of a class, those of train and test, or of the folder itself, are images without labels.
 * It must not know how images are decoded. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "src/cpu/status.h"
#include "src/data/format.h"
#include "src/data/listing.h"
#include "src/data/picture.h"

enum { TEST_SHARE = 10 };

static const char *const half_names[SGAN_DATA_HALVES] = { [SGAN_DATA_TRAIN] = "train", [SGAN_DATA_TEST] = "test" };

struct reader {
	const char *root;
	enum sgan_data_half half;
	bool divided; /* into train and test */
	struct sgan_listing classes;
	struct sgan_found *found;
	size_t room; /* images that found has memory for */
};

static bool is_folder(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_image(const char *path)
{
	static const char *const ends[] = { ".png", ".jpg", ".jpeg" };
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		const size_t length = strlen(path), tail = strlen(ends[i]);
		if (length > tail && strcasecmp(path + length - tail, ends[i]) == 0)
			return true;
	}
	return false;
}

static sgan_status join(char path[PATH_MAX], const char *folder, const char *name)
{
	int length = snprintf(path, PATH_MAX, "%s/%s", folder, name);
	if (length < 0 || length >= PATH_MAX)
		return sgan_fail(SGAN_EINVAL, "%.60s.../%.60s: the path is too long", folder, name);
	return SGAN_OK;
}

static bool is_divided(const char *root)
{
	char path[PATH_MAX];
	for (int half = 0; half < SGAN_DATA_HALVES; half++)
		if (join(path, root, half_names[half]) != SGAN_OK || !is_folder(path))
			return false;
	return true;
}

/* The folder that has a half's classes. */
static sgan_status half_folder(const struct reader *reader, enum sgan_data_half half, char path[PATH_MAX])
{
	if (reader->divided)
		return join(path, reader->root, half_names[half]);
	int length = snprintf(path, PATH_MAX, "%s", reader->root);
	return length >= 0 && length < PATH_MAX ? SGAN_OK : sgan_fail(SGAN_EINVAL, "the path is too long");
}

static bool has_images(const char *folder)
{
	struct sgan_listing images;
	if (sgan_listing_read(folder, is_image, &images) != SGAN_OK)
		return false;
	const bool found = images.count > 0;
	sgan_listing_free(&images);
	return found;
}

/* Whether one of the folders in a folder has images. */
static bool has_classes(const char *folder)
{
	struct sgan_listing classes;
	bool found = false;
	if (sgan_listing_read(folder, is_folder, &classes) != SGAN_OK)
		return false;
	for (size_t i = 0; i < classes.count && !found; i++) {
		char path[PATH_MAX];
		found = join(path, folder, classes.names[i]) == SGAN_OK && has_images(path);
	}
	sgan_listing_free(&classes);
	return found;
}

/* Whether there is something in one of the folders that have a dataset's images or classes: train and test, or root. */
static bool has_any(const char *root, bool (*has)(const char *folder))
{
	char path[PATH_MAX];
	if (!is_divided(root))
		return has(root);
	for (int half = 0; half < SGAN_DATA_HALVES; half++)
		if (join(path, root, half_names[half]) == SGAN_OK && has(path))
			return true;
	return false;
}

static bool probe(const struct sgan_place *place)
{
	return has_any(place->path, has_classes) || has_any(place->path, has_images);
}

/* Classes are the training half's folders. */
static sgan_status name_classes(struct reader *reader)
{
	char folder[PATH_MAX];
	struct sgan_found *found = reader->found;
	SGAN_TRY(half_folder(reader, SGAN_DATA_TRAIN, folder));
	SGAN_TRY(sgan_listing_read(folder, is_folder, &reader->classes));
	const size_t count = reader->classes.count;
	if (count < 1 || count > SGAN_DATA_CLASSES)
		return sgan_fail(SGAN_EFORMAT, "%s: %zu folders of classes, 1 to %d expected", folder, count,
		                 SGAN_DATA_CLASSES);
	found->named = calloc(count, sizeof *found->named);
	if (!found->named)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory for %zu classes", folder, count);
	found->classes = count;
	for (size_t i = 0; i < count; i++) { /* no file's name is longer */
		snprintf(found->named[i].name, sizeof found->named[i].name, "%s", reader->classes.names[i]);
		found->named[i].number = (uint32_t)i;
	}
	return SGAN_OK;
}

/* The first image says what all are like. */
static sgan_status check_like(struct sgan_found *found, const char *path, const struct sgan_picture *picture)
{
	if (found->split.count == 0) {
		found->height = picture->height;
		found->width = picture->width;
		found->channels = picture->channels;
		snprintf(found->file, sizeof found->file, "%s", path);
	}
	if (picture->height == found->height && picture->width == found->width && picture->channels == found->channels)
		return SGAN_OK;
	return sgan_fail(SGAN_EFORMAT, "%s: an image of %zux%zux%zu, but %s has %zux%zux%zu", path, picture->height,
	                 picture->width, picture->channels, found->file, found->height, found->width, found->channels);
}

static sgan_status add_picture(struct reader *reader, const struct sgan_picture *picture, uint32_t label)
{
	struct sgan_found *found = reader->found;
	struct sgan_split *split = &found->split;
	const size_t size = found->height * found->width * found->channels;
	if (split->count == reader->room) {
		const size_t most = SGAN_DATA_BYTES / size < SGAN_DATA_COUNT ? SGAN_DATA_BYTES / size : SGAN_DATA_COUNT;
		size_t room = reader->room ? 2 * reader->room : 64;
		if (room > most && reader->room < most)
			room = most;
		SGAN_TRY(sgan_found_room(found, room));
		reader->room = room;
	}
	memcpy(split->images + split->count * size, picture->pixels, size);
	if (split->labels)
		split->labels[split->count] = label;
	split->count++;
	return SGAN_OK;
}

static sgan_status add_file(struct reader *reader, const char *path, uint32_t label)
{
	struct sgan_picture picture;
	SGAN_TRY(sgan_picture_read(path, &picture));
	sgan_status status = check_like(reader->found, path, &picture);
	if (status == SGAN_OK)
		status = add_picture(reader, &picture, label);
	free(picture.pixels);
	return status;
}

static bool is_of_half(const struct reader *reader, size_t i)
{
	const bool test = i % TEST_SHARE == TEST_SHARE - 1;
	return reader->divided || test == (reader->half == SGAN_DATA_TEST);
}

static sgan_status add_images(struct reader *reader, const char *folder, const struct sgan_listing *images,
                              uint32_t label)
{
	char path[PATH_MAX];
	if (images->count == 0)
		return sgan_fail(SGAN_EFORMAT, "%s: no PNG or JPEG image in it", folder);
	for (size_t i = 0; i < images->count; i++)
		if (is_of_half(reader, i)) {
			SGAN_TRY(join(path, folder, images->names[i]));
			SGAN_TRY(add_file(reader, path, label));
		}
	return SGAN_OK;
}

static sgan_status add_class(struct reader *reader, const char *half, const char *name)
{
	char folder[PATH_MAX];
	struct sgan_listing images;
	const size_t label = sgan_listing_find(&reader->classes, name);
	SGAN_TRY(join(folder, half, name));
	if (label == reader->classes.count)
		return sgan_fail(SGAN_EFORMAT, "%s: a class that %s/%s does not have", folder, reader->root,
		                 half_names[SGAN_DATA_TRAIN]);
	SGAN_TRY(sgan_listing_read(folder, is_image, &images));
	sgan_status status = add_images(reader, folder, &images, (uint32_t)label);
	sgan_listing_free(&images);
	return status;
}

static sgan_status add_classes(struct reader *reader, const char *folder)
{
	struct sgan_listing classes;
	SGAN_TRY(sgan_listing_read(folder, is_folder, &classes));
	sgan_status status = SGAN_OK;
	for (size_t i = 0; i < classes.count && status == SGAN_OK; i++)
		status = add_class(reader, folder, classes.names[i]);
	sgan_listing_free(&classes);
	return status;
}

/* A folder's images themselves, which are of no class. */
static sgan_status add_unlabelled(struct reader *reader, const char *folder)
{
	struct sgan_listing images;
	SGAN_TRY(sgan_listing_read(folder, is_image, &images));
	sgan_status status = add_images(reader, folder, &images, 0);
	sgan_listing_free(&images);
	return status;
}

static sgan_status read_images(struct reader *reader)
{
	char folder[PATH_MAX];
	SGAN_TRY(half_folder(reader, reader->half, folder));
	SGAN_TRY(reader->found->no_labels ? add_unlabelled(reader, folder) : add_classes(reader, folder));
	if (reader->found->split.count > 0)
		return SGAN_OK;
	return sgan_fail(SGAN_EFORMAT, "%s: no %s images%s", folder, half_names[reader->half],
	                 reader->divided            ? ""
	                 : reader->found->no_labels ? ": every tenth image is one, and there are not ten"
	                                            : ": every tenth image of a class is one, and no class has ten");
}

static sgan_status read_half(const struct sgan_place *place, enum sgan_data_half half, size_t classes,
                             struct sgan_found *found)
{
	(void)classes; /* there are as many as folders */
	struct reader reader = { .root = place->path, .half = half, .divided = is_divided(place->path), .found = found };
	found->no_labels = has_any(place->path, has_classes) ? NULL : "a folder for each class";
	sgan_status status = found->no_labels ? SGAN_OK : name_classes(&reader);
	if (status == SGAN_OK)
		status = read_images(&reader);
	sgan_listing_free(&reader.classes);
	if (status != SGAN_OK)
		sgan_found_free(found);
	return status;
}

const struct sgan_data_format sgan_data_images = {
	.name = "images",
	.looked_for = "PNG or JPEG images in train/CLASS and test/CLASS, or in CLASS, or without classes",
	.probe = probe,
	.read = read_half,
};

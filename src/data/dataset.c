/* Opens a dataset: finds its format and has both halves read at the same time.
 * It must not know what files it is made of, nor what is trained on it. */
#include "src/data/dataset.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "src/cpu/status.h"
#include "src/data/classes.h"
#include "src/data/format.h"

enum { MESSAGE = 2048 };

/* One half of the dataset, read by one thread. Last errors belong to threads, so the message is carried along. */
struct half {
	const struct sgan_data_format *format;
	const struct sgan_place *place;
	enum sgan_data_half which;
	size_t classes;
	struct sgan_found found;
	sgan_status status;
	char message[MESSAGE];
};

static void *read_half(void *arg)
{
	struct half *half = arg;
	half->status = half->format->read(half->place, half->which, half->classes, &half->found);
	if (half->status != SGAN_OK)
		snprintf(half->message, sizeof half->message, "%s", sgan_last_error());
	return NULL;
}

/* The thread takes no signals: those are for the caller's handlers, in the caller's thread. */
static bool start_thread(pthread_t *thread, struct half *half)
{
	sigset_t all, before;
	sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
		return false;
	bool started = pthread_create(thread, NULL, read_half, half) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

static sgan_status check_halves(const struct sgan_found *train, const struct sgan_found *test)
{
	if (!train->no_labels != !test->no_labels) /* files came or went */
		return sgan_fail(SGAN_EIO, "%s: one half has labels, the other none", test->file);
	if (train->height == test->height && train->width == test->width && train->channels == test->channels)
		return SGAN_OK;
	return sgan_fail(SGAN_EFORMAT, "%s: images of %zux%zux%zu, but %s has %zux%zux%zu", test->file, test->height,
	                 test->width, test->channels, train->file, train->height, train->width, train->channels);
}

/* Inflating is all there is to starting up, and the test half fits into the time of the training half. */
static sgan_status read_halves(struct half *train, struct half *test)
{
	pthread_t thread;
	bool started = start_thread(&thread, test);
	read_half(train);
	if (started)
		pthread_join(thread, NULL);
	else
		read_half(test);
	if (train->status != SGAN_OK)
		return sgan_fail(train->status, "%s", train->message);
	if (test->status != SGAN_OK)
		return sgan_fail(test->status, "%s", test->message);
	return check_halves(&train->found, &test->found);
}

/* What the classes are called: as the files say, or as those of a set of this name and as many classes, or by
 * numbers. */
static sgan_status name_classes(struct sgan_dataset *dataset, struct sgan_found *train)
{
	size_t count;
	const char *names = sgan_class_names(dataset->name);
	dataset->class_info = train->named;
	train->named = NULL;
	if (!dataset->class_info && names) {
		SGAN_TRY(sgan_classes_listed(names, ",", 0, &dataset->class_info, &count));
		if (count == dataset->classes)
			return SGAN_OK;
		free(dataset->class_info);
		dataset->class_info = NULL;
	}
	return dataset->class_info ? SGAN_OK : sgan_classes_numbered(dataset->classes, &dataset->class_info);
}

static sgan_status take(struct sgan_dataset *dataset, struct half halves[SGAN_DATA_HALVES])
{
	struct sgan_found *train = &halves[SGAN_DATA_TRAIN].found, *test = &halves[SGAN_DATA_TEST].found;
	dataset->height = train->height;
	dataset->width = train->width;
	dataset->channels = train->channels;
	if (train->name[0])
		memcpy(dataset->name, train->name, sizeof dataset->name);
	if (train->named)
		dataset->classes = train->classes;
	else if (dataset->classes == 0)
		dataset->classes = train->classes > test->classes ? train->classes : test->classes;
	dataset->no_labels = train->no_labels;
	if (dataset->no_labels)
		dataset->classes = 0;
	else
		SGAN_TRY(name_classes(dataset, train));
	dataset->train = train->split;
	dataset->test = test->split;
	train->split = test->split = (struct sgan_split){ .count = 0 };
	return SGAN_OK;
}

static void free_split(struct sgan_split *split)
{
	free(split->images);
	free(split->labels);
	*split = (struct sgan_split){ .count = 0 };
}

/* dataset has the number of classes that is expected, or 0. */
static sgan_status read_dataset(struct sgan_dataset *dataset, const struct sgan_data_format *format,
                                const struct sgan_place *place)
{
	struct half *halves = calloc(SGAN_DATA_HALVES, sizeof *halves);
	if (!halves)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory to read it", dataset->path);
	for (int i = 0; i < SGAN_DATA_HALVES; i++) {
		halves[i].format = format;
		halves[i].place = place;
		halves[i].which = (enum sgan_data_half)i;
		halves[i].classes = dataset->classes;
	}
	sgan_status status = read_halves(&halves[SGAN_DATA_TRAIN], &halves[SGAN_DATA_TEST]);
	if (status == SGAN_OK)
		status = take(dataset, halves);
	for (int i = 0; i < SGAN_DATA_HALVES; i++)
		sgan_found_free(&halves[i].found);
	free(halves);
	return status;
}

/* A folder's own name, for the names of runs. */
static void name_of(const char *path, char *name, size_t size)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	const char *base = strrchr(path, '/') + 1; /* absolute paths have a slash */
	size_t i;
	for (i = 0; base[i] != '\0' && i < size - 1; i++)
		name[i] = strchr(plain, base[i]) ? base[i] : '-';
	name[i] = '\0';
	if (i == 0)
		snprintf(name, size, "data");
}

/* A file that no format accepts is told as such; so is one that has gone since it was found. */
static sgan_status find_format(const struct sgan_place *place, const struct sgan_data_format **format)
{
	struct stat st;
	sgan_status status = sgan_data_format_of(place, format);
	if (status == SGAN_OK && place->set[0] && !(*format)->sets)
		return sgan_fail(SGAN_EINVAL, "%s: there is one set, none that is called '%s'", place->path, place->set);
	if (status == SGAN_OK)
		return SGAN_OK;
	if (stat(place->path, &st) != 0)
		return sgan_fail(SGAN_EIO, "%s: cannot open the dataset: %s", place->path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return sgan_fail(SGAN_EIO, "%s: not a folder, nor an archive (.tar.gz): %s", place->path, sgan_data_how_to);
	return status;
}

/* What opens the same again. */
static sgan_status spell(const struct sgan_place *place, char *path, size_t size)
{
	int length = snprintf(path, size, "%s%s%s", place->path, place->set[0] ? ":" : "", place->set);
	if (length < 0 || (size_t)length >= size)
		return sgan_fail(SGAN_EINVAL, "%.60s...: the path is longer than %zu bytes", place->path, size - 1);
	return SGAN_OK;
}

sgan_status sgan_dataset_open_from(const char *root, const char *spec, size_t classes, struct sgan_dataset *dataset)
{
	struct sgan_dataset opened = { .classes = classes };
	const struct sgan_data_format *format;
	struct sgan_place place;
	SGAN_TRY(sgan_data_locate(root, spec, &place));
	SGAN_TRY(spell(&place, opened.path, sizeof opened.path));
	name_of(place.path, opened.name, sizeof opened.name);
	SGAN_TRY(find_format(&place, &format));
	opened.format = format->name;
	SGAN_TRY(read_dataset(&opened, format, &place));
	*dataset = opened;
	return SGAN_OK;
}

sgan_status sgan_dataset_open(const char *spec, size_t classes, struct sgan_dataset *dataset)
{
	return sgan_dataset_open_from(NULL, spec, classes, dataset);
}

void sgan_dataset_free(struct sgan_dataset *dataset)
{
	free_split(&dataset->train);
	free_split(&dataset->test);
	free(dataset->class_info);
	*dataset = (struct sgan_dataset){ .channels = 0 };
}

/* Finds a dataset's folder and reads its four files, the training and the test half at the same time.
 * It must not know what is trained on it. */
#include "src/data/dataset.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/cpu/status.h"
#include "src/data/gunzip.h"
#include "src/data/idx.h"

enum { CLASSES = 10, MESSAGE = 2048 };

static const char default_root[] = "/usr/share/datasets";
static const char *const known_names[] = { "fashion-mnist", "mnist" };

/* One half of the dataset, read by one thread. Last errors belong to threads, so the message is carried along. */
struct half {
	const char *folder;
	const char *images_name, *labels_name;
	struct sgan_idx images, labels;
	char images_path[PATH_MAX];
	sgan_status status;
	char message[MESSAGE];
};

static bool exists(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 || errno != ENOENT;
}

/* path = folder/name, or folder/name.gz if only that is there. */
static sgan_status find_file(const char *folder, const char *name, char path[PATH_MAX])
{
	int length = snprintf(path, PATH_MAX, "%s/%s.gz", folder, name);
	if (length < 0 || length >= PATH_MAX)
		return sgan_fail(SGAN_EINVAL, "%.60s.../%s.gz: the path is longer than %d bytes", folder, name, PATH_MAX - 1);
	bool compressed = exists(path);
	path[length - 3] = '\0';
	if (exists(path))
		return SGAN_OK;
	if (!compressed)
		return sgan_fail(SGAN_EIO, "%s: missing, and so is %s.gz", path, name);
	strcat(path, ".gz");
	return SGAN_OK;
}

static sgan_status read_images(struct half *half)
{
	struct sgan_source *source;
	SGAN_TRY(find_file(half->folder, half->images_name, half->images_path));
	SGAN_TRY(sgan_gunzip_open(half->images_path, &source));
	sgan_status status = sgan_idx_read_images(source, &half->images);
	sgan_gunzip_close(source);
	return status;
}

static sgan_status read_labels(struct half *half)
{
	char path[PATH_MAX];
	struct sgan_source *source;
	SGAN_TRY(find_file(half->folder, half->labels_name, path));
	SGAN_TRY(sgan_gunzip_open(path, &source));
	sgan_status status = sgan_idx_read_labels(source, CLASSES, &half->labels);
	sgan_gunzip_close(source);
	if (status == SGAN_OK && half->labels.count != half->images.count)
		return sgan_fail(SGAN_EFORMAT, "%s: %zu labels, but %s has %zu images", path, half->labels.count,
		                 half->images_name, half->images.count);
	return status;
}

static void *read_half(void *arg)
{
	struct half *half = arg;
	half->status = read_images(half);
	if (half->status == SGAN_OK)
		half->status = read_labels(half);
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
	if (train->images.height != test->images.height || train->images.width != test->images.width)
		return sgan_fail(SGAN_EFORMAT, "%s: images of %zux%zu, but %s has %zux%zu", test->images_path,
		                 test->images.height, test->images.width, train->images_name, train->images.height,
		                 train->images.width);
	return SGAN_OK;
}

static void free_half(struct half *half)
{
	free(half->images.bytes);
	free(half->labels.labels);
	free(half);
}

static struct sgan_split split_of(struct half *half)
{
	struct sgan_split split = { half->images.count, half->images.bytes, half->labels.labels };
	half->images.bytes = NULL;
	half->labels.labels = NULL;
	return split;
}

static sgan_status read_folder(struct sgan_dataset *dataset)
{
	struct half *train = calloc(1, sizeof *train), *test = calloc(1, sizeof *test);
	if (!train || !test) {
		free(train);
		free(test);
		return sgan_fail(SGAN_ENOMEM, "%s: no memory to read it", dataset->path);
	}
	train->folder = test->folder = dataset->path;
	train->images_name = "train-images-idx3-ubyte";
	train->labels_name = "train-labels-idx1-ubyte";
	test->images_name = "t10k-images-idx3-ubyte";
	test->labels_name = "t10k-labels-idx1-ubyte";
	sgan_status status = read_halves(train, test);
	if (status == SGAN_OK) {
		dataset->height = train->images.height;
		dataset->width = train->images.width;
		dataset->channels = 1;
		dataset->classes = CLASSES;
		dataset->train = split_of(train);
		dataset->test = split_of(test);
	}
	free_half(train);
	free_half(test);
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

static bool is_known(const char *spec)
{
	for (size_t i = 0; i < sizeof known_names / sizeof *known_names; i++)
		if (strcmp(spec, known_names[i]) == 0)
			return true;
	return false;
}

static const char how_to[] = "give a folder with MNIST's four IDX files (--data DIR)";
static const char how_to_fashion[] = "install Debian's package dataset-fashion-mnist (./bootstrap does), or "
									 "give a folder with MNIST's four IDX files (--data DIR)";

static sgan_status resolve_known(const char *root, const char *name, char path[PATH_MAX])
{
	char folder[PATH_MAX];
	const char *advice = strcmp(name, "fashion-mnist") == 0 ? how_to_fashion : how_to;
	int length = snprintf(folder, sizeof folder, "%s/%s", root, name);
	if (length < 0 || (size_t)length >= sizeof folder)
		return sgan_fail(SGAN_EINVAL, "dataset %s: the path of %.60s... is too long", name, root);
	if (!realpath(folder, path))
		return sgan_fail(SGAN_EIO, "%s: no %s there (%s): %s", folder, name, strerror(errno), advice);
	return SGAN_OK;
}

static sgan_status resolve_folder(const char *spec, char path[PATH_MAX])
{
	if (*spec == '\0')
		return sgan_fail(SGAN_EINVAL, "the dataset's name is empty: %s", how_to);
	if (realpath(spec, path))
		return SGAN_OK;
	if (errno == ENOENT && !strchr(spec, '/'))
		return sgan_fail(SGAN_EIO, "%s: neither a dataset's name (fashion-mnist, mnist) nor a folder: %s", spec,
		                 how_to);
	return sgan_fail(SGAN_EIO, "%s: cannot open the dataset: %s", spec, strerror(errno));
}

sgan_status sgan_dataset_open_from(const char *root, const char *spec, struct sgan_dataset *dataset)
{
	struct sgan_dataset opened = { .channels = 0 };
	char path[PATH_MAX];
	struct stat st;
	if (!spec)
		spec = known_names[0];
	SGAN_TRY(is_known(spec) ? resolve_known(root, spec, path) : resolve_folder(spec, path));
	if (stat(path, &st) != 0)
		return sgan_fail(SGAN_EIO, "%s: cannot open the dataset: %s", path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return sgan_fail(SGAN_EIO, "%s: not a folder: %s", path, how_to);
	size_t length = strlen(path);
	if (length >= sizeof opened.path)
		return sgan_fail(SGAN_EINVAL, "%.60s...: the path is longer than %zu bytes", path, sizeof opened.path - 1);
	memcpy(opened.path, path, length + 1);
	name_of(path, opened.name, sizeof opened.name);
	SGAN_TRY(read_folder(&opened));
	*dataset = opened;
	return SGAN_OK;
}

sgan_status sgan_dataset_open(const char *spec, struct sgan_dataset *dataset)
{
	return sgan_dataset_open_from(default_root, spec, dataset);
}

void sgan_dataset_free(struct sgan_dataset *dataset)
{
	free(dataset->train.images);
	free(dataset->train.labels);
	free(dataset->test.images);
	free(dataset->test.labels);
	*dataset = (struct sgan_dataset){ .channels = 0 };
}

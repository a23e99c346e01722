/* An image dataset in memory, with labels or without. */
#ifndef SGAN_DATA_DATASET_H
#define SGAN_DATA_DATASET_H

#include <sgan/sgan.h>

enum { SGAN_DATA_NAME = 64, SGAN_CLASS_NAME = 256 };

struct sgan_split {
	size_t count;
	uint8_t *images;  /* [count, height, width, channels] */
	uint32_t *labels; /* [count], each < classes; NULL in both halves of a dataset without labels */
};

struct sgan_class {
	char name[SGAN_CLASS_NAME]; /* where nothing says it, the label as a number; any bytes but NUL */
	uint32_t number;            /* what the file has for it: EMNIST's letters begin with 1, SVHN's 0 is 10 */
};

struct sgan_dataset {
	char name[SGAN_DATA_NAME]; /* "fashion-mnist", "emnist-letters", "mnist": the set's or the folder's own name in
	                               [A-Za-z0-9._-], for run directories */
	char path[4096];           /* where it was read from, absolute; to be opened again by it, ":SET" may follow */
	const char *format;        /* "idx", "cifar10", "svhn", "images": the row of the table of formats that read it */
	size_t height, width, channels;
	size_t classes;                /* 0: there are no labels */
	struct sgan_class *class_info; /* [classes]; NULL: there are no labels */
	const char *no_labels; /* NULL; where there are no labels, what would have them: "train-labels-idx1-ubyte" */
	struct sgan_split train, test;
};

/* Opens `spec`: a known name ("fashion-mnist", "mnist", looked for in /usr/share/datasets), or a folder or archive (one
 * of the current folder that has a known name is "./mnist"); "PATH:SET" is one of several sets there. NULL: the
 * default, Fashion-MNIST from Debian's package, else an error that says how to get data. classes: how many there are,
 * as far as the caller knows, so that a label outside is an error; 0: as many as the labels need. Where the files tell
 * how many classes there are, that is what dataset->classes says, and it may not be what the caller knows. Where the
 * set is known by its name (classes.c) or is CIFAR-10, a label that is none of its classes is an error as well. The
 * caller ends it with sgan_dataset_free.
 *
 * Formats (src/data/formats.c), of which the first that accepts the place reads it:
 * idx: four IDX files, grey images of any size, under MNIST's names (Fashion-MNIST and KMNIST have the same), EMNIST's
 * or QMNIST's (idx_folder.c has the table); a set is called as its files' names begin ("emnist-letters"; "mnist" where
 * they begin with nothing); both files of labels may be missing, then there are none;
 * cifar10: CIFAR-10's binary batches (data_batch_1.bin to data_batch_5.bin, test_batch.bin), in the folder, its
 * cifar-10-batches-bin, or cifar-10-binary.tar.gz, which is in the folder or is the path;
 * svhn: train_32x32.mat and test_32x32.mat, in builds with matio;
 * images: PNG and JPEG images in a folder a class: train/CLASS and test/CLASS, or CLASS alone, of which every tenth
 * image, by the bytes of names, is a test image; or, without labels, images themselves in train and test, or in the
 * folder alone.
 * Files of idx and cifar10 may be gzipped (.gz); of both, the one that is not is read.
 *
 * SGAN_EINVAL: the spec is empty or too long, there is no such set; SGAN_EIO: a file is missing or unreadable;
 * SGAN_EFORMAT: no format accepts the place, or a file's content is wrong, and the message names the file;
 * SGAN_EUNSUPPORTED: this build cannot read the format; SGAN_ENOMEM. */
sgan_status sgan_dataset_open(const char *spec, size_t classes, struct sgan_dataset *dataset);

/* The same with another folder in the place of /usr/share/datasets. */
sgan_status sgan_dataset_open_from(const char *root, const char *spec, size_t classes, struct sgan_dataset *dataset);

void sgan_dataset_free(struct sgan_dataset *dataset);

#endif

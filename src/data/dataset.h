/* A labelled image dataset in memory. */
#ifndef SGAN_DATA_DATASET_H
#define SGAN_DATA_DATASET_H

#include <sgan/sgan.h>

struct sgan_split {
	size_t count;
	uint8_t *images;  /* [count, height, width, channels] */
	uint32_t *labels; /* [count], each < classes */
};

struct sgan_dataset {
	char name[64];      /* "fashion-mnist", "mnist": the folder's own name in [A-Za-z0-9._-], for run directories */
	char path[4096];    /* where it was read from, absolute */
	const char *format; /* "idx", "cifar10": the row of the table of formats that read it */
	size_t height, width, channels, classes;
	struct sgan_split train, test;
};

/* Opens `spec`: a known name ("fashion-mnist", "mnist", looked for in /usr/share/datasets), or a folder (one of the
 * current folder that has a known name is "./mnist"). NULL: the default, Fashion-MNIST from Debian's package, else an
 * error that says how to get data. classes: how many there are, as far as the caller knows, so that a label outside is
 * an error; 0: as many as the labels need. The caller ends it with sgan_dataset_free.
 *
 * Formats (src/data/formats.c), of which the first that accepts the folder reads it:
 * idx: MNIST's four IDX files (train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte,
 * t10k-labels-idx1-ubyte, or with a dot before idx), grey images of any size;
 * cifar10: CIFAR-10's binary batches (data_batch_1.bin to data_batch_5.bin, test_batch.bin), in the folder or its
 * cifar-10-batches-bin.
 * Each file may be gzipped (.gz); of both, the one that is not is read.
 *
 * SGAN_EINVAL: the spec is empty or too long; SGAN_EIO: a file is missing or unreadable; SGAN_EFORMAT: no format
 * accepts the folder, or a file's content is wrong, and the message names the file; SGAN_ENOMEM. */
sgan_status sgan_dataset_open(const char *spec, size_t classes, struct sgan_dataset *dataset);

/* The same with another folder in the place of /usr/share/datasets. */
sgan_status sgan_dataset_open_from(const char *root, const char *spec, size_t classes, struct sgan_dataset *dataset);

void sgan_dataset_free(struct sgan_dataset *dataset);

#endif

/* A labelled image dataset in memory. */
#ifndef SGAN_DATA_DATASET_H
#define SGAN_DATA_DATASET_H

#include <sgan/sgan.h>

struct sgan_split {
	size_t count;
	uint8_t *images; /* [count, height, width, channels] */
	uint32_t *labels; /* [count], each < classes */
};

struct sgan_dataset {
	char name[64];   /* "fashion-mnist", "mnist": the folder's own name in [A-Za-z0-9._-], for run directories */
	char path[4096]; /* the folder it was read from, absolute */
	size_t height, width, channels, classes;
	struct sgan_split train, test;
};

/* Opens `spec`: a known name ("fashion-mnist", "mnist", looked for in /usr/share/datasets), or a folder (one of the
 * current folder that has a known name is "./mnist"). NULL: the default, Fashion-MNIST from Debian's package, else an
 * error that says how to get data.
 * A folder holds MNIST's four IDX files (train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte,
 * t10k-labels-idx1-ubyte), each gzipped (.gz) or not; of both, the one that is not. The caller ends it with
 * sgan_dataset_free.
 * SGAN_EINVAL: the spec is empty or too long; SGAN_EIO: a file is missing or unreadable; SGAN_EFORMAT: its content is
 * wrong. */
sgan_status sgan_dataset_open(const char *spec, struct sgan_dataset *dataset);

/* The same with another folder in the place of /usr/share/datasets. */
sgan_status sgan_dataset_open_from(const char *root, const char *spec, struct sgan_dataset *dataset);

void sgan_dataset_free(struct sgan_dataset *dataset);

#endif

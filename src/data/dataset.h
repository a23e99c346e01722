/* A labelled image dataset in memory. */
#ifndef SGAN_DATA_DATASET_H
#define SGAN_DATA_DATASET_H

#include <sgan/sgan.h>

struct sgan_split {
	size_t count;
	uint8_t *images; /* [count, height, width, channels] */
	uint8_t *labels; /* [count], each < classes */
};

struct sgan_dataset {
	char name[64];  /* "fashion-mnist", "mnist": the preset or folder name, for run directories */
	char path[4096]; /* the folder it was read from, absolute */
	size_t height, width, channels, classes;
	struct sgan_split train, test;
};

/* Opens `spec`: a known name ("fashion-mnist", "mnist"), or a folder. NULL: the default, Fashion-MNIST from
 * Debian's package, else an error that says how to get data.
 * A folder holds MNIST's four IDX files (train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte,
 * t10k-labels-idx1-ubyte), each gzipped (.gz) or not. The caller ends it with sgan_dataset_free.
 * SGAN_EIO: a file is missing or unreadable; SGAN_EFORMAT: its content is wrong. */
sgan_status sgan_dataset_open(const char *spec, struct sgan_dataset *dataset);
void sgan_dataset_free(struct sgan_dataset *dataset);

#endif

/* CIFAR-10's binary version (Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009): files of
 * records, a label byte and 32x32 bytes each of red, green and blue, and a list of the classes' names. */
#ifndef SGAN_DATA_CIFAR10_H
#define SGAN_DATA_CIFAR10_H

#include "src/data/format.h"
#include "src/data/source.h"

enum {
	SGAN_CIFAR10_BATCHES = 5,    /* the most of a half */
	SGAN_CIFAR10_CLASSES = 10,   /* where no list of names says otherwise */
	SGAN_CIFAR10_RECORD = 3073,  /* bytes */
	SGAN_CIFAR10_COUNT = 200000, /* images read of a half: four times what is published, and what a few gzipped bytes
	                                may become */
	SGAN_CIFAR10_META = 1 << 20  /* bytes read of the list of names */
};

/* The files of each half in order, and what has the classes' names; the folder that they come in. */
extern const char *const sgan_cifar10_batches[SGAN_DATA_HALVES][SGAN_CIFAR10_BATCHES + 1];
extern const char sgan_cifar10_meta[], sgan_cifar10_folder[];

/* Reads a source of records to its end. SGAN_EFORMAT: no whole number of records, none, more than `most`. */
sgan_status sgan_cifar10_take(struct sgan_source *source, size_t most, struct sgan_bytes *records);

/* Adds records to what was found, images turned to [32, 32, 3]. SGAN_EFORMAT: a label that is not one of the named
 * classes or, where there are no names, of SGAN_CIFAR10_CLASSES or of `classes`, if those are fewer (0: it does not
 * matter); more images than are read. What was found
 * before is kept when it fails. */
sgan_status sgan_cifar10_add(const char *name, const struct sgan_bytes *records, size_t classes,
                             struct sgan_found *found);

/* Reads a source to its end: the names of the classes, a line each. SGAN_EFORMAT: none, too many, too long. */
sgan_status sgan_cifar10_name(struct sgan_source *source, struct sgan_found *found);

/* Batches of a half are of one size: a file that was cut between two images would not show otherwise. */
sgan_status sgan_cifar10_same_size(const char *name, size_t images, const char *first_name, size_t first_images);

/* SGAN_EFORMAT, and what to get instead of the version for Python. */
sgan_status sgan_cifar10_refuse_python(const char *path);

#endif

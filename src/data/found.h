/* What a reader finds of one half of a dataset, and what all readers hold labels and sizes against. */
#ifndef SGAN_DATA_FOUND_H
#define SGAN_DATA_FOUND_H

#include <limits.h>

#include "src/data/dataset.h"

/* The most that is believed of a file. */
enum { SGAN_DATA_COUNT = 10000000, SGAN_DATA_SIDE = 4096, SGAN_DATA_CLASSES = 10000 };
#define SGAN_DATA_BYTES ((uint64_t)4 << 30)

/* Begins as zeros; what it holds is the receiver's to free, with sgan_found_free. */
struct sgan_found {
	struct sgan_split split;
	size_t height, width, channels;
	const char *no_labels;     /* NULL; without labels, what would have them (dataset.h): split.labels is NULL then */
	size_t classes;            /* the largest label + 1, or as many as the files say */
	struct sgan_class *named;  /* [classes]; NULL: the files do not tell the classes */
	char name[SGAN_DATA_NAME]; /* the set's, where the files tell; "": where it lies names it */
	char file[PATH_MAX];       /* what the sizes were found in, for messages */
};

/* Frees what it holds; what it says otherwise stays. */
void sgan_found_free(struct sgan_found *found);

/* Room for `count` images of its size in all and, unless it has none, their labels. SGAN_ENOMEM, SGAN_EFORMAT: more than
 * is believed. */
sgan_status sgan_found_room(struct sgan_found *found, size_t count);

/* The numbers that a file's labels may be: from `first` on, as many as there are classes; 0: up to SGAN_DATA_CLASSES. */
struct sgan_numbering {
	uint32_t first;
	size_t classes;
};

/* The label of image `image` of a file that gives it as a number, counted from the first; *classes grows to what it
 * needs. SGAN_EFORMAT: the number is not one of these. */
sgan_status sgan_found_label(const char *file, size_t image, int64_t number, struct sgan_numbering numbering,
                             uint32_t *label, size_t *classes);

#endif

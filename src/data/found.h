/* What a reader finds of one half of a dataset, and what all readers hold labels and sizes against. */
#ifndef SGAN_DATA_FOUND_H
#define SGAN_DATA_FOUND_H

#include <limits.h>

#include "src/data/dataset.h"

/* The most that is believed of a file. */
enum { SGAN_DATA_COUNT = 10000000, SGAN_DATA_SIDE = 4096 };
#define SGAN_DATA_BYTES ((uint64_t)4 << 30)

struct sgan_found {
	struct sgan_split split; /* the receiver's to free */
	size_t height, width, channels;
	size_t classes;      /* the largest label + 1 */
	char file[PATH_MAX]; /* what the sizes were found in, for messages */
};

/* Takes note of the label of image `number` of a file. SGAN_EFORMAT: it is not below `classes`; 0: any may be. */
sgan_status sgan_found_label(const char *file, size_t number, uint32_t label, size_t classes, size_t *found_classes);

#endif

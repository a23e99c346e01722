/* The formats of datasets: a table of readers. A new one is a file and a row in formats.c. */
#ifndef SGAN_DATA_FORMAT_H
#define SGAN_DATA_FORMAT_H

#include "src/data/found.h"
#include "src/data/locate.h"

/* The halves of a dataset. */
enum sgan_data_half { SGAN_DATA_TRAIN, SGAN_DATA_TEST, SGAN_DATA_HALVES };

struct sgan_data_format {
	const char *name;
	const char *looked_for; /* what `probe` looks for, for messages; NULL: what is only known to be refused */
	bool sets;              /* a place may have several sets; else the place's set is "" */
	/* Whether a place is of this format. It looks at names and first bytes; what it accepts may still turn out to be
	 * damaged. */
	bool (*probe)(const struct sgan_place *place);
	/* Reads one half; both are read at the same time, by a thread each. Where the files do not tell the classes, labels
	 * are below `classes`, or whatever they are where that is 0. Both halves have labels
	 * or neither. The reader says what sizes it found and frees what it took when it fails: SGAN_EIO (missing,
	 * unreadable, not a regular file), SGAN_EFORMAT, SGAN_EINVAL (no such set), SGAN_EUNSUPPORTED (by this build),
	 * SGAN_ENOMEM. */
	sgan_status (*read)(const struct sgan_place *place, enum sgan_data_half half, size_t classes,
	                    struct sgan_found *found);
};

extern const struct sgan_data_format sgan_data_idx, sgan_data_cifar10, sgan_data_cifar10_archive,
	sgan_data_cifar10_python, sgan_data_svhn, sgan_data_images;

/* The first format of the table that accepts a place. SGAN_EFORMAT: none does; the message lists what was looked
 * for. */
sgan_status sgan_data_format_of(const struct sgan_place *place, const struct sgan_data_format **format);

#endif

/* IDX, the format of MNIST: a big-endian header, then bytes. */
#ifndef SGAN_DATA_IDX_H
#define SGAN_DATA_IDX_H

#include "src/data/source.h"

enum {
	SGAN_IDX_IMAGES = 0x00000803, /* unsigned bytes, 3 dimensions */
	SGAN_IDX_LABELS = 0x00000801  /* unsigned bytes, 1 dimension */
};

struct sgan_idx {
	size_t count, height, width; /* height and width are 0 for labels */
	size_t classes;              /* of labels: the largest + 1 */
	uint8_t *images;             /* [count, height, width]; free() it */
	uint32_t *labels;            /* [count]; free() it */
};

/* Read a source to its end. SGAN_EFORMAT: wrong magic, dimensions that cannot be, fewer or more bytes than the header
 * says, a label that is not below `classes` (0: any may be). Memory grows with the data: a header alone is no reason to
 * take it. */
sgan_status sgan_idx_read_images(struct sgan_source *source, struct sgan_idx *idx);
sgan_status sgan_idx_read_labels(struct sgan_source *source, size_t classes, struct sgan_idx *idx);

#endif

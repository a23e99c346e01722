/* IDX, the format of MNIST: a big-endian header (0, 0, the elements' type, the number of dimensions; the dimensions),
 * then elements, big-endian too. */
#ifndef SGAN_DATA_IDX_H
#define SGAN_DATA_IDX_H

#include "src/data/found.h"
#include "src/data/source.h"

struct sgan_idx {
	size_t count, height, width; /* height and width are 0 for labels */
	size_t header;               /* of images: bytes of the header */
	size_t classes;              /* of labels: the largest + 1 */
	uint8_t *images;             /* [count, height, width]; free() it */
	uint32_t *labels;            /* [count], from 0 on; free() it */
};

/* Read a source to its end: images of unsigned bytes in three dimensions, first how many there are of which size, then
 * themselves; labels of bytes or of 16 or 32-bit integers, in one dimension or in two, of which the first of up to 64
 * columns is the label. SGAN_EFORMAT: another type or number of dimensions, dimensions that cannot be, fewer or more bytes
 * than the header says, a label that is none of the numbering's. Memory grows with the data: a header alone is no reason to
 * take it. */
sgan_status sgan_idx_read_shape(struct sgan_source *source, struct sgan_idx *idx);
sgan_status sgan_idx_read_pixels(struct sgan_source *source, struct sgan_idx *idx);
sgan_status sgan_idx_read_labels(struct sgan_source *source, struct sgan_numbering numbering, struct sgan_idx *idx);

#endif

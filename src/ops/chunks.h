/* A batch of images of `pixels` rows each, and each of its slices cut into chunks of about as many rows as a
 * second-level cache holds. The cut depends on the whole batch's shape and the set's blocking alone; a call
 * works on the chunks of its range of slices, counted from 0, and adds partial sums in their order. */
#ifndef SGAN_OPS_CHUNKS_H
#define SGAN_OPS_CHUNKS_H

#include "kernels/kernels.h"

struct row_chunks {
	sgan_batch batch;
	size_t pixels;
	size_t per_slice; /* chunks of every slice; some may be empty */
};

/* Rows first .. first + count - 1. */
struct row_range {
	size_t first, count;
};

struct row_chunks sgan_row_chunks(const struct sgan_kernels *kernels, sgan_batch batch, size_t pixels, size_t channels);

/* Chunks of the range; the rows of one of them. */
size_t sgan_row_chunk_total(const struct row_chunks *c);
struct row_range sgan_row_chunk(const struct row_chunks *c, size_t chunk);

/* Whether a tensor of so many elements is better written past the caches: it would be gone from them before it is
 * read, and each of its lines would be fetched from memory only to be overwritten. */
bool sgan_bypasses_caches(const struct sgan_kernels *kernels, size_t elements);

#endif

/* A batch of n images of `pixels` rows each, cut into slices and each slice into
 * chunks of about as many rows as a second-level cache holds. The cut depends on
 * the shape and the set's blocking alone, and partial sums are added in its order. */
#ifndef SGAN_OPS_CHUNKS_H
#define SGAN_OPS_CHUNKS_H

#include "kernels/kernels.h"

struct row_chunks {
	size_t n, pixels, slices;
	size_t per_slice; /* chunks of every slice; the last may be empty */
};

/* Rows first .. first + count - 1. */
struct row_range {
	size_t first, count;
};

struct row_chunks sgan_row_chunks(const struct sgan_kernels *kernels, size_t n, size_t pixels, size_t channels,
                                  size_t slices);
size_t sgan_row_chunk_total(const struct row_chunks *c);
struct row_range sgan_row_chunk(const struct row_chunks *c, size_t chunk);

/* Whether a tensor of so many elements is better written past the caches: it would be gone from them before it is
 * read, and each of its lines would be fetched from memory only to be overwritten. */
bool sgan_streams(const struct sgan_kernels *kernels, size_t elements);

#endif

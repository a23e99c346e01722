/* Elements of a random stream from any one on, for kernels that begin at multiples of 4: the range is cut into chunks
 * that begin where kernels may, and the first one's head is drawn by way of a small buffer. */
#ifndef SGAN_OPS_DRAW_H
#define SGAN_OPS_DRAW_H

#include <string.h>

#include "src/ops/ops.h"

/* Elements of a chunk, which stay in the first-level cache. */
enum { SGAN_DRAW_CHUNK = 1 << 12, SGAN_DRAW_ALIGN = 4 };
_Static_assert(SGAN_DRAW_CHUNK % SGAN_DROPOUT_GROUP == 0 && SGAN_DRAW_CHUNK % SGAN_DRAW_ALIGN == 0,
               "chunks begin where the kernels may");

/* Elements first .. first + count - 1 of a stream. */
struct sgan_draw_range {
	size_t first, count;
};

static inline size_t sgan_draw_chunks(struct sgan_draw_range range)
{
	if (!range.count)
		return 0;
	return (range.first + range.count - 1) / SGAN_DRAW_CHUNK - range.first / SGAN_DRAW_CHUNK + 1;
}

static inline struct sgan_draw_range sgan_draw_chunk(struct sgan_draw_range range, size_t chunk)
{
	size_t first = (range.first / SGAN_DRAW_CHUNK + chunk) * SGAN_DRAW_CHUNK, end = first + SGAN_DRAW_CHUNK;

	first = first < range.first ? range.first : first;
	end = end > range.first + range.count ? range.first + range.count : end;
	return (struct sgan_draw_range){ first, end - first };
}

/* The uniform or the normal kernel. */
typedef void sgan_fill(uint64_t seed, uint32_t stream, uint64_t step, size_t first, size_t count, real *dst);

/* A chunk's elements into dst [chunk.count]. */
static inline void sgan_draw(sgan_fill *fill, const struct sgan_random *r, struct sgan_draw_range chunk, real *dst)
{
	size_t before = chunk.first % SGAN_DRAW_ALIGN, head = before ? SGAN_DRAW_ALIGN - before : 0;

	if (head) {
		real group[SGAN_DRAW_ALIGN];
		head = head < chunk.count ? head : chunk.count;
		fill(r->seed, r->stream, r->step, chunk.first - before, before + head, group);
		memcpy(dst, group + before, head * sizeof(real));
	}
	if (chunk.count > head)
		fill(r->seed, r->stream, r->step, chunk.first + head, chunk.count - head, dst + head);
}

#endif

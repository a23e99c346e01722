/* How rows are cut into chunks; no arithmetic on tensors. */
#include "src/ops/chunks.h"
#include "src/ops/ops.h"

/* Elements: the two or three tensors that a pass reads stay cached for its second look. */
enum { CHUNK_ELEMENTS = 1 << 15, MOST_CHUNKS = 256 };
/* More than the second-level caches of a few cores, less than most third-level ones. */
enum { STREAM_BYTES = 8 << 20 };

size_t sgan_slice_begin(size_t n, size_t slices, size_t s)
{
	/* n s / slices, without the product's overflow */
	return n / slices * s + n % slices * s / slices;
}

struct row_chunks sgan_row_chunks(size_t n, size_t pixels, size_t channels, size_t slices)
{
	struct row_chunks c = { n, pixels, slices ? slices : 1, 1 };
	size_t rows = (n / c.slices + (n % c.slices != 0)) * pixels;
	size_t chunk_rows = channels < CHUNK_ELEMENTS ? CHUNK_ELEMENTS / channels : 1;

	c.per_slice = rows / chunk_rows + (rows % chunk_rows != 0);
	if (c.per_slice > MOST_CHUNKS)
		c.per_slice = MOST_CHUNKS;
	if (!c.per_slice)
		c.per_slice = 1;
	return c;
}

bool sgan_streams(size_t elements)
{
	return elements > STREAM_BYTES / sizeof(real);
}

size_t sgan_row_chunk_total(const struct row_chunks *c)
{
	return c->slices * c->per_slice;
}

struct row_range sgan_row_chunk(const struct row_chunks *c, size_t chunk)
{
	size_t slice = chunk / c->per_slice, part = chunk % c->per_slice;
	size_t first = sgan_slice_begin(c->n, c->slices, slice) * c->pixels;
	size_t rows = sgan_slice_begin(c->n, c->slices, slice + 1) * c->pixels - first;
	size_t begin = sgan_slice_begin(rows, c->per_slice, part);

	return (struct row_range){ first + begin, sgan_slice_begin(rows, c->per_slice, part + 1) - begin };
}

/* How rows are cut into chunks; no arithmetic on tensors. */
#include "src/ops/chunks.h"
#include "src/ops/ops.h"

size_t sgan_slice_begin(size_t n, size_t slices, size_t s)
{
	/* n s / slices, without the product's overflow */
	return n / slices * s + n % slices * s / slices;
}

struct sgan_image_range sgan_batch_images(sgan_batch batch)
{
	size_t first = sgan_slice_begin(batch.n, batch.slices, batch.begin);

	return (struct sgan_image_range){ first, sgan_slice_begin(batch.n, batch.slices, batch.end) - first };
}

struct row_chunks sgan_row_chunks(const struct sgan_kernels *kernels, sgan_batch batch, size_t pixels, size_t channels)
{
	struct row_chunks c = { batch, pixels, 1 };
	size_t rows = (batch.n / batch.slices + (batch.n % batch.slices != 0)) * pixels;
	size_t elements = kernels->blocking.row_chunk_elements, most = kernels->blocking.row_chunks_most;
	size_t chunk_rows = channels < elements ? elements / channels : 1;

	c.per_slice = rows / chunk_rows + (rows % chunk_rows != 0);
	if (c.per_slice > most)
		c.per_slice = most;
	if (!c.per_slice)
		c.per_slice = 1;
	return c;
}

bool sgan_bypasses_caches(const struct sgan_kernels *kernels, size_t elements)
{
	return elements > kernels->blocking.bypass_bytes / sizeof(real);
}

size_t sgan_row_chunk_total(const struct row_chunks *c)
{
	return (c->batch.end - c->batch.begin) * c->per_slice;
}

struct row_range sgan_row_chunk(const struct row_chunks *c, size_t chunk)
{
	const sgan_batch *b = &c->batch;
	size_t slice = b->begin + chunk / c->per_slice, at = chunk % c->per_slice;
	size_t first = sgan_slice_begin(b->n, b->slices, slice) * c->pixels;
	size_t rows = sgan_slice_begin(b->n, b->slices, slice + 1) * c->pixels - first;
	size_t begin = sgan_slice_begin(rows, c->per_slice, at);

	return (struct row_range){ first + begin, sgan_slice_begin(rows, c->per_slice, at + 1) - begin };
}

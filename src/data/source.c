/* Takes what a source holds into memory that grows as the bytes arrive.
 * It must not know what the bytes mean, nor where they come from. */
#include "src/data/source.h"

#include <stdlib.h>

#include "src/cpu/status.h"

static const size_t first_capacity = 1 << 20;

/* Doubles the memory, up to `limit`. */
static bool grow(uint8_t **data, size_t *capacity, size_t limit)
{
	size_t wanted = *capacity == 0 ? first_capacity : *capacity;
	wanted = wanted > limit / 2 ? limit : *capacity == 0 ? wanted : 2 * wanted;
	uint8_t *grown = realloc(*data, wanted);
	if (!grown)
		return false;
	*data = grown;
	*capacity = wanted;
	return true;
}

/* There is more than was to be. Before it is called too much, as much again is read: of compressed data that are damaged,
 * reading says so when it comes to where they are. */
static sgan_status look_beyond(struct sgan_source *source, size_t limit)
{
	uint8_t some[4096];
	size_t got = sizeof some;
	for (size_t seen = 0; seen < limit && got == sizeof some; seen += got)
		SGAN_TRY(source->read(source, some, sizeof some, &got));
	return SGAN_OK;
}

static sgan_status fill(struct sgan_source *source, size_t limit, const char *what, struct sgan_bytes *taken)
{
	size_t capacity = 0, got;
	uint8_t beyond;
	while (taken->count < limit) {
		if (!grow(&taken->data, &capacity, limit))
			return sgan_fail(SGAN_ENOMEM, "%s: no memory for %s", source->name, what);
		SGAN_TRY(source->read(source, taken->data + taken->count, capacity - taken->count, &got));
		taken->count += got;
		if (taken->count < capacity)
			return SGAN_OK;
	}
	SGAN_TRY(source->read(source, &beyond, 1, &got));
	taken->more = got > 0;
	return taken->more ? look_beyond(source, limit) : SGAN_OK;
}

sgan_status sgan_source_take(struct sgan_source *source, size_t limit, const char *what, struct sgan_bytes *taken)
{
	struct sgan_bytes bytes = { .count = 0 };
	sgan_status status = fill(source, limit, what, &bytes);
	if (status != SGAN_OK) {
		free(bytes.data);
		return status;
	}
	*taken = bytes;
	return SGAN_OK;
}

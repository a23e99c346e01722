/* What readers find, held against what can be; labels against the number of classes.
 * It must not know any format. */
#include "src/data/found.h"

#include <inttypes.h>
#include <stdlib.h>

#include "src/cpu/memory.h"
#include "src/cpu/status.h"

void sgan_found_free(struct sgan_found *found)
{
	free(found->split.images);
	free(found->split.labels);
	free(found->named);
	found->split = (struct sgan_split){ .count = 0 };
	found->named = NULL;
}

sgan_status sgan_found_room(struct sgan_found *found, size_t count)
{
	size_t size, bytes;
	if (!sgan_size_mul3(found->height, found->width, found->channels, &size) ||
	    !sgan_size_mul3(size, count, 1, &bytes) || count > SGAN_DATA_COUNT || bytes > SGAN_DATA_BYTES)
		return sgan_fail(SGAN_EFORMAT, "%s: %zu images of %zux%zux%zu, up to %d and %ju bytes of them are read",
		                 found->file, count, found->height, found->width, found->channels, SGAN_DATA_COUNT,
		                 (uintmax_t)SGAN_DATA_BYTES);
	uint8_t *images = realloc(found->split.images, bytes);
	if (images)
		found->split.images = images;
	uint32_t *labels = found->no_labels ? NULL : realloc(found->split.labels, count * sizeof *labels);
	if (labels)
		found->split.labels = labels;
	if (!images || (!labels && !found->no_labels))
		return sgan_fail(SGAN_ENOMEM, "%s: no memory for %zu images", found->file, count);
	return SGAN_OK;
}

sgan_status sgan_found_label(const char *file, size_t image, int64_t number, struct sgan_numbering numbering,
                             uint32_t *label, size_t *classes)
{
	const size_t most = numbering.classes > 0 ? numbering.classes : SGAN_DATA_CLASSES;
	const int64_t first = numbering.first;
	if (number < first || (uint64_t)(number - first) >= most)
		return sgan_fail(SGAN_EFORMAT, "%s: image %zu has label %" PRId64 ", %" PRId64 " to %" PRId64 " expected", file,
		                 image, number, first, first + (int64_t)most - 1);
	*label = (uint32_t)(number - first);
	if (*label >= *classes)
		*classes = (size_t)*label + 1;
	return SGAN_OK;
}

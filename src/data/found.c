/* Labels as they are found, held against the number of classes. */
#include "src/data/found.h"

#include <inttypes.h>

#include "src/cpu/status.h"

sgan_status sgan_found_label(const char *file, size_t number, uint32_t label, size_t classes, size_t *found_classes)
{
	if (classes > 0 && label >= classes)
		return sgan_fail(SGAN_EFORMAT, "%s: image %zu has label %" PRIu32 ", 0 to %zu expected", file, number, label,
		                 classes - 1);
	if (label >= *found_classes)
		*found_classes = (size_t)label + 1;
	return SGAN_OK;
}

/* The table of formats, and the choice of one.
 * It must not know what any of them looks like. */
#include <stdio.h>

#include "src/cpu/status.h"
#include "src/data/format.h"

/* In the order in which they are tried. */
static const struct sgan_data_format *const formats[] = {
	&sgan_data_idx,  &sgan_data_cifar10, &sgan_data_cifar10_archive, &sgan_data_cifar10_python,
	&sgan_data_svhn, &sgan_data_images,
};

enum { FORMATS = sizeof formats / sizeof *formats, LISTED = 1024 };

sgan_status sgan_data_format_of(const struct sgan_place *place, const struct sgan_data_format **format)
{
	char listed[LISTED] = "";
	size_t length = 0;
	for (size_t i = 0; i < FORMATS; i++) {
		if (formats[i]->probe(place)) {
			*format = formats[i];
			return SGAN_OK;
		}
		if (!formats[i]->looked_for)
			continue;
		int added = snprintf(listed + length, sizeof listed - length, "%s%s", i ? "; " : "", formats[i]->looked_for);
		length += added > 0 ? (size_t)added : 0;
		length = length < sizeof listed ? length : sizeof listed - 1;
	}
	return sgan_fail(SGAN_EFORMAT, "%s: no dataset is there; looked for: %s", place->path, listed);
}

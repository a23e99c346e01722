/* Short lists of numbers among a preset's settings. */
#ifndef SGAN_SGAN_PRESET_LISTS_H
#define SGAN_SGAN_PRESET_LISTS_H

#include <stddef.h>

enum { SGAN_LIST = 8 }; /* the most numbers of one */

struct sgan_sizes {
	size_t count;
	size_t values[SGAN_LIST];
};

struct sgan_reals {
	size_t count;
	double values[SGAN_LIST];
};

#endif

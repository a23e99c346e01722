/* Presets for tests, settled for a dataset of ten classes. */
#ifndef SGAN_TESTS_PRESET_LOADING_H
#define SGAN_TESTS_PRESET_LOADING_H

#include "tests/temporary.h"

#include "src/sgan/preset/preset.h"

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

enum { CLASSES = 10 }; /* of the dataset that presets are for */

static inline struct sgan_preset *load(const char *name, const char *const *settings, size_t count)
{
	struct sgan_preset *preset = NULL;
	sgan_status status = sgan_preset_load(name, settings, count, &preset);
	cr_assert_eq(status, SGAN_OK, "%s", sgan_last_error());
	cr_assert_eq(sgan_preset_settle(&preset, CLASSES), SGAN_OK, "%s", sgan_last_error());
	return preset;
}

#endif

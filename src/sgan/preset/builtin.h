/* The presets that are built into the library; the array is made from presets/ by the makefile. */
#ifndef SGAN_SGAN_PRESET_BUILTIN_H
#define SGAN_SGAN_PRESET_BUILTIN_H

#include <stddef.h>

struct sgan_builtin_preset {
	const char *name; /* "mnist": the file's name without .cfg */
	const char *text; /* the file's content */
};

/* count entries and, after them, one of NULLs. */
extern const struct sgan_builtin_preset sgan_builtin_presets[];
extern const size_t sgan_builtin_preset_count;

#endif

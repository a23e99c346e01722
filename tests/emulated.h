/* Whether the tests run in an emulator, where those are left out that take minutes and are not about the machine. */
#ifndef SGAN_TESTS_EMULATED_H
#define SGAN_TESTS_EMULATED_H

#include <stdbool.h>
#include <stdlib.h>

static inline bool is_emulated(void)
{
	const char *emulator = getenv("SGAN_EMULATOR");
	return emulator != NULL && *emulator != '\0';
}

#endif

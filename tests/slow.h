/* Where tests are slow, they leave out what takes minutes and has been run elsewhere: in an emulator what is not about
 * the machine, under AddressSanitizer what does the same over again with other numbers. */
#ifndef SGAN_TESTS_SLOW_H
#define SGAN_TESTS_SLOW_H

#include <stdbool.h>
#include <stdlib.h>

static inline bool is_emulated(void)
{
	const char *emulator = getenv("SGAN_EMULATOR");
	return emulator != NULL && *emulator != '\0';
}

static inline bool is_sanitized(void)
{
#ifdef __SANITIZE_ADDRESS__
	return true;
#else
	return false;
#endif
}

#endif

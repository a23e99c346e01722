/* Which names a tensor may have, for the writer and the reader of safetensors alike. */
#ifndef SGAN_IO_TENSOR_NAME_H
#define SGAN_IO_TENSOR_NAME_H

#include <stdbool.h>
#include <string.h>

#include "src/io/safetensors.h"

/* Not empty, fits, and holds nothing that would break a one-line message. That it is UTF-8 is jansson's to check. */
static inline bool tensor_name_good(const char *name, size_t length)
{
	if (length == 0 || length >= SGAN_TENSOR_NAME || strcmp(name, "__metadata__") == 0)
		return false;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
			return false;
	return true;
}

#endif

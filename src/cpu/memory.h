/* Aligned memory and the sizes that lead to it. */
#ifndef SGAN_CPU_MEMORY_H
#define SGAN_CPU_MEMORY_H

#include <sgan/sgan.h>

enum { SGAN_ALIGN = 64 };

/* *product = a * b * c; false when it does not fit. */
bool sgan_size_mul3(size_t a, size_t b, size_t c, size_t *product);

/* count * size zeroed bytes on a 64-byte boundary (huge pages advised from 2 MiB);
 * NULL and a message when it overflows or cannot be had. Freed with sgan_free. */
void *sgan_alloc(size_t count, size_t size);
void sgan_free(void *memory);

#endif

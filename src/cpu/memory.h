/* The inside of sgan_alloc (sgan/sgan.h): its boundary, and the sizes that lead to it. */
#ifndef SGAN_CPU_MEMORY_H
#define SGAN_CPU_MEMORY_H

#include <sgan/sgan.h>

enum { SGAN_ALIGN = 64 };

/* *product = a * b * c; false when it does not fit. */
bool sgan_size_mul3(size_t a, size_t b, size_t c, size_t *product);

/* Bytes that the calling thread has been given by sgan_alloc, less those that it has given back; for differences. */
size_t sgan_alloc_tally(void);

#endif

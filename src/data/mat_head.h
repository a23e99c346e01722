/* What an array of a MATLAB version 5 file begins with: its kind, dimensions, name, and the length of its data. */
#ifndef SGAN_DATA_MAT_HEAD_H
#define SGAN_DATA_MAT_HEAD_H

#include <sgan/sgan.h>

enum { SGAN_MAT_HEAD = 256 }; /* bytes: more than there are before the data of what is read */

struct sgan_mat_head {
	bool swapped;   /* numbers are big-endian */
	uint64_t total; /* bytes of the array, with its tag */
	uint8_t bytes[SGAN_MAT_HEAD];
};

/* The number of four bytes. */
uint32_t sgan_mat_number(const struct sgan_mat_head *head, const uint8_t *bytes);

/* Whether it is an array of real numbers that has as many values as its dimensions say: matio believes them. Cells,
 * structures and objects, which nest, are let through nowhere. SGAN_EFORMAT: it is not; path is for messages. */
sgan_status sgan_mat_head_check(const char *path, const struct sgan_mat_head *head);

#endif

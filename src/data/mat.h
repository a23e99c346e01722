/* Arrays of MATLAB's version 5 files (MAT-File Format, The MathWorks; compressed or not). */
#ifndef SGAN_DATA_MAT_H
#define SGAN_DATA_MAT_H

#include <limits.h>

#include <sgan/sgan.h>

enum { SGAN_MAT_RANK = 4 };

/* What is read of a variable. */
struct sgan_mat_array {
	size_t rank, dims[SGAN_MAT_RANK]; /* the first dimension is the innermost */
	size_t count;                     /* elements: their product */
	uint8_t *bytes;                   /* [count] where elements are uint8, else NULL; free() it */
	double *numbers;                  /* [count] where they are other numbers, else NULL; free() it */
};

/* "matio 1.5.23" or "no matio"; a static string of the calling thread's. */
const char *sgan_mat_library(void);

/* Whether files of this version can be read: matio is there. SGAN_EUNSUPPORTED: this build lacks it. */
sgan_status sgan_mat_usable(const char *path);

/* Whether a file is whole and holds nothing but arrays of real numbers (mat_head.h). matio does not tell: of what is
 * missing or damaged it makes zeros. So lengths are held against the file's and dimensions against lengths, and what is
 * compressed is inflated, which checks its sum; arrays of more than `limit` bytes are not. SGAN_EIO: missing,
 * unreadable, not a regular file; SGAN_EFORMAT: another version, truncated, damaged, something else in it;
 * SGAN_ENOMEM. */
sgan_status sgan_mat_check(const char *path, uint64_t limit);

/* Reads a real array of a file that was checked, of up to SGAN_MAT_RANK dimensions and `most` elements: uint8, or
 * int32, int64 or double, whose values are handed on as double. SGAN_EIO, SGAN_EFORMAT: there is no such variable, or
 * it is another kind; SGAN_ENOMEM; SGAN_EUNSUPPORTED. */
sgan_status sgan_mat_read(const char *path, const char *name, size_t most, struct sgan_mat_array *array);

#endif

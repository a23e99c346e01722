/* The header of NumPy's array files (.npy): element type, order, shape. */
#ifndef SGAN_IO_NPY_H
#define SGAN_IO_NPY_H

#include <sgan/sgan.h>

enum sgan_npy_type { SGAN_NPY_U8, SGAN_NPY_I64, SGAN_NPY_F32, SGAN_NPY_F64, SGAN_NPY_TYPES };

/* Bytes of an element. All are little-endian. */
size_t sgan_npy_size(enum sgan_npy_type type);

enum {
	SGAN_NPY_RANK = 4,
	SGAN_NPY_HEADER = 128,      /* bytes of one that is written */
	SGAN_NPY_PREAMBLE = 12,     /* bytes that say how long the dictionary is, the last two in formats 2 and 3 alone */
	SGAN_NPY_DICTIONARY = 65535 /* bytes of the longest that is read: what format 1 can say */
};

struct sgan_npy {
	enum sgan_npy_type type;
	bool fortran; /* the first index runs fastest */
	size_t rank, shape[SGAN_NPY_RANK];
	size_t count; /* elements, at most SIZE_MAX / 16 */
};

/* The header of an array in C's order, format 1.0: magic, version, length, the dictionary, spaces, a newline. */
void sgan_npy_write(enum sgan_npy_type type, size_t rank, const size_t *shape, char header[SGAN_NPY_HEADER]);

/* Of a file's first 10 bytes: those up to the dictionary, 10 or SGAN_NPY_PREAMBLE. SGAN_EFORMAT: no .npy file, or of
 * an unknown format. */
sgan_status sgan_npy_begin(const uint8_t *bytes, size_t *begin);

/* Of these bytes, the dictionary's length. SGAN_EFORMAT: longer than any that is read. */
sgan_status sgan_npy_length(const uint8_t *bytes, size_t begin, size_t *length);

/* Reads the dictionary. SGAN_EFORMAT: no such dictionary, an element type other than those above (Python objects among
 * them, which would have to be unpickled), more than SGAN_NPY_RANK dimensions, too large to address. */
sgan_status sgan_npy_parse(const char *text, size_t length, struct sgan_npy *npy);

/* "(32, 1, 5, 5)". */
void sgan_npy_shape_text(size_t rank, const size_t *shape, char text[96]);

#endif

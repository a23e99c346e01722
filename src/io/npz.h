/* NumPy's archives of arrays (.npz): zip files of .npy members, written as a stream, read whole. */
#ifndef SGAN_IO_NPZ_H
#define SGAN_IO_NPZ_H

#include "src/io/npy.h"

/* --- writing ------------------------------------------------------------------- */

/* A file being written: array after array, each as its data comes; deflated, without times or owners, so that the same
 * arrays give the same bytes. */
struct sgan_npz_writer;
sgan_status sgan_npz_create(const char *path, struct sgan_npz_writer **npz);

/* Begins the array NAME.npy, in C's order; all data of the one before it must have been given. */
sgan_status sgan_npz_array(struct sgan_npz_writer *npz, const char *name, enum sgan_npy_type type, size_t rank,
                           const size_t *shape);

/* Some more of its data: bytes as they are stored; whole numbers for an array of SGAN_NPY_I64. */
sgan_status sgan_npz_data(struct sgan_npz_writer *npz, const void *data, size_t size);
sgan_status sgan_npz_integers(struct sgan_npz_writer *npz, const uint32_t *values, size_t count);

/* Puts the file in its place, all or nothing, and frees the writer, also when it fails. SGAN_EINVAL: data is missing. */
sgan_status sgan_npz_commit(struct sgan_npz_writer *npz);
/* Removes what was written; frees. NULL is allowed. */
void sgan_npz_abort(struct sgan_npz_writer *npz);

/* --- reading ------------------------------------------------------------------- */

enum { SGAN_NPZ_ARRAYS = 1024 }; /* the most of a file */

struct sgan_npz_array {
	size_t rank, shape[SGAN_NPY_RANK];
	size_t count;
	float *values; /* [shape], in C's order; NULL: with them there would be more than the caller allowed */
};

/* An opened file of numpy.savez or savez_compressed: the arrays arr_0, arr_1, ... of float32, or of float64, which are
 * rounded. Members may come in any order. Immutable. */
struct sgan_npz;

/* Reads all of it, at most `most` values in all arrays together: of an array beyond them the shape alone, so that the
 * caller can say what it expected. SGAN_EIO: cannot be read, or no regular file; SGAN_EFORMAT: the message names the
 * file, and the member: no zip, damaged, another member, an array twice or missing, another element type, a size that
 * is not its shape's. */
sgan_status sgan_npz_open(const char *path, size_t most, struct sgan_npz **npz);
void sgan_npz_close(struct sgan_npz *npz); /* NULL is allowed */
const char *sgan_npz_path(const struct sgan_npz *npz);
size_t sgan_npz_count(const struct sgan_npz *npz);
/* arr_i, i < count. */
const struct sgan_npz_array *sgan_npz_at(const struct sgan_npz *npz, size_t i);

#endif

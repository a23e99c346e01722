/* safetensors: an 8-byte little-endian header length, a JSON header, tensor bytes. Float32 only. */
#ifndef SGAN_IO_SAFETENSORS_H
#define SGAN_IO_SAFETENSORS_H

#include <sgan/sgan.h>

enum {
	SGAN_TENSOR_RANK = 4,
	SGAN_TENSOR_NAME = 96,
	/* The format allows 100 MB; a tensor takes some 100 bytes of header, and parsed JSON many times its text. */
	SGAN_TENSORS_HEADER = 4 << 20
};

struct sgan_tensor {
	char name[SGAN_TENSOR_NAME]; /* UTF-8 without control characters, not empty, not "__metadata__" */
	size_t rank;                 /* 0 .. 4 */
	size_t shape[SGAN_TENSOR_RANK];
	const float *data; /* when writing, the caller's; NULL in an opened file */
};

struct sgan_metadata {
	const char *key, *value;
};

/* Writes the file all or not at all (sgan_writer). Tensors are laid out in the order given, 64-byte aligned
 * header end; the same input gives the same bytes. SGAN_EINVAL: a name, rank or key that cannot be, or one given
 * twice. */
sgan_status sgan_safetensors_write(const char *path, const struct sgan_tensor *tensors, size_t count,
                                   const struct sgan_metadata *metadata, size_t metadata_count);

/* An opened file: immutable. */
struct sgan_safetensors;
/* Reads and checks its header: length, JSON, dtype, shapes, offsets inside the file, no overlap, no hole, sizes that agree,
 * unique names. Data are read when they are asked for; they are not judged: a NaN is a value. At most 4 GiB.
 * SGAN_EIO, SGAN_EFORMAT: the message names the file and the tensor. */
sgan_status sgan_safetensors_open(const char *path, struct sgan_safetensors **file);
void sgan_safetensors_close(struct sgan_safetensors *file); /* NULL is allowed */
size_t sgan_safetensors_count(const struct sgan_safetensors *file);
/* The i-th in the order of the data, i < count. */
const struct sgan_tensor *sgan_safetensors_tensor(const struct sgan_safetensors *file, size_t i);
const struct sgan_tensor *sgan_safetensors_find(const struct sgan_safetensors *file, const char *name); /* or NULL */
/* The values of a tensor of the file. SGAN_EIO; SGAN_EFORMAT: the file has become shorter. */
sgan_status sgan_safetensors_read(const struct sgan_safetensors *file, const struct sgan_tensor *tensor, float *values);
const char *sgan_safetensors_metadata(const struct sgan_safetensors *file, const char *key); /* or NULL */
const char *sgan_safetensors_path(const struct sgan_safetensors *file);

#endif

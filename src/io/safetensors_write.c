/* Writes safetensors files. The header is padded with spaces to a multiple of 64 bytes.
 * It must not know what the tensors mean. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "src/cpu/status.h"
#include "src/io/file.h"
#include "src/io/safetensors.h"
#include "src/io/tensor_name.h"

#if defined __BYTE_ORDER__ && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "tensors are written as they are in memory, which must be little endian"
#endif

enum { LENGTH_FIELD = 8, HEADER_ALIGN = 64 };

static sgan_status check_tensor(const char *path, const struct sgan_tensor *tensor, size_t *bytes)
{
	size_t length = strnlen(tensor->name, SGAN_TENSOR_NAME);
	if (!tensor_name_good(tensor->name, length))
		return sgan_fail(SGAN_EINVAL, "%s: tensor '%.*s': not a name for a tensor", path, (int)length, tensor->name);
	if (tensor->rank > SGAN_TENSOR_RANK)
		return sgan_fail(SGAN_EINVAL, "%s: tensor '%s': rank %zu, at most %d expected", path, tensor->name,
		                 tensor->rank, SGAN_TENSOR_RANK);
	*bytes = sizeof(float);
	for (size_t i = 0; i < tensor->rank; i++) {
		/* Half of what size_t counts, so that the end of the last tensor can be counted too. */
		if (tensor->shape[i] != 0 && *bytes > (SIZE_MAX / 2) / tensor->shape[i])
			return sgan_fail(SGAN_EINVAL, "%s: tensor '%s': its shape is too large to address", path, tensor->name);
		*bytes *= tensor->shape[i];
	}
	return SGAN_OK;
}

/* Adds to an object what may not be there yet; steals value. */
static sgan_status add_new(const char *path, json_t *object, const char *key, json_t *value)
{
	if (json_object_get(object, key)) {
		json_decref(value);
		return sgan_fail(SGAN_EINVAL, "%s: '%s' is given twice", path, key);
	}
	if (json_object_set_new(object, key, value) != 0)
		return sgan_fail(SGAN_EINVAL, "%s: '%s' cannot be written: no memory, or not UTF-8", path, key);
	return SGAN_OK;
}

static sgan_status add_metadata(const char *path, json_t *header, const struct sgan_metadata *metadata, size_t count)
{
	if (count == 0)
		return SGAN_OK;
	json_t *object = json_object();
	sgan_status status = SGAN_OK;
	for (size_t i = 0; i < count && status == SGAN_OK; i++)
		status = add_new(path, object, metadata[i].key, json_string(metadata[i].value));
	if (status == SGAN_OK)
		return add_new(path, header, "__metadata__", object);
	json_decref(object);
	return status;
}

static json_t *describe(const struct sgan_tensor *tensor, size_t begin, size_t end)
{
	json_t *shape = json_array();
	for (size_t i = 0; i < tensor->rank; i++)
		if (json_array_append_new(shape, json_integer((json_int_t)tensor->shape[i])) != 0) {
			json_decref(shape);
			return NULL;
		}
	return json_pack("{s:s, s:o, s:[I, I]}", "dtype", "F32", "shape", shape, "data_offsets", (json_int_t)begin,
	                 (json_int_t)end);
}

static sgan_status add_tensors(const char *path, json_t *header, const struct sgan_tensor *tensors, size_t count)
{
	size_t begin = 0, bytes = 0;
	for (size_t i = 0; i < count; i++) {
		SGAN_TRY(check_tensor(path, &tensors[i], &bytes));
		if (bytes > SIZE_MAX / 2 - begin)
			return sgan_fail(SGAN_EINVAL, "%s: its tensors are too large to address", path);
		SGAN_TRY(add_new(path, header, tensors[i].name, describe(&tensors[i], begin, begin + bytes)));
		begin += bytes;
	}
	return SGAN_OK;
}

/* The length field, the JSON and its padding; *bytes is to be freed. */
static sgan_status encode(const char *path, const json_t *header, char **bytes, size_t *size)
{
	size_t length = json_dumpb(header, NULL, 0, JSON_COMPACT);
	size_t padded = (LENGTH_FIELD + length + HEADER_ALIGN - 1) / HEADER_ALIGN * HEADER_ALIGN;
	if (length == 0)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory for its header", path);
	if (padded - LENGTH_FIELD > SGAN_TENSORS_HEADER)
		return sgan_fail(SGAN_EINVAL, "%s: a header of %zu bytes, at most %d expected", path, padded - LENGTH_FIELD,
		                 SGAN_TENSORS_HEADER);
	char *made = malloc(padded);
	if (!made)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory for its header", path);
	memset(made, ' ', padded);
	json_dumpb(header, made + LENGTH_FIELD, length, JSON_COMPACT);
	uint64_t field = padded - LENGTH_FIELD;
	memcpy(made, &field, LENGTH_FIELD);
	*bytes = made;
	*size = padded;
	return SGAN_OK;
}

static sgan_status make_header(const char *path, const struct sgan_tensor *tensors, size_t count,
                               const struct sgan_metadata *metadata, size_t metadata_count, char **bytes, size_t *size)
{
	json_t *header = json_object();
	sgan_status status = add_metadata(path, header, metadata, metadata_count);
	if (status == SGAN_OK)
		status = add_tensors(path, header, tensors, count);
	if (status == SGAN_OK)
		status = encode(path, header, bytes, size);
	json_decref(header);
	return status;
}

static sgan_status write_content(struct sgan_writer *writer, const char *header, size_t header_size,
                                 const struct sgan_tensor *tensors, size_t count)
{
	SGAN_TRY(sgan_writer_write(writer, header, header_size));
	for (size_t i = 0; i < count; i++) {
		size_t bytes = sizeof(float);
		for (size_t j = 0; j < tensors[i].rank; j++)
			bytes *= tensors[i].shape[j];
		SGAN_TRY(sgan_writer_write(writer, tensors[i].data, bytes));
	}
	return SGAN_OK;
}

sgan_status sgan_safetensors_write(const char *path, const struct sgan_tensor *tensors, size_t count,
                                   const struct sgan_metadata *metadata, size_t metadata_count)
{
	char *header = NULL;
	size_t header_size = 0;
	struct sgan_writer *writer;
	SGAN_TRY(make_header(path, tensors, count, metadata, metadata_count, &header, &header_size));
	sgan_status status = sgan_writer_open(path, &writer);
	if (status == SGAN_OK) {
		status = write_content(writer, header, header_size, tensors, count);
		if (status == SGAN_OK)
			status = sgan_writer_commit(writer);
		else
			sgan_writer_abort(writer);
	}
	free(header);
	return status;
}

/* Reads safetensors files that anybody may have made: nothing in them is believed before it is checked: the header accounts
 * for every byte of the file, and no memory is taken for data but the caller's.
 * It must not know what the tensors mean. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/cpu/memory.h"
#include "src/cpu/status.h"
#include "src/io/run.h"
#include "src/io/safetensors.h"
#include "src/io/tensor_name.h"

enum { LENGTH_FIELD = 8 };

static const char zip[] = { 'P', 'K', 3, 4 };

static const uint64_t largest_file = (uint64_t)4 << 30;

/* A tensor and where its bytes are, counted from the end of the header. */
struct entry {
	struct sgan_tensor tensor;
	uint64_t begin, end;
};

struct sgan_safetensors {
	char path[SGAN_PATH];
	json_t *metadata; /* an object of strings, or NULL */
	struct entry *entries;
	size_t count;
	int fd;
	uint64_t data; /* where the tensors' bytes begin */
};

/* `size` bytes from `at` on. */
static sgan_status read_exactly(int fd, const char *path, uint64_t at, void *data, size_t size)
{
	char *next = data;
	while (size > 0) {
		ssize_t got = pread(fd, next, size < (1 << 30) ? size : (1 << 30), (off_t)at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return sgan_fail(SGAN_EIO, "%s: cannot read: %s", path, strerror(errno));
		if (got == 0)
			return sgan_fail(SGAN_EFORMAT, "%s: became %zu bytes shorter while it was read", path, size);
		next += got;
		at += (uint64_t)got;
		size -= (size_t)got;
	}
	return SGAN_OK;
}

/* Reads the header's text; *data_size is what the file has after it. */
static sgan_status read_header(int fd, const char *path, char **text, size_t *length, uint64_t *data_size)
{
	struct stat st;
	uint64_t field;
	if (fstat(fd, &st) != 0)
		return sgan_fail(SGAN_EIO, "%s: cannot read: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return sgan_fail(SGAN_EIO, "%s: not a regular file", path);
	uint64_t size = (uint64_t)st.st_size;
	if (size < LENGTH_FIELD)
		return sgan_fail(SGAN_EFORMAT, "%s: not a safetensors file: %ju bytes, at least %d expected", path,
		                 (uintmax_t)size, LENGTH_FIELD + 2);
	if (size > largest_file)
		return sgan_fail(SGAN_EFORMAT, "%s: %ju bytes, at most %ju expected", path, (uintmax_t)size,
		                 (uintmax_t)largest_file);
	SGAN_TRY(read_exactly(fd, path, 0, &field, LENGTH_FIELD));
	if (memcmp(&field, zip, sizeof zip) == 0)
		return sgan_fail(
			SGAN_EFORMAT,
			"%s: not a safetensors file but an .npz: train --encoder takes such weights, and sample --model "
			"with --preset",
			path);
	if (field < 2 || field > SGAN_TENSORS_HEADER)
		return sgan_fail(SGAN_EFORMAT, "%s: not a safetensors file: a header of %ju bytes, 2 to %d expected", path,
		                 (uintmax_t)field, SGAN_TENSORS_HEADER);
	if (field > size - LENGTH_FIELD)
		return sgan_fail(SGAN_EFORMAT, "%s: truncated: a header of %ju bytes, %ju found", path, (uintmax_t)field,
		                 (uintmax_t)(size - LENGTH_FIELD));
	char *read_text = malloc((size_t)field);
	if (!read_text)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory for a header of %ju bytes", path, (uintmax_t)field);
	*text = read_text; /* the caller frees it, also after a failure */
	*length = (size_t)field;
	*data_size = size - LENGTH_FIELD - field;
	return read_exactly(fd, path, LENGTH_FIELD, read_text, *length);
}

static sgan_status parse_header(const char *path, const char *text, size_t length, json_t **header)
{
	json_error_t error;
	if (text[0] != '{')
		return sgan_fail(SGAN_EFORMAT, "%s: not a safetensors file: its header does not begin with '{'", path);
	json_t *parsed = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
	if (!parsed)
		return sgan_fail(SGAN_EFORMAT, "%s: header: byte %d: not JSON: %s", path, error.position, error.text);
	*header = parsed; /* it began with '{', so it is an object */
	return SGAN_OK;
}

static sgan_status take_metadata(struct sgan_safetensors *file, json_t *metadata)
{
	const char *key;
	json_t *value;
	if (!json_is_object(metadata))
		return sgan_fail(SGAN_EFORMAT, "%s: __metadata__ is not an object", file->path);
	json_object_foreach (metadata, key, value)
		if (!json_is_string(value))
			return sgan_fail(SGAN_EFORMAT, "%s: __metadata__ holds a value that is not text", file->path);
	file->metadata = json_incref(metadata);
	return SGAN_OK;
}

static bool read_count(const json_t *value, uint64_t *count)
{
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return false;
	*count = (uint64_t)json_integer_value(value);
	return true;
}

static sgan_status read_shape(const char *path, struct sgan_tensor *tensor, const json_t *shape, uint64_t *bytes)
{
	if (!json_is_array(shape))
		return sgan_fail(SGAN_EFORMAT, "%s: tensor '%s': no shape", path, tensor->name);
	tensor->rank = json_array_size(shape);
	if (tensor->rank > SGAN_TENSOR_RANK)
		return sgan_fail(SGAN_EFORMAT, "%s: tensor '%s': rank %zu, at most %d expected", path, tensor->name,
		                 tensor->rank, SGAN_TENSOR_RANK);
	bool empty = false;
	*bytes = sizeof(float);
	for (size_t i = 0; i < tensor->rank; i++) {
		uint64_t size;
		if (!read_count(json_array_get(shape, i), &size))
			return sgan_fail(SGAN_EFORMAT, "%s: tensor '%s': dimension %zu is not a whole number from 0", path,
			                 tensor->name, i);
		/* Of an empty tensor the other dimensions are bounded too: whoever multiplies them must not overflow. */
		if (size > largest_file || (size > 0 && *bytes > largest_file / size))
			return sgan_fail(SGAN_EFORMAT, "%s: tensor '%s': its shape is larger than any file may be", path,
			                 tensor->name);
		*bytes *= size ? size : 1;
		empty = empty || size == 0;
		tensor->shape[i] = (size_t)size;
	}
	if (empty)
		*bytes = 0;
	return SGAN_OK;
}

static sgan_status read_offsets(const char *path, struct entry *entry, const json_t *offsets, uint64_t bytes,
                                uint64_t data_size)
{
	const char *name = entry->tensor.name;
	if (!json_is_array(offsets) || json_array_size(offsets) != 2 ||
	    !read_count(json_array_get(offsets, 0), &entry->begin) || !read_count(json_array_get(offsets, 1), &entry->end))
		return sgan_fail(SGAN_EFORMAT, "%s: tensor '%s': data_offsets are not two whole numbers from 0", path, name);
	if (entry->begin > entry->end || entry->end > data_size)
		return sgan_fail(SGAN_EFORMAT, "%s: tensor '%s': bytes %ju to %ju of the data, which has %ju", path, name,
		                 (uintmax_t)entry->begin, (uintmax_t)entry->end, (uintmax_t)data_size);
	if (entry->end - entry->begin != bytes)
		return sgan_fail(SGAN_EFORMAT, "%s: tensor '%s': %ju bytes of data, its shape needs %ju", path, name,
		                 (uintmax_t)(entry->end - entry->begin), (uintmax_t)bytes);
	return SGAN_OK;
}

static sgan_status read_entry(const char *path, const char *name, const json_t *object, uint64_t data_size,
                              struct entry *entry)
{
	uint64_t bytes = 0;
	size_t length = strlen(name);
	if (!tensor_name_good(name, length))
		return sgan_fail(SGAN_EFORMAT,
		                 "%s: a tensor has a name of %zu bytes that is empty, longer than %d or unprintable", path,
		                 length, SGAN_TENSOR_NAME - 1);
	memcpy(entry->tensor.name, name, length + 1);
	if (!json_is_object(object))
		return sgan_fail(SGAN_EFORMAT, "%s: tensor '%s': its description is not an object", path, name);
	const char *dtype = json_string_value(json_object_get(object, "dtype"));
	if (!dtype || strcmp(dtype, "F32") != 0)
		return sgan_fail(SGAN_EFORMAT, "%s: tensor '%s': dtype %.16s, F32 expected", path, name,
		                 dtype && tensor_name_good(dtype, strlen(dtype)) ? dtype : "missing");
	if (json_object_size(object) != 3)
		return sgan_fail(SGAN_EFORMAT, "%s: tensor '%s': %zu members, dtype, shape and data_offsets expected", path,
		                 name, json_object_size(object));
	SGAN_TRY(read_shape(path, &entry->tensor, json_object_get(object, "shape"), &bytes));
	return read_offsets(path, entry, json_object_get(object, "data_offsets"), bytes, data_size);
}

static int by_offset(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	if (a->begin != b->begin)
		return a->begin < b->begin ? -1 : 1;
	if (a->end != b->end)
		return a->end < b->end ? -1 : 1;
	return strcmp(a->tensor.name, b->tensor.name);
}

/* Sorted, the tensors must follow each other from the first byte of the data to the last. */
static sgan_status check_layout(const struct sgan_safetensors *file, uint64_t data_size)
{
	uint64_t covered = 0;
	for (size_t i = 0; i < file->count; i++) {
		const struct entry *entry = &file->entries[i];
		if (entry->begin != covered)
			return sgan_fail(SGAN_EFORMAT, "%s: tensor '%s': begins at byte %ju of the data, %s ends at %ju",
			                 file->path, entry->tensor.name, (uintmax_t)entry->begin,
			                 entry->begin < covered ? "overlapping the one that" : "leaving a hole: what is before it",
			                 (uintmax_t)covered);
		covered = entry->end;
	}
	if (covered != data_size)
		return sgan_fail(SGAN_EFORMAT, "%s: %ju bytes of data, its tensors have %ju", file->path, (uintmax_t)data_size,
		                 (uintmax_t)covered);
	return SGAN_OK;
}

static sgan_status take_header(struct sgan_safetensors *file, json_t *header, uint64_t data_size)
{
	const char *name;
	json_t *value;
	file->entries = calloc(json_object_size(header) + 1, sizeof *file->entries);
	if (!file->entries)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory for %zu tensors", file->path, json_object_size(header));
	json_object_foreach (header, name, value) {
		if (strcmp(name, "__metadata__") == 0)
			SGAN_TRY(take_metadata(file, value));
		else
			SGAN_TRY(read_entry(file->path, name, value, data_size, &file->entries[file->count++]));
	}
	qsort(file->entries, file->count, sizeof *file->entries, by_offset);
	return check_layout(file, data_size);
}

static sgan_status read_file(struct sgan_safetensors *file)
{
	char *text = NULL;
	size_t length = 0;
	uint64_t data_size = 0;
	json_t *header = NULL;
	sgan_status status = read_header(file->fd, file->path, &text, &length, &data_size);
	if (status == SGAN_OK)
		status = parse_header(file->path, text, length, &header);
	free(text);
	if (status == SGAN_OK)
		status = take_header(file, header, data_size);
	json_decref(header);
	file->data = LENGTH_FIELD + length;
	return status;
}

sgan_status sgan_safetensors_open(const char *path, struct sgan_safetensors **file)
{
	if (strlen(path) >= SGAN_PATH)
		return sgan_fail(SGAN_EINVAL, "%.60s...: the path is longer than %d bytes", path, SGAN_PATH - 1);
	struct sgan_safetensors *opened = calloc(1, sizeof *opened);
	if (!opened)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory to open it", path);
	strcpy(opened->path, path);
	opened->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* not to wait for the other end of a pipe */
	const sgan_status status =
		opened->fd < 0 ? sgan_fail(SGAN_EIO, "%s: cannot open: %s", path, strerror(errno)) : read_file(opened);
	if (status != SGAN_OK) {
		sgan_safetensors_close(opened);
		return status;
	}
	*file = opened;
	return SGAN_OK;
}

sgan_status sgan_safetensors_read(const struct sgan_safetensors *file, const struct sgan_tensor *tensor, float *values)
{
	const struct entry *entry = (const struct entry *)(const void *)tensor; /* its first member */
	return read_exactly(file->fd, file->path, file->data + entry->begin, values, (size_t)(entry->end - entry->begin));
}

void sgan_safetensors_close(struct sgan_safetensors *file)
{
	if (!file)
		return;
	json_decref(file->metadata);
	if (file->fd >= 0)
		close(file->fd);
	free(file->entries);
	free(file);
}

size_t sgan_safetensors_count(const struct sgan_safetensors *file)
{
	return file->count;
}

const struct sgan_tensor *sgan_safetensors_tensor(const struct sgan_safetensors *file, size_t i)
{
	return &file->entries[i].tensor;
}

const struct sgan_tensor *sgan_safetensors_find(const struct sgan_safetensors *file, const char *name)
{
	for (size_t i = 0; i < file->count; i++)
		if (strcmp(file->entries[i].tensor.name, name) == 0)
			return &file->entries[i].tensor;
	return NULL;
}

const char *sgan_safetensors_metadata(const struct sgan_safetensors *file, const char *key)
{
	return json_string_value(json_object_get(file->metadata, key));
}

const char *sgan_safetensors_path(const struct sgan_safetensors *file)
{
	return file->path;
}

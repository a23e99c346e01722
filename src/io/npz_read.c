/* .npz files read whole. What a file says of itself is believed only as far as its data comes.
 * It must not know what the arrays are for. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/cpu/status.h"
#include "src/io/npz.h"
#include "src/io/run.h"

struct sgan_npz {
	char path[SGAN_PATH];
	size_t count, values; /* arrays; values that were read of them */
	bool there[SGAN_NPZ_ARRAYS];
	struct sgan_npz_array arrays[SGAN_NPZ_ARRAYS];
};

void sgan_npz_close(struct sgan_npz *npz)
{
	if (npz == NULL)
		return;
	for (size_t i = 0; i < SGAN_NPZ_ARRAYS; i++)
		free(npz->arrays[i].values);
	free(npz);
}

const char *sgan_npz_path(const struct sgan_npz *npz)
{
	return npz->path;
}

size_t sgan_npz_count(const struct sgan_npz *npz)
{
	return npz->count;
}

const struct sgan_npz_array *sgan_npz_at(const struct sgan_npz *npz, size_t i)
{
	return &npz->arrays[i];
}

/* As many bytes of the current member, or all that are left; fewer only at its end. */
static sgan_status read_some(struct archive *archive, void *data, size_t size, size_t *got)
{
	for (*got = 0; *got < size;) {
		la_ssize_t some = archive_read_data(archive, (char *)data + *got, size - *got);
		if (some < 0)
			return sgan_fail(SGAN_EFORMAT, "damaged: %s", archive_error_string(archive));
		if (some == 0)
			break;
		*got += (size_t)some;
	}
	return SGAN_OK;
}

static sgan_status read_exactly(struct archive *archive, void *data, size_t size)
{
	size_t got;
	SGAN_TRY(read_some(archive, data, size, &got));
	return got == size ? SGAN_OK : sgan_fail(SGAN_EFORMAT, "truncated");
}

static sgan_status read_header(struct archive *archive, struct sgan_npy *npy)
{
	uint8_t bytes[SGAN_NPY_PREAMBLE];
	size_t begin, length;
	SGAN_TRY(read_exactly(archive, bytes, 10));
	SGAN_TRY(sgan_npy_begin(bytes, &begin));
	SGAN_TRY(read_exactly(archive, bytes + 10, begin - 10));
	SGAN_TRY(sgan_npy_length(bytes, begin, &length));
	char *text = malloc(length + 1);
	if (text == NULL)
		return sgan_fail(SGAN_ENOMEM, "no memory for its header");
	sgan_status status = read_exactly(archive, text, length);
	if (status == SGAN_OK)
		status = sgan_npy_parse(text, length, npy);
	free(text);
	return status;
}

static uint64_t little_endian(const uint8_t *bytes, size_t size)
{
	uint64_t value = 0;
	while (size-- > 0)
		value = value << 8 | bytes[size];
	return value;
}

/* Elements as they are stored to floats. */
static void convert(enum sgan_npy_type type, const uint8_t *bytes, size_t count, float *values)
{
	for (size_t i = 0; i < count; i++) {
		if (type == SGAN_NPY_F32) {
			const uint32_t word = (uint32_t)little_endian(bytes + 4 * i, 4);
			memcpy(&values[i], &word, sizeof word);
		} else {
			const uint64_t word = little_endian(bytes + 8 * i, 8);
			double wide;
			memcpy(&wide, &word, sizeof word);
			values[i] = (float)wide;
		}
	}
}

static sgan_status read_values(struct archive *archive, const struct sgan_npy *npy, float *values)
{
	enum { CHUNK = 8192 };
	uint8_t bytes[8 * CHUNK], beyond;
	size_t got;
	for (size_t done = 0; done < npy->count;) {
		const size_t some = npy->count - done < CHUNK ? npy->count - done : CHUNK;
		SGAN_TRY(read_exactly(archive, bytes, some * sgan_npy_size(npy->type)));
		convert(npy->type, bytes, some, values + done);
		done += some;
	}
	SGAN_TRY(read_some(archive, &beyond, 1, &got)); /* at a member's end its checksum is compared */
	return got == 0 ? SGAN_OK : sgan_fail(SGAN_EFORMAT, "longer than its shape says");
}

/* Values whose first index runs fastest into those whose last does. */
static sgan_status reorder(struct sgan_npz_array *array)
{
	float *to = malloc((array->count + 1) * sizeof *to);
	if (to == NULL)
		return sgan_fail(SGAN_ENOMEM, "no memory for its values");
	for (size_t i = 0; i < array->count; i++) {
		size_t left = i, place = 0;
		for (size_t d = 0; d < array->rank; d++) {
			place = place * array->shape[d] + left % array->shape[d];
			left /= array->shape[d];
		}
		to[place] = array->values[i];
	}
	free(array->values);
	array->values = to;
	return SGAN_OK;
}

/* An array; of one with more than `most` values, its shape alone. */
static sgan_status read_array(struct archive *archive, size_t most, struct sgan_npz_array *array)
{
	struct sgan_npy npy;
	SGAN_TRY(read_header(archive, &npy));
	if (npy.type != SGAN_NPY_F32 && npy.type != SGAN_NPY_F64)
		return sgan_fail(SGAN_EFORMAT, "its elements are whole numbers, float32 or float64 expected");
	array->rank = npy.rank;
	memcpy(array->shape, npy.shape, sizeof array->shape);
	array->count = npy.count;
	if (npy.count > most)
		return SGAN_OK; /* its data is passed over */
	array->values = malloc((npy.count + 1) * sizeof *array->values);
	if (array->values == NULL)
		return sgan_fail(SGAN_ENOMEM, "no memory for its %zu values", npy.count);
	SGAN_TRY(read_values(archive, &npy, array->values));
	return npy.fortran && npy.rank > 1 ? reorder(array) : SGAN_OK;
}

/* The number of a member called arr_N.npy; SGAN_NPZ_ARRAYS for any other name. */
static size_t member_number(const char *name)
{
	size_t number = 0;
	if (name == NULL || strncmp(name, "arr_", 4) != 0)
		return SGAN_NPZ_ARRAYS;
	const char *digits = name + 4, *end = digits + strspn(digits, "0123456789");
	if (end == digits || (*digits == '0' && end > digits + 1) || strcmp(end, ".npy") != 0)
		return SGAN_NPZ_ARRAYS;
	for (; digits < end && number < SGAN_NPZ_ARRAYS; digits++)
		number = 10 * number + (size_t)(*digits - '0');
	return number < SGAN_NPZ_ARRAYS ? number : SGAN_NPZ_ARRAYS;
}

static sgan_status read_member(struct sgan_npz *npz, struct archive *archive, const char *name, size_t most)
{
	const size_t number = member_number(name);
	if (number == SGAN_NPZ_ARRAYS)
		return sgan_fail(SGAN_EFORMAT, "%s: its member '%.80s' is not one of numpy.savez: arr_0.npy, arr_1.npy, ...",
		                 npz->path, name != NULL ? name : "?");
	struct sgan_npz_array *array = &npz->arrays[number];
	if (npz->there[number])
		return sgan_fail(SGAN_EFORMAT, "%s: arr_%zu is there twice", npz->path, number);
	sgan_status status = read_array(archive, most - npz->values, array);
	if (status != SGAN_OK)
		return sgan_fail_in(status, "%s: arr_%zu", npz->path, number);
	npz->there[number] = true;
	npz->values += array->values != NULL ? array->count : 0;
	npz->count = number >= npz->count ? number + 1 : npz->count;
	return SGAN_OK;
}

static sgan_status read_members(struct sgan_npz *npz, struct archive *archive, size_t most)
{
	struct archive_entry *entry;
	int result;
	while ((result = archive_read_next_header(archive, &entry)) == ARCHIVE_OK || result == ARCHIVE_WARN)
		SGAN_TRY(read_member(npz, archive, archive_entry_pathname(entry), most));
	if (result != ARCHIVE_EOF)
		return sgan_fail(SGAN_EFORMAT, "%s: not an .npz, or damaged: %s", npz->path, archive_error_string(archive));
	if (npz->count == 0)
		return sgan_fail(SGAN_EFORMAT, "%s: it holds no array", npz->path);
	for (size_t i = 0; i < npz->count; i++)
		if (!npz->there[i])
			return sgan_fail(SGAN_EFORMAT, "%s: arr_%zu is missing, there is arr_%zu", npz->path, i, npz->count - 1);
	return SGAN_OK;
}

static sgan_status read_file(struct sgan_npz *npz, int fd, size_t most)
{
	struct stat st;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return sgan_fail(SGAN_EIO, "%s: not a regular file", npz->path);
	struct archive *archive = archive_read_new();
	if (archive == NULL)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory to read it", npz->path);
	sgan_status status = SGAN_OK;
	if (archive_read_support_format_zip(archive) != ARCHIVE_OK ||
	    archive_read_open_fd(archive, fd, 1 << 16) != ARCHIVE_OK)
		status = sgan_fail(SGAN_EFORMAT, "%s: not an .npz: %s", npz->path, archive_error_string(archive));
	if (status == SGAN_OK)
		status = read_members(npz, archive, most);
	archive_read_free(archive);
	return status;
}

sgan_status sgan_npz_open(const char *path, size_t most, struct sgan_npz **out)
{
	struct sgan_npz *npz = calloc(1, sizeof *npz);
	if (npz == NULL)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory to read it", path);
	snprintf(npz->path, sizeof npz->path, "%s", path);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* opening a pipe must not wait */
	sgan_status status =
		fd >= 0 ? read_file(npz, fd, most) : sgan_fail(SGAN_EIO, "%s: cannot open: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	if (status != SGAN_OK) {
		sgan_npz_close(npz);
		return status;
	}
	*out = npz;
	return SGAN_OK;
}

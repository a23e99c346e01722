/* .npz files as a stream: nothing of an array is held but what libarchive deflates.
 * It must not know what the arrays are of. */
#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cpu/memory.h"
#include "src/cpu/status.h"
#include "src/io/file.h"
#include "src/io/npz.h"
#include "src/io/run.h"

struct sgan_npz_writer {
	struct archive *archive;
	struct sgan_writer *writer;
	char path[SGAN_PATH];
	size_t missing;     /* bytes of the current array that have not come yet */
	sgan_status status; /* of the writer; its message stands */
};

/* libarchive's callback. Of a failure it is not told, as it leaks what it has when it is: `check` looks for it, and no
 * more is written. */
static la_ssize_t put_bytes(struct archive *archive, void *arg, const void *data, size_t size)
{
	struct sgan_npz_writer *npz = arg;
	(void)archive;
	if (npz->status == SGAN_OK)
		npz->status = sgan_writer_write(npz->writer, data, size);
	return (la_ssize_t)size;
}

static sgan_status check(struct sgan_npz_writer *npz, bool good)
{
	if (npz->status != SGAN_OK)
		return npz->status;
	if (good)
		return SGAN_OK;
	return sgan_fail(SGAN_EIO, "%s: cannot make a zip: %s", npz->path, archive_error_string(npz->archive));
}

static sgan_status begin(struct sgan_npz_writer *npz)
{
	npz->archive = archive_write_new();
	struct archive *archive = npz->archive;
	if (archive == NULL)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory to write it", npz->path);
	return check(npz, archive_write_set_format_zip(archive) == ARCHIVE_OK &&
	                      archive_write_set_format_option(archive, "zip", "compression", "deflate") == ARCHIVE_OK &&
	                      archive_write_set_bytes_in_last_block(archive, 1) == ARCHIVE_OK &&
	                      archive_write_open(archive, npz, NULL, put_bytes, NULL) == ARCHIVE_OK);
}

sgan_status sgan_npz_create(const char *path, struct sgan_npz_writer **out)
{
	struct sgan_npz_writer *npz = calloc(1, sizeof *npz);
	if (npz == NULL)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory to write it", path);
	sgan_status status = sgan_writer_open(path, &npz->writer);
	if (status == SGAN_OK) {
		snprintf(npz->path, sizeof npz->path, "%s", path); /* which the writer found to fit */
		status = begin(npz);
	}
	if (status != SGAN_OK) {
		sgan_npz_abort(npz);
		return status;
	}
	*out = npz;
	return SGAN_OK;
}

static sgan_status check_complete(const struct sgan_npz_writer *npz)
{
	return npz->missing == 0
	           ? SGAN_OK
	           : sgan_fail(SGAN_EINVAL, "%s: %zu bytes of an array were not given", npz->path, npz->missing);
}

/* Bytes of an array with its header. */
static sgan_status member_size(const struct sgan_npz_writer *npz, enum sgan_npy_type type, size_t rank,
                               const size_t *shape, size_t *size)
{
	size_t bytes = sgan_npy_size(type);
	bool fits = rank <= SGAN_NPY_RANK;
	for (size_t i = 0; fits && i < rank; i++)
		fits = sgan_size_mul3(bytes, shape[i], 1, &bytes);
	if (!fits || bytes > SIZE_MAX / 4)
		return sgan_fail(SGAN_EINVAL, "%s: an array is too large to address", npz->path);
	*size = bytes + SGAN_NPY_HEADER;
	return SGAN_OK;
}

static struct archive_entry *make_entry(const char *name, size_t size)
{
	char member[64];
	struct archive_entry *entry = archive_entry_new();
	if (entry == NULL)
		return NULL;
	snprintf(member, sizeof member, "%s.npy", name);
	archive_entry_set_pathname(entry, member);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_mtime(entry, 0, 0);
	archive_entry_set_size(entry, (la_int64_t)size);
	return entry;
}

sgan_status sgan_npz_array(struct sgan_npz_writer *npz, const char *name, enum sgan_npy_type type, size_t rank,
                           const size_t *shape)
{
	char header[SGAN_NPY_HEADER];
	size_t size = 0;
	SGAN_TRY(check_complete(npz));
	SGAN_TRY(member_size(npz, type, rank, shape, &size));
	struct archive_entry *entry = make_entry(name, size);
	if (entry == NULL)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory to write it", npz->path);
	bool good = archive_write_header(npz->archive, entry) == ARCHIVE_OK;
	archive_entry_free(entry);
	SGAN_TRY(check(npz, good));
	sgan_npy_write(type, rank, shape, header);
	npz->missing = size;
	return sgan_npz_data(npz, header, SGAN_NPY_HEADER);
}

sgan_status sgan_npz_data(struct sgan_npz_writer *npz, const void *data, size_t size)
{
	if (size > npz->missing)
		return sgan_fail(SGAN_EINVAL, "%s: more data than an array's shape has", npz->path);
	npz->missing -= size;
	return check(npz, archive_write_data(npz->archive, data, size) == (la_ssize_t)size);
}

sgan_status sgan_npz_integers(struct sgan_npz_writer *npz, const uint32_t *values, size_t count)
{
	enum { MOST = 512 };
	uint8_t wide[8 * MOST];
	while (count > 0) {
		const size_t some = count < MOST ? count : MOST;
		memset(wide, 0, 8 * some);
		for (size_t i = 0; i < some; i++)
			for (size_t k = 0; k < 4; k++)
				wide[8 * i + k] = (uint8_t)(values[i] >> 8 * k);
		SGAN_TRY(sgan_npz_data(npz, wide, 8 * some));
		values += some;
		count -= some;
	}
	return SGAN_OK;
}

sgan_status sgan_npz_commit(struct sgan_npz_writer *npz)
{
	sgan_status status = check_complete(npz);
	if (status == SGAN_OK)
		status = check(npz, archive_write_close(npz->archive) == ARCHIVE_OK);
	if (status == SGAN_OK) {
		status = sgan_writer_commit(npz->writer);
		npz->writer = NULL;
	}
	sgan_npz_abort(npz);
	return status;
}

void sgan_npz_abort(struct sgan_npz_writer *npz)
{
	if (npz == NULL)
		return;
	/* Freeing closes, and closing writes: what is given up must not reach the file. */
	if (npz->status == SGAN_OK)
		npz->status = SGAN_EINTERRUPTED;
	archive_write_free(npz->archive);
	sgan_writer_abort(npz->writer);
	free(npz);
}

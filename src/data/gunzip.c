/* A file as a source of bytes, gunzipped where its content is gzip. zlib is used as it is, for it checks the sums
 * at the end of the data, and a truncated download must not become a training set.
 * It must not know what the bytes mean. */
#include "src/data/gunzip.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "src/cpu/status.h"

enum { INPUT = 64 << 10, GZIP_ONLY = 15 + 16 };

struct gunzip {
	struct sgan_source source;
	int fd;
	bool compressed;
	bool member_open; /* inside a gzip member, whose end must come */
	z_stream stream;  /* its next_in, avail_in are the input at hand also when nothing is compressed */
	uint8_t input[INPUT];
};

/* Tops the input up; *more is false at the end of the file. */
static sgan_status refill(struct gunzip *file, bool *more)
{
	ssize_t got;
	memmove(file->input, file->stream.next_in, file->stream.avail_in);
	file->stream.next_in = file->input;
	do
		got = read(file->fd, file->input + file->stream.avail_in, INPUT - file->stream.avail_in);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return sgan_fail(SGAN_EIO, "%s: cannot read: %s", file->source.name, strerror(errno));
	file->stream.avail_in += (uInt)got;
	*more = got > 0;
	return SGAN_OK;
}

static sgan_status read_plain(struct gunzip *file, uint8_t *dst, size_t size, size_t *got)
{
	bool more = true;
	for (*got = 0; *got < size && more;) {
		size_t some = file->stream.avail_in < size - *got ? file->stream.avail_in : size - *got;
		memcpy(dst + *got, file->stream.next_in, some);
		file->stream.next_in += some;
		file->stream.avail_in -= (uInt)some;
		*got += some;
		if (file->stream.avail_in == 0)
			SGAN_TRY(refill(file, &more));
	}
	return SGAN_OK;
}

static bool gzip_magic(const struct gunzip *file)
{
	return file->stream.avail_in >= 2 && file->stream.next_in[0] == 0x1f && file->stream.next_in[1] == 0x8b;
}

/* Takes what is 0 from the input: tapes and some mirrors fill up with it behind the last member, and gzip lets it pass. */
static sgan_status skip_zeros(struct gunzip *file)
{
	bool more = true;
	while (more) {
		while (file->stream.avail_in > 0 && *file->stream.next_in == 0) {
			file->stream.next_in++;
			file->stream.avail_in--;
		}
		if (file->stream.avail_in > 0)
			return SGAN_OK;
		SGAN_TRY(refill(file, &more));
	}
	return SGAN_OK;
}

/* Between members: another one, the end, or something that does not belong there. */
static sgan_status next_member(struct gunzip *file, bool *end)
{
	bool more = true;
	while (file->stream.avail_in < 2 && more)
		SGAN_TRY(refill(file, &more));
	if (!gzip_magic(file))
		SGAN_TRY(skip_zeros(file));
	*end = file->stream.avail_in == 0;
	if (*end)
		return SGAN_OK;
	if (!gzip_magic(file))
		return sgan_fail(SGAN_EFORMAT, "%s: corrupt gzip: something else follows the compressed data",
		                 file->source.name);
	if (inflateReset(&file->stream) != Z_OK)
		return sgan_fail(SGAN_EFORMAT, "%s: corrupt gzip: a further part cannot be read", file->source.name);
	file->member_open = true;
	return SGAN_OK;
}

/* What inflate makes of the input at hand. */
static sgan_status inflate_some(struct gunzip *file)
{
	int result = inflate(&file->stream, Z_NO_FLUSH);
	if (result == Z_STREAM_END)
		file->member_open = false;
	else if (result == Z_MEM_ERROR)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory to uncompress it", file->source.name);
	else if (result != Z_OK && result != Z_BUF_ERROR)
		return sgan_fail(SGAN_EFORMAT, "%s: corrupt gzip: %s", file->source.name,
		                 file->stream.msg ? file->stream.msg : "damaged data");
	return SGAN_OK;
}

static sgan_status read_compressed(struct gunzip *file, uint8_t *dst, size_t size, size_t *got)
{
	bool more = true, end = false;
	*got = 0;
	while (*got < size && !end) {
		if (!file->member_open) {
			SGAN_TRY(next_member(file, &end));
			continue;
		}
		if (file->stream.avail_in == 0)
			SGAN_TRY(refill(file, &more));
		if (!more)
			return sgan_fail(SGAN_EFORMAT, "%s: corrupt gzip: truncated after %lld bytes of it", file->source.name,
			                 (long long)lseek(file->fd, 0, SEEK_CUR));
		size_t room = size - *got < UINT_MAX ? size - *got : UINT_MAX;
		file->stream.next_out = dst + *got;
		file->stream.avail_out = (uInt)room;
		SGAN_TRY(inflate_some(file));
		*got += room - file->stream.avail_out;
	}
	return SGAN_OK;
}

static sgan_status read_source(struct sgan_source *source, void *dst, size_t size, size_t *got)
{
	struct gunzip *file = (struct gunzip *)source;
	return file->compressed ? read_compressed(file, dst, size, got) : read_plain(file, dst, size, got);
}

/* Looks at the kind of file and its first bytes. */
static sgan_status start(struct gunzip *file, bool plain)
{
	const char *path = file->source.name;
	struct stat st;
	bool more = true;
	if (fstat(file->fd, &st) != 0)
		return sgan_fail(SGAN_EIO, "%s: cannot read: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return sgan_fail(SGAN_EIO, "%s: not a regular file", path);
	file->stream.next_in = file->input;
	while (file->stream.avail_in < 2 && more)
		SGAN_TRY(refill(file, &more));
	if (file->stream.avail_in == 0)
		return sgan_fail(SGAN_EFORMAT, "%s: empty", path);
	if (plain || !gzip_magic(file))
		return SGAN_OK;
	if (inflateInit2(&file->stream, GZIP_ONLY) != Z_OK)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory to uncompress it", path);
	file->compressed = true;
	file->member_open = true;
	return SGAN_OK;
}

static sgan_status open_source(const char *path, bool plain, struct sgan_source **source)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* not to wait for the other end of a pipe */
	if (fd < 0)
		return sgan_fail(SGAN_EIO, "%s: cannot open: %s", path, strerror(errno));
	struct gunzip *file = calloc(1, sizeof *file);
	if (!file) {
		close(fd);
		return sgan_fail(SGAN_ENOMEM, "%s: no memory to read it", path);
	}
	file->fd = fd;
	file->source.name = path;
	file->source.read = read_source;
	sgan_status status = start(file, plain);
	if (status != SGAN_OK) {
		sgan_gunzip_close(&file->source);
		return status;
	}
	*source = &file->source;
	return SGAN_OK;
}

sgan_status sgan_gunzip_open(const char *path, struct sgan_source **source)
{
	return open_source(path, false, source);
}

sgan_status sgan_gunzip_open_plain(const char *path, struct sgan_source **source)
{
	return open_source(path, true, source);
}

void sgan_gunzip_close(struct sgan_source *source)
{
	struct gunzip *file = (struct gunzip *)source;
	if (!file)
		return;
	if (file->compressed)
		inflateEnd(&file->stream);
	close(file->fd);
	free(file);
}

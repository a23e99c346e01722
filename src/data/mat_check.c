/* Walks a MATLAB version 5 file: a header of 128 bytes, then elements, each with its type and its length before it.
 * It must not know what an array looks like inside, nor of matio. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "src/cpu/status.h"
#include "src/data/gunzip.h"
#include "src/data/mat.h"
#include "src/data/mat_head.h"

enum { HEADER = 128, TAG = 8, PIECE = 64 << 10 };
enum { ELEMENT_MATRIX = 14, ELEMENT_COMPRESSED = 15 };

struct walk {
	struct sgan_source *source;
	struct sgan_mat_head head; /* what the element at hand begins with */
	uint64_t limit;
	uint8_t in[PIECE], out[PIECE];
};

static sgan_status truncated(const struct walk *walk)
{
	return sgan_fail(SGAN_EFORMAT, "%s: truncated, or no MATLAB file", walk->source->name);
}

/* Version 7.3 is HDF5 with the same header. */
static sgan_status check_header(struct walk *walk)
{
	uint8_t header[HEADER];
	size_t got;
	SGAN_TRY(walk->source->read(walk->source, header, HEADER, &got));
	const uint8_t *version = header + HEADER - 4, *order = header + HEADER - 2;
	const bool little = order[0] == 'I' && order[1] == 'M', big = order[0] == 'M' && order[1] == 'I';
	if (got < HEADER || (!little && !big))
		return sgan_fail(SGAN_EFORMAT, "%s: no MATLAB file of version 5", walk->source->name);
	walk->head.swapped = big;
	const unsigned major = version[little ? 1 : 0];
	if (major == 2)
		return sgan_fail(SGAN_EFORMAT, "%s: a MATLAB file of version 7.3 (HDF5), version 5 expected: save it with -v7",
		                 walk->source->name);
	if (major != 1)
		return sgan_fail(SGAN_EFORMAT, "%s: a MATLAB file of version %u, version 5 expected", walk->source->name,
		                 major);
	return SGAN_OK;
}

static sgan_status too_large(const struct walk *walk)
{
	return sgan_fail(SGAN_EFORMAT, "%s: a variable of more than the %ju bytes that are read", walk->source->name,
	                 (uintmax_t)walk->limit);
}

static sgan_status damaged(const struct walk *walk, const z_stream *stream)
{
	return sgan_fail(SGAN_EFORMAT, "%s: damaged: compressed data cannot be inflated: %s", walk->source->name,
	                 stream->msg ? stream->msg : "wrong length");
}

/* Takes note of bytes of an array; its head is kept. */
static sgan_status take(struct walk *walk, const uint8_t *bytes, size_t count)
{
	struct sgan_mat_head *head = &walk->head;
	if (head->total < SGAN_MAT_HEAD) {
		const size_t room = SGAN_MAT_HEAD - (size_t)head->total;
		memcpy(head->bytes + head->total, bytes, count < room ? count : room);
	}
	head->total += count;
	return head->total > walk->limit ? too_large(walk) : SGAN_OK;
}

/* Inflates `size` bytes of the source, which must be one stream. */
static sgan_status inflate_all(struct walk *walk, z_stream *stream, uint64_t size)
{
	int result = Z_OK;
	while (size > 0) {
		size_t got, wanted = size < PIECE ? (size_t)size : PIECE;
		SGAN_TRY(walk->source->read(walk->source, walk->in, wanted, &got));
		if (got < wanted)
			return truncated(walk);
		size -= got;
		stream->next_in = walk->in;
		stream->avail_in = (uInt)got;
		do {
			if (result == Z_STREAM_END)
				return damaged(walk, stream);
			stream->next_out = walk->out;
			stream->avail_out = PIECE;
			result = inflate(stream, Z_NO_FLUSH);
			if (result == Z_MEM_ERROR)
				return sgan_fail(SGAN_ENOMEM, "%s: no memory to uncompress it", walk->source->name);
			if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
				return damaged(walk, stream);
			SGAN_TRY(take(walk, walk->out, PIECE - stream->avail_out));
		} while (stream->avail_in > 0 || stream->avail_out == 0);
	}
	return result == Z_STREAM_END ? SGAN_OK : damaged(walk, stream);
}

static sgan_status check_compressed(struct walk *walk, uint64_t size)
{
	z_stream stream = { .next_in = NULL };
	if (inflateInit(&stream) != Z_OK)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory to uncompress it", walk->source->name);
	sgan_status status = inflate_all(walk, &stream, size);
	inflateEnd(&stream);
	return status;
}

/* The element's tag has been read. */
static sgan_status check_plain(struct walk *walk, uint64_t size)
{
	while (size > 0) {
		size_t got, wanted = size < PIECE ? (size_t)size : PIECE;
		SGAN_TRY(walk->source->read(walk->source, walk->in, wanted, &got));
		if (got < wanted)
			return truncated(walk);
		SGAN_TRY(take(walk, walk->in, got));
		size -= got;
	}
	return SGAN_OK;
}

static sgan_status check_element(struct walk *walk, const uint8_t tag[TAG])
{
	const uint32_t type = sgan_mat_number(&walk->head, tag), size = sgan_mat_number(&walk->head, tag + 4);
	walk->head.total = 0;
	if (type == ELEMENT_COMPRESSED) {
		SGAN_TRY(check_compressed(walk, size));
	} else if (type == ELEMENT_MATRIX) {
		SGAN_TRY(take(walk, tag, TAG));
		SGAN_TRY(check_plain(walk, size));
	} else {
		return sgan_fail(SGAN_EFORMAT, "%s: damaged: an element of type %u", walk->source->name, (unsigned)type);
	}
	return sgan_mat_head_check(walk->source->name, &walk->head);
}

static sgan_status check_elements(struct walk *walk)
{
	for (;;) {
		uint8_t tag[TAG];
		size_t got;
		SGAN_TRY(walk->source->read(walk->source, tag, TAG, &got));
		if (got == 0)
			return SGAN_OK;
		if (got < TAG)
			return truncated(walk);
		SGAN_TRY(check_element(walk, tag));
	}
}

sgan_status sgan_mat_check(const char *path, uint64_t limit)
{
	struct walk *walk = malloc(sizeof *walk);
	if (!walk)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory to read it", path);
	walk->limit = limit;
	sgan_status status = sgan_gunzip_open_plain(path, &walk->source);
	if (status == SGAN_OK) {
		status = check_header(walk);
		if (status == SGAN_OK)
			status = check_elements(walk);
		sgan_gunzip_close(walk->source);
	}
	free(walk);
	return status;
}

/* Holds an array's parts against each other, from its first bytes: flags, dimensions, name, data, each an element with
 * its type and length before it.
 * It must not know of files. */
#include "src/data/mat_head.h"

#include "src/cpu/status.h"

enum { TYPE_INT8 = 1, TYPE_INT32 = 5, TYPE_UINT32 = 6, TYPE_MATRIX = 14 };
enum { CLASS_DOUBLE = 6, CLASS_UINT64 = 15, COMPLEX = 0x0800, RANK = 8, NAME = 63 };

/* Bytes of a value of the types of numbers. */
static const uint8_t value_sizes[] = {
	[1] = 1, [2] = 1, [3] = 2, [4] = 2, [5] = 4, [6] = 4, [7] = 4, [9] = 8, [12] = 8, [13] = 8
};

struct element {
	uint32_t type, size;
	const uint8_t *data;
};

/* Where parsing is. */
struct cursor {
	const struct sgan_mat_head *head;
	size_t at;
};

uint32_t sgan_mat_number(const struct sgan_mat_head *head, const uint8_t *b)
{
	return head->swapped ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3]
	                     : (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0];
}

/* The next element, of which the tag is at hand; small ones lie in their tag. False: there is none. */
static bool next(struct cursor *cursor, struct element *element)
{
	const size_t there = cursor->head->total < SGAN_MAT_HEAD ? (size_t)cursor->head->total : SGAN_MAT_HEAD;
	if (there - cursor->at < 8)
		return false;
	const uint8_t *tag = cursor->head->bytes + cursor->at;
	const uint32_t word = sgan_mat_number(cursor->head, tag);
	if (word >> 16)
		*element = (struct element){ word & 0xffff, word >> 16, tag + 4 };
	else
		*element = (struct element){ word, sgan_mat_number(cursor->head, tag + 4), tag + 8 };
	if (word >> 16 && element->size > 4)
		return false;
	cursor->at += 8;
	return true;
}

/* The next element, which is a short one, whole. */
static bool next_whole(struct cursor *cursor, uint32_t type, uint32_t most, struct element *element)
{
	if (!next(cursor, element) || element->type != type || element->size > most)
		return false;
	const bool inside = element->data < cursor->head->bytes + cursor->at; /* the tag */
	cursor->at += inside ? 0 : (element->size + 7) / 8 * 8;
	return cursor->at <= SGAN_MAT_HEAD && cursor->at <= cursor->head->total;
}

/* The product of the dimensions; false: they are none, or more than the file has bytes. */
static bool count_values(const struct sgan_mat_head *head, const struct element *dims, uint64_t *count)
{
	*count = 1;
	for (uint32_t i = 0; i < dims->size / 4; i++) {
		const uint32_t dim = sgan_mat_number(head, dims->data + 4 * (size_t)i);
		if (dim > INT32_MAX || (dim > 0 && *count > head->total / dim))
			return false;
		*count *= dim;
	}
	return dims->size >= 8 && dims->size % 4 == 0;
}

sgan_status sgan_mat_head_check(const char *path, const struct sgan_mat_head *head)
{
	struct cursor cursor = { head, 0 };
	struct element array, flags, dims, name, data;
	uint64_t count;
	if (!next(&cursor, &array) || array.type != TYPE_MATRIX || !next_whole(&cursor, TYPE_UINT32, 8, &flags) ||
	    flags.size != 8)
		return sgan_fail(SGAN_EFORMAT, "%s: damaged: an element that is no array", path);
	const uint32_t word = sgan_mat_number(head, flags.data), class = word & 255;
	if (class < CLASS_DOUBLE || class > CLASS_UINT64 || (word & COMPLEX))
		return sgan_fail(SGAN_EFORMAT, "%s: holds a variable that is no array of real numbers", path);
	if (array.size > head->total - (size_t)(array.data - head->bytes) ||
	    !next_whole(&cursor, TYPE_INT32, 4 * RANK, &dims) || !count_values(head, &dims, &count) ||
	    !next_whole(&cursor, TYPE_INT8, NAME, &name) || !next(&cursor, &data))
		return sgan_fail(SGAN_EFORMAT, "%s: damaged: an array whose length, dimensions, name or data cannot be", path);
	const size_t size = data.type < sizeof value_sizes ? value_sizes[data.type] : 0;
	const uint64_t left = head->total - cursor.at + (data.data < head->bytes + cursor.at ? 4 : 0);
	if (size == 0 || data.size / size != count || data.size % size != 0 || data.size > left)
		return sgan_fail(SGAN_EFORMAT, "%s: damaged: an array of %ju values has %u bytes of type %u", path,
		                 (uintmax_t)count, (unsigned)data.size, (unsigned)data.type);
	return SGAN_OK;
}

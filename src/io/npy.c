/* Headers of .npy files (numpy.lib.format): a literal of a Python dictionary with three keys.
 * It must not know where the bytes come from. */
#include "src/io/npy.h"

#include <stdio.h>
#include <string.h>

#include "src/cpu/status.h"

static const struct {
	const char *descr;
	size_t size;
} types[SGAN_NPY_TYPES] = { { "|u1", 1 }, { "<i8", 8 }, { "<f4", 4 }, { "<f8", 8 } };

static const char magic[] = "\x93NUMPY";
enum { MAGIC = sizeof magic - 1, BEGIN = 10 };

size_t sgan_npy_size(enum sgan_npy_type type)
{
	return types[type].size;
}

void sgan_npy_shape_text(size_t rank, const size_t *shape, char text[96])
{
	int at = snprintf(text, 96, "(");
	for (size_t i = 0; i < rank && i < SGAN_NPY_RANK; i++)
		at += snprintf(text + at, 96 - (size_t)at, "%s%zu", i > 0 ? ", " : "", shape[i]);
	snprintf(text + at, 96 - (size_t)at, rank == 1 ? ",)" : ")");
}

void sgan_npy_write(enum sgan_npy_type type, size_t rank, const size_t *shape, char header[SGAN_NPY_HEADER])
{
	char text[96];
	sgan_npy_shape_text(rank, shape, text);
	memset(header, ' ', SGAN_NPY_HEADER);
	memcpy(header, "\x93NUMPY\x01\x00", 8);
	header[8] = SGAN_NPY_HEADER - BEGIN;
	header[9] = 0;
	int length = snprintf(header + BEGIN, SGAN_NPY_HEADER - BEGIN,
	                      "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", types[type].descr, text);
	header[BEGIN + length] = ' ';
	header[SGAN_NPY_HEADER - 1] = '\n';
}

sgan_status sgan_npy_begin(const uint8_t *bytes, size_t *begin)
{
	if (memcmp(bytes, magic, MAGIC) != 0)
		return sgan_fail(SGAN_EFORMAT, "not an array of numpy.save: it begins with other bytes");
	if (bytes[6] < 1 || bytes[6] > 3 || bytes[7] != 0)
		return sgan_fail(SGAN_EFORMAT, "format %u.%u of .npy, 1.0 to 3.0 expected", bytes[6], bytes[7]);
	*begin = bytes[6] == 1 ? BEGIN : SGAN_NPY_PREAMBLE;
	return SGAN_OK;
}

sgan_status sgan_npy_length(const uint8_t *bytes, size_t begin, size_t *length)
{
	uint32_t value = 0;
	for (size_t i = begin; i-- > MAGIC + 2;)
		value = value << 8 | bytes[i];
	if (value > SGAN_NPY_DICTIONARY)
		return sgan_fail(SGAN_EFORMAT, "a header of %lu bytes, at most %d expected", (unsigned long)value,
		                 SGAN_NPY_DICTIONARY);
	*length = value;
	return SGAN_OK;
}

/* What is left of the dictionary. */
struct text {
	const char *at, *end;
};

static void skip_space(struct text *t)
{
	while (t->at < t->end && (*t->at == ' ' || *t->at == '\n' || *t->at == '\t'))
		t->at++;
}

static bool take(struct text *t, char c)
{
	skip_space(t);
	if (t->at == t->end || *t->at != c)
		return false;
	t->at++;
	return true;
}

static bool take_word(struct text *t, const char *word)
{
	const size_t length = strlen(word);
	skip_space(t);
	if ((size_t)(t->end - t->at) < length || memcmp(t->at, word, length) != 0)
		return false;
	t->at += length;
	return true;
}

/* A string in quotes, without escapes; cut where it is longer than its room. */
static bool take_string(struct text *t, char *string, size_t room)
{
	skip_space(t);
	if (t->at == t->end || (*t->at != '\'' && *t->at != '"'))
		return false;
	const char quote = *t->at++;
	const char *last = memchr(t->at, quote, (size_t)(t->end - t->at));
	if (last == NULL)
		return false;
	const size_t length = (size_t)(last - t->at);
	snprintf(string, room, "%.*s", length < room ? (int)length : (int)room, t->at);
	t->at = last + 1;
	return true;
}

static bool take_number(struct text *t, size_t *number)
{
	skip_space(t);
	const char *first = t->at;
	*number = 0;
	for (; t->at < t->end && *t->at >= '0' && *t->at <= '9'; t->at++) {
		if (*number > SIZE_MAX / 32)
			return false;
		*number = 10 * *number + (size_t)(*t->at - '0');
	}
	return t->at > first;
}

static sgan_status bad_dictionary(void)
{
	return sgan_fail(SGAN_EFORMAT, "its header is not that of an array");
}

static sgan_status take_type(struct text *t, enum sgan_npy_type *type)
{
	char descr[16];
	if (!take_string(t, descr, sizeof descr))
		return sgan_fail(SGAN_EFORMAT, "its elements are not of one plain type; float32 or float64 expected");
	if (strchr(descr, 'O') != NULL)
		return sgan_fail(SGAN_EFORMAT, "it holds Python objects (a pickle), which are not read");
	for (int i = 0; i < SGAN_NPY_TYPES; i++)
		if (strcmp(descr, types[i].descr) == 0) {
			*type = (enum sgan_npy_type)i;
			return SGAN_OK;
		}
	return sgan_fail(SGAN_EFORMAT, "its elements are of type '%s', '<f4' or '<f8' expected", descr);
}

static sgan_status take_shape(struct text *t, struct sgan_npy *npy)
{
	bool more = true;
	if (!take(t, '('))
		return bad_dictionary();
	npy->count = 1;
	for (npy->rank = 0; !take(t, ')'); npy->rank++) {
		size_t side;
		if (!more || !take_number(t, &side))
			return bad_dictionary();
		if (npy->rank == SGAN_NPY_RANK)
			return sgan_fail(SGAN_EFORMAT, "it has more than %d dimensions", SGAN_NPY_RANK);
		if (side > 0 && npy->count > SIZE_MAX / 16 / side)
			return sgan_fail(SGAN_EFORMAT, "its shape is too large to address");
		npy->shape[npy->rank] = side;
		npy->count *= side;
		more = take(t, ',');
	}
	return SGAN_OK;
}

enum { DESCR = 1, ORDER = 2, SHAPE = 4, ALL = 7 };

/* A key's value; *seen is the keys before it. */
static sgan_status take_value(struct text *t, const char *key, struct sgan_npy *npy, unsigned *seen)
{
	const unsigned which = strcmp(key, "descr") == 0           ? DESCR
	                       : strcmp(key, "fortran_order") == 0 ? ORDER
	                       : strcmp(key, "shape") == 0         ? SHAPE
	                                                           : 0;
	if (which == 0 || (*seen & which) != 0)
		return bad_dictionary();
	*seen |= which;
	if (which == DESCR)
		return take_type(t, &npy->type);
	if (which == SHAPE)
		return take_shape(t, npy);
	npy->fortran = take_word(t, "True");
	return npy->fortran || take_word(t, "False") ? SGAN_OK : bad_dictionary();
}

sgan_status sgan_npy_parse(const char *text, size_t length, struct sgan_npy *npy)
{
	struct text t = { text, text + length };
	unsigned seen = 0;
	bool more = true;
	memset(npy, 0, sizeof *npy);
	if (!take(&t, '{'))
		return bad_dictionary();
	while (!take(&t, '}')) {
		char key[16];
		if (!more || !take_string(&t, key, sizeof key) || !take(&t, ':'))
			return bad_dictionary();
		SGAN_TRY(take_value(&t, key, npy, &seen));
		more = take(&t, ',');
	}
	skip_space(&t);
	return seen == ALL && t.at == t.end ? SGAN_OK : bad_dictionary();
}

/* safetensors: what is written is read, and what nobody should believe is refused. */
#include "tests/temporary.h"

#include <math.h>

#include "src/io/safetensors.h"

TestSuite(safetensors, .init = temporary_make, .fini = temporary_remove);

static const float values[24] = { 1.5f, -2, 3,  4,  5,  6,  7,  8,  9,  10, 11, 12,
	                              13,   14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24 };

static const struct sgan_tensor some[] = {
	{ "g1/fc/weights", 2, { 2, 3 }, values }, { "step", 0, { 0 }, values + 7 },     { "empty", 3, { 2, 0, 5 }, NULL },
	{ "conv", 4, { 1, 2, 3, 4 }, values },    { "\xc3\xa9", 1, { 1 }, values + 2 },
};
enum { SOME = sizeof some / sizeof *some };

static const struct sgan_metadata words[] = { { "preset", "mnist\n\"quoted\"" }, { "format", "pt" }, { "none", "" } };

static void write_some(const char *name)
{
	ASSERT_OK(sgan_safetensors_write(in_temporary(name), some, SOME, words, 3));
}

static struct sgan_safetensors *open_file(const char *name)
{
	struct sgan_safetensors *file = NULL;
	ASSERT_OK(sgan_safetensors_open(in_temporary(name), &file));
	return file;
}

static size_t elements(const struct sgan_tensor *tensor)
{
	size_t count = 1;
	for (size_t i = 0; i < tensor->rank; i++)
		count *= tensor->shape[i];
	return count;
}

static float *values_of(const struct sgan_safetensors *file, const struct sgan_tensor *tensor)
{
	float *read = calloc(elements(tensor) + 1, sizeof *read);
	ASSERT_OK(sgan_safetensors_read(file, tensor, read));
	return read;
}

Test(safetensors, round_trip)
{
	write_some("a");
	struct sgan_safetensors *file = open_file("a");
	cr_assert_eq(sgan_safetensors_count(file), SOME);
	cr_assert_str_eq(sgan_safetensors_path(file), in_temporary("a"));
	for (size_t i = 0; i < SOME; i++) {
		const struct sgan_tensor *tensor = sgan_safetensors_tensor(file, i);
		cr_assert_eq(tensor, sgan_safetensors_find(file, tensor->name));
		const struct sgan_tensor *read = sgan_safetensors_find(file, some[i].name);
		cr_assert_not_null(read, "%s", some[i].name);
		cr_assert_eq(read->rank, some[i].rank);
		cr_assert_arr_eq(read->shape, some[i].shape, read->rank * sizeof *read->shape);
		float *held = values_of(file, read);
		if (elements(read) > 0)
			cr_assert_arr_eq(held, some[i].data, elements(read) * sizeof(float));
		free(held);
	}
	cr_assert_null(sgan_safetensors_find(file, "g1/fc"));
	for (size_t i = 0; i < 3; i++)
		cr_assert_str_eq(sgan_safetensors_metadata(file, words[i].key), words[i].value);
	cr_assert_null(sgan_safetensors_metadata(file, "missing"));
	sgan_safetensors_close(file);
	sgan_safetensors_close(NULL);
}

Test(safetensors, bytes_that_are_no_numbers_survive)
{
	uint32_t bits[4] = { 0x7fc12345, 0xff800000, 0x00000001, 0x80000000 }, found[4];
	float odd[4];
	memcpy(odd, bits, sizeof bits);
	struct sgan_tensor tensor = { "odd", 1, { 4 }, odd };
	ASSERT_OK(sgan_safetensors_write(in_temporary("a"), &tensor, 1, NULL, 0));
	struct sgan_safetensors *file = open_file("a");
	float *held = values_of(file, sgan_safetensors_tensor(file, 0));
	memcpy(found, held, sizeof found);
	cr_assert_arr_eq(found, bits, sizeof bits);
	free(held);
	cr_assert_null(sgan_safetensors_metadata(file, "preset"));
	sgan_safetensors_close(file);
}

Test(safetensors, same_input_same_bytes_and_alignment)
{
	size_t a_size, b_size;
	uint64_t length;
	write_some("a");
	write_some("b");
	char *a = get_file("a", &a_size), *b = get_file("b", &b_size);
	cr_assert_eq(a_size, b_size);
	cr_assert_arr_eq(a, b, a_size);
	memcpy(&length, a, 8);
	cr_assert_eq((8 + length) % 64, 0);
	cr_assert_eq(a_size, 8 + length + (6 + 1 + 24 + 1) * sizeof(float));
	/* Reading and writing again changes nothing. */
	struct sgan_tensor again[SOME];
	struct sgan_safetensors *file = open_file("a");
	float *held[SOME];
	for (size_t i = 0; i < SOME; i++) {
		again[i] = *sgan_safetensors_find(file, some[i].name);
		again[i].data = held[i] = values_of(file, sgan_safetensors_find(file, some[i].name));
	}
	ASSERT_OK(sgan_safetensors_write(in_temporary("b"), again, SOME, words, 3));
	sgan_safetensors_close(file);
	for (size_t i = 0; i < SOME; i++)
		free(held[i]);
	free(b);
	b = get_file("b", &b_size);
	cr_assert_eq(a_size, b_size);
	cr_assert_arr_eq(a, b, a_size);
	free(a);
	free(b);
}

Test(safetensors, nothing_in_it)
{
	ASSERT_OK(sgan_safetensors_write(in_temporary("a"), NULL, 0, NULL, 0));
	struct sgan_safetensors *file = open_file("a");
	cr_assert_eq(sgan_safetensors_count(file), 0);
	sgan_safetensors_close(file);
}

static sgan_status write_one(struct sgan_tensor tensor)
{
	return sgan_safetensors_write(in_temporary("bad"), &tensor, 1, NULL, 0);
}

Test(safetensors, what_cannot_be_written)
{
	struct sgan_tensor twice[2] = { some[0], some[0] };
	struct sgan_metadata same[2] = { words[0], words[0] }, latin = { "name", "\xe9" };
	const char *bad = in_temporary("bad");
	ASSERT_FAILS(sgan_safetensors_write(bad, twice, 2, NULL, 0), SGAN_EINVAL, "'g1/fc/weights' is given twice");
	ASSERT_FAILS(sgan_safetensors_write(bad, NULL, 0, same, 2), SGAN_EINVAL, "'preset' is given twice");
	ASSERT_FAILS(sgan_safetensors_write(bad, NULL, 0, &latin, 1), SGAN_EINVAL, "not UTF-8");
	ASSERT_FAILS(write_one((struct sgan_tensor){ "", 0, { 0 }, values }), SGAN_EINVAL, "not a name");
	ASSERT_FAILS(write_one((struct sgan_tensor){ "a\nb", 0, { 0 }, values }), SGAN_EINVAL, "not a name");
	ASSERT_FAILS(write_one((struct sgan_tensor){ "\xe9", 0, { 0 }, values }), SGAN_EINVAL, "not UTF-8");
	ASSERT_FAILS(write_one((struct sgan_tensor){ "__metadata__", 0, { 0 }, values }), SGAN_EINVAL, "not a name");
	ASSERT_FAILS(write_one((struct sgan_tensor){ "a", 5, { 0 }, values }), SGAN_EINVAL, "rank 5, at most 4");
	ASSERT_FAILS(write_one((struct sgan_tensor){ "a", 2, { SIZE_MAX / 4, 4 }, values }), SGAN_EINVAL, "too large");
	struct sgan_tensor unended = { .rank = 0, .data = values };
	memset(unended.name, 'n', sizeof unended.name);
	ASSERT_FAILS(write_one(unended), SGAN_EINVAL, "not a name");
	cr_assert_eq(count_files(), 0);
}

Test(safetensors, full_disk)
{
	static float many[100000];
	struct sgan_tensor tensor = { "many", 1, { 100000 }, many };
	write_some("a");
	size_t size, after;
	char *before = get_file("a", &size);
	fill_disk_after(50000);
	ASSERT_FAILS(sgan_safetensors_write(in_temporary("a"), &tensor, 1, NULL, 0), SGAN_EIO,
	             "/a: cannot write: File too large");
	empty_disk();
	char *still = get_file("a", &after);
	cr_assert_eq(size, after);
	cr_assert_arr_eq(before, still, size);
	cr_assert_eq(count_files(), 1);
	free(before);
	free(still);
}

/* --- hostile files --- */

/* A file of a header and `size` zero bytes of data. */
static void put_header(const char *header, size_t size)
{
	size_t length = strlen(header);
	char *bytes = calloc(1, 8 + length + size);
	uint64_t field = length;
	memcpy(bytes, &field, 8);
	memcpy(bytes + 8, header, length);
	put_file("bad", bytes, 8 + length + size);
	free(bytes);
}

#define TENSOR(name, shape, begin, end)                                                                                \
	"\"" name "\":{\"dtype\":\"F32\",\"shape\":[" shape "],\"data_offsets\":[" #begin "," #end "]}"

static void assert_refused(const char *words_expected)
{
	struct sgan_safetensors *file = NULL;
	ASSERT_FAILS(sgan_safetensors_open(in_temporary("bad"), &file), SGAN_EFORMAT, words_expected);
	cr_assert_not_null(strstr(sgan_last_error(), "/bad: "));
	cr_assert_null(file);
}

static void assert_header_refused(const char *header, size_t size, const char *words_expected)
{
	put_header(header, size);
	assert_refused(words_expected);
}

Test(safetensors, a_file_that_becomes_shorter)
{
	float value;
	put_header("{" TENSOR("a", "", 0, 4) "}", 4);
	struct sgan_safetensors *file = open_file("bad");
	cr_assert_eq(truncate(in_temporary("bad"), 20), 0);
	ASSERT_FAILS(sgan_safetensors_read(file, sgan_safetensors_tensor(file, 0), &value), SGAN_EFORMAT, "shorter");
	sgan_safetensors_close(file);
}

Test(safetensors, hand_made_files_are_read)
{
	/* Any order, spaces, an unaligned header: all that the format allows. */
	static const char header[] = "{ " TENSOR("b", "2,1", 4, 12) ", " TENSOR("a", "", 0, 4) ",\n\"__metadata__\":{}}   ";
	static const float data[3] = { 1, 2, 3 };
	put_header(header, sizeof data);
	FILE *bad = fopen(in_temporary("bad"), "r+b");
	cr_assert(fseek(bad, 8 + (long)strlen(header), SEEK_SET) == 0 && fwrite(data, sizeof data, 1, bad) == 1);
	fclose(bad);
	struct sgan_safetensors *file = open_file("bad");
	cr_assert_eq(sgan_safetensors_count(file), 2);
	cr_assert_str_eq(sgan_safetensors_tensor(file, 0)->name, "a");
	cr_assert_str_eq(sgan_safetensors_tensor(file, 1)->name, "b");
	float *held = values_of(file, sgan_safetensors_tensor(file, 1));
	cr_assert_eq(held[0], 2);
	cr_assert_eq(held[1], 3);
	free(held);
	sgan_safetensors_close(file);
}

Test(safetensors, truncated_anywhere)
{
	size_t size;
	write_some("a");
	char *bytes = get_file("a", &size);
	for (size_t cut = 0; cut < size; cut += cut < 16 ? 1 : 7) {
		put_file("bad", bytes, cut);
		assert_refused(cut < 8 ? "not a safetensors file" : "");
	}
	char *longer = malloc(size + 4);
	memcpy(longer, bytes, size);
	memset(longer + size, 0, 4);
	put_file("bad", longer, size + 4);
	assert_refused("132 bytes of data, its tensors have 128");
	free(longer);
	free(bytes);
}

/* What such weights are for is said instead of a length. */
Test(safetensors, npz)
{
	put_text("bad", "PK\003\004 and more of a zip file");
	assert_refused(
		"bad: not a safetensors file but an .npz: train --encoder takes such weights, and sample --model with");
}

Test(safetensors, lying_header_length)
{
	static const uint64_t lies[] = { 0,         1,         3,          1000,          SGAN_TENSORS_HEADER + 1,
		                             100000000, INT64_MAX, UINT64_MAX, UINT64_MAX - 7 };
	size_t size;
	write_some("a");
	char *bytes = get_file("a", &size);
	for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
		memcpy(bytes, &lies[i], 8);
		put_file("bad", bytes, size);
		assert_refused("header");
	}
	free(bytes);
}

Test(safetensors, header_that_is_not_json)
{
	assert_header_refused("hello", 0, "does not begin with '{'");
	assert_header_refused("[]", 0, "does not begin with '{'");
	assert_header_refused("{}x", 0, "not JSON");
	assert_header_refused("{\"a\":", 0, "not JSON");
	assert_header_refused("{\"\xe9\":1}", 0, "not JSON");
	assert_header_refused("{\"a\\u0000b\":1}", 0, "not JSON");
	assert_header_refused("{" TENSOR("a", "1", 0, 4) "," TENSOR("a", "1", 4, 8) "}", 8, "duplicate");
	static char deep[100001];
	memset(deep, '[', 100000);
	memcpy(deep, "{\"a\":", 5);
	assert_header_refused(deep, 0, "not JSON");
}

Test(safetensors, offsets)
{
	assert_header_refused("{" TENSOR("a", "1", 4, 0) "}", 4, "'a': bytes 4 to 0 of the data, which has 4");
	assert_header_refused("{" TENSOR("a", "2", 0, 8) "}", 4, "'a': bytes 0 to 8 of the data, which has 4");
	assert_header_refused("{" TENSOR("a", "1", 9223372036854775800, 9223372036854775804) "}", 4,
	                      "'a': bytes 9223372036854775800");
	assert_header_refused("{" TENSOR("a", "1", -4, 0) "}", 4, "not two whole numbers");
	assert_header_refused("{" TENSOR("a", "1", 0, 4.0) "}", 4, "not two whole numbers");
	assert_header_refused("{" TENSOR("a", "1", 0, 99999999999999999999) "}", 4, "not JSON: too big");
	assert_header_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0]}}", 4, "not two whole numbers");
	assert_header_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":4}}", 4, "not two whole numbers");
}

Test(safetensors, overlaps_and_holes)
{
	assert_header_refused("{" TENSOR("a", "2", 0, 8) "," TENSOR("b", "2", 4, 12) "}", 12,
	                      "'b': begins at byte 4 of the data, overlapping");
	assert_header_refused("{" TENSOR("a", "1", 0, 4) "," TENSOR("b", "1", 0, 4) "}", 4, "overlapping");
	assert_header_refused("{" TENSOR("a", "1", 0, 4) "," TENSOR("b", "1", 8, 12) "}", 12,
	                      "'b': begins at byte 8 of the data, leaving a hole");
	assert_header_refused("{" TENSOR("a", "1", 4, 8) "}", 8, "leaving a hole");
	assert_header_refused("{" TENSOR("a", "1", 0, 4) "}", 8, "8 bytes of data, its tensors have 4");
	assert_header_refused("{}", 4, "4 bytes of data, its tensors have 0");
}

Test(safetensors, shapes)
{
	assert_header_refused("{" TENSOR("a", "2", 0, 4) "}", 4, "'a': 4 bytes of data, its shape needs 8");
	assert_header_refused("{" TENSOR("a", "0", 0, 4) "}", 4, "'a': 4 bytes of data, its shape needs 0");
	assert_header_refused("{" TENSOR("a", "-1", 0, 4) "}", 4, "dimension 0 is not a whole number");
	assert_header_refused("{" TENSOR("a", "1,1.5", 0, 4) "}", 4, "dimension 1 is not a whole number");
	assert_header_refused("{" TENSOR("a", "\\\"1\\\"", 0, 4) "}", 4, "not JSON");
	assert_header_refused("{" TENSOR("a", "true", 0, 4) "}", 4, "dimension 0 is not a whole number");
	assert_header_refused("{" TENSOR("a", "9223372036854775807", 0, 4) "}", 4, "larger than any file");
	assert_header_refused("{" TENSOR("a", "4294967296,4294967296", 0, 0) "}", 0, "larger than any file");
	assert_header_refused("{" TENSOR("a", "65536,65536,65536,65536", 0, 0) "}", 0, "larger than any file");
	assert_header_refused("{" TENSOR("a", "0,4294967296,4294967296", 0, 0) "}", 0, "larger than any file");
	assert_header_refused("{" TENSOR("a", "1,1,1,1,1", 0, 4) "}", 4, "rank 5, at most 4");
	assert_header_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":4,\"data_offsets\":[0,4]}}", 4, "no shape");
}

Test(safetensors, descriptions)
{
	assert_header_refused("{\"a\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4,
	                      "dtype F16, F32 expected");
	assert_header_refused("{\"a\":{\"dtype\":32,\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "F32 expected");
	assert_header_refused("{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "dtype missing");
	assert_header_refused("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, "2 members");
	assert_header_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":1}}", 4, "4 members");
	assert_header_refused("{\"a\":4}", 4, "not an object");
	assert_header_refused("{" TENSOR("", "1", 0, 4) "}", 4, "a tensor has a name");
	assert_header_refused("{" TENSOR("a\\nb", "1", 0, 4) "}", 4, "a tensor has a name");
	assert_header_refused("{\"__metadata__\":4}", 0, "__metadata__ is not an object");
	assert_header_refused("{\"__metadata__\":{\"a\":4}}", 0, "not text");
	char header[400], name[101];
	memset(name, 'n', 100);
	name[100] = '\0';
	snprintf(header, sizeof header, "{\"%s\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", name);
	assert_header_refused(header, 4, "a name of 100 bytes");
}

Test(safetensors, what_is_no_file)
{
	struct sgan_safetensors *file;
	ASSERT_FAILS(sgan_safetensors_open(in_temporary("none"), &file), SGAN_EIO, "none: cannot open: No such file");
	ASSERT_FAILS(sgan_safetensors_open(temporary, &file), SGAN_EIO, "not a regular file");
	cr_assert_eq(mkfifo(in_temporary("pipe"), 0600), 0);
	ASSERT_FAILS(sgan_safetensors_open(in_temporary("pipe"), &file), SGAN_EIO, "not a regular file");
	/* A file that says it has 5 GiB, none of them on the disk: refused before memory is asked for. */
	put_header("{" TENSOR("a", "1342177280", 0, 5368709120) "}", 0);
	cr_assert_eq(truncate(in_temporary("bad"), (off_t)5 << 30), 0);
	assert_refused("at most 4294967296 expected");
}

/* Any byte may be anything: refused with a message, or a file whose parts all lie inside it. */
Test(safetensors, random_damage)
{
	size_t size;
	uint32_t state = 20260101;
	write_some("a");
	char *bytes = get_file("a", &size);
	size_t header = size - 128;
	for (int round = 0; round < 3000; round++) {
		char *damaged = malloc(size);
		memcpy(damaged, bytes, size);
		for (int i = 0; i <= round % 4; i++) {
			state = state * 1664525 + 1013904223;
			damaged[(state >> 8) % header] =
				round % 2 ? "0123456789[]{},:\" -."[(state >> 24) % 20] : (char)(state >> 24);
		}
		put_file("bad", damaged, size);
		free(damaged);
		struct sgan_safetensors *file;
		sgan_status status = sgan_safetensors_open(in_temporary("bad"), &file);
		if (status != SGAN_OK) {
			cr_assert_eq(status, SGAN_EFORMAT, "round %d: %s", round, sgan_last_error());
			continue;
		}
		float sum = 0;
		for (size_t i = 0; i < sgan_safetensors_count(file); i++) {
			float *held = values_of(file, sgan_safetensors_tensor(file, i));
			for (size_t j = 0; j < elements(sgan_safetensors_tensor(file, i)); j++)
				sum += held[j];
			free(held);
		}
		cr_assert(isfinite(sum));
		sgan_safetensors_close(file);
	}
	free(bytes);
}

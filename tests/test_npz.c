/* .npz files: written and read back by the library of others; read as NumPy writes them, and as nobody should. */
#include "tests/temporary.h"

#include <archive.h>
#include <archive_entry.h>

#include "src/io/npz.h"

TestSuite(npz, .init = temporary_make, .fini = temporary_remove);
TestSuite(npz_read, .init = temporary_make, .fini = temporary_remove);

/* --- writing --------------------------------------------------------------------- */

enum { COUNT = 5, HEIGHT = 3, WIDTH = 4 };

static const size_t image_shape[4] = { COUNT, HEIGHT, WIDTH, 3 }, label_shape[1] = { COUNT };
static const uint32_t labels[COUNT] = { 3, 1, 999, 255, 0x1020304 };
static uint8_t pixels[COUNT * HEIGHT * WIDTH * 3];

/* Images and labels, the images in so many pieces. */
static void write_arrays(const char *name, size_t pieces)
{
	struct sgan_npz_writer *npz;
	const size_t piece = sizeof pixels / pieces;
	for (size_t i = 0; i < sizeof pixels; i++)
		pixels[i] = (uint8_t)(i * 37 + 11);
	ASSERT_OK(sgan_npz_create(in_temporary(name), &npz));
	ASSERT_OK(sgan_npz_array(npz, "arr_0", SGAN_NPY_U8, 4, image_shape));
	for (size_t k = 0; k < pieces; k++)
		ASSERT_OK(sgan_npz_data(npz, pixels + k * piece, piece));
	ASSERT_OK(sgan_npz_array(npz, "arr_1", SGAN_NPY_I64, 1, label_shape));
	ASSERT_OK(sgan_npz_integers(npz, labels, 2));
	ASSERT_OK(sgan_npz_integers(npz, labels + 2, COUNT - 2));
	ASSERT_OK(sgan_npz_commit(npz));
}

/* The next entry of the archive: its name, the text of its header, its data. */
static void check_array(struct archive *archive, const char *name, const char *dictionary, const void *data,
                        size_t size)
{
	struct archive_entry *entry;
	static uint8_t found[1 << 16];
	cr_assert_eq(archive_read_next_header(archive, &entry), ARCHIVE_OK);
	cr_assert_str_eq(archive_entry_pathname(entry), name);
	la_ssize_t length = archive_read_data(archive, found, sizeof found);
	cr_assert_geq(length, 10);
	cr_assert_arr_eq(found, "\x93NUMPY\x01\x00", 8);
	size_t header = 10u + found[8] + 256u * found[9];
	cr_assert_eq(header % 64, 0);
	cr_assert_eq((size_t)length, header + size);
	cr_assert_eq(found[header - 1], '\n');
	size_t text = strlen(dictionary);
	cr_assert_arr_eq(found + 10, dictionary, text);
	for (size_t i = 10 + text; i < header - 1; i++)
		cr_assert_eq(found[i], ' ');
	cr_assert_arr_eq(found + header, data, size);
}

Test(npz, read_by_others)
{
	uint8_t wide[8 * COUNT] = { 0 };
	struct archive_entry *entry;
	for (size_t i = 0; i < 8 * COUNT; i++)
		wide[i] = i % 8 < 4 ? (uint8_t)(labels[i / 8] >> 8 * (i % 8)) : 0;
	write_arrays("a.npz", 3);
	struct archive *archive = archive_read_new();
	archive_read_support_format_zip(archive);
	cr_assert_eq(archive_read_open_filename(archive, in_temporary("a.npz"), 10240), ARCHIVE_OK);
	check_array(archive, "arr_0.npy", "{'descr': '|u1', 'fortran_order': False, 'shape': (5, 3, 4, 3), }", pixels,
	            sizeof pixels);
	check_array(archive, "arr_1.npy", "{'descr': '<i8', 'fortran_order': False, 'shape': (5,), }", wide, sizeof wide);
	cr_assert_eq(archive_read_next_header(archive, &entry), ARCHIVE_EOF);
	archive_read_free(archive);
}

/* However the data comes, and whenever. */
Test(npz, same_arrays_same_bytes)
{
	size_t a_size, b_size;
	setenv("TZ", "UTC", 1);
	write_arrays("a.npz", 1);
	setenv("TZ", "Pacific/Auckland", 1);
	sleep(2); /* a zip counts time in steps of two seconds */
	write_arrays("b.npz", sizeof pixels);
	char *a = get_file("a.npz", &a_size), *b = get_file("b.npz", &b_size);
	cr_assert_eq(a_size, b_size);
	cr_assert_arr_eq(a, b, a_size);
	free(a);
	free(b);
}

static void write_noise(size_t size)
{
	static uint8_t noise[1 << 16];
	struct sgan_npz_writer *npz;
	const size_t shape[1] = { sizeof noise };
	uint32_t state = 1;
	for (size_t i = 0; i < sizeof noise; i++)
		noise[i] = (uint8_t)((state = state * 1664525 + 1013904223) >> 24);
	ASSERT_OK(sgan_npz_create(in_temporary("a.npz"), &npz));
	ASSERT_OK(sgan_npz_array(npz, "arr_0", SGAN_NPY_U8, 1, shape));
	sgan_npz_data(npz, noise, size);
	if (size < sizeof noise) {
		ASSERT_FAILS(sgan_npz_array(npz, "arr_1", SGAN_NPY_U8, 1, shape), SGAN_EINVAL, "were not given");
		ASSERT_FAILS(sgan_npz_commit(npz), SGAN_EINVAL, "a.npz: 60536 bytes of an array were not given");
	} else {
		ASSERT_FAILS(sgan_npz_commit(npz), SGAN_EIO, "a.npz: cannot write: File too large");
	}
	ASSERT_OK(sgan_npz_create(in_temporary("a.npz"), &npz));
	sgan_npz_abort(npz);
}

Test(npz, full_disk)
{
	struct sgan_npz_writer *npz;
	put_text("a.npz", "old");
	fill_disk_after(20000);
	write_noise(1 << 16);
	empty_disk();
	assert_text("a.npz", "old");
	cr_assert_eq(count_files(), 1);
	ASSERT_FAILS(sgan_npz_create(in_temporary("none/a.npz"), &npz), SGAN_EIO, "none/a.npz: cannot create");
}

Test(npz, data_that_does_not_come)
{
	struct sgan_npz_writer *npz;
	const size_t one[1] = { 1 }, huge[2] = { SIZE_MAX / 2, 16 };
	write_noise(5000);
	ASSERT_OK(sgan_npz_create(in_temporary("b.npz"), &npz));
	ASSERT_FAILS(sgan_npz_array(npz, "arr_0", SGAN_NPY_F32, 2, huge), SGAN_EINVAL, "too large to address");
	ASSERT_OK(sgan_npz_array(npz, "arr_0", SGAN_NPY_U8, 1, one));
	ASSERT_FAILS(sgan_npz_data(npz, "ab", 2), SGAN_EINVAL, "more data");
	sgan_npz_abort(npz);
	sgan_npz_abort(NULL);
	cr_assert_eq(count_files(), 0);
}

/* --- reading --------------------------------------------------------------------- */

/* A member as NumPy writes it: format, dictionary, data. */
struct member {
	const char *name;
	int format;
	const char *dictionary;
	const void *data;
	size_t size;
};

static void put_member(struct archive *archive, const struct member *m)
{
	static uint8_t bytes[1 << 20];
	const size_t text = strlen(m->dictionary), begin = m->format == 1 ? 10 : 12;
	struct archive_entry *entry = archive_entry_new();
	memset(bytes, 0, begin);
	memcpy(bytes, "\x93NUMPY", 6);
	bytes[6] = (uint8_t)m->format;
	bytes[8] = (uint8_t)text;
	bytes[9] = (uint8_t)(text >> 8);
	memcpy(bytes + begin, m->dictionary, text);
	if (m->size > 0)
		memcpy(bytes + begin + text, m->data, m->size);
	archive_entry_set_pathname(entry, m->name);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_size(entry, (la_int64_t)(begin + text + m->size));
	cr_assert_eq(archive_write_header(archive, entry), ARCHIVE_OK);
	cr_assert_eq(archive_write_data(archive, bytes, begin + text + m->size), (la_ssize_t)(begin + text + m->size));
	archive_entry_free(entry);
}

/* Writes a.npz of these members, up to one without a name, and returns its path. */
static const char *put_npz(const struct member *members, bool deflated)
{
	const char *path = in_temporary("a.npz");
	struct archive *archive = archive_write_new();
	archive_write_set_format_zip(archive);
	archive_write_set_format_option(archive, "zip", "compression", deflated ? "deflate" : "store");
	cr_assert_eq(archive_write_open_filename(archive, path), ARCHIVE_OK);
	for (; members->name != NULL; members++)
		put_member(archive, members);
	cr_assert_eq(archive_write_close(archive), ARCHIVE_OK);
	archive_write_free(archive);
	return path;
}

static const float singles[6] = { 0.5f, -1, 2, 3.25f, 4, -5 };
static const double doubles[6] = { 0.5, -1, 2, 1e300, 0.1, -5 };

#define PLAIN(type, shape) "{'descr': '" type "', 'fortran_order': False, 'shape': " shape ", }  \n"
#define SINGLES(number, shape) { "arr_" number ".npy", 1, PLAIN("<f4", shape), singles, sizeof singles }

static void expect_arrays(const char *path)
{
	struct sgan_npz *npz;
	ASSERT_OK(sgan_npz_open(path, 24, &npz));
	cr_assert_eq(sgan_npz_count(npz), 4);
	cr_expect_str_eq(sgan_npz_path(npz), path);
	const struct sgan_npz_array *a = sgan_npz_at(npz, 0), *b = sgan_npz_at(npz, 1), *c = sgan_npz_at(npz, 2);
	cr_assert(a->rank == 2 && a->shape[0] == 2 && a->shape[1] == 3 && a->count == 6);
	cr_expect_arr_eq(a->values, singles, sizeof singles);
	cr_assert(b->rank == 1 && b->shape[0] == 6);
	for (int i = 0; i < 6; i++)
		cr_expect_eq(b->values[i], (float)doubles[i]);
	/* (1, 2, 3) with the first index the fastest: c[0][y][x] is the value number y + 2 x. */
	cr_assert(c->rank == 3 && c->shape[0] == 1 && c->shape[1] == 2 && c->shape[2] == 3);
	for (size_t y = 0; y < 2; y++)
		for (size_t x = 0; x < 3; x++)
			cr_expect_eq(c->values[y * 3 + x], singles[y + 2 * x]);
	cr_expect(sgan_npz_at(npz, 3)->rank == 0 && sgan_npz_at(npz, 3)->count == 1);
	sgan_npz_close(npz);
}

Test(npz_read, what_numpy_writes)
{
	const struct member members[] = {
		SINGLES("0", "(2, 3)"),
		{ "arr_3.npy", 2, "{\"shape\":(), 'descr':'<f4','fortran_order':False}", singles, 4 },
		{ "arr_1.npy", 2, PLAIN("<f8", "(6,)"), doubles, sizeof doubles },
		{ "arr_2.npy", 1, "{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2, 3), }\n", singles, sizeof singles },
		{ .name = NULL },
	};
	expect_arrays(put_npz(members, false));
	expect_arrays(put_npz(members, true));
}

Test(npz_read, what_the_writer_writes)
{
	struct sgan_npz_writer *writer;
	struct sgan_npz *npz;
	const size_t shape[3] = { 3, 1, 2 };
	ASSERT_OK(sgan_npz_create(in_temporary("b.npz"), &writer));
	ASSERT_OK(sgan_npz_array(writer, "arr_0", SGAN_NPY_F32, 3, shape));
	ASSERT_OK(sgan_npz_data(writer, singles, sizeof singles));
	ASSERT_OK(sgan_npz_commit(writer));
	ASSERT_OK(sgan_npz_open(in_temporary("b.npz"), 6, &npz));
	cr_expect_arr_eq(sgan_npz_at(npz, 0)->shape, shape, sizeof shape);
	cr_expect_arr_eq(sgan_npz_at(npz, 0)->values, singles, sizeof singles);
	sgan_npz_close(npz);
}

Test(npz_read, headers_that_are_refused)
{
	static const struct {
		const char *dictionary, *message;
		size_t size;
	} cases[] = {
		{ PLAIN("|O", "(6,)"), "holds Python objects (a pickle)", 24 },
		{ PLAIN("<c8", "(3,)"), "type '<c8', '<f4' or '<f8' expected", 24 },
		{ PLAIN(">f4", "(6,)"), "type '>f4'", 24 },
		{ PLAIN("<i8", "(3,)"), "whole numbers", 24 },
		{ "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,), }", "not of one plain type", 24 },
		{ PLAIN("<f4", "(7,)"), "arr_0: truncated", 24 },
		{ PLAIN("<f4", "(5,)"), "arr_0: longer than its shape says", 24 },
		{ PLAIN("<f4", "(1, 1, 1, 2, 3)"), "more than 4 dimensions", 24 },
		{ PLAIN("<f4", "(4294967296, 4294967296)"), "too large to address", 24 },
		{ PLAIN("<f4", "(0, 18446744073709551616)"), "not that of an array", 24 },
		{ PLAIN("<f4", "(-6,)"), "not that of an array", 24 },
		{ PLAIN("<f4", "(2 3)"), "not that of an array", 24 },
		{ PLAIN("<f4", "6"), "not that of an array", 24 },
		{ "{'descr': '<f4', 'shape': (6,), }", "not that of an array", 24 },
		{ "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (6,), }", "not that of an array", 24 },
		{ "{'descr': '<f4', 'fortran_order': 0, 'shape': (6,), }", "not that of an array", 24 },
		{ "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), 'more': 1}", "not that of an array", 24 },
		{ "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), } + 1", "not that of an array", 24 },
		{ "{'descr': '<f4', 'fortran_order': False, 'shape': (6,", "not that of an array", 0 },
		{ "", "not that of an array", 0 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct sgan_npz *npz;
		const struct member members[] = { { "arr_0.npy", 1, cases[i].dictionary, singles, cases[i].size },
			                              { .name = NULL } };
		ASSERT_FAILS(sgan_npz_open(put_npz(members, i % 2 == 0), 100, &npz), SGAN_EFORMAT, cases[i].message);
	}
}

Test(npz_read, members_that_are_refused)
{
	static const struct {
		struct member members[3];
		const char *message;
	} cases[] = {
		{ { SINGLES("0", "(6,)"), SINGLES("2", "(6,)") }, "arr_1 is missing, there is arr_2" },
		{ { SINGLES("0", "(6,)"), SINGLES("0", "(6,)") }, "arr_0 is there twice" },
		{ { SINGLES("1024", "(6,)") }, "'arr_1024.npy' is not one of numpy.savez" },
		{ { SINGLES("99999999999999999999", "(6,)") }, "is not one of numpy.savez" },
		{ { SINGLES("00", "(6,)") }, "'arr_00.npy' is not one" },
		{ { { "weights.npy", 1, PLAIN("<f4", "(6,)"), singles, 24 } }, "'weights.npy' is not one" },
		{ { { "arr_0.txt", 1, PLAIN("<f4", "(6,)"), singles, 24 } }, "'arr_0.txt' is not one" },
		{ { { "arr_0.npy", 4, PLAIN("<f4", "(6,)"), singles, 24 } }, "format 4.0" },
		{ { { .name = NULL } }, "a.npz: " },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct sgan_npz *npz;
		ASSERT_FAILS(sgan_npz_open(put_npz(cases[i].members, true), 100, &npz), SGAN_EFORMAT, cases[i].message);
	}
}

/* Of what is more than the caller allows, the shape is told and nothing read; what fits besides it is. */
Test(npz_read, more_values_than_allowed)
{
	const struct member members[] = {
		{ "arr_1.npy", 1, PLAIN("<f4", "(1048576, 1048576)"), singles, sizeof singles },
		SINGLES("0", "(6,)"),
		SINGLES("2", "(3, 2)"),
		{ .name = NULL },
	};
	for (int deflated = 0; deflated < 2; deflated++) {
		struct sgan_npz *npz;
		ASSERT_OK(sgan_npz_open(put_npz(members, deflated), 11, &npz));
		cr_assert_eq(sgan_npz_count(npz), 3);
		cr_expect_arr_eq(sgan_npz_at(npz, 0)->values, singles, sizeof singles);
		const struct sgan_npz_array *large = sgan_npz_at(npz, 1), *beyond = sgan_npz_at(npz, 2);
		cr_expect(large->values == NULL && large->rank == 2 && large->shape[1] == 1048576);
		cr_expect(beyond->values == NULL && beyond->rank == 2 && beyond->shape[0] == 3 && beyond->count == 6);
		sgan_npz_close(npz);
	}
}

/* Cut at every byte, and with every byte changed: an error, the same arrays, or a shape of more than is read. */
Test(npz_read, damaged_files)
{
	const struct member members[] = { SINGLES("0", "(6,)"), { .name = NULL } };
	size_t size;
	struct sgan_npz *npz;
	put_npz(members, false);
	char *good = get_file("a.npz", &size);
	for (size_t cut = 0; cut < size; cut++) {
		put_file("cut.npz", good, cut);
		if (sgan_npz_open(in_temporary("cut.npz"), 6, &npz) == SGAN_OK) {
			cr_assert(sgan_npz_count(npz) == 1 && memcmp(sgan_npz_at(npz, 0)->values, singles, 24) == 0, "cut at %zu",
			          cut);
			sgan_npz_close(npz);
		}
	}
	for (size_t at = 0; at < size; at++) {
		good[at] ^= 0x41;
		put_file("odd.npz", good, size);
		if (sgan_npz_open(in_temporary("odd.npz"), 6, &npz) == SGAN_OK) {
			const struct sgan_npz_array *array = sgan_npz_at(npz, 0);
			cr_assert(sgan_npz_count(npz) == 1, "byte %zu", at);
			cr_assert(array->values == NULL ? array->count > 6 : memcmp(array->values, singles, 24) == 0, "byte %zu",
			          at);
			sgan_npz_close(npz);
		}
		good[at] ^= 0x41;
	}
	free(good);
}

Test(npz_read, what_is_no_archive)
{
	struct sgan_npz *npz;
	ASSERT_FAILS(sgan_npz_open(in_temporary("none.npz"), 6, &npz), SGAN_EIO, "none.npz: cannot open");
	ASSERT_FAILS(sgan_npz_open(temporary, 6, &npz), SGAN_EIO, "not a regular file");
	cr_assert_eq(mkfifo(in_temporary("pipe.npz"), 0600), 0);
	ASSERT_FAILS(sgan_npz_open(in_temporary("pipe.npz"), 6, &npz), SGAN_EIO, "pipe.npz: not a regular file");
	put_text("text.npz", "some text that is no archive");
	ASSERT_FAILS(sgan_npz_open(in_temporary("text.npz"), 6, &npz), SGAN_EFORMAT, "text.npz: not an .npz");
	put_text("empty.npz", "");
	ASSERT_FAILS(sgan_npz_open(in_temporary("empty.npz"), 6, &npz), SGAN_EFORMAT, "empty.npz: ");
	sgan_npz_close(NULL);
}

/* CIFAR-10: records, folders, archives, good or hostile; the version for Python; the published set where it is. */
#include "tests/temporary.h"

#include <archive.h>
#include <archive_entry.h>
#include <limits.h>

#include "src/data/cifar10.h"
#include "tests/data_files.h"

TestSuite(cifar10);
TestSuite(cifar10_folder, .init = temporary_make, .fini = temporary_remove);
TestSuite(cifar10_archive, .init = temporary_make, .fini = temporary_remove);
TestSuite(cifar10_python, .init = temporary_make, .fini = temporary_remove);

/* --- records, from memory --- */

enum { RECORD = 3073 };

static uint8_t record_byte(size_t record, size_t at)
{
	return (uint8_t)(record * 31 + at * 7 + at / 1024 * 50);
}

/* Records whose labels are 0 to 9 in turn. */
static uint8_t *records(size_t count)
{
	uint8_t *bytes = malloc(count * RECORD + 1);
	for (size_t i = 0; i < count; i++) {
		bytes[i * RECORD] = (uint8_t)(i % 10);
		for (size_t at = 0; at < RECORD - 1; at++)
			bytes[i * RECORD + 1 + at] = record_byte(i, at);
	}
	bytes[count * RECORD] = 0;
	return bytes;
}

/* Image `at` of a split is a file's record: planes are pixels now. */
static void check_record(const struct sgan_split *split, size_t at, size_t record)
{
	cr_assert_eq(split->labels[at], record % 10);
	for (size_t y = 0; y < 32; y++)
		for (size_t x = 0; x < 32; x++)
			for (size_t c = 0; c < 3; c++)
				cr_assert_eq(split->images[((at * 32 + y) * 32 + x) * 3 + c],
				             record_byte(record, (c * 32 + y) * 32 + x));
}

static sgan_status add(struct memory *memory, size_t classes, size_t most, struct sgan_found *found)
{
	struct sgan_bytes taken;
	sgan_status status = sgan_cifar10_take(&memory->source, most, &taken);
	if (status != SGAN_OK)
		return status;
	status = sgan_cifar10_add("x", &taken, classes, found);
	free(taken.data);
	return status;
}

Test(cifar10, records)
{
	struct sgan_found found = { .classes = 0 };
	uint8_t *bytes = records(700); /* more than is taken at first */
	struct memory first = memory_of(bytes, 700 * RECORD), second = memory_of(bytes, 3 * RECORD);
	ASSERT_OK(add(&first, 10, 700, &found));
	cr_assert_eq(found.split.count, 700);
	cr_assert_eq(found.classes, 10);
	ASSERT_OK(add(&second, 0, 3, &found));
	cr_assert_eq(found.split.count, 703);
	for (size_t i = 0; i < 703; i++)
		check_record(&found.split, i, i % 700);
	sgan_found_free(&found);
	free(bytes);
}

static void assert_records_refused(uint8_t *bytes, size_t size, size_t classes, const char *words)
{
	struct sgan_found found = { .classes = 0 };
	struct memory memory = memory_of(bytes, size);
	ASSERT_FAILS(add(&memory, classes, 5, &found), SGAN_EFORMAT, words);
	cr_assert_eq(found.split.count, 0);
	sgan_found_free(&found);
}

Test(cifar10, records_that_are_wrong)
{
	uint8_t *bytes = records(6);
	assert_records_refused(bytes, 0, 10, "x: empty");
	for (size_t size = 1; size < 5 * RECORD; size += size < 3 ? 1 : 511)
		if (size % RECORD != 0)
			assert_records_refused(bytes, size, 10, "bytes, a multiple of 3073 expected: truncated");
	assert_records_refused(bytes, 5 * RECORD - 1, 10, "x: 15364 bytes, a multiple of 3073 expected");
	assert_records_refused(bytes, 5 * RECORD + 1, 10, "x: more than the 5 images that are read");
	assert_records_refused(bytes, 6 * RECORD, 10, "x: more than the 5 images that are read");
	bytes[4 * RECORD] = 10;
	assert_records_refused(bytes, 5 * RECORD, 10, "x: image 4 has label 10, 0 to 9 expected");
	assert_records_refused(bytes, 5 * RECORD, 0, "x: image 4 has label 10, 0 to 9 expected");
	assert_records_refused(bytes, 5 * RECORD, 12, "x: image 4 has label 10, 0 to 9 expected");
	bytes[2 * RECORD] = 255;
	assert_records_refused(bytes, 5 * RECORD, 10, "x: image 2 has label 255, 0 to 9 expected");
	free(bytes);
}

/* --- folders --- */

static const char *const batch_names[] = { "data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
	                                       "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin" };
enum { BATCHES = 6, BATCH = 12 };

/* Batch k starts with record k, so that their order shows. */
static void put_batch(const char *folder, size_t k, bool compressed, size_t count)
{
	uint8_t *all = records(BATCHES + count), *bytes = malloc(count * RECORD);
	memcpy(bytes, all + k * RECORD, count * RECORD);
	free(all);
	put(folder, batch_names[k], compressed, bytes, count * RECORD);
}

static void put_batches(const char *folder, bool compressed)
{
	cr_assert_eq(mkdir(in_temporary(folder), 0777), 0);
	for (size_t k = 0; k < BATCHES; k++)
		put_batch(folder, k, compressed && k % 2 == 0, BATCH);
}

static void check_dataset(const char *place, const char *name, size_t classes)
{
	struct sgan_dataset dataset;
	ASSERT_OK(sgan_dataset_open(in_temporary(place), classes, &dataset));
	cr_assert_str_eq(dataset.format, "cifar10");
	cr_assert_str_eq(dataset.name, name);
	cr_assert_eq(dataset.height, 32);
	cr_assert_eq(dataset.width, 32);
	cr_assert_eq(dataset.channels, 3);
	cr_assert_eq(dataset.classes, 10);
	cr_assert_eq(dataset.train.count, 5 * BATCH);
	cr_assert_eq(dataset.test.count, BATCH);
	for (size_t i = 0; i < 5 * BATCH; i++)
		check_record(&dataset.train, i, i / BATCH + i % BATCH);
	for (size_t i = 0; i < BATCH; i++)
		check_record(&dataset.test, i, 5 + i);
	sgan_dataset_free(&dataset);
}

Test(cifar10_folder, batches)
{
	put_batches("plain", false);
	check_dataset("plain", "plain", 10);
	check_dataset("plain", "plain", 0);
	cr_assert_eq(mkdir(in_temporary("outer"), 0777), 0);
	put_batches("outer/cifar-10-batches-bin", true);
	check_dataset("outer", "outer", 10);
}

Test(cifar10_folder, files_that_are_wrong)
{
	char from[64], words[128];
	put_batches("d", false);
	for (size_t k = 0; k < BATCHES; k++) {
		snprintf(from, sizeof from, "d/%s", batch_names[k]);
		snprintf(words, sizeof words, "%s: missing, and so is %s.gz", from, batch_names[k]);
		cr_assert_eq(rename(in_temporary(from), in_temporary("aside")), 0);
		assert_refused(SGAN_EIO, words);
		put_text(from, "");
		snprintf(words, sizeof words, "%s: empty", from);
		assert_refused(SGAN_EFORMAT, words);
		put_text(from, "some text");
		snprintf(words, sizeof words, "%s: 9 bytes, a multiple of 3073 expected", from);
		assert_refused(SGAN_EFORMAT, words);
		put_batch("d", k, true, 0);
		cr_assert_eq(remove(in_temporary(from)), 0);
		snprintf(words, sizeof words, "%s.gz: empty", from);
		assert_refused(SGAN_EFORMAT, words);
		cr_assert_eq(mkfifo(in_temporary(from), 0600), 0);
		snprintf(words, sizeof words, "%s: not a regular file", from);
		assert_refused(SGAN_EIO, words);
		cr_assert_eq(rename(in_temporary("aside"), in_temporary(from)), 0);
	}
	put_batch("d", 3, false, BATCH - 1);
	assert_refused(SGAN_EFORMAT, "data_batch_4.bin: 11 images, but data_batch_1.bin has 12: batches are of one size");
	put_batch("d", 3, false, BATCH + 1);
	assert_refused(SGAN_EFORMAT, "data_batch_4.bin: 13 images, but data_batch_1.bin has 12");
}

Test(cifar10_folder, labels_out_of_range)
{
	size_t size;
	put_batches("d", false);
	char *bytes = get_file("d/data_batch_2.bin", &size);
	bytes[7 * RECORD] = 10;
	put_file("d/data_batch_2.bin", bytes, size);
	assert_refused(SGAN_EFORMAT, "d/data_batch_2.bin: image 7 has label 10, 0 to 9 expected");
	ASSERT_FAILS(sgan_dataset_open(in_temporary("d"), 0, &(struct sgan_dataset){ .channels = 0 }), SGAN_EFORMAT,
	             "d/data_batch_2.bin: image 7 has label 10, 0 to 9 expected");
	free(bytes);
}

Test(cifar10_folder, names_of_classes)
{
	struct sgan_dataset dataset;
	char many[10001 * 2 + 1], one_long[260];
	put_batches("d", false);
	ASSERT_OK(sgan_dataset_open(in_temporary("d"), 0, &dataset));
	cr_assert_str_eq(dataset.class_info[3].name, "3");
	sgan_dataset_free(&dataset);
	put_text("d/batches.meta.txt", "airplane\r\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n");
	ASSERT_OK(sgan_dataset_open(in_temporary("d"), 12, &dataset)); /* the files say how many there are */
	cr_assert_eq(dataset.classes, 10);
	cr_assert_str_eq(dataset.class_info[0].name, "airplane");
	cr_assert_str_eq(dataset.class_info[9].name, "truck");
	cr_assert_eq(dataset.class_info[9].number, 9);
	sgan_dataset_free(&dataset);
	put_text("d/batches.meta.txt", "a\nb\nc\n");
	assert_refused(SGAN_EFORMAT, "d/data_batch_1.bin: image 3 has label 3, 0 to 2 expected");
	put_text("d/batches.meta.txt", "\n\n");
	assert_refused(SGAN_EFORMAT, "d/batches.meta.txt: 0 names of classes, 1 to 10000 expected");
	for (size_t i = 0; i < sizeof many - 1; i++)
		many[i] = i % 2 ? '\n' : 'x';
	put_file("d/batches.meta.txt", many, sizeof many - 1);
	assert_refused(SGAN_EFORMAT, "d/batches.meta.txt: 10001 names of classes");
	memset(one_long, 'x', sizeof one_long);
	put_file("d/batches.meta.txt", one_long, sizeof one_long);
	assert_refused(SGAN_EFORMAT, "the name of class 0 is 260 bytes long, at most 255 expected");
}

Test(cifar10_folder, random_damage)
{
	static const char *const batches[] = { "d/data_batch_1.bin.gz", "d/data_batch_2.bin", "d/test_batch.bin" };
	put_batches("d", true);
	check_damaged(batches, 3, 150);
}

/* --- the archive --- */

/* A member; `name` is below the folder where it has no slash. */
static void put_member(struct archive *archive, const char *name, unsigned type, const void *data, size_t size)
{
	char path[128];
	struct archive_entry *entry = archive_entry_new();
	snprintf(path, sizeof path, "%s%s", strchr(name, '/') ? "" : "cifar-10-batches-bin/", name);
	archive_entry_set_pathname(entry, path);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_filetype(entry, type);
	if (type == AE_IFLNK)
		archive_entry_set_symlink(entry, data);
	else
		archive_entry_set_size(entry, (la_int64_t)size);
	cr_assert_eq(archive_write_header(archive, entry), ARCHIVE_OK, "%s", archive_error_string(archive));
	if (type == AE_IFREG && size > 0)
		cr_assert_eq(archive_write_data(archive, data, size), (la_ssize_t)size);
	archive_entry_free(entry);
}

/* As it is published: batches in no order, then what `more` adds. */
static void put_archive(const char *name, bool compressed, size_t left_out, size_t last, void (*more)(struct archive *))
{
	static const size_t order[BATCHES] = { 0, 2, 3, 5, 4, 1 };
	struct archive *archive = archive_write_new();
	archive_write_set_format_ustar(archive);
	if (compressed)
		archive_write_add_filter_gzip(archive);
	cr_assert_eq(archive_write_open_filename(archive, in_temporary(name)), ARCHIVE_OK);
	put_member(archive, "cifar-10-batches-bin/", AE_IFDIR, NULL, 0);
	uint8_t *all = records(BATCHES + BATCH);
	for (size_t i = 0; i < BATCHES; i++) {
		const size_t k = order[i];
		if (k != left_out)
			put_member(archive, batch_names[k], AE_IFREG, all + k * RECORD, k == 4 ? last : BATCH * RECORD);
		if (i == 0)
			put_member(archive, "readme.html", AE_IFREG, "<html>", 6);
	}
	free(all);
	if (more)
		more(archive);
	cr_assert_eq(archive_write_close(archive), ARCHIVE_OK);
	archive_write_free(archive);
}

static void add_names(struct archive *archive)
{
	put_member(archive, "batches.meta.txt", AE_IFREG, "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n", 21);
}

enum { WHOLE = BATCH * RECORD, NONE = BATCHES };

Test(cifar10_archive, as_a_folder)
{
	struct sgan_dataset archive, folder;
	cr_assert_eq(mkdir(in_temporary("d"), 0777), 0);
	put_archive("d/cifar-10-binary.tar.gz", true, NONE, WHOLE, add_names);
	check_dataset("d", "cifar10", 10);
	check_dataset("d/cifar-10-binary.tar.gz", "cifar10", 0);
	ASSERT_OK(sgan_dataset_open(in_temporary("d/cifar-10-binary.tar.gz"), 0, &archive));
	cr_assert_str_eq(archive.class_info[9].name, "j");
	ASSERT_OK(sgan_dataset_open(archive.path, 0, &folder)); /* as a run that is resumed does */
	sgan_dataset_free(&folder);
	sgan_dataset_free(&archive);
	put_archive("other.tgz", true, NONE, WHOLE, NULL);
	check_dataset("other.tgz", "cifar10", 10);
	put_archive("plain.tar", false, NONE, WHOLE, NULL);
	check_dataset("plain.tar", "cifar10", 10);
	/* Batches that are there unpacked are read first. */
	put_batches("d/cifar-10-batches-bin", false);
	check_dataset("d", "d", 10);
}

static void add_link(struct archive *archive)
{
	put_member(archive, "extra", AE_IFLNK, "/etc/passwd", 0);
}

static void add_device(struct archive *archive)
{
	put_member(archive, "extra", AE_IFIFO, NULL, 0);
}

static void add_absolute(struct archive *archive)
{
	put_member(archive, "/data_batch_1.bin", AE_IFREG, "x", 1);
}

static void add_parent(struct archive *archive)
{
	put_member(archive, "cifar-10-batches-bin/../x", AE_IFREG, "x", 1);
}

static void add_twice(struct archive *archive)
{
	uint8_t *all = records(BATCH);
	put_member(archive, "test_batch.bin", AE_IFREG, all, WHOLE);
	free(all);
}

static void add_other(struct archive *archive)
{
	put_member(archive, "notes.txt", AE_IFREG, "x", 1);
}

static void add_folder(struct archive *archive)
{
	put_member(archive, "other/", AE_IFDIR, NULL, 0);
}

static void add_hard_link(struct archive *archive)
{
	struct archive_entry *entry = archive_entry_new();
	archive_entry_set_pathname(entry, "cifar-10-batches-bin/batches.meta.txt");
	archive_entry_set_hardlink(entry, "cifar-10-batches-bin/test_batch.bin");
	archive_entry_set_filetype(entry, AE_IFREG);
	cr_assert_eq(archive_write_header(archive, entry), ARCHIVE_OK);
	archive_entry_free(entry);
}

static void add_python(struct archive *archive)
{
	put_member(archive, "cifar-10-batches-py/data_batch_1", AE_IFREG, "x", 1);
}

Test(cifar10_archive, unexpected_members)
{
	static const struct {
		void (*add)(struct archive *);
		const char *words;
	} cases[] = {
		{ add_link, "unexpected member 'cifar-10-batches-bin/extra': a link" },
		{ add_hard_link, "unexpected member 'cifar-10-batches-bin/batches.meta.txt': a link" },
		{ add_device, "unexpected member 'cifar-10-batches-bin/extra': neither a file nor a folder" },
		{ add_absolute, "unexpected member '/data_batch_1.bin': an absolute name" },
		{ add_parent, "unexpected member 'cifar-10-batches-bin/../x': a name with '..'" },
		{ add_twice, "unexpected member 'cifar-10-batches-bin/test_batch.bin': it is there twice" },
		{ add_other, "unexpected member 'cifar-10-batches-bin/notes.txt': only CIFAR-10's binary version is read" },
		{ add_folder, "unexpected member 'other': only CIFAR-10's binary version is read" },
		{ add_python, "CIFAR-10's Python version" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		put_archive("x.tar.gz", true, NONE, WHOLE, cases[i].add);
		assert_refused_at("x.tar.gz", SGAN_EFORMAT, cases[i].words);
		cr_assert_not_null(strstr(sgan_last_error(), "/x.tar.gz: "));
	}
}

Test(cifar10_archive, members_that_are_wrong)
{
	for (size_t k = 0; k < BATCHES; k++) {
		char words[128];
		put_archive("x.tar", false, k, WHOLE, NULL);
		snprintf(words, sizeof words, "x.tar: cifar-10-batches-bin/%s is missing", batch_names[k]);
		assert_refused_at("x.tar", SGAN_EFORMAT, words);
	}
	put_archive("x.tar", false, NONE, WHOLE - 1, NULL);
	assert_refused_at("x.tar", SGAN_EFORMAT, "data_batch_5.bin: 36875 bytes, a multiple of 3073 expected");
	put_archive("x.tar", false, NONE, 0, NULL);
	assert_refused_at("x.tar", SGAN_EFORMAT, "data_batch_5.bin: 0 bytes, a multiple of 3073 expected");
	put_archive("x.tar", false, NONE, WHOLE - RECORD, NULL);
	assert_refused_at("x.tar", SGAN_EFORMAT, "data_batch_5.bin: 11 images, but data_batch_1.bin has 12");
	ASSERT_FAILS(sgan_dataset_open(in_temporary("x.tar"), 9, &(struct sgan_dataset){ .channels = 0 }), SGAN_EFORMAT,
	             "data_batch_1.bin: image 9 has label 9, 0 to 8 expected");
}

Test(cifar10_archive, truncated_or_no_archive)
{
	size_t size;
	put_archive("good.tar", false, NONE, WHOLE, add_names);
	char *bytes = get_file("good.tar", &size);
	for (size_t kept = 1; kept < size - 20000; kept += 7919) {
		put_file("x.tar", bytes, kept);
		assert_refused_at("x.tar", SGAN_EFORMAT, "x.tar: ");
		put_gzip("x.tar.gz", bytes, kept);
		assert_refused_at("x.tar.gz", SGAN_EFORMAT, "x.tar.gz: ");
	}
	free(bytes);
	put_archive("good.tar.gz", true, NONE, WHOLE, add_names);
	bytes = get_file("good.tar.gz", &size);
	for (size_t cut = 1; cut < size; cut += 97) {
		put_file("x.tar.gz", bytes, size - cut);
		assert_refused_at("x.tar.gz", SGAN_EFORMAT, "x.tar.gz: corrupt gzip: truncated");
	}
	bytes[size - 5] ^= 1; /* the sum, which comes after all that tar needs */
	put_file("x.tar.gz", bytes, size);
	assert_refused_at("x.tar.gz", SGAN_EFORMAT, "x.tar.gz: corrupt gzip: incorrect data check");
	free(bytes);
	put_text("x.tar.gz", "");
	assert_refused_at("x.tar.gz", SGAN_EFORMAT, "x.tar.gz: empty");
	put_text("x.tar.gz", "some text that is no archive");
	assert_refused_at("x.tar.gz", SGAN_EFORMAT, "x.tar.gz: no tar archive, or a damaged one");
	cr_assert_eq(remove(in_temporary("x.tar.gz")), 0);
	cr_assert_eq(mkfifo(in_temporary("x.tar.gz"), 0600), 0);
	assert_refused_at("x.tar.gz", SGAN_EIO, "x.tar.gz: not a regular file");
}

/* A header that claims `size` bytes of a batch, and zeros, as far as a compressed file of a MiB reaches. */
Test(cifar10_archive, bombs)
{
	enum { PIECE = 1 << 20, PIECES = 900 };
	char *zeros = calloc(1, PIECE), header[512] = "cifar-10-batches-bin/data_batch_1.bin";
	strcpy(header + 100, "0000644");
	strcpy(header + 124, "77777777777"); /* octal: 8 GiB */
	memcpy(header + 257, "ustar\00000", 8);
	header[156] = '0';
	unsigned sum = 8 * ' ';
	for (size_t i = 0; i < sizeof header; i++)
		sum += (unsigned char)header[i];
	snprintf(header + 148, 8, "%06o", sum);
	header[155] = ' ';
	for (int size = 0; size < 2; size++) {
		gzFile file = gzopen(in_temporary("x.tar.gz"), "wb1");
		cr_assert_not_null(file);
		if (size == 0) /* padding without end */
			cr_assert_eq(gzwrite(file, header, 0), 0);
		else
			cr_assert_eq(gzwrite(file, header, sizeof header), (int)sizeof header);
		for (int i = 0; i < PIECES; i++)
			cr_assert_eq(gzwrite(file, zeros, PIECE), PIECE);
		cr_assert_eq(gzclose(file), Z_OK);
		assert_refused_at("x.tar.gz", SGAN_EFORMAT,
		                  size ? "bytes, a multiple of 3073 expected" : "holds more than the ");
	}
	free(zeros);
}

Test(cifar10_archive, random_damage)
{
	static const char *const files[] = { "d/cifar-10-binary.tar", "d/cifar-10-binary.tar.gz" };
	for (size_t i = 0; i < 2; i++) {
		temporary_remove();
		cr_assert_eq(mkdir(temporary, 0777), 0);
		cr_assert_eq(mkdir(in_temporary("d"), 0777), 0);
		put_archive(files[i], i == 1, NONE, WHOLE, add_names);
		check_damaged(&files[i], 1, 150);
	}
}

/* --- the version for Python --- */

Test(cifar10_python, is_refused)
{
	static const char *const words = "get the binary version, cifar-10-binary.tar.gz, from https://";
	cr_assert_eq(mkdir(in_temporary("d"), 0777), 0);
	cr_assert_eq(mkdir(in_temporary("d/cifar-10-batches-py"), 0777), 0);
	assert_refused(SGAN_EFORMAT, words);
	put_text("d/cifar-10-batches-py/data_batch_1", "pickle");
	assert_refused_at("d/cifar-10-batches-py", SGAN_EFORMAT, words);
	cr_assert_eq(mkdir(in_temporary("archive"), 0777), 0);
	put_text("archive/cifar-10-python.tar.gz", "x");
	assert_refused_at("archive", SGAN_EFORMAT, words);
	/* With the binary version beside it, that is read. */
	put_archive("d/cifar-10-binary.tar.gz", true, NONE, WHOLE, add_names);
	check_dataset("d", "cifar10", 10);
}

/* --- the real one --- */

Test(cifar10_folder, as_it_is_published)
{
	char path[PATH_MAX], batch[PATH_MAX + 64];
	const char *data = getenv("SGAN_TEST_DATA");
	struct sgan_dataset dataset;
	snprintf(path, sizeof path, "%s/cifar10", data ? data : "");
	snprintf(batch, sizeof batch, "%s/cifar-10-batches-bin/test_batch.bin", path);
	if (!data || !*data || access(batch, R_OK) != 0)
		cr_skip("SGAN_TEST_DATA names no folder with cifar10/cifar-10-batches-bin in it");
	ASSERT_OK(sgan_dataset_open(path, 0, &dataset));
	cr_assert_eq(dataset.train.count, 50000);
	cr_assert_eq(dataset.test.count, 10000);
	cr_assert_eq(dataset.classes, 10);
	size_t classes[10] = { 0 };
	double sums[3] = { 0 };
	for (size_t i = 0; i < dataset.train.count; i++)
		classes[dataset.train.labels[i]]++;
	for (size_t i = 0; i < 10; i++)
		cr_assert_eq(classes[i], 5000);
	for (size_t i = 0; i < dataset.train.count * 1024; i++)
		for (size_t c = 0; c < 3; c++)
			sums[c] += dataset.train.images[i * 3 + c];
	/* The known means of red, green and blue. */
	static const double means[] = { 0.4914, 0.4822, 0.4465 };
	for (size_t c = 0; c < 3; c++)
		cr_assert_float_eq(sums[c] / (50000.0 * 1024 * 255), means[c], 1e-3);
	sgan_dataset_free(&dataset);
}

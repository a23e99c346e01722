/* The format "cifar10" in the archive that it comes in, which is read where it lies: cifar-10-binary.tar.gz, in a
 * folder or by its own path.
 * It must not know what a batch looks like, nor an archive. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "src/cpu/status.h"
#include "src/data/cifar10.h"
#include "src/data/folder.h"
#include "src/data/tar.h"

static const char archive[] = "cifar-10-binary.tar"; /* or gzipped */
static const char python_folder[] = "cifar-10-batches-py";
static const char set_name[] = "cifar10"; /* an archive's own name is no good one for runs */

/* What is read of an archive: both halves' images of which one is as large as it may be, names, padding. */
#define ARCHIVE_BYTES ((uint64_t)SGAN_CIFAR10_COUNT * SGAN_CIFAR10_RECORD * 5 / 4 + SGAN_CIFAR10_META)

/* A name's members: the batches of one half and those of the other, the list of names, a text for people. */
enum { TRAIN_BATCH = 0, TEST_BATCH = SGAN_CIFAR10_BATCHES, META, README, MEMBERS };

struct reader {
	struct sgan_tar *tar;
	const char *path;
	enum sgan_data_half half;
	struct sgan_found *found;
	bool seen[MEMBERS];
	struct sgan_bytes records[SGAN_CIFAR10_BATCHES]; /* of the half, as they come: archives have them in any order */
};

static bool ends_in(const char *text, const char *end)
{
	size_t length = strlen(text), tail = strlen(end);
	return length > tail && strcmp(text + length - tail, end) == 0;
}

static bool archive_of(const struct sgan_place *place, char path[PATH_MAX])
{
	struct stat st;
	if (stat(place->path, &st) != 0)
		return false;
	if (S_ISDIR(st.st_mode))
		return sgan_folder_has(place->path, archive) && sgan_folder_path(place->path, archive, path) == SGAN_OK;
	memcpy(path, place->path, PATH_MAX);
	return ends_in(path, ".tar.gz") || ends_in(path, ".tgz") || ends_in(path, ".tar");
}

static bool probe(const struct sgan_place *place)
{
	char path[PATH_MAX];
	return archive_of(place, path);
}

static const char *member_name(int member)
{
	switch (member) {
	case META:
		return sgan_cifar10_meta;
	case README:
		return "readme.html";
	case TEST_BATCH:
		return sgan_cifar10_batches[SGAN_DATA_TEST][0];
	default:
		return sgan_cifar10_batches[SGAN_DATA_TRAIN][member - TRAIN_BATCH];
	}
}

/* Which of the members a name is; MEMBERS: none. */
static int member_of(const char *name)
{
	const size_t folder = strlen(sgan_cifar10_folder);
	if (strncmp(name, sgan_cifar10_folder, folder) != 0 || name[folder] != '/')
		return MEMBERS;
	for (int member = 0; member < MEMBERS; member++)
		if (strcmp(name + folder + 1, member_name(member)) == 0)
			return member;
	return MEMBERS;
}

/* Files that are expected, once; the folder. *which is MEMBERS for a folder. */
static sgan_status check_member(struct reader *reader, const struct sgan_tar_member *member, int *which)
{
	*which = MEMBERS;
	if (member->folder && (strcmp(member->name, sgan_cifar10_folder) == 0 || member->name[0] == '\0'))
		return SGAN_OK;
	if (strncmp(member->name, python_folder, strlen(python_folder)) == 0)
		return sgan_cifar10_refuse_python(reader->path);
	*which = member_of(member->name);
	if (*which == MEMBERS || member->folder)
		return sgan_fail(SGAN_EFORMAT, "%s: unexpected member '%.200s': only CIFAR-10's binary version is read",
		                 reader->path, member->name);
	if (reader->seen[*which])
		return sgan_fail(SGAN_EFORMAT, "%s: unexpected member '%.200s': it is there twice", reader->path, member->name);
	reader->seen[*which] = true;
	return SGAN_OK;
}

static sgan_status take_member(struct reader *reader, const struct sgan_tar_member *member, int which)
{
	const int first = reader->half == SGAN_DATA_TRAIN ? TRAIN_BATCH : TEST_BATCH;
	const int end = reader->half == SGAN_DATA_TRAIN ? TRAIN_BATCH + SGAN_CIFAR10_BATCHES : TEST_BATCH + 1;
	if (which == META)
		return sgan_cifar10_name(member->content, reader->found);
	if (which < first || which >= end)
		return SGAN_OK;
	if (member->size == 0 || member->size % SGAN_CIFAR10_RECORD != 0)
		return sgan_fail(SGAN_EFORMAT, "%s: %ju bytes, a multiple of %d expected", member->content->name,
		                 (uintmax_t)member->size, SGAN_CIFAR10_RECORD);
	return sgan_cifar10_take(member->content, SGAN_CIFAR10_COUNT, &reader->records[which - first]);
}

static sgan_status take_members(struct reader *reader)
{
	for (;;) {
		struct sgan_tar_member member;
		bool end;
		int which;
		SGAN_TRY(sgan_tar_next(reader->tar, &member, &end));
		if (end)
			return SGAN_OK;
		SGAN_TRY(check_member(reader, &member, &which));
		if (which != MEMBERS)
			SGAN_TRY(take_member(reader, &member, which));
	}
}

/* Adds the batches in their order. */
static sgan_status add_batches(struct reader *reader, size_t classes)
{
	const char *const *names = sgan_cifar10_batches[reader->half];
	for (size_t i = 0; names[i]; i++) {
		struct sgan_bytes *records = &reader->records[i];
		char name[PATH_MAX + 64];
		if (!records->data)
			return sgan_fail(SGAN_EFORMAT, "%s: %s/%s is missing", reader->path, sgan_cifar10_folder, names[i]);
		snprintf(name, sizeof name, "%s: %s/%s", reader->path, sgan_cifar10_folder, names[i]);
		SGAN_TRY(sgan_cifar10_same_size(name, records->count / SGAN_CIFAR10_RECORD, names[0],
		                                reader->records[0].count / SGAN_CIFAR10_RECORD));
		SGAN_TRY(sgan_cifar10_add(name, records, classes, reader->found));
	}
	return SGAN_OK;
}

static sgan_status read_archive(struct reader *reader, size_t classes)
{
	SGAN_TRY(sgan_tar_open(reader->path, ARCHIVE_BYTES, &reader->tar));
	sgan_status status = take_members(reader);
	sgan_tar_close(reader->tar);
	if (status == SGAN_OK)
		status = add_batches(reader, classes);
	for (size_t i = 0; i < SGAN_CIFAR10_BATCHES; i++)
		free(reader->records[i].data);
	return status;
}

static sgan_status read_half(const struct sgan_place *place, enum sgan_data_half half, size_t classes,
                             struct sgan_found *found)
{
	if (!archive_of(place, found->file))
		return sgan_fail(SGAN_EIO, "%s: its files have gone", place->path);
	memcpy(found->name, set_name, sizeof set_name);
	struct reader reader = { .path = found->file, .half = half, .found = found };
	sgan_status status = read_archive(&reader, classes);
	if (status != SGAN_OK)
		sgan_found_free(found);
	return status;
}

const struct sgan_data_format sgan_data_cifar10_archive = {
	.name = "cifar10",
	.looked_for = "cifar-10-binary.tar.gz",
	.probe = probe,
	.read = read_half,
};

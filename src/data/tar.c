/* Members of a tar archive, by libarchive; its bytes come from gunzip.h, which checks gzip's sums and libarchive does
 * not. What could lead out of the archive, or is no file, is refused here, whatever the archive is for.
 * It must not know what members are expected. */
#include "src/data/tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cpu/status.h"
#include "src/data/gunzip.h"

enum { BUFFER = 64 << 10 };

struct sgan_tar {
	struct sgan_source content; /* of the member */
	const char *path;
	struct sgan_source *file;
	struct archive *archive;
	uint64_t limit, left; /* bytes */
	sgan_status status;   /* of reading the file; its message stands */
	char name[1024], title[PATH_MAX + 1024];
	uint8_t buffer[BUFFER];
};

/* Some bytes of the file, *got is 0 at its end. */
static sgan_status read_file(struct sgan_tar *tar, size_t *got)
{
	SGAN_TRY(tar->file->read(tar->file, tar->buffer, BUFFER, got));
	if (*got > tar->left)
		return sgan_fail(SGAN_EFORMAT, "%s: holds more than the %ju bytes that are read", tar->path,
		                 (uintmax_t)tar->limit);
	tar->left -= *got;
	return SGAN_OK;
}

static la_ssize_t give(struct archive *archive, void *arg, const void **bytes)
{
	struct sgan_tar *tar = arg;
	size_t got;
	tar->status = read_file(tar, &got);
	*bytes = tar->buffer;
	if (tar->status == SGAN_OK)
		return (la_ssize_t)got;
	archive_set_error(archive, EIO, "read failed");
	return -1;
}

static sgan_status fail(const struct sgan_tar *tar)
{
	if (tar->status != SGAN_OK)
		return tar->status;
	const char *why = archive_error_string(tar->archive);
	return sgan_fail(SGAN_EFORMAT, "%s: no tar archive, or a damaged one: %s", tar->path, why ? why : "unreadable");
}

static sgan_status read_content(struct sgan_source *source, void *dst, size_t size, size_t *got)
{
	struct sgan_tar *tar = (struct sgan_tar *)source;
	for (*got = 0; *got < size;) {
		la_ssize_t some = archive_read_data(tar->archive, (uint8_t *)dst + *got, size - *got);
		if (some < 0)
			return fail(tar);
		if (some == 0)
			break;
		*got += (size_t)some;
	}
	return SGAN_OK;
}

static sgan_status start(struct sgan_tar *tar)
{
	SGAN_TRY(sgan_gunzip_open(tar->path, &tar->file));
	tar->archive = archive_read_new();
	if (!tar->archive)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory to read it", tar->path);
	if (archive_read_support_format_tar(tar->archive) != ARCHIVE_OK ||
	    archive_read_open(tar->archive, tar, NULL, give, NULL) != ARCHIVE_OK)
		return fail(tar);
	return SGAN_OK;
}

sgan_status sgan_tar_open(const char *path, uint64_t limit, struct sgan_tar **opened)
{
	struct sgan_tar *tar = calloc(1, sizeof *tar);
	if (!tar)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory to read it", path);
	tar->path = path;
	tar->limit = tar->left = limit;
	tar->content = (struct sgan_source){ tar->title, read_content };
	sgan_status status = start(tar);
	if (status == SGAN_OK)
		*opened = tar;
	else
		sgan_tar_close(tar);
	return status;
}

void sgan_tar_close(struct sgan_tar *tar)
{
	if (!tar)
		return;
	archive_read_free(tar->archive);
	sgan_gunzip_close(tar->file);
	free(tar);
}

/* After the last member: padding, which is of no interest, and the sums that gunzip checks at the end. */
static sgan_status finish(struct sgan_tar *tar)
{
	size_t got = 1;
	while (got > 0)
		SGAN_TRY(read_file(tar, &got));
	return SGAN_OK;
}

static bool has_parent(const char *name)
{
	for (const char *part = name; part; part = strchr(part, '/')) {
		part += *part == '/';
		if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0'))
			return true;
	}
	return false;
}

/* What is wrong with a member; NULL: nothing. */
static const char *fault(struct archive_entry *entry, const char *name)
{
	if (archive_entry_hardlink(entry) || archive_entry_filetype(entry) == AE_IFLNK)
		return "a link";
	if (archive_entry_filetype(entry) != AE_IFREG && archive_entry_filetype(entry) != AE_IFDIR)
		return "neither a file nor a folder";
	if (archive_entry_sparse_count(entry) > 0)
		return "a sparse file";
	if (name[0] == '/')
		return "an absolute name";
	if (has_parent(name))
		return "a name with '..'";
	return NULL;
}

static sgan_status take_member(struct sgan_tar *tar, struct archive_entry *entry, struct sgan_tar_member *member)
{
	const char *name = archive_entry_pathname(entry);
	if (!name || strlen(name) >= sizeof tar->name)
		return sgan_fail(SGAN_EFORMAT, "%s: a member's name cannot be read", tar->path);
	const char *why = fault(entry, name);
	if (why)
		return sgan_fail(SGAN_EFORMAT, "%s: unexpected member '%.200s': %s", tar->path, name, why);
	strcpy(tar->name, name + (strncmp(name, "./", 2) == 0 ? 2 : 0));
	for (size_t length = strlen(tar->name); length > 0 && tar->name[length - 1] == '/'; length--)
		tar->name[length - 1] = '\0';
	snprintf(tar->title, sizeof tar->title, "%s: %s", tar->path, tar->name);
	*member = (struct sgan_tar_member){
		.name = tar->name,
		.folder = archive_entry_filetype(entry) == AE_IFDIR,
		.size = archive_entry_size(entry) > 0 ? (uint64_t)archive_entry_size(entry) : 0,
		.content = &tar->content,
	};
	return SGAN_OK;
}

sgan_status sgan_tar_next(struct sgan_tar *tar, struct sgan_tar_member *member, bool *end)
{
	struct archive_entry *entry;
	int result = archive_read_next_header(tar->archive, &entry);
	*end = result == ARCHIVE_EOF;
	if (*end)
		return finish(tar);
	return result == ARCHIVE_OK ? take_member(tar, entry, member) : fail(tar);
}

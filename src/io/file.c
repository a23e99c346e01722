/* Whole files: read with a bound, written all or not at all.
 * It must not know what a file holds. */
#include "src/io/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/cpu/status.h"
#include "src/io/run.h"

enum {
	FIRST_CAPACITY = 16 << 10,
	LARGEST_CALL = 1 << 30, /* read and write take no more than 2 GiB at once */
	TEMPORARY_TRIES = 100,
	TEMPORARY_STEM = 200 /* of the final name, so that the temporary name stays below NAME_MAX */
};

struct sgan_writer {
	int fd;
	sgan_status status; /* of the first failure: nothing may be committed after it */
	char path[SGAN_PATH];
	char folder[SGAN_PATH];
	char temporary[SGAN_PATH];
};

static ssize_t read_some(int fd, void *data, size_t size)
{
	ssize_t got;
	do
		got = read(fd, data, size < LARGEST_CALL ? size : LARGEST_CALL);
	while (got < 0 && errno == EINTR);
	return got;
}

static int open_retry(const char *path, int flags, mode_t mode)
{
	int fd;
	do
		fd = open(path, flags | O_CLOEXEC, mode);
	while (fd < 0 && errno == EINTR);
	return fd;
}

/* What is no regular file, for messages. */
static const char *kind_of(const struct stat *st)
{
	return S_ISDIR(st->st_mode) ? "a folder" : "a device or pipe";
}

/* Opens a regular file that has no more than `limit` bytes: nothing else has an end that can be relied on, and opening a
 * pipe would wait for its other end. */
static sgan_status open_regular(const char *path, size_t limit, int *fd)
{
	struct stat st;
	*fd = open_retry(path, O_RDONLY | O_NONBLOCK, 0);
	if (*fd < 0)
		return sgan_fail(SGAN_EIO, "%s: cannot open: %s", path, strerror(errno));
	sgan_status status = SGAN_OK;
	if (fstat(*fd, &st) != 0)
		status = sgan_fail(SGAN_EIO, "%s: cannot read: %s", path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		status = sgan_fail(SGAN_EIO, "%s: cannot read: it is %s, not a regular file", path, kind_of(&st));
	else if ((uintmax_t)st.st_size > limit)
		status = sgan_fail(SGAN_EFORMAT, "%s: larger than %zu bytes, the most expected of it", path, limit);
	if (status != SGAN_OK)
		close(*fd);
	return status;
}

/* Reads until the end. The buffer grows as data arrives: a file may have become larger since it was asked how large it is,
 * and those of the system's say that they have nothing. */
static sgan_status read_all(int fd, const char *path, size_t limit, char **data, size_t *size)
{
	size_t capacity = limit < FIRST_CAPACITY ? limit + 1 : FIRST_CAPACITY;
	for (;;) {
		if (*size + 1 >= capacity && *size < limit)
			capacity = capacity < limit / 2 ? 2 * capacity : limit + 1;
		char *grown = realloc(*data, capacity);
		if (!grown)
			return sgan_fail(SGAN_ENOMEM, "%s: no memory for its %zu bytes", path, capacity);
		*data = grown;
		if (*size == limit) {
			char beyond;
			ssize_t more = read_some(fd, &beyond, 1);
			if (more < 0)
				return sgan_fail(SGAN_EIO, "%s: cannot read: %s", path, strerror(errno));
			if (more > 0)
				return sgan_fail(SGAN_EFORMAT, "%s: larger than %zu bytes, the most expected of it", path, limit);
			break;
		}
		ssize_t got = read_some(fd, *data + *size, capacity - 1 - *size);
		if (got < 0)
			return sgan_fail(SGAN_EIO, "%s: cannot read: %s", path, strerror(errno));
		if (got == 0)
			break;
		*size += (size_t)got;
	}
	(*data)[*size] = '\0';
	return SGAN_OK;
}

sgan_status sgan_file_read(const char *path, size_t limit, char **data, size_t *size)
{
	if (limit > SIZE_MAX / 4)
		return sgan_fail(SGAN_EINVAL, "%s: a limit of %zu bytes is none", path, limit);
	int fd;
	SGAN_TRY(open_regular(path, limit, &fd));
	char *content = NULL;
	size_t length = 0;
	sgan_status status = read_all(fd, path, limit, &content, &length);
	close(fd);
	if (status != SGAN_OK) {
		free(content);
		return status;
	}
	*data = content;
	*size = length;
	return SGAN_OK;
}

bool sgan_file_exists(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

/* Splits writer->path; returns its last part. */
static const char *split_path(struct sgan_writer *writer)
{
	const char *slash = strrchr(writer->path, '/');
	if (!slash) {
		strcpy(writer->folder, ".");
		return writer->path;
	}
	size_t length = slash == writer->path ? 1 : (size_t)(slash - writer->path);
	memcpy(writer->folder, writer->path, length);
	writer->folder[length] = '\0';
	return slash + 1;
}

/* A rename over a device or a pipe would replace it, which nobody who names /dev/null wants. */
static sgan_status check_target(const char *path)
{
	struct stat st;
	if (stat(path, &st) != 0 || S_ISREG(st.st_mode))
		return SGAN_OK;
	return sgan_fail(SGAN_EIO, "%s: cannot write: it exists and is %s, not a regular file", path, kind_of(&st));
}

static sgan_status open_temporary(struct sgan_writer *writer, const char *base)
{
	for (int try = 0; try < TEMPORARY_TRIES; try++) {
		int length = snprintf(writer->temporary, sizeof writer->temporary, "%s/.%.*s.%ld-%d.tmp", writer->folder,
		                      TEMPORARY_STEM, base, (long)getpid(), try);
		if (length < 0 || (size_t)length >= sizeof writer->temporary)
			return sgan_fail(SGAN_EINVAL, "%.60s...: the path is too long", writer->path);
		writer->fd = open_retry(writer->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0666);
		if (writer->fd >= 0)
			return SGAN_OK;
		if (errno != EEXIST)
			break;
	}
	return sgan_fail(SGAN_EIO, "%s: cannot create: %s", writer->path, strerror(errno));
}

static sgan_status start(struct sgan_writer *writer, const char *path)
{
	size_t length = strlen(path);
	if (length == 0 || length >= sizeof writer->path)
		return sgan_fail(SGAN_EINVAL, "%.60s: a file's path has 1 to %zu bytes, this one %zu", path,
		                 sizeof writer->path - 1, length);
	memcpy(writer->path, path, length + 1);
	const char *base = split_path(writer);
	SGAN_TRY(check_target(path));
	if (*base == '\0')
		return sgan_fail(SGAN_EIO, "%s: cannot create: a file's name must follow the last slash", path);
	return open_temporary(writer, base);
}

sgan_status sgan_writer_open(const char *path, struct sgan_writer **writer)
{
	struct sgan_writer *created = calloc(1, sizeof *created);
	if (!created)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory to write it", path);
	sgan_status status = start(created, path);
	if (status != SGAN_OK) {
		free(created);
		return status;
	}
	*writer = created;
	return SGAN_OK;
}

sgan_status sgan_writer_write(struct sgan_writer *writer, const void *data, size_t size)
{
	const char *next = data;
	if (writer->status != SGAN_OK)
		return writer->status;
	while (size > 0) {
		ssize_t written = write(writer->fd, next, size < LARGEST_CALL ? size : LARGEST_CALL);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return writer->status = sgan_fail(SGAN_EIO, "%s: cannot write: %s", writer->path, strerror(errno));
		next += written;
		size -= (size_t)written;
	}
	return SGAN_OK;
}

static int sync_retry(int fd)
{
	int result;
	do
		result = fsync(fd);
	while (result != 0 && errno == EINTR);
	return result;
}

/* Makes the rename itself durable. Some filesystems cannot sync a folder and say EINVAL; that is no failure. */
static sgan_status sync_folder(const struct sgan_writer *writer)
{
	int fd = open_retry(writer->folder, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return errno == EACCES ? SGAN_OK /* a folder that may be written but not read */
		                       : sgan_fail(SGAN_EIO, "%s: cannot open: %s", writer->folder, strerror(errno));
	int result = sync_retry(fd);
	int reason = errno;
	close(fd);
	if (result != 0 && reason != EINVAL && reason != ENOTSUP)
		return sgan_fail(SGAN_EIO, "%s: cannot sync: %s", writer->folder, strerror(reason));
	return SGAN_OK;
}

static sgan_status finish(struct sgan_writer *writer)
{
	if (writer->status != SGAN_OK)
		return writer->status;
	if (sync_retry(writer->fd) != 0)
		return sgan_fail(SGAN_EIO, "%s: cannot write: %s", writer->path, strerror(errno));
	int fd = writer->fd;
	writer->fd = -1;
	/* Network filesystems report a full disk here. After EINTR the descriptor is gone all the same. */
	if (close(fd) != 0 && errno != EINTR)
		return sgan_fail(SGAN_EIO, "%s: cannot write: %s", writer->path, strerror(errno));
	if (rename(writer->temporary, writer->path) != 0)
		return sgan_fail(SGAN_EIO, "%s: cannot put in place: %s", writer->path, strerror(errno));
	writer->temporary[0] = '\0';
	return sync_folder(writer);
}

sgan_status sgan_writer_commit(struct sgan_writer *writer)
{
	sgan_status status = finish(writer);
	sgan_writer_abort(writer);
	return status;
}

void sgan_writer_abort(struct sgan_writer *writer)
{
	if (!writer)
		return;
	if (writer->fd >= 0)
		close(writer->fd);
	if (writer->temporary[0] != '\0')
		unlink(writer->temporary);
	free(writer);
}

sgan_status sgan_file_write(const char *path, const void *data, size_t size)
{
	struct sgan_writer *writer;
	SGAN_TRY(sgan_writer_open(path, &writer));
	sgan_status status = sgan_writer_write(writer, data, size);
	if (status == SGAN_OK)
		return sgan_writer_commit(writer);
	sgan_writer_abort(writer);
	return status;
}

sgan_status sgan_file_try(const char *path)
{
	struct sgan_writer *writer;
	SGAN_TRY(sgan_writer_open(path, &writer));
	sgan_writer_abort(writer);
	return SGAN_OK;
}

/* The process that a temporary file's name says has made it, as open_temporary forms it; 0: it is not such a name. */
static long maker_of(const char *name)
{
	const size_t length = strlen(name);
	const char *end = name + length - 4, *at = end;
	if (name[0] != '.' || length < 5 || strcmp(end, ".tmp") != 0)
		return 0;
	while (at > name && at[-1] >= '0' && at[-1] <= '9')
		at--;
	if (at == end || at == name || at[-1] != '-')
		return 0;
	const char *pid_end = --at;
	while (at > name && at[-1] >= '0' && at[-1] <= '9')
		at--;
	return at == pid_end || at == name || at[-1] != '.' || at - name < 3 ? 0 : strtol(at, NULL, 10);
}

sgan_status sgan_file_clean(const char *folder)
{
	DIR *dir = opendir(folder);
	if (dir == NULL)
		return sgan_fail(SGAN_EIO, "%s: cannot be listed: %s", folder, strerror(errno));
	for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		const long maker = maker_of(entry->d_name);
		/* in containers, the one before may have had this one's number */
		const bool dead =
			maker == (long)getpid() || (maker > 0 && maker <= INT_MAX && kill((pid_t)maker, 0) != 0 && errno == ESRCH);
		if (dead)
			unlinkat(dirfd(dir), entry->d_name, 0); /* one that stays does no harm */
	}
	closedir(dir);
	return SGAN_OK;
}

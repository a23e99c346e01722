/* A test's own folder, and what tests of files do in it again and again. */
#ifndef SGAN_TESTS_TEMPORARY_H
#define SGAN_TESTS_TEMPORARY_H

#include <criterion/criterion.h>
#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <unistd.h>

#include <sgan/sgan.h>

static char temporary[512];

/* .init and .fini of a suite. */
static inline void temporary_make(void)
{
	const char *base = getenv("TMPDIR");
	snprintf(temporary, sizeof temporary, "%s/sgan-test-XXXXXX", base && *base ? base : "/tmp");
	cr_assert_not_null(mkdtemp(temporary));
}

static inline int temporary_unlink(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
	(void)st, (void)kind, (void)walk;
	return remove(path);
}

static inline void temporary_remove(void)
{
	nftw(temporary, temporary_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

/* The path of a name in the folder; good for seven more calls. */
static inline const char *in_temporary(const char *name)
{
	static char paths[8][1024];
	static unsigned next;
	char *path = paths[next++ % 8];
	snprintf(path, sizeof paths[0], "%s/%s", temporary, name);
	return path;
}

static inline void put_file(const char *name, const void *data, size_t size)
{
	FILE *file = fopen(in_temporary(name), "wb");
	cr_assert_not_null(file);
	cr_assert_eq(fwrite(data, 1, size, file), size);
	cr_assert_eq(fclose(file), 0);
}

static inline void put_text(const char *name, const char *text)
{
	put_file(name, text, strlen(text));
}

/* free() the result, which ends in a NUL. */
static inline char *get_file(const char *name, size_t *size)
{
	FILE *file = fopen(in_temporary(name), "rb");
	cr_assert_not_null(file, "%s is missing", name);
	cr_assert_eq(fseek(file, 0, SEEK_END), 0);
	*size = (size_t)ftell(file);
	rewind(file);
	char *data = malloc(*size + 1);
	cr_assert_not_null(data);
	cr_assert_eq(fread(data, 1, *size, file), *size);
	data[*size] = '\0';
	fclose(file);
	return data;
}

static inline void assert_text(const char *name, const char *text)
{
	size_t size;
	char *found = get_file(name, &size);
	cr_assert_str_eq(found, text, "%s holds '%s'", name, found);
	free(found);
}

/* Files and folders in the folder, hidden ones too. */
static inline size_t count_files(void)
{
	size_t count = 0;
	struct dirent *entry;
	DIR *folder = opendir(temporary);
	cr_assert_not_null(folder);
	while ((entry = readdir(folder)))
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(folder);
	return count;
}

/* A disk that is full after some bytes: the limit on a file's size, which every user may set. */
static inline void fill_disk_after(rlim_t bytes)
{
	struct rlimit limit;
	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static inline void empty_disk(void)
{
	struct rlimit limit;
	cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* The call failed with this code, and its message, one line, has these words. */
#define ASSERT_FAILS(call, code, words)                                                                                \
	do {                                                                                                               \
		sgan_status assert_status = (call);                                                                            \
		cr_assert_eq(assert_status, (code), "status %d, %d expected (%s)", assert_status, (code), sgan_last_error());  \
		cr_assert_not_null(strstr(sgan_last_error(), (words)), "message '%s', '%s' expected", sgan_last_error(),       \
		                   (words));                                                                                   \
		cr_assert_null(strchr(sgan_last_error(), '\n'));                                                               \
	} while (0)

#define ASSERT_OK(call)                                                                                                \
	do {                                                                                                               \
		sgan_status assert_status = (call);                                                                            \
		cr_assert_eq(assert_status, SGAN_OK, "status %d: %s", assert_status, sgan_last_error());                       \
	} while (0)

#endif

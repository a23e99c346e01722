/* Lists folders, the same way wherever they lie: file systems have orders of their own.
 * It must not know what is in the files. */
#include "src/data/listing.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cpu/status.h"

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static sgan_status add(struct sgan_listing *listing, size_t *room, const char *folder, const char *name)
{
	if (listing->count == *room) {
		size_t more = *room ? 2 * *room : 64;
		char **names = realloc(listing->names, more * sizeof *names);
		if (!names)
			return sgan_fail(SGAN_ENOMEM, "%s: no memory for its names", folder);
		listing->names = names;
		*room = more;
	}
	listing->names[listing->count] = strdup(name);
	if (!listing->names[listing->count])
		return sgan_fail(SGAN_ENOMEM, "%s: no memory for its names", folder);
	listing->count++;
	return SGAN_OK;
}

static sgan_status add_all(DIR *dir, const char *folder, bool (*wanted)(const char *path), struct sgan_listing *listing)
{
	size_t room = 0;
	struct dirent *entry;
	while ((errno = 0, entry = readdir(dir))) {
		char path[PATH_MAX];
		if (entry->d_name[0] == '.')
			continue;
		int length = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		if (length < 0 || (size_t)length >= sizeof path)
			return sgan_fail(SGAN_EINVAL, "%.60s.../%.60s: the path is too long", folder, entry->d_name);
		if (wanted(path))
			SGAN_TRY(add(listing, &room, folder, entry->d_name));
	}
	return errno == 0 ? SGAN_OK : sgan_fail(SGAN_EIO, "%s: cannot read the folder: %s", folder, strerror(errno));
}

sgan_status sgan_listing_read(const char *folder, bool (*wanted)(const char *path), struct sgan_listing *listing)
{
	struct sgan_listing read = { .count = 0 };
	DIR *dir = opendir(folder);
	if (!dir)
		return sgan_fail(SGAN_EIO, "%s: cannot read the folder: %s", folder, strerror(errno));
	sgan_status status = add_all(dir, folder, wanted, &read);
	closedir(dir);
	if (status != SGAN_OK) {
		sgan_listing_free(&read);
		return status;
	}
	if (read.count > 0)
		qsort(read.names, read.count, sizeof *read.names, compare);
	*listing = read;
	return SGAN_OK;
}

void sgan_listing_free(struct sgan_listing *listing)
{
	for (size_t i = 0; i < listing->count; i++)
		free(listing->names[i]);
	free(listing->names);
	*listing = (struct sgan_listing){ .count = 0 };
}

size_t sgan_listing_find(const struct sgan_listing *listing, const char *name)
{
	char *const *found =
		listing->count ? bsearch(&name, listing->names, listing->count, sizeof *listing->names, compare) : NULL;
	return found ? (size_t)(found - listing->names) : listing->count;
}

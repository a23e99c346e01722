/* Finds and opens files of a folder by name.
 * It must not know what is in them. */
#include "src/data/folder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "src/cpu/status.h"

static bool exists(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

bool sgan_folder_has(const char *folder, const char *name)
{
	char path[PATH_MAX];
	int length = snprintf(path, sizeof path, "%s/%s.gz", folder, name);
	if (length < 0 || length >= PATH_MAX)
		return false;
	if (exists(path))
		return true;
	path[length - 3] = '\0';
	return exists(path);
}

sgan_status sgan_folder_path(const char *folder, const char *name, char path[PATH_MAX])
{
	int length = snprintf(path, PATH_MAX, "%s/%s.gz", folder, name);
	if (length < 0 || length >= PATH_MAX)
		return sgan_fail(SGAN_EINVAL, "%.60s.../%s.gz: the path is longer than %d bytes", folder, name, PATH_MAX - 1);
	bool compressed = exists(path);
	path[length - 3] = '\0';
	if (exists(path))
		return SGAN_OK;
	if (!compressed)
		return sgan_fail(SGAN_EIO, "%s: missing, and so is %s.gz", path, name);
	strcat(path, ".gz");
	return SGAN_OK;
}

sgan_status sgan_folder_open(const char *folder, const char *name, char path[PATH_MAX], struct sgan_source **source)
{
	SGAN_TRY(sgan_folder_path(folder, name, path));
	return sgan_gunzip_open(path, source);
}

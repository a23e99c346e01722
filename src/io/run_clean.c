/* Folders of runs that were ended before they had begun.
 * It must not remove what it does not know. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "src/cpu/status.h"
#include "src/io/run_record.h"

enum { AGE = 60 }; /* seconds: one that is being made is younger */

/* A name as runs have it. */
static bool is_run(const char *name)
{
	return strspn(name, "0123456789") == 5 && name[5] == '-';
}

static bool is_old(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && time(NULL) - st.st_mtime > AGE;
}

static bool has(const char *run, const char *name)
{
	char path[SGAN_PATH];
	struct stat st;
	return sgan_run_file(run, name, path) == SGAN_OK && lstat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* A folder that training has made: it writes its record first, then its checkpoint. */
static bool has_not_begun(const char *run)
{
	return (has(run, SGAN_RUN_CONFIG) || has(run, SGAN_RUN_RECORD)) && !has(run, SGAN_RUN_CHECKPOINT);
}

static void clean(const char *out, const char *name)
{
	char path[SGAN_PATH];
	if (!is_run(name) || sgan_run_file(out, name, path) != SGAN_OK || !is_old(path) || !has_not_begun(path))
		return;
	const int lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* who trains in it has it; where nobody can, it stays */
	if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0)
		sgan_run_record_discard(path);
	if (lock >= 0)
		close(lock);
}

sgan_status sgan_run_clean(const char *out)
{
	DIR *folder = opendir(out);
	if (!folder)
		return errno == ENOENT ? SGAN_OK
		                       : sgan_fail(SGAN_EIO, "%s: cannot read the folder of runs: %s", out, strerror(errno));
	for (const struct dirent *entry; (entry = readdir(folder));)
		clean(out, entry->d_name);
	closedir(folder);
	return SGAN_OK;
}

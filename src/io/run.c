/* Numbered run directories: made, and found again.
 * It must not know what a run keeps inside. */
#include "src/io/run.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "src/cpu/status.h"

enum { DIGITS = 5, HIGHEST = 99999, NAME_PART = 64, LISTED = 3, LIST = 512 };

/* The number of a name like "00012-mnist-mnist", -1 for any other. */
static long run_number(const char *name)
{
	long number = 0;
	for (int i = 0; i < DIGITS; i++) {
		if (name[i] < '0' || name[i] > '9')
			return -1;
		number = 10 * number + (name[i] - '0');
	}
	return name[DIGITS] == '-' ? number : -1;
}

static bool is_folder(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

sgan_status sgan_run_file(const char *dir, const char *name, char path[SGAN_PATH])
{
	char joined[SGAN_PATH];
	int length = snprintf(joined, sizeof joined, "%s/%s", dir, name);
	if (length < 0 || (size_t)length >= sizeof joined)
		return sgan_fail(SGAN_EINVAL, "%.60s/%.60s: the path is longer than %d bytes", dir, name, SGAN_PATH - 1);
	memcpy(path, joined, (size_t)length + 1);
	return SGAN_OK;
}

static sgan_status check_out(const char *out)
{
	size_t length = strlen(out);
	if (length == 0 || length >= SGAN_PATH)
		return sgan_fail(SGAN_EINVAL, "output folder '%.60s': a path has 1 to %d bytes", out, SGAN_PATH - 1);
	return SGAN_OK;
}

/* Makes a folder and those above it that are missing. */
static sgan_status make_folders(const char *out)
{
	char path[SGAN_PATH];
	SGAN_TRY(check_out(out));
	size_t length = strlen(out);
	memcpy(path, out, length + 1);
	for (size_t i = 1; i <= length; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		char cut = path[i];
		path[i] = '\0';
		if (mkdir(path, 0777) != 0) {
			int reason = errno; /* EROFS and EACCES come also for a folder that is there */
			if (!is_folder(path))
				return sgan_fail(SGAN_EIO, "%s: cannot make the output folder: %s", path,
				                 strerror(reason == EEXIST ? ENOTDIR : reason));
		}
		path[i] = cut;
	}
	return SGAN_OK;
}

/* What a search keeps: of number `wanted`, or, if that is -1, of the highest number. */
struct search {
	bool begun; /* only runs that have a checkpoint: others were ended before they had begun, or are about to */
	long wanted;
	long below; /* only numbers below this one */
	long number;
	size_t matches;
	char name[256];
};

static bool has_checkpoint(const char *run)
{
	char path[SGAN_PATH];
	struct stat st;
	return sgan_run_file(run, SGAN_RUN_CHECKPOINT, path) == SGAN_OK && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static void consider(struct search *search, const char *out, const char *name, bool folders_only)
{
	char path[SGAN_PATH];
	long number = run_number(name);
	if (number < 0 || strlen(name) >= sizeof search->name)
		return;
	if (number >= search->below)
		return;
	if (search->wanted >= 0 ? number != search->wanted : number < search->number)
		return;
	if (folders_only) {
		int length = snprintf(path, sizeof path, "%s/%s", out, name);
		if (length < 0 || (size_t)length >= sizeof path || !is_folder(path))
			return;
		if (search->begun && !has_checkpoint(path))
			return;
	}
	search->matches = number == search->number ? search->matches + 1 : 1;
	/* A number twice can only come from copying by hand; the names decide, not the order of the folder. */
	if (number > search->number || strcmp(name, search->name) > 0)
		strcpy(search->name, name);
	search->number = number;
}

static sgan_status scan(const char *out, bool folders_only, struct search *search)
{
	DIR *folder = opendir(out);
	if (!folder)
		return sgan_fail(SGAN_EIO, "%s: cannot read the folder of runs: %s", out, strerror(errno));
	search->number = -1;
	search->matches = 0;
	search->name[0] = '\0';
	struct dirent *entry;
	while ((errno = 0, entry = readdir(folder)))
		consider(search, out, entry->d_name, folders_only);
	int reason = errno;
	closedir(folder);
	return reason == 0 ? SGAN_OK : sgan_fail(SGAN_EIO, "%s: cannot read the folder of runs: %s", out, strerror(reason));
}

/* A part of a run's name: no slash, no space, nothing a shell would mind. */
static void plain_name(const char *from, char to[NAME_PART])
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t i;
	for (i = 0; from[i] != '\0' && i < NAME_PART - 1; i++)
		to[i] = strchr(plain, from[i]) ? from[i] : '-';
	to[i] = '\0';
}

/* path = the folder of run `number`. */
static sgan_status name_run(const char *out, long number, const char *preset, const char *dataset, char path[SGAN_PATH])
{
	char name[2 * NAME_PART + 32], plain_preset[NAME_PART], plain_dataset[NAME_PART];
	if (number > HIGHEST)
		return sgan_fail(SGAN_EIO, "%s: run %05d is there and runs have no higher number; choose another output folder",
		                 out, HIGHEST);
	plain_name(preset, plain_preset);
	plain_name(dataset, plain_dataset);
	snprintf(name, sizeof name, "%0*ld-%s-%s", DIGITS, number, plain_preset, plain_dataset);
	return sgan_run_file(out, name, path);
}

sgan_status sgan_run_next(const char *out, const char *preset, const char *dataset, char path[SGAN_PATH])
{
	struct search highest = { .wanted = -1, .below = HIGHEST + 1, .number = -1 };
	struct stat st;
	SGAN_TRY(check_out(out));
	if (stat(out, &st) == 0 || errno != ENOENT) /* a folder that is missing is made with its first run */
		SGAN_TRY(scan(out, false, &highest));
	return name_run(out, highest.number + 1, preset, dataset, path);
}

static sgan_status make_next(const char *out, const char *preset, const char *dataset, char path[SGAN_PATH])
{
	struct search highest = { .wanted = -1, .below = HIGHEST + 1 };
	SGAN_TRY(scan(out, false, &highest));
	for (long number = highest.number + 1;; number++) {
		char made[SGAN_PATH];
		SGAN_TRY(name_run(out, number, preset, dataset, made));
		if (mkdir(made, 0777) == 0) {
			strcpy(path, made);
			return SGAN_OK;
		}
		if (errno != EEXIST)
			return sgan_fail(SGAN_EIO, "%s: cannot make the run's folder: %s", made, strerror(errno));
	}
}

/* Waits for whoever is making a run, for as long as that takes a living process many times over; and not any more where a
 * file system cannot lock, or a signal asks for an end. Two runs of different names would not collide in mkdir: without the
 * lock that risk stays. */
static void lock_out(int fd, const volatile sig_atomic_t *stop)
{
	enum { TRIES = 500, PAUSE_MS = 10 };
	for (int i = 0; i < TRIES && !(stop && *stop) && flock(fd, LOCK_EX | LOCK_NB) != 0; i++) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return;
		nanosleep(&(struct timespec){ .tv_nsec = PAUSE_MS * 1000000L }, NULL);
	}
}

sgan_status sgan_run_create(const char *out, const char *preset, const char *dataset, const volatile sig_atomic_t *stop,
                            char path[SGAN_PATH])
{
	SGAN_TRY(make_folders(out));
	int lock = open(out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lock < 0)
		return sgan_fail(SGAN_EIO, "%s: cannot open the output folder: %s", out, strerror(errno));
	lock_out(lock, stop);
	sgan_status status = stop && *stop ? sgan_fail(SGAN_EINTERRUPTED, "stopped before training began")
	                                   : make_next(out, preset, dataset, path);
	if (status == SGAN_OK)
		(void)fsync(lock); /* so that a power failure does not take the folder of a run that went on for long */
	close(lock);
	return status;
}

static bool read_number(const char *text, long *number)
{
	*number = 0;
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		*number = *number > HIGHEST ? *number : 10 * *number + (*text - '0');
	}
	return true;
}

/* "; there are A, B, C and others" of the highest numbers, for messages: nothing where there are none. */
static void list_runs(const char *out, char text[LIST])
{
	long below = HIGHEST + 1;
	size_t used = 0;
	text[0] = '\0';
	for (int i = 0; i <= LISTED; i++) {
		struct search next = { .wanted = -1, .below = below };
		if (scan(out, true, &next) != SGAN_OK || next.number < 0)
			return;
		const char *name = i < LISTED ? next.name : "others";
		used += (size_t)snprintf(text + used, LIST - used, "%s %s",
		                         i == 0       ? "; there are"
		                         : i < LISTED ? ","
		                                      : " and",
		                         name);
		if (used >= LIST)
			return;
		below = next.number;
	}
}

static sgan_status find_number(const char *out, const char *run, long number, char path[SGAN_PATH])
{
	struct search search = { .wanted = number, .begun = number < 0, .below = HIGHEST + 1 };
	char list[LIST];
	SGAN_TRY(scan(out, true, &search));
	if (search.matches == 0)
		list_runs(out, list);
	if (search.matches == 0)
		return number < 0 ? sgan_fail(SGAN_EIO, "%s: holds no run yet that has begun%s", out, list)
		                  : sgan_fail(SGAN_EIO, "%s: holds no run of number %s%s", out, run, list);
	if (number >= 0 && search.matches > 1)
		return sgan_fail(SGAN_EIO, "%s: holds %zu runs of number %s; give the whole name", out, search.matches, run);
	return sgan_run_file(out, search.name, path);
}

/* DIR/latest, where there is nothing of that name. */
static bool is_latest_below(const char *run, char dir[SGAN_PATH])
{
	static const char end[] = "/latest";
	const size_t length = strlen(run);
	if (length < sizeof end || length >= SGAN_PATH || strcmp(run + length - (sizeof end - 1), end) != 0 ||
	    is_folder(run))
		return false;
	memcpy(dir, run, length - (sizeof end - 1));
	dir[length - (sizeof end - 1)] = '\0';
	return true;
}

sgan_status sgan_run_find(const char *out, const char *run, char path[SGAN_PATH])
{
	long number;
	char below[SGAN_PATH], list[LIST];
	if (strcmp(run, "latest") == 0)
		return find_number(out, run, -1, path);
	if (is_latest_below(run, below))
		return find_number(below, "latest", -1, path);
	if (read_number(run, &number))
		return find_number(out, run, number, path);
	if (!strchr(run, '/') && run_number(run) >= 0) {
		SGAN_TRY(sgan_run_file(out, run, below));
		if (is_folder(below)) {
			strcpy(path, below);
			return SGAN_OK;
		}
	}
	if (strlen(run) >= SGAN_PATH)
		return sgan_fail(SGAN_EINVAL, "%.60s...: the path is longer than %d bytes", run, SGAN_PATH - 1);
	if (!is_folder(run)) {
		list_runs(out, list);
		return sgan_fail(SGAN_EIO, "%s: no such run: neither a run's folder nor a name, a number or 'latest' in %s%s",
		                 run, out, list);
	}
	strcpy(path, run);
	return SGAN_OK;
}

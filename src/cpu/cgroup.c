/* CPU quotas of control groups, versions 1 and 2, the affinity mask, and the machine's load.
 * Small files read by hand: the library does not link hwloc. */
#include "src/cpu/cgroup.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sched.h>
#endif

enum { TEXT = 4096, FULL_PATH = 4096 };

/* A whole decimal number at *text, which moves past it. */
static bool read_number(const char **text, int64_t *value)
{
	char *end;
	errno = 0;
	long long number = strtoll(*text, &end, 10);
	if (end == *text || errno)
		return false;
	*text = end;
	*value = number;
	return true;
}

static bool at_end(const char *text)
{
	return text[strspn(text, " \t\n")] == '\0';
}

static int round_up(int64_t quota, int64_t period)
{
	if (quota <= 0 || period <= 0)
		return 0;
	int64_t cpus = quota / period + (quota % period != 0);
	return cpus < INT_MAX ? (int)cpus : INT_MAX;
}

int sgan_cgroup_v2_cpus(const char *cpu_max)
{
	int64_t quota, period;
	if (!read_number(&cpu_max, &quota) || !read_number(&cpu_max, &period) || !at_end(cpu_max))
		return 0; /* "max" is not a number either */
	return round_up(quota, period);
}

int sgan_cgroup_v1_cpus(const char *quota, const char *period)
{
	int64_t q, p;
	if (!read_number(&quota, &q) || !at_end(quota) || !read_number(&period, &p) || !at_end(period))
		return 0;
	return round_up(q, p);
}

/* Whether `name` is in the comma-separated list [list, end). */
static bool has_controller(const char *list, const char *end, const char *name)
{
	size_t length = strlen(name);
	while (list < end) {
		const char *comma = memchr(list, ',', (size_t)(end - list));
		const char *stop = comma ? comma : end;
		if ((size_t)(stop - list) == length && memcmp(list, name, length) == 0)
			return true;
		list = stop + 1;
	}
	return false;
}

bool sgan_cgroup_path(const char *text, int version, char path[SGAN_CGROUP_PATH])
{
	/* Lines "id:controllers:path"; version 2's has no controllers. */
	while (*text) {
		const char *line_end = text + strcspn(text, "\n");
		const char *list = memchr(text, ':', (size_t)(line_end - text));
		const char *colon = list ? memchr(list + 1, ':', (size_t)(line_end - list - 1)) : NULL;
		if (colon && (version == 2 ? colon == list + 1 : has_controller(list + 1, colon, "cpu"))) {
			size_t length = (size_t)(line_end - colon - 1);
			if (length >= SGAN_CGROUP_PATH || colon[1] != '/')
				return false;
			memcpy(path, colon + 1, length);
			path[length] = '\0';
			return true;
		}
		text = *line_end ? line_end + 1 : line_end;
	}
	return false;
}

/* The file's text, cut at TEXT - 1; false when it cannot be read. */
static bool read_text(const char *path, char text[TEXT])
{
	FILE *file = fopen(path, "re");
	if (!file)
		return false;
	size_t size = fread(text, 1, TEXT - 1, file);
	bool read = !ferror(file);
	fclose(file);
	text[size] = '\0';
	return read;
}

static bool read_below(const char *root, const char *mount, const char *group, const char *name, char text[TEXT])
{
	char path[FULL_PATH];
	int length = snprintf(path, sizeof path, "%s/sys/fs/cgroup%s%s/%s", root, mount, group, name);
	return length > 0 && (size_t)length < sizeof path && read_text(path, text);
}

static int group_cpus(const char *root, const char *mount, const char *group, int version)
{
	char quota[TEXT], period[TEXT];
	if (version == 2)
		return read_below(root, mount, group, "cpu.max", quota) ? sgan_cgroup_v2_cpus(quota) : 0;
	bool both = read_below(root, mount, group, "cpu.cfs_quota_us", quota) &&
	            read_below(root, mount, group, "cpu.cfs_period_us", period);
	return both ? sgan_cgroup_v1_cpus(quota, period) : 0;
}

static int lower_of(int a, int b)
{
	return !a ? b : !b || a < b ? a : b;
}

/* A group has what is left by those above it. In a container the path may name folders that are not mounted
 * there: they cannot be read and do not count. */
static int hierarchy_cpus(const char *root, const char *mount, const char *path, int version)
{
	char group[SGAN_CGROUP_PATH];
	snprintf(group, sizeof group, "%s", path);
	int cpus = 0;
	for (;;) {
		size_t length = strlen(group);
		while (length && group[length - 1] == '/')
			group[--length] = '\0';
		cpus = lower_of(cpus, group_cpus(root, mount, group, version));
		char *slash = strrchr(group, '/');
		if (!slash)
			return cpus;
		*slash = '\0';
	}
}

int sgan_cgroup_cpus(const char *root)
{
	static const struct {
		int version;
		const char *mount;
	} mounts[] = { { 2, "" }, { 2, "/unified" }, { 1, "/cpu" }, { 1, "/cpu,cpuacct" } };
	char file[FULL_PATH], text[TEXT], path[SGAN_CGROUP_PATH];
	int length = snprintf(file, sizeof file, "%s/proc/self/cgroup", root);
	if (length < 0 || (size_t)length >= sizeof file || !read_text(file, text))
		return 0;
	int cpus = 0;
	for (size_t i = 0; i < sizeof mounts / sizeof mounts[0]; i++)
		if (sgan_cgroup_path(text, mounts[i].version, path))
			cpus = lower_of(cpus, hierarchy_cpus(root, mounts[i].mount, path, mounts[i].version));
	return cpus;
}

#ifdef __linux__
/* The kernel refuses a mask that is smaller than its own: try larger ones. */
static int affinity_cpus(void)
{
	for (size_t bits = 1024; bits <= 1 << 20; bits *= 2) {
		cpu_set_t *set = CPU_ALLOC(bits);
		if (!set)
			return 0;
		size_t size = CPU_ALLOC_SIZE(bits);
		bool fits = sched_getaffinity(0, size, set) == 0;
		bool larger = !fits && errno == EINVAL;
		int cpus = fits ? CPU_COUNT_S(size, set) : 0;
		CPU_FREE(set);
		if (!larger)
			return cpus;
	}
	return 0;
}
#else
static int affinity_cpus(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	return cpus > 0 && cpus < INT_MAX ? (int)cpus : 0;
}
#endif

struct sgan_cpus sgan_cpus_read(void)
{
	struct sgan_cpus cpus = { .affinity = affinity_cpus(), .quota = sgan_cgroup_cpus("") };
	cpus.allowed = lower_of(cpus.affinity, cpus.quota);
	if (cpus.allowed < 1)
		cpus.allowed = 1;
	return cpus;
}

int sgan_cpus_allowed(void)
{
	return sgan_cpus_read().allowed;
}

double sgan_machine_load(void)
{
	double load;
	return getloadavg(&load, 1) == 1 ? load : NAN;
}

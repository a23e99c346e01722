/* See room.h. Linux's files; elsewhere there are none, and nothing is told. */
#include "src/machine/room.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "src/cpu/cgroup.h"

enum { TEXT = 8192, FULL_PATH = 4096 };

static bool read_text(const char *root, const char *path, char text[TEXT])
{
	char full[FULL_PATH];
	const int length = snprintf(full, sizeof full, "%s%s", root, path);
	FILE *file = length > 0 && (size_t)length < sizeof full ? fopen(full, "re") : NULL;
	if (!file)
		return false;
	text[fread(text, 1, TEXT - 1, file)] = '\0';
	const bool read = !ferror(file);
	fclose(file);
	return read;
}

/* The number behind a word at the beginning of a line, or of the text where there is no word. */
static bool find_number(const char *text, const char *word, uint64_t *number)
{
	const size_t length = strlen(word);
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, word, length) == 0)
			return sscanf(line + length, "%" SCNu64, number) == 1;
	}
	return false;
}

static uint64_t machine_room(const char *root)
{
	char text[TEXT];
	uint64_t available, swap = 0;
	if (!read_text(root, "/proc/meminfo", text) || !find_number(text, "MemAvailable:", &available))
		return UINT64_MAX;
	find_number(text, "SwapFree:", &swap);
	return (available + swap) * 1024;
}

/* Names of a group's files, in version 2 and in version 1. */
struct names {
	const char *mount, *limit, *used, *file_pages;
};
static const struct names versions[] = {
	{ "", "memory.max", "memory.current", "inactive_file " },
	{ "/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file " },
};

/* What a group leaves: pages of files that nobody uses can be had, too. */
static uint64_t group_room(const char *root, const struct names *n, const char *group)
{
	char path[FULL_PATH], text[TEXT];
	uint64_t limit, used, files = 0;
	snprintf(path, sizeof path, "/sys/fs/cgroup%s%s/%s", n->mount, group, n->limit);
	if (!read_text(root, path, text) || !find_number(text, "", &limit)) /* "max" is no number */
		return UINT64_MAX;
	snprintf(path, sizeof path, "/sys/fs/cgroup%s%s/%s", n->mount, group, n->used);
	if (!read_text(root, path, text) || !find_number(text, "", &used))
		return UINT64_MAX;
	snprintf(path, sizeof path, "/sys/fs/cgroup%s%s/memory.stat", n->mount, group);
	if (read_text(root, path, text))
		find_number(text, n->file_pages, &files);
	used -= files < used ? files : used;
	return limit > used ? limit - used : 0;
}

/* The group and all above it. */
static uint64_t groups_room(const char *root, const struct names *n, char *group)
{
	uint64_t least = UINT64_MAX;
	for (;;) {
		const uint64_t room = group_room(root, n, group);
		char *slash = strrchr(group, '/');
		least = room < least ? room : least;
		if (!slash)
			return least;
		*slash = '\0';
	}
}

uint64_t sgan_memory_room(const char *root)
{
	char text[TEXT], group[SGAN_CGROUP_PATH];
	uint64_t least = machine_room(root);
	const bool told = read_text(root, "/proc/self/cgroup", text);
	for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
		if (i > 0 || !told || !sgan_cgroup_path(text, 2, group))
			group[0] = '\0'; /* containers see their own at the top */
		const uint64_t room = groups_room(root, &versions[i], group);
		least = room < least ? room : least;
	}
	return least;
}

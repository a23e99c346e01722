/* What libconfig leaves unsaid about a preset's text.
 *
 * libconfig 1.5 reads integers with atoi: 99999999999 becomes 1215752191 without
 * a word. Here those that need 64 bits get the suffix L, and those that need more
 * are refused. @include is refused too: it reads any file there is, also when the
 * text came out of somebody's model file; `base` is the way to build on a preset.
 * Of each name libconfig goes through those before it in its group, so groups have no more
 * members than presets may need: else a file of 1 MB would take it minutes.
 * Knows tokens, not settings. */
#include "src/sgan/preset/scan.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "src/cpu/status.h"

enum { DEPTH = 32, MEMBERS = 1000 };

struct scan {
	const char *in;
	char *out;
	unsigned line, depth;
	unsigned members[DEPTH]; /* of the groups and lists that are open */
};

static void copy(struct scan *scan, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		scan->line += scan->in[0] == '\n';
		*scan->out++ = *scan->in++;
	}
}

static void copy_line(struct scan *scan)
{
	copy(scan, strcspn(scan->in, "\n"));
}

static void copy_comment(struct scan *scan)
{
	const char *end = strstr(scan->in + 2, "*/");
	copy(scan, end ? (size_t)(end + 2 - scan->in) : strlen(scan->in));
}

static void copy_string(struct scan *scan)
{
	copy(scan, 1);
	while (*scan->in && *scan->in != '"')
		copy(scan, scan->in[0] == '\\' && scan->in[1] ? 2 : 1);
	if (*scan->in)
		copy(scan, 1);
}

static bool name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '*' || c == '-';
}

static void copy_name(struct scan *scan)
{
	while (name_char(*scan->in))
		copy(scan, 1);
}

static sgan_status copy_number(struct scan *scan)
{
	const char *start = scan->in, *digits = start + (*start == '-' || *start == '+');
	bool hex = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
	size_t length = (size_t)(digits - start) +
	                (hex ? 2 + strspn(digits + 2, "0123456789abcdefABCDEF") : strspn(digits, "0123456789"));
	char next = start[length];
	if (!hex && (next == '.' || next == 'e' || next == 'E')) {
		copy(scan, length + strspn(start + length, ".0123456789eE+-"));
		return SGAN_OK;
	}
	errno = 0;
	long long value = strtoll(start, NULL, hex ? 16 : 10);
	if (errno)
		return sgan_fail(SGAN_EINVAL, "integer %.*s is out of range", length < 40 ? (int)length : 40, start);
	copy(scan, length);
	if (next == 'L')
		copy(scan, strspn(scan->in, "L"));
	else if (value < INT_MIN || value > INT_MAX)
		*scan->out++ = 'L';
	return SGAN_OK;
}

/* Groups and lists begin and end; members are told by what stands between them. */
static sgan_status count_member(struct scan *scan, char c)
{
	if (strchr("{([", c)) {
		if (++scan->depth == DEPTH)
			return sgan_fail(SGAN_EINVAL, "groups and lists within each other, more than %d deep", DEPTH - 1);
		scan->members[scan->depth] = 0;
	} else if (strchr("})]", c)) {
		scan->depth -= scan->depth > 0;
	} else if (strchr("=:,", c) && ++scan->members[scan->depth] > MEMBERS) {
		return sgan_fail(SGAN_EINVAL, "a group or list of more than %d members", MEMBERS);
	}
	return SGAN_OK;
}

static sgan_status step(struct scan *scan)
{
	const char *in = scan->in;
	if (in[0] == '#' || (in[0] == '/' && in[1] == '/'))
		copy_line(scan);
	else if (in[0] == '/' && in[1] == '*')
		copy_comment(scan);
	else if (in[0] == '"')
		copy_string(scan);
	else if (in[0] == '@')
		return sgan_fail(SGAN_EINVAL, "'@' is not part of a preset (use base = \"...\" to build on another one)");
	else if (isdigit((unsigned char)in[0]) || ((in[0] == '-' || in[0] == '+') && isdigit((unsigned char)in[1])))
		return copy_number(scan);
	else if (name_char(in[0]))
		copy_name(scan);
	else
		copy(scan, in[0] == '.' ? strspn(in, ".0123456789eE+-") : 1);
	return count_member(scan, in[0]);
}

sgan_status sgan_preset_scan(const char *text, char **scanned, unsigned *line)
{
	size_t length = strlen(text); /* a suffix is added to tokens of ten digits and more: twice the size is plenty */
	char *out = length < SIZE_MAX / 4 ? malloc(length * 2 + 1) : NULL;
	if (!out)
		return sgan_fail(SGAN_ENOMEM, "no memory for a preset of %zu bytes", length);
	struct scan scan = { .in = text, .out = out, .line = 1 };
	sgan_status status = SGAN_OK;
	while (*scan.in && status == SGAN_OK)
		status = step(&scan);
	*line = scan.line;
	*scan.out = '\0';
	if (status == SGAN_OK)
		*scanned = out;
	else
		free(out);
	return status;
}

/* stats.jsonl: a JSON object a line, appended whole or not at all, cut back on resuming.
 * It must not know which members there are, but for "stage" and "step" when cutting. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/cpu/status.h"
#include "src/io/file.h"
#include "src/io/run.h"

static const char log_name[] = SGAN_RUN_LOG;
static const size_t largest_log = (size_t)1 << 30;

struct sgan_log {
	int fd;
	json_t *line;
	bool failed; /* a member of the line could not be added */
	char path[SGAN_PATH];
};

/* A file of the run's own: nothing that a link leads to, and no pipe, at which opening or writing would wait. */
static sgan_status open_file(struct sgan_log *log)
{
	struct stat st;
	log->fd = open(log->path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
	if (log->fd < 0)
		return sgan_fail(SGAN_EIO, "%s: cannot open: %s", log->path,
		                 errno == ELOOP ? "it is a symbolic link" : strerror(errno));
	if (fstat(log->fd, &st) == 0 && S_ISREG(st.st_mode))
		return SGAN_OK;
	close(log->fd);
	return sgan_fail(SGAN_EIO, "%s: cannot open: it is not a regular file", log->path);
}

sgan_status sgan_log_open(const char *dir, struct sgan_log **log)
{
	struct sgan_log *opened = calloc(1, sizeof *opened);
	if (!opened)
		return sgan_fail(SGAN_ENOMEM, "%s/%s: no memory to open it", dir, log_name);
	sgan_status status = sgan_run_file(dir, log_name, opened->path);
	if (status == SGAN_OK)
		status = open_file(opened);
	if (status != SGAN_OK) {
		free(opened);
		return status;
	}
	*log = opened;
	return SGAN_OK;
}

void sgan_log_begin(struct sgan_log *log)
{
	json_decref(log->line);
	log->line = json_object();
	log->failed = !log->line;
}

static void add(struct sgan_log *log, const char *key, json_t *value)
{
	if (json_object_set_new(log->line, key, value) != 0)
		log->failed = true;
}

void sgan_log_text(struct sgan_log *log, const char *key, const char *value)
{
	add(log, key, json_string(value));
}

void sgan_log_integer(struct sgan_log *log, const char *key, int64_t value)
{
	add(log, key, json_integer((json_int_t)value));
}

void sgan_log_number(struct sgan_log *log, const char *key, double value)
{
	add(log, key, isfinite(value) ? json_real(value) : json_null());
}

/* A line that does not fit on the disk is taken back, or it would spoil the next one. */
static sgan_status append(const struct sgan_log *log, const char *line, size_t length)
{
	struct stat st;
	size_t done = 0;
	if (fstat(log->fd, &st) != 0)
		return sgan_fail(SGAN_EIO, "%s: cannot write: %s", log->path, strerror(errno));
	while (done < length) {
		ssize_t written = write(log->fd, line + done, length - done);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0) {
			int reason = errno;
			bool whole = done == 0 || ftruncate(log->fd, st.st_size) == 0;
			return sgan_fail(SGAN_EIO, "%s: cannot write: %s%s", log->path, strerror(reason),
			                 whole ? "" : " (its last line is cut short)");
		}
		done += (size_t)written;
	}
	return SGAN_OK;
}

sgan_status sgan_log_end(struct sgan_log *log)
{
	/* Nine digits tell any two floats apart. */
	char *text = log->failed ? NULL : json_dumps(log->line, JSON_COMPACT | JSON_REAL_PRECISION(9));
	json_decref(log->line);
	log->line = NULL;
	if (!text)
		return sgan_fail(SGAN_EINVAL, "%s: a line cannot be written: no memory, or text that is not UTF-8", log->path);
	size_t length = strlen(text);
	text[length] = '\n'; /* in the place of the NUL: append takes the length */
	sgan_status status = append(log, text, length + 1);
	free(text);
	return status;
}

sgan_status sgan_log_sync(const struct sgan_log *log)
{
	int result;
	do
		result = fdatasync(log->fd);
	while (result != 0 && errno == EINTR);
	/* some file systems cannot, and say so */
	return result == 0 || errno == EINVAL || errno == ENOTSUP
	           ? SGAN_OK
	           : sgan_fail(SGAN_EIO, "%s: cannot write: %s", log->path, strerror(errno));
}

sgan_status sgan_log_close(struct sgan_log *log)
{
	sgan_status status = SGAN_OK;
	if (!log)
		return SGAN_OK;
	if (close(log->fd) != 0 && errno != EINTR)
		status = sgan_fail(SGAN_EIO, "%s: cannot write: %s", log->path, strerror(errno));
	json_decref(log->line);
	free(log);
	return status;
}

enum verdict { KEEP, DROP, BROKEN };

static enum verdict judge(const char *line, size_t length, bool (*keep)(void *arg, const char *stage, int64_t step),
                          void *arg)
{
	json_t *object = json_loadb(line, length, 0, NULL);
	if (!json_is_object(object)) {
		json_decref(object);
		return BROKEN;
	}
	const char *stage = json_string_value(json_object_get(object, "stage"));
	const json_t *step = json_object_get(object, "step");
	enum verdict verdict = KEEP;
	if (stage && json_is_integer(step))
		verdict = keep(arg, stage, (int64_t)json_integer_value(step)) ? KEEP : DROP;
	json_decref(object);
	return verdict;
}

/* How many bytes of the log stay. A line that is damaged, with others behind it, is no reason not to go on: it stays, for
 * whoever reads the log to pass over. */
static size_t measure(const char *text, size_t size, bool (*keep)(void *arg, const char *stage, int64_t step),
                      void *arg)
{
	size_t kept = 0, at = 0;
	while (at < size) {
		const char *start = text + at, *end = memchr(start, '\n', size - at);
		if (!end)
			return kept;
		const enum verdict verdict = judge(start, (size_t)(end - start), keep, arg);
		if (verdict == DROP)
			return kept;
		at += (size_t)(end - start) + 1;
		if (verdict == KEEP)
			kept = at;
	}
	return kept;
}

sgan_status sgan_log_truncate(const char *dir, bool (*keep)(void *arg, const char *stage, int64_t step), void *arg)
{
	char path[SGAN_PATH];
	char *text = NULL;
	size_t size;
	SGAN_TRY(sgan_run_file(dir, log_name, path));
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return SGAN_OK;
	SGAN_TRY(sgan_file_read(path, largest_log, &text, &size));
	const size_t kept = measure(text, size, keep, arg);
	const sgan_status status = kept < size ? sgan_file_write(path, text, kept) : SGAN_OK;
	free(text);
	return status;
}

/* config.cfg and run.json of a run: their format.
 * It must not know what a preset or a dataset is. */
#include "src/io/run_record.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/cpu/status.h"
#include "src/io/file.h"

enum { RECORD_BYTES = 1 << 16 };

static sgan_status write_text(const char *run, const char *name, const char *text)
{
	char path[SGAN_PATH];
	SGAN_TRY(sgan_run_file(run, name, path));
	return sgan_file_write(path, text, strlen(text));
}

sgan_status sgan_run_record_config(const char *run, const char *config)
{
	return write_text(run, SGAN_RUN_CONFIG, config);
}

sgan_status sgan_run_record_write(const char *run, const struct sgan_run_record *record)
{
	SGAN_TRY(write_text(run, SGAN_RUN_CONFIG, record->config));
	json_t *object = json_object();
	bool made = object && json_object_set_new(object, "program", json_string("sgan-cpu")) == 0 &&
	            json_object_set_new(object, "version", json_string(sgan_version())) == 0 &&
	            json_object_set_new(object, "isa", json_string(record->isa)) == 0 &&
	            json_object_set_new(object, "preset", json_string(record->preset)) == 0 &&
	            json_object_set_new(object, "dataset", json_string(record->dataset)) == 0;
	json_t *path = json_string(record->data); /* NULL for a path that is not UTF-8 */
	made = made && json_object_set_new(object, "data", path ? path : json_null()) == 0;
	char *text = made ? json_dumps(object, JSON_INDENT(2)) : NULL;
	json_decref(object);
	if (!text)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory for " SGAN_RUN_RECORD, run);
	sgan_status status = write_text(run, SGAN_RUN_RECORD, text);
	free(text);
	return status;
}

static sgan_status data_of(const char *path, const char *text, size_t size, char data[SGAN_PATH])
{
	json_error_t error;
	json_t *record = json_loadb(text, size, 0, &error);
	if (!record)
		return sgan_fail(SGAN_EFORMAT, "%s:%d: not JSON: %s", path, error.line, error.text);
	const char *value = json_string_value(json_object_get(record, "data"));
	sgan_status status = SGAN_OK;
	if (!value || !*value || strlen(value) >= SGAN_PATH)
		status = sgan_fail(SGAN_EFORMAT, "%s: does not say where the data is", path);
	else
		memcpy(data, value, strlen(value) + 1);
	json_decref(record);
	return status;
}

sgan_status sgan_run_record_data(const char *run, char data[SGAN_PATH])
{
	char path[SGAN_PATH], *text;
	size_t size;
	SGAN_TRY(sgan_run_file(run, SGAN_RUN_RECORD, path));
	SGAN_TRY(sgan_file_read(path, RECORD_BYTES, &text, &size));
	sgan_status status = data_of(path, text, size, data);
	free(text);
	return status;
}

static bool has_file(const char *run, const char *name)
{
	char path[SGAN_PATH];
	struct stat st;
	/* What cannot be looked at is taken to be there. */
	return sgan_run_file(run, name, path) != SGAN_OK || lstat(path, &st) == 0 || errno != ENOENT;
}

void sgan_run_record_discard(const char *run)
{
	static const char *const names[] = { SGAN_RUN_CONFIG, SGAN_RUN_RECORD, SGAN_RUN_REALS };
	char path[SGAN_PATH];
	if (has_file(run, SGAN_RUN_LOG) || has_file(run, SGAN_RUN_CHECKPOINT))
		return;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (sgan_run_file(run, names[i], path) == SGAN_OK)
			unlink(path);
	rmdir(run);
}

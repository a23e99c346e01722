/* config.cfg and run.json of a run.
 *
 * Checkpoints hold no paths, so that equal runs give equal files: where the data lay is told here. */
#include "src/cli/run_record.h"

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

sgan_status cli_record_write(const char *run, const struct sgan_preset *preset, const struct sgan_dataset *data,
                             sgan_isa isa)
{
	SGAN_TRY(write_text(run, "config.cfg", preset->text));
	json_t *record = json_object();
	bool made = record && json_object_set_new(record, "program", json_string("sgan-cpu")) == 0 &&
	            json_object_set_new(record, "version", json_string(sgan_version())) == 0 &&
	            json_object_set_new(record, "isa", json_string(sgan_isa_name(isa))) == 0 &&
	            json_object_set_new(record, "preset", json_string(preset->name)) == 0 &&
	            json_object_set_new(record, "dataset", json_string(data->name)) == 0;
	json_t *path = json_string(data->path); /* NULL for a path that is not UTF-8: --data is needed to resume then */
	made = made && json_object_set_new(record, "data", path ? path : json_null()) == 0;
	char *text = made ? json_dumps(record, JSON_INDENT(2)) : NULL;
	json_decref(record);
	if (!text)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory for run.json", run);
	sgan_status status = write_text(run, "run.json", text);
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
		status = sgan_fail(SGAN_EFORMAT, "%s: does not say where the data is: give --data", path);
	else
		memcpy(data, value, strlen(value) + 1);
	json_decref(record);
	return status;
}

sgan_status cli_record_data(const char *run, char data[SGAN_PATH])
{
	char path[SGAN_PATH], *text;
	size_t size;
	SGAN_TRY(sgan_run_file(run, "run.json", path));
	sgan_status status = sgan_file_read(path, RECORD_BYTES, &text, &size);
	if (status != SGAN_OK)
		return sgan_fail(status, "%s; give --data", sgan_last_error());
	status = data_of(path, text, size, data);
	free(text);
	return status;
}

static bool has_file(const char *run, const char *name)
{
	char path[SGAN_PATH];
	struct stat st;
	return sgan_run_file(run, name, path) != SGAN_OK || lstat(path, &st) == 0;
}

void cli_record_discard(const char *run)
{
	static const char *const names[] = { "config.cfg", "run.json", "reals.png" };
	char path[SGAN_PATH];
	if (has_file(run, "stats.jsonl") || has_file(run, "checkpoint.safetensors"))
		return;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (sgan_run_file(run, names[i], path) == SGAN_OK)
			unlink(path);
	rmdir(run);
}

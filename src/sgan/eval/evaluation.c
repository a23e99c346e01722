/* eval.json: its format.
 * It must not know what scores mean. */
#include "src/sgan/eval/evaluation.h"

#include <jansson.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cpu/status.h"
#include "src/io/file.h"

enum { FILE_BYTES = 1 << 16 };

/* Members that are texts and whole numbers, in the order of the file. */
static const struct {
	const char *key;
	size_t offset, size;
} texts[] = {
	{ "model", offsetof(struct sgan_evaluation, model), sizeof((struct sgan_evaluation *)0)->model },
	{ "preset", offsetof(struct sgan_evaluation, preset), SGAN_NAME },
	{ "stage", offsetof(struct sgan_evaluation, stage), sizeof((struct sgan_evaluation *)0)->stage },
	{ "generators_sha256", offsetof(struct sgan_evaluation, generators), SGAN_HASH_TEXT },
	{ "dataset", offsetof(struct sgan_evaluation, dataset), SGAN_DATA_NAME },
	{ "classifier", offsetof(struct sgan_evaluation, classifier), SGAN_NAME },
	{ "classifier_sha256", offsetof(struct sgan_evaluation, hash), SGAN_HASH_TEXT },
};

enum { STEP, SEED, SAMPLES, HELD_OUT, TRAINING, NUMBERS };
static const char *const numbers[NUMBERS] = { "step", "seed", "samples", "held_out", "training" };

/* Members of a score. */
static const struct {
	const char *key;
	size_t offset;
} values[] = {
	{ "samples", offsetof(struct sgan_score, samples) },
	{ "samples_std", offsetof(struct sgan_score, samples_std) },
	{ "held_out", offsetof(struct sgan_score, held_out) },
	{ "held_out_std", offsetof(struct sgan_score, held_out_std) },
};

enum { TEXTS = sizeof texts / sizeof texts[0], VALUES = sizeof values / sizeof values[0] };

/* "eval.json", or "eval-NAME.json". */
static sgan_status evaluation_name(const char *model, char name[SGAN_PATH])
{
	static const char suffix[] = ".safetensors";
	size_t length = strlen(model);
	if (strcmp(model, SGAN_RUN_CHECKPOINT) == 0) {
		strcpy(name, SGAN_RUN_EVALUATION);
		return SGAN_OK;
	}
	if (length >= sizeof suffix && strcmp(model + length - (sizeof suffix - 1), suffix) == 0)
		length -= sizeof suffix - 1;
	if (snprintf(name, SGAN_PATH, "eval-%.*s.json", (int)length, model) >= SGAN_PATH)
		return sgan_fail(SGAN_EINVAL, "%.60s...: the path is too long", model);
	return SGAN_OK;
}

sgan_status sgan_evaluation_path(const char *model, char path[SGAN_PATH])
{
	char folder[SGAN_PATH] = ".", name[SGAN_PATH];
	const char *slash = strrchr(model, '/');
	const size_t length = slash == NULL ? 0 : slash > model ? (size_t)(slash - model) : 1;
	if (strlen(model) >= SGAN_PATH)
		return sgan_fail(SGAN_EINVAL, "%.60s...: the path is too long", model);
	if (length > 0) {
		memcpy(folder, model, length);
		folder[length] = '\0';
	}
	SGAN_TRY(evaluation_name(slash == NULL ? model : slash + 1, name));
	return sgan_run_file(folder, name, path);
}

static json_t *score_object(const struct sgan_score *score)
{
	json_t *object = json_object();
	bool made = object != NULL;
	for (size_t i = 0; i < VALUES; i++) {
		const double value = *(const double *)((const char *)score + values[i].offset);
		if (isfinite(value))
			made = made && json_object_set_new(object, values[i].key, json_real(value)) == 0;
	}
	if (made)
		return object;
	json_decref(object);
	return NULL;
}

static json_t *evaluation_object(const struct sgan_evaluation *e)
{
	const uint64_t found[NUMBERS] = { e->step, e->seed, e->samples, e->held_out, e->training };
	json_t *object = json_object(), *scores = json_object(), *warnings = json_array();
	bool made = object != NULL && scores != NULL && warnings != NULL;
	for (size_t i = 0; i < TEXTS; i++)
		made = made && json_object_set_new(object, texts[i].key, json_string((const char *)e + texts[i].offset)) == 0;
	for (size_t i = 0; i < NUMBERS; i++)
		made = made && json_object_set_new(object, numbers[i], json_integer((json_int_t)found[i])) == 0;
	for (size_t i = 0; i < e->score_count; i++)
		made = made && json_object_set_new(scores, e->scores[i].name, score_object(&e->scores[i])) == 0;
	for (size_t i = 0; i < e->warning_count; i++)
		made = made && json_array_append_new(warnings, json_string(e->warnings[i])) == 0;
	made = made && json_object_set(object, "scores", scores) == 0 && json_object_set(object, "warnings", warnings) == 0;
	json_decref(scores);
	json_decref(warnings);
	if (made)
		return object;
	json_decref(object);
	return NULL;
}

sgan_status sgan_evaluation_write(const char *path, const struct sgan_evaluation *e)
{
	json_t *object = evaluation_object(e);
	char *text = object != NULL ? json_dumps(object, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) : NULL;
	json_decref(object);
	if (text == NULL)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory to write it", path);
	const size_t length = strlen(text);
	text[length] = '\n'; /* in the place of the NUL: the length goes with it */
	sgan_status status = sgan_file_write(path, text, length + 1);
	free(text);
	return status;
}

static sgan_status read_head(const char *path, const json_t *object, struct sgan_evaluation *e)
{
	uint64_t found[NUMBERS];
	for (size_t i = 0; i < TEXTS; i++) {
		const char *text = json_string_value(json_object_get(object, texts[i].key));
		if (text == NULL || strlen(text) >= texts[i].size)
			return sgan_fail(SGAN_EFORMAT, "%s: not an evaluation: its '%s' is missing or no short text", path,
			                 texts[i].key);
		memcpy((char *)e + texts[i].offset, text, strlen(text) + 1);
	}
	for (size_t i = 0; i < NUMBERS; i++) {
		const json_t *number = json_object_get(object, numbers[i]);
		if (!json_is_integer(number) || json_integer_value(number) < 0)
			return sgan_fail(SGAN_EFORMAT, "%s: not an evaluation: its '%s' is missing or no number", path, numbers[i]);
		found[i] = (uint64_t)json_integer_value(number);
	}
	e->step = found[STEP];
	e->seed = found[SEED];
	e->samples = (size_t)found[SAMPLES];
	e->held_out = (size_t)found[HELD_OUT];
	e->training = (size_t)found[TRAINING];
	return SGAN_OK;
}

static sgan_status read_scores(const char *path, json_t *scores, struct sgan_evaluation *e)
{
	const char *name;
	json_t *object;
	e->score_count = 0;
	json_object_foreach (scores, name, object) {
		struct sgan_score *score = &e->scores[e->score_count];
		if (e->score_count == SGAN_SCORES_MAX || !json_is_object(object) || strlen(name) >= sizeof score->name)
			return sgan_fail(SGAN_EFORMAT, "%s: not an evaluation: score number %zu is none, or one too many", path,
			                 e->score_count + 1);
		memcpy(score->name, name, strlen(name) + 1);
		for (size_t i = 0; i < VALUES; i++) {
			const json_t *value = json_object_get(object, values[i].key);
			*(double *)((char *)score + values[i].offset) = json_is_number(value) ? json_number_value(value) : NAN;
		}
		e->score_count++;
	}
	return json_is_object(scores) ? SGAN_OK : sgan_fail(SGAN_EFORMAT, "%s: not an evaluation: no scores", path);
}

static sgan_status read_warnings(const char *path, const json_t *warnings, struct sgan_evaluation *e)
{
	const size_t count = json_array_size(warnings);
	if (!json_is_array(warnings) || count > SGAN_EVAL_WARNINGS)
		return sgan_fail(SGAN_EFORMAT, "%s: not an evaluation: its 'warnings' are no list of at most %d", path,
		                 (int)SGAN_EVAL_WARNINGS);
	e->warning_count = count;
	for (size_t i = 0; i < count; i++) {
		const char *text = json_string_value(json_array_get(warnings, i));
		if (text == NULL || strlen(text) >= SGAN_EVAL_WARNING)
			return sgan_fail(SGAN_EFORMAT, "%s: not an evaluation: warning number %zu is no short text", path, i + 1);
		memcpy(e->warnings[i], text, strlen(text) + 1);
	}
	return SGAN_OK;
}

sgan_status sgan_evaluation_read(const char *path, struct sgan_evaluation *e)
{
	char *text;
	size_t size;
	json_error_t error;
	SGAN_TRY(sgan_file_read(path, FILE_BYTES, &text, &size));
	json_t *object = json_loadb(text, size, 0, &error);
	free(text);
	if (object == NULL)
		return sgan_fail(SGAN_EFORMAT, "%s:%d: not JSON: %s", path, error.line, error.text);
	sgan_status status = read_head(path, object, e);
	if (status == SGAN_OK)
		status = read_scores(path, json_object_get(object, "scores"), e);
	if (status == SGAN_OK)
		status = read_warnings(path, json_object_get(object, "warnings"), e);
	json_decref(object);
	return status;
}

/* Measures as JSON, and back.
 * It must not know when runs stop, nor what their measures mean. */
#include "src/sgan/train/measures.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/cpu/status.h"

/* NULL: there is no such ailment. */
static const char *ailment_name(enum sgan_ailment ailment)
{
	switch (ailment) {
	case SGAN_AILMENT_CHANCE:
		return "chance";
	case SGAN_AILMENT_COLLAPSED:
		return "collapsed";
	case SGAN_AILMENT_D_WINS:
		return "d_wins";
	}
	return NULL;
}

/* --- to text --- */

static json_t *sums_object(const struct sgan_meter *meter)
{
	json_t *object = json_object();
	for (size_t i = 0; i < meter->loss_count; i++)
		json_object_set_new(
			object, meter->sums[i].name,
			json_pack("{s:f, s:I}", "sum", meter->sums[i].value, "steps", (json_int_t)meter->counts[i]));
	return object;
}

static json_t *health_object(const struct sgan_health *health)
{
	json_t *signs = json_array();
	for (size_t k = 0; k < health->count; k++) {
		const struct sgan_sign *sign = &health->signs[k];
		json_array_append_new(signs, json_pack("{s:s, s:I, s:f}", "ailment", ailment_name(sign->ailment), "stack",
		                                       (json_int_t)sign->stack, "value", sign->value));
	}
	return json_pack("{s:I, s:I, s:o}", "epoch", (json_int_t)health->epoch, "step", (json_int_t)health->step, "signs",
	                 signs);
}

static json_t *all_object(const struct sgan_trainer *t)
{
	json_t *all = json_object(), *health = json_object();
	if (t->session != NULL) {
		json_object_set_new(all, "interval", sums_object(&t->interval));
		json_object_set_new(all, "epoch", sums_object(&t->epoch));
	}
	for (unsigned stage = 0; stage < SGAN_STAGE_COUNT; stage++)
		if (t->health[stage].count > 0)
			json_object_set_new(health, sgan_stage_name(stage), health_object(&t->health[stage]));
	if (json_object_size(health) > 0)
		json_object_set(all, "health", health);
	json_decref(health);
	return all;
}

sgan_status sgan_measures_text(const struct sgan_trainer *t, char **text)
{
	json_t *all = all_object(t);
	const bool none = all != NULL && json_object_size(all) == 0;
	*text = none ? NULL : json_dumps(all, JSON_COMPACT);
	json_decref(all);
	return none || *text != NULL ? SGAN_OK : sgan_fail(SGAN_ENOMEM, "no memory for a run's measures");
}

/* --- from text --- */

static sgan_status odd(const char *what)
{
	return sgan_fail(SGAN_EFORMAT, "its 'measures' are damaged: %s", what);
}

static bool get_count(const json_t *object, const char *key, uint64_t *value)
{
	const json_t *member = json_object_get(object, key);
	*value = (uint64_t)json_integer_value(member);
	return json_is_integer(member) && json_integer_value(member) >= 0;
}

static bool get_number(const json_t *object, const char *key, double *value)
{
	const json_t *member = json_object_get(object, key);
	*value = json_number_value(member);
	return json_is_number(member) && isfinite(*value);
}

static sgan_status read_sign(const json_t *object, size_t stacks, struct sgan_sign *sign)
{
	const char *name = json_string_value(json_object_get(object, "ailment")), *known;
	unsigned ailment = 0;
	uint64_t stack;
	while (name != NULL && (known = ailment_name(ailment)) != NULL && strcmp(name, known) != 0)
		ailment++;
	if (name == NULL || ailment_name(ailment) == NULL)
		return odd("a sign of no known ailment");
	if (!get_count(object, "stack", &stack) || (stack > 0 && stack >= stacks))
		return odd("a sign of no stack of the preset's");
	if (!get_number(object, "value", &sign->value))
		return odd("a sign without a value");
	sign->ailment = ailment;
	sign->stack = (size_t)stack;
	return SGAN_OK;
}

static sgan_status read_health(const json_t *object, enum sgan_stage stage, size_t stacks, struct sgan_health *health)
{
	const json_t *signs = json_object_get(object, "signs");
	struct sgan_health read = { .stage = stage, .count = json_array_size(signs) };
	uint64_t epoch, step;
	if (!get_count(object, "epoch", &epoch) || !get_count(object, "step", &step) ||
	    read.count > sizeof read.signs / sizeof read.signs[0])
		return odd("a stage's health is of no epoch, or has too many signs");
	read.epoch = (size_t)epoch;
	read.step = (size_t)step;
	for (size_t k = 0; k < read.count; k++)
		SGAN_TRY(read_sign(json_array_get(signs, k), stacks, &read.signs[k]));
	*health = read;
	return SGAN_OK;
}

static sgan_status parse(const char *text, json_t **all)
{
	json_error_t error;
	*all = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	return json_is_object(*all) ? SGAN_OK : odd("not a JSON object");
}

sgan_status sgan_measures_restore(struct sgan_trainer *t, const char *text)
{
	json_t *all;
	if (text == NULL)
		return SGAN_OK;
	sgan_status status = parse(text, &all);
	const json_t *health = json_object_get(all, "health");
	for (unsigned stage = 0; stage < SGAN_STAGE_COUNT && status == SGAN_OK; stage++) {
		const json_t *of_stage = json_object_get(health, sgan_stage_name(stage));
		if (of_stage != NULL)
			status = read_health(of_stage, stage, t->model->stack_count, &t->health[stage]);
	}
	json_decref(all);
	SGAN_TRY(status);
	t->measures = strdup(text);
	return t->measures != NULL ? SGAN_OK : sgan_fail(SGAN_ENOMEM, "no memory for a run's measures");
}

static sgan_status read_sums(const json_t *object, uint64_t most, struct sgan_meter *meter)
{
	if (json_object_size(object) != meter->loss_count)
		return odd("sums of more or fewer losses than the stage has");
	for (size_t i = 0; i < meter->loss_count; i++) {
		const json_t *loss = json_object_get(object, meter->sums[i].name);
		if (!get_number(loss, "sum", &meter->sums[i].value) || !get_count(loss, "steps", &meter->counts[i]) ||
		    meter->counts[i] > most)
			return odd("the sum of a loss is missing, or of more steps than were done");
	}
	return SGAN_OK;
}

sgan_status sgan_measures_restore_sums(struct sgan_trainer *t)
{
	json_t *all = NULL;
	if (t->measures == NULL)
		return SGAN_OK;
	sgan_status status = parse(t->measures, &all);
	const json_t *interval = json_object_get(all, "interval"), *epoch = json_object_get(all, "epoch");
	if (status == SGAN_OK && interval != NULL)
		status = read_sums(interval, t->state.step, &t->interval);
	if (status == SGAN_OK && epoch != NULL)
		status = read_sums(epoch, t->state.step, &t->epoch);
	json_decref(all);
	free(t->measures);
	t->measures = NULL;
	return status == SGAN_OK ? SGAN_OK : sgan_fail_in(status, "%s/" SGAN_RUN_CHECKPOINT, t->options->run);
}

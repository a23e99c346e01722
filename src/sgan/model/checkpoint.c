/* Checkpoints: a model's tensors and its state, to and from safetensors. */
#include "src/sgan/model/checkpoint.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cpu/status.h"
#include "src/sgan/model/finite.h"

static const char *const format_name = "sgan-cpu checkpoint 1";

/* What a parameter is stored as: its value under its name, its moments and its average behind suffixes. */
enum { VALUE, MOMENT, SECOND_MOMENT, AVERAGE, STORED };
static const char *const suffixes[STORED] = { "", ".adam_m", ".adam_v", ".ema" };

bool sgan_checkpoint_holds_parameter(const char *tensor)
{
	const size_t length = strlen(tensor);
	for (int which = VALUE + 1; which < STORED; which++) {
		const size_t suffix = strlen(suffixes[which]);
		if (length > suffix && strcmp(tensor + length - suffix, suffixes[which]) == 0)
			return false;
	}
	return strcmp(tensor, SGAN_MEAN_TENSOR) != 0;
}

/* NULL: this is not kept of parameter i of a part. */
static real *stored(const struct sgan_part *part, size_t i, int which)
{
	const struct sgan_param *p = sgan_params_at(part->params, i);
	if (which == AVERAGE)
		return part->average != NULL ? sgan_params_at(part->average, i)->value : NULL;
	return which == VALUE ? p->value : which == MOMENT ? p->m : p->v;
}

/* Whether a file has it, with moments or without. */
static bool is_stored(const struct sgan_part *part, size_t i, int which, bool moments)
{
	const bool is_moment = which == MOMENT || which == SECOND_MOMENT;
	return (!is_moment || (moments && sgan_params_at(part->params, i)->trainable)) && stored(part, i, which) != NULL;
}

/* The parts that the current stage trains have moments worth keeping once a step is done. */
static bool has_moments(const struct sgan_state *state, enum sgan_stage first)
{
	if (state->step == 0 || state->stage == SGAN_STAGE_COUNT)
		return false;
	return (state->stage == SGAN_STAGE_ENCODER) == (first == SGAN_STAGE_ENCODER);
}

bool sgan_checkpoint_has_weights(const struct sgan_state *state, enum sgan_stage first)
{
	return state->trained[first] || has_moments(state, first);
}

static void mean_shape(const struct sgan_preset *preset, size_t shape[3])
{
	shape[0] = preset->height;
	shape[1] = preset->width;
	shape[2] = preset->channels;
}

static void collect_input(const struct sgan_model *model, struct sgan_tensor *tensors, size_t *count)
{
	if (model->input.mean == NULL)
		return;
	struct sgan_tensor *t = &tensors[(*count)++];
	snprintf(t->name, sizeof t->name, SGAN_MEAN_TENSOR);
	t->rank = 3;
	mean_shape(model->preset, t->shape);
	t->data = model->input.mean;
}

static void fill_tensor(const struct sgan_part *part, size_t i, int which, struct sgan_tensor *t)
{
	const struct sgan_param *p = sgan_params_at(part->params, i);
	snprintf(t->name, sizeof t->name, "%s%s", p->name, suffixes[which]);
	t->rank = p->rank;
	memcpy(t->shape, p->shape, sizeof t->shape);
	t->data = stored(part, i, which);
}

static sgan_status collect_part(struct sgan_part *part, const struct sgan_state *state, bool moments,
                                struct sgan_tensor *tensors, size_t *count)
{
	for (size_t i = 0; i < sgan_params_count(part->params); i++)
		for (int which = 0; which < STORED; which++) {
			struct sgan_tensor *t = &tensors[*count];
			if (!is_stored(part, i, which, moments))
				continue;
			++*count;
			fill_tensor(part, i, which, t);
			SGAN_TRY(
				sgan_check_finite(t->name, t->data, sgan_params_at(part->params, i)->count, state->stage, state->step));
		}
	return SGAN_OK;
}

static sgan_status collect(struct sgan_model *model, const struct sgan_state *state, struct sgan_tensor *tensors,
                           size_t *count)
{
	struct sgan_part *part;
	enum sgan_stage first;
	collect_input(model, tensors, count);
	for (size_t k = 0; (part = sgan_model_part(model, k, &first)) != NULL; k++)
		if (sgan_checkpoint_has_weights(state, first))
			SGAN_TRY(collect_part(part, state, has_moments(state, first), tensors, count));
	return SGAN_OK;
}

static size_t most_tensors(struct sgan_model *model)
{
	size_t most = 1; /* the mean image */
	struct sgan_part *part;
	enum sgan_stage first;
	for (size_t k = 0; (part = sgan_model_part(model, k, &first)) != NULL; k++)
		most += STORED * sgan_params_count(part->params);
	return most;
}

/* "12,12,36": of each stack, with commas between them; "0" where there is none. */
static void write_updates(const struct sgan_updates *updates, size_t stacks, char *text, size_t size)
{
	size_t length = 0;
	for (size_t i = 0; i < (stacks > 0 ? stacks : 1) && length < size; i++)
		length += (size_t)snprintf(text + length, size - length, "%s%" PRIu64, i > 0 ? "," : "", updates->generator[i]);
}

static sgan_status write_file(const char *path, const struct sgan_model *model, const struct sgan_state *state,
                              const struct sgan_tensor *tensors, size_t count)
{
	char step[24], discriminator[24], generator[24 * SGAN_STACKS_MAX], hash[24], test_hash[24], divisor[24],
		trained[64] = "";
	snprintf(step, sizeof step, "%" PRIu64, state->step);
	snprintf(discriminator, sizeof discriminator, "%" PRIu64, state->updates.first);
	write_updates(&state->updates, model->stack_count, generator, sizeof generator);
	snprintf(divisor, sizeof divisor, "%.9g", (double)model->input.divisor);
	snprintf(hash, sizeof hash, "%016" PRIx64, state->data_hash);
	snprintf(test_hash, sizeof test_hash, "%016" PRIx64, state->test_hash);
	for (int i = 0; i < SGAN_STAGE_COUNT; i++)
		if (state->trained[i]) {
			strcat(trained, trained[0] != '\0' ? "," : "");
			strcat(trained, sgan_stage_name((enum sgan_stage)i));
		}
	const struct sgan_metadata metadata[] = {
		{ "format", format_name },
		{ "stage", state->stage == SGAN_STAGE_COUNT ? "done" : sgan_stage_name(state->stage) },
		{ "step", step },
		{ "discriminator_updates", discriminator },
		{ "generator_updates", generator },
		{ "trained", trained },
		{ "dataset", state->dataset },
		{ "data_hash", hash },
		{ "test_hash", test_hash },
		{ "input_divisor", divisor },
		{ "config", model->preset->text },
		{ "measures", state->measures }, /* the last: left off where there are none */
	};
	const size_t members = sizeof metadata / sizeof metadata[0] - (state->measures == NULL);
	return sgan_safetensors_write(path, tensors, count, metadata, members);
}

sgan_status sgan_checkpoint_save(const char *path, struct sgan_model *model, const struct sgan_state *state)
{
	size_t count = 0;
	struct sgan_tensor *tensors = calloc(most_tensors(model), sizeof *tensors);
	if (tensors == NULL)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory to write it", path);
	sgan_status status = collect(model, state, tensors, &count);
	if (status == SGAN_OK)
		status = write_file(path, model, state, tensors, count);
	free(tensors);
	return status;
}

static sgan_status read_number(const struct sgan_safetensors *file, const char *key, int base, uint64_t *number)
{
	const char *text = sgan_safetensors_metadata(file, key);
	char *end = NULL;
	errno = 0;
	*number = text != NULL ? strtoull(text, &end, base) : 0;
	if (text == NULL || end == text || *end != '\0' || errno != 0 || text[0] == '-')
		return sgan_fail(SGAN_EFORMAT, "%s: its '%s' is %s, a number expected", sgan_safetensors_path(file), key,
		                 text != NULL ? text : "missing");
	return SGAN_OK;
}

/* "12,12,36" into numbers; how many there are, 0: it is something else. */
static size_t read_list(const char *text, uint64_t numbers[SGAN_STACKS_MAX])
{
	for (size_t count = 0; count < SGAN_STACKS_MAX && *text >= '0' && *text <= '9'; text++) {
		char *end;
		errno = 0;
		numbers[count++] = strtoull(text, &end, 10);
		text = end;
		if (errno != 0 || (*text != ',' && *text != '\0'))
			return 0;
		if (*text == '\0')
			return count;
	}
	return 0;
}

/* Those of each stack; a number alone is of all of them. */
static sgan_status read_updates(const struct sgan_safetensors *file, struct sgan_updates *updates, size_t *count)
{
	const char *text = sgan_safetensors_metadata(file, "generator_updates");
	*count = text != NULL ? read_list(text, updates->generator) : 0;
	if (*count == 0)
		return sgan_fail(SGAN_EFORMAT, "%s: its 'generator_updates' is %s, numbers expected",
		                 sgan_safetensors_path(file), text != NULL ? text : "missing");
	for (size_t i = 1; *count == 1 && i < SGAN_STACKS_MAX; i++)
		updates->generator[i] = updates->generator[0];
	return SGAN_OK;
}

/* Whether a list of words with commas between them has this one. */
static bool has_word(const char *list, const char *word)
{
	const size_t length = strlen(word);
	for (const char *at = list; at != NULL; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, word, length) == 0 && (at[length] == '\0' || at[length] == ','))
			return true;
	}
	return false;
}

/* The name goes to terminals and into file names. */
static sgan_status read_dataset(const struct sgan_safetensors *file, struct sgan_state *state)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	const char *dataset = sgan_safetensors_metadata(file, "dataset");
	if (dataset == NULL || strlen(dataset) >= sizeof state->dataset || dataset[strspn(dataset, plain)] != '\0')
		return sgan_fail(SGAN_EFORMAT, "%s: its dataset has no plain name", sgan_safetensors_path(file));
	memcpy(state->dataset, dataset, strlen(dataset) + 1);
	return SGAN_OK;
}

static sgan_status read_stages(const struct sgan_safetensors *file, struct sgan_state *state)
{
	const char *stage = sgan_safetensors_metadata(file, "stage"), *trained = sgan_safetensors_metadata(file, "trained");
	state->stage = SGAN_STAGE_ENCODER;
	while (stage != NULL && state->stage < SGAN_STAGE_COUNT && strcmp(stage, sgan_stage_name(state->stage)) != 0)
		state->stage++;
	if (stage == NULL || (state->stage == SGAN_STAGE_COUNT && strcmp(stage, "done") != 0))
		return sgan_fail(SGAN_EFORMAT, "%s: its stage is %s", sgan_safetensors_path(file),
		                 stage != NULL ? stage : "missing");
	for (int i = 0; i < SGAN_STAGE_COUNT; i++)
		state->trained[i] = trained != NULL && has_word(trained, sgan_stage_name((enum sgan_stage)i));
	return SGAN_OK;
}

sgan_status sgan_checkpoint_state(const struct sgan_safetensors *file, struct sgan_state *state)
{
	const char *format = sgan_safetensors_metadata(file, "format");
	memset(state, 0, sizeof *state);
	if (format == NULL || strcmp(format, format_name) != 0)
		return sgan_fail(SGAN_EFORMAT, "%s: not a model of this program: its format is '%s', '%s' expected",
		                 sgan_safetensors_path(file), format != NULL ? format : "", format_name);
	SGAN_TRY(read_stages(file, state));
	SGAN_TRY(read_number(file, "step", 10, &state->step));
	SGAN_TRY(read_number(file, "discriminator_updates", 10, &state->updates.first));
	SGAN_TRY(read_updates(file, &state->updates, &state->generators));
	SGAN_TRY(read_number(file, "data_hash", 16, &state->data_hash));
	if (sgan_safetensors_metadata(file, "test_hash") != NULL)
		SGAN_TRY(read_number(file, "test_hash", 16, &state->test_hash));
	state->measures = sgan_safetensors_metadata(file, "measures");
	return read_dataset(file, state);
}

sgan_status sgan_checkpoint_divisor(const struct sgan_safetensors *file, double *divisor)
{
	const char *text = sgan_safetensors_metadata(file, "input_divisor");
	char *end = NULL;
	*divisor = text != NULL ? strtod(text, &end) : 255;
	if (text != NULL && (end == text || *end != '\0' || !(*divisor >= 1 && *divisor <= 65535)))
		return sgan_fail(SGAN_EFORMAT, "%s: its 'input_divisor' is %s, a number from 1 to 65535 expected",
		                 sgan_safetensors_path(file), text);
	return SGAN_OK;
}

static void shape_text(size_t rank, const size_t *shape, char text[64])
{
	int at = snprintf(text, 64, "[");
	for (size_t i = 0; i < rank && at < 64; i++)
		at += snprintf(text + at, 64 - (size_t)at, "%s%zu", i > 0 ? ", " : "", shape[i]);
	if (at < 64)
		snprintf(text + at, 64 - (size_t)at, "]");
}

/* Reads a tensor of the file that has this name and must have the preset's shape, `count` values. */
static sgan_status load_values(const struct sgan_safetensors *file, const char *name, size_t rank, const size_t *shape,
                               size_t count, real *values)
{
	char found[64], expected[64];
	const struct sgan_tensor *t = sgan_safetensors_find(file, name);
	if (t == NULL)
		return sgan_fail(SGAN_EFORMAT, "%s: tensor '%s' is missing: the model of another preset?",
		                 sgan_safetensors_path(file), name);
	if (t->rank != rank || memcmp(t->shape, shape, rank * sizeof shape[0]) != 0) {
		shape_text(t->rank, t->shape, found);
		shape_text(rank, shape, expected);
		return sgan_fail(SGAN_EFORMAT, "%s: tensor '%s' has shape %s, the preset's has %s", sgan_safetensors_path(file),
		                 name, found, expected);
	}
	SGAN_TRY(sgan_safetensors_read(file, t, values));
	if (!sgan_all_finite(values, count))
		return sgan_fail(SGAN_EFORMAT, "%s: tensor '%s' holds values that are not finite", sgan_safetensors_path(file),
		                 name);
	return SGAN_OK;
}

static void stored_name(const struct sgan_param *p, int which, char name[SGAN_TENSOR_NAME])
{
	snprintf(name, SGAN_TENSOR_NAME, "%s%s", p->name, suffixes[which]);
}

/* A model that is not trained has the average, where there is one, for its value: it is what images are drawn with. A
 * run that began without averages has the values for these. */
static int found_as(const struct sgan_safetensors *file, const struct sgan_part *part, size_t i, int which)
{
	char name[SGAN_TENSOR_NAME];
	stored_name(sgan_params_at(part->params, i), AVERAGE, name);
	const bool has_average = sgan_safetensors_find(file, name) != NULL;
	if (which == VALUE && has_average && !sgan_params_trained(part->params))
		return AVERAGE;
	return which == AVERAGE && !has_average ? VALUE : which;
}

static sgan_status load_tensor(const struct sgan_safetensors *file, const struct sgan_part *part, size_t i, int which)
{
	const struct sgan_param *p = sgan_params_at(part->params, i);
	char name[SGAN_TENSOR_NAME];
	stored_name(p, found_as(file, part, i, which), name);
	return load_values(file, name, p->rank, p->shape, p->count, stored(part, i, which));
}

/* What the model's weights take for an image, whatever the preset's other settings. */
static sgan_status load_input(const struct sgan_safetensors *file, struct sgan_model *model, size_t *read)
{
	struct sgan_input *input = &model->input;
	size_t shape[3];
	double divisor;
	SGAN_TRY(sgan_checkpoint_divisor(file, &divisor));
	input->divisor = (real)divisor;
	if (input->mean == NULL)
		return sgan_safetensors_find(file, SGAN_MEAN_TENSOR) == NULL
		           ? SGAN_OK
		           : sgan_fail(SGAN_EFORMAT, "%s: its images have a mean image subtracted, the preset's have not",
		                       sgan_safetensors_path(file));
	mean_shape(model->preset, shape);
	++*read;
	return load_values(file, SGAN_MEAN_TENSOR, 3, shape, input->size, input->mean);
}

static sgan_status load_part(const struct sgan_safetensors *file, struct sgan_part *part, bool moments, size_t *read)
{
	for (size_t i = 0; i < sgan_params_count(part->params); i++)
		for (int which = 0; which < STORED; which++) {
			if (!is_stored(part, i, which, moments))
				continue;
			SGAN_TRY(load_tensor(file, part, i, which));
			++*read;
		}
	sgan_params_changed(part->params);
	if (part->average != NULL)
		sgan_params_changed(part->average);
	return SGAN_OK;
}

sgan_status sgan_checkpoint_load(const struct sgan_safetensors *file, struct sgan_model *model, enum sgan_stage stage,
                                 bool moments)
{
	struct sgan_state state;
	struct sgan_part *part;
	enum sgan_stage first;
	size_t read = 0;
	SGAN_TRY(sgan_checkpoint_state(file, &state));
	if (stage > SGAN_STAGE_INDEPENDENT && state.generators > 1 && state.generators != model->stack_count)
		return sgan_fail(SGAN_EFORMAT, "%s: its 'generator_updates' are of %zu stacks, the preset has %zu",
		                 sgan_safetensors_path(file), state.generators, model->stack_count);
	SGAN_TRY(load_input(file, model, &read));
	for (size_t k = 0; (part = sgan_model_part(model, k, &first)) != NULL; k++)
		if (first < stage && sgan_checkpoint_has_weights(&state, first))
			SGAN_TRY(load_part(file, part, moments && has_moments(&state, first), &read));
	if (stage == SGAN_STAGE_COUNT && moments && read != sgan_safetensors_count(file))
		return sgan_fail(SGAN_EFORMAT, "%s: it holds %zu tensors, %zu expected", sgan_safetensors_path(file),
		                 sgan_safetensors_count(file), read);
	return SGAN_OK;
}

sgan_status sgan_checkpoint_trained(const struct sgan_safetensors *file, const struct sgan_preset *preset,
                                    enum sgan_stage stage)
{
	struct sgan_state from;
	SGAN_TRY(sgan_checkpoint_state(file, &from));
	for (int i = sgan_preset_needs_encoder(preset) ? SGAN_STAGE_ENCODER : SGAN_STAGE_INDEPENDENT; i < (int)stage; i++)
		if (!from.trained[i])
			return sgan_fail(SGAN_EINVAL, "%s: stage %s starts from a model that stage %s has trained, this one is not",
			                 sgan_safetensors_path(file), sgan_stage_name(stage), sgan_stage_name((enum sgan_stage)i));
	return SGAN_OK;
}

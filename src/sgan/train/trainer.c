/* What a training run opens, evaluates, draws and saves. */
#include "src/sgan/train/trainer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cpu/memory.h"
#include "src/cpu/status.h"
#include "src/io/image.h"
#include "src/sgan/model/streams.h"
#include "src/sgan/train/limits.h"
#include "src/sgan/train/requirements.h"

enum { GRID_COLUMNS = 10, GRID_CLASSES = 256 };

/* Rows of a grid: one a class, of the first classes where there are more than a picture should hold. */
static size_t grid_rows(size_t classes)
{
	return classes < GRID_CLASSES ? classes : GRID_CLASSES;
}

/* FNV-1a in words of 8 bytes, over sizes, labels and pixels: resuming with other data would give another run. */
static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i += sizeof hash) {
		uint64_t word = 0;
		memcpy(&word, (const char *)bytes + i, size - i < sizeof word ? size - i : sizeof word);
		hash = (hash ^ word) * 0x100000001b3u;
	}
	return hash;
}

/* As bytes where all are, so that a run goes on that was begun when labels were bytes. */
static uint64_t hash_labels(uint64_t hash, const uint32_t *labels, size_t count)
{
	uint8_t bytes[sizeof hash];
	uint32_t largest = 0;
	for (size_t i = 0; i < count; i++)
		largest = labels[i] > largest ? labels[i] : largest;
	if (largest > UINT8_MAX)
		return hash_bytes(hash, labels, count * sizeof *labels);
	for (size_t i = 0; i < count; i += sizeof bytes) {
		const size_t n = count - i < sizeof bytes ? count - i : sizeof bytes;
		for (size_t k = 0; k < n; k++)
			bytes[k] = (uint8_t)labels[i + k];
		hash = hash_bytes(hash, bytes, n);
	}
	return hash;
}

static uint64_t data_hash(const struct sgan_dataset *data)
{
	const uint64_t sizes[4] = { data->train.count, data->height, data->width, data->channels };
	uint64_t hash = hash_bytes(0xcbf29ce484222325u, sizes, sizeof sizes);
	hash = hash_labels(hash, data->train.labels, data->train.count);
	return hash_bytes(hash, data->train.images, data->train.count * data->height * data->width * data->channels);
}

static size_t limit_of(const struct sgan_trainer *t, enum sgan_stage stage)
{
	return stage < SGAN_STAGE_COUNT
	           ? sgan_stage_steps(&t->options->preset->stages[stage], t->options->data->train.count)
	           : 0;
}

static sgan_status load_checkpoint(struct sgan_trainer *t, const uint64_t hash)
{
	char path[SGAN_PATH];
	struct sgan_safetensors *file;
	SGAN_TRY(sgan_run_file(t->options->run, SGAN_RUN_CHECKPOINT, path));
	SGAN_TRY(sgan_safetensors_open(path, &file));
	sgan_status status = sgan_checkpoint_state(file, &t->state);
	if (status == SGAN_OK && t->state.step > limit_of(t, t->state.stage))
		status = sgan_fail(SGAN_EFORMAT, "%s: step %" PRIu64 " of stage %s, which has %zu", path, t->state.step,
		                   sgan_stage_name(t->state.stage), limit_of(t, t->state.stage));
	if (status == SGAN_OK && t->state.data_hash != hash)
		status = sgan_fail(SGAN_EINVAL, "%s: the run was trained on another dataset ('%s') than %s", path,
		                   t->state.dataset, t->options->data->name);
	if (status == SGAN_OK)
		status = sgan_checkpoint_load(file, t->model, SGAN_STAGE_COUNT, true);
	sgan_safetensors_close(file);
	return status;
}

static sgan_status load_init(struct sgan_trainer *t, const char *path)
{
	struct sgan_safetensors *file;
	SGAN_TRY(sgan_safetensors_open(path, &file));
	sgan_status status = sgan_checkpoint_trained(file, t->state.stage);
	if (status == SGAN_OK)
		status = sgan_checkpoint_load(file, t->model, t->state.stage, false);
	for (int i = 0; i < (int)t->state.stage; i++)
		t->state.trained[i] = true;
	sgan_safetensors_close(file);
	return status;
}

static sgan_status start(struct sgan_trainer *t, uint64_t hash)
{
	t->state.stage = sgan_first_stage(t->options->preset);
	t->state.data_hash = hash;
	snprintf(t->state.dataset, sizeof t->state.dataset, "%s", t->options->data->name);
	if (t->state.stage == SGAN_STAGE_ENCODER)
		return SGAN_OK;
	if (t->options->init == NULL)
		return sgan_fail(SGAN_EINVAL, "stage %s starts from a trained model: none is given (--init)",
		                 sgan_stage_name(t->state.stage));
	return load_init(t, t->options->init);
}

/* One row a class: real images, to hold the samples against. */
static sgan_status write_reals(struct sgan_trainer *t)
{
	const struct sgan_dataset *d = t->options->data;
	const size_t size = d->height * d->width * d->channels;
	const size_t rows = grid_rows(d->classes);
	size_t taken[GRID_CLASSES] = { 0 };
	char path[SGAN_PATH];
	SGAN_TRY(sgan_run_file(t->options->run, SGAN_RUN_REALS, path));
	uint8_t *pixels = sgan_alloc(rows * GRID_COLUMNS, size);
	if (pixels == NULL)
		return SGAN_ENOMEM;
	for (size_t i = 0; i < d->train.count; i++) {
		const size_t label = d->train.labels[i];
		if (label < rows && taken[label] < GRID_COLUMNS)
			memcpy(pixels + (label * GRID_COLUMNS + taken[label]++) * size, d->train.images + i * size, size);
	}
	const struct sgan_images images = { rows * GRID_COLUMNS, d->height, d->width, d->channels, pixels };
	sgan_status status = sgan_png_grid_write(path, &images, GRID_COLUMNS);
	sgan_free(pixels);
	return status;
}

/* Whether a line of stats.jsonl tells of what the checkpoint holds. */
static bool keep_line(void *arg, const char *stage, int64_t step)
{
	const struct sgan_trainer *t = arg;
	for (int i = 0; i < SGAN_STAGE_COUNT; i++)
		if (strcmp(stage, sgan_stage_name((enum sgan_stage)i)) == 0)
			return i < (int)t->state.stage || (i == (int)t->state.stage && step <= (int64_t)t->state.step);
	return false;
}

static sgan_status make_model(struct sgan_trainer *t)
{
	const struct sgan_preset *preset = t->options->preset;
	size_t batch = 1;
	for (int i = 0; i < SGAN_STAGE_COUNT; i++)
		batch = preset->stages[i].batch > batch ? preset->stages[i].batch : batch;
	SGAN_TRY(sgan_model_create(t->ctx, preset, batch, true, &t->model));
	t->x = sgan_alloc(batch * t->model->stacks[0].lower_size, sizeof *t->x);
	t->labels = sgan_alloc(batch, sizeof *t->labels);
	t->order = sgan_alloc(t->options->data->train.count, sizeof *t->order);
	return t->x != NULL && t->labels != NULL && t->order != NULL ? SGAN_OK : SGAN_ENOMEM;
}

sgan_status sgan_trainer_open(struct sgan_trainer *t)
{
	const struct sgan_train_options *o = t->options;
	t->lock = -1;
	SGAN_TRY(sgan_preset_trainable(o->preset));
	SGAN_TRY(sgan_data_fits(o->preset, o->data));
	SGAN_TRY(sgan_run_lock(o->run, &t->lock));
	SGAN_TRY(make_model(t));
	t->last = sgan_last_stage(o->preset);
	const uint64_t hash = data_hash(o->data);
	if (o->resume) {
		SGAN_TRY(load_checkpoint(t, hash));
		SGAN_TRY(sgan_log_truncate(o->run, keep_line, t));
	} else {
		SGAN_TRY(start(t, hash));
		SGAN_TRY(write_reals(t));
		SGAN_TRY(sgan_trainer_save(t, SGAN_RUN_CHECKPOINT));
	}
	return sgan_log_open(o->run, &t->log);
}

sgan_status sgan_trainer_close(struct sgan_trainer *t, sgan_status status)
{
	sgan_status closed = t->log != NULL ? sgan_log_close(t->log) : SGAN_OK;
	sgan_session_destroy(t->session);
	sgan_sampler_destroy(t->sampler);
	sgan_model_destroy(t->model);
	sgan_free(t->x);
	sgan_free(t->labels);
	sgan_free(t->order);
	sgan_run_unlock(t->lock);
	return status != SGAN_OK ? status : closed;
}

sgan_status sgan_trainer_save(struct sgan_trainer *t, const char *name)
{
	char path[SGAN_PATH];
	SGAN_TRY(sgan_run_file(t->options->run, name, path));
	return sgan_checkpoint_save(path, t->model, &t->state);
}

sgan_status sgan_trainer_save_stage(struct sgan_trainer *t, enum sgan_stage stage)
{
	char name[32];
	snprintf(name, sizeof name, "%s.safetensors", sgan_stage_name(stage));
	return sgan_trainer_save(t, name);
}

void sgan_trainer_clear_moments(struct sgan_trainer *t)
{
	struct sgan_part *part;
	enum sgan_stage first;
	for (size_t k = 0; (part = sgan_model_part(t->model, k, &first)) != NULL; k++)
		sgan_params_clear_moments(part->params);
}

sgan_status sgan_trainer_accuracy(struct sgan_trainer *t, double *accuracy)
{
	const struct sgan_split *test = &t->options->data->test;
	const size_t size = t->model->stacks[0].lower_size, batch = t->model->max_batch;
	size_t right = 0;
	for (size_t done = 0; done < test->count; done += batch) {
		const size_t n = test->count - done < batch ? test->count - done : batch;
		sgan_from_bytes(test->images + done * size, n * size, t->x);
		SGAN_TRY(sgan_session_classify(t->session, n, t->x, t->labels));
		for (size_t k = 0; k < n; k++)
			right += t->labels[k] == test->labels[done + k];
	}
	*accuracy = test->count > 0 ? (double)right / (double)test->count : 0;
	return SGAN_OK;
}

sgan_status sgan_trainer_grid(struct sgan_trainer *t, size_t epoch)
{
	const struct sgan_preset *p = t->options->preset;
	const size_t count = grid_rows(p->classes) * GRID_COLUMNS, size = p->height * p->width * p->channels;
	char name[64], path[SGAN_PATH];
	uint32_t labels[GRID_CLASSES * GRID_COLUMNS];
	snprintf(name, sizeof name, "samples-%s-%zu.png", sgan_stage_name(t->state.stage), epoch);
	SGAN_TRY(sgan_run_file(t->options->run, name, path));
	if (t->sampler == NULL)
		SGAN_TRY(sgan_sampler_create(t->ctx, t->model, &t->sampler));
	uint8_t *pixels = sgan_alloc(count, size);
	if (pixels == NULL)
		return SGAN_ENOMEM;
	for (size_t i = 0; i < count; i++)
		labels[i] = (uint32_t)(i / GRID_COLUMNS);
	sgan_status status =
		sgan_sampler_draw(t->sampler, sgan_stream(SGAN_RANDOM_GRID, 0, 0), p->seed, 0, count, labels, pixels);
	const struct sgan_images images = { count, p->height, p->width, p->channels, pixels };
	if (status == SGAN_OK)
		status = sgan_png_grid_write(path, &images, GRID_COLUMNS);
	sgan_free(pixels);
	return status;
}

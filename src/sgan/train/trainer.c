/* A training run's memory, lock and files.
 * It must not know the order in which stages and steps come. */
#include "src/sgan/train/trainer.h"

#include <stdlib.h>
#include <stdio.h>
#include <time.h>

#include "src/cpu/memory.h"
#include "src/cpu/status.h"
#include "src/exec/ctx.h"
#include "src/metrics/chance.h"
#include "src/sgan/model/requirements.h"
#include "src/sgan/train/limits.h"
#include "src/sgan/train/measures.h"

double sgan_trainer_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static sgan_status make_model(struct sgan_trainer *t)
{
	const struct sgan_preset *preset = t->options->preset;
	const size_t batch = sgan_largest_batch(preset);
	SGAN_TRY(sgan_model_create(t->ctx, preset, batch, true, &t->model));
	t->x = sgan_places_alloc(t->ctx->places, batch, t->model->input.size * sizeof *t->x);
	t->labels = sgan_alloc(batch, sizeof *t->labels);
	t->order = sgan_alloc(t->options->data->train.count, sizeof *t->order);
	t->shown = sgan_alloc(t->model->input.size, sizeof *t->shown);
	return t->x != NULL && t->labels != NULL && t->order != NULL && t->shown != NULL ? SGAN_OK : SGAN_ENOMEM;
}

/* The accuracy of who always says the commonest class of the test images; or one rotation, of which there are equal
 * shares. */
static sgan_status find_chance(struct sgan_trainer *t)
{
	if (!sgan_preset_reads_labels(t->options->preset)) {
		t->chance = 1 / (double)SGAN_ROTATIONS;
		return SGAN_OK;
	}
	const struct sgan_split *test = &t->options->data->test;
	return sgan_chance(test->count, test->labels, t->options->preset->classes, &t->chance);
}

sgan_status sgan_ranks_fit(const struct sgan_preset *preset, const struct sgan_ranks *ranks)
{
	const size_t slices = preset->slices, count = sgan_ranks_count(ranks);
	if (count <= slices)
		return SGAN_OK;
	return sgan_fail(
		SGAN_EINVAL,
		"%zu processes for batches of %zu slices: some would have nothing to do; start at most %zu, or begin "
		"a run with more slices (--set slices=%zu), whose bits are others",
		count, slices, slices, count);
}

/* Which slices are this rank's. */
static sgan_status take_slices(struct sgan_trainer *t)
{
	const size_t slices = t->options->preset->slices, count = sgan_ranks_count(t->options->ranks);
	const size_t rank = sgan_ranks_number(t->options->ranks);
	SGAN_TRY(sgan_ranks_fit(t->options->preset, t->options->ranks));
	t->slice_begin = sgan_ranks_first(slices, rank, count);
	t->slice_end = sgan_ranks_first(slices, rank + 1, count);
	return SGAN_OK;
}

sgan_batch sgan_trainer_batch(const struct sgan_trainer *t)
{
	return (sgan_batch){ sgan_trainer_settings(t)->batch, t->options->preset->slices, t->slice_begin, t->slice_end };
}

sgan_status sgan_trainer_open(struct sgan_trainer *t, sgan_ctx *ctx, const struct sgan_train_options *options)
{
	*t = (struct sgan_trainer){ .ctx = ctx, .options = options, .lock = -1 };
	SGAN_TRY(sgan_data_fits(options->preset, options->data));
	SGAN_TRY(take_slices(t));
	if (sgan_trainer_leads(t))
		SGAN_TRY(sgan_run_lock(options->run, &t->lock));
	SGAN_TRY(find_chance(t));
	t->offsets = calloc(sgan_ranks_count(options->ranks) + 1, sizeof *t->offsets);
	if (t->offsets == NULL)
		return sgan_fail(SGAN_ENOMEM, "no memory for %zu ranks", sgan_ranks_count(options->ranks));
	return make_model(t);
}

const struct sgan_stage_settings *sgan_trainer_settings(const struct sgan_trainer *t)
{
	return &t->options->preset->stages[t->state.stage];
}

size_t sgan_trainer_epoch_steps(const struct sgan_trainer *t)
{
	return sgan_epoch_steps(sgan_trainer_settings(t), t->options->data->train.count);
}

struct sgan_progress sgan_trainer_progress(const struct sgan_trainer *t, enum sgan_event event)
{
	const struct sgan_stage_settings *settings = sgan_trainer_settings(t);
	const size_t images = t->options->data->train.count;
	return (struct sgan_progress){ .event = event,
		                           .stage = t->state.stage,
		                           .epoch = sgan_epoch_of(settings, images, t->state.step),
		                           .epochs = sgan_stage_epochs(settings, images),
		                           .epoch_whole = t->state.step % sgan_epoch_steps(settings, images) == 0,
		                           .step = (size_t)t->state.step,
		                           .steps = sgan_stage_steps(settings, images),
		                           .test_accuracy = -1 };
}

void sgan_trainer_emit(const struct sgan_trainer *t, const struct sgan_progress *progress)
{
	if (t->options->progress != NULL)
		t->options->progress(t->options->arg, progress);
}

void sgan_trainer_warn(const struct sgan_trainer *t, const char *what)
{
	char text[SGAN_WARNING];
	struct sgan_progress told = { .event = SGAN_EVENT_WARNING,
		                          .stage = SGAN_STAGE_ENCODER }; /* of one that was given */
	if (t->state.stage < SGAN_STAGE_COUNT)
		told = sgan_trainer_progress(t, SGAN_EVENT_WARNING);
	snprintf(text, sizeof text, "%s: %s", what, sgan_last_error());
	told.warning = text;
	sgan_trainer_emit(t, &told);
}

void sgan_trainer_end_session(struct sgan_trainer *t)
{
	sgan_session_destroy(t->session);
	t->session = NULL;
	sgan_meter_destroy(&t->interval);
	sgan_meter_destroy(&t->epoch);
}

sgan_status sgan_trainer_close(struct sgan_trainer *t, sgan_status status)
{
	sgan_status closed = t->log != NULL ? sgan_log_close(t->log) : SGAN_OK;
	sgan_trainer_end_session(t);
	sgan_sampler_destroy(t->sampler);
	sgan_model_destroy(t->model);
	sgan_free(t->x);
	sgan_free(t->labels);
	sgan_free(t->order);
	sgan_free(t->shown);
	free(t->offsets);
	free(t->measures);
	sgan_run_unlock(t->lock);
	return status != SGAN_OK ? status : closed;
}

static sgan_status save_measures(struct sgan_trainer *t, const char *name, const char *measures)
{
	char path[SGAN_PATH];
	struct sgan_state state = t->state;
	SGAN_TRY(sgan_run_file(t->options->run, name, path));
	state.measures = measures;
	return sgan_checkpoint_save(path, t->model, &state);
}

static sgan_status save(struct sgan_trainer *t, const char *name)
{
	char *measures;
	if (!sgan_trainer_leads(t))
		return SGAN_OK;
	if (t->log != NULL)
		SGAN_TRY(sgan_log_sync(t->log)); /* what a checkpoint stands behind has been told */
	SGAN_TRY(sgan_measures_text(t, &measures));
	const sgan_status status = save_measures(t, name, measures);
	free(measures);
	return status;
}

sgan_status sgan_trainer_save_again(struct sgan_trainer *t)
{
	return save_measures(t, SGAN_RUN_CHECKPOINT, t->measures);
}

sgan_status sgan_trainer_save(struct sgan_trainer *t)
{
	const sgan_status status = save(t, SGAN_RUN_CHECKPOINT);
	t->saved = sgan_trainer_now();
	return status;
}

sgan_status sgan_trainer_save_stage(struct sgan_trainer *t, enum sgan_stage stage)
{
	char name[32];
	snprintf(name, sizeof name, "%s.safetensors", sgan_stage_name(stage));
	return save(t, name);
}

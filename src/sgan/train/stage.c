/* The steps of a stage; when to log, evaluate, draw and save.
 * It must not know which stages a run has, nor why it stops. */
#include "src/sgan/train/stage.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "src/cpu/status.h"
#include "src/ops/ops.h"
#include "src/sgan/model/finite.h"
#include "src/sgan/model/streams.h"
#include "src/sgan/sample/z_share.h"
#include "src/sgan/train/limits.h"
#include "src/sgan/train/pictures.h"
#include "src/sgan/train/report.h"
#include "src/sgan/train/view.h"

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static const struct sgan_stage_settings *settings_of(const struct sgan_trainer *t)
{
	return &t->options->preset->stages[t->state.stage];
}

static size_t steps_per_epoch(const struct sgan_trainer *t)
{
	return sgan_epoch_steps(settings_of(t), t->options->data->train.count);
}

bool sgan_stage_left(const struct sgan_trainer *t)
{
	return t->state.step < sgan_stage_steps(settings_of(t), t->options->data->train.count);
}

static struct sgan_progress progress_of(const struct sgan_trainer *t, enum sgan_event event)
{
	const struct sgan_stage_settings *settings = settings_of(t);
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

static void emit(const struct sgan_trainer *t, const struct sgan_progress *progress)
{
	if (t->options->progress != NULL)
		t->options->progress(t->options->arg, progress);
}

/* An image into place k of the batch, in a view of it or (NULL) as it is. */
static void put_image(struct sgan_trainer *t, size_t k, const uint8_t *pixels, const struct sgan_view *view)
{
	if (view != NULL)
		sgan_view_show(t->options->preset, view, pixels, t->shown);
	sgan_input_of_bytes(&t->model->input, 1, view != NULL ? t->shown : pixels, t->x + k * t->model->input.size);
}

/* Image number `image` of the training half into place k of the batch, with what is to be told of it. */
static sgan_status take_image(struct sgan_trainer *t, size_t k, size_t image)
{
	const struct sgan_preset *preset = t->options->preset;
	const struct sgan_split *train = &t->options->data->train;
	const bool shown = t->state.stage == SGAN_STAGE_ENCODER && sgan_views(preset);
	struct sgan_view view = { .flip = false };
	if (shown)
		SGAN_TRY(sgan_view_draw(t->ctx, preset, t->state.step, k, &view));
	put_image(t, k, train->images + image * t->model->input.size, shown ? &view : NULL);
	t->labels[k] = sgan_preset_reads_labels(preset) ? train->labels[image] : view.turns;
	return SGAN_OK;
}

static sgan_status take_batch(struct sgan_trainer *t)
{
	const struct sgan_split *train = &t->options->data->train;
	const size_t n = settings_of(t)->batch;
	const uint64_t epoch = t->state.step / steps_per_epoch(t);
	const size_t first = (size_t)(t->state.step % steps_per_epoch(t)) * n;
	if (t->order_epoch != epoch) {
		SGAN_TRY(sgan_random_permutation(t->options->preset->seed,
		                                 sgan_stream(SGAN_RANDOM_SHUFFLE, (unsigned)t->state.stage, 0), epoch,
		                                 train->count, t->order));
		t->order_epoch = epoch;
	}
	for (size_t k = 0; k < n; k++)
		SGAN_TRY(take_image(t, k, t->order[first + k]));
	const bool labelled = t->state.stage == SGAN_STAGE_ENCODER || sgan_preset_reads_labels(t->options->preset);
	return sgan_session_batch(t->session, n, t->x, labelled ? t->labels : NULL);
}

static sgan_status check_losses(const struct sgan_trainer *t)
{
	const struct sgan_session *s = t->session;
	for (size_t i = 0; i < s->loss_count; i++)
		if (!isfinite(s->losses[i].value))
			return sgan_fail(SGAN_EDIVERGED, "%s is not finite at step %" PRIu64 " of stage %s", s->losses[i].name,
			                 t->state.step + 1, sgan_stage_name(t->state.stage));
	return SGAN_OK;
}

/* One D step and its G steps, or one step of the encoder. */
static sgan_status make_step(struct sgan_trainer *t)
{
	const double begin = now();
	SGAN_TRY(take_batch(t));
	t->session->lr_factor = sgan_stage_lr_factor(settings_of(t), t->options->data->train.count, t->state.step);
	if (t->state.stage == SGAN_STAGE_ENCODER) {
		SGAN_TRY(sgan_encoder_step(t->session));
	} else {
		SGAN_TRY(sgan_discriminator_step(t->session));
		SGAN_TRY(sgan_generator_steps(t->session));
	}
	SGAN_TRY(check_losses(t));
	t->state.updates = t->session->updates;
	t->state.step++;
	t->steps_made++;
	const double seconds = now() - begin;
	sgan_meter_add(&t->interval, t->session, seconds);
	sgan_meter_add(&t->epoch, t->session, seconds);
	return SGAN_OK;
}

static sgan_status end_interval(struct sgan_trainer *t)
{
	struct sgan_progress progress = progress_of(t, SGAN_EVENT_LOG);
	sgan_meter_read(&t->interval, &progress);
	sgan_meter_clear(&t->interval);
	emit(t, &progress);
	return sgan_report_line(t->log, &progress, t->session);
}

/* The share of test images that the encoder gives their class; or of those turned once, twice and so on in turn, by
 * which it tells how often they are. */
static sgan_status measure_accuracy(struct sgan_trainer *t, double *accuracy)
{
	const struct sgan_split *test = &t->options->data->test;
	const size_t size = t->model->input.size, batch = t->model->max_batch;
	const bool labels = sgan_preset_reads_labels(t->options->preset);
	size_t right = 0;
	for (size_t done = 0; done < test->count; done += batch) {
		const size_t n = test->count - done < batch ? test->count - done : batch;
		for (size_t k = 0; k < n; k++) {
			const struct sgan_view turned = { .turns = (unsigned)((done + k) % SGAN_ROTATIONS) };
			put_image(t, k, test->images + (done + k) * size, labels ? NULL : &turned);
		}
		SGAN_TRY(sgan_session_classify(t->session, n, t->x, t->labels));
		for (size_t k = 0; k < n; k++)
			right += t->labels[k] == (labels ? test->labels[done + k] : (done + k) % SGAN_ROTATIONS);
	}
	*accuracy = test->count > 0 ? (double)right / (double)test->count : 0;
	return SGAN_OK;
}

/* z shares are of conditions from images that no stage was trained on. */
static sgan_status measure_z_shares(struct sgan_trainer *t, struct sgan_progress *progress)
{
	const struct sgan_dataset *data = t->options->data;
	const struct sgan_split *images = data->test.count >= SGAN_Z_SHARE_CONDITIONS ? &data->test : &data->train;
	progress->stack_count = t->model->stack_count;
	progress->z_shares = t->z_shares;
	return sgan_z_shares(t->ctx, t->model, images, SGAN_Z_SHARE_CONDITIONS, t->options->preset->seed, t->z_shares);
}

/* Tells of what ails a stage; in the log, too, of what did not ail it `before` (NULL: this is said for the log's reader
 * already). */
static sgan_status warn(const struct sgan_trainer *t, enum sgan_stage stage, const struct sgan_health *before)
{
	const struct sgan_health *health = &t->health[stage];
	struct sgan_progress progress = { .event = SGAN_EVENT_WARNING,
		                              .stage = stage,
		                              .epoch = health->epoch,
		                              .step = health->step,
		                              .again = before == NULL };
	for (size_t i = 0; i < SGAN_STACKS_MAX; i++)
		for (unsigned ailment = 0; ailment < SGAN_AILMENTS; ailment++) {
			char text[SGAN_WARNING];
			if (!health->ails[i][ailment] || (before != NULL && before->ails[i][ailment]))
				continue;
			sgan_health_describe(health, i, (enum sgan_ailment)ailment, text);
			progress.warning = text;
			emit(t, &progress);
			if (before != NULL)
				SGAN_TRY(sgan_report_warning(t->log, &progress));
		}
	return SGAN_OK;
}

static sgan_status check_health(struct sgan_trainer *t, const struct sgan_progress *progress)
{
	struct sgan_health *health = &t->health[progress->stage];
	const struct sgan_health before = *health;
	*health = sgan_health_of(progress, t->chance, t->options->data->test.count);
	return warn(t, progress->stage, &before);
}

sgan_status sgan_stages_warn(const struct sgan_trainer *t)
{
	for (unsigned stage = 0; stage < SGAN_STAGE_COUNT; stage++)
		SGAN_TRY(warn(t, (enum sgan_stage)stage, NULL));
	return SGAN_OK;
}

/* Batches that averaged generators have their running statistics from: of these, 1 - 0.9^50 or 99.5 % count at the usual
 * momentum, 0.1. */
enum { STATISTICS_BATCHES = 50 };

/* Image j of batch k of those, all spread evenly over the training half. */
static size_t statistics_image(const struct sgan_trainer *t, size_t n, size_t k, size_t j)
{
	const uint64_t place = (uint64_t)k * n + j, places = (uint64_t)n * STATISTICS_BATCHES;
	return (size_t)(place * t->options->data->train.count / places);
}

static sgan_status take_statistics(struct sgan_trainer *t, size_t number)
{
	const struct sgan_split *train = &t->options->data->train;
	const size_t n = settings_of(t)->batch;
	for (size_t j = 0; j < n; j++) {
		const size_t image = statistics_image(t, n, number, j);
		sgan_input_of_bytes(&t->model->input, 1, train->images + image * t->model->input.size,
		                    t->x + j * t->model->input.size);
		t->labels[j] = train->labels[image];
	}
	SGAN_TRY(sgan_session_batch(t->session, n, t->x, t->labels));
	return sgan_session_average_statistics(t->session, number);
}

sgan_status sgan_stage_settle(struct sgan_trainer *t)
{
	if (t->state.stage == SGAN_STAGE_ENCODER || t->model->stacks[0].generator.average == NULL)
		return SGAN_OK;
	if (!(settings_of(t)->ema > 0)) {
		sgan_session_copy_averages(t->session);
		return SGAN_OK;
	}
	for (size_t i = 0; i < t->model->stack_count; i++)
		sgan_params_clear_statistics(t->model->stacks[i].generator.average);
	for (size_t k = 0; k < STATISTICS_BATCHES; k++)
		SGAN_TRY(take_statistics(t, k));
	return SGAN_OK;
}

static sgan_status draw_samples(struct sgan_trainer *t, size_t epoch)
{
	if (t->sampler == NULL)
		SGAN_TRY(sgan_sampler_create(t->ctx, t->model, &t->sampler));
	return sgan_samples_write(t->options->run, t->state.stage, epoch, t->options->preset, t->sampler);
}

/* Its means are the epoch's; the encoder shows its accuracy, the GANs their images. */
static sgan_status end_epoch(struct sgan_trainer *t)
{
	struct sgan_progress progress = progress_of(t, SGAN_EVENT_EPOCH);
	sgan_meter_read(&t->epoch, &progress);
	sgan_meter_clear(&t->epoch);
	if (t->state.stage == SGAN_STAGE_ENCODER) {
		SGAN_TRY(measure_accuracy(t, &progress.test_accuracy));
	} else {
		SGAN_TRY(sgan_stage_settle(t));
		SGAN_TRY(draw_samples(t, progress.epoch));
		SGAN_TRY(measure_z_shares(t, &progress));
	}
	emit(t, &progress);
	SGAN_TRY(sgan_report_line(t->log, &progress, t->session));
	return check_health(t, &progress);
}

sgan_status sgan_stage_step(struct sgan_trainer *t)
{
	SGAN_TRY(make_step(t));
	struct sgan_progress progress = progress_of(t, SGAN_EVENT_STEP);
	sgan_meter_read(&t->interval, &progress);
	progress.losses = t->session->losses;
	emit(t, &progress);
	const bool log = t->state.step % t->options->preset->log_interval == 0, limit = !sgan_stage_left(t);
	const bool epoch = limit || t->state.step % steps_per_epoch(t) == 0;
	if (log || epoch)
		SGAN_TRY(sgan_model_check_finite(t->model, t->state.stage, t->state.step));
	if (log)
		SGAN_TRY(end_interval(t));
	if (epoch)
		SGAN_TRY(end_epoch(t));
	return epoch && !limit ? sgan_trainer_save(t) : SGAN_OK; /* at the limit the stage's end saves */
}

static void clear_moments(struct sgan_model *model)
{
	struct sgan_part *part;
	enum sgan_stage first;
	for (size_t k = 0; (part = sgan_model_part(model, k, &first)) != NULL; k++)
		sgan_params_clear_moments(part->params);
}

/* A stage that begins draws its parts' first weights; Adam starts afresh in each stage. */
sgan_status sgan_stage_begin(struct sgan_trainer *t)
{
	t->order_epoch = UINT64_MAX;
	if (t->state.step == 0) {
		SGAN_TRY(sgan_model_init(t->ctx, t->model, t->state.stage));
		t->state.updates = (struct sgan_updates){ .first = 0 };
		clear_moments(t->model);
	}
	SGAN_TRY(sgan_session_create(t->ctx, t->model, t->state.stage, &t->session));
	SGAN_TRY(sgan_meter_create(t->session, &t->interval));
	SGAN_TRY(sgan_meter_create(t->session, &t->epoch));
	t->session->updates = t->state.updates;
	if (t->state.step == 0)
		sgan_session_copy_averages(t->session);
	struct sgan_progress progress = progress_of(t, SGAN_EVENT_STAGE);
	emit(t, &progress);
	return SGAN_OK;
}

sgan_status sgan_stage_end(struct sgan_trainer *t)
{
	const enum sgan_stage stage = t->state.stage;
	struct sgan_progress progress = progress_of(t, SGAN_EVENT_DONE);
	emit(t, &progress);
	sgan_trainer_end_session(t);
	t->state.trained[stage] = true;
	t->state.stage = stage == sgan_last_stage(t->options->preset) ? SGAN_STAGE_COUNT : stage + 1;
	t->state.step = 0;
	t->state.updates = (struct sgan_updates){ .first = 0 };
	SGAN_TRY(sgan_trainer_save_stage(t, stage));
	return sgan_trainer_save(t);
}

sgan_status sgan_stage_judge_encoder(struct sgan_trainer *t)
{
	SGAN_TRY(sgan_session_create(t->ctx, t->model, SGAN_STAGE_ENCODER, &t->session));
	struct sgan_progress progress = { .event = SGAN_EVENT_EPOCH, .stage = SGAN_STAGE_ENCODER };
	sgan_status status = measure_accuracy(t, &progress.test_accuracy);
	if (status == SGAN_OK) {
		emit(t, &progress);
		status = sgan_report_line(t->log, &progress, t->session);
	}
	if (status == SGAN_OK)
		status = check_health(t, &progress);
	sgan_trainer_end_session(t);
	return status;
}

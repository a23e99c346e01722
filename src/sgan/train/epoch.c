/* What an epoch's end measures, draws and warns of.
 * It must not know when epochs end, nor what steps do. */
#include "src/sgan/train/epoch.h"

#include <unistd.h>

#include "src/cpu/status.h"
#include "src/sgan/sample/z_share.h"
#include "src/sgan/train/feed.h"
#include "src/sgan/train/pictures.h"
#include "src/sgan/train/report.h"
#include "src/sgan/train/together.h"

/* --- measures --- */

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
			sgan_feed_put(t, k, test->images + (done + k) * size, labels ? NULL : &turned);
		}
		SGAN_TRY(sgan_session_classify(t->session, n, t->x, t->labels));
		for (size_t k = 0; k < n; k++)
			right += t->labels[k] == (labels ? test->labels[done + k] : (done + k) % SGAN_ROTATIONS);
	}
	*accuracy = test->count > 0 ? (double)right / (double)test->count : 0;
	return SGAN_OK;
}

static sgan_status measure_z_shares(struct sgan_trainer *t, struct sgan_progress *progress)
{
	const struct sgan_split *images = sgan_z_share_images(t->options->data);
	progress->stack_count = t->model->stack_count;
	progress->z_shares = t->z_shares;
	return sgan_z_shares(t->ctx, t->model, images, SGAN_Z_SHARE_CONDITIONS, t->options->preset->seed, t->z_shares);
}

/* --- warnings --- */

/* A warning of number k of what ails a stage, with its line in `text`. */
static struct sgan_progress warning(const struct sgan_trainer *t, const struct sgan_health *health, size_t k,
                                    char text[SGAN_WARNING])
{
	sgan_sign_describe(t->options->preset, health, k, text);
	return (struct sgan_progress){ .event = SGAN_EVENT_WARNING,
		                           .stage = health->stage,
		                           .epoch = health->epoch,
		                           .step = health->step,
		                           .warning = text };
}

/* Every epoch's warnings are in the log, and the caller is told of what is new since the epoch before, which may have
 * been another call's: checkpoints keep both what means are of and what ailed a stage (measures.h). */
static sgan_status check_health(struct sgan_trainer *t, const struct sgan_progress *progress)
{
	struct sgan_health *health = &t->health[progress->stage];
	const struct sgan_health before = *health;
	*health = sgan_health_of(progress, t->chance, t->options->data->test.count);
	for (size_t k = 0; k < health->count; k++) {
		char text[SGAN_WARNING];
		const struct sgan_progress told = warning(t, health, k, text);
		if (sgan_health_find(&before, health->signs[k].ailment, health->signs[k].stack) == NULL)
			sgan_trainer_emit(t, &told);
		SGAN_TRY(sgan_report_warning(t->log, &told));
	}
	return SGAN_OK;
}

void sgan_epoch_warn_again(const struct sgan_trainer *t)
{
	for (unsigned stage = 0; stage < SGAN_STAGE_COUNT && t->steps_made > 0; stage++)
		for (size_t k = 0; k < t->health[stage].count; k++) {
			char text[SGAN_WARNING];
			struct sgan_progress told = warning(t, &t->health[stage], k, text);
			told.again = true;
			sgan_trainer_emit(t, &told);
		}
}

/* --- averages --- */

/* Batches that averaged generators have their running statistics from: of these, 1 - 0.9^50 or 99.5 % count at the
 * usual momentum, 0.1. */
enum { STATISTICS_BATCHES = 50 };

static sgan_status take_statistics(struct sgan_trainer *t, size_t number)
{
	SGAN_TRY(sgan_feed_evenly(t, number, STATISTICS_BATCHES));
	return sgan_session_average_statistics(t->session, number);
}

sgan_status sgan_epoch_settle(struct sgan_trainer *t)
{
	if (t->state.stage == SGAN_STAGE_ENCODER || t->model->stacks[0].generator.average == NULL)
		return SGAN_OK;
	if (!(sgan_trainer_settings(t)->ema > 0)) {
		sgan_session_copy_averages(t->session);
		return SGAN_OK;
	}
	for (size_t i = 0; i < t->model->stack_count; i++)
		sgan_params_clear_statistics(t->model->stacks[i].generator.average);
	for (size_t k = 0; k < STATISTICS_BATCHES; k++)
		SGAN_TRY(take_statistics(t, k));
	return SGAN_OK;
}

/* --- the end --- */

/* Its means are the epoch's; the encoder shows its accuracy, the GANs their images. */
static sgan_status tell_epoch(struct sgan_trainer *t)
{
	struct sgan_progress progress = sgan_trainer_progress(t, SGAN_EVENT_EPOCH);
	sgan_meter_read(&t->epoch, &progress);
	SGAN_TRY(t->state.stage == SGAN_STAGE_ENCODER ? measure_accuracy(t, &progress.test_accuracy)
	                                              : measure_z_shares(t, &progress));
	sgan_trainer_emit(t, &progress);
	SGAN_TRY(sgan_report_line(t->log, &progress, t->session));
	return check_health(t, &progress);
}

/* Rank 0 alone measures, from the parameters that all have. */
sgan_status sgan_epoch_end(struct sgan_trainer *t)
{
	SGAN_TRY(sgan_epoch_settle(t));
	SGAN_TRY(sgan_together_tensors(t));
	const sgan_status status = sgan_trainer_leads(t) ? tell_epoch(t) : SGAN_OK;
	sgan_meter_clear(&t->epoch);
	return sgan_ranks_agree(t->options->ranks, status);
}

/* --- pictures --- */

static sgan_status draw_samples(struct sgan_trainer *t, size_t epoch)
{
	if (t->sampler == NULL)
		SGAN_TRY(sgan_sampler_create(t->ctx, t->model, &t->sampler));
	return sgan_samples_write(t->options->run, t->state.stage, epoch, t->options->preset, t->sampler);
}

void sgan_epoch_draw(struct sgan_trainer *t)
{
	const struct sgan_progress now = sgan_trainer_progress(t, SGAN_EVENT_EPOCH);
	if (t->state.stage == SGAN_STAGE_ENCODER || !sgan_trainer_leads(t))
		return;
	if (draw_samples(t, now.epoch) != SGAN_OK)
		sgan_trainer_warn(t, "no picture of the samples");
}

void sgan_epoch_draw_missing(struct sgan_trainer *t)
{
	char path[SGAN_PATH];
	const size_t epoch_steps = sgan_trainer_epoch_steps(t);
	const struct sgan_progress now = sgan_trainer_progress(t, SGAN_EVENT_EPOCH);
	const bool at_end = t->state.step > 0 && (now.step == now.steps || t->state.step % epoch_steps == 0);
	if (at_end && sgan_samples_path(t->options->run, t->state.stage, now.epoch, path) == SGAN_OK &&
	    access(path, F_OK) != 0)
		sgan_epoch_draw(t);
}

sgan_status sgan_epoch_judge_encoder(struct sgan_trainer *t)
{
	SGAN_TRY(sgan_session_create(t->ctx, t->model, SGAN_STAGE_ENCODER, &t->session));
	struct sgan_progress progress = { .event = SGAN_EVENT_EPOCH, .stage = SGAN_STAGE_ENCODER };
	sgan_status status = measure_accuracy(t, &progress.test_accuracy);
	if (status == SGAN_OK) {
		sgan_trainer_emit(t, &progress);
		status = sgan_report_line(t->log, &progress, t->session);
	}
	if (status == SGAN_OK)
		status = check_health(t, &progress);
	sgan_trainer_end_session(t);
	return status;
}

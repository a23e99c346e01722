/* The steps of a stage; when to log, to end an epoch, and to save.
 * It must not know which stages a run has, nor why it stops. */
#include "src/sgan/train/stage.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "src/cpu/status.h"
#include "src/sgan/model/finite.h"
#include "src/sgan/train/epoch.h"
#include "src/sgan/train/feed.h"
#include "src/sgan/train/limits.h"
#include "src/sgan/train/measures.h"
#include "src/sgan/train/report.h"
#include "src/sgan/train/together.h"

bool sgan_stage_left(const struct sgan_trainer *t)
{
	return t->state.step < sgan_stage_steps(sgan_trainer_settings(t), t->options->data->train.count);
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
	const double begin = sgan_trainer_now();
	SGAN_TRY(sgan_feed_step(t));
	t->session->lr_factor =
		sgan_stage_lr_factor(sgan_trainer_settings(t), t->options->data->train.count, t->state.step);
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
	const double seconds = sgan_trainer_now() - begin;
	sgan_meter_add(&t->interval, t->session, seconds);
	sgan_meter_add(&t->epoch, t->session, seconds);
	return SGAN_OK;
}

/* Ranks have the same losses and parameters, so what is found wrong with them all know. */
static sgan_status sound(struct sgan_trainer *t, sgan_status status)
{
	return status == SGAN_EDIVERGED ? sgan_ranks_agree(t->options->ranks, status) : status;
}

static sgan_status tell_interval(struct sgan_trainer *t)
{
	struct sgan_progress progress = sgan_trainer_progress(t, SGAN_EVENT_LOG);
	sgan_meter_read(&t->interval, &progress);
	sgan_trainer_emit(t, &progress);
	return sgan_report_line(t->log, &progress, t->session);
}

static sgan_status end_interval(struct sgan_trainer *t)
{
	SGAN_TRY(sgan_together_tensors(t));
	const sgan_status status = sgan_trainer_leads(t) ? tell_interval(t) : SGAN_OK;
	sgan_meter_clear(&t->interval);
	return sgan_ranks_agree(t->options->ranks, status);
}

/* What an epoch has made is saved before anything that could fail is done for show. */
static sgan_status end_epoch(struct sgan_trainer *t)
{
	SGAN_TRY(sgan_epoch_end(t));
	SGAN_TRY(sgan_ranks_agree(t->options->ranks, sgan_trainer_save(t)));
	sgan_epoch_draw(t);
	return SGAN_OK;
}

sgan_status sgan_stage_step(struct sgan_trainer *t)
{
	SGAN_TRY(sound(t, make_step(t)));
	struct sgan_progress progress = sgan_trainer_progress(t, SGAN_EVENT_STEP);
	sgan_meter_read_last(&t->interval, t->session, &progress);
	sgan_trainer_emit(t, &progress);
	const bool log = t->state.step % t->options->preset->log_interval == 0, limit = !sgan_stage_left(t);
	const bool epoch = limit || t->state.step % sgan_trainer_epoch_steps(t) == 0;
	if (log || epoch)
		SGAN_TRY(sound(t, sgan_model_check_finite(t->model, t->state.stage, t->state.step)));
	if (log)
		SGAN_TRY(end_interval(t));
	return epoch ? end_epoch(t) : SGAN_OK;
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
	SGAN_TRY(sgan_session_share(t->session, t->slice_begin, t->slice_end));
	SGAN_TRY(sgan_meter_create(t->session, &t->interval));
	SGAN_TRY(sgan_meter_create(t->session, &t->epoch));
	SGAN_TRY(sgan_ranks_agree(t->options->ranks, sgan_measures_restore_sums(t))); /* which rank 0 alone has */
	t->session->updates = t->state.updates;
	if (t->state.step == 0)
		sgan_session_copy_averages(t->session);
	struct sgan_progress progress = sgan_trainer_progress(t, SGAN_EVENT_STAGE);
	sgan_trainer_emit(t, &progress);
	sgan_epoch_draw_missing(t);
	return SGAN_OK;
}

/* The stage's own file holds all that it takes to go on with it, should it be given more epochs. */
sgan_status sgan_stage_end(struct sgan_trainer *t)
{
	const enum sgan_stage stage = t->state.stage;
	struct sgan_progress progress = sgan_trainer_progress(t, SGAN_EVENT_DONE);
	sgan_trainer_emit(t, &progress);
	t->state.trained[stage] = true;
	SGAN_TRY(sgan_ranks_agree(t->options->ranks, sgan_trainer_save_stage(t, stage)));
	sgan_trainer_end_session(t);
	t->state.stage = stage == sgan_last_stage(t->options->preset) ? SGAN_STAGE_COUNT : stage + 1;
	t->state.step = 0;
	t->state.updates = (struct sgan_updates){ .first = 0 };
	return sgan_ranks_agree(t->options->ranks, sgan_trainer_save(t));
}

/* A training run from its first stage to its last, or until it is to stop. */
#include "src/sgan/train/train.h"

#include <inttypes.h>

#include "src/cpu/status.h"
#include "src/sgan/train/epoch.h"
#include "src/sgan/train/report.h"
#include "src/sgan/train/stage.h"
#include "src/sgan/train/start.h"

static bool stop_wanted(const struct sgan_trainer *t)
{
	return t->options->stop != NULL && *t->options->stop != 0;
}

static bool steps_used_up(const struct sgan_trainer *t)
{
	return t->options->stop_after > 0 && t->steps_made >= t->options->stop_after;
}

/* A checkpoint between epochs. */
static sgan_status save_now(struct sgan_trainer *t)
{
	SGAN_TRY(sgan_epoch_settle(t));
	return sgan_trainer_save(t);
}

static sgan_status save_if_wanted(struct sgan_trainer *t)
{
	if (t->options->save == NULL || *t->options->save == 0)
		return SGAN_OK;
	*t->options->save = 0;
	return save_now(t);
}

static sgan_status run_stage(struct sgan_trainer *t)
{
	SGAN_TRY(sgan_stage_begin(t));
	while (sgan_stage_left(t)) {
		SGAN_TRY(sgan_stage_step(t));
		if (sgan_stage_left(t) && (stop_wanted(t) || steps_used_up(t))) {
			SGAN_TRY(save_now(t));
			return stop_wanted(t) ? sgan_fail(SGAN_EINTERRUPTED, "stopped at step %" PRIu64 " of stage %s",
			                                  t->state.step, sgan_stage_name(t->state.stage))
			                      : SGAN_OK;
		}
		if (sgan_stage_left(t))
			SGAN_TRY(save_if_wanted(t));
	}
	return sgan_stage_end(t);
}

static sgan_status report_start(const struct sgan_trainer *t)
{
	const struct sgan_progress progress = sgan_trainer_progress(t, SGAN_EVENT_STAGE);
	return sgan_report_start(t->log, &progress, t->ctx);
}

sgan_status sgan_train(sgan_ctx *ctx, const struct sgan_train_options *options)
{
	struct sgan_trainer t;
	sgan_status status = sgan_trainer_open(&t, ctx, options);
	if (status == SGAN_OK)
		status = sgan_trainer_start(&t);
	if (status == SGAN_OK && t.state.stage < SGAN_STAGE_COUNT)
		status = report_start(&t);
	while (status == SGAN_OK && t.state.stage < SGAN_STAGE_COUNT && !steps_used_up(&t)) {
		status = run_stage(&t);
		if (status == SGAN_OK && stop_wanted(&t) && t.state.stage < SGAN_STAGE_COUNT)
			status = sgan_fail(SGAN_EINTERRUPTED, "stopped before stage %s", sgan_stage_name(t.state.stage));
	}
	sgan_epoch_warn_again(&t); /* above all where training diverged or was stopped */
	return sgan_trainer_close(&t, status);
}

/* A training run from its first stage to its last, or until it is to stop. */
#include "src/sgan/train/train.h"

#include <inttypes.h>

#include "src/cpu/status.h"
#include "src/sgan/train/epoch.h"
#include "src/sgan/train/report.h"
#include "src/sgan/train/stage.h"
#include "src/sgan/train/start.h"
#include "src/sgan/train/together.h"

static bool steps_used_up(const struct sgan_trainer *t)
{
	return t->options->stop_after > 0 && t->steps_made >= t->options->stop_after;
}

/* A checkpoint between epochs. */
static sgan_status save_now(struct sgan_trainer *t)
{
	SGAN_TRY(sgan_epoch_settle(t));
	return sgan_ranks_agree(t->options->ranks, sgan_trainer_save(t));
}

static sgan_status run_stage(struct sgan_trainer *t)
{
	SGAN_TRY(sgan_stage_begin(t));
	while (sgan_stage_left(t)) {
		SGAN_TRY(sgan_stage_step(t));
		SGAN_TRY(sgan_together_signals(t));
		const bool end = t->stop || steps_used_up(t);
		if (sgan_stage_left(t) && (end || t->save))
			SGAN_TRY(save_now(t));
		if (sgan_stage_left(t) && end)
			return t->stop ? sgan_fail(SGAN_EINTERRUPTED, "stopped at step %" PRIu64 " of stage %s", t->state.step,
			                           sgan_stage_name(t->state.stage))
			               : SGAN_OK;
	}
	return sgan_stage_end(t);
}

static sgan_status report_start(const struct sgan_trainer *t)
{
	if (!sgan_trainer_leads(t))
		return SGAN_OK;
	const struct sgan_progress progress = sgan_trainer_progress(t, SGAN_EVENT_STAGE);
	return sgan_report_start(t->log, &progress, t->ctx, sgan_ranks_count(t->options->ranks));
}

/* From where the run stands, as far as it is to go now. */
static sgan_status run_stages(struct sgan_trainer *t)
{
	if (t->state.stage < SGAN_STAGE_COUNT)
		SGAN_TRY(sgan_ranks_agree(t->options->ranks, report_start(t)));
	while (t->state.stage < SGAN_STAGE_COUNT && !steps_used_up(t)) {
		SGAN_TRY(run_stage(t));
		SGAN_TRY(sgan_together_signals(t));
		if (t->stop && t->state.stage < SGAN_STAGE_COUNT)
			return sgan_fail(SGAN_EINTERRUPTED, "stopped before stage %s", sgan_stage_name(t->state.stage));
	}
	return SGAN_OK;
}

sgan_status sgan_train(sgan_ctx *ctx, const struct sgan_train_options *options)
{
	struct sgan_trainer t;
	sgan_status status = sgan_ranks_agree(options->ranks, sgan_trainer_open(&t, ctx, options));
	if (status == SGAN_OK)
		status = sgan_trainer_start(&t);
	if (status == SGAN_OK)
		status = run_stages(&t);
	sgan_epoch_warn_again(&t); /* above all where training diverged or was stopped */
	const bool same = status == SGAN_OK || status == SGAN_EINTERRUPTED; /* as in all ranks */
	if (!same && !sgan_ranks_agreed(options->ranks))
		return status; /* messages may be on their way into what would be freed; the process ends soon */
	status = sgan_trainer_close(&t, status);
	return same ? sgan_ranks_agree(options->ranks, status) : status;
}

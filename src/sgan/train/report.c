/* The lines of stats.jsonl. */
#include "src/sgan/train/report.h"

#include <stdio.h>

#include "src/cpu/cgroup.h"
#include "src/exec/ctx.h"
#include "src/ops/ops.h"

double sgan_batch_variance(size_t n, size_t size, const real *x)
{
	double total = 0;
	for (size_t j = 0; j < size; j++) {
		double mean = 0, m2 = 0;
		for (size_t i = 0; i < n; i++)
			mean += x[i * size + j];
		mean /= (double)n;
		for (size_t i = 0; i < n; i++)
			m2 += (x[i * size + j] - mean) * (x[i * size + j] - mean);
		total += m2 / (double)n;
	}
	return total / (double)size;
}

static void log_variances(struct sgan_log *log, const struct sgan_session *session)
{
	for (size_t i = 0; i < session->model->stack_count; i++) {
		const size_t size = session->model->stacks[i].lower_size;
		char h[24], key[48];
		if (i == 0)
			snprintf(h, sizeof h, "x");
		else
			snprintf(h, sizeof h, "h%zu", i);
		snprintf(key, sizeof key, "var_%s_real", h);
		sgan_log_number(log, key, sgan_batch_variance(session->batch.n, size, sgan_session_real(session, i)));
		snprintf(key, sizeof key, "var_%s_generated", h);
		sgan_log_number(log, key, sgan_batch_variance(session->batch.n, size, sgan_session_generated(session, i)));
	}
}

static void log_z_shares(struct sgan_log *log, const struct sgan_progress *progress)
{
	for (size_t i = 0; i < progress->stack_count; i++) {
		char key[32];
		snprintf(key, sizeof key, "z_share_g%zu", i);
		sgan_log_number(log, key, progress->z_shares[i]);
	}
}

/* A line begins with where the run stands. */
static void begin_line(struct sgan_log *log, const struct sgan_progress *progress)
{
	sgan_log_begin(log);
	sgan_log_text(log, "stage", sgan_stage_name(progress->stage));
	sgan_log_integer(log, "epoch", (int64_t)progress->epoch);
	sgan_log_integer(log, "step", (int64_t)progress->step);
}

sgan_status sgan_report_start(struct sgan_log *log, const struct sgan_progress *progress, const sgan_ctx *ctx,
                              size_t ranks)
{
	begin_line(log, progress);
	sgan_log_text(log, "isa", sgan_isa_name(sgan_ctx_isa(ctx)));
	if (ranks > 1)
		sgan_log_integer(log, "ranks", (int64_t)ranks);
	sgan_log_integer(log, "threads", sgan_ctx_threads(ctx));
	sgan_log_integer(log, "cpus", ctx->cpus);
	sgan_log_number(log, "load", sgan_machine_load());
	return sgan_log_end(log);
}

sgan_status sgan_report_warning(struct sgan_log *log, const struct sgan_progress *progress)
{
	begin_line(log, progress);
	sgan_log_text(log, "warning", progress->warning);
	return sgan_log_end(log);
}

sgan_status sgan_report_line(struct sgan_log *log, const struct sgan_progress *progress,
                             const struct sgan_session *session)
{
	begin_line(log, progress);
	if (progress->event == SGAN_EVENT_EPOCH && progress->epoch_whole)
		sgan_log_integer(log, "epoch_done", 1);
	sgan_log_number(log, "images_per_second", progress->images_per_second);
	for (size_t i = 0; i < progress->loss_count; i++)
		sgan_log_number(log, progress->losses[i].name, progress->losses[i].value);
	if (progress->test_accuracy >= 0)
		sgan_log_number(log, "test_accuracy", progress->test_accuracy);
	log_z_shares(log, progress);
	if (progress->stage != SGAN_STAGE_ENCODER)
		log_variances(log, session);
	return sgan_log_end(log);
}

/* The bias gradient: sums of columns, chunk by chunk, added in order; by itself, or behind an activation whose
 * gradient is taken while the chunk is in cache. */
#include <string.h>

#include "src/exec/ctx.h"
#include "src/ops/args.h"
#include "src/ops/chunks.h"
#include "src/ops/ops.h"

struct bias_job {
	const struct sgan_kernels *kernels;
	struct row_chunks chunks;
	size_t channels;
	const real *diff;
	real *slices;    /* [slices][channels] */
	real *sums;      /* [chunks of the range][channels] */
	const real *dst; /* of an activation */
	sgan_act act;
	real slope;
	real *diff_act; /* its gradient, in place; then diff is the same */
};

static void bias_chunk(void *arg, size_t chunk, int worker)
{
	const struct bias_job *job = arg;
	struct row_range rows = sgan_row_chunk(&job->chunks, chunk);

	(void)worker;
	if (!rows.count) {
		memset(job->sums + chunk * job->channels, 0, job->channels * sizeof(real));
		return;
	}
	job->kernels->col_sum(rows.count, job->channels, job->diff + rows.first * job->channels, job->channels, false,
	                      job->sums + chunk * job->channels);
}

static void act_bias_chunk(void *arg, size_t chunk, int worker)
{
	const struct bias_job *job = arg;
	struct row_range rows = sgan_row_chunk(&job->chunks, chunk);
	size_t first = rows.first * job->channels;

	if (rows.count)
		job->kernels->act_grad(rows.count * job->channels, job->dst + first, job->diff_act + first, job->act,
		                       job->slope, job->diff_act + first);
	bias_chunk(arg, chunk, worker);
}

/* Each slice of the range: its chunks in order. */
static void sum_slices(const struct bias_job *job)
{
	const struct row_chunks *c = &job->chunks;
	const real *sum = job->sums;

	for (size_t slice = c->batch.begin; slice < c->batch.end; slice++) {
		real *to = job->slices + slice * job->channels;
		memcpy(to, sum, job->channels * sizeof(real));
		sum += job->channels;
		for (size_t i = 1; i < c->per_slice; i++, sum += job->channels)
			job->kernels->add(job->channels, sum, to);
	}
}

/* All slices in order; what diff_bias holds takes in their total once. */
static void add_slices(const struct bias_job *job, bool accumulate, real *diff_bias)
{
	real *total = job->slices; /* the first slice's */

	for (size_t slice = 1; slice < job->chunks.batch.slices; slice++)
		job->kernels->add(job->channels, job->slices + slice * job->channels, total);
	if (accumulate)
		job->kernels->add(job->channels, total, diff_bias);
	else
		memcpy(diff_bias, total, job->channels * sizeof(real));
}

static sgan_status run(sgan_ctx *ctx, struct bias_job *job, void (*chunk)(void *, size_t, int), bool accumulate,
                       real *diff_bias)
{
	const sgan_batch batch = job->chunks.batch;
	size_t total = sgan_row_chunk_total(&job->chunks), bytes;

	if (total > SIZE_MAX - batch.slices || !sgan_size_mul3(batch.slices + total, job->channels, sizeof(real), &bytes))
		return sgan_fail(SGAN_EINVAL, "bias gradient: %zu sums of %zu channels are too large to address", total,
		                 job->channels);
	job->kernels = ctx->kernels;
	job->slices = sgan_ctx_scratch(ctx, bytes);
	if (!job->slices)
		return SGAN_ENOMEM;
	job->sums = job->slices + batch.slices * job->channels;
	sgan_parallel_for(ctx, total, chunk, job);
	sum_slices(job);
	const sgan_partials partials = {
		sgan_element_of_real(), job->channels, batch.slices, batch.begin, batch.end, job->slices
	};
	SGAN_TRY(sgan_combine(ctx, &partials));
	add_slices(job, accumulate, diff_bias);
	return SGAN_OK;
}

sgan_status sgan_bias_backward(sgan_ctx *ctx, sgan_batch batch, size_t pixels, size_t channels, const sgan_real *diff,
                               bool accumulate, sgan_real *diff_bias)
{
	static const char what[] = "bias gradient";
	struct bias_job job = { .channels = channels, .diff = diff };
	size_t elements;

	SGAN_TRY(sgan_check_ctx(what, ctx));
	SGAN_TRY(sgan_check_summed(what, ctx, batch));
	SGAN_TRY(sgan_elements(what, batch.n, pixels, channels, &elements));
	if (!channels)
		return SGAN_OK;
	SGAN_NEED(what, diff_bias);
	if (elements)
		SGAN_NEED_IMAGES(what, batch, diff);
	job.chunks = sgan_row_chunks(ctx->kernels, batch, pixels, channels);
	return run(ctx, &job, bias_chunk, accumulate, diff_bias);
}

sgan_status sgan_act_bias_backward(sgan_ctx *ctx, sgan_batch batch, size_t pixels, size_t channels, const real *dst,
                                   sgan_act act, real slope, real *diff, real *diff_bias)
{
	struct bias_job job = {
		.chunks = sgan_row_chunks(ctx->kernels, batch, pixels, channels),
		.channels = channels,
		.diff = diff,
		.dst = dst,
		.act = act,
		.slope = slope,
		.diff_act = diff,
	};

	return run(ctx, &job, act_bias_chunk, true, diff_bias);
}

/* The bias gradient: sums of columns, chunk by chunk, added in order; by itself, or behind an activation whose
 * gradient is taken while the chunk is in cache. */
#include "src/exec/ctx.h"
#include "src/ops/args.h"
#include "src/ops/chunks.h"
#include "src/ops/ops.h"

#include <string.h>

struct bias_job {
	const struct sgan_kernels *kernels;
	struct row_chunks chunks;
	size_t channels;
	const real *diff;
	real *sums;      /* [chunks][channels] */
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
	job->kernels->col_sum(rows.count, job->channels, job->diff + rows.first * job->channels, job->channels, false,
	                      job->sums + chunk * job->channels);
}

static void act_bias_chunk(void *arg, size_t chunk, int worker)
{
	const struct bias_job *job = arg;
	struct row_range rows = sgan_row_chunk(&job->chunks, chunk);
	size_t first = rows.first * job->channels;

	job->kernels->act_grad(rows.count * job->channels, job->dst + first, job->diff_act + first, job->act, job->slope,
	                       job->diff_act + first);
	bias_chunk(arg, chunk, worker);
}

/* Slices are summed by themselves first, so that whoever owns a slice can sum it, then added in order; what diff_bias
 * holds takes in their total once. */
static void combine(const struct bias_job *job, bool accumulate, real *diff_bias)
{
	real *total = job->sums; /* the first slice's */

	for (size_t slice = 0; slice < job->chunks.slices; slice++) {
		real *sum = job->sums + slice * job->chunks.per_slice * job->channels;
		for (size_t i = 1; i < job->chunks.per_slice; i++)
			job->kernels->add(job->channels, sum + i * job->channels, sum);
		if (slice)
			job->kernels->add(job->channels, sum, total);
	}
	if (accumulate)
		job->kernels->add(job->channels, total, diff_bias);
	else
		memcpy(diff_bias, total, job->channels * sizeof(real));
}

static sgan_status run(sgan_ctx *ctx, struct bias_job *job, const struct row_chunks *chunks,
                       void (*chunk)(void *, size_t, int), bool accumulate, real *diff_bias)
{
	size_t total = sgan_row_chunk_total(chunks), bytes;

	if (!sgan_size_mul3(total, job->channels, sizeof(real), &bytes))
		return sgan_fail(SGAN_EINVAL, "bias gradient: %zu sums of %zu channels are too large to address", total,
		                 job->channels);
	job->kernels = ctx->kernels;
	job->chunks = *chunks;
	job->sums = sgan_ctx_scratch(ctx, bytes);
	if (!job->sums)
		return SGAN_ENOMEM;
	sgan_parallel_for(ctx, total, chunk, job);
	combine(job, accumulate, diff_bias);
	return SGAN_OK;
}

sgan_status sgan_bias_backward(sgan_ctx *ctx, size_t n, size_t pixels, size_t channels, size_t slices,
                               const sgan_real *diff, bool accumulate, sgan_real *diff_bias)
{
	static const char what[] = "bias gradient";
	struct bias_job job = { .channels = channels, .diff = diff };
	struct row_chunks chunks;
	size_t elements;

	SGAN_NEED(what, ctx);
	SGAN_TRY(sgan_check_slices(what, slices));
	SGAN_TRY(sgan_elements(what, n, pixels, channels, &elements));
	if (!channels)
		return SGAN_OK;
	SGAN_NEED(what, diff_bias);
	if (elements)
		SGAN_NEED(what, diff);
	chunks = sgan_row_chunks(ctx->kernels, n, pixels, channels, slices);
	return run(ctx, &job, &chunks, bias_chunk, accumulate, diff_bias);
}

sgan_status sgan_act_bias_backward(sgan_ctx *ctx, size_t n, size_t pixels, size_t channels, size_t slices,
                                   const real *dst, sgan_act act, real slope, real *diff, real *diff_bias)
{
	struct bias_job job = {
		.channels = channels, .diff = diff, .dst = dst, .act = act, .slope = slope, .diff_act = diff
	};
	struct row_chunks chunks = sgan_row_chunks(ctx->kernels, n, pixels, channels, slices);

	return run(ctx, &job, &chunks, act_bias_chunk, true, diff_bias);
}

/* Concatenation: rows side by side, and apart again. It moves values and computes none. */
#include <string.h>

#include "src/exec/ctx.h"
#include "src/ops/args.h"
#include "src/ops/ops.h"

enum { ROWS = 256 }; /* of a chunk */

struct concat_job {
	struct sgan_image_range rows;
	size_t channels_a, channels_b;
	const real *a, *b;
	real *dst;
	const real *diff_dst;
	real *diff_a, *diff_b;
};

static size_t concat_chunks(const struct concat_job *job)
{
	return job->rows.count / ROWS + (job->rows.count % ROWS != 0);
}

static size_t first_row(const struct concat_job *job, size_t chunk)
{
	return job->rows.first + chunk * ROWS;
}

static size_t end_row(const struct concat_job *job, size_t chunk)
{
	size_t left = job->rows.count - chunk * ROWS;

	return first_row(job, chunk) + (left < ROWS ? left : ROWS);
}

static void concat_chunk(void *arg, size_t chunk, int worker)
{
	const struct concat_job *job = arg;
	size_t width = job->channels_a + job->channels_b;

	(void)worker;
	for (size_t r = first_row(job, chunk); r < end_row(job, chunk); r++) {
		if (job->channels_a)
			memcpy(job->dst + r * width, job->a + r * job->channels_a, job->channels_a * sizeof(real));
		if (job->channels_b)
			memcpy(job->dst + r * width + job->channels_a, job->b + r * job->channels_b,
			       job->channels_b * sizeof(real));
	}
}

static sgan_status check_concat(const char *what, const sgan_ctx *ctx, sgan_batch batch, size_t channels_a,
                                size_t channels_b)
{
	size_t elements;

	SGAN_TRY(sgan_check_ctx(what, ctx));
	if (channels_a > SIZE_MAX - channels_b)
		return sgan_fail(SGAN_EINVAL, "%s: rows of %zu and %zu values are too long to address", what, channels_a,
		                 channels_b);
	SGAN_TRY(sgan_check_batch(what, batch));
	return sgan_elements(what, batch.n, channels_a + channels_b, 1, &elements);
}

sgan_status sgan_concat_forward(sgan_ctx *ctx, sgan_batch batch, size_t channels_a, const sgan_real *a,
                                size_t channels_b, const sgan_real *b, sgan_real *dst)
{
	static const char what[] = "concatenation";
	struct concat_job job = { .channels_a = channels_a, .channels_b = channels_b, .a = a, .b = b, .dst = dst };

	SGAN_TRY(check_concat(what, ctx, batch, channels_a, channels_b));
	job.rows = sgan_batch_images(batch);
	if (!job.rows.count || channels_a + channels_b == 0)
		return SGAN_OK;
	if (channels_a)
		SGAN_NEED(what, a);
	if (channels_b)
		SGAN_NEED(what, b);
	SGAN_NEED(what, dst);
	sgan_parallel_for(ctx, concat_chunks(&job), concat_chunk, &job);
	return SGAN_OK;
}

static void concat_grad_chunk(void *arg, size_t chunk, int worker)
{
	const struct concat_job *job = arg;
	size_t width = job->channels_a + job->channels_b;

	(void)worker;
	for (size_t r = first_row(job, chunk); r < end_row(job, chunk); r++) {
		const real *row = job->diff_dst + r * width;
		if (job->diff_a)
			memcpy(job->diff_a + r * job->channels_a, row, job->channels_a * sizeof(real));
		if (job->diff_b)
			memcpy(job->diff_b + r * job->channels_b, row + job->channels_a, job->channels_b * sizeof(real));
	}
}

sgan_status sgan_concat_backward(sgan_ctx *ctx, sgan_batch batch, size_t channels_a, sgan_real *diff_a,
                                 size_t channels_b, sgan_real *diff_b, const sgan_real *diff_dst)
{
	static const char what[] = "concatenation's gradient";
	struct concat_job job = {
		.channels_a = channels_a,
		.channels_b = channels_b,
		.diff_dst = diff_dst,
		.diff_a = diff_a,
		.diff_b = diff_b,
	};

	SGAN_TRY(check_concat(what, ctx, batch, channels_a, channels_b));
	job.rows = sgan_batch_images(batch);
	if (!job.rows.count || !((diff_a && channels_a) || (diff_b && channels_b)))
		return SGAN_OK;
	SGAN_NEED(what, diff_dst);
	sgan_parallel_for(ctx, concat_chunks(&job), concat_grad_chunk, &job);
	return SGAN_OK;
}

/* Pooling and concatenation: what moves values about. */
#include "src/exec/ctx.h"
#include "src/ops/args.h"
#include "src/ops/ops.h"

#include <string.h>

struct pool_job {
	const struct sgan_kernels *kernels;
	struct sgan_image_range images;
	size_t h, w, channels, size;
	const real *from;
	real *to;
	uint8_t *which;
	const uint8_t *winners;
};

static size_t large_image(const struct pool_job *job)
{
	return job->h * job->w * job->channels;
}

static size_t small_image(const struct pool_job *job)
{
	return (job->h / job->size) * (job->w / job->size) * job->channels;
}

/* A chunk is one image of the range. */
static void pool_chunk(void *arg, size_t chunk, int worker)
{
	const struct pool_job *job = arg;
	size_t image = job->images.first + chunk;

	(void)worker;
	job->kernels->maxpool(job->h, job->w, job->channels, job->size, job->from + image * large_image(job),
	                      job->to + image * small_image(job), job->which + image * small_image(job));
}

static void pool_grad_chunk(void *arg, size_t chunk, int worker)
{
	const struct pool_job *job = arg;
	size_t image = job->images.first + chunk;

	(void)worker;
	job->kernels->maxpool_grad(job->h, job->w, job->channels, job->size, job->from + image * small_image(job),
	                           job->winners + image * small_image(job), job->to + image * large_image(job));
}

static sgan_status check_pool(const char *what, const sgan_ctx *ctx, sgan_batch batch, const struct pool_job *job)
{
	size_t pixels;

	SGAN_NEED(what, ctx);
	if (job->size < 1 || job->size > 16 || job->size > job->h || job->size > job->w || !job->channels)
		return sgan_fail(SGAN_EINVAL,
		                 "%s: windows of %zux%zu in images of %zux%zux%zu, expected 1x1 to 16x16 inside one", what,
		                 job->size, job->size, job->h, job->w, job->channels);
	SGAN_TRY(sgan_check_batch(what, batch));
	SGAN_TRY(sgan_elements(what, job->h, job->w, job->channels, &pixels));
	return sgan_elements(what, batch.n, pixels, 1, &pixels);
}

sgan_status sgan_maxpool_forward(sgan_ctx *ctx, sgan_batch batch, size_t h, size_t w, size_t channels, size_t size,
                                 const sgan_real *src, sgan_real *dst, uint8_t *which)
{
	static const char what[] = "max pooling";
	struct pool_job job = {
		.h = h, .w = w, .channels = channels, .size = size, .from = src, .to = dst, .which = which
	};

	SGAN_TRY(check_pool(what, ctx, batch, &job));
	if (!batch.n)
		return SGAN_OK;
	SGAN_NEED(what, src);
	SGAN_NEED(what, dst);
	SGAN_NEED(what, which);
	job.kernels = ctx->kernels;
	job.images = sgan_batch_images(batch);
	sgan_parallel_for(ctx, job.images.count, pool_chunk, &job);
	return SGAN_OK;
}

sgan_status sgan_maxpool_backward(sgan_ctx *ctx, sgan_batch batch, size_t h, size_t w, size_t channels, size_t size,
                                  const sgan_real *diff_dst, const uint8_t *which, sgan_real *diff_src)
{
	static const char what[] = "max pooling's gradient";
	struct pool_job job = {
		.h = h, .w = w, .channels = channels, .size = size, .from = diff_dst, .to = diff_src, .winners = which
	};

	SGAN_TRY(check_pool(what, ctx, batch, &job));
	if (!batch.n)
		return SGAN_OK;
	SGAN_NEED(what, diff_dst);
	SGAN_NEED(what, which);
	SGAN_NEED(what, diff_src);
	job.kernels = ctx->kernels;
	job.images = sgan_batch_images(batch);
	sgan_parallel_for(ctx, job.images.count, pool_grad_chunk, &job);
	return SGAN_OK;
}

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

	SGAN_NEED(what, ctx);
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
	if (!batch.n || channels_a + channels_b == 0)
		return SGAN_OK;
	if (channels_a)
		SGAN_NEED(what, a);
	if (channels_b)
		SGAN_NEED(what, b);
	SGAN_NEED(what, dst);
	job.rows = sgan_batch_images(batch);
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
	if (!batch.n || channels_a + channels_b == 0)
		return SGAN_OK;
	SGAN_NEED(what, diff_dst);
	job.rows = sgan_batch_images(batch);
	sgan_parallel_for(ctx, concat_chunks(&job), concat_grad_chunk, &job);
	return SGAN_OK;
}

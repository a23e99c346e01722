/* Pooling and concatenation: what moves values about. */
#include "src/cpu/ctx.h"
#include "src/ops/ops.h"

#include <string.h>

struct pool_job {
	const struct sgan_kernels *kernels;
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

/* A chunk is one image. */
static void pool_chunk(void *arg, size_t image, int worker)
{
	const struct pool_job *job = arg;

	(void)worker;
	job->kernels->maxpool(job->h, job->w, job->channels, job->size, job->from + image * large_image(job),
	                      job->to + image * small_image(job), job->which + image * small_image(job));
}

static void pool_grad_chunk(void *arg, size_t image, int worker)
{
	const struct pool_job *job = arg;

	(void)worker;
	job->kernels->maxpool_grad(job->h, job->w, job->channels, job->size, job->from + image * small_image(job),
	                           job->winners + image * small_image(job), job->to + image * large_image(job));
}

void sgan_maxpool_forward(sgan_ctx *ctx, size_t n, size_t h, size_t w, size_t channels, size_t size, const real *src,
                          real *dst, uint8_t *which)
{
	struct pool_job job = { ctx->kernels, h, w, channels, size, src, dst, which, NULL };

	sgan_parallel_for(ctx, n, pool_chunk, &job);
}

void sgan_maxpool_backward(sgan_ctx *ctx, size_t n, size_t h, size_t w, size_t channels, size_t size,
                           const real *diff_dst, const uint8_t *which, real *diff_src)
{
	struct pool_job job = { ctx->kernels, h, w, channels, size, diff_dst, diff_src, NULL, which };

	sgan_parallel_for(ctx, n, pool_grad_chunk, &job);
}

enum { ROWS = 256 }; /* of a chunk */

struct concat_job {
	size_t rows, channels_a, channels_b;
	const real *a, *b;
	real *dst;
	const real *diff_dst;
	real *diff_a, *diff_b;
};

static size_t last_row(const struct concat_job *job, size_t chunk)
{
	return job->rows - chunk * ROWS < ROWS ? job->rows : (chunk + 1) * ROWS;
}

static void concat_chunk(void *arg, size_t chunk, int worker)
{
	const struct concat_job *job = arg;
	size_t width = job->channels_a + job->channels_b;

	(void)worker;
	for (size_t r = chunk * ROWS; r < last_row(job, chunk); r++) {
		memcpy(job->dst + r * width, job->a + r * job->channels_a, job->channels_a * sizeof(real));
		memcpy(job->dst + r * width + job->channels_a, job->b + r * job->channels_b, job->channels_b * sizeof(real));
	}
}

void sgan_concat_forward(sgan_ctx *ctx, size_t rows, size_t channels_a, const real *a, size_t channels_b, const real *b,
                         real *dst)
{
	struct concat_job job = {
		.rows = rows, .channels_a = channels_a, .channels_b = channels_b, .a = a, .b = b, .dst = dst
	};

	sgan_parallel_for(ctx, rows / ROWS + (rows % ROWS != 0), concat_chunk, &job);
}

static void concat_grad_chunk(void *arg, size_t chunk, int worker)
{
	const struct concat_job *job = arg;
	size_t width = job->channels_a + job->channels_b;

	(void)worker;
	for (size_t r = chunk * ROWS; r < last_row(job, chunk); r++) {
		const real *row = job->diff_dst + r * width;
		if (job->diff_a)
			memcpy(job->diff_a + r * job->channels_a, row, job->channels_a * sizeof(real));
		if (job->diff_b)
			memcpy(job->diff_b + r * job->channels_b, row + job->channels_a, job->channels_b * sizeof(real));
	}
}

void sgan_concat_backward(sgan_ctx *ctx, size_t rows, size_t channels_a, real *diff_a, size_t channels_b, real *diff_b,
                          const real *diff_dst)
{
	struct concat_job job = {
		.rows = rows,
		.channels_a = channels_a,
		.channels_b = channels_b,
		.diff_dst = diff_dst,
		.diff_a = diff_a,
		.diff_b = diff_b,
	};

	sgan_parallel_for(ctx, rows / ROWS + (rows % ROWS != 0), concat_grad_chunk, &job);
}

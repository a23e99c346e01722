/* Global average pooling: [n, pixels, channels] -> [n, channels]. A chunk is one image of the range. */
#include "src/exec/ctx.h"
#include "src/ops/ops.h"

struct avgpool_job {
	const struct sgan_kernels *kernels;
	size_t first; /* image of the range */
	size_t pixels, channels;
	const real *src;
	real *dst, *diff_dst, *diff_src;
	bool accumulate;
};

static void divide(size_t channels, size_t pixels, real *values)
{
	for (size_t c = 0; c < channels; c++)
		values[c] /= (real)pixels;
}

static void forward_chunk(void *arg, size_t chunk, int worker)
{
	const struct avgpool_job *job = arg;
	size_t image = job->first + chunk;
	real *dst = job->dst + image * job->channels;
	(void)worker;
	job->kernels->col_sum(job->pixels, job->channels, job->src + image * job->pixels * job->channels, job->channels,
	                      false, dst);
	divide(job->channels, job->pixels, dst);
}

void sgan_avgpool_forward(sgan_ctx *ctx, sgan_batch batch, size_t pixels, size_t channels, const real *src, real *dst)
{
	const struct sgan_image_range images = sgan_batch_images(batch);
	struct avgpool_job job = {
		.kernels = ctx->kernels, .first = images.first, .pixels = pixels, .channels = channels, .src = src, .dst = dst
	};
	sgan_parallel_for(ctx, images.count, forward_chunk, &job);
}

static void backward_chunk(void *arg, size_t chunk, int worker)
{
	const struct avgpool_job *job = arg;
	size_t image = job->first + chunk;
	real *row = job->diff_dst + image * job->channels;
	real *diff = job->diff_src + image * job->pixels * job->channels;
	(void)worker;
	divide(job->channels, job->pixels, row);
	if (!job->accumulate)
		job->kernels->copy(job->pixels, job->channels, row, 0, diff, (ptrdiff_t)job->channels);
	for (size_t p = 0; job->accumulate && p < job->pixels; p++)
		job->kernels->add(job->channels, row, diff + p * job->channels);
}

void sgan_avgpool_backward(sgan_ctx *ctx, sgan_batch batch, size_t pixels, size_t channels, real *diff_dst,
                           bool accumulate, real *diff_src)
{
	const struct sgan_image_range images = sgan_batch_images(batch);
	struct avgpool_job job = { .kernels = ctx->kernels,
	                           .first = images.first,
	                           .pixels = pixels,
	                           .channels = channels,
	                           .diff_dst = diff_dst,
	                           .diff_src = diff_src,
	                           .accumulate = accumulate };
	sgan_parallel_for(ctx, images.count, backward_chunk, &job);
}

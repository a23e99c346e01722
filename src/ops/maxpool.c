/* Max pooling, an image at a time. It must not know what the images are of. */
#include "src/exec/ctx.h"
#include "src/ops/args.h"
#include "src/ops/ops.h"

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

	SGAN_TRY(sgan_check_ctx(what, ctx));
	if (job->size < 1 || job->size > 16 || job->size > job->h || job->size > job->w)
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
	job.images = sgan_batch_images(batch);
	if (!job.images.count || !channels)
		return SGAN_OK;
	SGAN_NEED(what, src);
	SGAN_NEED(what, dst);
	SGAN_NEED(what, which);
	job.kernels = ctx->kernels;
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
	job.images = sgan_batch_images(batch);
	if (!job.images.count || !channels)
		return SGAN_OK;
	SGAN_NEED(what, diff_dst);
	SGAN_NEED(what, which);
	SGAN_NEED(what, diff_src);
	job.kernels = ctx->kernels;
	sgan_parallel_for(ctx, job.images.count, pool_grad_chunk, &job);
	return SGAN_OK;
}

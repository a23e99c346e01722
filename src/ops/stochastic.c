/* Gaussian noise and dropout over a batch: one pass each, numbers by counter, drawn where they are used. */
#include <math.h>

#include "src/exec/ctx.h"
#include "src/ops/draw.h"

struct stochastic_job {
	const struct sgan_kernels *kernels;
	struct sgan_random random;
	struct sgan_draw_range range; /* element e of image i is element i * size + e of the stream and of the tensors */
	uint32_t threshold;
	real scale;
	const real *src;
	real *dst;
};

static void run(sgan_ctx *ctx, struct stochastic_job *job, sgan_batch batch, size_t size,
                void (*chunk)(void *, size_t, int))
{
	const struct sgan_image_range images = sgan_batch_images(batch);
	job->kernels = ctx->kernels;
	job->range = (struct sgan_draw_range){ images.first * size, images.count * size };
	sgan_parallel_for(ctx, sgan_draw_chunks(job->range), chunk, job);
}

static void noise_chunk(void *arg, size_t chunk, int worker)
{
	const struct stochastic_job *job = arg;
	const struct sgan_draw_range range = sgan_draw_chunk(job->range, chunk);
	(void)worker;
	sgan_draw(job->kernels->normal, &job->random, range, job->dst + range.first);
	job->kernels->scale_add(range.count, job->scale, job->src + range.first, job->dst + range.first);
}

void sgan_noise(sgan_ctx *ctx, const struct sgan_random *random, sgan_batch batch, size_t size, real sigma,
                const real *src, real *dst)
{
	struct stochastic_job job = { .random = *random, .scale = sigma, .src = src, .dst = dst };
	run(ctx, &job, batch, size, noise_chunk);
}

static void dropout(const struct stochastic_job *job, size_t first, size_t count, const real *src, real *dst)
{
	const struct sgan_random *r = &job->random;
	job->kernels->dropout(r->seed, r->stream, r->step, first, count, job->threshold, job->scale, src, dst);
}

/* The kernel makes masks for whole groups; a chunk that begins inside one has its head masked in a copy. */
static void dropout_chunk(void *arg, size_t chunk, int worker)
{
	const struct stochastic_job *job = arg;
	const struct sgan_draw_range range = sgan_draw_chunk(job->range, chunk);
	const size_t before = range.first % SGAN_DROPOUT_GROUP;
	size_t head = before ? SGAN_DROPOUT_GROUP - before : 0;
	(void)worker;
	head = head < range.count ? head : range.count;
	if (head) {
		real group[SGAN_DROPOUT_GROUP] = { 0 };
		memcpy(group + before, job->src + range.first, head * sizeof(real));
		dropout(job, range.first - before, before + head, group, group);
		memcpy(job->dst + range.first, group + before, head * sizeof(real));
	}
	if (range.count > head)
		dropout(job, range.first + head, range.count - head, job->src + range.first + head,
		        job->dst + range.first + head);
}

void sgan_dropout(sgan_ctx *ctx, const struct sgan_random *random, sgan_batch batch, size_t size, double rate,
                  const real *src, real *dst)
{
	const double threshold = fmin(fmax(round(rate * 65536), 0), 65535);
	struct stochastic_job job = { .random = *random,
		                          .threshold = (uint32_t)threshold,
		                          .scale = (real)(65536 / (65536 - threshold)),
		                          .src = src,
		                          .dst = dst };
	run(ctx, &job, batch, size, dropout_chunk);
}

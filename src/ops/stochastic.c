/* Gaussian noise and dropout over a batch: one pass each, numbers by counter, drawn where they are used. */
#include <math.h>

#include "src/exec/ctx.h"
#include "src/ops/ops.h"

/* Elements of a chunk, which stay in the first-level cache; whole dropout groups. */
enum { CHUNK = 1 << 12 };
_Static_assert(CHUNK % SGAN_DROPOUT_GROUP == 0 && CHUNK % 4 == 0, "chunks begin where the kernels may");

struct stochastic_job {
	const struct sgan_kernels *kernels;
	struct sgan_random random;
	size_t count;
	uint32_t threshold;
	real scale;
	const real *src;
	real *dst;
};

static size_t chunk_count(const struct stochastic_job *job, size_t chunk)
{
	const size_t left = job->count - chunk * CHUNK;
	return left < CHUNK ? left : CHUNK;
}

static void run(sgan_ctx *ctx, struct stochastic_job *job, void (*chunk)(void *, size_t, int))
{
	job->kernels = ctx->kernels;
	sgan_parallel_for(ctx, job->count / CHUNK + (job->count % CHUNK != 0), chunk, job);
}

static void noise_chunk(void *arg, size_t chunk, int worker)
{
	const struct stochastic_job *job = arg;
	const size_t first = chunk * CHUNK, count = chunk_count(job, chunk);
	const struct sgan_random *r = &job->random;
	(void)worker;
	job->kernels->normal(r->seed, r->stream, r->step, first, count, job->dst + first);
	job->kernels->scale_add(count, job->scale, job->src + first, job->dst + first);
}

void sgan_noise(sgan_ctx *ctx, const struct sgan_random *random, size_t count, real sigma, const real *src, real *dst)
{
	struct stochastic_job job = { .random = *random, .count = count, .scale = sigma, .src = src, .dst = dst };
	run(ctx, &job, noise_chunk);
}

static void dropout_chunk(void *arg, size_t chunk, int worker)
{
	const struct stochastic_job *job = arg;
	const size_t first = chunk * CHUNK;
	const struct sgan_random *r = &job->random;
	(void)worker;
	job->kernels->dropout(r->seed, r->stream, r->step, first, chunk_count(job, chunk), job->threshold, job->scale,
	                      job->src + first, job->dst + first);
}

void sgan_dropout(sgan_ctx *ctx, const struct sgan_random *random, size_t count, double rate, const real *src,
                  real *dst)
{
	const double threshold = fmin(fmax(round(rate * 65536), 0), 65535);
	struct stochastic_job job = { .random = *random,
		                          .count = count,
		                          .threshold = (uint32_t)threshold,
		                          .scale = (real)(65536 / (65536 - threshold)),
		                          .src = src,
		                          .dst = dst };
	run(ctx, &job, dropout_chunk);
}

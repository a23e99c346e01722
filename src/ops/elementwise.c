/* Activations, sums, the optimiser: element by element, a chunk of elements at a time. */
#include "src/cpu/ctx.h"
#include "src/ops/ops.h"

#include <math.h>

/* Elements of a chunk: three arrays of them fit the second-level cache. */
enum { CHUNK = 1 << 14 };

static size_t chunks_of(size_t count)
{
	return count / CHUNK + (count % CHUNK != 0);
}

static size_t chunk_count(size_t count, size_t chunk)
{
	size_t left = count - chunk * CHUNK;

	return left < CHUNK ? left : CHUNK;
}

struct act_job {
	const struct sgan_kernels *kernels;
	size_t count;
	const real *src, *diff;
	sgan_act act;
	real slope;
	real *dst;
};

static void act_chunk(void *arg, size_t chunk, int worker)
{
	const struct act_job *job = arg;
	size_t first = chunk * CHUNK;

	(void)worker;
	job->kernels->act(chunk_count(job->count, chunk), job->src + first, job->act, job->slope, job->dst + first);
}

void sgan_act_forward(sgan_ctx *ctx, size_t count, const real *src, sgan_act act, real slope, real *dst)
{
	struct act_job job = {
		.kernels = ctx->kernels, .count = count, .src = src, .act = act, .slope = slope, .dst = dst
	};

	sgan_parallel_for(ctx, chunks_of(count), act_chunk, &job);
}

static void act_grad_chunk(void *arg, size_t chunk, int worker)
{
	const struct act_job *job = arg;
	size_t first = chunk * CHUNK;

	(void)worker;
	job->kernels->act_grad(chunk_count(job->count, chunk), job->src + first, job->diff + first, job->act, job->slope,
	                       job->dst + first);
}

void sgan_act_backward(sgan_ctx *ctx, size_t count, const real *dst, const real *diff_dst, sgan_act act, real slope,
                       real *diff_src)
{
	struct act_job job = {
		.kernels = ctx->kernels,
		.count = count,
		.src = dst,
		.diff = diff_dst,
		.act = act,
		.slope = slope,
		.dst = diff_src,
	};

	sgan_parallel_for(ctx, chunks_of(count), act_grad_chunk, &job);
}

static void add_chunk(void *arg, size_t chunk, int worker)
{
	const struct act_job *job = arg;
	size_t first = chunk * CHUNK;

	(void)worker;
	job->kernels->add(chunk_count(job->count, chunk), job->src + first, job->dst + first);
}

void sgan_add(sgan_ctx *ctx, size_t count, const real *src, real *dst)
{
	struct act_job job = { .kernels = ctx->kernels, .count = count, .src = src, .dst = dst };

	sgan_parallel_for(ctx, chunks_of(count), add_chunk, &job);
}

struct adam_job {
	const struct sgan_kernels *kernels;
	size_t count;
	real lr, beta1, beta2, eps, c1, c2;
	const real *grad;
	real *m, *v, *param;
};

static void adam_chunk(void *arg, size_t chunk, int worker)
{
	const struct adam_job *job = arg;
	size_t first = chunk * CHUNK;

	(void)worker;
	job->kernels->adam(chunk_count(job->count, chunk), job->lr, job->beta1, job->beta2, job->eps, job->c1, job->c2,
	                   job->grad + first, job->m + first, job->v + first, job->param + first);
}

void sgan_adam_step(sgan_ctx *ctx, const struct sgan_adam *adam, uint64_t t, size_t count, const real *grad, real *m,
                    real *v, real *param)
{
	struct adam_job job = {
		.kernels = ctx->kernels,
		.count = count,
		.lr = (real)adam->lr,
		.beta1 = (real)adam->beta1,
		.beta2 = (real)adam->beta2,
		.eps = (real)adam->epsilon,
		.c1 = (real)(1 / (1 - pow(adam->beta1, (double)t))),
		.c2 = (real)(1 / (1 - pow(adam->beta2, (double)t))),
		.grad = grad,
		.m = m,
		.v = v,
		.param = param,
	};

	sgan_parallel_for(ctx, chunks_of(count), adam_chunk, &job);
}

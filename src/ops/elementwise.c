/* Activations, sums, copies: element by element, a chunk of elements at a time. */
#include <string.h>

#include "src/exec/ctx.h"
#include "src/ops/args.h"
#include "src/ops/ops.h"

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

struct subtract_job {
	size_t size;
	const real *src, *same;
	real *dst;
};

static void act_chunk(void *arg, size_t chunk, int worker)
{
	const struct act_job *job = arg;
	size_t first = chunk * CHUNK;

	(void)worker;
	job->kernels->act(chunk_count(job->count, chunk), job->src + first, job->act, job->slope, job->dst + first);
}

sgan_status sgan_act_forward(sgan_ctx *ctx, size_t count, const sgan_real *src, sgan_act act, sgan_real slope,
                             sgan_real *dst)
{
	static const char what[] = "activation";
	size_t elements;

	SGAN_TRY(sgan_check_ctx(what, ctx));
	SGAN_TRY(sgan_check_act(what, act));
	SGAN_TRY(sgan_elements(what, count, 1, 1, &elements));
	if (!count)
		return SGAN_OK;
	SGAN_NEED(what, src);
	SGAN_NEED(what, dst);
	struct act_job job = {
		.kernels = ctx->kernels, .count = count, .src = src, .act = act, .slope = slope, .dst = dst
	};

	sgan_parallel_for(ctx, chunks_of(count), act_chunk, &job);
	return SGAN_OK;
}

static void act_grad_chunk(void *arg, size_t chunk, int worker)
{
	const struct act_job *job = arg;
	size_t first = chunk * CHUNK;

	(void)worker;
	job->kernels->act_grad(chunk_count(job->count, chunk), job->src + first, job->diff + first, job->act, job->slope,
	                       job->dst + first);
}

sgan_status sgan_act_backward(sgan_ctx *ctx, size_t count, const sgan_real *dst, const sgan_real *diff_dst,
                              sgan_act act, sgan_real slope, sgan_real *diff_src)
{
	static const char what[] = "activation's gradient";
	size_t elements;

	SGAN_TRY(sgan_check_ctx(what, ctx));
	SGAN_TRY(sgan_check_act_grad(what, act, slope));
	SGAN_TRY(sgan_elements(what, count, 1, 1, &elements));
	if (!count)
		return SGAN_OK;
	SGAN_NEED(what, dst);
	SGAN_NEED(what, diff_dst);
	SGAN_NEED(what, diff_src);
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
	return SGAN_OK;
}

static void add_chunk(void *arg, size_t chunk, int worker)
{
	const struct act_job *job = arg;
	size_t first = chunk * CHUNK;

	(void)worker;
	job->kernels->add(chunk_count(job->count, chunk), job->src + first, job->dst + first);
}

static void clear_chunk(void *arg, size_t chunk, int worker)
{
	const struct act_job *job = arg;

	(void)worker;
	memset(job->dst + chunk * CHUNK, 0, chunk_count(job->count, chunk) * sizeof(real));
}

void sgan_clear(sgan_ctx *ctx, size_t count, real *values)
{
	struct act_job job = { .count = count, .dst = values };

	sgan_parallel_for(ctx, chunks_of(count), clear_chunk, &job);
}

static void copy_chunk(void *arg, size_t chunk, int worker)
{
	const struct act_job *job = arg;

	(void)worker;
	memcpy(job->dst + chunk * CHUNK, job->src + chunk * CHUNK, chunk_count(job->count, chunk) * sizeof(real));
}

void sgan_copy(sgan_ctx *ctx, size_t count, const real *src, real *dst)
{
	struct act_job job = { .count = count, .src = src, .dst = dst };

	sgan_parallel_for(ctx, chunks_of(count), copy_chunk, &job);
}

static void subtract_chunk(void *arg, size_t image, int worker)
{
	const struct subtract_job *job = arg;
	const real *src = job->src + image * job->size;
	real *dst = job->dst + image * job->size;

	(void)worker;
	for (size_t i = 0; i < job->size; i++)
		dst[i] = src[i] - job->same[i];
}

void sgan_subtract(sgan_ctx *ctx, size_t n, size_t size, const real *src, const real *same, real *dst)
{
	struct subtract_job job = { size, src, same, dst };

	sgan_parallel_for(ctx, n, subtract_chunk, &job);
}

sgan_status sgan_add(sgan_ctx *ctx, size_t count, const sgan_real *src, sgan_real *dst)
{
	static const char what[] = "sum";
	size_t elements;

	SGAN_TRY(sgan_check_ctx(what, ctx));
	SGAN_TRY(sgan_elements(what, count, 1, 1, &elements));
	if (!count)
		return SGAN_OK;
	SGAN_NEED(what, src);
	SGAN_NEED(what, dst);
	struct act_job job = { .kernels = ctx->kernels, .count = count, .src = src, .dst = dst };

	sgan_parallel_for(ctx, chunks_of(count), add_chunk, &job);
	return SGAN_OK;
}

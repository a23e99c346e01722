/* Random tensors and permutations, by counter. */
#include "kernels/philox.h"
#include "src/cpu/ctx.h"
#include "src/ops/ops.h"

enum { CHUNK = 1 << 12 }; /* elements; a multiple of 4, as the kernels need */

struct random_job {
	void (*fill)(uint64_t seed, uint32_t stream, uint64_t step, size_t first, size_t count, real *dst);
	uint64_t seed, step;
	uint32_t stream;
	size_t count;
	real *dst;
};

static void random_chunk(void *arg, size_t chunk, int worker)
{
	const struct random_job *job = arg;
	size_t first = chunk * CHUNK, left = job->count - first;

	(void)worker;
	job->fill(job->seed, job->stream, job->step, first, left < CHUNK ? left : CHUNK, job->dst + first);
}

static void run(sgan_ctx *ctx, struct random_job *job)
{
	sgan_parallel_for(ctx, job->count / CHUNK + (job->count % CHUNK != 0), random_chunk, job);
}

void sgan_random_uniform(sgan_ctx *ctx, uint64_t seed, uint32_t stream, uint64_t step, size_t count, real *dst)
{
	struct random_job job = { ctx->kernels->uniform, seed, step, stream, count, dst };

	run(ctx, &job);
}

void sgan_random_normal(sgan_ctx *ctx, uint64_t seed, uint32_t stream, uint64_t step, size_t count, real *dst)
{
	struct random_job job = { ctx->kernels->normal, seed, step, stream, count, dst };

	run(ctx, &job);
}

void sgan_random_permutation(uint64_t seed, uint32_t stream, uint64_t step, size_t n, uint32_t *dst)
{
	for (size_t i = 0; i < n; i++)
		dst[i] = (uint32_t)i;
	for (size_t left = n; left > 1; left--) {
		uint32_t word[4], swap;
		uint64_t wide;
		size_t j;
		/* 64 random bits scaled to [0, left): the bias is below 2^-32 for any n that dst can number */
		sgan_philox_block(seed, stream, step, left, word);
		wide = (uint64_t)word[0] << 32 | word[1];
		j = (size_t)((unsigned __int128)wide * left >> 64);
		swap = dst[left - 1];
		dst[left - 1] = dst[j];
		dst[j] = swap;
	}
}

/* Random tensors and permutations, by counter. */
#include "kernels/philox.h"
#include "src/exec/ctx.h"
#include "src/ops/args.h"
#include "src/ops/draw.h"

struct random_job {
	sgan_fill *fill;
	struct sgan_random random;
	struct sgan_draw_range range;
	real *dst; /* [range.count] */
};

static void random_chunk(void *arg, size_t chunk, int worker)
{
	const struct random_job *job = arg;
	struct sgan_draw_range range = sgan_draw_chunk(job->range, chunk);

	(void)worker;
	sgan_draw(job->fill, &job->random, range, job->dst + (range.first - job->range.first));
}

/* Blocks of four elements are counted in 32 bits. */
static const uint64_t most_elements = UINT64_C(1) << 34;

static sgan_status run(const char *what, sgan_ctx *ctx, struct random_job *job)
{
	const struct sgan_draw_range range = job->range;
	real *dst = job->dst;
	size_t elements;

	if (range.first > most_elements || range.count > most_elements - range.first)
		return sgan_fail(SGAN_EINVAL, "%s: %zu of one step from element %zu on, expected at most 2^34", what,
		                 range.count, range.first);
	SGAN_TRY(sgan_elements(what, range.count, 1, 1, &elements));
	if (!range.count)
		return SGAN_OK;
	SGAN_NEED(what, dst);
	sgan_parallel_for(ctx, sgan_draw_chunks(range), random_chunk, job);
	return SGAN_OK;
}

sgan_status sgan_random_uniform(sgan_ctx *ctx, uint64_t seed, uint32_t stream, uint64_t step, size_t first,
                                size_t count, sgan_real *dst)
{
	static const char what[] = "uniform numbers";
	struct random_job job = { .random = { seed, step, stream }, .range = { first, count }, .dst = dst };

	SGAN_TRY(sgan_check_ctx(what, ctx));
	job.fill = ctx->kernels->uniform;
	return run(what, ctx, &job);
}

sgan_status sgan_random_normal(sgan_ctx *ctx, uint64_t seed, uint32_t stream, uint64_t step, size_t first, size_t count,
                               sgan_real *dst)
{
	static const char what[] = "normal numbers";
	struct random_job job = { .random = { seed, step, stream }, .range = { first, count }, .dst = dst };

	SGAN_TRY(sgan_check_ctx(what, ctx));
	job.fill = ctx->kernels->normal;
	return run(what, ctx, &job);
}

sgan_status sgan_random_permutation(uint64_t seed, uint32_t stream, uint64_t step, size_t n, uint32_t *dst)
{
	if (n > UINT64_C(1) << 32)
		return sgan_fail(SGAN_EINVAL, "permutation: of %zu numbers, expected at most 2^32", n);
	if (n)
		SGAN_NEED("permutation", dst);
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
	return SGAN_OK;
}

/* Batch normalisation's sums over the batch: of chunks by kernels, then, in double and in order, of the chunks of a
 * slice, and of slices. Two rows of sums a channel: mean and m2 forward, two plain sums backward.
 * It does not know what they are for. */
#include <string.h>

#include "src/ops/bn.h"
#include "src/cpu/status.h"
#include "src/exec/combine.h"
#include "src/exec/ctx.h"
#include "src/ops/axis.h"

/* Channels that are joined by one thread. */
enum { BLOCK = 32 };

/* Two sums of each of `channels` channels, over `count` rows, take in those over `more` rows. */
struct sums {
	double *a, *b;
};
typedef void join_sums(size_t channels, double count, struct sums sums, double more, struct sums more_sums);

/* a: means, b: m2; by the formula of Chan, Golub and LeVeque (1979). */
static void join_statistics(size_t channels, double count, struct sums sums, double more, struct sums more_sums)
{
	double share = more / (count + more), cross = count * share;

	for (size_t c = 0; c < channels; c++) {
		double delta = more_sums.a[c] - sums.a[c];
		sums.a[c] += delta * share;
		sums.b[c] += more_sums.b[c] + delta * delta * cross;
	}
}

static void join_plain(size_t channels, double count, struct sums sums, double more, struct sums more_sums)
{
	(void)count;
	(void)more;
	for (size_t c = 0; c < channels; c++) {
		sums.a[c] += more_sums.a[c];
		sums.b[c] += more_sums.b[c];
	}
}

static void clear(size_t channels, struct sums sums)
{
	memset(sums.a, 0, channels * sizeof *sums.a);
	memset(sums.b, 0, channels * sizeof *sums.b);
}

/* A slice's, from a channel on. */
static struct sums sums_of_slice(const struct bn_job *job, size_t slice, size_t channel)
{
	double *a = job->slices + slice * 2 * job->bn->channels + channel;

	return (struct sums){ a, a + job->bn->channels };
}

/* Each slice of the range: its chunks in order. */
static void join_chunks(const struct bn_job *job, join_sums *join, size_t first, size_t channels)
{
	const struct row_chunks *c = &job->chunks;
	double a[BLOCK], b[BLOCK];
	size_t chunk = 0;

	for (size_t slice = c->batch.begin; slice < c->batch.end; slice++) {
		struct sums sums = sums_of_slice(job, slice, first);
		double count = 0;
		clear(channels, sums);
		for (size_t i = 0; i < c->per_slice; i++, chunk++) {
			double rows = (double)sgan_row_chunk(c, chunk).count;
			size_t at = chunk * job->bn->channels + first;
			for (size_t k = 0; rows > 0 && k < channels; k++) {
				a[k] = (double)job->chunks_a[at + k];
				b[k] = (double)job->chunks_b[at + k];
			}
			if (rows > 0)
				join(channels, count, sums, rows, (struct sums){ a, b });
			count += rows;
		}
	}
}

/* All slices in order. */
static void join_slices(const struct bn_job *job, join_sums *join, size_t first, size_t channels)
{
	const sgan_batch *b = &job->chunks.batch;
	struct sums total = { job->total_a + first, job->total_b + first };
	double count = 0;

	clear(channels, total);
	for (size_t slice = 0; slice < b->slices; slice++) {
		size_t images = sgan_slice_begin(b->n, b->slices, slice + 1) - sgan_slice_begin(b->n, b->slices, slice);
		double rows = (double)images * (double)job->chunks.pixels;
		if (rows > 0)
			join(channels, count, total, rows, sums_of_slice(job, slice, first));
		count += rows;
	}
}

struct join_job {
	const struct bn_job *job;
	join_sums *join;
	bool chunks, slices; /* what is to be joined */
};

static void join_block(void *arg, size_t block, int worker)
{
	const struct join_job *j = arg;
	size_t first = block * BLOCK, left = j->job->bn->channels - first, channels = left < BLOCK ? left : BLOCK;

	(void)worker;
	if (j->chunks)
		join_chunks(j->job, j->join, first, channels);
	if (!j->slices)
		return;
	join_slices(j->job, j->join, first, channels);
	if (j->job->finish)
		j->job->finish(j->job, j->job->finish_arg, first, channels);
}

/* By blocks of channels, side by side: none of it is outside parallel regions but with an exchange in between. */
static void join_blocks(sgan_ctx *ctx, struct join_job job)
{
	sgan_parallel_for(ctx, ceil_div(job.job->bn->channels, BLOCK), join_block, &job);
}

static sgan_status sum(sgan_ctx *ctx, struct bn_job *job, void (*chunk)(void *, size_t, int), join_sums *join)
{
	const sgan_batch *b = &job->chunks.batch;
	const sgan_partials partials = { SGAN_DOUBLE, 2 * job->bn->channels, b->slices, b->begin, b->end, job->slices };
	const bool whole = b->begin == 0 && b->end == b->slices;

	sgan_parallel_for(ctx, sgan_row_chunk_total(&job->chunks), chunk, job);
	join_blocks(ctx, (struct join_job){ job, join, true, whole });
	SGAN_TRY(sgan_combine(ctx, &partials));
	if (!whole)
		join_blocks(ctx, (struct join_job){ job, join, false, true });
	return SGAN_OK;
}

static void statistics_chunk(void *arg, size_t chunk, int worker)
{
	const struct bn_job *job = arg;
	size_t channels = job->bn->channels;
	struct row_range rows = sgan_row_chunk(&job->chunks, chunk);

	(void)worker;
	if (!rows.count)
		return;
	job->kernels->bn_stats(rows.count, channels, job->src + rows.first * channels, job->chunks_a + chunk * channels,
	                       job->chunks_b + chunk * channels);
}

sgan_status sgan_bn_statistics(sgan_ctx *ctx, struct bn_job *job)
{
	return sum(ctx, job, statistics_chunk, join_statistics);
}

static void gradient_chunk(void *arg, size_t chunk, int worker)
{
	const struct bn_job *job = arg;
	size_t channels = job->bn->channels;
	struct row_range rows = sgan_row_chunk(&job->chunks, chunk);
	size_t at = rows.first * channels;

	(void)worker;
	if (!rows.count)
		return;
	job->kernels->bn_grad_sums(rows.count, channels, job->src + at, job->diff_dst + at, job->scale, job->shift,
	                           job->mean, job->inv_std, job->bn->act, job->bn->slope, job->chunks_a + chunk * channels,
	                           job->chunks_b + chunk * channels);
}

sgan_status sgan_bn_gradient_sums(sgan_ctx *ctx, struct bn_job *job)
{
	return sum(ctx, job, gradient_chunk, join_plain);
}

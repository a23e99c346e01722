/* Batch normalisation's sums over the batch: of chunks by kernels, then, in double and in order, of the chunks of a
 * slice, and of slices. Two rows of sums a channel: mean and m2 forward, two plain sums backward.
 * It does not know what they are for. */
#include <string.h>

#include "src/ops/bn.h"
#include "src/cpu/status.h"
#include "src/exec/combine.h"
#include "src/exec/ctx.h"

/* Sums over `count` rows [2][channels] take in those over `more` rows. */
typedef void join_sums(size_t channels, double count, double *sums, double more, const double *more_sums);

/* Mean and m2, by the formula of Chan, Golub and LeVeque (1979). */
static void join_statistics(size_t channels, double count, double *sums, double more, const double *more_sums)
{
	double share = more / (count + more), cross = count * share;
	double *mean = sums, *m2 = sums + channels;
	const double *more_mean = more_sums, *more_m2 = more_sums + channels;

	for (size_t c = 0; c < channels; c++) {
		double delta = more_mean[c] - mean[c];
		mean[c] += delta * share;
		m2[c] += more_m2[c] + delta * delta * cross;
	}
}

static void join_plain(size_t channels, double count, double *sums, double more, const double *more_sums)
{
	(void)count;
	(void)more;
	for (size_t c = 0; c < 2 * channels; c++)
		sums[c] += more_sums[c];
}

/* A chunk's sums as doubles. */
static const double *chunk_sums(const struct bn_job *job, size_t chunk)
{
	size_t channels = job->bn->channels;
	const real *a = job->chunks_a + chunk * channels, *b = job->chunks_b + chunk * channels;

	for (size_t c = 0; c < channels; c++) {
		job->chunk[c] = (double)a[c];
		job->chunk[channels + c] = (double)b[c];
	}
	return job->chunk;
}

/* Each slice of the range: its chunks in order. */
static void join_chunks(const struct bn_job *job, join_sums *join)
{
	const struct row_chunks *c = &job->chunks;
	size_t channels = job->bn->channels, chunk = 0;

	for (size_t slice = c->batch.begin; slice < c->batch.end; slice++) {
		double *sums = job->slices + slice * 2 * channels, count = 0;
		memset(sums, 0, 2 * channels * sizeof *sums);
		for (size_t i = 0; i < c->per_slice; i++, chunk++) {
			double rows = (double)sgan_row_chunk(c, chunk).count;
			if (rows > 0)
				join(channels, count, sums, rows, chunk_sums(job, chunk));
			count += rows;
		}
	}
}

/* All slices in order. */
static void join_slices(const struct bn_job *job, join_sums *join)
{
	const sgan_batch *b = &job->chunks.batch;
	size_t channels = job->bn->channels;
	double count = 0;

	memset(job->total_a, 0, 2 * channels * sizeof *job->total_a);
	for (size_t slice = 0; slice < b->slices; slice++) {
		size_t images = sgan_slice_begin(b->n, b->slices, slice + 1) - sgan_slice_begin(b->n, b->slices, slice);
		double rows = (double)images * (double)job->chunks.pixels;
		if (rows > 0)
			join(channels, count, job->total_a, rows, job->slices + slice * 2 * channels);
		count += rows;
	}
}

static sgan_status sum(sgan_ctx *ctx, struct bn_job *job, void (*chunk)(void *, size_t, int), join_sums *join)
{
	const sgan_batch *b = &job->chunks.batch;
	const sgan_partials partials = { SGAN_DOUBLE, 2 * job->bn->channels, b->slices, b->begin, b->end, job->slices };

	sgan_parallel_for(ctx, sgan_row_chunk_total(&job->chunks), chunk, job);
	join_chunks(job, join);
	SGAN_TRY(sgan_combine(ctx, &partials));
	join_slices(job, join);
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

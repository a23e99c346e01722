/* Losses averaged over a batch: chunks of rows, their sums added slice by slice in order. */
#include <inttypes.h>

#include "src/exec/ctx.h"
#include "src/ops/args.h"
#include "src/ops/chunks.h"
#include "src/ops/ops.h"

struct loss_job {
	const struct sgan_kernels *kernels;
	struct row_chunks chunks;
	size_t channels;
	const real *x, *targets;
	const uint32_t *labels;
	real target, scale;
	real *diff;
	double *sums; /* [chunks] */
};

static real *diff_at(const struct loss_job *job, size_t row)
{
	return job->diff ? job->diff + row * job->channels : NULL;
}

static void softmax_chunk(void *arg, size_t chunk, int worker)
{
	const struct loss_job *job = arg;
	struct row_range rows = sgan_row_chunk(&job->chunks, chunk);

	(void)worker;
	job->sums[chunk] = 0;
	job->kernels->softmax_cross_entropy(rows.count, job->channels, job->x + rows.first * job->channels,
	                                    job->labels + rows.first, job->scale, job->sums + chunk,
	                                    diff_at(job, rows.first));
}

static void bce_chunk(void *arg, size_t chunk, int worker)
{
	const struct loss_job *job = arg;
	struct row_range rows = sgan_row_chunk(&job->chunks, chunk);

	(void)worker;
	job->sums[chunk] = 0;
	job->kernels->bce_logits(rows.count, job->x + rows.first, job->target, job->scale, job->sums + chunk,
	                         diff_at(job, rows.first));
}

static void bce_classes_chunk(void *arg, size_t chunk, int worker)
{
	const struct loss_job *job = arg;
	struct row_range rows = sgan_row_chunk(&job->chunks, chunk);

	(void)worker;
	job->sums[chunk] = 0;
	job->kernels->bce_classes(rows.count, job->channels, job->x + rows.first * job->channels, job->target, job->scale,
	                          job->sums + chunk, diff_at(job, rows.first));
}

static void squared_chunk(void *arg, size_t chunk, int worker)
{
	const struct loss_job *job = arg;
	struct row_range rows = sgan_row_chunk(&job->chunks, chunk);
	size_t at = rows.first * job->channels;

	(void)worker;
	job->sums[chunk] = 0;
	job->kernels->squared_error(rows.count * job->channels, job->x + at, job->targets + at, job->scale,
	                            job->sums + chunk, diff_at(job, rows.first));
}

static sgan_status run(sgan_ctx *ctx, struct loss_job *job, void (*chunk)(void *, size_t, int), double count,
                       double *loss)
{
	size_t total = sgan_row_chunk_total(&job->chunks), bytes;
	double sum = 0;

	if (!sgan_size_mul3(total, 1, sizeof(double), &bytes))
		return sgan_fail(SGAN_EINVAL, "loss: %zu slices are too many", job->chunks.slices);
	job->sums = sgan_ctx_scratch(ctx, bytes);
	if (!job->sums)
		return SGAN_ENOMEM;
	sgan_parallel_for(ctx, total, chunk, job);
	for (size_t slice = 0; slice < job->chunks.slices; slice++) {
		double slice_sum = 0;
		for (size_t i = 0; i < job->chunks.per_slice; i++)
			slice_sum += job->sums[slice * job->chunks.per_slice + i];
		sum += slice_sum;
	}
	*loss = sum / count;
	return SGAN_OK;
}

static struct loss_job loss_job(sgan_ctx *ctx, size_t n, size_t channels, size_t slices, const real *x, real weight,
                                double count, real *diff)
{
	return (struct loss_job){
		.kernels = ctx->kernels,
		.chunks = sgan_row_chunks(ctx->kernels, n, 1, channels, slices),
		.channels = channels,
		.x = x,
		.scale = (real)((double)weight / count),
		.diff = diff,
	};
}

static sgan_status check_rows(const char *name, const sgan_ctx *ctx, size_t n, size_t channels, size_t slices,
                              const double *loss)
{
	size_t elements;

	SGAN_NEED(name, ctx);
	SGAN_NEED(name, loss);
	if (!n || !channels)
		return sgan_fail(SGAN_EINVAL, "%s: %zu rows of %zu values, expected at least one", name, n, channels);
	SGAN_TRY(sgan_check_slices(name, slices));
	return sgan_elements(name, n, channels, 1, &elements);
}

sgan_status sgan_softmax_cross_entropy(sgan_ctx *ctx, size_t n, size_t classes, size_t slices, const sgan_real *logits,
                                       const uint32_t *labels, sgan_real weight, double *loss, sgan_real *diff)
{
	struct loss_job job;

	SGAN_TRY(check_rows("softmax cross-entropy", ctx, n, classes, slices, loss));
	SGAN_NEED("softmax cross-entropy", logits);
	SGAN_NEED("softmax cross-entropy", labels);
	for (size_t i = 0; i < n; i++)
		if (labels[i] >= classes)
			return sgan_fail(SGAN_EINVAL, "softmax cross-entropy: label of row %zu is %" PRIu32 ", expected less than %zu", i,
			                 labels[i], classes);
	job = loss_job(ctx, n, classes, slices, logits, weight, (double)n, diff);
	job.labels = labels;
	return run(ctx, &job, softmax_chunk, (double)n, loss);
}

sgan_status sgan_bce_logits(sgan_ctx *ctx, size_t n, size_t slices, const sgan_real *logits, sgan_real target,
                            sgan_real weight, double *loss, sgan_real *diff)
{
	struct loss_job job;

	SGAN_TRY(check_rows("binary cross-entropy", ctx, n, 1, slices, loss));
	SGAN_NEED("binary cross-entropy", logits);
	job = loss_job(ctx, n, 1, slices, logits, weight, (double)n, diff);
	job.target = target;
	return run(ctx, &job, bce_chunk, (double)n, loss);
}

sgan_status sgan_bce_classes(sgan_ctx *ctx, size_t n, size_t classes, size_t slices, const real *logits, real target,
                             real weight, double *loss, real *diff)
{
	struct loss_job job;

	SGAN_TRY(check_rows("binary cross-entropy of classes", ctx, n, classes, slices, loss));
	SGAN_NEED("binary cross-entropy of classes", logits);
	job = loss_job(ctx, n, classes, slices, logits, weight, (double)n, diff);
	job.target = target;
	return run(ctx, &job, bce_classes_chunk, (double)n, loss);
}

sgan_status sgan_mean_squared_error(sgan_ctx *ctx, size_t n, size_t channels, size_t slices, const sgan_real *x,
                                    const sgan_real *target, sgan_real weight, double *loss, sgan_real *diff)
{
	double count = (double)n * (double)channels;
	struct loss_job job;

	SGAN_TRY(check_rows("mean squared error", ctx, n, channels, slices, loss));
	SGAN_NEED("mean squared error", x);
	SGAN_NEED("mean squared error", target);
	job = loss_job(ctx, n, channels, slices, x, weight, count, diff);
	job.targets = target;
	return run(ctx, &job, squared_chunk, count, loss);
}

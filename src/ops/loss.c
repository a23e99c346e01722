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
	double *slices; /* [slices] */
	double *sums;   /* [chunks of the range] */
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
	if (!rows.count)
		return;
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
	if (!rows.count)
		return;
	job->kernels->bce_logits(rows.count, job->x + rows.first, job->target, job->scale, job->sums + chunk,
	                         diff_at(job, rows.first));
}

static void bce_classes_chunk(void *arg, size_t chunk, int worker)
{
	const struct loss_job *job = arg;
	struct row_range rows = sgan_row_chunk(&job->chunks, chunk);

	(void)worker;
	job->sums[chunk] = 0;
	if (!rows.count)
		return;
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
	if (!rows.count)
		return;
	job->kernels->squared_error(rows.count * job->channels, job->x + at, job->targets + at, job->scale,
	                            job->sums + chunk, diff_at(job, rows.first));
}

static void sum_slices(const struct loss_job *job)
{
	const struct row_chunks *c = &job->chunks;
	const double *sum = job->sums;

	for (size_t slice = c->batch.begin; slice < c->batch.end; slice++) {
		job->slices[slice] = 0;
		for (size_t i = 0; i < c->per_slice; i++)
			job->slices[slice] += *sum++;
	}
}

static sgan_status run(sgan_ctx *ctx, struct loss_job *job, void (*chunk)(void *, size_t, int), double count,
                       double *loss)
{
	const sgan_batch batch = job->chunks.batch;
	size_t total = sgan_row_chunk_total(&job->chunks), bytes;
	double sum = 0;

	if (total > SIZE_MAX - batch.slices || !sgan_size_mul3(batch.slices + total, 1, sizeof(double), &bytes))
		return sgan_fail(SGAN_EINVAL, "loss: %zu slices are too many", batch.slices);
	job->slices = sgan_ctx_scratch(ctx, bytes);
	if (!job->slices)
		return SGAN_ENOMEM;
	job->sums = job->slices + batch.slices;
	sgan_parallel_for(ctx, total, chunk, job);
	sum_slices(job);
	const sgan_partials partials = { SGAN_DOUBLE, 1, batch.slices, batch.begin, batch.end, job->slices };
	SGAN_TRY(sgan_combine(ctx, &partials));
	for (size_t slice = 0; slice < batch.slices; slice++)
		sum += job->slices[slice];
	*loss = sum / count;
	return SGAN_OK;
}

static struct loss_job loss_job(sgan_ctx *ctx, sgan_batch batch, size_t channels, const real *x, real weight,
                                double count, real *diff)
{
	return (struct loss_job){
		.kernels = ctx->kernels,
		.chunks = sgan_row_chunks(ctx->kernels, batch, 1, channels),
		.channels = channels,
		.x = x,
		.scale = (real)((double)weight / count),
		.diff = diff,
	};
}

static sgan_status check_rows(const char *name, const sgan_ctx *ctx, sgan_batch batch, size_t channels,
                              const double *loss)
{
	size_t elements;

	SGAN_TRY(sgan_check_ctx(name, ctx));
	SGAN_NEED(name, loss);
	if (!batch.n || !channels)
		return sgan_fail(SGAN_EINVAL, "%s: %zu rows of %zu values, expected at least one", name, batch.n, channels);
	SGAN_TRY(sgan_check_summed(name, ctx, batch));
	return sgan_elements(name, batch.n, channels, 1, &elements);
}

static sgan_status check_labels(const char *name, sgan_batch batch, size_t classes, const uint32_t *labels)
{
	const struct sgan_image_range images = sgan_batch_images(batch);

	for (size_t i = images.first; i < images.first + images.count; i++)
		if (labels[i] >= classes)
			return sgan_fail(SGAN_EINVAL, "%s: label of row %zu is %" PRIu32 ", expected less than %zu", name, i,
			                 labels[i], classes);
	return SGAN_OK;
}

sgan_status sgan_softmax_cross_entropy(sgan_ctx *ctx, sgan_batch batch, size_t classes, const sgan_real *logits,
                                       const uint32_t *labels, sgan_real weight, double *loss, sgan_real *diff)
{
	static const char name[] = "softmax cross-entropy";
	struct loss_job job;

	SGAN_TRY(check_rows(name, ctx, batch, classes, loss));
	SGAN_NEED_IMAGES(name, batch, logits);
	SGAN_NEED_IMAGES(name, batch, labels);
	SGAN_TRY(check_labels(name, batch, classes, labels));
	job = loss_job(ctx, batch, classes, logits, weight, (double)batch.n, diff);
	job.labels = labels;
	return run(ctx, &job, softmax_chunk, (double)batch.n, loss);
}

sgan_status sgan_bce_logits(sgan_ctx *ctx, sgan_batch batch, const sgan_real *logits, sgan_real target,
                            sgan_real weight, double *loss, sgan_real *diff)
{
	static const char name[] = "binary cross-entropy";
	struct loss_job job;

	SGAN_TRY(check_rows(name, ctx, batch, 1, loss));
	SGAN_NEED_IMAGES(name, batch, logits);
	job = loss_job(ctx, batch, 1, logits, weight, (double)batch.n, diff);
	job.target = target;
	return run(ctx, &job, bce_chunk, (double)batch.n, loss);
}

sgan_status sgan_bce_classes(sgan_ctx *ctx, sgan_batch batch, size_t classes, const real *logits, real target,
                             real weight, double *loss, real *diff)
{
	static const char name[] = "binary cross-entropy of classes";
	struct loss_job job;

	SGAN_TRY(check_rows(name, ctx, batch, classes, loss));
	SGAN_NEED_IMAGES(name, batch, logits);
	job = loss_job(ctx, batch, classes, logits, weight, (double)batch.n, diff);
	job.target = target;
	return run(ctx, &job, bce_classes_chunk, (double)batch.n, loss);
}

sgan_status sgan_mean_squared_error(sgan_ctx *ctx, sgan_batch batch, size_t channels, const sgan_real *x,
                                    const sgan_real *target, sgan_real weight, double *loss, sgan_real *diff)
{
	static const char name[] = "mean squared error";
	double count = (double)batch.n * (double)channels;
	struct loss_job job;

	SGAN_TRY(check_rows(name, ctx, batch, channels, loss));
	SGAN_NEED_IMAGES(name, batch, x);
	SGAN_NEED_IMAGES(name, batch, target);
	job = loss_job(ctx, batch, channels, x, weight, count, diff);
	job.targets = target;
	return run(ctx, &job, squared_chunk, count, loss);
}

/* Batch normalisation's passes over the values, forward and backward, with a few coefficients a channel, which are
 * worked out here, in double, from sums and statistics that are there. */
#include <math.h>

#include "src/exec/ctx.h"
#include "src/ops/bn.h"

/* --- forward ----------------------------------------------------------------- */

void sgan_bn_scale_by_batch(const struct bn_job *job, size_t first, size_t channels, const real *gain, const real *shift,
                            const real *mean, const real *inv_std)
{
	for (size_t c = first; c < first + channels; c++) {
		double scale = (double)gain[c] * (double)inv_std[c];
		job->scale[c] = (real)scale;
		job->shift[c] = (real)((double)shift[c] - (double)mean[c] * scale);
	}
}

void sgan_bn_scale_by_running(const struct bn_job *job, const real *gain, const real *shift, const real *running_mean,
                              const real *running_var)
{
	for (size_t c = 0; c < job->bn->channels; c++) {
		double scale = (double)gain[c] / sqrt((double)running_var[c] + (double)job->bn->epsilon);
		job->scale[c] = (real)scale;
		job->shift[c] = (real)((double)shift[c] - (double)running_mean[c] * scale);
	}
}

static void apply_chunk(void *arg, size_t chunk, int worker)
{
	const struct bn_job *job = arg;
	size_t channels = job->bn->channels;
	struct row_range rows = sgan_row_chunk(&job->chunks, chunk);

	(void)worker;
	if (!rows.count)
		return;
	job->kernels->bn_apply(rows.count, channels, job->src + rows.first * channels, job->scale, job->shift, job->bn->act,
	                       job->bn->slope, job->bypass, job->dst + rows.first * channels);
}

void sgan_bn_apply(sgan_ctx *ctx, struct bn_job *job)
{
	sgan_parallel_for(ctx, sgan_row_chunk_total(&job->chunks), apply_chunk, job);
}

/* --- backward ---------------------------------------------------------------- */

static void gradient_chunk(void *arg, size_t chunk, int worker)
{
	const struct bn_job *job = arg;
	size_t channels = job->bn->channels;
	struct row_range rows = sgan_row_chunk(&job->chunks, chunk);
	size_t at = rows.first * channels;

	(void)worker;
	if (!rows.count)
		return;
	job->kernels->bn_grad_apply(rows.count, channels, job->src + at, job->diff_dst + at, job->scale, job->shift,
	                            job->coef_a, job->coef_b, job->coef_d, job->bn->act, job->bn->slope, job->dst + at);
}

/* diff_src = gain inv_std (g - mean(g) - xhat mean(g xhat)), means over the whole batch */
void sgan_bn_gradient_coefficients(const struct bn_job *job, size_t first, size_t channels, const real *gain)
{
	double count = (double)job->chunks.batch.n * (double)job->chunks.pixels;

	for (size_t c = first; c < first + channels; c++) {
		double inverse = (double)job->inv_std[c], scale = (double)gain[c] * inverse;
		double b = -scale * inverse * job->total_b[c] / count;
		job->coef_a[c] = (real)scale;
		job->coef_b[c] = (real)b;
		job->coef_d[c] = (real)(-scale * job->total_a[c] / count - b * (double)job->mean[c]);
	}
}

void sgan_bn_apply_gradient(sgan_ctx *ctx, struct bn_job *job)
{
	sgan_parallel_for(ctx, sgan_row_chunk_total(&job->chunks), gradient_chunk, job);
}

void sgan_bn_apply_gradient_infer(sgan_ctx *ctx, struct bn_job *job)
{
	for (size_t c = 0; c < job->bn->channels; c++) {
		job->coef_a[c] = job->scale[c];
		job->coef_b[c] = job->coef_d[c] = 0;
	}
	sgan_parallel_for(ctx, sgan_row_chunk_total(&job->chunks), gradient_chunk, job);
}

/* Batch normalisation over [n, pixels] for each channel, and the activation that
 * follows it. Statistics of chunks are combined by the formula of Chan, Golub and
 * LeVeque (1979), in double and in order. */
#include "src/exec/ctx.h"
#include "src/ops/args.h"
#include "src/ops/chunks.h"
#include "src/ops/ops.h"

#include <math.h>
#include <string.h>

struct bn_job {
	const struct sgan_kernels *kernels;
	const sgan_bn *bn;
	struct row_chunks chunks;
	const real *src, *diff_dst;
	const real *mean, *inv_std;
	real *part_a, *part_b;          /* [chunks][channels] each: mean and m2, or the two sums of the gradient */
	double *total_a, *total_b;      /* [channels] */
	double *slice_a, *slice_b;      /* [channels]: of the slice at hand */
	real *scale, *shift;            /* [channels]: dst = act(src * scale + shift) */
	real *coef_a, *coef_b, *coef_d; /* [channels]: of the gradient's last pass */
	real *dst;
	bool stream; /* dst is too large to stay cached */
};

static const char what_forward[] = "batch normalisation", what_backward[] = "batch normalisation's gradient";

/* *elements of the tensors; 0 is a batch with nothing to do, of which no pointer is used. */
static sgan_status check(const char *what, const sgan_ctx *ctx, const sgan_bn *bn, size_t n, size_t pixels,
                         size_t *elements)
{
	SGAN_NEED(what, ctx);
	SGAN_NEED(what, bn);
	if (!bn->channels)
		return sgan_fail(SGAN_EINVAL, "%s: 0 channels, expected at least 1", what);
	if (!(bn->epsilon >= 0))
		return sgan_fail(SGAN_EINVAL, "%s: epsilon is %g, expected at least 0", what, (double)bn->epsilon);
	SGAN_TRY(sgan_check_act_grad(what, bn->act, bn->slope));
	SGAN_TRY(sgan_check_slices(what, bn->slices));
	return sgan_elements(what, n, pixels, bn->channels, elements);
}

static struct bn_job bn_job(sgan_ctx *ctx, const sgan_bn *bn, size_t n, size_t pixels)
{
	return (struct bn_job){
		.kernels = ctx->kernels,
		.bn = bn,
		.chunks = sgan_row_chunks(ctx->kernels, n, pixels, bn->channels, bn->slices),
		.stream = sgan_streams(ctx->kernels, n * pixels * bn->channels),
	};
}

/* Scratch for the partial sums (`parts` of them) and the combined ones. */
static sgan_status take_scratch(sgan_ctx *ctx, struct bn_job *job, size_t parts)
{
	size_t channels = job->bn->channels, doubles, reals;
	char *memory;

	if (!sgan_size_mul3(4, channels, sizeof(double), &doubles) ||
	    !sgan_size_mul3(parts * 2 + 5, channels, sizeof(real), &reals) || doubles > SIZE_MAX - reals)
		return sgan_fail(SGAN_EINVAL, "batch normalisation: %zu channels are too many to address", channels);
	memory = sgan_ctx_scratch(ctx, doubles + reals);
	if (!memory)
		return SGAN_ENOMEM;
	job->total_a = (double *)(void *)memory;
	job->total_b = job->total_a + channels;
	job->slice_a = job->total_b + channels;
	job->slice_b = job->slice_a + channels;
	job->scale = (real *)(void *)(memory + doubles);
	job->shift = job->scale + channels;
	job->coef_a = job->shift + channels;
	job->coef_b = job->coef_a + channels;
	job->coef_d = job->coef_b + channels;
	job->part_a = job->coef_d + channels;
	job->part_b = job->part_a + parts * channels;
	return SGAN_OK;
}

/* dst = act(src * scale + shift); the same bits forward and backward, from the same statistics. */
static void apply_coefficients(const struct bn_job *job, const real *gain, const real *shift, const real *mean,
                               const real *inv_std)
{
	for (size_t c = 0; c < job->bn->channels; c++) {
		double scale = (double)gain[c] * (double)inv_std[c];
		job->scale[c] = (real)scale;
		job->shift[c] = (real)((double)shift[c] - (double)mean[c] * scale);
	}
}

/* The same from running statistics. */
static void apply_running(const struct bn_job *job, const real *gain, const real *shift, const real *running_mean,
                          const real *running_var)
{
	for (size_t c = 0; c < job->bn->channels; c++) {
		double scale = (double)gain[c] / sqrt((double)running_var[c] + (double)job->bn->epsilon);
		job->scale[c] = (real)scale;
		job->shift[c] = (real)((double)shift[c] - (double)running_mean[c] * scale);
	}
}

/* --- forward ----------------------------------------------------------------- */

static void stats_chunk(void *arg, size_t chunk, int worker)
{
	const struct bn_job *job = arg;
	size_t channels = job->bn->channels;
	struct row_range rows = sgan_row_chunk(&job->chunks, chunk);

	(void)worker;
	job->kernels->bn_stats(rows.count, channels, job->src + rows.first * channels, job->part_a + chunk * channels,
	                       job->part_b + chunk * channels);
}

/* (mean, m2) over count_a rows takes in (mean_b, m2_b) over count_b rows. */
static void merge(size_t channels, double count_a, double *mean, double *m2, double count_b, const double *mean_b,
                  const double *m2_b)
{
	double share = count_b / (count_a + count_b), cross = count_a * share;

	for (size_t c = 0; c < channels; c++) {
		double delta = mean_b[c] - mean[c];
		mean[c] += delta * share;
		m2[c] += m2_b[c] + delta * delta * cross;
	}
}

/* The same from a chunk's statistics. */
static void merge_chunk(size_t channels, double count_a, double *mean, double *m2, double count_b, const real *mean_b,
                        const real *m2_b)
{
	double share = count_b / (count_a + count_b), cross = count_a * share;

	for (size_t c = 0; c < channels; c++) {
		double delta = (double)mean_b[c] - mean[c];
		mean[c] += delta * share;
		m2[c] += (double)m2_b[c] + delta * delta * cross;
	}
}

static void clear_doubles(size_t channels, double *a, double *b)
{
	memset(a, 0, channels * sizeof *a);
	memset(b, 0, channels * sizeof *b);
}

static double combine_stats(const struct bn_job *job)
{
	size_t channels = job->bn->channels;
	double count = 0;

	clear_doubles(channels, job->total_a, job->total_b);
	for (size_t slice = 0; slice < job->chunks.slices; slice++) {
		double slice_count = 0;
		clear_doubles(channels, job->slice_a, job->slice_b);
		for (size_t i = 0; i < job->chunks.per_slice; i++) {
			size_t chunk = slice * job->chunks.per_slice + i;
			double rows = (double)sgan_row_chunk(&job->chunks, chunk).count;
			if (rows > 0)
				merge_chunk(channels, slice_count, job->slice_a, job->slice_b, rows, job->part_a + chunk * channels,
				            job->part_b + chunk * channels);
			slice_count += rows;
		}
		if (slice_count > 0)
			merge(channels, count, job->total_a, job->total_b, slice_count, job->slice_a, job->slice_b);
		count += slice_count;
	}
	return count;
}

static void update_running(const struct bn_job *job, size_t n, double count, real momentum, real *running_mean,
                           real *running_var)
{
	double unbias = n > 1 ? (double)n / (double)(n - 1) : 1;
	double keep = 1 - (double)momentum;

	for (size_t c = 0; c < job->bn->channels; c++) {
		double var = job->total_b[c] / count * unbias;
		running_mean[c] = (real)(keep * (double)running_mean[c] + (double)momentum * job->total_a[c]);
		running_var[c] = (real)(keep * (double)running_var[c] + (double)momentum * var);
	}
}

static void apply_chunk(void *arg, size_t chunk, int worker)
{
	const struct bn_job *job = arg;
	size_t channels = job->bn->channels;
	struct row_range rows = sgan_row_chunk(&job->chunks, chunk);

	(void)worker;
	job->kernels->bn_apply(rows.count, channels, job->src + rows.first * channels, job->scale, job->shift, job->bn->act,
	                       job->bn->slope, job->stream, job->dst + rows.first * channels);
}

sgan_status sgan_bn_forward_train(sgan_ctx *ctx, const sgan_bn *bn, size_t n, size_t pixels, const real *src,
                                  const real *gain, const real *shift, real *mean, real *inv_std, real momentum,
                                  real *running_mean, real *running_var, real *dst)
{
	struct bn_job job;
	size_t total, elements;
	double count;

	SGAN_TRY(check(what_forward, ctx, bn, n, pixels, &elements));
	if (!elements)
		return SGAN_OK;
	SGAN_NEED(what_forward, src);
	SGAN_NEED(what_forward, gain);
	SGAN_NEED(what_forward, shift);
	SGAN_NEED(what_forward, mean);
	SGAN_NEED(what_forward, inv_std);
	SGAN_NEED(what_forward, dst);
	if (!running_mean != !running_var)
		return sgan_fail(SGAN_EINVAL, "%s: one of running_mean and running_var is NULL, expected both or neither",
		                 what_forward);
	job = bn_job(ctx, bn, n, pixels);
	total = sgan_row_chunk_total(&job.chunks);
	SGAN_TRY(take_scratch(ctx, &job, total));
	job.src = src;
	job.dst = dst;
	sgan_parallel_for(ctx, total, stats_chunk, &job);
	count = combine_stats(&job);
	for (size_t c = 0; c < bn->channels; c++) {
		mean[c] = (real)job.total_a[c];
		inv_std[c] = (real)(1 / sqrt(job.total_b[c] / count + (double)bn->epsilon));
	}
	apply_coefficients(&job, gain, shift, mean, inv_std);
	if (running_mean)
		update_running(&job, n, count, momentum, running_mean, running_var);
	sgan_parallel_for(ctx, total, apply_chunk, &job);
	return SGAN_OK;
}

sgan_status sgan_bn_forward_infer(sgan_ctx *ctx, const sgan_bn *bn, size_t n, size_t pixels, const real *src,
                                  const real *gain, const real *shift, const real *running_mean,
                                  const real *running_var, real *dst)
{
	struct bn_job job;
	size_t elements;

	SGAN_TRY(check(what_forward, ctx, bn, n, pixels, &elements));
	if (!elements)
		return SGAN_OK;
	SGAN_NEED(what_forward, src);
	SGAN_NEED(what_forward, gain);
	SGAN_NEED(what_forward, shift);
	SGAN_NEED(what_forward, running_mean);
	SGAN_NEED(what_forward, running_var);
	SGAN_NEED(what_forward, dst);
	job = bn_job(ctx, bn, n, pixels);
	SGAN_TRY(take_scratch(ctx, &job, 0));
	job.src = src;
	job.dst = dst;
	apply_running(&job, gain, shift, running_mean, running_var);
	sgan_parallel_for(ctx, sgan_row_chunk_total(&job.chunks), apply_chunk, &job);
	return SGAN_OK;
}

/* --- backward ---------------------------------------------------------------- */

static void grad_sums_chunk(void *arg, size_t chunk, int worker)
{
	const struct bn_job *job = arg;
	size_t channels = job->bn->channels;
	struct row_range rows = sgan_row_chunk(&job->chunks, chunk);
	size_t at = rows.first * channels;

	(void)worker;
	job->kernels->bn_grad_sums(rows.count, channels, job->src + at, job->diff_dst + at, job->scale, job->shift,
	                           job->mean, job->inv_std, job->bn->act, job->bn->slope, job->part_a + chunk * channels,
	                           job->part_b + chunk * channels);
}

static void combine_sums(const struct bn_job *job)
{
	size_t channels = job->bn->channels;

	clear_doubles(channels, job->total_a, job->total_b);
	for (size_t slice = 0; slice < job->chunks.slices; slice++) {
		clear_doubles(channels, job->slice_a, job->slice_b);
		for (size_t i = 0; i < job->chunks.per_slice; i++) {
			size_t at = (slice * job->chunks.per_slice + i) * channels;
			for (size_t c = 0; c < channels; c++) {
				job->slice_a[c] += (double)job->part_a[at + c];
				job->slice_b[c] += (double)job->part_b[at + c];
			}
		}
		for (size_t c = 0; c < channels; c++) {
			job->total_a[c] += job->slice_a[c];
			job->total_b[c] += job->slice_b[c];
		}
	}
}

static void grad_apply_chunk(void *arg, size_t chunk, int worker)
{
	const struct bn_job *job = arg;
	size_t channels = job->bn->channels;
	struct row_range rows = sgan_row_chunk(&job->chunks, chunk);
	size_t at = rows.first * channels;

	(void)worker;
	job->kernels->bn_grad_apply(rows.count, channels, job->src + at, job->diff_dst + at, job->scale, job->shift,
	                            job->coef_a, job->coef_b, job->coef_d, job->bn->act, job->bn->slope, job->dst + at);
}

/* diff_src = gain inv_std (g - mean(g) - xhat mean(g xhat)), written as a g + b src + d. */
static void gradient_coefficients(const struct bn_job *job, const real *gain, double count)
{
	for (size_t c = 0; c < job->bn->channels; c++) {
		double inverse = (double)job->inv_std[c], scale = (double)gain[c] * inverse;
		double b = -scale * inverse * job->total_b[c] / count;
		job->coef_a[c] = (real)scale;
		job->coef_b[c] = (real)b;
		job->coef_d[c] = (real)(-scale * job->total_a[c] / count - b * (double)job->mean[c]);
	}
}

sgan_status sgan_bn_backward(sgan_ctx *ctx, const sgan_bn *bn, size_t n, size_t pixels, const real *src,
                             const real *diff_dst, const real *gain, const real *shift, const real *mean,
                             const real *inv_std, real *diff_gain, real *diff_shift, real *diff_src)
{
	struct bn_job job;
	size_t total, elements;

	SGAN_TRY(check(what_backward, ctx, bn, n, pixels, &elements));
	if (!elements)
		return SGAN_OK;
	SGAN_NEED(what_backward, src);
	SGAN_NEED(what_backward, diff_dst);
	SGAN_NEED(what_backward, gain);
	SGAN_NEED(what_backward, shift);
	SGAN_NEED(what_backward, mean);
	SGAN_NEED(what_backward, inv_std);
	SGAN_NEED(what_backward, diff_src);
	if (!diff_gain != !diff_shift)
		return sgan_fail(SGAN_EINVAL, "%s: one of diff_gain and diff_shift is NULL, expected both or neither",
		                 what_backward);
	job = bn_job(ctx, bn, n, pixels);
	total = sgan_row_chunk_total(&job.chunks);
	SGAN_TRY(take_scratch(ctx, &job, total));
	job.src = src;
	job.diff_dst = diff_dst;
	job.mean = mean;
	job.inv_std = inv_std;
	job.dst = diff_src;
	apply_coefficients(&job, gain, shift, mean, inv_std);
	sgan_parallel_for(ctx, total, grad_sums_chunk, &job);
	combine_sums(&job);
	for (size_t c = 0; c < bn->channels && diff_gain; c++) {
		diff_gain[c] += (real)job.total_b[c];
		diff_shift[c] += (real)job.total_a[c];
	}
	gradient_coefficients(&job, gain, (double)n * (double)pixels);
	sgan_parallel_for(ctx, total, grad_apply_chunk, &job);
	return SGAN_OK;
}

/* The statistics are constants: of a g + b src + d, a g remains. */
sgan_status sgan_bn_backward_infer(sgan_ctx *ctx, const sgan_bn *bn, size_t n, size_t pixels, const real *src,
                                   const real *diff_dst, const real *gain, const real *shift, const real *running_mean,
                                   const real *running_var, real *diff_src)
{
	struct bn_job job;
	size_t elements;

	SGAN_TRY(check(what_backward, ctx, bn, n, pixels, &elements));
	if (!elements)
		return SGAN_OK;
	SGAN_NEED(what_backward, src);
	SGAN_NEED(what_backward, diff_dst);
	SGAN_NEED(what_backward, gain);
	SGAN_NEED(what_backward, shift);
	SGAN_NEED(what_backward, running_mean);
	SGAN_NEED(what_backward, running_var);
	SGAN_NEED(what_backward, diff_src);
	job = bn_job(ctx, bn, n, pixels);
	SGAN_TRY(take_scratch(ctx, &job, 0));
	job.src = src;
	job.diff_dst = diff_dst;
	job.dst = diff_src;
	apply_running(&job, gain, shift, running_mean, running_var);
	for (size_t c = 0; c < bn->channels; c++) {
		job.coef_a[c] = job.scale[c];
		job.coef_b[c] = job.coef_d[c] = 0;
	}
	sgan_parallel_for(ctx, sgan_row_chunk_total(&job.chunks), grad_apply_chunk, &job);
	return SGAN_OK;
}

/* Batch normalisation over [n, pixels] for each channel, and the activation that follows it: the calls, what they ask
 * of their arguments, and the batch's statistics as the caller gets them. */
#include "src/ops/bn.h"

#include <math.h>

#include "src/exec/ctx.h"
#include "src/ops/args.h"

static const char what_forward[] = "batch normalisation", what_backward[] = "batch normalisation's gradient";

static sgan_status check_bn(const char *what, const sgan_bn *bn)
{
	SGAN_NEED(what, bn);
	if (!bn->channels)
		return sgan_fail(SGAN_EINVAL, "%s: 0 channels, expected at least 1", what);
	if (!(bn->epsilon >= 0))
		return sgan_fail(SGAN_EINVAL, "%s: epsilon is %g, expected at least 0", what, (double)bn->epsilon);
	if ((unsigned)bn->running_scale > SGAN_BN_BIASED)
		return sgan_fail(SGAN_EINVAL, "%s: unknown scale %d of the running variance", what, (int)bn->running_scale);
	return sgan_check_act_grad(what, bn->act, bn->slope);
}

/* The whole call; *elements of its tensors, 0 where there is nothing to do. */
static sgan_status check(const char *what, const sgan_ctx *ctx, const sgan_bn *bn, sgan_batch batch, size_t pixels,
                         size_t count, const struct sgan_argument *tensors, size_t *elements)
{
	SGAN_TRY(sgan_check_ctx(what, ctx));
	SGAN_TRY(check_bn(what, bn));
	SGAN_TRY(sgan_check_batch(what, batch));
	SGAN_TRY(sgan_elements(what, batch.n, pixels, bn->channels, elements));
	return *elements ? sgan_need_all(what, sgan_batch_images(batch).count > 0, count, tensors) : SGAN_OK;
}

static sgan_status check_pair(const char *what, const struct sgan_argument pair[2])
{
	if (!pair[0].pointer != !pair[1].pointer)
		return sgan_fail(SGAN_EINVAL, "%s: one of %s and %s is NULL, expected both or neither", what, pair[0].name,
		                 pair[1].name);
	return SGAN_OK;
}

/* A job with its scratch: for sums over the batch, `summed`, more of it. */
static sgan_status prepare(sgan_ctx *ctx, const sgan_bn *bn, sgan_batch batch, size_t pixels, bool summed,
                           struct bn_job *job)
{
	size_t channels = bn->channels, doubles, reals;

	*job = (struct bn_job){
		.kernels = ctx->kernels,
		.bn = bn,
		.chunks = sgan_row_chunks(ctx->kernels, batch, pixels, channels),
		.bypass = sgan_bypasses_caches(ctx->kernels, batch.n * pixels * channels),
	};
	size_t chunks = summed ? sgan_row_chunk_total(&job->chunks) : 0;
	if (!sgan_size_mul3(2 * (1 + (summed ? batch.slices : 0)), channels, sizeof(double), &doubles) ||
	    !sgan_size_mul3(2 * chunks + 5, channels, sizeof(real), &reals) || doubles > SIZE_MAX - reals)
		return sgan_fail(SGAN_EINVAL, "batch normalisation: %zu channels are too many to address", channels);
	char *memory = sgan_ctx_scratch(ctx, doubles + reals);
	if (!memory)
		return SGAN_ENOMEM;
	job->total_a = (double *)(void *)memory;
	job->total_b = job->total_a + channels;
	job->slices = job->total_b + channels;
	job->scale = (real *)(void *)(memory + doubles);
	job->shift = job->scale + channels;
	job->coef_a = job->shift + channels;
	job->coef_b = job->coef_a + channels;
	job->coef_d = job->coef_b + channels;
	job->chunks_a = job->coef_d + channels;
	job->chunks_b = job->chunks_a + chunks * channels;
	return SGAN_OK;
}

/* --- forward ----------------------------------------------------------------- */

/* What the variance over `count` values of n images is multiplied by for the running one. */
static double running_scale(const sgan_bn *bn, double n, double count)
{
	if (bn->running_scale == SGAN_BN_IMAGES && n > 1)
		return n / (n - 1);
	if (bn->running_scale == SGAN_BN_VALUES && count > 1)
		return count / (count - 1);
	return 1;
}

/* What a forward pass makes of the batch's statistics. */
struct forward {
	const real *gain, *shift;
	real *mean, *inv_std;
	real momentum, *running_mean, *running_var; /* running_mean NULL: none are kept */
	double count;
};

static void update_running(const struct bn_job *job, const struct forward *f, size_t first, size_t channels)
{
	double scale = running_scale(job->bn, (double)job->chunks.batch.n, f->count);
	double momentum = (double)f->momentum, keep = 1 - momentum;

	for (size_t c = first; c < first + channels; c++) {
		double var = job->total_b[c] / f->count * scale;
		f->running_mean[c] = (real)(keep * (double)f->running_mean[c] + momentum * job->total_a[c]);
		f->running_var[c] = (real)(keep * (double)f->running_var[c] + momentum * var);
	}
}

static void finish_forward(const struct bn_job *job, const void *arg, size_t first, size_t channels)
{
	const struct forward *f = arg;

	for (size_t c = first; c < first + channels; c++) {
		f->mean[c] = (real)job->total_a[c];
		f->inv_std[c] = (real)(1 / sqrt(job->total_b[c] / f->count + (double)job->bn->epsilon));
	}
	if (f->running_mean)
		update_running(job, f, first, channels);
	sgan_bn_scale_by_batch(job, first, channels, f->gain, f->shift, f->mean, f->inv_std);
}

sgan_status sgan_bn_forward_train(sgan_ctx *ctx, const sgan_bn *bn, sgan_batch batch, size_t pixels, const real *src,
                                  const real *gain, const real *shift, real *mean, real *inv_std, real momentum,
                                  real *running_mean, real *running_var, real *dst)
{
	const struct sgan_argument tensors[] = { SGAN_IMAGES(src),    SGAN_ARGUMENT(gain),    SGAN_ARGUMENT(shift),
	                                         SGAN_ARGUMENT(mean), SGAN_ARGUMENT(inv_std), SGAN_IMAGES(dst) };
	const struct sgan_argument running[] = { SGAN_ARGUMENT(running_mean), SGAN_ARGUMENT(running_var) };
	const struct forward forward = {
		gain, shift, mean, inv_std, momentum, running_mean, running_var, (double)batch.n * (double)pixels
	};
	struct bn_job job;
	size_t elements;

	SGAN_TRY(check(what_forward, ctx, bn, batch, pixels, sizeof tensors / sizeof *tensors, tensors, &elements));
	SGAN_TRY(check_pair(what_forward, running));
	SGAN_TRY(sgan_check_exchange(what_forward, ctx, batch.slices, batch.begin, batch.end));
	if (!elements)
		return SGAN_OK;
	SGAN_TRY(prepare(ctx, bn, batch, pixels, true, &job));
	job.src = src;
	job.dst = dst;
	job.finish = finish_forward;
	job.finish_arg = &forward;
	SGAN_TRY(sgan_bn_statistics(ctx, &job));
	sgan_bn_apply(ctx, &job);
	return SGAN_OK;
}

sgan_status sgan_bn_forward_infer(sgan_ctx *ctx, const sgan_bn *bn, sgan_batch batch, size_t pixels, const real *src,
                                  const real *gain, const real *shift, const real *running_mean,
                                  const real *running_var, real *dst)
{
	const struct sgan_argument tensors[] = { SGAN_IMAGES(src),           SGAN_ARGUMENT(gain),
	                                         SGAN_ARGUMENT(shift),       SGAN_ARGUMENT(running_mean),
	                                         SGAN_ARGUMENT(running_var), SGAN_IMAGES(dst) };
	struct bn_job job;
	size_t elements;

	SGAN_TRY(check(what_forward, ctx, bn, batch, pixels, sizeof tensors / sizeof *tensors, tensors, &elements));
	if (!elements)
		return SGAN_OK;
	SGAN_TRY(prepare(ctx, bn, batch, pixels, false, &job));
	job.src = src;
	job.dst = dst;
	sgan_bn_scale_by_running(&job, gain, shift, running_mean, running_var);
	sgan_bn_apply(ctx, &job);
	return SGAN_OK;
}

/* --- backward ---------------------------------------------------------------- */

/* What a backward pass makes of the gradient's sums. */
struct backward {
	const real *gain;
	real *diff_gain, *diff_shift; /* or NULL */
};

static void finish_backward(const struct bn_job *job, const void *arg, size_t first, size_t channels)
{
	const struct backward *b = arg;

	for (size_t c = first; c < first + channels && b->diff_gain; c++) {
		b->diff_gain[c] += (real)job->total_b[c];
		b->diff_shift[c] += (real)job->total_a[c];
	}
	sgan_bn_gradient_coefficients(job, first, channels, b->gain);
}

sgan_status sgan_bn_backward(sgan_ctx *ctx, const sgan_bn *bn, sgan_batch batch, size_t pixels, const real *src,
                             const real *diff_dst, const real *gain, const real *shift, const real *mean,
                             const real *inv_std, real *diff_gain, real *diff_shift, real *diff_src)
{
	const struct sgan_argument tensors[] = { SGAN_IMAGES(src),     SGAN_IMAGES(diff_dst), SGAN_ARGUMENT(gain),
	                                         SGAN_ARGUMENT(shift), SGAN_ARGUMENT(mean),   SGAN_ARGUMENT(inv_std),
	                                         SGAN_IMAGES(diff_src) };
	const struct sgan_argument weights[] = { SGAN_ARGUMENT(diff_gain), SGAN_ARGUMENT(diff_shift) };
	struct bn_job job;
	size_t elements;

	SGAN_TRY(check(what_backward, ctx, bn, batch, pixels, sizeof tensors / sizeof *tensors, tensors, &elements));
	SGAN_TRY(check_pair(what_backward, weights));
	SGAN_TRY(sgan_check_exchange(what_backward, ctx, batch.slices, batch.begin, batch.end));
	if (!elements)
		return SGAN_OK;
	SGAN_TRY(prepare(ctx, bn, batch, pixels, true, &job));
	job.src = src;
	job.diff_dst = diff_dst;
	job.mean = mean;
	job.inv_std = inv_std;
	job.dst = diff_src;
	sgan_bn_scale_by_batch(&job, 0, bn->channels, gain, shift, mean, inv_std);
	job.finish = finish_backward;
	job.finish_arg = &(struct backward){ gain, diff_gain, diff_shift };
	SGAN_TRY(sgan_bn_gradient_sums(ctx, &job));
	sgan_bn_apply_gradient(ctx, &job);
	return SGAN_OK;
}

sgan_status sgan_bn_backward_infer(sgan_ctx *ctx, const sgan_bn *bn, sgan_batch batch, size_t pixels, const real *src,
                                   const real *diff_dst, const real *gain, const real *shift, const real *running_mean,
                                   const real *running_var, real *diff_src)
{
	const struct sgan_argument tensors[] = { SGAN_IMAGES(src),            SGAN_IMAGES(diff_dst),
	                                         SGAN_ARGUMENT(gain),         SGAN_ARGUMENT(shift),
	                                         SGAN_ARGUMENT(running_mean), SGAN_ARGUMENT(running_var),
	                                         SGAN_IMAGES(diff_src) };
	struct bn_job job;
	size_t elements;

	SGAN_TRY(check(what_backward, ctx, bn, batch, pixels, sizeof tensors / sizeof *tensors, tensors, &elements));
	if (!elements)
		return SGAN_OK;
	SGAN_TRY(prepare(ctx, bn, batch, pixels, false, &job));
	job.src = src;
	job.diff_dst = diff_dst;
	job.dst = diff_src;
	sgan_bn_scale_by_running(&job, gain, shift, running_mean, running_var);
	sgan_bn_apply_gradient_infer(ctx, &job);
	return SGAN_OK;
}

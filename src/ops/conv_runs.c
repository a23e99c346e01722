/* Gather from few channels (an image's 1 or 3): a kernel row of k_w * x_c source
 * values is contiguous, so that it counts as one long tap. Padded images are
 * copied, a band of rows at a time, so that every run lies inside. */
#include "src/ops/conv_plan.h"
#include "src/exec/ctx.h"

#include <string.h>

struct runs_job {
	const struct conv_call *call;
	size_t bands; /* of an image */
	struct sgan_runs runs;
};

static size_t padded_row(const struct conv_base *b)
{
	return (b->x_w + 2 * b->pad) * b->x_c;
}

void sgan_conv_copy_padded(const struct conv_base *b, const real *image, size_t first, size_t rows, real *dst)
{
	size_t row = padded_row(b), side = b->pad * b->x_c, inner = b->x_w * b->x_c;

	for (size_t r = first; r < first + rows; r++, dst += row) {
		if (r < b->pad || r - b->pad >= b->x_h) {
			memset(dst, 0, row * sizeof(real));
			continue;
		}
		memset(dst, 0, side * sizeof(real));
		memcpy(dst + side, image + (r - b->pad) * inner, inner * sizeof(real));
		memset(dst + side + inner, 0, side * sizeof(real));
	}
}

static double row_flops(const struct conv_base *b)
{
	return 2.0 * (double)b->y_w * (double)b->y_c * (double)(b->k_h * b->k_w * b->x_c);
}

/* Bands of an image when n are worked on. */
static size_t band_count(const struct sgan_conv_plan *plan, size_t n)
{
	const struct conv_base *b = &plan->base;
	const struct sgan_blocking *blocking = &plan->kernels->blocking;
	double image = row_flops(b) * (double)b->y_h;
	double flops = image * (double)n / blocking->few_chunks;
	double bands;

	if (flops > blocking->runs_chunk.most)
		flops = blocking->runs_chunk.most;
	if (flops < blocking->runs_chunk.least)
		flops = blocking->runs_chunk.least;
	bands = image / flops;
	if (bands < 1)
		return 1;
	return bands < (double)b->y_h ? (size_t)bands : b->y_h;
}

static size_t band_source_rows(const struct conv_base *b, size_t rows)
{
	return (rows - 1) * b->stride + b->k_h;
}

/* A worker's memory is the padded band; a band is largest where there are many images. */
size_t sgan_conv_runs_workspace(const struct sgan_conv_plan *plan)
{
	const struct conv_base *b = &plan->base;
	size_t rows = band_source_rows(b, conv_ceil_div(b->y_h, band_count(plan, plan->desc.max_batch)));

	return b->pad ? conv_round_bytes(rows * padded_row(b) * sizeof(real)) : 0;
}

/* A chunk is one band of one image. */
static void runs_chunk(void *arg, size_t chunk, int worker)
{
	const struct runs_job *job = arg;
	const struct conv_call *call = job->call;
	const struct conv_base *b = &call->plan->base;
	size_t image = chunk / job->bands, band = chunk % job->bands;
	size_t y = conv_part_begin(b->y_h, job->bands, band), end = conv_part_begin(b->y_h, job->bands, band + 1);
	const real *src = call->src + image * b->x_h * b->x_w * b->x_c;
	struct sgan_runs runs = job->runs;

	runs.rows = end - y;
	if (b->pad) {
		real *padded = (real *)(void *)(call->workspace + (size_t)worker * call->worker_size);
		sgan_conv_copy_padded(b, src, y * b->stride, band_source_rows(b, end - y), padded);
		src = padded;
	} else {
		src += y * b->stride * padded_row(b);
	}
	call->plan->kernels->runs(&runs, src, call->packed, call->dst + (image * b->y_h + y) * b->y_w * b->y_c,
	                          &call->epilogue);
}

void sgan_conv_runs(sgan_ctx *ctx, struct conv_call *call)
{
	const struct conv_base *b = &call->plan->base;
	struct runs_job job = {
		.call = call,
		.bands = band_count(call->plan, call->n),
		.runs = {
			.taps = b->k_h,
			.k = b->k_w * b->x_c,
			.cols = b->y_w,
			.n = b->y_c,
			.src_row = (ptrdiff_t)(b->stride * padded_row(b)),
			.src_col = (ptrdiff_t)(b->stride * b->x_c),
			.src_tap = (ptrdiff_t)padded_row(b),
		},
	};

	sgan_parallel_for(ctx, call->n * job.bands, runs_chunk, &job);
}

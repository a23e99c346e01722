/* Gather from few channels (an image's 1 or 3): a kernel row of k_w * x_c source
 * values is contiguous, so that it counts as one long tap; a tile's rows are
 * consecutive positions of a destination row. Padded images are copied, a band
 * of rows at a time, so that every run lies inside. */
#include "src/ops/conv_plan.h"
#include "src/cpu/ctx.h"

#include <string.h>

/* As in conv_taps.c. */
static const double chunk_flops = 8e6;

struct runs_job {
	const struct conv_call *call;
	size_t bands, panels;
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

/* Destination rows of a band, from the shape alone. */
static size_t band_count(const struct conv_base *b)
{
	double row = 2.0 * (double)b->y_w * (double)b->y_c * (double)(b->k_h * b->k_w * b->x_c);
	double rows = chunk_flops / row;

	if (rows >= (double)b->y_h)
		return 1;
	return rows < 1 ? b->y_h : conv_ceil_div(b->y_h, (size_t)rows);
}

/* A worker's memory: k_h taps, then the padded band. */
static size_t tap_bytes(const struct conv_base *b)
{
	return conv_round_bytes(b->k_h * sizeof(struct sgan_tap));
}

static size_t band_source_rows(const struct conv_base *b, size_t rows)
{
	return (rows - 1) * b->stride + b->k_h;
}

size_t sgan_conv_runs_workspace(const struct sgan_conv_plan *plan)
{
	const struct conv_base *b = &plan->base;
	size_t rows = band_source_rows(b, conv_ceil_div(b->y_h, band_count(b)));

	return tap_bytes(b) + (b->pad ? conv_round_bytes(rows * padded_row(b) * sizeof(real)) : 0);
}

static void run_row(const struct runs_job *job, size_t panel, const struct sgan_tap *tap, const real *src, real *dst)
{
	const struct sgan_conv_plan *plan = job->call->plan;
	const struct conv_base *b = &plan->base;
	size_t nr = plan->kernels->gemm_nr, first = panel * nr;
	size_t n = b->y_c - first < nr ? b->y_c - first : nr;
	const real *weights = job->call->packed + panel * b->k_h * b->k_w * b->x_c * nr;
	struct sgan_epilogue epilogue = job->call->epilogue;
	size_t tiles = conv_ceil_div(b->y_w, plan->kernels->gemm_mr);
	ptrdiff_t step = (ptrdiff_t)(b->stride * b->x_c);

	if (epilogue.bias)
		epilogue.bias += first;
	for (size_t t = 0; t < tiles; t++) {
		size_t x = conv_part_begin(b->y_w, tiles, t);
		size_t m = conv_part_begin(b->y_w, tiles, t + 1) - x;
		plan->kernels->gemm(b->k_h, tap, b->k_w * b->x_c, src + (ptrdiff_t)x * step, step, weights,
		                    dst + x * b->y_c + first, (ptrdiff_t)b->y_c, m, n, &epilogue);
	}
}

/* A chunk is one band of one image. */
static void runs_chunk(void *arg, size_t chunk, int worker)
{
	const struct runs_job *job = arg;
	const struct conv_call *call = job->call;
	const struct conv_base *b = &call->plan->base;
	size_t image = chunk / job->bands, band = chunk % job->bands;
	size_t y = conv_part_begin(b->y_h, job->bands, band), end = conv_part_begin(b->y_h, job->bands, band + 1);
	char *memory = call->workspace + (size_t)worker * call->worker_size;
	struct sgan_tap *tap = (struct sgan_tap *)(void *)memory;
	const real *src = call->src + image * b->x_h * b->x_w * b->x_c;
	real *dst = call->dst + image * b->y_h * b->y_w * b->y_c;
	size_t row = padded_row(b), run = b->k_w * b->x_c * call->plan->kernels->gemm_nr;

	for (size_t i = 0; i < b->k_h; i++)
		tap[i] = (struct sgan_tap){ (ptrdiff_t)(i * row), i * run };
	if (b->pad) {
		real *padded = (real *)(void *)(memory + tap_bytes(b));
		sgan_conv_copy_padded(b, src, y * b->stride, band_source_rows(b, end - y), padded);
		src = padded;
	} else {
		src += y * b->stride * row;
	}
	for (size_t panel = 0; panel < job->panels; panel++)
		for (size_t r = y; r < end; r++)
			run_row(job, panel, tap, src + (r - y) * b->stride * row, dst + r * b->y_w * b->y_c);
}

void sgan_conv_runs(sgan_ctx *ctx, struct conv_call *call)
{
	struct runs_job job = {
		.call = call,
		.bands = band_count(&call->plan->base),
		.panels = conv_ceil_div(call->plan->base.y_c, call->plan->kernels->gemm_nr),
	};

	sgan_parallel_for(ctx, call->n * job.bands, runs_chunk, &job);
}

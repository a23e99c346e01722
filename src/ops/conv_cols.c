/* Scatter to few channels: for each source row, one matrix product whose columns
 * are all taps and channels, then each source pixel's columns are added where
 * they belong, in raster order. A tap at a time would fill a vector with one channel. */
#include "src/ops/conv_plan.h"
#include "src/cpu/ctx.h"

struct cols_job {
	const struct conv_call *call;
	size_t columns, panels;
};

static size_t column_ld(const struct sgan_conv_plan *plan)
{
	const struct conv_base *b = &plan->base;
	size_t nr = plan->kernels->gemm_nr;

	return conv_ceil_div(b->k_h * b->k_w * b->x_c, nr) * nr;
}

size_t sgan_conv_cols_workspace(const struct sgan_conv_plan *plan)
{
	return conv_round_bytes(plan->base.y_w * column_ld(plan) * sizeof(real));
}

/* cols [y_w, columns] = one source row times the weights of all taps. */
static void multiply_row(const struct cols_job *job, const real *src, real *cols, size_t ld)
{
	const struct sgan_conv_plan *plan = job->call->plan;
	const struct conv_base *b = &plan->base;
	size_t nr = plan->kernels->gemm_nr, tiles = conv_ceil_div(b->y_w, plan->kernels->gemm_mr);
	const struct sgan_tap tap = { 0, 0 };
	const struct sgan_epilogue plain = { 0 };

	for (size_t panel = 0; panel < job->panels; panel++) {
		size_t first = panel * nr, n = job->columns - first < nr ? job->columns - first : nr;
		for (size_t t = 0; t < tiles; t++) {
			size_t x = conv_part_begin(b->y_w, tiles, t), m = conv_part_begin(b->y_w, tiles, t + 1) - x;
			plan->kernels->gemm(1, &tap, b->y_c, src + x * b->y_c, (ptrdiff_t)b->y_c,
			                    job->call->packed + panel * b->y_c * nr, cols + x * ld + first, (ptrdiff_t)ld, m, n,
			                    &plain);
		}
	}
}

/* One kernel row of one source pixel: a run of k_w * x_c values, cut at the image's sides. */
static void add_run(const struct conv_base *b, size_t x, const real *from, real *row)
{
	size_t top = x * b->stride;
	size_t skip = b->pad > top ? b->pad - top : 0;
	size_t end = b->x_w + b->pad > top ? b->x_w + b->pad - top : 0;

	if (end > b->k_w)
		end = b->k_w;
	if (end <= skip)
		return;
	row += (top + skip - b->pad) * b->x_c;
	for (size_t i = skip * b->x_c; i < end * b->x_c; i++)
		*row++ += from[i];
}

static void add_row(const struct conv_base *b, size_t y, const real *cols, size_t ld, real *image)
{
	for (size_t i = 0; i < b->k_h; i++) {
		size_t to = y * b->stride + i;
		if (to < b->pad || to - b->pad >= b->x_h)
			continue;
		for (size_t x = 0; x < b->y_w; x++)
			add_run(b, x, cols + x * ld + i * b->k_w * b->x_c, image + (to - b->pad) * b->x_w * b->x_c);
	}
}

static void fill(const struct conv_base *b, const real *bias, real *image)
{
	for (size_t p = 0; p < b->x_h * b->x_w; p++)
		for (size_t c = 0; c < b->x_c; c++)
			*image++ = bias ? bias[c] : 0;
}

/* A chunk is one image. */
static void cols_chunk(void *arg, size_t chunk, int worker)
{
	const struct cols_job *job = arg;
	const struct conv_call *call = job->call;
	const struct conv_base *b = &call->plan->base;
	size_t ld = column_ld(call->plan), count = b->x_h * b->x_w * b->x_c;
	real *cols = (real *)(void *)(call->workspace + (size_t)worker * call->worker_size);
	real *image = call->dst + chunk * count;

	fill(b, call->epilogue.bias, image);
	for (size_t y = 0; y < b->y_h; y++) {
		multiply_row(job, call->src + (chunk * b->y_h + y) * b->y_w * b->y_c, cols, ld);
		add_row(b, y, cols, ld, image);
	}
	if (call->epilogue.act != SGAN_ACT_NONE)
		call->plan->kernels->act(count, image, call->epilogue.act, call->epilogue.slope, image);
}

void sgan_conv_cols(sgan_ctx *ctx, struct conv_call *call)
{
	const struct conv_base *b = &call->plan->base;
	size_t columns = b->k_h * b->k_w * b->x_c;
	struct cols_job job = {
		.call = call,
		.columns = columns,
		.panels = conv_ceil_div(columns, call->plan->kernels->gemm_nr),
	};

	sgan_parallel_for(ctx, call->n, cols_chunk, &job);
}

/* The weight gradient: for each tap an outer product of X's and Y's channels,
 * summed over positions and images. Images are cut into parts (slices, and
 * blocks within them) whose sums are kept apart and added in order; how the
 * rest of the work is cut cannot change a bit of the result. */
#include "src/cpu/ctx.h"
#include "src/ops/conv_plan.h"
#include "src/ops/ops.h"

#include <string.h>

enum {
	LEAST_CHUNKS = 32,     /* when tiles alone are fewer, images are cut into blocks */
	REDUCE_COUNT = 1 << 14 /* elements of one chunk when parts are added */
};
static const double chunk_flops = 4e6;
/* What one tile's pass over several images may touch and still find in the second-level cache. */
static const size_t cache_bytes = (size_t)1 << 20;

struct wgrad_job {
	const struct sgan_conv_plan *plan;
	size_t n;
	const real *x, *y;
	real *parts; /* [slices][blocks][weight_count] */
	real *diff_weights;
	bool accumulate;
	size_t run, taps;       /* x values of a tap, and taps: x_c and k_h * k_w, or a kernel row's and k_h */
	size_t tiles, panels;   /* of run and of y_c */
	size_t tile_parts;
	char *padded;           /* [workers] padded images, or NULL */
	size_t padded_size;
};

static size_t run_length(const struct sgan_conv_plan *plan)
{
	return plan->weights == CONV_RUNS ? plan->base.k_w * plan->base.x_c : plan->base.x_c;
}

static size_t part_count(const struct sgan_conv_plan *plan)
{
	return plan->desc.slices * plan->blocks;
}

size_t sgan_conv_wgrad_blocks(const struct sgan_conv_plan *plan)
{
	size_t tiles = conv_ceil_div(run_length(plan), plan->kernels->wgrad_mr);
	size_t panels = conv_ceil_div(plan->base.y_c, plan->kernels->wgrad_nr);
	size_t images = conv_ceil_div(plan->desc.max_batch, plan->desc.slices);
	size_t blocks;

	if (tiles >= LEAST_CHUNKS || panels >= LEAST_CHUNKS)
		return 1;
	blocks = conv_ceil_div(LEAST_CHUNKS, tiles * panels);
	return blocks < images ? blocks : images;
}

static size_t padded_image_bytes(const struct sgan_conv_plan *plan)
{
	const struct conv_base *b = &plan->base;

	if (plan->weights != CONV_RUNS || !b->pad)
		return 0;
	return conv_round_bytes((b->x_h + 2 * b->pad) * (b->x_w + 2 * b->pad) * b->x_c * sizeof(real));
}

static size_t parts_bytes(const struct sgan_conv_plan *plan)
{
	return part_count(plan) > 1 ? conv_round_bytes(part_count(plan) * plan->weight_count * sizeof(real)) : 0;
}

size_t sgan_conv_wgrad_workspace(const struct sgan_conv_plan *plan, int threads)
{
	return parts_bytes(plan) + (size_t)threads * padded_image_bytes(plan);
}

/* --- one tile over images ---------------------------------------------------- */

/* Positions of Y that one tap takes inside X: `count` from `first`, and X's coordinate of the first. */
struct span {
	size_t first, count, x;
};

static struct span valid_span(size_t tap, size_t stride, size_t pad, size_t x, size_t y)
{
	size_t first = tap < pad ? conv_ceil_div(pad - tap, stride) : 0;
	size_t end = x + pad > tap ? (x + pad - tap - 1) / stride + 1 : 0;

	if (end > y)
		end = y;
	if (end <= first)
		return (struct span){ 0 };
	return (struct span){ first, end - first, first * stride + tap - pad };
}

/* What one chunk works on: images first .. first + n - 1, tiles, one panel, and where its sums go. */
struct wgrad_chunk {
	const struct wgrad_job *job;
	size_t first, n;
	size_t tile, tile_end;
	size_t column, columns;
	real *sums;
	real *padded; /* this worker's */
};

/* One tap's positions in memory: of X and Y, rows and columns, all tiles of the chunk. */
struct wgrad_walk {
	size_t rows, cols;
	const real *x, *y;
	size_t x_row, x_col, y_row, y_col;
};

static void walk_tiles(const struct wgrad_chunk *chunk, size_t tap, const struct wgrad_walk *w)
{
	const struct wgrad_job *job = chunk->job;
	const struct conv_base *b = &job->plan->base;

	if (!w->rows || !w->cols)
		return;
	for (size_t tile = chunk->tile; tile < chunk->tile_end; tile++) {
		size_t c = conv_part_begin(job->run, job->tiles, tile);
		size_t m = conv_part_begin(job->run, job->tiles, tile + 1) - c;
		job->plan->kernels->wgrad(w->rows, w->cols, w->x + c, (ptrdiff_t)w->x_row, (ptrdiff_t)w->x_col,
		                          w->y + chunk->column, (ptrdiff_t)w->y_row, (ptrdiff_t)w->y_col,
		                          chunk->sums + (tap * job->run + c) * b->y_c + chunk->column, (ptrdiff_t)b->y_c, m,
		                          chunk->columns, true);
	}
}

/* An image at a time: its part of X and Y stays in cache for all taps. */
static void image_taps(const struct wgrad_chunk *chunk, const real *x, const real *y)
{
	const struct conv_base *b = &chunk->job->plan->base;

	for (size_t tap = 0; tap < b->k_h * b->k_w; tap++) {
		struct span h = valid_span(tap / b->k_w, b->stride, b->pad, b->x_h, b->y_h);
		struct span w = valid_span(tap % b->k_w, b->stride, b->pad, b->x_w, b->y_w);
		struct wgrad_walk walk = {
			.rows = h.count,
			.cols = w.count,
			.x = x + (h.x * b->x_w + w.x) * b->x_c,
			.y = y + (h.first * b->y_w + w.first) * b->y_c,
			.x_row = b->stride * b->x_w * b->x_c,
			.x_col = b->stride * b->x_c,
			.y_row = b->y_w * b->y_c,
			.y_col = b->y_c,
		};
		walk_tiles(chunk, tap, &walk);
	}
}

/* All images at once, a row of positions at a time: long sums where images are small. */
static void batch_tap(const struct wgrad_chunk *chunk, size_t tap)
{
	const struct wgrad_job *job = chunk->job;
	const struct conv_base *b = &job->plan->base;
	struct span h = valid_span(tap / b->k_w, b->stride, b->pad, b->x_h, b->y_h);
	struct span w = valid_span(tap % b->k_w, b->stride, b->pad, b->x_w, b->y_w);
	size_t x_image = b->x_h * b->x_w * b->x_c, y_image = b->y_h * b->y_w * b->y_c;
	bool one = w.count == 1; /* then images are the inner loop */

	for (size_t r = 0; r < h.count; r++) {
		struct wgrad_walk walk = {
			.rows = one ? 1 : chunk->n,
			.cols = one ? chunk->n : w.count,
			.x = job->x + chunk->first * x_image + ((h.x + r * b->stride) * b->x_w + w.x) * b->x_c,
			.y = job->y + chunk->first * y_image + ((h.first + r) * b->y_w + w.first) * b->y_c,
			.x_row = x_image,
			.x_col = one ? x_image : b->stride * b->x_c,
			.y_row = y_image,
			.y_col = one ? y_image : b->y_c,
		};
		walk_tiles(chunk, tap, &walk);
	}
}

/* Few channels: each kernel row is one tap of k_w * x_c values, in a padded image. */
static void image_runs(const struct wgrad_chunk *chunk, const real *x, const real *y)
{
	const struct conv_base *b = &chunk->job->plan->base;
	size_t row = (b->x_w + 2 * b->pad) * b->x_c;

	if (b->pad) {
		sgan_conv_copy_padded(b, x, 0, b->x_h + 2 * b->pad, chunk->padded);
		x = chunk->padded;
	}
	for (size_t i = 0; i < b->k_h; i++) {
		struct wgrad_walk walk = {
			.rows = b->y_h,
			.cols = b->y_w,
			.x = x + i * row,
			.y = y,
			.x_row = b->stride * row,
			.x_col = b->stride * b->x_c,
			.y_row = b->y_w * b->y_c,
			.y_col = b->y_c,
		};
		walk_tiles(chunk, i, &walk);
	}
}

static bool batch_is_better(const struct wgrad_chunk *chunk)
{
	const struct wgrad_job *job = chunk->job;
	const struct conv_base *b = &job->plan->base;
	const struct sgan_kernels *k = job->plan->kernels;
	size_t image = (b->x_h * b->x_w * k->wgrad_mr + b->y_h * b->y_w * k->wgrad_nr) * sizeof(real);

	return job->plan->weights == CONV_TAPS && b->y_h < chunk->n && image < cache_bytes / chunk->n;
}

static void sum_images(const struct wgrad_chunk *chunk)
{
	const struct wgrad_job *job = chunk->job;
	const struct conv_base *b = &job->plan->base;

	if (batch_is_better(chunk)) {
		for (size_t tap = 0; tap < b->k_h * b->k_w; tap++)
			batch_tap(chunk, tap);
		return;
	}
	for (size_t image = chunk->first; image < chunk->first + chunk->n; image++) {
		const real *x = job->x + image * b->x_h * b->x_w * b->x_c;
		const real *y = job->y + image * b->y_h * b->y_w * b->y_c;
		if (job->plan->weights == CONV_RUNS)
			image_runs(chunk, x, y);
		else
			image_taps(chunk, x, y);
	}
}

/* --- chunks ------------------------------------------------------------------ */

static void clear_sums(const struct wgrad_chunk *chunk)
{
	const struct wgrad_job *job = chunk->job;
	size_t begin = conv_part_begin(job->run, job->tiles, chunk->tile);
	size_t end = conv_part_begin(job->run, job->tiles, chunk->tile_end);

	for (size_t tap = 0; tap < job->taps; tap++)
		for (size_t c = begin; c < end; c++)
			memset(chunk->sums + (tap * job->run + c) * job->plan->base.y_c + chunk->column, 0,
			       chunk->columns * sizeof(real));
}

static void wgrad_chunk(void *arg, size_t index, int worker)
{
	const struct wgrad_job *job = arg;
	const struct sgan_conv_plan *plan = job->plan;
	size_t panel = index % job->panels, tile_part = index / job->panels % job->tile_parts;
	size_t part = index / job->panels / job->tile_parts;
	size_t slice = part / plan->blocks, block = part % plan->blocks;
	size_t slice_first = sgan_slice_begin(job->n, plan->desc.slices, slice);
	size_t slice_n = sgan_slice_begin(job->n, plan->desc.slices, slice + 1) - slice_first;
	size_t column = panel * plan->kernels->wgrad_nr, left = plan->base.y_c - column;
	struct wgrad_chunk chunk = {
		.job = job,
		.first = slice_first + conv_part_begin(slice_n, plan->blocks, block),
		.tile = conv_part_begin(job->tiles, job->tile_parts, tile_part),
		.tile_end = conv_part_begin(job->tiles, job->tile_parts, tile_part + 1),
		.column = column,
		.columns = left < plan->kernels->wgrad_nr ? left : plan->kernels->wgrad_nr,
		.sums = job->parts + part * plan->weight_count,
		.padded = (real *)(void *)(job->padded + (size_t)worker * job->padded_size),
	};

	chunk.n = slice_first + conv_part_begin(slice_n, plan->blocks, block + 1) - chunk.first;
	if (job->parts != job->diff_weights || !job->accumulate)
		clear_sums(&chunk);
	if (chunk.n)
		sum_images(&chunk);
}

/* A chunk is a range of elements: blocks into their slice, slices into the result, in order. */
static void reduce_chunk(void *arg, size_t chunk, int worker)
{
	const struct wgrad_job *job = arg;
	const struct sgan_conv_plan *plan = job->plan;
	size_t first = chunk * REDUCE_COUNT, left = plan->weight_count - first;
	size_t count = left < REDUCE_COUNT ? left : REDUCE_COUNT;
	real *to = job->diff_weights + first;

	(void)worker;
	for (size_t slice = 0; slice < plan->desc.slices; slice++) {
		real *sum = job->parts + slice * plan->blocks * plan->weight_count + first;
		for (size_t block = 1; block < plan->blocks; block++)
			plan->kernels->add(count, sum + block * plan->weight_count, sum);
		if (slice || job->accumulate)
			plan->kernels->add(count, sum, to);
		else
			memcpy(to, sum, count * sizeof(real));
	}
}

static size_t tile_parts(const struct wgrad_job *job)
{
	const struct sgan_kernels *k = job->plan->kernels;
	double positions = (double)job->n * (double)(job->plan->base.y_h * job->plan->base.y_w);
	double tile = 2 * positions * (double)(job->taps * k->wgrad_mr * k->wgrad_nr) / (double)part_count(job->plan);
	double parts = tile * (double)job->tiles / chunk_flops;

	if (parts < 1)
		return 1;
	return parts < (double)job->tiles ? (size_t)parts : job->tiles;
}

void sgan_conv_wgrad(sgan_ctx *ctx, const struct sgan_conv_plan *plan, size_t n, const real *x, const real *y,
                     real *diff_weights, bool accumulate, void *workspace)
{
	bool direct = part_count(plan) == 1;
	size_t run = run_length(plan);
	struct wgrad_job job = {
		.plan = plan,
		.n = n,
		.x = x,
		.y = y,
		.parts = direct ? diff_weights : workspace,
		.diff_weights = diff_weights,
		.accumulate = accumulate,
		.run = run,
		.taps = plan->weight_count / run / plan->base.y_c,
		.tiles = conv_ceil_div(run, plan->kernels->wgrad_mr),
		.panels = conv_ceil_div(plan->base.y_c, plan->kernels->wgrad_nr),
		.padded = (char *)workspace + parts_bytes(plan),
		.padded_size = padded_image_bytes(plan),
	};

	job.tile_parts = tile_parts(&job);
	sgan_parallel_for(ctx, part_count(plan) * job.tile_parts * job.panels, wgrad_chunk, &job);
	if (!direct)
		sgan_parallel_for(ctx, conv_ceil_div(plan->weight_count, REDUCE_COUNT), reduce_chunk, &job);
}

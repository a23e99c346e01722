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
/* What a block may take of the first-level cache: the rest holds sums and what comes next. */
static const size_t cache_bytes = (size_t)40 << 10;

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
	char *workers; /* the workers' memory */
	size_t worker_size;
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

static size_t parts_bytes(const struct sgan_conv_plan *plan)
{
	return part_count(plan) > 1 ? conv_round_bytes(part_count(plan) * plan->weight_count * sizeof(real)) : 0;
}

/* --- blocks ------------------------------------------------------------------ */

/* A block is what is summed while it stays in the first-level cache, for all taps:
 * some whole images, or a band of rows of one. The pixels of one tile's channels
 * of X, and of one panel's of Y, are first copied together: as they lie, with a
 * power of two of channels between them, they would fight for a few cache sets. */
struct wgrad_block {
	size_t image, images;
	size_t row, rows; /* of Y */
};

/* Rows of X, padding included, that rows of Y reach. */
static size_t reach_rows(const struct conv_base *b, size_t rows)
{
	return (rows - 1) * b->stride + b->k_h;
}

static size_t x_pixel(const struct sgan_conv_plan *plan)
{
	return (plan->kernels->wgrad_mr + 7) / 8 * 8;
}

static size_t block_bytes(const struct sgan_conv_plan *plan, size_t x_rows, size_t y_rows)
{
	const struct conv_base *b = &plan->base;

	return (x_rows * b->x_w * x_pixel(plan) + y_rows * b->y_w * plan->kernels->wgrad_nr) * sizeof(real);
}

/* Images of a block; 0 where one image is too large. */
static size_t block_images(const struct sgan_conv_plan *plan)
{
	size_t images = cache_bytes / block_bytes(plan, plan->base.x_h, plan->base.y_h);

	return images < plan->desc.max_batch ? images : plan->desc.max_batch;
}

/* Bands that a large image is cut into. */
static size_t band_count(const struct sgan_conv_plan *plan)
{
	const struct conv_base *b = &plan->base;
	size_t rows = b->y_h;

	while (rows > 1 && block_bytes(plan, reach_rows(b, rows), rows) > cache_bytes)
		rows--;
	return conv_ceil_div(b->y_h, rows);
}

/* Elements of the copies of X and of Y, the larger of both kinds of block. */
static size_t x_copy_count(const struct sgan_conv_plan *plan)
{
	const struct conv_base *b = &plan->base;
	size_t images = block_images(plan);
	size_t rows = reach_rows(b, conv_ceil_div(b->y_h, band_count(plan)));

	if (images)
		rows = images * b->x_h;
	return (rows < b->x_h || images ? rows : b->x_h) * b->x_w * x_pixel(plan);
}

static size_t y_copy_count(const struct sgan_conv_plan *plan)
{
	const struct conv_base *b = &plan->base;
	size_t images = block_images(plan);
	size_t rows = images ? images * b->y_h : conv_ceil_div(b->y_h, band_count(plan));

	return rows * b->y_w * plan->kernels->wgrad_nr;
}

static size_t padded_count(const struct sgan_conv_plan *plan)
{
	const struct conv_base *b = &plan->base;

	return plan->weights == CONV_RUNS && b->pad ? (b->x_h + 2 * b->pad) * (b->x_w + 2 * b->pad) * b->x_c : 0;
}

/* A worker's memory. */
struct wgrad_memory {
	real *x, *y, *padded;
};

static size_t worker_bytes(const struct sgan_conv_plan *plan, char *base, struct wgrad_memory *memory)
{
	size_t y = conv_round_bytes(x_copy_count(plan) * sizeof(real));
	size_t padded = y + conv_round_bytes(y_copy_count(plan) * sizeof(real));

	if (memory)
		*memory = (struct wgrad_memory){ (real *)(void *)base, (real *)(void *)(base + y),
			                             (real *)(void *)(base + padded) };
	return padded + conv_round_bytes(padded_count(plan) * sizeof(real));
}

size_t sgan_conv_wgrad_workspace(const struct sgan_conv_plan *plan, int threads)
{
	return parts_bytes(plan) + (size_t)threads * worker_bytes(plan, NULL, NULL);
}

/* Pixels of a block in memory: the first, and the distances. */
struct wgrad_view {
	const real *first;
	size_t image, row, pixel;
	size_t first_row; /* which row of the tensor `first` is in */
};

/* What one chunk works on: images first .. first + n - 1, tiles, one panel, and where its sums go. */
struct wgrad_chunk {
	const struct wgrad_job *job;
	size_t first, n;
	size_t tile, tile_end;
	size_t column, columns;
	real *sums;
	struct wgrad_memory memory;
};

/* A view of rows first_row .. first_row + rows - 1 of the block's images, channels from `channel` on: the tensor
 * itself or, with a copy, n channels of each pixel brought together. */
static struct wgrad_view view_of(const struct wgrad_chunk *chunk, const struct wgrad_block *block, const real *tensor,
                                 size_t h, size_t w, size_t channels, size_t channel, size_t n, size_t first_row,
                                 size_t rows, real *copy, size_t copy_pixel)
{
	const real *first = tensor + ((block->image * h + first_row) * w) * channels + channel;

	if (!copy)
		return (struct wgrad_view){ first, h * w * channels, w * channels, channels, first_row };
	/* more than one image comes with all its rows, so the pixels lie at even distances */
	chunk->job->plan->kernels->copy(block->images * rows * w, n, first, (ptrdiff_t)channels, copy,
	                                (ptrdiff_t)copy_pixel);
	return (struct wgrad_view){ copy, rows * w * copy_pixel, w * copy_pixel, copy_pixel, first_row };
}

static struct wgrad_view view_y(const struct wgrad_chunk *chunk, const struct wgrad_block *block)
{
	const struct sgan_conv_plan *plan = chunk->job->plan;
	const struct conv_base *b = &plan->base;
	bool together = b->y_c <= plan->kernels->wgrad_nr;

	return view_of(chunk, block, chunk->job->y, b->y_h, b->y_w, b->y_c, chunk->column, chunk->columns, block->row,
	               block->rows, together ? NULL : chunk->memory.y, plan->kernels->wgrad_nr);
}

static struct wgrad_view view_x(const struct wgrad_chunk *chunk, const struct wgrad_block *block, size_t c, size_t m)
{
	const struct sgan_conv_plan *plan = chunk->job->plan;
	const struct conv_base *b = &plan->base;
	size_t top = block->row * b->stride, end = top + reach_rows(b, block->rows);
	size_t first = top > b->pad ? top - b->pad : 0, last = end > b->pad ? end - b->pad : 0;

	if (block->images > 1 || last > b->x_h)
		last = b->x_h;
	if (block->images > 1 || first > last)
		first = 0;
	/* read once, a copy does not pay */
	return view_of(chunk, block, chunk->job->x, b->x_h, b->x_w, b->x_c, c, m, first, last - first,
	               chunk->job->taps > 1 ? chunk->memory.x : NULL, x_pixel(plan));
}

/* Positions of Y that one tap takes inside X: `count` from `first`, and X's coordinate of the first. */
struct span {
	size_t first, count, x;
};

static struct span valid_span(size_t tap, size_t stride, size_t pad, size_t x, size_t begin, size_t end)
{
	size_t first = tap < pad ? conv_ceil_div(pad - tap, stride) : 0;
	size_t last = x + pad > tap ? (x + pad - tap - 1) / stride + 1 : 0;

	if (first < begin)
		first = begin;
	if (last > end)
		last = end;
	if (last <= first)
		return (struct span){ 0 };
	return (struct span){ first, last - first, first * stride + tap - pad };
}

/* One tap of one tile over a block; spans are of Y's rows and columns. */
static void sum_tap(const struct wgrad_chunk *chunk, const struct wgrad_block *block, const struct wgrad_view *x,
                    const struct wgrad_view *y, struct span h, struct span w, real *sums, size_t m)
{
	const struct sgan_conv_plan *plan = chunk->job->plan;
	bool one = h.count == 1 && w.count == 1; /* then images are the inner loop */
	struct sgan_walk walk = {
		.images = one ? 1 : block->images,
		.rows = h.count,
		.cols = one ? block->images : w.count,
		.src_image = (ptrdiff_t)x->image,
		.src_row = (ptrdiff_t)(plan->base.stride * x->row),
		.src_col = (ptrdiff_t)(one ? x->image : plan->base.stride * x->pixel),
		.diff_image = (ptrdiff_t)y->image,
		.diff_row = (ptrdiff_t)y->row,
		.diff_col = (ptrdiff_t)(one ? y->image : y->pixel),
	};

	if (h.count && w.count)
		plan->kernels->wgrad(&walk, x->first + (h.x - x->first_row) * x->row + w.x * x->pixel,
		                     y->first + (h.first - y->first_row) * y->row + w.first * y->pixel, sums,
		                     (ptrdiff_t)plan->base.y_c, m, chunk->columns, true);
}

static void sum_taps(const struct wgrad_chunk *chunk, const struct wgrad_block *block, const struct wgrad_view *y,
                     size_t tile)
{
	const struct wgrad_job *job = chunk->job;
	const struct conv_base *b = &job->plan->base;
	size_t c = conv_part_begin(job->run, job->tiles, tile), m = conv_part_begin(job->run, job->tiles, tile + 1) - c;
	struct wgrad_view x = view_x(chunk, block, c, m);

	for (size_t tap = 0; tap < job->taps; tap++)
		sum_tap(chunk, block, &x, y,
		        valid_span(tap / b->k_w, b->stride, b->pad, b->x_h, block->row, block->row + block->rows),
		        valid_span(tap % b->k_w, b->stride, b->pad, b->x_w, 0, b->y_w),
		        chunk->sums + (tap * job->run + c) * b->y_c + chunk->column, m);
}

/* Few channels: each kernel row is one tap of k_w * x_c values, in an image that has its padding. */
static void sum_runs(const struct wgrad_chunk *chunk, const struct wgrad_block *block, const struct wgrad_view *y,
                     const real *image, size_t tile)
{
	const struct wgrad_job *job = chunk->job;
	const struct conv_base *b = &job->plan->base;
	size_t c = conv_part_begin(job->run, job->tiles, tile), m = conv_part_begin(job->run, job->tiles, tile + 1) - c;
	struct wgrad_view x = { image + c, 0, (b->x_w + 2 * b->pad) * b->x_c, b->x_c, 0 };
	struct span w = { 0, b->y_w, 0 };

	for (size_t tap = 0; tap < job->taps; tap++) {
		struct span h = { block->row, block->rows, block->row * b->stride + tap };
		sum_tap(chunk, block, &x, y, h, w, chunk->sums + (tap * job->run + c) * b->y_c + chunk->column, m);
	}
}

static void sum_block(const struct wgrad_chunk *chunk, const struct wgrad_block *block, const real *image)
{
	struct wgrad_view y = view_y(chunk, block);

	for (size_t tile = chunk->tile; tile < chunk->tile_end; tile++)
		if (image)
			sum_runs(chunk, block, &y, image, tile);
		else
			sum_taps(chunk, block, &y, tile);
}

/* The image with its padding, for runs; NULL for taps. */
static const real *runs_image(const struct wgrad_chunk *chunk, size_t image)
{
	const struct sgan_conv_plan *plan = chunk->job->plan;
	const struct conv_base *b = &plan->base;
	const real *x = chunk->job->x + image * b->x_h * b->x_w * b->x_c;

	if (plan->weights != CONV_RUNS)
		return NULL;
	if (!b->pad)
		return x;
	sgan_conv_copy_padded(b, x, 0, b->x_h + 2 * b->pad, chunk->memory.padded);
	return chunk->memory.padded;
}

static void sum_bands(const struct wgrad_chunk *chunk, size_t image)
{
	const struct sgan_conv_plan *plan = chunk->job->plan;
	const real *padded = runs_image(chunk, image);
	size_t bands = band_count(plan);

	for (size_t band = 0; band < bands; band++) {
		size_t row = conv_part_begin(plan->base.y_h, bands, band);
		struct wgrad_block block = { image, 1, row, conv_part_begin(plan->base.y_h, bands, band + 1) - row };
		sum_block(chunk, &block, padded);
	}
}

static void sum_images(const struct wgrad_chunk *chunk)
{
	const struct sgan_conv_plan *plan = chunk->job->plan;
	size_t most = plan->weights == CONV_RUNS ? 0 : block_images(plan);
	size_t blocks = most ? conv_ceil_div(chunk->n, most) : 0;

	for (size_t i = 0; i < blocks; i++) {
		size_t first = conv_part_begin(chunk->n, blocks, i);
		struct wgrad_block block = { chunk->first + first, conv_part_begin(chunk->n, blocks, i + 1) - first, 0,
			                         plan->base.y_h };
		sum_block(chunk, &block, NULL);
	}
	for (size_t i = 0; i < chunk->n && !blocks; i++)
		sum_bands(chunk, chunk->first + i);
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
	};

	worker_bytes(plan, job->workers + (size_t)worker * job->worker_size, &chunk.memory);
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
		.workers = (char *)workspace + parts_bytes(plan),
		.worker_size = worker_bytes(plan, NULL, NULL),
	};

	job.tile_parts = tile_parts(&job);
	sgan_parallel_for(ctx, part_count(plan) * job.tile_parts * job.panels, wgrad_chunk, &job);
	if (!direct)
		sgan_parallel_for(ctx, conv_ceil_div(plan->weight_count, REDUCE_COUNT), reduce_chunk, &job);
}

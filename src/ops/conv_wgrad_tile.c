/* The weight gradient of one tile: a few of X's channels by a panel of Y's, all
 * taps, over some images. It must not know how the batch or the weights are cut. */
#include "src/ops/conv_wgrad.h"

#include <string.h>

/* What a block may take of cache: it outgrows the first level a little rather than be cut into short rows. */
static const size_t cache_bytes = (size_t)64 << 10;

/* A block is what is summed while it stays in cache, for all taps: some whole
 * images, or a band of rows of one. The pixels of the tile's channels of X, and of
 * the panel's of Y, are first copied together: as they lie, with a power of two of
 * channels between them, they would fight for a few cache sets. */
struct wgrad_block {
	size_t image, images;
	size_t row, rows; /* of Y */
};

size_t sgan_wgrad_run_length(const struct sgan_conv_plan *plan)
{
	return plan->weights == CONV_RUNS ? plan->base.k_w * plan->base.x_c : plan->base.x_c;
}

static size_t tap_count(const struct sgan_conv_plan *plan)
{
	return plan->weights == CONV_RUNS ? plan->base.k_h : plan->base.k_h * plan->base.k_w;
}

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

/* Images of a block; 0 where one image is too large or comes with padding of its own. */
static size_t block_images(const struct sgan_conv_plan *plan)
{
	size_t images = cache_bytes / block_bytes(plan, plan->base.x_h, plan->base.y_h);

	if (plan->weights == CONV_RUNS)
		return 0;
	return images < plan->desc.max_batch ? images : plan->desc.max_batch;
}

/* Bands that a large image is cut into. */
static size_t band_count(const struct sgan_conv_plan *plan)
{
	const struct conv_base *b = &plan->base;
	size_t fixed = block_bytes(plan, b->k_h, 0), row = block_bytes(plan, b->stride, 1);
	size_t rows = fixed < cache_bytes ? (cache_bytes - fixed) / row + 1 : 1;

	return conv_ceil_div(b->y_h, rows);
}

/* Elements of the copies of X and of Y, of either kind of block. */
static size_t x_copy_count(const struct sgan_conv_plan *plan)
{
	const struct conv_base *b = &plan->base;
	size_t images = block_images(plan), rows = reach_rows(b, conv_ceil_div(b->y_h, band_count(plan)));

	if (plan->weights == CONV_RUNS)
		return 0;
	if (images)
		rows = images * b->x_h;
	else if (rows > b->x_h)
		rows = b->x_h;
	return rows * b->x_w * x_pixel(plan);
}

static size_t y_copy_count(const struct sgan_conv_plan *plan)
{
	const struct conv_base *b = &plan->base;
	size_t images = block_images(plan);
	size_t rows = images ? images * b->y_h : conv_ceil_div(b->y_h, band_count(plan));

	return rows * b->y_w * plan->kernels->wgrad_nr;
}

static size_t panel_slots(const struct sgan_conv_plan *plan)
{
	return tap_count(plan) == 1 ? WGRAD_PANEL_SLOTS : 1;
}

static size_t padded_count(const struct sgan_conv_plan *plan)
{
	const struct conv_base *b = &plan->base;

	return plan->weights == CONV_RUNS && b->pad ? (b->x_h + 2 * b->pad) * (b->x_w + 2 * b->pad) * b->x_c : 0;
}

size_t sgan_wgrad_worker_bytes(const struct sgan_conv_plan *plan, char *base, struct wgrad_memory *memory)
{
	size_t tile = plan->kernels->wgrad_mr * plan->kernels->wgrad_nr;
	size_t y = conv_round_bytes(x_copy_count(plan) * sizeof(real));
	size_t padded = y + conv_round_bytes(panel_slots(plan) * y_copy_count(plan) * sizeof(real));
	size_t sums = padded + conv_round_bytes(padded_count(plan) * sizeof(real));

	if (memory) {
		*memory = (struct wgrad_memory){
			.x = (real *)(void *)base,
			.y = (real *)(void *)(base + y),
			.padded = (real *)(void *)(base + padded),
			.sums = (real *)(void *)(base + sums),
			.held_x = { .c = SIZE_MAX },
		};
		for (size_t i = 0; i < WGRAD_PANEL_SLOTS; i++)
			memory->held_y[i].panel = SIZE_MAX;
	}
	return sums + conv_round_bytes(tap_count(plan) * tile * sizeof(real));
}

/* --- pixels of a block -------------------------------------------------------- */

/* Pixels in memory: the first, and the distances. */
struct wgrad_view {
	const real *first;
	size_t image, row, pixel;
	size_t first_row; /* which row of the tensor `first` is in */
};

static struct wgrad_view view_y(const struct wgrad_job *job, const struct wgrad_tile *tile,
                                const struct wgrad_block *block, struct wgrad_memory *memory)
{
	const struct sgan_conv_plan *plan = job->plan;
	const struct conv_base *b = &plan->base;
	size_t nr = plan->kernels->wgrad_nr, panel = tile->column / nr, slot = panel % panel_slots(plan);
	const real *first = job->y + (block->image * b->y_h + block->row) * b->y_w * b->y_c + tile->column;
	real *to = memory->y + slot * y_copy_count(plan);
	struct wgrad_view held = { to, block->rows * b->y_w * nr, b->y_w * nr, nr, block->row };

	if (b->y_c <= nr)
		return (struct wgrad_view){ first, b->y_h * b->y_w * b->y_c, b->y_w * b->y_c, b->y_c, block->row };
	if (memory->held_y[slot].panel == panel && memory->held_y[slot].image == block->image &&
	    memory->held_y[slot].row == block->row)
		return held;
	plan->kernels->copy(block->images * block->rows * b->y_w, tile->columns, first, (ptrdiff_t)b->y_c, to,
	                    (ptrdiff_t)nr);
	memory->held_y[slot].panel = panel;
	memory->held_y[slot].image = block->image;
	memory->held_y[slot].row = block->row;
	return held;
}

static struct wgrad_view view_x(const struct wgrad_job *job, const struct wgrad_tile *tile,
                                const struct wgrad_block *block, struct wgrad_memory *memory)
{
	const struct sgan_conv_plan *plan = job->plan;
	const struct conv_base *b = &plan->base;
	size_t top = block->row * b->stride, end = top + reach_rows(b, block->rows), rows = b->x_h;
	struct wgrad_view view = { NULL, b->x_h * b->x_w * b->x_c, b->x_w * b->x_c, b->x_c, 0 };
	const real *first = job->x + block->image * view.image + tile->c;

	if (block->rows < b->y_h) { /* a band of one image */
		size_t last = end > b->pad ? end - b->pad : 0;
		view.first_row = top > b->pad ? top - b->pad : 0;
		last = last < b->x_h ? last : b->x_h;
		view.first_row = view.first_row < last ? view.first_row : last;
		rows = last - view.first_row;
	}
	view.first = first + view.first_row * view.row;
	if (job->taps * job->panels == 1) /* read once: a copy does not pay */
		return view;
	view.image = rows * b->x_w * x_pixel(plan);
	view.row = b->x_w * x_pixel(plan);
	view.pixel = x_pixel(plan);
	if (memory->held_x.c != tile->c || memory->held_x.image != block->image || memory->held_x.row != block->row)
		plan->kernels->copy(block->images * rows * b->x_w, tile->m, view.first, (ptrdiff_t)b->x_c, memory->x,
		                    (ptrdiff_t)view.pixel);
	memory->held_x.c = tile->c;
	memory->held_x.image = block->image;
	memory->held_x.row = block->row;
	view.first = memory->x;
	return view;
}

/* Few channels: an image that has its padding, a kernel row of which is one tap. */
static struct wgrad_view view_runs(const struct wgrad_job *job, const struct wgrad_tile *tile,
                                   const struct wgrad_block *block, struct wgrad_memory *memory)
{
	const struct conv_base *b = &job->plan->base;
	const real *image = job->x + block->image * b->x_h * b->x_w * b->x_c;

	if (b->pad && block->row == 0)
		sgan_conv_copy_padded(b, image, 0, b->x_h + 2 * b->pad, memory->padded);
	return (struct wgrad_view){ (b->pad ? memory->padded : image) + tile->c, 0, (b->x_w + 2 * b->pad) * b->x_c, b->x_c,
		                        0 };
}

/* --- sums -------------------------------------------------------------------- */

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

static void spans_of(const struct wgrad_job *job, const struct wgrad_block *block, size_t tap, struct span *h,
                     struct span *w)
{
	const struct conv_base *b = &job->plan->base;

	if (job->plan->weights == CONV_RUNS) {
		*h = (struct span){ block->row, block->rows, block->row * b->stride + tap };
		*w = (struct span){ 0, b->y_w, 0 };
		return;
	}
	*h = valid_span(tap / b->k_w, b->stride, b->pad, b->x_h, block->row, block->row + block->rows);
	*w = valid_span(tap % b->k_w, b->stride, b->pad, b->x_w, 0, b->y_w);
}

/* One tap over a block into sums, rows ld apart; false where no position has it. */
static bool sum_tap(const struct wgrad_job *job, const struct wgrad_tile *tile, const struct wgrad_block *block,
                    size_t tap, const struct wgrad_view *x, const struct wgrad_view *y, real *sums, size_t ld, bool add)
{
	const struct sgan_conv_plan *plan = job->plan;
	struct span h, w;
	bool one;
	struct sgan_walk walk;

	spans_of(job, block, tap, &h, &w);
	if (!h.count || !w.count)
		return false;
	one = h.count == 1 && w.count == 1; /* then images are the inner loop */
	walk = (struct sgan_walk){
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
	plan->kernels->wgrad(&walk, x->first + (h.x - x->first_row) * x->row + w.x * x->pixel,
	                     y->first + (h.first - y->first_row) * y->row + w.first * y->pixel, sums, (ptrdiff_t)ld,
	                     tile->m, tile->columns, add);
	return true;
}

/* All taps over a block, added to the worker's sums. */
static void sum_block(const struct wgrad_job *job, const struct wgrad_tile *tile, const struct wgrad_block *block,
                      struct wgrad_memory *memory)
{
	size_t nr = job->plan->kernels->wgrad_nr;
	struct wgrad_view y = view_y(job, tile, block, memory);
	struct wgrad_view x =
		job->plan->weights == CONV_RUNS ? view_runs(job, tile, block, memory) : view_x(job, tile, block, memory);

	for (size_t tap = 0; tap < job->taps; tap++)
		sum_tap(job, tile, block, tap, &x, &y, memory->sums + tap * tile->m * nr, nr, true);
}

static void sum_bands(const struct wgrad_job *job, const struct wgrad_tile *tile, size_t image,
                      struct wgrad_memory *memory)
{
	size_t y_h = job->plan->base.y_h, bands = band_count(job->plan);

	for (size_t band = 0; band < bands; band++) {
		size_t row = conv_part_begin(y_h, bands, band);
		struct wgrad_block block = { image, 1, row, conv_part_begin(y_h, bands, band + 1) - row };
		sum_block(job, tile, &block, memory);
	}
}

static void write_sums(const struct wgrad_job *job, const struct wgrad_tile *tile, const real *sums)
{
	const struct sgan_kernels *kernels = job->plan->kernels;
	size_t ld = job->plan->base.y_c, nr = kernels->wgrad_nr;

	for (size_t tap = 0; tap < job->taps; tap++) {
		real *to = tile->to + tap * job->run * ld;
		if (!tile->add)
			kernels->copy(tile->m, tile->columns, sums, (ptrdiff_t)nr, to, (ptrdiff_t)ld);
		for (size_t i = 0; i < tile->m && tile->add; i++)
			kernels->add(tile->columns, sums + i * nr, to + i * ld);
		sums += tile->m * nr;
	}
}

/* One tap and one block: no sums but the result's own. */
static bool sum_at_once(const struct wgrad_job *job, const struct wgrad_tile *tile, struct wgrad_memory *memory)
{
	struct wgrad_block block = { tile->first, tile->n, 0, job->plan->base.y_h };
	struct wgrad_view x, y;

	if (job->taps > 1 || tile->n > block_images(job->plan))
		return false;
	y = view_y(job, tile, &block, memory);
	x = view_x(job, tile, &block, memory);
	return sum_tap(job, tile, &block, 0, &x, &y, tile->to, job->plan->base.y_c, tile->add);
}

void sgan_wgrad_sum_tile(const struct wgrad_job *job, const struct wgrad_tile *tile, struct wgrad_memory *memory)
{
	size_t most = block_images(job->plan), blocks = most ? conv_ceil_div(tile->n, most) : 0;

	if (sum_at_once(job, tile, memory))
		return;
	memset(memory->sums, 0, job->taps * tile->m * job->plan->kernels->wgrad_nr * sizeof(real));
	for (size_t i = 0; i < blocks; i++) {
		size_t first = conv_part_begin(tile->n, blocks, i);
		struct wgrad_block block = { tile->first + first, conv_part_begin(tile->n, blocks, i + 1) - first, 0,
			                         job->plan->base.y_h };
		sum_block(job, tile, &block, memory);
	}
	for (size_t i = 0; i < tile->n && !blocks; i++)
		sum_bands(job, tile, tile->first + i, memory);
	write_sums(job, tile, memory->sums);
}

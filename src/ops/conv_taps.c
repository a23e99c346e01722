/* Gather and scatter as sums of matrix products, one for each tap of the kernel,
 * in one tile. There are two ways to fill a tile's rows:
 *
 *   batch     the same position in several images. All rows have the same taps
 *             inside the image, so that taps outside cost nothing.
 *   indirect  positions of one image, each row with its own pointer for each tap
 *             (a row of zeros outside). For batches too small to fill a tile.
 *
 * A dense layer is the batch way with one position and one tap. */
#include "src/ops/conv_taps.h"
#include "src/exec/ctx.h"

#include <math.h>
#include <string.h>

struct taps_job {
	const struct conv_call *call;
	struct conv_view view;
	bool scatter;
	size_t positions; /* of one destination image */
	size_t blocks;    /* of images, a tile's rows each */
	size_t panels;
	size_t block_parts, panel_parts, position_parts; /* the grid of chunks */
	size_t phases_h, phases_w, tiles;                /* the indirect way's grid: of one image */
};

static size_t src_image(const struct taps_job *job)
{
	return job->view.src_h * job->view.src_w * job->view.src_c;
}

static size_t dst_image(const struct taps_job *job)
{
	return job->positions * job->view.dst_c;
}

static struct sgan_tap *worker_taps(const struct taps_job *job, int worker)
{
	return (struct sgan_tap *)(void *)(job->call->workspace + (size_t)worker * job->call->worker_size);
}

static size_t weight_offset(const struct taps_job *job, size_t i, size_t j)
{
	const struct sgan_conv_plan *plan = job->call->plan;

	return (i * plan->base.k_w + j) * job->view.src_c * plan->kernels->gemm_nr;
}

/* The taps inside the image at one destination position. */
static size_t list_taps(const struct taps_job *job, size_t position, struct sgan_tap *tap)
{
	const struct conv_base *b = &job->call->plan->base;
	const struct conv_view *v = &job->view;
	struct conv_run h = conv_axis_run(b, job->scatter, position / v->dst_w, b->k_h, v->src_h);
	struct conv_run w = conv_axis_run(b, job->scatter, position % v->dst_w, b->k_w, v->src_w);
	size_t taps = 0;

	for (size_t i = 0; i < h.count; i++)
		for (size_t j = 0; j < w.count; j++) {
			ptrdiff_t y = (ptrdiff_t)h.src + (ptrdiff_t)i * h.src_step;
			ptrdiff_t x = (ptrdiff_t)w.src + (ptrdiff_t)j * w.src_step;
			tap[taps].src = (y * (ptrdiff_t)v->src_w + x) * (ptrdiff_t)v->src_c;
			tap[taps].weight = weight_offset(job, h.tap + i * h.tap_step, w.tap + j * w.tap_step);
			taps++;
		}
	return taps;
}

/* The columns that a panel covers, its weights, and the epilogue with its part of the bias. */
struct panel {
	const real *weights;
	size_t first, n;
	struct sgan_epilogue epilogue;
};

static struct panel panel_at(const struct taps_job *job, size_t index)
{
	const struct sgan_conv_plan *plan = job->call->plan;
	size_t nr = plan->kernels->gemm_nr;
	size_t first = index * nr, left = job->view.dst_c - first;
	struct panel p = {
		.weights = job->call->packed + index * plan->base.k_h * plan->base.k_w * job->view.src_c * nr,
		.first = first,
		.n = left < nr ? left : nr,
		.epilogue = job->call->epilogue,
	};

	if (p.epilogue.bias)
		p.epilogue.bias += first;
	return p;
}

/* One panel at one position, for some blocks of images. */
static void batch_tiles(const struct taps_job *job, const struct panel *p, size_t position, size_t block,
                        size_t block_end, size_t taps, const struct sgan_tap *tap)
{
	const struct conv_call *call = job->call;
	real *dst = call->dst + position * job->view.dst_c + p->first;

	for (; block < block_end; block++) {
		size_t image = conv_part_begin(call->n, job->blocks, block);
		size_t m = conv_part_begin(call->n, job->blocks, block + 1) - image;
		call->plan->kernels->gemm(taps, tap, job->view.src_c, call->src + image * src_image(job),
		                          (ptrdiff_t)src_image(job), p->weights, dst + image * dst_image(job),
		                          (ptrdiff_t)dst_image(job), m, p->n, &p->epilogue);
	}
}

static void batch_chunk(void *arg, size_t chunk, int worker)
{
	const struct taps_job *job = arg;
	size_t position_part = chunk % job->position_parts;
	size_t panel_part = chunk / job->position_parts % job->panel_parts;
	size_t block_part = chunk / job->position_parts / job->panel_parts;
	size_t panel_begin = conv_part_begin(job->panels, job->panel_parts, panel_part);
	size_t panel_end = conv_part_begin(job->panels, job->panel_parts, panel_part + 1);
	size_t position = conv_part_begin(job->positions, job->position_parts, position_part);
	size_t position_end = conv_part_begin(job->positions, job->position_parts, position_part + 1);
	size_t block = conv_part_begin(job->blocks, job->block_parts, block_part);
	size_t block_end = conv_part_begin(job->blocks, job->block_parts, block_part + 1);
	struct sgan_tap *tap = worker_taps(job, worker);

	for (; position < position_end; position++) {
		size_t taps = list_taps(job, position, tap);
		for (size_t i = panel_begin; i < panel_end; i++) {
			struct panel p = panel_at(job, i);
			batch_tiles(job, &p, position, block, block_end, taps, tap);
		}
	}
}

static size_t parts_of(const struct sgan_blocking *b, double flops, size_t grain_parts, size_t limit)
{
	double parts = flops / b->taps_chunk.most;

	if (parts < b->few_chunks)
		parts = flops / b->taps_chunk.least < b->few_chunks ? flops / b->taps_chunk.least : b->few_chunks;
	parts /= (double)grain_parts;
	if (parts < 1)
		return 1;
	return parts < (double)limit ? (size_t)parts : limit;
}

/* What is larger, the weights or the sources, is gone through once: a chunk keeps to its share of panels if it is the
 * weights, to one block of images otherwise. Chunks that follow each other differ in position, and their panels stay in
 * the second-level cache meanwhile: all weights of a large layer, read again for each position, would come from the
 * third. */
static void cut_batch(struct taps_job *job)
{
	const struct sgan_conv_plan *plan = job->call->plan;
	const struct sgan_blocking *blocking = &plan->kernels->blocking;
	double weights = (double)plan->weight_count;
	double sources = (double)job->call->n * (double)src_image(job);
	double smaller_image = (double)(plan->base.y_h * plan->base.y_w);
	double flops = 2 * weights * smaller_image * (double)job->call->n;
	double groups = ceil(weights * sizeof(real) / blocking->taps_panel_bytes);

	job->block_parts = sources > weights ? job->blocks : 1;
	job->panel_parts = sources > weights && groups < (double)job->panels ? (size_t)groups : job->panels;
	job->position_parts = parts_of(blocking, flops, job->block_parts * job->panel_parts, job->positions);
	if (job->block_parts == 1)
		job->block_parts = parts_of(blocking, flops, job->panel_parts * job->position_parts, job->blocks);
	else if (job->panel_parts < job->panels && job->position_parts == job->positions)
		job->panel_parts = parts_of(blocking, flops, job->block_parts * job->position_parts, job->panels);
}

/* --- indirect ---------------------------------------------------------------- */

/* One phase of the destination along one axis: positions first, first + step, ... of which there are
 * `count`, and their taps first_tap, first_tap + tap_step, ... In gather there is one phase. */
struct phase {
	size_t first, step, count;
	size_t first_tap, tap_step, taps;
};

static struct phase phase_at(const struct taps_job *job, size_t index, size_t extent, size_t kernel)
{
	const struct conv_base *b = &job->call->plan->base;
	size_t tap;

	if (!job->scatter)
		return (struct phase){ 0, 1, extent, 0, 1, kernel };
	tap = (index + b->pad) % b->stride;
	return (struct phase){ index, b->stride, conv_ceil_div(extent - index, b->stride),
		                   tap,   b->stride, tap < kernel ? conv_ceil_div(kernel - tap, b->stride) : 0 };
}

/* Source coordinate of a phase's tap t at destination dst; any huge number when it is outside. */
static size_t src_coordinate(const struct taps_job *job, size_t dst, size_t t)
{
	const struct conv_base *b = &job->call->plan->base;

	return job->scatter ? (dst + b->pad) / b->stride - t : dst * b->stride - b->pad + t;
}

struct indirect_tile {
	struct phase h, w;
	size_t first, m; /* rows: positions first .. first + m - 1 of the phase, row by row */
	const real *image;
	const real *zeros;
};

static void fill_rows(const struct taps_job *job, const struct indirect_tile *tile, size_t row, const real **rows)
{
	const struct conv_view *v = &job->view;
	size_t index = tile->first + row;
	size_t y0 = src_coordinate(job, tile->h.first + index / tile->w.count * tile->h.step, 0);
	size_t x0 = src_coordinate(job, tile->w.first + index % tile->w.count * tile->w.step, 0);
	const real **to = rows + row;

	for (size_t i = 0; i < tile->h.taps; i++)
		for (size_t j = 0; j < tile->w.taps; j++, to += tile->m) {
			size_t y = job->scatter ? y0 - i : y0 + i;
			size_t x = job->scatter ? x0 - j : x0 + j;
			*to = y < v->src_h && x < v->src_w ? tile->image + (y * v->src_w + x) * v->src_c : tile->zeros;
		}
}

static size_t phase_taps(const struct taps_job *job, const struct indirect_tile *tile, struct sgan_tap *tap)
{
	size_t taps = 0;

	for (size_t i = 0; i < tile->h.taps; i++)
		for (size_t j = 0; j < tile->w.taps; j++)
			tap[taps++] = (struct sgan_tap){ 0, weight_offset(job, tile->h.first_tap + i * tile->h.tap_step,
				                                              tile->w.first_tap + j * tile->w.tap_step) };
	return taps;
}

/* Leaves out the taps that lie outside the image for all rows of a tile, which often is one row of positions: in a
 * scatter with stride 1, where taps beyond the source's top and bottom are many. Returns how many are left. */
static size_t drop_outside(const struct indirect_tile *tile, size_t taps, struct sgan_tap *tap, const real **rows)
{
	size_t left = 0;

	for (size_t t = 0; t < taps; t++) {
		const real *const *from = rows + t * tile->m;
		size_t row = 0;
		while (row < tile->m && from[row] == tile->zeros)
			row++;
		if (row == tile->m)
			continue;
		tap[left] = tap[t];
		memmove(rows + left++ * tile->m, from, tile->m * sizeof *rows);
	}
	return left;
}

/* Offset in a destination image of a tile's row. */
static size_t row_offset(const struct taps_job *job, const struct indirect_tile *tile, size_t row)
{
	size_t index = tile->first + row;
	size_t y = tile->h.first + index / tile->w.count * tile->h.step;
	size_t x = tile->w.first + index % tile->w.count * tile->w.step;

	return (y * job->view.dst_w + x) * job->view.dst_c;
}

/* Rows of one phase of several are not at even distances in dst: they go by way of scratch. */
static void indirect_panel(const struct taps_job *job, const struct indirect_tile *tile, const struct panel *p,
                           real *dst, size_t taps, const struct sgan_tap *tap, const real *const *rows, real *scratch)
{
	const struct sgan_kernels *kernels = job->call->plan->kernels;
	bool even = tile->w.step == 1 && tile->h.step == 1;
	real *to = even ? dst + row_offset(job, tile, 0) + p->first : scratch;
	size_t ld = even ? job->view.dst_c : kernels->gemm_nr;
	struct sgan_epilogue epilogue = p->epilogue;

	epilogue.stream = epilogue.stream && even; /* scratch is read at once */
	kernels->igemm(taps, tap, job->view.src_c, rows, p->weights, to, (ptrdiff_t)ld, tile->m, p->n, &epilogue);
	for (size_t row = 0; row < tile->m && !even; row++)
		memcpy(dst + row_offset(job, tile, row) + p->first, scratch + row * ld, p->n * sizeof(real));
}

/* A worker's memory: taps, row pointers, a row of zeros, one tile of results. */
struct indirect_memory {
	struct sgan_tap *tap;
	const real **rows;
	real *zeros, *scratch;
};

static size_t lay_out(const struct sgan_conv_plan *plan, size_t src_c, char *base, struct indirect_memory *memory)
{
	size_t taps = plan->base.k_h * plan->base.k_w, mr = plan->kernels->gemm_mr;
	size_t rows = conv_round_bytes(taps * sizeof(struct sgan_tap));
	size_t zeros = rows + conv_round_bytes(taps * mr * sizeof(real *));
	size_t scratch = zeros + conv_round_bytes(src_c * sizeof(real));

	if (memory)
		*memory = (struct indirect_memory){
			.tap = (struct sgan_tap *)(void *)base,
			.rows = (const real **)(void *)(base + rows),
			.zeros = (real *)(void *)(base + zeros),
			.scratch = (real *)(void *)(base + scratch),
		};
	return scratch + conv_round_bytes(mr * plan->kernels->gemm_nr * sizeof(real));
}

/* A chunk is one tile of one phase of one image, for some panels. */
static void indirect_chunk(void *arg, size_t index, int worker)
{
	const struct taps_job *job = arg;
	const struct sgan_conv_plan *plan = job->call->plan;
	size_t panel_part = index % job->panel_parts, chunk = index / job->panel_parts;
	size_t panel_end = conv_part_begin(job->panels, job->panel_parts, panel_part + 1);
	size_t part = chunk % job->tiles, phase = chunk / job->tiles % (job->phases_h * job->phases_w);
	size_t image = chunk / job->tiles / (job->phases_h * job->phases_w);
	struct indirect_memory memory;
	struct indirect_tile tile = {
		.h = phase_at(job, phase / job->phases_w, job->view.dst_h, plan->base.k_h),
		.w = phase_at(job, phase % job->phases_w, job->view.dst_w, plan->base.k_w),
		.image = job->call->src + image * src_image(job),
	};
	size_t count = tile.h.count * tile.w.count;
	size_t tiles = conv_ceil_div(count, plan->kernels->gemm_mr);
	size_t taps;

	if (part >= tiles)
		return;
	lay_out(plan, job->view.src_c, job->call->workspace + (size_t)worker * job->call->worker_size, &memory);
	memset(memory.zeros, 0, job->view.src_c * sizeof(real));
	tile.zeros = memory.zeros;
	tile.first = conv_part_begin(count, tiles, part);
	tile.m = conv_part_begin(count, tiles, part + 1) - tile.first;
	taps = phase_taps(job, &tile, memory.tap);
	for (size_t row = 0; row < tile.m; row++)
		fill_rows(job, &tile, row, memory.rows);
	taps = drop_outside(&tile, taps, memory.tap, memory.rows);
	for (size_t i = conv_part_begin(job->panels, job->panel_parts, panel_part); i < panel_end; i++) {
		struct panel p = panel_at(job, i);
		indirect_panel(job, &tile, &p, job->call->dst + image * dst_image(job), taps, memory.tap, memory.rows,
		               memory.scratch);
	}
}

static size_t indirect_tiles(const struct taps_job *job)
{
	return job->call->n * job->phases_h * job->phases_w * job->tiles;
}

static void cut_indirect(struct taps_job *job)
{
	const struct conv_base *b = &job->call->plan->base;
	size_t step = job->scatter ? b->stride : 1;
	size_t h = conv_ceil_div(job->view.dst_h, step), w = conv_ceil_div(job->view.dst_w, step);

	job->phases_h = step < job->view.dst_h ? step : job->view.dst_h;
	job->phases_w = step < job->view.dst_w ? step : job->view.dst_w;
	job->tiles = conv_ceil_div(h * w, job->call->plan->kernels->gemm_mr);
	job->panel_parts = 1;
	while (job->panel_parts < job->panels &&
	       (double)(indirect_tiles(job) * job->panel_parts) < job->call->plan->kernels->blocking.few_chunks)
		job->panel_parts++;
}

/* --- both -------------------------------------------------------------------- */

/* Images fill tiles better than positions do, unless there are too few of them. */
static bool batch_is_better(const struct taps_job *job)
{
	return 2 * job->call->n > job->call->plan->kernels->gemm_mr || job->positions <= job->call->n;
}

size_t sgan_conv_taps_workspace(const struct sgan_conv_plan *plan, bool scatter)
{
	return lay_out(plan, conv_view_of(&plan->base, scatter).src_c, NULL, NULL);
}

void sgan_conv_taps(sgan_ctx *ctx, struct conv_call *call, bool scatter)
{
	struct taps_job job = { .call = call, .view = conv_view_of(&call->plan->base, scatter), .scatter = scatter };

	if (!call->n)
		return;
	job.positions = job.view.dst_h * job.view.dst_w;
	job.panels = conv_ceil_div(job.view.dst_c, call->plan->kernels->gemm_nr);
	if (batch_is_better(&job)) {
		job.blocks = conv_ceil_div(call->n, call->plan->kernels->gemm_mr);
		cut_batch(&job);
		sgan_parallel_for(ctx, job.block_parts * job.panel_parts * job.position_parts, batch_chunk, &job);
	} else {
		cut_indirect(&job);
		sgan_parallel_for(ctx, indirect_tiles(&job) * job.panel_parts, indirect_chunk, &job);
	}
}

/* The weight gradient: for each tap an outer product of X's and Y's channels,
 * summed over positions and images. Images are cut into parts (slices, and
 * blocks within them) whose sums are kept apart and added in order; how the
 * rest of the work is cut cannot change a bit of the result. */
#include "src/ops/conv_wgrad.h"
#include "src/cpu/ctx.h"
#include "src/ops/ops.h"

#include <string.h>

enum {
	LEAST_CHUNKS = 32,     /* when tiles alone are fewer, images are cut into blocks */
	MOST_BLOCKS = 8,       /* of a slice, where that is for the memory's sake */
	REDUCE_COUNT = 1 << 14 /* elements of one chunk when parts are added */
};
static const double chunk_flops = 4e6;
/* What some images' X and Y may take of the second-level cache while all tiles go over them. */
static const size_t group_bytes = (size_t)768 << 10;

static size_t part_count(const struct sgan_conv_plan *plan)
{
	return plan->desc.slices * plan->blocks;
}

/* Whether less memory is moved when chunks are images (each tensor read once, but each block's sums written, read and
 * added) than when they are tiles and panels (each reads all images, and with its pixels as much again of others). */
static bool images_move_less(const struct sgan_conv_plan *plan, size_t tiles, size_t panels, size_t images)
{
	const struct conv_base *b = &plan->base;
	double x = (double)images * (double)(b->x_h * b->x_w * b->x_c);
	double y = (double)images * (double)(b->y_h * b->y_w * b->y_c);

	if (b->k_h * b->k_w == 1) /* a chunk's tiles and panels go over the images together */
		return false;
	return x + y + 3.0 * MOST_BLOCKS * (double)plan->weight_count < 2 * x * (double)panels + 1.5 * y * (double)tiles;
}

size_t sgan_conv_wgrad_blocks(const struct sgan_conv_plan *plan)
{
	size_t tiles = conv_ceil_div(sgan_wgrad_run_length(plan), plan->kernels->wgrad_mr);
	size_t panels = conv_ceil_div(plan->base.y_c, plan->kernels->wgrad_nr);
	size_t images = conv_ceil_div(plan->desc.max_batch, plan->desc.slices);
	size_t blocks = 1;

	if (tiles < LEAST_CHUNKS && panels < LEAST_CHUNKS)
		blocks = conv_ceil_div(LEAST_CHUNKS, tiles * panels);
	if (blocks < MOST_BLOCKS && images_move_less(plan, tiles, panels, images))
		blocks = MOST_BLOCKS;
	return blocks < images ? blocks : images;
}

static size_t parts_bytes(const struct sgan_conv_plan *plan)
{
	return part_count(plan) > 1 ? conv_round_bytes(part_count(plan) * plan->weight_count * sizeof(real)) : 0;
}

size_t sgan_conv_wgrad_workspace(const struct sgan_conv_plan *plan, int threads)
{
	return parts_bytes(plan) + (size_t)threads * sgan_wgrad_worker_bytes(plan, NULL, NULL);
}

/* Images of a part, and the first. */
struct image_range {
	size_t first, n;
};

static struct image_range part_images(const struct wgrad_job *job, size_t part)
{
	const struct sgan_conv_plan *plan = job->plan;
	size_t slice = part / plan->blocks, block = part % plan->blocks;
	size_t first = sgan_slice_begin(job->n, plan->desc.slices, slice);
	size_t n = sgan_slice_begin(job->n, plan->desc.slices, slice + 1) - first;
	size_t begin = conv_part_begin(n, plan->blocks, block);

	return (struct image_range){ first + begin, conv_part_begin(n, plan->blocks, block + 1) - begin };
}

/* Images that all tiles of a chunk go over before the next: as many as the second-level cache holds, or all where
 * there is one tap, which reads each once. It orders the sums, so it must not depend on how tiles are cut. */
static size_t group_images(const struct wgrad_job *job)
{
	const struct conv_base *b = &job->plan->base;
	size_t image = (b->x_h * b->x_w * b->x_c + b->y_h * b->y_w * b->y_c) * sizeof(real);

	if (job->taps == 1)
		return SIZE_MAX;
	return image < group_bytes ? group_bytes / image : 1;
}

static void sum_group(const struct wgrad_job *job, size_t index, struct image_range group, bool add,
                      struct wgrad_memory *memory)
{
	size_t panel_part = index % job->panel_parts, tile_part = index / job->panel_parts % job->tile_parts;
	size_t part = index / job->panel_parts / job->tile_parts;
	size_t tile_end = conv_part_begin(job->tiles, job->tile_parts, tile_part + 1);
	size_t panel_end = conv_part_begin(job->panels, job->panel_parts, panel_part + 1);
	size_t nr = job->plan->kernels->wgrad_nr, y_c = job->plan->base.y_c;

	for (size_t i = conv_part_begin(job->tiles, job->tile_parts, tile_part); i < tile_end; i++) {
		struct wgrad_tile tile = { .first = group.first, .n = group.n, .add = add };
		tile.c = conv_part_begin(job->run, job->tiles, i);
		tile.m = conv_part_begin(job->run, job->tiles, i + 1) - tile.c;
		for (size_t panel = conv_part_begin(job->panels, job->panel_parts, panel_part); panel < panel_end; panel++) {
			tile.column = panel * nr;
			tile.columns = y_c - tile.column < nr ? y_c - tile.column : nr;
			tile.to = job->parts + part * job->plan->weight_count + tile.c * y_c + tile.column;
			sgan_wgrad_sum_tile(job, &tile, memory);
		}
	}
}

/* A chunk is some tiles and panels of one part. */
static void wgrad_chunk(void *arg, size_t index, int worker)
{
	const struct wgrad_job *job = arg;
	struct image_range part = part_images(job, index / job->panel_parts / job->tile_parts);
	size_t groups = conv_ceil_div(part.n, group_images(job));
	bool direct = job->parts == job->diff_weights;
	struct wgrad_memory memory;

	sgan_wgrad_worker_bytes(job->plan, job->workers + (size_t)worker * job->worker_size, &memory);
	if (!groups)
		groups = 1; /* of no image: zeros */
	for (size_t i = 0; i < groups; i++) {
		size_t begin = conv_part_begin(part.n, groups, i);
		struct image_range group = { part.first + begin, conv_part_begin(part.n, groups, i + 1) - begin };
		sum_group(job, index, group, i > 0 || (direct && job->accumulate), &memory);
	}
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

static double least(double a, double b)
{
	return a < b ? a : b;
}

/* Tiles and panels are cut as far as every thread needs for some chunks, and a chunk is still long against handing
 * it out. A part's images go through one chunk where that is enough. */
static void cut_tiles(const sgan_ctx *ctx, struct wgrad_job *job)
{
	const struct sgan_kernels *k = job->plan->kernels;
	double positions = (double)job->n * (double)(job->plan->base.y_h * job->plan->base.y_w);
	double flops = 2 * positions * (double)(job->taps * k->wgrad_mr * k->wgrad_nr) * (double)(job->tiles * job->panels);
	double most = flops / chunk_flops / (double)part_count(job->plan);
	double wanted = 4.0 * ctx->threads / (double)part_count(job->plan);
	size_t panel_group = job->taps == 1 ? WGRAD_PANEL_SLOTS : 1;

	job->panel_parts = job->tile_parts = 1;
	if (job->plan->blocks == MOST_BLOCKS && wanted <= 1)
		return;
	job->panel_parts = (size_t)least(most, (double)conv_ceil_div(job->panels, panel_group));
	if (job->panel_parts < 1)
		job->panel_parts = 1;
	job->tile_parts = (size_t)least(most / (double)job->panel_parts, (double)job->tiles);
	if (job->tile_parts < 1)
		job->tile_parts = 1;
}

void sgan_conv_wgrad(sgan_ctx *ctx, const struct sgan_conv_plan *plan, size_t n, const real *x, const real *y,
                     real *diff_weights, bool accumulate, void *workspace)
{
	bool direct = part_count(plan) == 1;
	size_t run = sgan_wgrad_run_length(plan);
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
		.worker_size = sgan_wgrad_worker_bytes(plan, NULL, NULL),
	};

	cut_tiles(ctx, &job);
	sgan_parallel_for(ctx, part_count(plan) * job.tile_parts * job.panel_parts, wgrad_chunk, &job);
	if (!direct)
		sgan_parallel_for(ctx, conv_ceil_div(plan->weight_count, REDUCE_COUNT), reduce_chunk, &job);
}

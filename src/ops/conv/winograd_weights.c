/* The weight gradient by Winograd's filtering; winograd.h says what is computed. The loops of a chunk, some channels of
 * one of X's phases by some of Y's, over the images of a piece:
 *
 *   for each group of rows of points
 *       for each block of tiles
 *           for each tile
 *               map its window of X, and its results in Y, to the points           map_windows, map_results
 *           for each pair of points
 *               sums (+)= windows at these points, transposed, x results there     multiply
 *       for each of X's channels
 *           map the sums back to taps, and add them to those before          write_sums
 *
 * All points' sums and values are more than a cache of the second level; a group's stay there, and mapping it takes no
 * more than its share: X and Y are read once more for each.
 *
 * How slices come together is weights_slices.c's. */
#include "src/exec/ctx.h"
#include "src/ops/conv/algorithms.h"
#include "src/ops/conv/weights_slices.h"

#include <string.h>

struct weights_job {
	const struct conv_call *call;
	const struct winograd_weights *w;
	size_t x_chunks, y_chunks; /* the cut's or more */
	real *partials;            /* partial sums of slices, see weights_slices.h */
};

/* A worker's memory, and distances from a pair of points to the next. */
struct weights_memory {
	real *x;    /* [point pair][tile][x_channels] */
	real *y;    /* [point pair][tile][y_channels] */
	real *sums; /* [point pair of the taps][x_channels][y_channels] */
	real *taps; /* [taps_h][taps_w][x_channels][y_channels]: a slice's sum that is to be added to others */
	size_t x_plane, y_plane, sums_plane;
};

/* Channels of a phase of X, and of Y. */
struct weights_chunk {
	const struct winograd_filter *filter;
	size_t c, c_count;
	size_t o, o_count;
};

/* Rows of points that are summed together: of the windows, the results and the taps. */
struct weights_group {
	struct sgan_filtering x, y, taps;
};

/* Tiles that are mapped together: the first, counted from an image's, and how many. */
struct weights_block {
	size_t image, tile, tiles;
};

static size_t lay_out(const struct winograd_weights *w, char *base, struct weights_memory *memory)
{
	size_t x = winograd_plane(w->block, w->x_channels), y = winograd_plane(w->block, w->y_channels);
	size_t sums = winograd_plane(w->x_channels, w->y_channels), planes = 0, taps = 0;
	real *first = (real *)(void *)base;

	for (size_t i = 0; i < w->filters; i++) {
		size_t points = winograd_result_points(w->tiling.m, w->filter[i].taps_w).points;
		size_t count = w->filter[i].taps_h * w->filter[i].taps_w;
		planes = w->rows * points > planes ? w->rows * points : planes;
		taps = count > taps ? count : taps;
	}
	if (memory)
		*memory = (struct weights_memory){
			.x = first,
			.y = first + planes * x,
			.sums = first + planes * (x + y),
			.taps = first + planes * (x + y + sums),
			.x_plane = x,
			.y_plane = y,
			.sums_plane = sums,
		};
	return conv_round_bytes((planes * (x + y + sums) + taps * w->x_channels * w->y_channels) * sizeof(real));
}

/* --- tiles -------------------------------------------------------------------------- */

static void map_windows(const struct weights_job *job, const struct weights_chunk *chunk,
                        const struct weights_group *group, const struct weights_block *block,
                        const struct weights_memory *memory)
{
	struct winograd_windows windows = { &job->w->tiling, &job->call->problem->base, false, chunk->filter };

	for (size_t i = 0; i < block->tiles; i++) {
		ptrdiff_t first;
		struct sgan_window window = sgan_winograd_window(&windows, block->image, block->tile + i, &first);
		job->call->problem->kernels->winograd_input(&group->x, &window, chunk->c_count,
		                                            job->call->x + first + (ptrdiff_t)chunk->c,
		                                            memory->x + i * chunk->c_count, memory->x_plane);
	}
}

static void map_results(const struct weights_job *job, const struct weights_chunk *chunk,
                        const struct weights_group *group, const struct weights_block *block,
                        const struct weights_memory *memory)
{
	const struct conv_base *b = &job->call->problem->base;
	size_t row = b->w.y * b->y_c, m = job->w->tiling.m;

	for (size_t i = 0; i < block->tiles; i++) {
		struct winograd_place at = sgan_winograd_place(&job->w->tiling, block->image, block->tile + i);
		size_t first = (at.image * b->h.y + at.y) * row + at.x * b->y_c;
		struct sgan_window window = {
			.row = (ptrdiff_t)row,
			.col = (ptrdiff_t)b->y_c,
			.row_end = least_of(b->h.y - at.y, m),
			.col_end = least_of(b->w.y - at.x, m),
		};
		job->call->problem->kernels->winograd_evaluate(&group->y, &window, chunk->o_count,
		                                               job->call->y + first + chunk->o, memory->y + i * chunk->o_count,
		                                               memory->y_plane);
	}
}

/* --- products ------------------------------------------------------------------------ */

/* A tile of the sums at one pair of the taps' points. */
static void multiply_tile(const struct weights_job *job, const struct weights_chunk *chunk,
                          const struct sgan_walk *walk, bool accumulate, size_t c, size_t m, size_t o,
                          const struct weights_memory *at)
{
	const struct sgan_kernels *kernels = job->call->problem->kernels;
	struct sgan_walk tile = *walk;

	tile.ahead = at->x + c;
	kernels->wgrad(&tile, at->x + c, at->y + o, at->sums + c * chunk->o_count + o, (ptrdiff_t)chunk->o_count, m,
	               least_of(chunk->o_count - o, kernels->wgrad_nr), accumulate);
}

static void multiply_point(const struct weights_job *job, const struct weights_chunk *chunk,
                           const struct sgan_walk *walk, bool accumulate, const struct weights_memory *at)
{
	const struct sgan_kernels *kernels = job->call->problem->kernels;
	size_t rows = ceil_div(chunk->c_count, kernels->wgrad_mr);

	for (size_t o = 0; o < chunk->o_count; o += kernels->wgrad_nr)
		for (size_t i = 0; i < rows; i++) {
			size_t c = share_begin(chunk->c_count, rows, i);
			multiply_tile(job, chunk, walk, accumulate, c, share_begin(chunk->c_count, rows, i + 1) - c, o, at);
		}
}

/* At each pair of the taps' points; along an axis of a single tap, its one point sums over all of the results'. */
static void multiply(const struct weights_job *job, const struct weights_chunk *chunk,
                     const struct weights_group *group, size_t tiles, bool accumulate,
                     const struct weights_memory *memory)
{
	size_t rows = group->x.end - group->x.begin, cols = group->x.w.points;
	size_t tap_rows = group->taps.end - group->taps.begin, tap_cols = group->taps.w.points;
	const struct sgan_walk walk = {
		.images = rows / tap_rows,
		.rows = cols / tap_cols,
		.ranges = 1,
		.range_end = &tiles,
		.x_image = (ptrdiff_t)(cols * memory->x_plane),
		.x_row = (ptrdiff_t)memory->x_plane,
		.x_col = (ptrdiff_t)chunk->c_count,
		.y_image = (ptrdiff_t)(cols * memory->y_plane),
		.y_row = (ptrdiff_t)memory->y_plane,
		.y_col = (ptrdiff_t)chunk->o_count,
	};

	for (size_t i = 0; i < tap_rows; i++)
		for (size_t j = 0; j < tap_cols; j++) {
			struct weights_memory at = *memory;
			at.x += (i * cols + j) * memory->x_plane;
			at.y += (i * cols + j) * memory->y_plane;
			at.sums += (i * tap_cols + j) * memory->sums_plane;
			multiply_point(job, chunk, &walk, accumulate, &at);
		}
}

/* Where a chunk's taps go: the first, and the distances between rows of them, columns, and channels of X. */
struct weights_target {
	real *to;
	size_t row, col, channel;
};

/* In a tensor as the weights are. */
static struct weights_target in_tensor(const struct weights_job *job, const struct weights_chunk *chunk, real *tensor)
{
	const struct conv_base *b = &job->call->problem->base;
	const struct winograd_filter *f = chunk->filter;
	size_t tap = b->x_c * b->y_c, row = b->w.kernel * tap;

	return (struct weights_target){ tensor + f->phase_h * row + f->phase_w * tap + chunk->c * b->y_c + chunk->o,
		                            b->h.stride * row, b->w.stride * tap, b->y_c };
}

/* In a worker's memory. */
static struct weights_target in_memory(const struct weights_chunk *chunk, const struct weights_memory *memory)
{
	size_t tap = chunk->c_count * chunk->o_count;

	return (struct weights_target){ memory->taps, chunk->filter->taps_w * tap, tap, chunk->o_count };
}

static void write_sums(const struct weights_job *job, const struct weights_chunk *chunk,
                       const struct weights_group *group, bool accumulate, const struct weights_target *target,
                       const struct weights_memory *memory)
{
	const struct winograd_filter *f = chunk->filter;
	const struct sgan_epilogue e = { .accumulate = accumulate };
	struct sgan_window window = {
		.row = (ptrdiff_t)target->row,
		.col = (ptrdiff_t)target->col,
		.row_end = f->taps_h,
		.col_end = f->taps_w,
	};

	for (size_t c = 0; c < chunk->c_count; c++)
		job->call->problem->kernels->winograd_moments(1, &group->taps, &window, chunk->o_count,
		                                              memory->sums + c * chunk->o_count, memory->sums_plane,
		                                              target->to + c * target->channel, &e);
}

/* Adds a chunk's taps at one place to those at another. */
static void add_taps(const struct weights_job *job, const struct weights_chunk *chunk,
                     const struct weights_target *from, const struct weights_target *target)
{
	for (size_t h = 0; h < chunk->filter->taps_h; h++)
		for (size_t w = 0; w < chunk->filter->taps_w; w++)
			for (size_t c = 0; c < chunk->c_count; c++)
				job->call->problem->kernels->add(chunk->o_count,
				                                 from->to + h * from->row + w * from->col + c * from->channel,
				                                 target->to + h * target->row + w * target->col + c * target->channel);
}

/* --- a piece ------------------------------------------------------------------------- */

static void sum_group(const struct weights_job *job, const struct weights_chunk *chunk,
                      const struct weights_group *group, struct sgan_image_range images, bool accumulate,
                      const struct weights_target *target, const struct weights_memory *memory)
{
	size_t tiles = images.count * winograd_tiles(&job->w->tiling), blocks = ceil_div(tiles, job->w->block);

	for (size_t i = 0; i < blocks; i++) {
		struct weights_block block = { .image = images.first, .tile = share_begin(tiles, blocks, i) };
		block.tiles = share_begin(tiles, blocks, i + 1) - block.tile;
		map_windows(job, chunk, group, &block, memory);
		map_results(job, chunk, group, &block, memory);
		multiply(job, chunk, group, block.tiles, i > 0, memory);
	}
	write_sums(job, chunk, group, accumulate, target, memory);
}

static void sum_groups(const struct weights_job *job, const struct weights_chunk *chunk, struct sgan_image_range images,
                       const struct weights_target *target, const struct weights_memory *memory)
{
	const struct winograd_filter *f = chunk->filter;
	const struct winograd_tiling *t = &job->w->tiling;
	struct weights_group group = { winograd_results(t, f), winograd_results(t, f), winograd_taps(t, f) };
	size_t rows = group.x.h.points;
	bool plain = group.taps.h.points == 1;

	for (size_t begin = 0, end; begin < rows; begin = end) {
		end = sgan_winograd_group_end(&group.x.h, begin, job->w->rows);
		group.x.begin = group.y.begin = begin;
		group.x.end = group.y.end = end;
		group.taps.begin = plain ? 0 : begin;
		group.taps.end = plain ? 1 : end;
		sum_group(job, chunk, &group, images, begin > 0, target, memory);
	}
}

/* The groups are summed before anything else is added to them, so that the bits are those of sums that are apart. */
static void sum_piece(const struct weights_job *job, const struct weights_chunk *chunk, struct sgan_image_range images,
                      bool accumulate, real *to, const struct weights_memory *memory)
{
	const struct weights_target target = in_tensor(job, chunk, to), own = in_memory(chunk, memory);

	if (!images.count)
		return;
	sum_groups(job, chunk, images, accumulate ? &own : &target, memory);
	if (accumulate)
		add_taps(job, chunk, &own, &target);
}

/* --- all of them --------------------------------------------------------------------- */

enum { LEAST_CHANNELS = 32 };

static size_t chunk_count(const struct weights_job *job)
{
	return job->w->filters * job->x_chunks * job->y_chunks;
}

/* Chunks of fewer channels than the cut's where threads would have nothing to do: each maps its tiles anew. No bit
 * depends on it. */
static void cut_more(struct weights_job *job, size_t tensors, int threads)
{
	const struct conv_base *b = &job->call->problem->base;
	size_t wanted = winograd_chunks_wanted((size_t)threads);

	job->x_chunks = job->w->x_chunks;
	job->y_chunks = job->w->y_chunks;
	while (tensors * chunk_count(job) < wanted) {
		size_t x = b->x_c / job->x_chunks / 2, y = b->y_c / job->y_chunks / 2;
		if (x < LEAST_CHANNELS && y < LEAST_CHANNELS)
			break;
		*(x > y ? &job->x_chunks : &job->y_chunks) *= 2;
	}
}

static struct weights_chunk chunk_at(const struct weights_job *job, size_t index)
{
	const struct conv_base *b = &job->call->problem->base;
	size_t nr = job->call->problem->kernels->wgrad_nr, panels = ceil_div(b->y_c, nr);
	size_t x = index / job->y_chunks % job->x_chunks, y = index % job->y_chunks;
	struct weights_chunk chunk = {
		.filter = &job->w->filter[index / job->y_chunks / job->x_chunks],
		.c = share_begin(b->x_c, job->x_chunks, x),
		.o = share_begin(panels, job->y_chunks, y) * nr,
	};

	chunk.c_count = share_begin(b->x_c, job->x_chunks, x + 1) - chunk.c;
	chunk.o_count = least_of(share_begin(panels, job->y_chunks, y + 1) * nr, b->y_c) - chunk.o;
	return chunk;
}

/* Adds a chunk's weights of the slices' total to the gradient. */
static void add_total(const struct weights_job *job, const struct weights_chunk *chunk, real *total)
{
	const struct weights_target from = in_tensor(job, chunk, total);
	const struct weights_target target = in_tensor(job, chunk, job->call->diff_weights);

	add_taps(job, chunk, &from, &target);
}

/* What a worker sums a slice with. */
struct turn {
	const struct weights_job *job;
	const struct weights_chunk *chunk;
	const struct weights_memory *memory;
};

static void sum_slice(void *arg, struct sgan_image_range images, bool accumulate, real *to)
{
	const struct turn *turn = arg;

	sum_piece(turn->job, turn->chunk, images, accumulate, to, turn->memory);
}

static void sum_in_turn(const struct weights_job *job, const struct weights_chunk *chunk,
                        const struct weights_memory *memory)
{
	struct turn turn = { job, chunk, memory };
	real *total = sgan_weights_in_turn(job->call, sum_slice, &turn);

	if (total)
		add_total(job, chunk, total);
}

/* A chunk is some channels, and a piece where these are kept apart, otherwise the whole batch. */
static void compute_chunk(void *arg, size_t index, int worker)
{
	const struct weights_job *job = arg;
	const struct conv_call *call = job->call;
	const struct conv_problem *problem = call->problem;
	struct weights_chunk chunk = chunk_at(job, index % chunk_count(job));
	size_t at = index / chunk_count(job);
	size_t slice = call->batch.begin + at / problem->cut.pieces, piece = at % problem->cut.pieces;
	struct weights_memory memory;

	lay_out(job->w, conv_worker_memory(call, worker), &memory);
	if (job->partials)
		sum_piece(job, &chunk, sgan_weights_piece(call, slice, piece), false,
		          job->partials + (piece * problem->slices + slice) * problem->weight_count, &memory);
	else
		sum_in_turn(job, &chunk, &memory);
}

static void sum(sgan_ctx *ctx, const struct conv_call *call, real *partials)
{
	struct weights_job job = { .call = call, .w = &call->problem->winograd_weights, .partials = partials };
	size_t tensors = partials ? (call->batch.end - call->batch.begin) * call->problem->cut.pieces : 1;

	cut_more(&job, tensors, ctx->at_once);
	sgan_parallel_for(ctx, tensors * chunk_count(&job), compute_chunk, &job);
}

static sgan_status run(sgan_ctx *ctx, const struct conv_call *call)
{
	return sgan_weights_run(ctx, call, sum, (real *)(void *)call->shared);
}

/* --- the row of the table ------------------------------------------------------------ */

static bool fits(const struct conv_problem *problem)
{
	return sgan_winograd_fits(&problem->base);
}

/* Chunks that a slice's channels could be cut into. */
static size_t most_chunks(const struct conv_problem *problem)
{
	const struct conv_base *b = &problem->base;

	return problem->winograd_weights.filters * ceil_div(b->x_c, LEAST_CHANNELS) * ceil_div(b->y_c, LEAST_CHANNELS);
}

static void make_cut(struct conv_problem *problem)
{
	const struct conv_weights_sizes sizes = conv_weights_sizes(problem);
	struct winograd_weights *w = &problem->winograd_weights;

	*w = sgan_winograd_weights_cut(&problem->base, problem->kernels, problem->max_batch, problem->slices, NULL);
	sgan_weights_cut_slices(&sizes, most_chunks(problem), &problem->cut);
}

static double cost(const struct conv_problem *problem)
{
	return problem->winograd_weights.time;
}

static size_t worker_bytes(const struct conv_problem *problem)
{
	return lay_out(&problem->winograd_weights, NULL, NULL);
}

const struct conv_algorithm sgan_conv_weights_winograd = {
	.name = "winograd",
	.operation = CONV_WEIGHTS,
	.fast = true,
	.fits = fits,
	.make_cut = make_cut,
	.cost = cost,
	.worker_bytes = worker_bytes,
	.shared_bytes = sgan_weights_shared_bytes,
	.run = run,
	.error = 100,
};

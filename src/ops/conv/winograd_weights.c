/* The weight gradient by Winograd's filtering; winograd.h says what is computed. The loops of a chunk, some channels of
 * one of X's phases by some of Y's, over the images of a piece:
 *
 *   for each block of tiles
 *       for each tile
 *           map its window of X, and its results in Y, to the points           map_windows, map_results
 *       for each pair of points
 *           sums (+)= windows at these points, transposed, x results there     multiply
 *   for each of X's channels
 *       map the sums back to taps                                              write_sums
 *
 * How slices come together is weights_slices.c's. */
#include "src/exec/ctx.h"
#include "src/ops/conv/algorithms.h"
#include "src/ops/conv/weights_slices.h"

#include <string.h>

struct weights_job {
	const struct conv_call *call;
	const struct winograd_weights *w;
	real *partials; /* partial sums of slices, see weights_slices.h */
};

/* A worker's memory, and distances from a pair of points to the next. */
struct weights_memory {
	real *x;    /* [point pair][tile][x_channels] */
	real *y;    /* [point pair][tile][y_channels] */
	real *sums; /* [point pair][x_channels][y_channels] */
	size_t x_plane, y_plane, sums_plane;
};

/* Channels of a phase of X, and of Y. */
struct weights_chunk {
	struct winograd_phase phase;
	size_t c, c_count;
	size_t o, o_count;
};

static size_t lay_out(const struct winograd_weights *w, char *base, struct weights_memory *memory)
{
	size_t x = winograd_plane(w->block, w->x_channels), y = winograd_plane(w->block, w->y_channels);
	size_t sums = winograd_plane(w->x_channels, w->y_channels);
	real *first = (real *)(void *)base;

	if (memory)
		*memory = (struct weights_memory){
			first, first + winograd_points(&w->tiling) * x, first + winograd_points(&w->tiling) * (x + y), x, y, sums
		};
	return conv_round_bytes(winograd_points(&w->tiling) * (x + y + sums) * sizeof(real));
}

/* --- a tile -------------------------------------------------------------------------- */

static void map_window(const struct weights_job *job, const struct weights_chunk *chunk,
                       const struct winograd_place *at, size_t tile, const struct weights_memory *memory)
{
	const struct winograd_tiling *t = &job->w->tiling;
	ptrdiff_t first;
	struct sgan_window window = sgan_winograd_window(t, &job->call->problem->base, false, chunk->phase, at, &first);

	job->call->problem->kernels->winograd_input(t->alpha, &window, chunk->c_count,
	                                            job->call->x + first + (ptrdiff_t)chunk->c,
	                                            memory->x + tile * chunk->c_count, memory->x_plane);
}

static void map_results(const struct weights_job *job, const struct weights_chunk *chunk,
                        const struct winograd_place *at, size_t tile, const struct weights_memory *memory)
{
	const struct conv_base *b = &job->call->problem->base;
	const struct winograd_tiling *t = &job->w->tiling;
	size_t row = b->w.y * b->y_c;
	struct sgan_window window = {
		.row = (ptrdiff_t)row,
		.col = (ptrdiff_t)b->y_c,
		.row_end = least_of(b->h.y - at->y, t->m),
		.col_end = least_of(b->w.y - at->x, t->m),
	};

	job->call->problem->kernels->winograd_evaluate(t->alpha, t->m, &window, chunk->o_count,
	                                               job->call->y + (at->image * b->h.y + at->y) * row + at->x * b->y_c +
	                                                   chunk->o,
	                                               memory->y + tile * chunk->o_count, memory->y_plane);
}

/* --- products ------------------------------------------------------------------------ */

static void multiply(const struct weights_job *job, const struct weights_chunk *chunk, size_t tiles, bool accumulate,
                     const struct weights_memory *memory)
{
	const struct sgan_kernels *kernels = job->call->problem->kernels;
	size_t rows = ceil_div(chunk->c_count, kernels->wgrad_mr);
	struct sgan_walk walk = {
		.images = 1,
		.rows = 1,
		.ranges = 1,
		.range_end = &tiles,
		.x_col = (ptrdiff_t)chunk->c_count,
		.y_col = (ptrdiff_t)chunk->o_count,
	};

	for (size_t point = 0; point < winograd_points(&job->w->tiling); point++)
		for (size_t o = 0; o < chunk->o_count; o += kernels->wgrad_nr)
			for (size_t i = 0; i < rows; i++) {
				size_t c = share_begin(chunk->c_count, rows, i);
				const real *x = memory->x + point * memory->x_plane + c;
				walk.ahead = x;
				kernels->wgrad(&walk, x, memory->y + point * memory->y_plane + o,
				               memory->sums + point * memory->sums_plane + c * chunk->o_count + o,
				               (ptrdiff_t)chunk->o_count, share_begin(chunk->c_count, rows, i + 1) - c,
				               least_of(chunk->o_count - o, kernels->wgrad_nr), accumulate);
			}
}

/* Taps of an axis that a phase has. */
static size_t taps_of(const struct axis *a, size_t phase)
{
	return ceil_div(a->kernel - phase, a->stride);
}

/* to: a tensor as the weights are. */
static void write_sums(const struct weights_job *job, const struct weights_chunk *chunk, bool accumulate, real *to,
                       const struct weights_memory *memory)
{
	const struct conv_base *b = &job->call->problem->base;
	const struct sgan_epilogue e = { .accumulate = accumulate };
	size_t tap = b->x_c * b->y_c, row = b->w.kernel * tap;
	struct sgan_window window = {
		.row = (ptrdiff_t)(b->h.stride * row),
		.col = (ptrdiff_t)(b->w.stride * tap),
		.row_end = taps_of(&b->h, chunk->phase.h),
		.col_end = taps_of(&b->w, chunk->phase.w),
	};

	to += chunk->phase.h * row + chunk->phase.w * tap + chunk->c * b->y_c + chunk->o;
	for (size_t c = 0; c < chunk->c_count; c++)
		job->call->problem->kernels->winograd_moments(job->w->tiling.alpha, job->w->tiling.r, &window, chunk->o_count,
		                                              memory->sums + c * chunk->o_count, memory->sums_plane,
		                                              to + c * b->y_c, &e);
}

/* --- a piece ------------------------------------------------------------------------- */

static void sum_piece(const struct weights_job *job, const struct weights_chunk *chunk, struct sgan_image_range images,
                      bool accumulate, real *to, const struct weights_memory *memory)
{
	const struct winograd_weights *w = job->w;
	size_t tiles = images.count * winograd_tiles(&w->tiling), blocks = ceil_div(tiles, w->block);

	for (size_t block = 0; block < blocks; block++) {
		size_t first = share_begin(tiles, blocks, block), count = share_begin(tiles, blocks, block + 1) - first;
		for (size_t i = 0; i < count; i++) {
			struct winograd_place at = sgan_winograd_place(&w->tiling, images.first, first + i);
			map_window(job, chunk, &at, i, memory);
			map_results(job, chunk, &at, i, memory);
		}
		multiply(job, chunk, count, block > 0, memory);
	}
	if (blocks)
		write_sums(job, chunk, accumulate, to, memory);
}

/* --- all of them --------------------------------------------------------------------- */

static size_t chunk_count(const struct winograd_weights *w)
{
	return w->phases * w->x_chunks * w->y_chunks;
}

static struct weights_chunk chunk_at(const struct weights_job *job, size_t index)
{
	const struct conv_base *b = &job->call->problem->base;
	const struct winograd_weights *w = job->w;
	size_t phase = index / w->y_chunks / w->x_chunks;
	struct weights_chunk chunk = {
		.phase = winograd_phase(b, phase),
		.c = share_begin(b->x_c, w->x_chunks, index / w->y_chunks % w->x_chunks),
		.o = index % w->y_chunks * w->y_channels,
	};

	chunk.c_count = share_begin(b->x_c, w->x_chunks, index / w->y_chunks % w->x_chunks + 1) - chunk.c;
	chunk.o_count = least_of(b->y_c - chunk.o, w->y_channels);
	return chunk;
}

/* Adds a chunk's weights of the slices' total to the gradient. */
static void add_total(const struct weights_job *job, const struct weights_chunk *chunk, const real *total)
{
	const struct conv_base *b = &job->call->problem->base;

	for (size_t h = chunk->phase.h; h < b->h.kernel; h += b->h.stride)
		for (size_t w = chunk->phase.w; w < b->w.kernel; w += b->w.stride)
			for (size_t c = 0; c < chunk->c_count; c++) {
				size_t at = ((h * b->w.kernel + w) * b->x_c + chunk->c + c) * b->y_c + chunk->o;
				job->call->problem->kernels->add(chunk->o_count, total + at, job->call->diff_weights + at);
			}
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
	const real *total = sgan_weights_in_turn(job->call, sum_slice, &turn);

	if (total)
		add_total(job, chunk, total);
}

/* A chunk is some channels, and a piece where these are kept apart, otherwise the whole batch. */
static void compute_chunk(void *arg, size_t index, int worker)
{
	const struct weights_job *job = arg;
	const struct conv_call *call = job->call;
	const struct conv_problem *problem = call->problem;
	struct weights_chunk chunk = chunk_at(job, index % chunk_count(job->w));
	size_t at = index / chunk_count(job->w);
	size_t slice = call->batch.begin + at / problem->cut.pieces, piece = at % problem->cut.pieces;
	struct weights_memory memory;

	lay_out(job->w, conv_worker_memory(call, worker), &memory);
	if (job->partials)
		sum_piece(job, &chunk, sgan_weights_piece(call, slice, piece), false,
		          job->partials + (piece * problem->slices + slice) * problem->weight_count, &memory);
	else
		sum_in_turn(job, &chunk, &memory);
}

static void sum(sgan_ctx *ctx, const struct conv_call *call, real *sums)
{
	struct weights_job job = { call, &call->problem->winograd_weights, sums };
	size_t tensors = sums ? (call->batch.end - call->batch.begin) * call->problem->cut.pieces : 1;

	sgan_parallel_for(ctx, tensors * chunk_count(job.w), compute_chunk, &job);
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

static void make_cut(struct conv_problem *problem)
{
	const struct conv_weights_sizes sizes = conv_weights_sizes(problem);

	problem->winograd_weights =
		sgan_winograd_weights_cut(&problem->base, problem->kernels, problem->max_batch, problem->slices, 0);
	sgan_weights_cut_slices(&sizes, chunk_count(&problem->winograd_weights), &problem->cut);
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

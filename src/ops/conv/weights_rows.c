/* The weight gradient of a dense layer, or of a 1x1 convolution with few pixels: the matrix product of X, transposed,
 * and Y, both of which have a row for each pixel:
 *
 *   for each row r, channel c of X and channel o of Y
 *       diff_weights[c][o] += X[r][c] * Y[r][o]
 *
 * A tile of the result is summed over all rows at once, slice after slice. A worker copies the panels of Y that its
 * chunks share, each to a place of its own, when it first comes to them, and the columns of X a few tiles at a time,
 * unless they are read only once: as they lie, with a power of two of columns between them, they would fight for a few
 * cache sets, and each row would be on a page of its own. It must not know how else a batch can be cut. */
#include "src/exec/ctx.h"
#include "src/ops/conv/algorithms.h"
#include "src/ops/conv/weights_slices.h"
#include "src/ops/panels.h"

enum {
	STRIP = 4, /* tiles whose columns of X are copied at once, at the most */
	NO_CHUNK = -1
};

struct rows_job {
	const struct conv_call *call;
	struct conv_weights_grid grid;
	size_t threads;
	size_t *ends, slices; /* [slices]: the row after a slice's last, of the slices that have any */
	size_t row, rows;     /* those of X and Y that are summed */
	real *result;
	bool accumulate; /* add to what result holds instead of overwriting it */
};

/* What of Y a worker has copied: the first panels of a chunk. */
struct rows_held {
	ptrdiff_t y_chunk;
	size_t panels;
};

/* A worker's memory. */
struct rows_memory {
	struct rows_held *held;
	real *x; /* a strip's columns: [row][columns] */
	real *y; /* [panel][row][nr] */
};

/* Work on a chunk. The next one, as workers in step take them, has its columns of X `jump` further; 0: not known. */
struct rows_work {
	const struct rows_job *job;
	struct conv_weights_chunk chunk;
	struct rows_memory memory;
	size_t jump;
};

static size_t most_rows(const struct conv_problem *problem)
{
	return problem->max_batch * problem->base.h.y * problem->base.w.y;
}

static size_t lay_out(const struct conv_problem *problem, char *base, struct rows_memory *memory)
{
	const struct conv_weights_shape *s = &problem->cut.shape;
	size_t panels = ceil_div(s->panels, problem->cut.y_chunks);
	size_t held = conv_round_bytes(sizeof(struct rows_held));
	size_t x = conv_round_bytes(most_rows(problem) * STRIP * s->mr * sizeof(real));

	if (memory)
		*memory = (struct rows_memory){ .held = (struct rows_held *)(void *)base,
			                            .x = (real *)(void *)(base + held),
			                            .y = (real *)(void *)(base + held + x) };
	return held + x + conv_round_bytes(most_rows(problem) * panels * s->nr * sizeof(real));
}

static const real *x_rows(const struct rows_job *job)
{
	return job->call->x + job->row * job->call->problem->base.x_c;
}

static const real *y_rows(const struct rows_job *job)
{
	return job->call->y + job->row * job->call->problem->base.y_c;
}

/* --- a tile ------------------------------------------------------------------ */

/* Panel i of the chunk's. */
static const real *take_panel(const struct rows_work *work, size_t i)
{
	const struct rows_job *job = work->job;
	const struct conv_problem *problem = job->call->problem;
	size_t nr = problem->cut.shape.nr, y_c = problem->base.y_c;
	struct sgan_panel_source source = { .first = y_rows(job), .rows = job->rows, .cols = y_c, .ld = y_c };
	real *panel = work->memory.y + i * job->rows * nr;

	if (i >= work->memory.held->panels) {
		sgan_pack_panel(problem->kernels, &source, nr, work->chunk.panel + i, panel);
		work->memory.held->panels = i + 1;
	}
	return panel;
}

/* With each row a tile asks for a cache line of what is copied next: of the next panel of Y, if it was not yet; with the
 * last panel, of X, where the tile that is `x_next` columns further ends. */
static void ask(const struct rows_work *work, size_t i, size_t x_last, size_t x_next, struct sgan_walk *walk)
{
	const struct conv_problem *problem = work->job->call->problem;

	walk->ahead = x_rows(work->job);
	walk->ahead_step = 0;
	if (i + 1 < work->chunk.panels && i + 1 >= work->memory.held->panels) {
		walk->ahead = y_rows(work->job) + (work->chunk.panel + i + 1) * problem->cut.shape.nr;
		walk->ahead_step = (ptrdiff_t)problem->base.y_c;
	} else if (i + 1 == work->chunk.panels && x_next && x_last + x_next < problem->base.x_c) {
		walk->ahead = x_rows(work->job) + x_last + x_next;
		walk->ahead_step = (ptrdiff_t)problem->base.x_c;
	}
}

/* The tile of m columns from c on, at x. What is copied next is x_next columns further; the next tile is to_next
 * further. */
static void sum_tile(const struct rows_work *work, const real *x, size_t c, size_t m, size_t x_next, size_t to_next,
                     struct sgan_walk *walk)
{
	const struct rows_job *job = work->job;
	const struct conv_problem *problem = job->call->problem;
	size_t y_c = problem->base.y_c, nr = problem->cut.shape.nr;

	for (size_t i = 0; i < work->chunk.panels; i++) {
		size_t column = (work->chunk.panel + i) * nr;
		const real *panel = take_panel(work, i);
		ask(work, i, c + m - 1, x_next, walk);
		walk->sums_next = i + 1 < work->chunk.panels ? (ptrdiff_t)nr : (ptrdiff_t)(to_next * y_c) - (ptrdiff_t)(i * nr);
		problem->kernels->wgrad(walk, x, panel, job->result + c * y_c + column, (ptrdiff_t)y_c, m,
		                        least_of(y_c - column, nr), job->accumulate);
	}
}

/* --- a chunk ----------------------------------------------------------------- */

/* Tiles begin .. end - 1 of the chunk. */
static void sum_strip(const struct rows_work *work, size_t begin, size_t end, bool copies, struct sgan_walk *walk)
{
	const struct rows_job *job = work->job;
	const struct conv_problem *problem = job->call->problem;
	const struct conv_weights_chunk *chunk = &work->chunk;
	size_t first = conv_chunk_tile(chunk, begin), count = conv_chunk_tile(chunk, end) - first;
	const real *x = x_rows(job) + chunk->c + first;
	size_t x_next = end < chunk->tiles ? count : work->jump ? work->jump - first : 0;

	if (copies) {
		problem->kernels->copy(job->rows, count, x, (ptrdiff_t)problem->base.x_c, work->memory.x, (ptrdiff_t)count);
		walk->x_col = (ptrdiff_t)count;
		x = work->memory.x;
	}
	for (size_t tile = begin; tile < end; tile++) {
		size_t c = conv_chunk_tile(chunk, tile), m = conv_chunk_tile(chunk, tile + 1) - c;
		size_t to_next = tile + 1 < chunk->tiles ? m : work->jump ? work->jump - c : 0;
		sum_tile(work, x + (c - first), chunk->c + c, m, x_next, to_next, walk);
	}
}

/* A chunk is some of X's and of Y's channels, all rows. */
static void rows_chunk(void *arg, size_t index, int worker)
{
	const struct rows_job *job = arg;
	const struct conv_problem *problem = job->call->problem;
	size_t x_chunks = job->grid.x_chunks, y_chunk = index / x_chunks, next = index % x_chunks + job->threads;
	struct rows_work work = {
		.job = job,
		.chunk = sgan_weights_chunk(&problem->cut, &job->grid, index % x_chunks, y_chunk),
	};
	bool copies = work.chunk.panels > 1;
	struct sgan_walk walk = {
		.images = 1,
		.rows = 1,
		.ranges = job->slices,
		.range_end = job->ends,
		.x_col = (ptrdiff_t)problem->base.x_c,
		.y_col = (ptrdiff_t)problem->cut.shape.nr,
	};

	lay_out(problem, conv_worker_memory(job->call, worker), &work.memory);
	if (work.memory.held->y_chunk != (ptrdiff_t)y_chunk)
		*work.memory.held = (struct rows_held){ .y_chunk = (ptrdiff_t)y_chunk };
	if (next < x_chunks)
		work.jump = sgan_weights_chunk(&problem->cut, &job->grid, next, y_chunk).c - work.chunk.c;
	for (size_t tile = 0; tile < work.chunk.tiles; tile += copies ? STRIP : 1)
		sum_strip(&work, tile, least_of(tile + (copies ? STRIP : 1), work.chunk.tiles), copies, &walk);
}

/* --- all of it --------------------------------------------------------------- */

/* First row of a slice. */
static size_t slice_row(const struct conv_call *call, size_t slice)
{
	const struct conv_base *b = &call->problem->base;

	return sgan_slice_begin(call->batch.n, call->batch.slices, slice) * b->h.y * b->w.y;
}

/* The product of the rows of slices begin .. end - 1, each slice's summed by itself, into a tensor. */
static void multiply(sgan_ctx *ctx, const struct conv_call *call, size_t begin, size_t end, real *result,
                     bool accumulate)
{
	const struct conv_weights_sizes sizes = conv_weights_sizes(call->problem);
	const struct conv_weights_work work = { .tensors = 1, .images = call->images, .threads = ctx->threads };
	struct rows_job job = {
		.call = call,
		.ends = (size_t *)(void *)call->shared,
		.threads = (size_t)ctx->threads,
		.row = slice_row(call, begin),
		.result = result,
		.accumulate = accumulate,
	};

	for (size_t slice = begin; slice < end; slice++) {
		size_t rows = slice_row(call, slice + 1) - job.row;
		if (rows > job.rows)
			job.ends[job.slices++] = rows;
		job.rows = rows;
	}
	if (!job.rows)
		return;
	for (int worker = 0; worker < ctx->threads; worker++) {
		struct rows_memory memory;
		lay_out(call->problem, conv_worker_memory(call, worker), &memory);
		memory.held->y_chunk = NO_CHUNK;
	}
	job.grid = sgan_weights_grid_matrix(&sizes, &call->problem->cut, &work);
	sgan_parallel_for(ctx, job.grid.x_chunks * job.grid.y_chunks, rows_chunk, &job);
}

static void sum(sgan_ctx *ctx, const struct conv_call *call, real *partials)
{
	if (!partials)
		multiply(ctx, call, 0, call->batch.slices, call->diff_weights, call->accumulate);
	for (size_t slice = call->batch.begin; slice < call->batch.end && partials; slice++)
		multiply(ctx, call, slice, slice + 1, partials + slice * call->problem->weight_count, false);
}

/* --- the row of the table ---------------------------------------------------- */

/* Where it has pixels by the thousand, it pays to sum slices at the same time, and to copy only a group of pixels. */
static bool fits(const struct conv_problem *problem)
{
	const struct conv_weights_sizes sizes = conv_weights_sizes(problem);

	return conv_is_pointwise(&problem->base) &&
	       (problem->base.h.x * problem->base.w.x == 1 || !sgan_weights_apart(&sizes));
}

static void make_cut(struct conv_problem *problem)
{
	const struct conv_weights_sizes sizes = conv_weights_sizes(problem);

	problem->cut = sgan_weights_cut_matrix(&sizes);
}

static double cost(const struct conv_problem *problem)
{
	const struct conv_weights_sizes sizes = conv_weights_sizes(problem);

	return sgan_weights_cost(&sizes, &problem->cut, true);
}

static size_t worker_bytes(const struct conv_problem *problem)
{
	return lay_out(problem, NULL, NULL);
}

static size_t ends_bytes(const struct conv_problem *problem)
{
	return conv_round_bytes(problem->slices * sizeof(size_t));
}

static size_t shared_bytes(const struct conv_problem *problem, bool exchanges)
{
	size_t partials = sgan_weights_tensors(problem, exchanges) * problem->weight_count;

	return ends_bytes(problem) + conv_round_bytes(partials * sizeof(real));
}

static sgan_status run(sgan_ctx *ctx, const struct conv_call *call)
{
	return sgan_weights_run(ctx, call, sum, (real *)(void *)(call->shared + ends_bytes(call->problem)));
}

const struct conv_algorithm sgan_conv_weights_rows = {
	.name = "rows",
	.operation = CONV_WEIGHTS,
	.fits = fits,
	.make_cut = make_cut,
	.cost = cost,
	.worker_bytes = worker_bytes,
	.shared_bytes = shared_bytes,
	.run = run,
	.error = 8,
};

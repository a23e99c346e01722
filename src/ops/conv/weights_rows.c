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
	STRIP = 4,         /* tiles whose columns of X are copied at once, at the most */
	READ_IN_PLACE = 2, /* tiles that read Y where it lies, at the most */
	NO_CHUNK = -1
};

struct rows_job {
	const struct conv_call *call;
	struct conv_weights_grid grid;
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

/* Tiles of a chunk that share a copy of X, begin .. end - 1. The panel that is in the first-level cache is multiplied by
 * all of them, then the next. */
struct rows_strip {
	size_t begin, end;
	size_t c; /* its first column */
	const real *x;
	size_t to_next;   /* columns from it to the strip that comes next; 0: none, or not known */
	size_t ask_panel; /* with which that one's columns are asked for */
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
	size_t strip = least_of(STRIP * s->mr, s->values);
	size_t x = conv_round_bytes(most_rows(problem) * strip * sizeof(real));

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

/* What is read once, or of Y twice, is not copied. */
static bool copies_x(const struct conv_weights_chunk *chunk)
{
	return chunk->panels > 1;
}

static bool copies_y(const struct rows_job *job, const struct conv_weights_chunk *chunk)
{
	return job->grid.x_chunks > 1 || chunk->tiles > READ_IN_PLACE;
}

/* --- a strip ------------------------------------------------------------------ */

/* Panel i of the chunk's. */
static const real *take_panel(const struct rows_work *work, size_t i)
{
	const struct rows_job *job = work->job;
	const struct conv_problem *problem = job->call->problem;
	size_t nr = problem->cut.shape.nr, y_c = problem->base.y_c;
	struct sgan_panel_source source = { .first = y_rows(job), .rows = job->rows, .cols = y_c, .ld = y_c };
	real *panel = work->memory.y + i * job->rows * nr;

	if (!copies_y(job, &work->chunk))
		return y_rows(job) + (work->chunk.panel + i) * nr;
	if (i >= work->memory.held->panels) {
		sgan_pack_panel(problem->kernels, &source, nr, work->chunk.panel + i, panel);
		work->memory.held->panels = i + 1;
	}
	return panel;
}

/* With each row a tile asks for a cache line of what is copied next. That is the next panel of Y, if it was not copied
 * yet: the strip's first tile asks for where its rows begin, the second for where they end. After that it is the next
 * strip of X: each tile asks for where its columns will end. */
static void ask(const struct rows_work *work, const struct rows_strip *strip, size_t i, size_t tile,
                struct sgan_walk *walk)
{
	const struct conv_problem *problem = work->job->call->problem;
	size_t x_last =
		strip->c + conv_chunk_tile(&work->chunk, tile + 1) - conv_chunk_tile(&work->chunk, strip->begin) - 1;

	walk->ahead = x_rows(work->job);
	walk->ahead_step = 0;
	if (i + 1 < work->chunk.panels && i + 1 >= work->memory.held->panels) {
		size_t column = (work->chunk.panel + i + 1) * problem->cut.shape.nr;
		size_t last = least_of(column + problem->cut.shape.nr, problem->base.y_c) - 1;
		walk->ahead = y_rows(work->job) + (tile == strip->begin ? column : last);
		walk->ahead_step = tile - strip->begin < 2 ? (ptrdiff_t)problem->base.y_c : 0;
	} else if (i == strip->ask_panel && strip->to_next && x_last + strip->to_next < problem->base.x_c) {
		walk->ahead = x_rows(work->job) + x_last + strip->to_next;
		walk->ahead_step = (ptrdiff_t)problem->base.x_c;
	}
}

/* Panel i of all tiles of a strip. */
static void sum_panel(const struct rows_work *work, const struct rows_strip *strip, size_t i, struct sgan_walk *walk)
{
	const struct rows_job *job = work->job;
	const struct conv_problem *problem = job->call->problem;
	size_t y_c = problem->base.y_c, nr = problem->cut.shape.nr, column = (work->chunk.panel + i) * nr;
	const real *panel = take_panel(work, i);

	for (size_t tile = strip->begin; tile < strip->end; tile++) {
		size_t from = conv_chunk_tile(&work->chunk, tile) - conv_chunk_tile(&work->chunk, strip->begin);
		size_t m = conv_chunk_tile(&work->chunk, tile + 1) - conv_chunk_tile(&work->chunk, tile);
		ask(work, strip, i, tile, walk);
		if (tile + 1 < strip->end)
			walk->sums_next = (ptrdiff_t)(m * y_c);
		else if (i + 1 < work->chunk.panels)
			walk->sums_next = (ptrdiff_t)nr - (ptrdiff_t)(from * y_c);
		else
			walk->sums_next = ((ptrdiff_t)strip->to_next - (ptrdiff_t)from) * (ptrdiff_t)y_c - (ptrdiff_t)(i * nr);
		problem->kernels->wgrad(walk, strip->x + from, panel, job->result + (strip->c + from) * y_c + column,
		                        (ptrdiff_t)y_c, m, least_of(y_c - column, nr), job->accumulate);
	}
}

/* --- a chunk ----------------------------------------------------------------- */

/* Tiles begin .. end - 1 of the chunk. */
static void sum_strip(const struct rows_work *work, size_t begin, size_t end, struct sgan_walk *walk)
{
	const struct rows_job *job = work->job;
	const struct conv_problem *problem = job->call->problem;
	const struct conv_weights_chunk *chunk = &work->chunk;
	size_t first = conv_chunk_tile(chunk, begin), count = conv_chunk_tile(chunk, end) - first;
	struct rows_strip strip = {
		.begin = begin,
		.end = end,
		.c = chunk->c + first,
		.x = x_rows(job) + chunk->c + first,
		.to_next = end < chunk->tiles ? count
		           : work->jump       ? work->jump - first
		                              : 0,
		.ask_panel = work->memory.held->panels < chunk->panels ? chunk->panels - 1 : 0,
	};

	if (copies_x(chunk)) {
		problem->kernels->copy(job->rows, count, strip.x, (ptrdiff_t)problem->base.x_c, work->memory.x,
		                       (ptrdiff_t)count);
		walk->x_col = (ptrdiff_t)count;
		strip.x = work->memory.x;
	}
	for (size_t i = 0; i < chunk->panels; i++)
		sum_panel(work, &strip, i, walk);
}

/* A chunk is some of X's and of Y's channels, all rows. */
static void rows_chunk(void *arg, size_t index, int worker)
{
	const struct rows_job *job = arg;
	const struct conv_problem *problem = job->call->problem;
	size_t x_chunks = job->grid.x_chunks, y_chunk = index / x_chunks,
		   next = index % x_chunks + sgan_places_peers(job->call->places, (size_t)worker);
	struct rows_work work = {
		.job = job,
		.chunk = sgan_weights_chunk(&problem->cut, &job->grid, index % x_chunks, y_chunk),
	};
	size_t strip = copies_x(&work.chunk) ? STRIP : 1;
	struct sgan_walk walk = {
		.images = 1,
		.rows = 1,
		.ranges = job->slices,
		.range_end = job->ends,
		.x_col = (ptrdiff_t)problem->base.x_c,
	};

	walk.y_col = (ptrdiff_t)(copies_y(job, &work.chunk) ? problem->cut.shape.nr : problem->base.y_c);
	lay_out(problem, conv_worker_memory(job->call, worker), &work.memory);
	if (work.memory.held->y_chunk != (ptrdiff_t)y_chunk)
		*work.memory.held = (struct rows_held){ .y_chunk = (ptrdiff_t)y_chunk };
	if (next < x_chunks)
		work.jump = sgan_weights_chunk(&problem->cut, &job->grid, next, y_chunk).c - work.chunk.c;
	for (size_t tile = 0; tile < work.chunk.tiles; tile += strip)
		sum_strip(&work, tile, least_of(tile + strip, work.chunk.tiles), &walk);
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
	const struct conv_weights_work work = { .tensors = 1, .images = call->images, .threads = ctx->at_once };
	struct rows_job job = {
		.call = call,
		.ends = (size_t *)(void *)call->shared,
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

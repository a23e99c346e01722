/* The weight gradient of a dense layer, or of a 1x1 convolution with few pixels: the matrix product of X, transposed,
 * and Y, both of which have a row for each pixel:
 *
 *   for each row r, channel c of X and channel o of Y
 *       diff_weights[c][o] += X[r][c] * Y[r][o]
 *
 * A tile of the result is summed over all rows at once, slice after slice. A chunk copies its columns of Y, each panel
 * to a place of its own, and then, a tile at a time, those of X, unless they are read only once: as they lie, with a
 * power of two of columns between them, they would fight for a few cache sets. It must not know how else a batch can be
 * cut. */
#include "src/exec/ctx.h"
#include "src/ops/conv/algorithms.h"
#include "src/ops/conv/weights_slices.h"
#include "src/ops/panels.h"

struct rows_job {
	const struct conv_call *call;
	struct conv_weights_grid grid;
	size_t *ends, slices; /* [slices]: the row after a slice's last, of the slices that have any */
	size_t row, rows;     /* those of X and Y that are summed */
	real *result;
	bool accumulate; /* add to what result holds instead of overwriting it */
};

/* A worker's memory. */
struct rows_memory {
	real *x; /* a tile's columns: [row][x_pitch] */
	real *y; /* [panel][row][nr] */
};

static size_t most_rows(const struct conv_problem *problem)
{
	return problem->max_batch * problem->base.h.y * problem->base.w.y;
}

static size_t lay_out(const struct conv_problem *problem, char *base, struct rows_memory *memory)
{
	const struct conv_weights_shape *s = &problem->cut.shape;
	size_t panels = ceil_div(s->panels, problem->cut.y_chunks);
	size_t x = conv_round_bytes(most_rows(problem) * s->x_pitch * sizeof(real));

	if (memory)
		*memory = (struct rows_memory){ .x = (real *)(void *)base, .y = (real *)(void *)(base + x) };
	return x + conv_round_bytes(most_rows(problem) * panels * s->nr * sizeof(real));
}

/* --- a tile ------------------------------------------------------------------ */

static const real *x_rows(const struct rows_job *job)
{
	return job->call->x + job->row * job->call->problem->base.x_c;
}

/* Fetches the last cache line of each row of the next tile of X; the first was fetched with this tile or with the one
 * before. */
static void ask_for_tile(const struct rows_job *job, const struct conv_weights_chunk *chunk, size_t tile,
                         struct sgan_walk *walk)
{
	walk->ahead = x_rows(job);
	walk->ahead_step = 0;
	if (tile >= chunk->tiles)
		return;
	walk->ahead = x_rows(job) + chunk->c + conv_chunk_tile(chunk, tile + 1) - 1;
	walk->ahead_step = (ptrdiff_t)job->call->problem->base.x_c;
}

static bool copies_x(const struct conv_weights_chunk *chunk)
{
	return chunk->panels > 1;
}

static void sum_tile(const struct rows_job *job, const struct conv_weights_chunk *chunk, size_t tile,
                     struct sgan_walk *walk, const struct rows_memory *memory)
{
	const struct conv_problem *problem = job->call->problem;
	size_t y_c = problem->base.y_c, nr = problem->cut.shape.nr;
	size_t c = chunk->c + conv_chunk_tile(chunk, tile), m = chunk->c + conv_chunk_tile(chunk, tile + 1) - c;
	const real *x = x_rows(job) + c;

	if (copies_x(chunk)) {
		problem->kernels->copy(job->rows, m, x, (ptrdiff_t)problem->base.x_c, memory->x, walk->x_col);
		x = memory->x;
	}
	ask_for_tile(job, chunk, tile + 1, walk);
	for (size_t i = 0; i < chunk->panels; i++) {
		size_t column = (chunk->panel + i) * nr;
		walk->sums_next = (ptrdiff_t)(i + 1 < chunk->panels ? nr : m * y_c - i * nr);
		problem->kernels->wgrad(walk, x, memory->y + i * job->rows * nr, job->result + c * y_c + column,
		                        (ptrdiff_t)y_c, m, least_of(y_c - column, nr), job->accumulate);
		walk->ahead_step = 0;
	}
}

/* --- a chunk ----------------------------------------------------------------- */

static void copy_y(const struct rows_job *job, const struct conv_weights_chunk *chunk, real *to)
{
	const struct conv_problem *problem = job->call->problem;
	size_t y_c = problem->base.y_c, nr = problem->cut.shape.nr, column = chunk->panel * nr;
	struct sgan_panel_source source = {
		.first = job->call->y + job->row * y_c + column,
		.rows = job->rows,
		.cols = least_of(chunk->panels * nr, y_c - column),
		.ld = y_c,
	};

	sgan_pack_panels(problem->kernels, &source, nr, to, job->rows * nr, nr);
}

/* A chunk is some of X's and of Y's channels, all rows. */
static void rows_chunk(void *arg, size_t index, int worker)
{
	const struct rows_job *job = arg;
	const struct conv_problem *problem = job->call->problem;
	const struct conv_weights_shape *s = &problem->cut.shape;
	struct conv_weights_chunk chunk =
		sgan_weights_chunk(&problem->cut, &job->grid, index / job->grid.y_chunks, index % job->grid.y_chunks);
	struct rows_memory memory;
	struct sgan_walk walk = {
		.images = 1,
		.rows = 1,
		.ranges = job->slices,
		.range_end = job->ends,
		.x_col = (ptrdiff_t)(copies_x(&chunk) ? s->x_pitch : problem->base.x_c),
		.y_col = (ptrdiff_t)s->nr,
	};

	lay_out(problem, conv_worker_memory(job->call, worker), &memory);
	copy_y(job, &chunk, memory.y);
	for (size_t tile = 0; tile < chunk.tiles; tile++)
		sum_tile(job, &chunk, tile, &walk, &memory);
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

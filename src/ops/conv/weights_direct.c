/* The weight gradient tap by tap, a group of pixels at a time. It speeds up this loop, over a group's pixels p of Y:
 *
 *   for each tap t
 *       for each pixel p
 *           if t links p with a pixel q of X
 *               for each channel c of X
 *                   for each channel o of Y
 *                       diff_weights[t][c][o] += X[q][c] * Y[p][o]
 *
 * A kernel call does a tile of the two inner loops for all pixels, with its sums in registers. Where X has few
 * channels, a kernel row of padded X is one tap, whose "channels" are the w.kernel * x_c values under it, and a call
 * takes several of them. It must not know how pixels are copied, walked or fetched ahead (weights_pixels.c,
 * weights_walk.c, weights_ahead.c), nor how slices come together (weights_slices.c). */
#include "src/exec/ctx.h"
#include "src/ops/conv/algorithms.h"
#include "src/ops/conv/padded.h"
#include "src/ops/conv/weights_ahead.h"
#include "src/ops/conv/weights_slices.h"
#include "src/ops/conv/weights_walk.h"

struct direct_job {
	const struct conv_call *call;
	struct conv_weights_grid grid;
	real *partials; /* see weights_slices.h; NULL: slices are summed in turn */
};

/* A worker's memory. */
struct direct_memory {
	real *x, *y; /* copies of a group's pixels */
	real *sums;  /* of a piece's groups: [panel][tile][tap][mr][nr] */
	struct conv_weights_tap *taps;
};

/* Where a group's sums go: the worker's sums, or a tensor laid out as the weights. */
struct target {
	real *tensor;    /* NULL: the worker's sums */
	bool accumulate; /* add to what is there instead of overwriting it */
};

static size_t lay_out(const struct conv_problem *problem, char *base, struct direct_memory *memory)
{
	const struct conv_weights_shape *s = &problem->cut.shape;
	size_t tiles = ceil_div(ceil_div(s->values, problem->cut.x_chunks), s->mr);
	size_t panels = ceil_div(s->panels, problem->cut.y_chunks);
	size_t taps = conv_round_bytes(sgan_weights_x_copy(problem) * sizeof(real));
	size_t y = taps + conv_round_bytes(s->taps * sizeof(struct conv_weights_tap));
	size_t sums = y + conv_round_bytes(sgan_weights_y_copy(problem) * sizeof(real));

	if (memory)
		*memory = (struct direct_memory){
			.x = (real *)(void *)base,
			.taps = (struct conv_weights_tap *)(void *)(base + taps),
			.y = (real *)(void *)(base + y),
			.sums = (real *)(void *)(base + sums),
		};
	return sums + conv_round_bytes(s->taps * tiles * s->mr * panels * s->nr * sizeof(real));
}

/* --- a tile ------------------------------------------------------------------ */

struct tile {
	size_t index, panel; /* of the chunk's */
	size_t c, m;         /* from the chunk's first value of the run */
	size_t columns;
};

static struct tile tile_at(const struct conv_problem *problem, const struct conv_weights_chunk *chunk, size_t index,
                           size_t panel)
{
	size_t nr = problem->cut.shape.nr;
	struct tile tile = { .index = index, .panel = panel, .c = conv_chunk_tile(chunk, index) };

	tile.m = conv_chunk_tile(chunk, index + 1) - tile.c;
	tile.columns = least_of(problem->base.y_c - (chunk->panel + panel) * nr, nr);
	return tile;
}

/* Where a tile's sums for tap 0 are in a tensor. */
static size_t tile_offset(const struct conv_problem *problem, const struct conv_weights_chunk *chunk,
                          const struct tile *tile)
{
	return (chunk->c + tile->c) * problem->base.y_c + (chunk->panel + tile->panel) * problem->cut.shape.nr;
}

/* Where a tile's sums go, tap after tap. */
struct tile_sums {
	real *to; /* of tap 0 */
	size_t tap, ld;
	bool accumulate;
};

static struct tile_sums tile_sums(const struct conv_problem *problem, const struct conv_weights_chunk *chunk,
                                  const struct tile *tile, struct target target, const struct direct_memory *memory)
{
	const struct conv_weights_shape *s = &problem->cut.shape;
	size_t y_c = problem->base.y_c, tap = s->mr * s->nr;

	if (target.tensor)
		return (struct tile_sums){ target.tensor + tile_offset(problem, chunk, tile), s->values * y_c, y_c,
			                       target.accumulate };
	return (struct tile_sums){ memory->sums + (tile->panel * chunk->tiles + tile->index) * s->taps * tap, tap, s->nr,
		                       target.accumulate };
}

static size_t pixel_count(const struct conv_weights_tap *tap)
{
	return tap->walk.images * tap->walk.rows * tap->cols;
}

/* All taps of a tile, over the pixels x and y. */
static void sum_taps(const struct conv_call *call, const struct tile *tile, const real *x, const real *y,
                     struct tile_sums sums, struct direct_memory *memory, struct conv_weights_ahead *ahead)
{
	const struct conv_problem *problem = call->problem;

	for (size_t i = 0; i < problem->cut.shape.taps; i++, sums.to += sums.tap) {
		struct conv_weights_tap *tap = memory->taps + i;
		if (!tap->cols && sums.accumulate)
			continue;
		sgan_weights_ask(ahead, pixel_count(tap), call->x, &tap->walk);
		problem->kernels->wgrad(&tap->walk, x + tap->x, y + tap->y, sums.to, (ptrdiff_t)sums.ld, tile->m,
		                        tile->columns, sums.accumulate);
	}
}

/* The same where taps are kernel rows: all have the same pixels, and some are summed together. */
static void sum_runs(const struct conv_call *call, const struct tile *tile, const real *x, const real *y,
                     struct tile_sums sums, struct direct_memory *memory, struct conv_weights_ahead *ahead)
{
	const struct conv_problem *problem = call->problem;
	const struct conv_base *b = &problem->base;
	size_t taps = problem->cut.shape.taps, calls = ceil_div(taps, problem->cut.shape.runs);

	for (size_t i = 0; i < calls; i++) {
		size_t first = share_begin(taps, calls, i);
		struct conv_weights_tap *tap = memory->taps + first;
		struct sgan_wgrad_runs runs = {
			.runs = share_begin(taps, calls, i + 1) - first,
			.m = tile->m,
			.n = tile->columns,
			.x_run = (ptrdiff_t)(b->h.dilation * conv_padded_row(b)),
			.sums_run = (ptrdiff_t)sums.tap,
			.ld_sums = (ptrdiff_t)sums.ld,
		};
		sgan_weights_ask(ahead, pixel_count(tap), call->x, &tap->walk);
		problem->kernels->wgrad_runs(&tap->walk, &runs, x + tap->x, y + tap->y, sums.to + first * sums.tap,
		                             sums.accumulate);
	}
}

/* --- a group ----------------------------------------------------------------- */

/* The pixels of a group, as they lie in the tensors. */
static struct conv_weights_ahead ahead_of(const struct conv_call *call, const struct conv_weights_chunk *chunk,
                                          const struct conv_weights_group *next)
{
	const struct conv_base *b = &call->problem->base;
	const struct conv_weights_shape *s = &call->problem->cut.shape;
	size_t column = chunk->panel * s->nr;
	struct conv_weights_ahead ahead = { .current = CONV_AHEAD_NONE };
	struct axis_range rows;

	if (!next)
		return ahead;
	rows = sgan_weights_x_rows(b, next);
	ahead.current = s->kernel_rows ? CONV_AHEAD_Y : CONV_AHEAD_X;
	ahead.of[CONV_AHEAD_X] = sgan_weights_ahead(call->x + (next->image * b->h.x + rows.begin) * b->w.x * b->x_c,
	                                            next->images * (rows.end - rows.begin) * b->w.x, b->x_c, chunk->c,
	                                            s->kernel_rows ? b->x_c : chunk->count);
	ahead.of[CONV_AHEAD_Y] = sgan_weights_ahead(call->y + (next->image * b->h.y + next->row) * b->w.y * b->y_c,
	                                            next->images * next->rows * b->w.y, b->y_c, column,
	                                            least_of(chunk->panels * s->nr, b->y_c - column));
	return ahead;
}

/* next: the group that this worker will sum next, or NULL. */
static void sum_group(const struct conv_call *call, const struct conv_weights_chunk *chunk,
                      const struct conv_weights_group *group, const struct conv_weights_group *next,
                      struct target target, struct direct_memory *memory)
{
	const struct conv_problem *problem = call->problem;
	struct conv_pixels y = sgan_weights_y(call, chunk, group, memory->y);
	struct conv_pixels x = sgan_weights_x(call, chunk, group, memory->x);
	struct conv_weights_ahead ahead = ahead_of(call, chunk, next);

	for (size_t i = 0; i < problem->cut.shape.taps; i++)
		sgan_weights_walk(problem, group, &x, &y, i, memory->taps + i);
	for (size_t panel = 0; panel < chunk->panels; panel++)
		for (size_t i = 0; i < chunk->tiles; i++) {
			struct tile tile = tile_at(problem, chunk, i, panel);
			const real *tile_x = x.first + (x.copy ? i * x.copy : chunk->c + tile.c);
			const real *tile_y = y.first + (y.copy ? panel * y.copy : (chunk->panel + panel) * problem->cut.shape.nr);
			struct tile_sums sums = tile_sums(problem, chunk, &tile, target, memory);
			if (problem->cut.shape.runs > 1)
				sum_runs(call, &tile, tile_x, tile_y, sums, memory, &ahead);
			else
				sum_taps(call, &tile, tile_x, tile_y, sums, memory, &ahead);
		}
}

/* --- a piece ----------------------------------------------------------------- */

static size_t group_count(const struct conv_weights_cut *cut, size_t images)
{
	return cut->images ? ceil_div(images, cut->images) : images * cut->bands;
}

static struct conv_weights_group group_at(const struct conv_problem *problem, struct sgan_image_range images,
                                          size_t index)
{
	const struct conv_weights_cut *cut = &problem->cut;
	size_t h = problem->base.h.y, groups = group_count(cut, images.count), band = index % cut->bands;
	size_t begin = share_begin(images.count, groups, index), row = share_begin(h, cut->bands, band);

	if (cut->images)
		return (struct conv_weights_group){ images.first + begin,
			                                share_begin(images.count, groups, index + 1) - begin, 0, h };
	return (struct conv_weights_group){ images.first + index / cut->bands, 1, row,
		                                share_begin(h, cut->bands, band + 1) - row };
}

/* The worker's sums into a tensor. */
static void write_sums(const struct conv_problem *problem, const struct conv_weights_chunk *chunk, struct target target,
                       const struct direct_memory *memory)
{
	const struct sgan_kernels *kernels = problem->kernels;
	const struct conv_weights_shape *s = &problem->cut.shape;
	const real *sums = memory->sums;
	size_t y_c = problem->base.y_c;

	for (size_t panel = 0; panel < chunk->panels; panel++)
		for (size_t i = 0; i < chunk->tiles * s->taps; i++, sums += s->mr * s->nr) {
			struct tile tile = tile_at(problem, chunk, i / s->taps, panel);
			real *to = target.tensor + i % s->taps * s->values * y_c + tile_offset(problem, chunk, &tile);
			if (!target.accumulate)
				kernels->copy(tile.m, tile.columns, sums, (ptrdiff_t)s->nr, to, (ptrdiff_t)y_c);
			for (size_t row = 0; row < tile.m && target.accumulate; row++)
				kernels->add(tile.columns, sums + row * s->nr, to + row * y_c);
		}
}

static void sum_piece(const struct conv_call *call, const struct conv_weights_chunk *chunk,
                      struct sgan_image_range images, struct target target, struct direct_memory *memory)
{
	const struct conv_problem *problem = call->problem;
	size_t groups = group_count(&problem->cut, images.count);

	for (size_t i = 0; i < groups; i++) {
		struct conv_weights_group group = group_at(problem, images, i), next = { 0 };
		struct target to = groups == 1 ? target : (struct target){ .accumulate = i > 0 };
		if (i + 1 < groups)
			next = group_at(problem, images, i + 1);
		sum_group(call, chunk, &group, i + 1 < groups ? &next : NULL, to, memory);
	}
	if (groups > 1)
		write_sums(problem, chunk, target, memory);
}

/* --- all of them ------------------------------------------------------------- */

/* Adds a chunk's channels of the slices' total to the gradient. */
static void add_total(const struct conv_call *call, const struct conv_weights_chunk *chunk, const real *total)
{
	const struct conv_weights_shape *s = &call->problem->cut.shape;
	size_t y_c = call->problem->base.y_c, column = chunk->panel * s->nr;
	size_t columns = least_of(chunk->panels * s->nr, y_c - column);

	for (size_t tap = 0; tap < s->taps; tap++)
		for (size_t row = 0; row < chunk->count; row++) {
			size_t at = (tap * s->values + chunk->c + row) * y_c + column;
			call->problem->kernels->add(columns, total + at, call->diff_weights + at);
		}
}

/* What a worker sums a slice with. */
struct turn {
	const struct conv_call *call;
	const struct conv_weights_chunk *chunk;
	struct direct_memory *memory;
};

static void sum_slice(void *arg, struct sgan_image_range images, bool accumulate, real *to)
{
	const struct turn *turn = arg;

	sum_piece(turn->call, turn->chunk, images, (struct target){ to, accumulate }, turn->memory);
}

static void sum_in_turn(const struct conv_call *call, const struct conv_weights_chunk *chunk,
                        struct direct_memory *memory)
{
	struct turn turn = { call, chunk, memory };
	const real *total = sgan_weights_in_turn(call, sum_slice, &turn);

	if (total)
		add_total(call, chunk, total);
}

/* A chunk is some of X's and of Y's channels, and a piece where these are kept apart, otherwise the whole batch. */
static void direct_chunk(void *arg, size_t index, int worker)
{
	const struct direct_job *job = arg;
	const struct conv_call *call = job->call;
	const struct conv_problem *problem = call->problem;
	size_t y_chunk = index % job->grid.y_chunks, x_chunk = index / job->grid.y_chunks % job->grid.x_chunks;
	size_t at = index / job->grid.y_chunks / job->grid.x_chunks;
	size_t slice = call->batch.begin + at / problem->cut.pieces, piece = at % problem->cut.pieces;
	struct conv_weights_chunk chunk = sgan_weights_chunk(&problem->cut, &job->grid, x_chunk, y_chunk);
	struct direct_memory memory;

	lay_out(problem, conv_worker_memory(call, worker), &memory);
	if (job->partials) {
		struct target target = { .tensor = job->partials + (piece * problem->slices + slice) * problem->weight_count };
		sum_piece(call, &chunk, sgan_weights_piece(call, slice, piece), target, &memory);
	} else {
		sum_in_turn(call, &chunk, &memory);
	}
}

static void sum(sgan_ctx *ctx, const struct conv_call *call, real *partials)
{
	const struct conv_weights_sizes sizes = conv_weights_sizes(call->problem);
	struct direct_job job = { .call = call, .partials = partials };
	struct conv_weights_work work = {
		.tensors = partials ? (call->batch.end - call->batch.begin) * call->problem->cut.pieces : 1,
		.images = call->images,
		.threads = ctx->at_once,
	};

	job.grid = sgan_weights_grid(&sizes, &call->problem->cut, &work);
	sgan_parallel_for(ctx, work.tensors * job.grid.x_chunks * job.grid.y_chunks, direct_chunk, &job);
}

static sgan_status run(sgan_ctx *ctx, const struct conv_call *call)
{
	return sgan_weights_run(ctx, call, sum, (real *)(void *)call->shared);
}

/* --- the rows of the table --------------------------------------------------- */

static size_t worker_bytes(const struct conv_problem *problem)
{
	return lay_out(problem, NULL, NULL);
}

static double cost(const struct conv_problem *problem)
{
	const struct conv_weights_sizes sizes = conv_weights_sizes(problem);

	return sgan_weights_cost(&sizes, &problem->cut, false);
}

static bool fits_any(const struct conv_problem *problem)
{
	(void)problem;
	return true;
}

static void cut_taps(struct conv_problem *problem)
{
	const struct conv_weights_sizes sizes = conv_weights_sizes(problem);

	problem->cut = sgan_weights_cut(&sizes, false);
}

/* More channels fill a tile's rows by themselves. */
static bool fits_few(const struct conv_problem *problem)
{
	return conv_has_runs(&problem->base);
}

static void cut_kernel_rows(struct conv_problem *problem)
{
	const struct conv_weights_sizes sizes = conv_weights_sizes(problem);

	problem->cut = sgan_weights_cut(&sizes, true);
}

const struct conv_algorithm sgan_conv_weights_direct = {
	.name = "taps",
	.operation = CONV_WEIGHTS,
	.fits = fits_any,
	.make_cut = cut_taps,
	.cost = cost,
	.worker_bytes = worker_bytes,
	.shared_bytes = sgan_weights_shared_bytes,
	.run = run,
	.error = 8,
};

const struct conv_algorithm sgan_conv_weights_runs = {
	.name = "runs",
	.operation = CONV_WEIGHTS,
	.fits = fits_few,
	.make_cut = cut_kernel_rows,
	.cost = cost,
	.worker_bytes = worker_bytes,
	.shared_bytes = sgan_weights_shared_bytes,
	.run = run,
	.error = 8,
};

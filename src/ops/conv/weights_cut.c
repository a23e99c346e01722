/* The cost model of weight gradients, and the cuts that it finds. It must not know how a group is summed.
 *
 * Time that is not spent in multiply-adds is spent moving values between memory, caches and sums. A value takes about
 * as long wherever it goes, so cuts are compared by how many values they move, and the table below says which. */
#include "src/ops/conv/weights_cut.h"

#include <stdio.h>

/* Elements that a copied pixel of X takes a multiple of: a tile's loads then touch few cache lines. */
enum { PITCH = 8 };

static double x_values(const struct conv_weights_sizes *s)
{
	return (double)s->max_batch * (double)conv_x_image(s->base);
}

static double y_values(const struct conv_weights_sizes *s)
{
	return (double)s->max_batch * (double)conv_y_image(s->base);
}

static double weight_values(const struct conv_weights_sizes *s)
{
	return (double)(conv_taps(s->base) * s->base->x_c) * (double)s->base->y_c;
}

/* --- what takes time --------------------------------------------------------- */

static double x_moved(const struct conv_weights_sizes *s, const struct conv_weights_cut *cut)
{
	return (double)cut->y_chunks * x_values(s);
}

static double y_moved(const struct conv_weights_sizes *s, const struct conv_weights_cut *cut)
{
	return (double)cut->x_chunks * y_values(s);
}

static double sums_moved(const struct conv_weights_sizes *s, const struct conv_weights_cut *cut)
{
	return cut->sum_passes * weight_values(s);
}

static double copied(const struct conv_weights_sizes *s, const struct conv_weights_cut *cut)
{
	return cut->shape.kernel_rows ? 0 : x_moved(s, cut) + y_moved(s, cut);
}

/* A step is one pixel for one row of a tile: nr multiply-adds. Each tile takes one more, to load Y's nr values for all
 * its rows. */
static double steps(const struct conv_weights_sizes *s, const struct conv_weights_cut *cut)
{
	double pixels = (double)s->max_batch * (double)(s->base->h.y * s->base->w.y);

	return pixels * (double)(cut->shape.taps * cut->shape.panels) * (double)(cut->shape.values + cut->shape.tiles);
}

/* `cuts`: whether cuts of one algorithm are compared by it. Multiply-adds are the same for all of them; copies are made
 * as often as X and Y are read, which the first rows count already. */
static const struct cost_row {
	const char *what, *unit;
	double (*count)(const struct conv_weights_sizes *s, const struct conv_weights_cut *cut);
	bool moves, cuts;
} cost_rows[] = {
	{ "X, read once for each chunk of Y's channels", "values", x_moved, true, true },
	{ "Y, read once for each chunk of X's channels", "values", y_moved, true, true },
	{ "sums, read and written once for each group", "values", sums_moved, true, true },
	{ "X and Y, copied to where tiles read them", "values", copied, true, false },
	{ "multiply-adds", "steps of a tile's row", steps, false, false },
};
enum { COST_ROWS = sizeof cost_rows / sizeof *cost_rows };

/* Values moved, by which cuts are compared. */
static double moved(const struct conv_weights_sizes *s, const struct conv_weights_cut *cut)
{
	double values = 0;

	for (size_t i = 0; i < COST_ROWS; i++)
		values += cost_rows[i].cuts ? cost_rows[i].count(s, cut) : 0;
	return values;
}

double sgan_weights_cost(const struct conv_weights_sizes *s, const struct conv_weights_cut *cut, bool matrix)
{
	double values = x_values(s) + y_values(s) + weight_values(s); /* a matrix product's: each is read or written once */

	if (!matrix) {
		values = 0;
		for (size_t i = 0; i < COST_ROWS; i++)
			values += cost_rows[i].moves ? cost_rows[i].count(s, cut) : 0;
	}
	return (steps(s, cut) + values / s->kernels->blocking.wgrad_step_moves) * (double)cut->shape.nr;
}

int sgan_weights_print(const struct conv_weights_sizes *s, const struct conv_weights_cut *cut, size_t size, char *text)
{
	int used = snprintf(text, size,
	                    "slices %zu, pieces of each %zu%s; images of a group %zu, bands of an image %zu; "
	                    "chunks of X's channels %zu, of Y's %zu\n",
	                    s->slices, cut->pieces, cut->apart ? ", apart" : "", cut->images, cut->bands, cut->x_chunks,
	                    cut->y_chunks);

	for (size_t i = 0; i < COST_ROWS && used >= 0; i++) {
		size_t at = least_of((size_t)used, size);
		used += snprintf(text + at, size - at, "%14.0f %-22s %s\n", cost_rows[i].count(s, cut), cost_rows[i].unit,
		                 cost_rows[i].what);
	}
	return used;
}

/* --- shape ------------------------------------------------------------------- */

/* The tile from several kernel rows, where its sums hold more than one. */
static void shape_runs(const struct sgan_kernels *kernels, struct conv_weights_shape *s)
{
	size_t runs = least_of(kernels->wgrad_runs_sums / s->values, kernels->wgrad_runs_most);

	if (runs < 2)
		return;
	s->runs = runs;
	s->mr = s->values;
	s->nr = kernels->wgrad_runs_nr;
}

struct conv_weights_shape sgan_weights_shape(const struct conv_weights_sizes *sizes, bool kernel_rows)
{
	const struct conv_base *b = sizes->base;
	struct conv_weights_shape s = {
		.values = kernel_rows ? b->w.kernel * b->x_c : b->x_c,
		.taps = kernel_rows ? b->h.kernel : conv_taps(b),
		.mr = sizes->kernels->wgrad_mr,
		.nr = sizes->kernels->wgrad_nr,
		.runs = 1,
		.kernel_rows = kernel_rows,
	};

	if (kernel_rows)
		shape_runs(sizes->kernels, &s);
	s.tiles = ceil_div(s.values, s.mr);
	s.panels = ceil_div(b->y_c, s.nr);
	s.x_pitch = round_up(s.mr, PITCH);
	return s;
}

/* --- the batch --------------------------------------------------------------- */

/* Pieces are kept apart where that takes at most half of the memory that X and Y do: it saves reading these again for
 * each slice, and costs writing the pieces' sums and reading them. */
void sgan_weights_cut_slices(const struct conv_weights_sizes *s, size_t chunks, struct conv_weights_cut *cut)
{
	double most = (x_values(s) + y_values(s)) / 2 / weight_values(s);
	size_t slices = s->slices, few = s->kernels->blocking.wgrad_pieces;

	cut->pieces = 1;
	if (slices * chunks < few)
		cut->pieces = ceil_div(few, slices * chunks);
	if (cut->pieces > s->max_batch / slices)
		cut->pieces = s->max_batch / slices;
	if ((double)(cut->pieces * slices) > most)
		cut->pieces = (size_t)(most / (double)slices);
	if (!cut->pieces)
		cut->pieces = 1;
	cut->apart = slices * cut->pieces > 1 && (double)(cut->pieces * slices) <= most;
}

static void cut_slices(const struct conv_weights_sizes *s, struct conv_weights_cut *cut)
{
	sgan_weights_cut_slices(s, cut->shape.tiles * cut->shape.panels, cut);
}

bool sgan_weights_apart(const struct conv_weights_sizes *sizes)
{
	struct conv_weights_cut cut = { .shape = sgan_weights_shape(sizes, false) };

	cut_slices(sizes, &cut);
	return cut.apart;
}

/* --- groups ------------------------------------------------------------------ */

/* Values of a group that are in use at once: rows of X and of Y. */
static size_t group_values(const struct conv_base *b, const struct conv_weights_cut *cut, size_t x_rows, size_t y_rows)
{
	const struct conv_weights_shape *s = &cut->shape;
	size_t tiles = ceil_div(s->tiles, cut->x_chunks), panels = ceil_div(s->panels, cut->y_chunks);
	size_t x_pixel = s->kernel_rows ? least_of(tiles * s->mr, b->x_c) : tiles * s->x_pitch;

	return x_rows * b->w.x * x_pixel + y_rows * b->w.y * least_of(panels * s->nr, b->y_c);
}

/* Fills in the groups for given chunks of channels: what a group's pixels and sums need fits the cache. */
static void cut_groups(const struct conv_weights_sizes *sizes, struct conv_weights_cut *cut)
{
	const struct conv_base *b = sizes->base;
	const struct sgan_blocking *blocking = &sizes->kernels->blocking;
	const struct conv_weights_shape *s = &cut->shape;
	bool again = !s->kernel_rows && s->taps > 1; /* a group's pixels are read for each tap */
	size_t tiles = ceil_div(s->tiles, cut->x_chunks), panels = ceil_div(s->panels, cut->y_chunks);
	size_t sums = s->taps * tiles * s->mr * panels * s->nr;
	size_t cache = (again ? blocking->wgrad_taps_bytes : blocking->wgrad_once_bytes) / sizeof(real), left = cache;
	size_t image = group_values(b, cut, b->h.x, b->h.y), row = group_values(b, cut, b->h.stride, 1);
	size_t pieces = sizes->slices * cut->pieces, piece = ceil_div(sizes->max_batch, pieces);

	cut->bands = 1;
	cut->images = piece;
	cut->sum_passes = (double)pieces;
	if (image * piece <= cache)
		return;
	left = left > 2 * sums ? left - sums : left / 2; /* sums get what they need, at most half; pixels the rest */
	cut->images = left / image;
	if (cut->images) {
		cut->sum_passes = (double)pieces * (double)ceil_div(piece, cut->images);
	} else {
		cut->bands = ceil_div(b->h.y, left / row ? left / row : 1);
		cut->sum_passes = (double)sizes->max_batch * (double)cut->bands;
	}
	if (2 * sums > cache)
		cut->sum_passes *= blocking->wgrad_far_sums;
}

/* Numbers of chunks to try: all small ones, some large ones. */
static size_t next_try(size_t chunks)
{
	return chunks + (chunks < 8 ? 1 : chunks / 8);
}

/* Of few channels on X's side sums are few, and Y is nearly all that is moved: the cut's one chunk takes all channels,
 * so that Y's pixels are read in the order in which they lie, a small group while the next is fetched. */
static struct conv_weights_cut cut_runs(const struct conv_weights_sizes *sizes)
{
	const struct conv_base *b = sizes->base;
	struct conv_weights_cut cut = { .shape = sgan_weights_shape(sizes, true), .x_chunks = 1, .y_chunks = 1, .bands = 1 };
	const struct sgan_blocking *blocking = &sizes->kernels->blocking;
	size_t cache = blocking->wgrad_runs_bytes / sizeof(real), sums = conv_taps(b) * b->x_c * b->y_c;
	size_t image = group_values(b, &cut, b->h.x, b->h.y), row = group_values(b, &cut, b->h.stride, 1);

	if (cache < 2 * sums) /* which are read and written for each group */
		cache = least_of(2 * sums, blocking->wgrad_once_bytes / sizeof(real));
	sgan_weights_cut_slices(sizes, 1, &cut);
	cut.images = least_of(cache / image, ceil_div(sizes->max_batch, sizes->slices * cut.pieces));
	if (!cut.images)
		cut.bands = ceil_div(b->h.y, cache > row ? cache / row : 1);
	cut.sum_passes = (double)sizes->max_batch * (double)cut.bands / (double)(cut.images ? cut.images : 1);
	return cut;
}

static struct conv_weights_cut cut_taps(const struct conv_weights_sizes *sizes)
{
	struct conv_weights_cut cut = { .shape = sgan_weights_shape(sizes, false) }, best = { 0 };
	double least = 0;

	cut_slices(sizes, &cut);
	for (cut.x_chunks = 1; cut.x_chunks <= cut.shape.tiles; cut.x_chunks = next_try(cut.x_chunks))
		for (cut.y_chunks = 1; cut.y_chunks <= cut.shape.panels; cut.y_chunks = next_try(cut.y_chunks)) {
			double values;
			cut_groups(sizes, &cut);
			values = moved(sizes, &cut);
			if (best.x_chunks && values >= least)
				continue;
			least = values;
			best = cut;
		}
	return best;
}

struct conv_weights_cut sgan_weights_cut(const struct conv_weights_sizes *sizes, bool kernel_rows)
{
	return kernel_rows ? cut_runs(sizes) : cut_taps(sizes);
}

/* As many of Y's panels at once as stay in cache while X goes by. */
struct conv_weights_cut sgan_weights_cut_matrix(const struct conv_weights_sizes *sizes)
{
	struct conv_weights_cut cut = { .shape = sgan_weights_shape(sizes, false) };
	size_t rows = sizes->max_batch * sizes->base->h.y * sizes->base->w.y;
	size_t panels = sizes->kernels->blocking.wgrad_once_bytes / sizeof(real) / (rows * cut.shape.nr);

	cut.pieces = cut.bands = cut.x_chunks = 1;
	cut.images = sizes->max_batch;
	cut.sum_passes = 1;
	cut.y_chunks = ceil_div(cut.shape.panels, panels ? panels : 1);
	return cut;
}

/* --- chunks of channels ------------------------------------------------------ */

struct conv_weights_chunk sgan_weights_chunk(const struct conv_weights_cut *cut, const struct conv_weights_grid *grid,
                                             size_t x_chunk, size_t y_chunk)
{
	const struct conv_weights_shape *s = &cut->shape;
	struct conv_weights_chunk chunk = {
		.c = share_begin(s->values, grid->x_chunks, x_chunk),
		.panel = share_begin(s->panels, grid->y_chunks, y_chunk),
	};

	chunk.count = share_begin(s->values, grid->x_chunks, x_chunk + 1) - chunk.c;
	chunk.tiles = ceil_div(chunk.count, s->mr);
	chunk.panels = share_begin(s->panels, grid->y_chunks, y_chunk + 1) - chunk.panel;
	return chunk;
}

/* What a thread's chunks take when all have as many, in moved values. */
static double thread_time(const struct conv_weights_sizes *sizes, const struct conv_weights_cut *cut,
                          const struct conv_weights_work *work, size_t x_chunks, size_t y_chunks)
{
	const struct conv_base *b = sizes->base;
	const struct conv_weights_shape *s = &cut->shape;
	const struct sgan_blocking *blocking = &sizes->kernels->blocking;
	size_t count = ceil_div(s->values, x_chunks), panels = ceil_div(s->panels, y_chunks);
	size_t tensors = least_of(work->tensors, work->images ? work->images : 1);
	double images = (double)work->images / (double)tensors, pixels = images * (double)(b->h.y * b->w.y);
	double row_steps = pixels * (double)(s->taps * panels) * (double)(count + ceil_div(count, s->mr));
	double x = (double)conv_x_image(b) / (double)x_chunks;
	double y = (double)conv_y_image(b) * (double)panels / (double)s->panels;
	double rounds = (double)(tensors * x_chunks) * (double)y_chunks / (double)work->threads;

	rounds = rounds > (double)(size_t)rounds ? (double)(size_t)rounds + 1 : rounds;
	return rounds * (row_steps * blocking->wgrad_step_moves + images * (x + y) + blocking->wgrad_chunk_moves);
}

struct conv_weights_grid sgan_weights_grid(const struct conv_weights_sizes *sizes, const struct conv_weights_cut *cut,
                                           const struct conv_weights_work *work)
{
	size_t most = 4 * (size_t)work->threads, x_most = least_of(cut->shape.tiles, most * cut->x_chunks);
	size_t y_most = least_of(cut->shape.panels, most * cut->y_chunks);
	struct conv_weights_grid grid = { cut->x_chunks, cut->y_chunks };
	double best = 0;

	for (size_t x = cut->x_chunks; x <= x_most; x = next_try(x))
		for (size_t y = cut->y_chunks; y <= y_most; y = next_try(y)) {
			double time = thread_time(sizes, cut, work, x, y);
			if (best > 0 && time >= best)
				continue;
			best = time;
			grid = (struct conv_weights_grid){ x, y };
		}
	return grid;
}

/* Chunks of some tiles, which share panels of Y, so many that the last thread is not long alone, though none so
 * small that handing it out takes longer than doing it. Where there are few tiles, the panels are shared out as well. */
struct conv_weights_grid sgan_weights_grid_matrix(const struct conv_weights_sizes *sizes,
                                                  const struct conv_weights_cut *cut,
                                                  const struct conv_weights_work *work)
{
	enum { CHUNKS_PER_THREAD = 16 };
	const struct conv_weights_shape *s = &cut->shape;
	size_t threads = (size_t)work->threads, wanted = CHUNKS_PER_THREAD * threads;
	double rows = (double)work->images * (double)(sizes->base->h.y * sizes->base->w.y);
	double flops = 2 * rows * (double)s->values * (double)(s->panels * s->nr);
	size_t most = (size_t)(flops / sizes->kernels->blocking.taps_chunk.least);
	struct conv_weights_grid grid = { ceil_div(s->tiles, s->tiles / wanted + 1), cut->y_chunks };

	grid.x_chunks = least_of(round_up(grid.x_chunks, threads), s->tiles);
	most = most > threads ? most : threads;
	if (grid.x_chunks * grid.y_chunks > most)
		grid.x_chunks = ceil_div(most, grid.y_chunks);
	if (grid.x_chunks * grid.y_chunks < least_of(most, wanted))
		grid.y_chunks = least_of(least_of(most, wanted) / grid.x_chunks, s->panels);
	return grid;
}

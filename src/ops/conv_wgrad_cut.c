/* How the sum of a weight gradient is cut. What orders a sum (parts and groups) is
 * decided from the layer's sizes alone; blocks of channels cannot change a bit.
 * It must not know how a group is summed.
 *
 * Time that is not spent in multiply-adds is spent moving values: X is read once
 * for each block of Y's channels and Y for each block of X's, and the sums are read
 * and written once a group. All are about as long per value, so cuts are compared
 * by how many values they move. */
#include "src/ops/conv_wgrad.h"

struct wgrad_shape sgan_wgrad_shape(const struct sgan_conv_plan *plan)
{
	const struct conv_base *b = &plan->base;
	bool runs = plan->weights == CONV_RUNS;
	struct wgrad_shape s = { .mr = plan->kernels->wgrad_mr, .nr = plan->kernels->wgrad_nr };

	s.run = runs ? b->k_w * b->x_c : b->x_c;
	s.taps = runs ? b->k_h : b->k_h * b->k_w;
	s.tiles = conv_ceil_div(s.run, s.mr);
	s.panels = conv_ceil_div(b->y_c, s.nr);
	s.x_pitch = conv_ceil_div(s.mr, WGRAD_PITCH) * WGRAD_PITCH;
	return s;
}

size_t sgan_wgrad_part_count(const struct sgan_conv_plan *plan)
{
	return plan->wgrad.apart ? plan->desc.slices * plan->wgrad.blocks : 1;
}

static double x_values(const struct conv_base *b)
{
	return (double)b->x_h * (double)(b->x_w * b->x_c);
}

static double y_values(const struct conv_base *b)
{
	return (double)b->y_h * (double)(b->y_w * b->y_c);
}

/* Parts are kept apart where that takes less memory than X and Y do, so that each of these is read once. */
static void cut_batch(const struct sgan_conv_plan *plan, const struct wgrad_shape *s, struct conv_wgrad_cut *cut)
{
	double images = (double)plan->desc.max_batch, weights = (double)plan->weight_count;
	double most = images * (x_values(&plan->base) + y_values(&plan->base)) / 2 / weights;
	size_t slices = plan->desc.slices, pieces = slices * s->tiles * s->panels;

	cut->blocks = 1;
	if (pieces < plan->kernels->blocking.wgrad_pieces)
		cut->blocks = conv_ceil_div(plan->kernels->blocking.wgrad_pieces, pieces);
	if (cut->blocks > plan->desc.max_batch / slices)
		cut->blocks = plan->desc.max_batch / slices;
	if ((double)(cut->blocks * slices) > most)
		cut->blocks = (size_t)(most / (double)slices);
	if (!cut->blocks)
		cut->blocks = 1;
	cut->apart = slices * cut->blocks > 1 && (double)(cut->blocks * slices) <= most;
}

/* Values of a group that are in use at once: rows of X and of Y. */
static size_t group_values(const struct sgan_conv_plan *plan, const struct wgrad_shape *s,
                           const struct conv_wgrad_cut *cut, size_t x_rows, size_t y_rows)
{
	const struct conv_base *b = &plan->base;
	size_t tiles = conv_ceil_div(s->tiles, cut->x_blocks), panels = conv_ceil_div(s->panels, cut->y_blocks);
	size_t x_pixel = cut->packed ? tiles * s->x_pitch : conv_least(tiles * s->mr, b->x_c);

	return x_rows * b->x_w * x_pixel + y_rows * b->y_w * conv_least(panels * s->nr, b->y_c);
}

/* Fills in the groups for given blocks of channels; returns the values that they move. */
static double cut_groups(const struct sgan_conv_plan *plan, const struct wgrad_shape *s, struct conv_wgrad_cut *cut)
{
	const struct conv_base *b = &plan->base;
	const struct sgan_blocking *blocking = &plan->kernels->blocking;
	bool again = cut->packed && s->taps > 1; /* a group's pixels are read for each tap */
	size_t tiles = conv_ceil_div(s->tiles, cut->x_blocks), panels = conv_ceil_div(s->panels, cut->y_blocks);
	size_t sums = s->taps * tiles * s->mr * panels * s->nr;
	size_t cache = (again ? blocking->wgrad_taps_bytes : blocking->wgrad_once_bytes) / sizeof(real);
	size_t left = cache;
	size_t image = group_values(plan, s, cut, b->x_h, b->y_h), row = group_values(plan, s, cut, b->stride, 1);
	size_t parts = plan->desc.slices * cut->blocks, part = conv_ceil_div(plan->desc.max_batch, parts);
	double n = (double)plan->desc.max_batch, groups = (double)parts;

	cut->bands = 1;
	cut->images = part;
	if (image * part > left) {
		left = left > 2 * sums ? left - sums : left / 2;
		cut->images = left / image;
		if (cut->images)
			groups = (double)parts * (double)conv_ceil_div(part, cut->images);
		else
			cut->bands = conv_ceil_div(b->y_h, left / row ? left / row : 1);
		if (!cut->images)
			groups = n * (double)cut->bands;
		if (2 * sums > cache)
			groups *= blocking->wgrad_far_sums;
	}
	return (double)cut->y_blocks * n * x_values(b) + (double)cut->x_blocks * n * y_values(b) +
	       groups * (double)plan->weight_count;
}

/* Whether dW is the product of two matrices that have a row for each pixel. */
static bool is_matrix(const struct sgan_conv_plan *plan, const struct wgrad_shape *s)
{
	return plan->weights == CONV_TAPS && s->taps == 1 && plan->base.stride == 1 && plan->base.pad == 0;
}

/* As many of Y's panels at once as stay in cache while X goes by. */
static struct conv_wgrad_cut cut_matrix(const struct sgan_conv_plan *plan, const struct wgrad_shape *s)
{
	size_t rows = plan->desc.max_batch * plan->base.y_h * plan->base.y_w;
	size_t panels = plan->kernels->blocking.wgrad_once_bytes / sizeof(real) / (rows * s->nr);

	return (struct conv_wgrad_cut){
		.blocks = 1,
		.together = true,
		.x_blocks = 1,
		.y_blocks = conv_ceil_div(s->panels, panels ? panels : 1),
	};
}

/* Numbers of blocks to try: all small ones, some large ones. */
static size_t next_try(size_t blocks)
{
	return blocks + (blocks < 8 ? 1 : blocks / 8);
}

struct conv_wgrad_cut sgan_conv_wgrad_cut(const struct sgan_conv_plan *plan)
{
	const struct conv_base *b = &plan->base;
	struct wgrad_shape s = sgan_wgrad_shape(plan);
	struct conv_wgrad_cut cut = { .packed = plan->weights == CONV_TAPS }, best = { 0 };
	double least_moved = 0;

	cut_batch(plan, &s, &cut);
	if (is_matrix(plan, &s) && (!cut.apart || b->x_h * b->x_w == 1))
		return cut_matrix(plan, &s);
	for (cut.x_blocks = 1; cut.x_blocks <= s.tiles; cut.x_blocks = next_try(cut.x_blocks))
		for (cut.y_blocks = 1; cut.y_blocks <= s.panels; cut.y_blocks = next_try(cut.y_blocks)) {
			double moved = cut_groups(plan, &s, &cut);
			if (best.x_blocks && moved >= least_moved)
				continue;
			least_moved = moved;
			best = cut;
		}
	return best;
}

struct wgrad_channels sgan_wgrad_chunk_channels(const struct wgrad_job *job, size_t x_block, size_t y_block)
{
	struct wgrad_channels channels = {
		.c = conv_part_begin(job->shape.run, job->x_blocks, x_block),
		.panel = conv_part_begin(job->shape.panels, job->y_blocks, y_block),
	};

	channels.count = conv_part_begin(job->shape.run, job->x_blocks, x_block + 1) - channels.c;
	channels.tiles = conv_ceil_div(channels.count, job->shape.mr);
	channels.panels = conv_part_begin(job->shape.panels, job->y_blocks, y_block + 1) - channels.panel;
	return channels;
}

/* What a thread's chunks take when all have as many, in moved values. */
static double thread_time(const struct wgrad_job *job, size_t x_blocks, size_t y_blocks, double threads)
{
	const struct conv_base *b = &job->plan->base;
	const struct wgrad_shape *s = &job->shape;
	size_t count = conv_ceil_div(s->run, x_blocks), panels = conv_ceil_div(s->panels, y_blocks);
	size_t parts = conv_least(sgan_wgrad_part_count(job->plan), job->n ? job->n : 1);
	double images = (double)job->n / (double)parts, pixels = images * (double)(b->y_h * b->y_w);
	double steps = pixels * (double)(s->taps * panels) * (double)(count + conv_ceil_div(count, s->mr));
	double moves = images * (x_values(b) / (double)x_blocks + y_values(b) * (double)panels / (double)s->panels);
	double chunks = (double)(parts * x_blocks) * (double)y_blocks, rounds = chunks / threads;
	const struct sgan_blocking *blocking = &job->plan->kernels->blocking;

	rounds = rounds > (double)(size_t)rounds ? (double)(size_t)rounds + 1 : rounds;
	return rounds * (steps * blocking->wgrad_step_moves + moves + blocking->wgrad_chunk_moves);
}

void sgan_wgrad_cut_channels(struct wgrad_job *job, int threads)
{
	const struct conv_wgrad_cut *cut = &job->plan->wgrad;
	size_t most = 4 * (size_t)threads, x_most = conv_least(job->shape.tiles, most * cut->x_blocks);
	size_t y_most = conv_least(job->shape.panels, most * cut->y_blocks);
	double best = 0;

	for (size_t x = cut->x_blocks; x <= x_most; x = next_try(x))
		for (size_t y = cut->y_blocks; y <= y_most; y = next_try(y)) {
			double time = thread_time(job, x, y, threads);
			if (best > 0 && time >= best)
				continue;
			best = time;
			job->x_blocks = x;
			job->y_blocks = y;
		}
}

/* As many chunks as threads or a small multiple, so that all threads have as many. */
void sgan_wgrad_cut_matrix(struct wgrad_job *job, int threads)
{
	const struct conv_wgrad_cut *cut = &job->plan->wgrad;
	size_t most = 4 * (size_t)threads;
	double best = 0;

	job->x_blocks = cut->x_blocks;
	job->y_blocks = cut->y_blocks;
	for (size_t chunks = (size_t)threads; chunks <= most; chunks *= 2)
		for (size_t y = cut->y_blocks; y <= conv_least(job->shape.panels, chunks); y++) {
			double time;
			if (chunks % y != 0 || chunks / y > job->shape.tiles)
				continue;
			time = thread_time(job, chunks / y, y, threads);
			if (best > 0 && time >= best)
				continue;
			best = time;
			job->x_blocks = chunks / y;
			job->y_blocks = y;
		}
}

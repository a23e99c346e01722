/* The weight gradient of a dense layer, or of a 1x1 convolution with few pixels:
 * the matrix product of X, transposed, and Y, both of which have a row for each
 * pixel. A tile of the result is summed over all rows at once, slice after slice.
 * It must not know how else a batch can be cut.
 *
 * A chunk copies its columns of Y, each panel to a place of its own, and then, a
 * tile at a time, those of X, unless they are read only once: as they lie, with a
 * power of two of columns between them, they would fight for a few cache sets. */
#include "src/ops/conv_wgrad.h"
#include "src/exec/ctx.h"
#include "src/ops/ops.h"

enum { STRIP = 16 }; /* rows that are copied at a time */

/* --- memory ------------------------------------------------------------------ */

static size_t ends_bytes(const struct sgan_conv_plan *plan)
{
	return conv_round_bytes(plan->desc.slices * sizeof(size_t));
}

static size_t most_rows(const struct sgan_conv_plan *plan)
{
	return plan->desc.max_batch * plan->base.y_h * plan->base.y_w;
}

static size_t worker_bytes(const struct sgan_conv_plan *plan, char *base, struct wgrad_memory *memory)
{
	struct wgrad_shape s = sgan_wgrad_shape(plan);
	size_t panels = conv_ceil_div(s.panels, plan->wgrad.y_blocks);
	size_t x = conv_round_bytes(most_rows(plan) * s.x_pitch * sizeof(real));

	if (memory)
		*memory = (struct wgrad_memory){ .x = (real *)(void *)base, .y = (real *)(void *)(base + x) };
	return x + conv_round_bytes(most_rows(plan) * panels * s.nr * sizeof(real));
}

size_t sgan_wgrad_rows_workspace(const struct sgan_conv_plan *plan, int threads)
{
	return ends_bytes(plan) + (size_t)threads * worker_bytes(plan, NULL, NULL);
}

/* --- sums -------------------------------------------------------------------- */

/* To [panel][row][nr]. */
static void copy_y(const struct wgrad_job *job, const struct wgrad_channels *channels, size_t rows, real *to)
{
	size_t y_c = job->plan->base.y_c, nr = job->shape.nr;

	for (size_t row = 0; row < rows; row += STRIP)
		for (size_t i = 0; i < channels->panels; i++) {
			size_t column = (channels->panel + i) * nr;
			job->plan->kernels->copy(conv_least(rows - row, STRIP), conv_least(y_c - column, nr),
			                         job->y + row * y_c + column, (ptrdiff_t)y_c, to + (i * rows + row) * nr,
			                         (ptrdiff_t)nr);
		}
}

static size_t tile_begin(const struct wgrad_channels *channels, size_t tile)
{
	return channels->c + conv_part_begin(channels->count, channels->tiles, tile);
}

/* The lines that a tile of X ends in are asked for while the tile before it is worked on; it begins in those, or in
 * the lines that the tile before ends in. */
static void ask_for_tile(const struct wgrad_job *job, const struct wgrad_channels *channels, size_t tile,
                         struct sgan_walk *walk)
{
	walk->ahead = job->x;
	walk->ahead_step = 0;
	if (tile >= channels->tiles)
		return;
	walk->ahead = job->x + tile_begin(channels, tile + 1) - 1;
	walk->ahead_step = (ptrdiff_t)job->plan->base.x_c;
}

static bool copies_x(const struct wgrad_channels *channels)
{
	return channels->panels > 1;
}

static void sum_tile(const struct wgrad_job *job, const struct wgrad_channels *channels, size_t tile,
                     struct sgan_walk *walk, const struct wgrad_memory *memory)
{
	size_t y_c = job->plan->base.y_c, nr = job->shape.nr, rows = job->part_end[job->part_count - 1];
	size_t c = tile_begin(channels, tile), m = tile_begin(channels, tile + 1) - c;

	const real *x = job->x + c;

	if (copies_x(channels)) {
		job->plan->kernels->copy(rows, m, x, (ptrdiff_t)job->plan->base.x_c, memory->x, walk->src_col);
		x = memory->x;
	}
	ask_for_tile(job, channels, tile + 1, walk);
	for (size_t i = 0; i < channels->panels; i++) {
		size_t column = (channels->panel + i) * nr;
		job->plan->kernels->wgrad(walk, x, memory->y + i * rows * nr, job->diff_weights + c * y_c + column,
		                          (ptrdiff_t)y_c, m, conv_least(y_c - column, nr), job->accumulate);
		walk->ahead_step = 0;
	}
}

static void rows_chunk(void *arg, size_t index, int worker)
{
	const struct wgrad_job *job = arg;
	struct wgrad_channels channels = sgan_wgrad_chunk_channels(job, index / job->y_blocks, index % job->y_blocks);
	struct wgrad_memory memory;
	struct sgan_walk walk = {
		.images = 1,
		.rows = 1,
		.parts = job->part_count,
		.part_end = job->part_end,
		.src_col = (ptrdiff_t)(copies_x(&channels) ? job->shape.x_pitch : job->plan->base.x_c),
		.diff_col = (ptrdiff_t)job->shape.nr,
	};

	worker_bytes(job->plan, job->workers + (size_t)worker * job->worker_size, &memory);
	copy_y(job, &channels, job->part_end[job->part_count - 1], memory.y);
	for (size_t tile = 0; tile < channels.tiles; tile++)
		sum_tile(job, &channels, tile, &walk, &memory);
}

/* The slices that have images, as rows. */
static void list_part_ends(struct wgrad_job *job)
{
	const struct sgan_conv_plan *plan = job->plan;
	size_t pixels = plan->base.y_h * plan->base.y_w, slices = plan->desc.slices, end = 0;

	for (size_t slice = 0; slice < slices; slice++) {
		size_t next = sgan_slice_begin(job->n, slices, slice + 1) * pixels;
		if (next > end)
			job->part_end[job->part_count++] = next;
		end = next;
	}
}

void sgan_wgrad_rows(sgan_ctx *ctx, struct wgrad_job *job, char *workspace)
{
	job->part_end = (size_t *)(void *)workspace;
	job->workers = workspace + ends_bytes(job->plan);
	job->worker_size = worker_bytes(job->plan, NULL, NULL);
	list_part_ends(job);
	sgan_wgrad_cut_matrix(job, ctx->threads);
	sgan_parallel_for(ctx, job->x_blocks * job->y_blocks, rows_chunk, job);
}

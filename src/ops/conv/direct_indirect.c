/* Gather and scatter as sums of matrix products, one for each tap of the kernel, for batches too small to fill tiles
 * with images (direct_batch.c): a tile's rows are positions of one image, and each row has its own pointer for each
 * tap, to a row of zeros where the tap is outside. Rows are positions of one phase, which have the same taps. */
#include <string.h>

#include "src/exec/ctx.h"
#include "src/ops/conv/algorithms.h"
#include "src/ops/conv/tiles.h"

struct indirect_job {
	const struct conv_call *call;
	struct conv_view view;
	size_t phases_h, phases_w;
	size_t tiles; /* of the largest phase of one image */
	size_t panels, by_panels;
};

struct indirect_tile {
	struct axis_phase h, w;
	size_t first, m; /* rows: positions first .. first + m - 1 of the phase, row by row */
	const real *image;
	const real *zeros;
};

static void fill_rows(const struct indirect_job *job, const struct indirect_tile *tile, size_t row, const real **rows)
{
	const struct conv_view *v = &job->view;
	size_t index = tile->first + row;
	/* before the first they are huge numbers, outside like those behind the last */
	size_t y = (size_t)axis_source(&tile->h, index / tile->w.count);
	size_t x0 = (size_t)axis_source(&tile->w, index % tile->w.count);
	const real **to = rows + row;

	for (size_t i = 0; i < tile->h.taps; i++, y += (size_t)tile->h.per_tap) {
		size_t x = x0;
		for (size_t j = 0; j < tile->w.taps; j++, x += (size_t)tile->w.per_tap, to += tile->m)
			*to = y < v->src_h && x < v->src_w ? tile->image + (y * v->src_w + x) * v->src_c : tile->zeros;
	}
}

static size_t phase_taps(const struct indirect_job *job, const struct indirect_tile *tile, struct sgan_tap *tap)
{
	size_t taps = 0;

	for (size_t i = 0; i < tile->h.taps; i++)
		for (size_t j = 0; j < tile->w.taps; j++)
			tap[taps++] = (struct sgan_tap){ 0, conv_tap_weights(job->call->problem, tile->h.tap + i * tile->h.tap_step,
				                                                 tile->w.tap + j * tile->w.tap_step) };
	return taps;
}

/* Leaves out the taps that lie outside the image for all rows of a tile, which often is one row of positions: in a
 * scatter with stride 1, where taps beyond the source's top and bottom are many. Returns how many are left. */
static size_t drop_outside(const struct indirect_tile *tile, size_t taps, struct sgan_tap *tap, const real **rows)
{
	size_t left = 0;

	for (size_t t = 0; t < taps; t++) {
		const real *const *from = rows + t * tile->m;
		size_t row = 0;
		while (row < tile->m && from[row] == tile->zeros)
			row++;
		if (row == tile->m)
			continue;
		tap[left] = tap[t];
		memmove(rows + left++ * tile->m, from, tile->m * sizeof *rows);
	}
	return left;
}

/* Offset in a destination image of a tile's row. */
static size_t row_offset(const struct indirect_job *job, const struct indirect_tile *tile, size_t row)
{
	size_t index = tile->first + row;
	size_t y = tile->h.first + index / tile->w.count * tile->h.step;
	size_t x = tile->w.first + index % tile->w.count * tile->w.step;

	return (y * job->view.dst_w + x) * job->view.dst_c;
}

/* A worker's memory. */
struct indirect_memory {
	struct sgan_tap *tap;
	const real **rows; /* [tap][row of the tile] */
	real *zeros;       /* [src_c] */
	real *scratch;     /* one tile of results */
};

static size_t lay_out(const struct conv_problem *problem, char *base, struct indirect_memory *memory)
{
	size_t taps = conv_taps(&problem->base), mr = problem->kernels->gemm_mr;
	size_t rows = conv_round_bytes(taps * sizeof(struct sgan_tap));
	size_t zeros = rows + conv_round_bytes(taps * mr * sizeof(real *));
	size_t scratch = zeros + conv_round_bytes(conv_view(problem).src_c * sizeof(real));

	if (memory)
		*memory = (struct indirect_memory){
			.tap = (struct sgan_tap *)(void *)base,
			.rows = (const real **)(void *)(base + rows),
			.zeros = (real *)(void *)(base + zeros),
			.scratch = (real *)(void *)(base + scratch),
		};
	return scratch + conv_round_bytes(mr * problem->kernels->gemm_nr * sizeof(real));
}

/* Rows of one phase of several are not at even distances in dst: they go by way of scratch. */
static void run_panel(const struct indirect_job *job, const struct indirect_tile *tile, const struct conv_panel *p,
                      real *dst, size_t taps, const struct indirect_memory *memory)
{
	const struct sgan_kernels *kernels = job->call->problem->kernels;
	bool even = tile->w.step == 1 && tile->h.step == 1;
	real *to = even ? dst + row_offset(job, tile, 0) + p->first : memory->scratch;
	size_t ld = even ? job->view.dst_c : kernels->gemm_nr;
	struct sgan_epilogue epilogue = p->epilogue;

	epilogue.bypass = epilogue.bypass && even; /* scratch is read at once */
	kernels->igemm(taps, memory->tap, job->view.src_c, memory->rows, p->weights, to, (ptrdiff_t)ld, tile->m, p->n,
	               &epilogue);
	for (size_t row = 0; row < tile->m && !even; row++)
		memcpy(dst + row_offset(job, tile, row) + p->first, memory->scratch + row * ld, p->n * sizeof(real));
}

/* Brings a tile's taps and rows into memory; returns how many taps there are. */
static size_t set_up(const struct indirect_job *job, const struct indirect_tile *tile, struct indirect_memory *memory)
{
	size_t taps = phase_taps(job, tile, memory->tap);

	for (size_t row = 0; row < tile->m; row++)
		fill_rows(job, tile, row, memory->rows);
	return drop_outside(tile, taps, memory->tap, memory->rows);
}

/* A chunk is one tile of one phase of one image, for some panels. */
static void indirect_chunk(void *arg, size_t index, int worker)
{
	const struct indirect_job *job = arg;
	const struct conv_problem *problem = job->call->problem;
	size_t range = index % job->by_panels, chunk = index / job->by_panels;
	size_t at = chunk % job->tiles, phase = chunk / job->tiles % (job->phases_h * job->phases_w);
	size_t image = job->call->first + chunk / job->tiles / (job->phases_h * job->phases_w);
	struct indirect_memory memory;
	struct indirect_tile tile = {
		.h = sgan_axis_phase(&problem->base.h, conv_scatters(problem), phase / job->phases_w),
		.w = sgan_axis_phase(&problem->base.w, conv_scatters(problem), phase % job->phases_w),
		.image = job->call->src + image * job->view.src_h * job->view.src_w * job->view.src_c,
	};
	size_t count = tile.h.count * tile.w.count, tiles = ceil_div(count, problem->kernels->gemm_mr), taps;
	real *dst = job->call->dst + image * job->view.dst_h * job->view.dst_w * job->view.dst_c;

	if (at >= tiles)
		return;
	lay_out(problem, conv_worker_memory(job->call, worker), &memory);
	memset(memory.zeros, 0, job->view.src_c * sizeof(real));
	tile.zeros = memory.zeros;
	tile.first = share_begin(count, tiles, at);
	tile.m = share_begin(count, tiles, at + 1) - tile.first;
	taps = set_up(job, &tile, &memory);
	for (size_t i = share_begin(job->panels, job->by_panels, range);
	     i < share_begin(job->panels, job->by_panels, range + 1); i++) {
		struct conv_panel p = sgan_conv_panel(job->call, worker, i);
		run_panel(job, &tile, &p, dst, taps, &memory);
	}
}

static sgan_status run(sgan_ctx *ctx, const struct conv_call *call)
{
	const struct conv_problem *problem = call->problem;
	/* The first phase has most positions. */
	struct axis_phase h = sgan_axis_phase(&problem->base.h, conv_scatters(problem), 0);
	struct axis_phase w = sgan_axis_phase(&problem->base.w, conv_scatters(problem), 0);
	struct indirect_job job = {
		.call = call,
		.view = conv_view(problem),
		.phases_h = sgan_axis_phases(&problem->base.h, conv_scatters(problem)),
		.phases_w = sgan_axis_phases(&problem->base.w, conv_scatters(problem)),
		.tiles = ceil_div(h.count * w.count, problem->kernels->gemm_mr),
		.panels = sgan_conv_panels(problem),
		.by_panels = 1,
	};
	size_t tiles = job.phases_h * job.phases_w * job.tiles;
	double few = problem->kernels->blocking.few_chunks;

	while (job.by_panels < job.panels && (double)(call->batch.n * tiles * job.by_panels) < few)
		job.by_panels++;
	sgan_parallel_for(ctx, call->images * tiles * job.by_panels, indirect_chunk, &job);
	return SGAN_OK;
}

/* --- the rows of the table --------------------------------------------------- */

static bool fits(const struct conv_problem *problem)
{
	(void)problem;
	return true;
}

/* Pointers, and taps outside that some rows of a tile have, take a little. */
static double cost(const struct conv_problem *problem)
{
	static const double pointers = 17.0 / 16;
	struct conv_view v = conv_view(problem);

	return pointers * sgan_conv_tiles_cost(problem, v.dst_h * v.dst_w, v.src_c);
}

static size_t worker_bytes(const struct conv_problem *problem)
{
	return lay_out(problem, NULL, NULL);
}

#define INDIRECT(of)                                                                                                   \
	{                                                                                                                  \
		.name = "indirect", .operation = of, .fits = fits, .cost = cost, .packed_count = sgan_conv_panels_count,       \
		.pack = sgan_conv_pack_panels, .worker_bytes = worker_bytes, .run = run, .error = 8                            \
	}

const struct conv_algorithm sgan_conv_gather_indirect = INDIRECT(CONV_GATHER);
const struct conv_algorithm sgan_conv_scatter_indirect = INDIRECT(CONV_SCATTER);

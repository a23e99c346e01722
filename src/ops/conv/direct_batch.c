/* Gather and scatter as sums of matrix products, one for each tap of the kernel. A tile's rows are the same position
 * in several images: all have the same taps inside the image, so that taps outside cost nothing. With a batch of some
 * size this fills tiles. A dense layer is the same with one position and one tap.
 *
 * The naive loops, for each position p, image n and channel c of the destination:
 *
 *   for each tap t that reaches p from a position q(t) inside the source
 *       for each channel l of the source
 *           dst[n][p][c] += src[n][q(t)][l] * weights[t][l][c] */
#include <math.h>

#include "src/exec/ctx.h"
#include "src/ops/conv/algorithms.h"
#include "src/ops/conv/tiles.h"

/* Tiles of images x panels x positions, and into how many ranges each is cut for the chunks. */
struct batch_job {
	const struct conv_call *call;
	struct conv_view view;
	size_t tiles, panels, positions;
	size_t by_tiles, by_panels, by_positions;
};

static size_t src_image(const struct batch_job *job)
{
	return job->view.src_h * job->view.src_w * job->view.src_c;
}

/* The taps inside the image at one destination position. */
static size_t list_taps(const struct batch_job *job, size_t position, struct sgan_tap *tap)
{
	const struct conv_problem *problem = job->call->problem;
	const struct conv_view *v = &job->view;
	struct axis_taps h = sgan_axis_taps(&problem->base.h, conv_scatters(problem), position / v->dst_w);
	struct axis_taps w = sgan_axis_taps(&problem->base.w, conv_scatters(problem), position % v->dst_w);
	size_t taps = 0;

	for (size_t i = 0; i < h.count; i++)
		for (size_t j = 0; j < w.count; j++) {
			ptrdiff_t y = h.source + (ptrdiff_t)i * h.source_step, x = w.source + (ptrdiff_t)j * w.source_step;
			tap[taps].src = (y * (ptrdiff_t)v->src_w + x) * (ptrdiff_t)v->src_c;
			tap[taps].weight = conv_tap_weights(problem, h.tap + i * h.tap_step, w.tap + j * w.tap_step);
			taps++;
		}
	return taps;
}

/* One panel at one position, for some tiles of images. */
static void run_tiles(const struct batch_job *job, const struct conv_panel *p, size_t position, struct axis_range tiles,
                      size_t taps, const struct sgan_tap *tap)
{
	const struct conv_call *call = job->call;
	size_t from = src_image(job), to = job->positions * job->view.dst_c;
	real *dst = call->dst + position * job->view.dst_c + p->first;

	for (size_t tile = tiles.begin; tile < tiles.end; tile++) {
		size_t image = share_begin(call->images, job->tiles, tile);
		size_t m = share_begin(call->images, job->tiles, tile + 1) - image;
		image += call->first;
		call->problem->kernels->gemm(taps, tap, job->view.src_c, call->src + image * from, (ptrdiff_t)from, p->weights,
		                             dst + image * to, (ptrdiff_t)to, m, p->n, &p->epilogue);
	}
}

static struct axis_range cut_at(size_t count, size_t shares, size_t share)
{
	return (struct axis_range){ share_begin(count, shares, share), share_begin(count, shares, share + 1) };
}

static void batch_chunk(void *arg, size_t chunk, int worker)
{
	const struct batch_job *job = arg;
	struct axis_range positions = cut_at(job->positions, job->by_positions, chunk % job->by_positions);
	struct axis_range panels = cut_at(job->panels, job->by_panels, chunk / job->by_positions % job->by_panels);
	struct axis_range tiles = cut_at(job->tiles, job->by_tiles, chunk / job->by_positions / job->by_panels);
	struct sgan_tap *tap = (struct sgan_tap *)(void *)conv_worker_memory(job->call, worker);

	for (size_t position = positions.begin; position < positions.end; position++) {
		size_t taps = list_taps(job, position, tap);
		for (size_t i = panels.begin; i < panels.end; i++) {
			struct conv_panel p = sgan_conv_panel(job->call, worker, i);
			run_tiles(job, &p, position, tiles, taps, tap);
		}
	}
}

/* --- chunks ------------------------------------------------------------------ */

/* Ranges that `limit` items are cut into, when all else is cut into `others` already. */
static size_t ranges_for(const struct sgan_blocking *b, double flops, size_t others, size_t limit)
{
	double chunks = flops / b->taps_chunk.most;

	if (chunks < b->few_chunks)
		chunks = flops / b->taps_chunk.least < b->few_chunks ? flops / b->taps_chunk.least : b->few_chunks;
	chunks /= (double)others;
	if (chunks < 1)
		return 1;
	return chunks < (double)limit ? (size_t)chunks : limit;
}

/* For the whole batch, whose images make `tiles` tiles. What is larger, the weights or the sources, is gone through
 * once: a chunk keeps to its share of panels if it is the weights, to one tile of images otherwise. Chunks that follow
 * each other differ in position, and their panels stay in the second-level cache meanwhile: all weights of a large
 * layer, read again for each position, would come from the third. */
static void cut(struct batch_job *job, size_t tiles)
{
	const struct conv_problem *problem = job->call->problem;
	const struct sgan_blocking *blocking = &problem->kernels->blocking;
	double n = (double)job->call->batch.n, weights = (double)problem->weight_count;
	double sources = n * (double)src_image(job);
	double smaller_image = (double)(problem->base.h.y * problem->base.w.y);
	double flops = 2 * weights * smaller_image * n;
	double groups = ceil(weights * sizeof(real) / blocking->taps_panel_bytes);

	job->by_tiles = sources > weights ? tiles : 1;
	job->by_panels = sources > weights && groups < (double)job->panels ? (size_t)groups : job->panels;
	job->by_positions = ranges_for(blocking, flops, job->by_tiles * job->by_panels, job->positions);
	if (job->by_tiles == 1)
		job->by_tiles = ranges_for(blocking, flops, job->by_panels * job->by_positions, tiles);
	else if (job->by_panels < job->panels && job->by_positions == job->positions)
		job->by_panels = ranges_for(blocking, flops, job->by_tiles * job->by_positions, job->panels);
	job->by_tiles = least_of(job->by_tiles, job->tiles);
}

static sgan_status run(sgan_ctx *ctx, const struct conv_call *call)
{
	size_t mr = call->problem->kernels->gemm_mr;
	struct batch_job job = { .call = call, .view = conv_view(call->problem) };

	job.positions = job.view.dst_h * job.view.dst_w;
	job.panels = sgan_conv_panels(call->problem);
	job.tiles = ceil_div(call->images, mr);
	cut(&job, ceil_div(call->batch.n, mr));
	sgan_parallel_for(ctx, job.by_tiles * job.by_panels * job.by_positions, batch_chunk, &job);
	return SGAN_OK;
}

/* --- the rows of the table --------------------------------------------------- */

static bool fits(const struct conv_problem *problem)
{
	(void)problem;
	return true;
}

static double cost(const struct conv_problem *problem)
{
	return sgan_conv_tiles_cost(problem, problem->max_batch, conv_view(problem).src_c);
}

static size_t worker_bytes(const struct conv_problem *problem)
{
	return conv_round_bytes(conv_taps(&problem->base) * sizeof(struct sgan_tap));
}

#define BATCH(of)                                                                                                      \
	{                                                                                                                  \
		.name = "batch", .operation = of, .fits = fits, .cost = cost, .packed_count = sgan_conv_panels_count,          \
		.pack = sgan_conv_pack_panels, .worker_bytes = worker_bytes, .run = run, .error = 8                            \
	}

const struct conv_algorithm sgan_conv_gather_batch = BATCH(CONV_GATHER);
const struct conv_algorithm sgan_conv_scatter_batch = BATCH(CONV_SCATTER);

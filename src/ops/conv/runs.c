/* Gather from few channels (an image's 1 or 3): a kernel row of w.kernel * x_c source values is contiguous, so that it
 * counts as one long tap. Padded images are copied, a band of rows at a time, so that every run lies inside. */
#include "src/exec/ctx.h"
#include "src/ops/conv/algorithms.h"
#include "src/ops/conv/padded.h"
#include "src/ops/conv/tiles.h"

struct runs_job {
	const struct conv_call *call;
	size_t bands; /* of an image */
	struct sgan_runs runs;
};

/* Bands of an image when n are worked on. */
static size_t band_count(const struct conv_problem *problem, size_t n)
{
	const struct conv_base *b = &problem->base;
	const struct sgan_blocking *blocking = &problem->kernels->blocking;
	double row = 2.0 * (double)b->w.y * (double)b->y_c * (double)(conv_taps(b) * b->x_c);
	double image = row * (double)b->h.y, flops = image * (double)n / blocking->few_chunks, bands;

	if (flops > blocking->runs_chunk.most)
		flops = blocking->runs_chunk.most;
	if (flops < blocking->runs_chunk.least)
		flops = blocking->runs_chunk.least;
	bands = image / flops;
	if (bands < 1)
		return 1;
	return bands < (double)b->h.y ? (size_t)bands : b->h.y;
}

/* A chunk is one band of one image. */
static void runs_chunk(void *arg, size_t chunk, int worker)
{
	const struct runs_job *job = arg;
	const struct conv_call *call = job->call;
	const struct conv_base *b = &call->problem->base;
	size_t image = call->first + chunk / job->bands, band = chunk % job->bands;
	size_t y = share_begin(b->h.y, job->bands, band), end = share_begin(b->h.y, job->bands, band + 1);
	const real *src = call->src + image * conv_x_image(b);
	struct sgan_runs runs = job->runs;

	runs.rows = end - y;
	if (conv_has_padding(b)) {
		real *padded = (real *)(void *)conv_worker_memory(call, worker);
		sgan_conv_copy_padded(b, src, y * b->h.stride, axis_reach(&b->h, end - y), padded);
		src = padded;
	} else {
		src += y * b->h.stride * conv_padded_row(b);
	}
	call->problem->kernels->runs(&runs, src, conv_packed(call, worker),
	                             call->dst + (image * b->h.y + y) * b->w.y * b->y_c, &call->epilogue);
}

static sgan_status run(sgan_ctx *ctx, const struct conv_call *call)
{
	const struct conv_base *b = &call->problem->base;
	struct runs_job job = {
		.call = call,
		.bands = band_count(call->problem, call->batch.n),
		.runs = {
			.taps = b->h.kernel,
			.k = b->w.kernel * b->x_c,
			.cols = b->w.y,
			.n = b->y_c,
			.src_row = (ptrdiff_t)(b->h.stride * conv_padded_row(b)),
			.src_col = (ptrdiff_t)(b->w.stride * b->x_c),
			.src_tap = (ptrdiff_t)(b->h.dilation * conv_padded_row(b)),
		},
	};

	sgan_parallel_for(ctx, call->images * job.bands, runs_chunk, &job);
	return SGAN_OK;
}

/* --- the row of the table ---------------------------------------------------- */

/* More channels make taps long enough by themselves. */
static bool fits(const struct conv_problem *problem)
{
	return conv_has_runs(&problem->base);
}

static double cost(const struct conv_problem *problem)
{
	const struct conv_base *b = &problem->base;

	/* rows of the destination follow each other in a tile: it is full */
	return sgan_conv_tiles_cost(problem, problem->kernels->gemm_mr, b->w.kernel * b->x_c);
}

/* The padded band; it is largest where there are many images. */
static size_t worker_bytes(const struct conv_problem *problem)
{
	const struct conv_base *b = &problem->base;
	size_t rows = axis_reach(&b->h, ceil_div(b->h.y, band_count(problem, problem->max_batch)));

	return conv_has_padding(b) ? conv_round_bytes(rows * conv_padded_row(b) * sizeof(real)) : 0;
}

const struct conv_algorithm sgan_conv_gather_runs = {
	.name = "runs",
	.operation = CONV_GATHER,
	.fits = fits,
	.cost = cost,
	.packed_count = sgan_conv_panels_count, /* [h.kernel][w.kernel][x_c] is [run][value of it] */
	.pack = sgan_conv_pack_panels,
	.worker_bytes = worker_bytes,
	.run = run,
	.error = 8,
};

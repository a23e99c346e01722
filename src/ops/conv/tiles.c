/* See tiles.h. */
#include "src/ops/conv/tiles.h"

#include "src/exec/ctx.h"
#include "src/ops/panels.h"

size_t sgan_conv_panels(const struct conv_problem *problem)
{
	return ceil_div(conv_view(problem).dst_c, problem->kernels->gemm_nr);
}

static size_t panel_count(const struct conv_problem *problem)
{
	return conv_taps(&problem->base) * conv_view(problem).src_c * problem->kernels->gemm_nr;
}

size_t sgan_conv_panels_count(const struct conv_problem *problem)
{
	return sgan_conv_panels(problem) * panel_count(problem);
}

struct conv_panel sgan_conv_panel(const struct conv_call *call, int worker, size_t index)
{
	size_t nr = call->problem->kernels->gemm_nr, first = index * nr;
	struct conv_panel p = {
		.weights = conv_packed(call, worker) + index * panel_count(call->problem),
		.first = first,
		.n = sgan_panel_cols(conv_view(call->problem).dst_c, nr, index),
		.epilogue = call->epilogue,
	};

	if (p.epilogue.bias)
		p.epilogue.bias += first;
	return p;
}

/* --- packing ----------------------------------------------------------------- */

struct pack {
	const struct conv_problem *problem;
	struct sgan_panel_source first_tap; /* the next is rows * cols elements further */
	real *packed;
};

/* A chunk is one tap of one panel. */
static void pack_chunk(void *arg, size_t chunk, int worker)
{
	const struct pack *p = arg;
	struct sgan_panel_source tap = p->first_tap;
	size_t taps = conv_taps(&p->problem->base), nr = p->problem->kernels->gemm_nr;

	(void)worker;
	tap.first += chunk % taps * tap.rows * tap.cols;
	sgan_pack_panel(p->problem->kernels, &tap, nr, chunk / taps, p->packed + chunk * tap.rows * nr);
}

/* Each tap's weights are a matrix [x_c, y_c]: a gather sums over its rows, a scatter over its columns. */
void sgan_conv_pack_panels(sgan_ctx *ctx, const struct conv_problem *problem, const real *weights, real *packed)
{
	struct conv_view v = conv_view(problem);
	struct pack p = {
		.problem = problem,
		.first_tap = { weights, v.src_c, v.dst_c, problem->base.y_c, conv_scatters(problem) },
		.packed = packed,
	};

	sgan_parallel_for(ctx, sgan_conv_panels(problem) * conv_taps(&problem->base), pack_chunk, &p);
}

/* --- cost -------------------------------------------------------------------- */

/* What it costs a tile to go on from one contiguous piece of the sum (a tap's channels) to the next, in steps of the
 * sum. */
static const double stretch_steps = 4;

double sgan_conv_tiles_cost(const struct conv_problem *problem, size_t rows, size_t depth)
{
	const struct conv_base *b = &problem->base;
	struct conv_view v = conv_view(problem);
	size_t mr = problem->kernels->gemm_mr, vector = problem->kernels->gemm_nr / 2;
	double products = (double)problem->max_batch * (double)(b->h.y * b->w.y) * (double)problem->weight_count;
	double tile_rows = (double)rows / (double)ceil_div(rows, mr);
	double half_tile = (double)(mr + 1) / 2; /* a tile of fewer rows takes no less time: its panel's loads bound it */

	products *= (double)round_up(v.dst_c, vector) / (double)v.dst_c;
	products *= ((double)depth + stretch_steps) / (double)depth;
	return tile_rows < half_tile ? products * half_tile / tile_rows : products;
}

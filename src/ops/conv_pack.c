/* Weights brought into the panels that the matrix tiles read. */
#include "src/ops/conv_plan.h"
#include "src/exec/ctx.h"
#include "src/ops/panels.h"

/* Panels [panel][taps][rows][nr] of the weights, of which each tap is a matrix. */
struct pack {
	const struct sgan_kernels *kernels;
	size_t taps;
	struct sgan_panel_source first_tap; /* the next is rows * cols elements further */
	real *packed;
};

/* A chunk is one tap of one panel. */
static void pack_chunk(void *arg, size_t chunk, int worker)
{
	const struct pack *p = arg;
	struct sgan_panel_source tap = p->first_tap;
	size_t nr = p->kernels->gemm_nr;

	(void)worker;
	tap.first += chunk % p->taps * tap.rows * tap.cols;
	sgan_pack_panel(p->kernels, &tap, nr, chunk / p->taps, p->packed + chunk * tap.rows * nr);
}

static void run_pack(sgan_ctx *ctx, struct pack *p)
{
	sgan_parallel_for(ctx, conv_ceil_div(p->first_tap.cols, p->kernels->gemm_nr) * p->taps, pack_chunk, p);
}

void sgan_conv_pack_gather(sgan_ctx *ctx, const struct sgan_conv_plan *plan, const real *weights, real *packed)
{
	const struct conv_base *b = &plan->base;
	struct pack p = {
		.kernels = plan->kernels,
		.taps = b->k_h * b->k_w,
		.first_tap = { weights, b->x_c, b->y_c, b->y_c, false },
		.packed = packed,
	};

	run_pack(ctx, &p);
}

/* Elements that y's channels take up in vectors of the tile of few columns. */
static size_t dots_depth(const struct sgan_conv_plan *plan)
{
	return conv_ceil_div(plan->base.y_c, plan->kernels->dots_vec) * plan->kernels->dots_vec;
}

static void pack_dots(const struct sgan_conv_plan *plan, const real *weights, real *packed)
{
	const struct conv_base *b = &plan->base;
	size_t vec = plan->kernels->dots_vec, depth = dots_depth(plan);

	for (size_t t = 0; t < b->k_h * b->k_w; t++, weights += b->x_c * b->y_c, packed += b->x_c * depth)
		for (size_t c = 0; c < b->x_c; c++)
			for (size_t l = 0; l < depth; l++)
				packed[(l / vec * b->x_c + c) * vec + l % vec] = l < b->y_c ? weights[c * b->y_c + l] : 0;
}

void sgan_conv_pack_scatter(sgan_ctx *ctx, const struct sgan_conv_plan *plan, const real *weights, real *packed)
{
	const struct conv_base *b = &plan->base;
	struct pack p = {
		.kernels = plan->kernels,
		.taps = b->k_h * b->k_w,
		.first_tap = { weights, b->y_c, b->x_c, b->y_c, true },
		.packed = packed,
	};

	if (plan->scatter == CONV_DOTS)
		pack_dots(plan, weights, packed);
	else
		run_pack(ctx, &p);
}

size_t sgan_conv_packed_count(const struct sgan_conv_plan *plan, bool scatter)
{
	const struct conv_base *b = &plan->base;
	size_t taps = b->k_h * b->k_w, nr = plan->kernels->gemm_nr;

	if (!scatter)
		return conv_ceil_div(b->y_c, nr) * nr * taps * b->x_c;
	if (plan->scatter == CONV_DOTS)
		return taps * b->x_c * dots_depth(plan);
	return conv_ceil_div(b->x_c, nr) * nr * taps * b->y_c;
}

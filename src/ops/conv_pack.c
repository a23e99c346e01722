/* Weights brought into the panels that the matrix tiles read. */
#include "src/ops/conv_plan.h"
#include "src/exec/ctx.h"

/* Panels of `nr` columns of [taps][rows] rows: element (t, r, c) comes from
 * weights[t * tap_stride + r * row_stride + c * col_stride]. */
struct pack {
	const real *weights;
	real *packed;
	size_t taps, rows, cols, nr;
	size_t tap_stride, row_stride, col_stride;
};

static void pack_row(const real *from, size_t stride, size_t count, size_t nr, real *to)
{
	size_t j = 0;

	for (; j < count; j++)
		to[j] = from[j * stride];
	for (; j < nr; j++)
		to[j] = 0;
}

/* A chunk is one tap of one panel. */
static void pack_chunk(void *arg, size_t chunk, int worker)
{
	const struct pack *p = arg;
	size_t panel = chunk / p->taps, tap = chunk % p->taps;
	size_t first = panel * p->nr;
	size_t count = p->cols - first < p->nr ? p->cols - first : p->nr;
	const real *from = p->weights + tap * p->tap_stride + first * p->col_stride;
	real *to = p->packed + (panel * p->taps + tap) * p->rows * p->nr;

	(void)worker;
	for (size_t r = 0; r < p->rows; r++, from += p->row_stride, to += p->nr)
		pack_row(from, p->col_stride, count, p->nr, to);
}

static void run_pack(sgan_ctx *ctx, struct pack *p)
{
	sgan_parallel_for(ctx, conv_ceil_div(p->cols, p->nr) * p->taps, pack_chunk, p);
}

void sgan_conv_pack_gather(sgan_ctx *ctx, const struct sgan_conv_plan *plan, const real *weights, real *packed)
{
	const struct conv_base *b = &plan->base;
	struct pack p = {
		.weights = weights,
		.packed = packed,
		.taps = b->k_h * b->k_w,
		.rows = b->x_c,
		.cols = b->y_c,
		.nr = plan->kernels->gemm_nr,
		.tap_stride = b->x_c * b->y_c,
		.row_stride = b->y_c,
		.col_stride = 1,
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
		.weights = weights,
		.packed = packed,
		.taps = b->k_h * b->k_w,
		.rows = b->y_c,
		.cols = b->x_c,
		.nr = plan->kernels->gemm_nr,
		.tap_stride = b->x_c * b->y_c,
		.row_stride = 1,
		.col_stride = b->y_c,
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

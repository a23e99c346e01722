/* Plans: sizes checked, geometry lowered to the base convolution, and the one
 * place where an algorithm is picked. It knows no kernel's inside. */
#include "src/ops/conv_plan.h"
#include "src/exec/ctx.h"
#include "src/cpu/memory.h"
#include "src/cpu/status.h"
#include "src/ops/args.h"
#include "src/ops/deconv.h"

#include <stdlib.h>

/* Sizes beyond this are refused before any is multiplied: no image, kernel or batch comes near it. */
static const size_t max_extent = (size_t)1 << 30;
/* An activation tensor, weights, or their packed form: elements that still leave room for a workspace. */
static const size_t max_elements = SIZE_MAX / 64 / sizeof(real);
/* As many as the tile of dot products has columns; runs pay as long. */
enum { FEW_CHANNELS = 4 };

static sgan_status check_extents(const sgan_conv_desc *d)
{
	const struct {
		const char *name;
		size_t value, least;
	} extents[] = {
		{ "input height", d->in_h, 1 },      { "input width", d->in_w, 1 },
		{ "input channels", d->in_c, 1 },    { "output channels", d->out_c, 1 },
		{ "kernel height", d->kernel_h, 1 }, { "kernel width", d->kernel_w, 1 },
		{ "stride", d->stride, 1 },          { "padding", d->pad, 0 },
		{ "output padding", d->out_pad, 0 }, { "largest batch", d->max_batch, 1 },
		{ "slices", d->slices, 0 },
	};

	for (size_t i = 0; i < sizeof extents / sizeof *extents; i++)
		if (extents[i].value < extents[i].least || extents[i].value > max_extent)
			return sgan_fail(SGAN_EINVAL, "convolution: %s is %zu, expected %zu to %zu", extents[i].name,
			                 extents[i].value, extents[i].least, max_extent);
	if ((unsigned)d->act > SGAN_ACT_SIGMOID)
		return sgan_fail(SGAN_EINVAL, "convolution: unknown activation %d", (int)d->act);
	if (d->kind != SGAN_CONV && d->kind != SGAN_DECONV)
		return sgan_fail(SGAN_EINVAL, "convolution: unknown kind %d", (int)d->kind);
	return SGAN_OK;
}

static sgan_status lower_conv(const sgan_conv_desc *d, struct conv_base *b)
{
	if (d->out_pad)
		return sgan_fail(SGAN_EINVAL, "convolution: output padding is %zu, expected 0 (deconvolution has it)",
		                 d->out_pad);
	if (d->in_h + 2 * d->pad < d->kernel_h || d->in_w + 2 * d->pad < d->kernel_w)
		return sgan_fail(SGAN_EINVAL, "convolution: a %zux%zu kernel leaves no output of a %zux%zu image padded by %zu",
		                 d->kernel_h, d->kernel_w, d->in_h, d->in_w, d->pad);
	*b = (struct conv_base){
		.x_h = d->in_h,
		.x_w = d->in_w,
		.x_c = d->in_c,
		.y_h = (d->in_h + 2 * d->pad - d->kernel_h) / d->stride + 1,
		.y_w = (d->in_w + 2 * d->pad - d->kernel_w) / d->stride + 1,
		.y_c = d->out_c,
		.k_h = d->kernel_h,
		.k_w = d->kernel_w,
		.stride = d->stride,
		.pad = d->pad,
	};
	return SGAN_OK;
}

/* count *= factor, as long as it stays addressable. */
static bool grow(size_t *count, size_t factor)
{
	if (factor && *count > max_elements / factor)
		return false;
	*count *= factor;
	return true;
}

static bool product_fits(size_t a, size_t b, size_t c, size_t d, size_t *product)
{
	*product = a;
	return grow(product, b) && grow(product, c) && grow(product, d);
}

static sgan_status check_sizes(struct sgan_conv_plan *plan)
{
	const struct conv_base *b = &plan->base;
	size_t x, y, unused;
	bool fits;
	size_t widest = b->x_c > b->y_c ? b->x_c : b->y_c;
	size_t batch = plan->desc.max_batch;

	if (!product_fits(batch, b->x_h + 2 * b->pad, b->x_w + 2 * b->pad, b->x_c, &x) ||
	    !product_fits(batch, b->y_h, b->y_w, b->y_c, &y))
		return sgan_fail(SGAN_EINVAL, "convolution: %zu images of %zux%zux%zu and %zux%zux%zu are too large to address",
		                 batch, b->x_h, b->x_w, b->x_c, b->y_h, b->y_w, b->y_c);
	fits = product_fits(b->k_h, b->k_w, widest + plan->kernels->gemm_nr, widest + plan->kernels->gemm_nr, &unused) &&
	       product_fits(b->k_h, b->k_w, b->x_c, b->y_c, &plan->weight_count) &&
	       product_fits(b->y_w, b->k_h, b->k_w, b->x_c + plan->kernels->gemm_nr, &unused);
	if (fits)
		plan->wgrad = sgan_conv_wgrad_cut(plan);
	if (!fits || !product_fits(plan->weight_count, plan->desc.slices, plan->wgrad.blocks, 1, &unused))
		return sgan_fail(SGAN_EINVAL, "convolution: weights of %zux%zux%zux%zu are too large to address", b->k_h,
		                 b->k_w, b->x_c, b->y_c);
	return SGAN_OK;
}

static void pick_algorithms(struct sgan_conv_plan *plan)
{
	const struct conv_base *b = &plan->base;
	bool few = b->x_c <= FEW_CHANNELS && b->k_w > 1;

	plan->gather = few ? CONV_RUNS : CONV_TAPS;
	plan->scatter = few ? CONV_DOTS : CONV_TAPS;
	plan->weights = few ? CONV_RUNS : CONV_TAPS;
}

sgan_status sgan_conv_plan_create(sgan_ctx *ctx, const sgan_conv_desc *desc, sgan_conv_plan **plan)
{
	struct sgan_conv_plan made = { 0 };

	SGAN_NEED("convolution", ctx);
	SGAN_NEED("convolution", desc);
	SGAN_NEED("convolution", plan);
	made.desc = *desc;
	made.kernels = ctx->kernels;
	if (!made.desc.slices)
		made.desc.slices = 1;
	SGAN_TRY(check_extents(&made.desc));
	SGAN_TRY(desc->kind == SGAN_CONV ? lower_conv(desc, &made.base) : sgan_deconv_lower(desc, &made.base));
	pick_algorithms(&made);
	SGAN_TRY(check_sizes(&made));
	if (sgan_conv_worker_bytes(&made) > SIZE_MAX / 4 / SGAN_THREADS_MAX)
		return sgan_fail(SGAN_EINVAL, "convolution: a workspace for %d threads is too large to address",
		                 SGAN_THREADS_MAX);
	*plan = malloc(sizeof **plan);
	if (!*plan)
		return sgan_fail(SGAN_ENOMEM, "convolution: no memory for a plan");
	**plan = made;
	return SGAN_OK;
}

void sgan_conv_plan_destroy(sgan_conv_plan *plan)
{
	free(plan);
}

const sgan_conv_desc *sgan_conv_plan_desc(const sgan_conv_plan *plan)
{
	return &plan->desc;
}

size_t sgan_conv_out_h(const sgan_conv_plan *plan)
{
	return plan->desc.kind == SGAN_CONV ? plan->base.y_h : plan->base.x_h;
}

size_t sgan_conv_out_w(const sgan_conv_plan *plan)
{
	return plan->desc.kind == SGAN_CONV ? plan->base.y_w : plan->base.x_w;
}

sgan_dtype sgan_conv_dtype(const sgan_conv_plan *plan)
{
	(void)plan;
	return sizeof(real) == sizeof(float) ? SGAN_F32 : SGAN_F64;
}

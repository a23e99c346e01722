/* Deconvolution as the transpose of a convolution: forward is that convolution's
 * scatter, backward-data its gather, and the weight gradient is the same sum
 * with source and result exchanged. No arithmetic of its own. */
#include "src/ops/deconv.h"
#include "src/cpu/status.h"

static sgan_status extent(const char *name, size_t in, size_t kernel, const sgan_conv_desc *d, size_t *out)
{
	size_t whole;

	if (in - 1 > (SIZE_MAX / 4) / d->stride)
		return sgan_fail(SGAN_EINVAL, "deconvolution: %s %zu with stride %zu is too large to address", name, in,
		                 d->stride);
	whole = (in - 1) * d->stride + kernel + d->out_pad;
	if (whole <= 2 * d->pad)
		return sgan_fail(SGAN_EINVAL, "deconvolution: padding %zu leaves nothing of an output %s of %zu", d->pad, name,
		                 whole);
	*out = whole - 2 * d->pad;
	return SGAN_OK;
}

sgan_status sgan_deconv_lower(const sgan_conv_desc *d, struct conv_base *b)
{
	if (d->out_pad >= d->stride)
		return sgan_fail(SGAN_EINVAL, "deconvolution: output padding is %zu, expected less than the stride, %zu",
		                 d->out_pad, d->stride);
	*b = (struct conv_base){
		.x_c = d->out_c,
		.y_h = d->in_h,
		.y_w = d->in_w,
		.y_c = d->in_c,
		.k_h = d->kernel_h,
		.k_w = d->kernel_w,
		.stride = d->stride,
		.pad = d->pad,
	};
	SGAN_TRY(extent("height", d->in_h, d->kernel_h, d, &b->x_h));
	return extent("width", d->in_w, d->kernel_w, d, &b->x_w);
}

void sgan_deconv_forward(sgan_ctx *ctx, struct conv_call *call)
{
	sgan_conv_scatter(ctx, call);
}

void sgan_deconv_backward_data(sgan_ctx *ctx, struct conv_call *call)
{
	sgan_conv_gather(ctx, call);
}

void sgan_deconv_backward_weights(sgan_ctx *ctx, const struct sgan_conv_plan *plan, size_t n, const real *src,
                                  const real *diff_dst, real *diff_weights, bool accumulate, void *workspace)
{
	sgan_conv_wgrad(ctx, plan, n, diff_dst, src, diff_weights, accumulate, workspace);
}

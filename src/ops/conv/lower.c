/* See lower.h. */
#include "src/ops/conv/lower.h"

#include "src/cpu/status.h"

/* Sizes beyond this are refused before any is multiplied: no image, kernel or batch comes near it. */
static const size_t max_extent = (size_t)1 << 30;
/* What one axis may come to: several such can be added. */
static const size_t max_reach = SIZE_MAX / 16;

static sgan_status check_extents(const sgan_conv_desc *d)
{
	const struct {
		const char *name;
		size_t value, least;
	} extents[] = {
		{ "input height", d->in_h, 1 },      { "input width", d->in_w, 1 },
		{ "input channels", d->in_c, 1 },    { "output channels", d->out_c, 1 },
		{ "kernel height", d->kernel_h, 1 }, { "kernel width", d->kernel_w, 1 },
		{ "stride_h", d->stride_h, 1 },      { "stride_w", d->stride_w, 1 },
		{ "dilation_h", d->dilation_h, 1 },  { "dilation_w", d->dilation_w, 1 },
		{ "pad_top", d->pad_top, 0 },        { "pad_bottom", d->pad_bottom, 0 },
		{ "pad_left", d->pad_left, 0 },      { "pad_right", d->pad_right, 0 },
		{ "out_pad_h", d->out_pad_h, 0 },    { "out_pad_w", d->out_pad_w, 0 },
		{ "largest batch", d->max_batch, 1 }, { "slices", d->slices, 1 },
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

/* One axis of a layer, in its own terms. */
struct layer_axis {
	const char *name;
	size_t in, kernel, stride, dilation, pad, pad_after, out_pad;
};

/* Input positions from the first to the last tap. */
static sgan_status kernel_span(const struct layer_axis *l, size_t *span)
{
	if (l->kernel - 1 > max_reach / l->dilation)
		return sgan_fail(SGAN_EINVAL, "convolution: a kernel %s of %zu with dilation %zu is too large to address",
		                 l->name, l->kernel, l->dilation);
	*span = (l->kernel - 1) * l->dilation + 1;
	return SGAN_OK;
}

static sgan_status lower_conv(const struct layer_axis *l, struct axis *a)
{
	size_t padded = l->pad + l->in + l->pad_after, span = 0;

	if (l->out_pad)
		return sgan_fail(SGAN_EINVAL, "convolution: output padding is %zu, expected 0 (deconvolution has it)",
		                 l->out_pad);
	SGAN_TRY(kernel_span(l, &span));
	if (padded < span)
		return sgan_fail(SGAN_EINVAL,
		                 "convolution: a kernel that spans a %s of %zu leaves no output of %zu padded by %zu and %zu",
		                 l->name, span, l->in, l->pad, l->pad_after);
	a->x = l->in;
	a->y = (padded - span) / l->stride + 1;
	return SGAN_OK;
}

/* The convolution whose transpose the layer is: its X is the layer's result. */
static sgan_status lower_deconv(const struct layer_axis *l, struct axis *a)
{
	size_t span = 0, whole;

	if (l->out_pad >= l->stride)
		return sgan_fail(SGAN_EINVAL, "deconvolution: output padding is %zu, expected less than the stride, %zu",
		                 l->out_pad, l->stride);
	SGAN_TRY(kernel_span(l, &span));
	if (l->in - 1 > max_reach / l->stride)
		return sgan_fail(SGAN_EINVAL, "deconvolution: %s %zu with stride %zu is too large to address", l->name, l->in,
		                 l->stride);
	whole = (l->in - 1) * l->stride + span + l->out_pad;
	if (whole <= l->pad + l->pad_after)
		return sgan_fail(SGAN_EINVAL, "deconvolution: padding %zu and %zu leaves nothing of an output %s of %zu",
		                 l->pad, l->pad_after, l->name, whole);
	a->x = whole - l->pad - l->pad_after;
	a->y = l->in;
	return SGAN_OK;
}

static sgan_status lower_axis(sgan_conv_kind kind, const struct layer_axis *l, struct axis *a)
{
	*a = (struct axis){
		.kernel = l->kernel,
		.stride = l->stride,
		.dilation = l->dilation,
		.pad = l->pad,
		.pad_after = l->pad_after,
	};
	return kind == SGAN_CONV ? lower_conv(l, a) : lower_deconv(l, a);
}

sgan_status sgan_conv_lower(const sgan_conv_desc *d, struct conv_base *base)
{
	const struct layer_axis h = { "height",      d->in_h,    d->kernel_h,   d->stride_h,
		                          d->dilation_h, d->pad_top, d->pad_bottom, d->out_pad_h };
	const struct layer_axis w = { "width",       d->in_w,     d->kernel_w,  d->stride_w,
		                          d->dilation_w, d->pad_left, d->pad_right, d->out_pad_w };

	SGAN_TRY(check_extents(d));
	base->x_c = d->kind == SGAN_CONV ? d->in_c : d->out_c;
	base->y_c = d->kind == SGAN_CONV ? d->out_c : d->in_c;
	SGAN_TRY(lower_axis(d->kind, &h, &base->h));
	return lower_axis(d->kind, &w, &base->w);
}

enum conv_operation sgan_conv_operation(sgan_conv_kind kind, sgan_pass pass)
{
	static const enum conv_operation operations[][SGAN_PASS_COUNT] = {
		[SGAN_CONV] = { CONV_GATHER, CONV_SCATTER, CONV_WEIGHTS },
		[SGAN_DECONV] = { CONV_SCATTER, CONV_GATHER, CONV_WEIGHTS },
	};

	return operations[kind][pass];
}

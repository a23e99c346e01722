/* Geometry. Convolution, deconvolution and dense layers are lowered to one base convolution from X [h.x, w.x, x_c] to
 * Y [h.y, w.y, y_c] with weights [h.kernel, w.kernel, x_c, y_c], and three operations on it:
 *
 *   gather   Y from X: convolution forward, deconvolution backward-data
 *   scatter  X from Y: convolution backward-data, deconvolution forward
 *   weights  their gradient from X and Y
 *
 * Algorithms see only these three, never a layer's kind or pass. Here nothing is known of algorithms. */
#ifndef SGAN_OPS_CONV_LOWER_H
#define SGAN_OPS_CONV_LOWER_H

#include <sgan/conv.h>

#include "src/ops/axis.h"

enum conv_operation { CONV_GATHER, CONV_SCATTER, CONV_WEIGHTS, CONV_OPERATIONS };

struct conv_base {
	struct axis h, w;
	size_t x_c, y_c; /* channels */
};

/* The base convolution of a layer whose strides and dilations are at least 1. SGAN_EINVAL: a size is out of range, or
 * nothing is left of the output. Sizes' products may still be too large to address. */
sgan_status sgan_conv_lower(const sgan_conv_desc *desc, struct conv_base *base);

/* The operation that a layer's pass is. */
enum conv_operation sgan_conv_operation(sgan_conv_kind kind, sgan_pass pass);

/* Sizes as seen from a gather or a scatter: from src to dst. */
struct conv_view {
	size_t src_h, src_w, src_c;
	size_t dst_h, dst_w, dst_c;
};

static inline struct conv_view conv_view_of(const struct conv_base *b, enum conv_operation operation)
{
	if (operation == CONV_SCATTER)
		return (struct conv_view){ b->h.y, b->w.y, b->y_c, b->h.x, b->w.x, b->x_c };
	return (struct conv_view){ b->h.x, b->w.x, b->x_c, b->h.y, b->w.y, b->y_c };
}

/* Elements of one image. */
static inline size_t conv_x_image(const struct conv_base *b)
{
	return b->h.x * b->w.x * b->x_c;
}

static inline size_t conv_y_image(const struct conv_base *b)
{
	return b->h.y * b->w.y * b->y_c;
}

static inline size_t conv_taps(const struct conv_base *b)
{
	return b->h.kernel * b->w.kernel;
}

/* Positions along an axis of X, with its padding. */
static inline size_t conv_padded(const struct axis *a)
{
	return a->pad + a->x + a->pad_after;
}

/* Whether X has so few channels (an image's 1 or 3) that they fill no tile, and several taps lie side by side. 4 is the
 * limit of the dots kernel (kernels.def). */
static inline bool conv_has_few_channels(const struct conv_base *b)
{
	return b->x_c <= 4 && b->w.kernel > 1;
}

/* Whether, moreover, the values under a kernel row are neighbours in memory. */
static inline bool conv_has_runs(const struct conv_base *b)
{
	return conv_has_few_channels(b) && b->w.dilation == 1;
}

/* Whether each pixel of X has its one pixel of Y at the same place: a dense layer, or a 1x1 convolution. */
static inline bool conv_is_pointwise(const struct conv_base *b)
{
	return conv_taps(b) == 1 && b->h.stride == 1 && b->w.stride == 1 && b->h.x == b->h.y && b->w.x == b->w.y &&
	       b->h.pad == 0 && b->w.pad == 0;
}

#endif

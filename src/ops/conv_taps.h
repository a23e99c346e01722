/* Which taps of the kernel reach which source positions, for gather and scatter
 * alike; sizes as seen from the operation: from src to dst. */
#ifndef SGAN_OPS_CONV_TAPS_H
#define SGAN_OPS_CONV_TAPS_H

#include "src/ops/conv_plan.h"

struct conv_view {
	size_t src_h, src_w, src_c;
	size_t dst_h, dst_w, dst_c;
};

static inline struct conv_view conv_view_of(const struct conv_base *b, bool scatter)
{
	if (scatter)
		return (struct conv_view){ b->y_h, b->y_w, b->y_c, b->x_h, b->x_w, b->x_c };
	return (struct conv_view){ b->x_h, b->x_w, b->x_c, b->y_h, b->y_w, b->y_c };
}

/* Along one axis, the taps that reach inside the source from one destination
 * coordinate: tap, tap + tap_step, ...; their source coordinates src, src + src_step, ... */
struct conv_run {
	size_t count, tap, tap_step, src;
	ptrdiff_t src_step;
};

/* src = dst * stride + tap - pad */
static inline struct conv_run conv_gather_run(size_t dst, size_t kernel, size_t stride, size_t pad, size_t extent)
{
	size_t top = dst * stride;
	size_t first = pad > top ? pad - top : 0;
	size_t end = extent + pad > top ? extent + pad - top : 0;

	if (end > kernel)
		end = kernel;
	if (end <= first)
		return (struct conv_run){ 0 };
	return (struct conv_run){ end - first, first, 1, top + first - pad, 1 };
}

/* src * stride + tap - pad = dst: only taps of dst's phase, from its first source downwards */
static inline struct conv_run conv_scatter_run(size_t dst, size_t kernel, size_t stride, size_t pad, size_t extent)
{
	size_t at = dst + pad;
	size_t first = at % stride, last_src = at / stride;
	size_t end = at + 1 < kernel ? at + 1 : kernel;

	if (last_src >= extent) {
		first += (last_src - (extent - 1)) * stride;
		last_src = extent - 1;
	}
	if (end <= first)
		return (struct conv_run){ 0 };
	return (struct conv_run){ conv_ceil_div(end - first, stride), first, stride, last_src, -1 };
}

static inline struct conv_run conv_axis_run(const struct conv_base *b, bool scatter, size_t dst, size_t kernel,
                                            size_t extent)
{
	return scatter ? conv_scatter_run(dst, kernel, b->stride, b->pad, extent)
	               : conv_gather_run(dst, kernel, b->stride, b->pad, extent);
}

#endif

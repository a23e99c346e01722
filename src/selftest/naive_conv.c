/* See naive_conv.h. The one walk over all products of a convolution serves all passes. */
#include "src/selftest/naive_conv.h"

#include <string.h>

/* What a stride or dilation of 0 stands for. */
static size_t one(size_t step)
{
	return step ? step : 1;
}

/* Calls visit with the indexes into src, weights and dst of every product of one forward pass. */
static void each_product(const sgan_conv_desc *d, size_t out_h, size_t out_w, size_t n,
                         void (*visit)(void *arg, size_t src, size_t weight, size_t dst), void *arg)
{
	bool conv = d->kind == SGAN_CONV;
	size_t large_h = conv ? d->in_h : out_h, large_w = conv ? d->in_w : out_w;
	size_t small_h = conv ? out_h : d->in_h, small_w = conv ? out_w : d->in_w;

	for (size_t image = 0; image < n; image++)
		for (size_t y = 0; y < small_h; y++)
			for (size_t x = 0; x < small_w; x++)
				for (size_t tap = 0; tap < d->kernel_h * d->kernel_w; tap++) {
					size_t ly = y * one(d->stride_h) + tap / d->kernel_w * one(d->dilation_h) - d->pad_top;
					size_t lx = x * one(d->stride_w) + tap % d->kernel_w * one(d->dilation_w) - d->pad_left;
					size_t large = (image * large_h + ly) * large_w + lx;
					size_t small = (image * small_h + y) * small_w + x;
					if (ly >= large_h || lx >= large_w)
						continue;
					for (size_t c = 0; c < d->in_c; c++)
						for (size_t o = 0; o < d->out_c; o++)
							visit(arg, (conv ? large : small) * d->in_c + c,
							      conv ? (tap * d->in_c + c) * d->out_c + o : (tap * d->out_c + o) * d->in_c + c,
							      (conv ? small : large) * d->out_c + o);
				}
}

struct tensors {
	const real *src, *weights, *diff_dst;
	double *dst, *diff_src, *diff_weights;
};

static void forward(void *arg, size_t src, size_t weight, size_t dst)
{
	struct tensors *t = arg;

	t->dst[dst] += (double)t->src[src] * (double)t->weights[weight];
}

static void backward(void *arg, size_t src, size_t weight, size_t dst)
{
	struct tensors *t = arg;

	t->diff_src[src] += (double)t->diff_dst[dst] * (double)t->weights[weight];
	t->diff_weights[weight] += (double)t->diff_dst[dst] * (double)t->src[src];
}

void naive_conv_forward(const sgan_conv_desc *d, size_t out_h, size_t out_w, size_t n, const real *src,
                        const real *weights, const real *bias, double *dst)
{
	struct tensors t = { .src = src, .weights = weights, .dst = dst };

	for (size_t i = 0; i < n * out_h * out_w * d->out_c; i++)
		dst[i] = bias ? (double)bias[i % d->out_c] : 0;
	each_product(d, out_h, out_w, n, forward, &t);
}

void naive_conv_backward(const sgan_conv_desc *d, size_t out_h, size_t out_w, size_t n, const real *src,
                         const real *weights, const real *diff_dst, double *diff_src, double *diff_weights)
{
	struct tensors t = {
		.src = src, .weights = weights, .diff_dst = diff_dst, .diff_src = diff_src, .diff_weights = diff_weights
	};

	memset(diff_src, 0, n * d->in_h * d->in_w * d->in_c * sizeof *diff_src);
	memset(diff_weights, 0, d->kernel_h * d->kernel_w * d->in_c * d->out_c * sizeof *diff_weights);
	each_product(d, out_h, out_w, n, backward, &t);
}

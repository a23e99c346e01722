/* Convolution and deconvolution as the sums in <sgan/conv.h> say them, in double:
 * six loops, no plan. What the real ones are compared with. */
#ifndef SGAN_SELFTEST_NAIVE_CONV_H
#define SGAN_SELFTEST_NAIVE_CONV_H

#include <sgan/conv.h>

#include "kernels/kernels.h"

/* dst = conv(src) + bias, without activation; out_h and out_w are the plan's. */
void naive_conv_forward(const sgan_conv_desc *d, size_t out_h, size_t out_w, size_t n, const real *src,
                        const real *weights, const real *bias, double *dst);

/* The gradients of sum(diff_dst * dst); both are overwritten. */
void naive_conv_backward(const sgan_conv_desc *d, size_t out_h, size_t out_w, size_t n, const real *src,
                         const real *weights, const real *diff_dst, double *diff_src, double *diff_weights);

#endif

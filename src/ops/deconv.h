/* Deconvolution: convolution's passes with the operands exchanged. */
#ifndef SGAN_OPS_DECONV_H
#define SGAN_OPS_DECONV_H

#include "src/ops/conv_plan.h"

/* The convolution whose transpose this is: its X is the deconvolution's result. */
sgan_status sgan_deconv_lower(const sgan_conv_desc *desc, struct conv_base *base);

void sgan_deconv_forward(sgan_ctx *ctx, struct conv_call *call);
void sgan_deconv_backward_data(sgan_ctx *ctx, struct conv_call *call);
void sgan_deconv_backward_weights(sgan_ctx *ctx, const struct sgan_conv_plan *plan, size_t n, const real *src,
                                  const real *diff_dst, real *diff_weights, bool accumulate, void *workspace);

#endif

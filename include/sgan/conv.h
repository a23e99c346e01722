/* Convolution, deconvolution and dense layers: plans.
 *
 * A plan is immutable and may be shared by threads: shapes, and for each pass
 * the algorithm, the packed size of the weights and the workspace. The caller
 * owns all memory. Tensors are dense, channels last:
 *
 *   src [N, in_h, in_w, in_c]      dst [N, out_h, out_w, out_c]
 *   convolution weights   [kernel_h, kernel_w, in_c, out_c]
 *   deconvolution weights [kernel_h, kernel_w, out_c, in_c]
 *   dense weights         [in_c, out_c]      (a convolution of 1x1 images)
 *
 * Convolution is cross-correlation:
 *   dst[n,y,x,o] = bias[o] + sum src[n, y*stride + i - pad, x*stride + j - pad, c] * w[i,j,c,o]
 * Deconvolution is its transpose (the gradient with respect to src), so that
 * <conv(x), y> = <x, deconv(y)> for the same weights; its forward pass is
 * convolution's backward-data and the other way about, and its weight gradient
 * is convolution's with the operands exchanged. */
#ifndef SGAN_CONV_H
#define SGAN_CONV_H

#include <sgan/sgan.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum sgan_dtype { SGAN_F32, SGAN_F64 } sgan_dtype;

typedef enum sgan_conv_kind { SGAN_CONV, SGAN_DECONV } sgan_conv_kind;

typedef enum sgan_pass { SGAN_FORWARD, SGAN_BACKWARD_DATA, SGAN_BACKWARD_WEIGHTS, SGAN_PASS_COUNT } sgan_pass;

typedef struct sgan_conv_desc {
	sgan_conv_kind kind;
	size_t in_h, in_w, in_c;
	size_t out_c;
	size_t kernel_h, kernel_w;
	size_t stride;  /* both directions */
	size_t pad;     /* on every side */
	size_t out_pad; /* deconvolution: rows and columns added at the bottom and right; < stride */
	size_t max_batch;
	size_t slices;   /* the batch is cut into this many for weight gradients; 0 means 1 */
	sgan_act act;    /* applied to the forward pass's result, after the bias */
	sgan_real slope; /* of SGAN_ACT_LRELU */
} sgan_conv_desc;

typedef struct sgan_conv_plan sgan_conv_plan;

/* Makes a plan for the instruction set of ctx. SGAN_EINVAL: a size is 0, too
 * large to address, or leaves no output. The caller ends it with destroy. */
SGAN_API sgan_status sgan_conv_plan_create(sgan_ctx *ctx, const sgan_conv_desc *desc, sgan_conv_plan **plan);
SGAN_API void sgan_conv_plan_destroy(sgan_conv_plan *plan);

SGAN_API const sgan_conv_desc *sgan_conv_plan_desc(const sgan_conv_plan *plan);
SGAN_API size_t sgan_conv_out_h(const sgan_conv_plan *plan);
SGAN_API size_t sgan_conv_out_w(const sgan_conv_plan *plan);
SGAN_API sgan_dtype sgan_conv_dtype(const sgan_conv_plan *plan);

/* Bytes of packed weights that a pass needs (0 for SGAN_BACKWARD_WEIGHTS), and
 * of workspace for contexts of ctx's thread count. Both want 64-byte alignment. */
SGAN_API size_t sgan_conv_packed_size(const sgan_conv_plan *plan, sgan_pass pass);
SGAN_API size_t sgan_conv_workspace_size(const sgan_ctx *ctx, const sgan_conv_plan *plan, sgan_pass pass);

/* Brings weights into the order that a pass reads; to be called again whenever they change. */
SGAN_API sgan_status sgan_conv_pack(sgan_ctx *ctx, const sgan_conv_plan *plan, sgan_pass pass, const sgan_real *weights,
                                    void *packed);

/* dst = act(conv(src) + bias). bias [out_c] or NULL. n <= max_batch. */
SGAN_API sgan_status sgan_conv_forward(sgan_ctx *ctx, const sgan_conv_plan *plan, size_t n, const sgan_real *src,
                                       const void *packed, const sgan_real *bias, sgan_real *dst, void *workspace);

/* diff_src = gradient with respect to src. diff_dst is with respect to what the
 * plan computes before its activation (see sgan_act_backward in src/ops). */
SGAN_API sgan_status sgan_conv_backward_data(sgan_ctx *ctx, const sgan_conv_plan *plan, size_t n,
                                             const sgan_real *diff_dst, const void *packed, sgan_real *diff_src,
                                             void *workspace);

/* diff_weights (laid out as the weights) += or =. Each slice of the batch is
 * summed by itself and the slices added in order, whatever the thread count. */
SGAN_API sgan_status sgan_conv_backward_weights(sgan_ctx *ctx, const sgan_conv_plan *plan, size_t n,
                                                const sgan_real *src, const sgan_real *diff_dst,
                                                sgan_real *diff_weights, bool accumulate, void *workspace);

#ifdef __cplusplus
}
#endif
#endif

/* Convolution, deconvolution and dense layers: plans, and their three passes.
 *
 * A plan is made once for a shape; it names the algorithm of each pass and says how much
 * memory the pass wants. All memory is the caller's. A layer's life is
 *
 *   sgan_conv_plan_create
 *   for each pass: packed = sgan_conv_packed_size bytes, workspace = sgan_conv_workspace_size bytes
 *   whenever weights change: sgan_conv_pack for the passes that read them
 *   sgan_conv_forward, sgan_conv_backward_data, sgan_conv_backward_weights
 *   sgan_conv_plan_destroy
 *
 * docs/example.c does all of it. Tensors are dense, channels last, without alignment:
 *
 *   src, diff_src [n, in_h, in_w, in_c]       dst, diff_dst [n, out_h, out_w, out_c]
 *   convolution weights   [kernel_h, kernel_w, in_c, out_c]
 *   deconvolution weights [kernel_h, kernel_w, out_c, in_c]
 *   dense weights         [in_c, out_c]       (a convolution of 1x1 images)
 *
 * Convolution is cross-correlation; what lies outside src is 0:
 *   dst[n,y,x,o] = bias[o] + sum src[n, y*stride_h + i*dilation_h - pad_top, x*stride_w + j*dilation_w - pad_left, c]
 *                            * w[i,j,c,o]
 *   out_h = (in_h + pad_top + pad_bottom - span_h) / stride_h + 1, rounded down; out_w alike,
 *   where span_h = (kernel_h - 1) dilation_h + 1
 * Deconvolution is its transpose, convolution's gradient with respect to src:
 *   out_h = (in_h - 1) stride_h + span_h + out_pad_h - pad_top - pad_bottom; out_w alike
 * so that <conv(x), y> = <x, deconv(y)> for the same weights. Its forward pass is
 * convolution's backward-data and the other way about, and its weight gradient is
 * convolution's with the operands exchanged. Nothing is multiplied by the zeros that a
 * stride or a dilation inserts.
 *
 * The bits of a result depend on the plan and the batch (its n, where sums go over images: backward-weights), not on
 * the number of threads, nor on how its slices are spread over calls. */
#ifndef SGAN_CONV_H
#define SGAN_CONV_H

#include <sgan/sgan.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum sgan_conv_kind { SGAN_CONV, SGAN_DECONV } sgan_conv_kind;

/* dst from src; diff_src from diff_dst; diff_weights from src and diff_dst. */
typedef enum sgan_pass { SGAN_FORWARD, SGAN_BACKWARD_DATA, SGAN_BACKWARD_WEIGHTS, SGAN_PASS_COUNT } sgan_pass;

/* A layer. Members not named by an initialiser, being 0, mean none, no padding, and for strides, dilations and slices
 * 1. */
typedef struct sgan_conv_desc {
	sgan_conv_kind kind;
	size_t in_h, in_w, in_c; /* of src: pixels, pixels, channels */
	size_t out_c;
	size_t kernel_h, kernel_w;
	size_t stride_h, stride_w;     /* pixels of the larger image from one of the smaller to the next */
	size_t dilation_h, dilation_w; /* and from one tap of the kernel to the next */
	size_t pad_top, pad_bottom, pad_left, pad_right; /* pixels around convolution's src; cut from deconvolution's dst */
	size_t out_pad_h, out_pad_w; /* deconvolution: rows added below, columns at the right; less than the stride */
	size_t max_batch;            /* images of the largest call: what an algorithm is chosen and work is cut for */
	size_t slices;               /* of a batch, see sgan/sgan.h: each is summed by itself for weight gradients */
	sgan_act act;                /* applied to the forward pass's result, after the bias */
	sgan_real slope;             /* of SGAN_ACT_LRELU */
	const char *algorithm[SGAN_PASS_COUNT]; /* of a pass. NULL or "auto": the plan chooses; "direct": it chooses one
	                                         * that does all of the sums' products; or one of sgan_conv_algorithms' */
} sgan_conv_desc;

typedef struct sgan_conv_plan sgan_conv_plan;

/* Makes a plan for the instruction set of ctx, into *plan. It keeps a copy of desc and nothing of ctx: any context may
 * use it, and always gets the kernels it was made for. The caller owns it and ends it with sgan_conv_plan_destroy.
 * SGAN_EINVAL: a size is too large to address, or 0 or out of range, or leaves no output; an unknown kind or
 * activation; an algorithm that is unknown or does not fit the layer (the message lists those that do); a pointer is
 * NULL. SGAN_ENOMEM. */
SGAN_API sgan_status sgan_conv_plan_create(sgan_ctx *ctx, const sgan_conv_desc *desc, sgan_conv_plan **plan);

/* Ends a plan; NULL is allowed. */
SGAN_API void sgan_conv_plan_destroy(sgan_conv_plan *plan);

/* No pass of a layer has more algorithms: room for all names below. */
enum { SGAN_ALGORITHMS_MAX = 8 };

/* The names of the algorithms that fit a pass of a layer: the first `most` of them into names, which may be NULL where
 * most is 0; *count is how many there are. They are static strings. All but "winograd", which is not "direct", compute
 * the same sums in different order.
 *
 *   forward and backward-data (of a convolution: "gather", where a position of the smaller side sums what its taps
 *   read, and "scatter", its transpose; of a deconvolution the other way about). A tile is the results that a kernel
 *   holds in registers.
 *     "batch"     a tile's rows are one position in several images
 *     "indirect"  a tile's rows are positions of one image
 *     "runs"      gather from few channels: a kernel row is one long tap
 *     "dots"      scatter to few channels: dot products along the source's channels
 *     "winograd"  minimal filtering: fewer products, of tiles at points; see below
 *   backward-weights
 *     "taps"      tap by tap, over groups of copied pixels
 *     "runs"      few channels on the larger side: a kernel row is one tap
 *     "rows"      dense layers: one matrix product
 *     "winograd"  as above
 *
 * "winograd" is for kernels of 2 to 5 at stride 1 and 3 to 10 at stride 2, alike along both axes, without dilation, and
 * 8 or more channels on both sides. Its results are off by more than those of the others, relatively by up to some 5e-6
 * where theirs are by 1e-7, and what is not finite spreads to all that is made with it: all tiles whose windows have it.
 *
 * SGAN_EINVAL: as sgan_conv_plan_create, whatever algorithms desc asks for; an unknown pass; a pointer is NULL. */
SGAN_API sgan_status sgan_conv_algorithms(sgan_ctx *ctx, const sgan_conv_desc *desc, sgan_pass pass, size_t most,
                                          const char **names, size_t *count);

/* The algorithm of a pass: a static string; NULL of no plan or an unknown pass. */
SGAN_API const char *sgan_conv_plan_algorithm(const sgan_conv_plan *plan, sgan_pass pass);

/* The layer that the plan was made for, valid as long as the plan, with the strides, dilations and slices that 0 stood
 * for and the algorithms that were chosen; the pixels of its output. NULL and 0 of no plan. */
SGAN_API const sgan_conv_desc *sgan_conv_plan_desc(const sgan_conv_plan *plan);
SGAN_API size_t sgan_conv_out_h(const sgan_conv_plan *plan);
SGAN_API size_t sgan_conv_out_w(const sgan_conv_plan *plan);

/* Bytes of packed weights that a pass reads with ctx, a copy for each of its NUMA nodes; enough also for a context of
 * no more nodes. 0 for SGAN_BACKWARD_WEIGHTS, which reads none, where an argument is NULL, and of an unknown pass. A
 * multiple of 64. */
SGAN_API size_t sgan_conv_packed_size(const sgan_ctx *ctx, const sgan_conv_plan *plan, sgan_pass pass);

/* Bytes of workspace that a pass needs with ctx; enough also for a context of no more threads, and for one with an
 * exchange if ctx has one; a multiple of 64; 0 where an argument is NULL or the pass unknown. Its content means nothing
 * between calls: all layers that one thread runs may share the largest. */
SGAN_API size_t sgan_conv_workspace_size(const sgan_ctx *ctx, const sgan_conv_plan *plan, sgan_pass pass);

/* Brings weights into the order that a pass reads, once for each of ctx's NUMA nodes; to be called again whenever they
 * change, and for a context of more nodes. packed begins on a 64-byte boundary; its content is opaque and belongs to
 * this plan and pass. For SGAN_BACKWARD_WEIGHTS nothing is done.
 * SGAN_EINVAL: an unknown pass, a pointer is NULL, packed is not aligned. */
SGAN_API sgan_status sgan_conv_pack(sgan_ctx *ctx, const sgan_conv_plan *plan, sgan_pass pass, const sgan_real *weights,
                                    void *packed);

/* The passes. A batch of at most max_batch images, cut into the plan's slices; tensors are the whole batch's, of which
 * a call reads and writes the images of the batch's range of slices. workspace and packed begin on 64-byte boundaries;
 * no output overlaps another argument. SGAN_EINVAL: n is over max_batch, the slices are not the plan's, the range is
 * not within them, a pointer is NULL that may not be (where the range has no images, src, dst, their gradients and
 * packed may), workspace or packed is not aligned. */

/* dst = act(conv(src) + bias), or deconv. packed is SGAN_FORWARD's. bias [out_c], or NULL for none. */
SGAN_API sgan_status sgan_conv_forward(sgan_ctx *ctx, const sgan_conv_plan *plan, sgan_batch batch,
                                       const sgan_real *src, const void *packed, const sgan_real *bias, sgan_real *dst,
                                       void *workspace);

/* diff_src = the gradient with respect to src, overwritten. diff_dst is the gradient with respect to what the plan
 * computes BEFORE its activation: sgan_act_backward makes it from dst and dst's gradient. packed is
 * SGAN_BACKWARD_DATA's. */
SGAN_API sgan_status sgan_conv_backward_data(sgan_ctx *ctx, const sgan_conv_plan *plan, sgan_batch batch,
                                             const sgan_real *diff_dst, const void *packed, sgan_real *diff_src,
                                             void *workspace);

/* diff_weights = the gradient of the whole batch with respect to the weights, laid out as they are, or += with
 * accumulate; diff_dst as above. An empty batch's gradient is 0. Each slice of the batch is summed by itself and the
 * slices added in order; with accumulate their total is added to diff_weights once. Of a range that is not all slices,
 * ctx's exchange brings the other slices' sums ([slices, weights]); without one SGAN_EINVAL, if it fails what it
 * returns is returned; either way diff_weights is left as it was. The bias's gradient is sgan_bias_backward's. */
SGAN_API sgan_status sgan_conv_backward_weights(sgan_ctx *ctx, const sgan_conv_plan *plan, sgan_batch batch,
                                                const sgan_real *src, const sgan_real *diff_dst,
                                                sgan_real *diff_weights, bool accumulate, void *workspace);

#ifdef __cplusplus
}
#endif
#endif

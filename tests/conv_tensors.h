/* What the tests of convolutions' algorithms share: layers, tensors of a layer and what they come to in naive loops in
 * double, one pass by an algorithm of any name. Knows no algorithm by name, nor what is tested. */
#ifndef SGAN_TESTS_CONV_TENSORS_H
#define SGAN_TESTS_CONV_TENSORS_H

#include <stdbool.h>
#include <stddef.h>

#include <sgan/conv.h>

#include "kernels/kernels.h"

/* A context on that set. */
sgan_ctx *new_context(sgan_isa isa, int threads);

/* --- layers ------------------------------------------------------------------- */

enum { SLICES = 4 }; /* that each layer's batch has */

/* A layer of the same size, kernel, stride and padding on both axes and all sides. */
/* clang-format off */
#define EVEN_LAYER(k, size, in, out, kernel, stride, pad)                                                              \
	{                                                                                                                  \
		.kind = k, .in_h = size, .in_w = size, .in_c = in, .out_c = out, .kernel_h = kernel, .kernel_w = kernel,       \
		.stride_h = stride, .stride_w = stride, .pad_top = pad, .pad_bottom = pad, .pad_left = pad, .pad_right = pad,  \
		.slices = SLICES, .act = SGAN_ACT_LRELU, .slope = (real)0.25                                                   \
	}
/* clang-format on */

/* Layers as networks have them, and some with all that an axis or a side can have of its own. */
extern const sgan_conv_desc conv_layers[];
extern const size_t conv_layer_count;

/* A random number from least to most; each process, so each test that Criterion runs, draws the same ones. */
size_t draw(size_t least, size_t most);

/* A random small layer of any kind; it may have no output. */
sgan_conv_desc draw_layer(void);

/* Random values from -1 to 1, for sgan_free. */
real *new_values(size_t count);

/* Zeros, for free. */
double *new_zeros(size_t count);

/* --- tensors of a layer, and what they come to ------------------------------------ */

/* Random operands of all passes over n images, and the exact results. */
struct tensors {
	sgan_conv_desc desc;
	size_t n, out_h, out_w, count[SGAN_PASS_COUNT]; /* elements of the passes' results */
	real *src, *weights, *bias, *diff_dst, *before; /* before: what a weight gradient is added to */
	double *exact[SGAN_PASS_COUNT];                 /* results before activation */
	double *size[SGAN_PASS_COUNT];                  /* sums of the absolute values that a result is made of */
};

/* Draws and computes them. False: the layer has no output, and there is nothing to close. */
bool open_tensors(const sgan_conv_desc *desc, size_t n, struct tensors *t);

/* Frees what open_tensors made. */
void close_tensors(struct tensors *t);

/* --- one pass ---------------------------------------------------------------------- */

/* A pass of a plan, and the memory that it needs. */
struct pass {
	const struct tensors *t;
	sgan_pass pass;
	sgan_ctx *ctx;
	sgan_conv_plan *plan;
	void *packed, *workspace;
};

/* Makes a plan with that algorithm for the pass `which`, packs the weights, fills the workspace with NaNs. */
struct pass open_pass(sgan_ctx *ctx, const struct tensors *t, sgan_pass which, const char *algorithm);

/* Frees what open_pass made. */
void close_pass(struct pass *p);

/* Computes the result of the batch's slices from the tensors; a weight gradient is added to what is there. */
sgan_status run_pass(const struct pass *p, sgan_batch batch, real *result);

/* Memory for a result, for sgan_free: what is not written shows; a gradient has something to be added to. */
real *new_result(const struct tensors *t, sgan_pass pass);

/* Calls visit for every algorithm that fits, of every pass, on every set that the machine has, with so many threads. */
void each_set(const struct tensors *t, int threads,
              void (*visit)(sgan_ctx *ctx, const struct tensors *t, sgan_pass pass, const char *name));

/* What a message about a pass says of it: set, algorithm, layer. */
void describe_pass(const struct tensors *t, sgan_isa isa, sgan_pass pass, const char *algorithm, size_t size,
                   char *text);

#endif

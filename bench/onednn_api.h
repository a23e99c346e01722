/* What oneDNN's C interface has in other words from version 3 on: descriptors are handles there, structures before.
 * For bench/peer_onednn.c alone. */
#ifndef SGAN_BENCH_ONEDNN_API_H
#define SGAN_BENCH_ONEDNN_API_H

#include <oneapi/dnnl/dnnl.h>
#include <stdbool.h>
#include <stdlib.h>

/* A convolution, deconvolution or product: the pass decides which of the three is made of the other two. */
enum api_kind { API_CONVOLUTION, API_DECONVOLUTION, API_INNER_PRODUCT, API_MATMUL };
enum api_pass { API_FORWARD, API_BACKWARD_DATA, API_BACKWARD_WEIGHTS };

struct api_operation {
	enum api_kind kind;
	enum api_pass pass;
	dnnl_dims_t strides, pad_left, pad_right; /* of the first two kinds */
};

#if DNNL_VERSION_MAJOR >= 3

typedef dnnl_memory_desc_t api_desc;
typedef const_dnnl_memory_desc_t api_const_desc;

static dnnl_status_t api_desc_any(api_desc *desc, int rank, const dnnl_dims_t dims)
{
	return dnnl_memory_desc_create_with_tag(desc, rank, dims, dnnl_f32, dnnl_format_tag_any);
}

static dnnl_status_t api_desc_strides(api_desc *desc, int rank, const dnnl_dims_t dims, const dnnl_dims_t strides)
{
	return dnnl_memory_desc_create_with_strides(desc, rank, dims, dnnl_f32, strides);
}

static void api_desc_destroy(api_desc desc)
{
	dnnl_memory_desc_destroy(desc);
}

/* src, weights, dst: values or gradients, as the pass has it. `forward` is the hint that gradients want. */
static dnnl_status_t api_operation_create(dnnl_primitive_desc_t *pd, dnnl_engine_t engine,
                                          const struct api_operation *op, api_desc src, api_desc weights, api_desc dst,
                                          const_dnnl_primitive_desc_t forward)
{
	static const dnnl_dims_t dilates = { 0, 0 };
	const bool transposed = op->kind == API_DECONVOLUTION;
	const dnnl_alg_kind_t alg = transposed ? dnnl_deconvolution_direct : dnnl_convolution_auto;
	if (op->kind == API_MATMUL)
		return dnnl_matmul_primitive_desc_create(pd, engine, src, weights, NULL, dst, NULL);
	if (op->kind == API_INNER_PRODUCT && op->pass == API_FORWARD)
		return dnnl_inner_product_forward_primitive_desc_create(pd, engine, dnnl_forward_training, src, weights, NULL,
		                                                        dst, NULL);
	if (op->kind == API_INNER_PRODUCT && op->pass == API_BACKWARD_DATA)
		return dnnl_inner_product_backward_data_primitive_desc_create(pd, engine, src, weights, dst, forward, NULL);
	if (op->kind == API_INNER_PRODUCT)
		return dnnl_inner_product_backward_weights_primitive_desc_create(pd, engine, src, weights, NULL, dst, forward,
		                                                                 NULL);
	if (op->pass == API_FORWARD)
		return (transposed ? dnnl_deconvolution_forward_primitive_desc_create
		                   : dnnl_convolution_forward_primitive_desc_create)(
			pd, engine, dnnl_forward_training, alg, src, weights, NULL, dst, op->strides, dilates, op->pad_left,
			op->pad_right, NULL);
	if (op->pass == API_BACKWARD_DATA)
		return (transposed ? dnnl_deconvolution_backward_data_primitive_desc_create
		                   : dnnl_convolution_backward_data_primitive_desc_create)(
			pd, engine, alg, src, weights, dst, op->strides, dilates, op->pad_left, op->pad_right, forward, NULL);
	return (transposed ? dnnl_deconvolution_backward_weights_primitive_desc_create
	                   : dnnl_convolution_backward_weights_primitive_desc_create)(
		pd, engine, alg, src, weights, NULL, dst, op->strides, dilates, op->pad_left, op->pad_right, forward, NULL);
}

#else

typedef dnnl_memory_desc_t *api_desc;
typedef const dnnl_memory_desc_t *api_const_desc;

static dnnl_status_t api_desc_any(api_desc *desc, int rank, const dnnl_dims_t dims)
{
	*desc = malloc(sizeof **desc);
	return *desc == NULL ? dnnl_out_of_memory
	                     : dnnl_memory_desc_init_by_tag(*desc, rank, dims, dnnl_f32, dnnl_format_tag_any);
}

static dnnl_status_t api_desc_strides(api_desc *desc, int rank, const dnnl_dims_t dims, const dnnl_dims_t strides)
{
	*desc = malloc(sizeof **desc);
	return *desc == NULL ? dnnl_out_of_memory : dnnl_memory_desc_init_by_strides(*desc, rank, dims, dnnl_f32, strides);
}

static void api_desc_destroy(api_desc desc)
{
	free(desc);
}

/* src, weights, dst: values or gradients, as the pass has it. `forward` is the hint that gradients want. */
static dnnl_status_t api_operation_create(dnnl_primitive_desc_t *pd, dnnl_engine_t engine,
                                          const struct api_operation *op, api_desc src, api_desc weights, api_desc dst,
                                          const_dnnl_primitive_desc_t forward)
{
	union {
		dnnl_convolution_desc_t convolution; /* and deconvolution */
		dnnl_inner_product_desc_t product;
		dnnl_matmul_desc_t matmul;
	} d;
	const bool transposed = op->kind == API_DECONVOLUTION;
	const dnnl_alg_kind_t alg = transposed ? dnnl_deconvolution_direct : dnnl_convolution_auto;
	dnnl_status_t status;
	if (op->kind == API_MATMUL)
		status = dnnl_matmul_desc_init(&d.matmul, src, weights, NULL, dst);
	else if (op->kind == API_INNER_PRODUCT && op->pass == API_FORWARD)
		status = dnnl_inner_product_forward_desc_init(&d.product, dnnl_forward_training, src, weights, NULL, dst);
	else if (op->kind == API_INNER_PRODUCT && op->pass == API_BACKWARD_DATA)
		status = dnnl_inner_product_backward_data_desc_init(&d.product, src, weights, dst);
	else if (op->kind == API_INNER_PRODUCT)
		status = dnnl_inner_product_backward_weights_desc_init(&d.product, src, weights, NULL, dst);
	else if (op->pass == API_FORWARD)
		status = (transposed ? dnnl_deconvolution_forward_desc_init : dnnl_convolution_forward_desc_init)(
			&d.convolution, dnnl_forward_training, alg, src, weights, NULL, dst, op->strides, op->pad_left,
			op->pad_right);
	else if (op->pass == API_BACKWARD_DATA)
		status = (transposed ? dnnl_deconvolution_backward_data_desc_init : dnnl_convolution_backward_data_desc_init)(
			&d.convolution, alg, src, weights, dst, op->strides, op->pad_left, op->pad_right);
	else
		status =
			(transposed ? dnnl_deconvolution_backward_weights_desc_init : dnnl_convolution_backward_weights_desc_init)(
				&d.convolution, alg, src, weights, NULL, dst, op->strides, op->pad_left, op->pad_right);
	return status != dnnl_success ? status : dnnl_primitive_desc_create(pd, &d, NULL, engine, forward);
}

#endif

#endif

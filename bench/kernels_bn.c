/* Batch normalisation's rows in the benchmark of single kernels. */
#include "bench/kernels.h"

enum { ROWS, CHANNELS };

static const real slope = (real)0.2;

#define BN_SIZES { "rows", "channels" }
#define BN_SHAPES { { .size = { 64, 128 }, .act = SGAN_ACT_RELU }, { .size = { 64, 37 }, .act = SGAN_ACT_RELU } }

static size_t count(const struct kernel_case *c)
{
	return c->shape.size[ROWS] * c->shape.size[CHANNELS];
}

/* `vectors` operands with a value for each channel. */
static void read_channels(struct kernel_case *c, int vectors)
{
	for (int i = 0; i < vectors; i++)
		kernel_reads(c, c->shape.size[CHANNELS]);
}

static void describe_bn_stats(struct kernel_case *c)
{
	kernel_reads(c, count(c));
	kernel_writes(c, c->shape.size[CHANNELS]);
	kernel_writes(c, c->shape.size[CHANNELS]);
}

static void call_bn_stats(const struct kernel_case *c, void *const operand[])
{
	c->set->bn_stats(c->shape.size[ROWS], c->shape.size[CHANNELS], operand[0], operand[1], operand[2]);
}

const struct bench_kernel bench_kernel_bn_stats = {
	.sizes = BN_SIZES,
	.shapes = { { .size = { 64, 128 } }, { .size = { 64, 37 } } },
	.describe = describe_bn_stats,
	.call = call_bn_stats,
};

static void describe_bn_apply(struct kernel_case *c)
{
	kernel_reads(c, count(c));
	kernel_writes(c, count(c));
	read_channels(c, 2);
}

static void call_bn_apply(const struct kernel_case *c, void *const operand[])
{
	c->set->bn_apply(c->shape.size[ROWS], c->shape.size[CHANNELS], operand[0], operand[2], operand[3], c->shape.act,
	                 slope, c->shape.bypass, operand[1]);
}

const struct bench_kernel bench_kernel_bn_apply = {
	.sizes = BN_SIZES,
	.shapes = { { .size = { 64, 128 }, .act = SGAN_ACT_RELU },
	            { .size = { 64, 128 }, .act = SGAN_ACT_RELU, .bypass = true },
	            { .size = { 64, 37 }, .act = SGAN_ACT_RELU } },
	.describe = describe_bn_apply,
	.call = call_bn_apply,
};

static void describe_bn_grad_sums(struct kernel_case *c)
{
	kernel_reads(c, count(c));
	kernel_reads(c, count(c));
	read_channels(c, 4);
	kernel_writes(c, c->shape.size[CHANNELS]);
	kernel_writes(c, c->shape.size[CHANNELS]);
}

static void call_bn_grad_sums(const struct kernel_case *c, void *const operand[])
{
	c->set->bn_grad_sums(c->shape.size[ROWS], c->shape.size[CHANNELS], operand[0], operand[1], operand[2], operand[3],
	                     operand[4], operand[5], c->shape.act, slope, operand[6], operand[7]);
}

const struct bench_kernel bench_kernel_bn_grad_sums = {
	.sizes = BN_SIZES,
	.shapes = BN_SHAPES,
	.describe = describe_bn_grad_sums,
	.call = call_bn_grad_sums,
};

static void describe_bn_grad_apply(struct kernel_case *c)
{
	kernel_reads(c, count(c));
	kernel_reads(c, count(c));
	read_channels(c, 5);
	kernel_writes(c, count(c));
}

static void call_bn_grad_apply(const struct kernel_case *c, void *const operand[])
{
	c->set->bn_grad_apply(c->shape.size[ROWS], c->shape.size[CHANNELS], operand[0], operand[1], operand[2], operand[3],
	                      operand[4], operand[5], operand[6], c->shape.act, slope, operand[7]);
}

const struct bench_kernel bench_kernel_bn_grad_apply = {
	.sizes = BN_SIZES,
	.shapes = BN_SHAPES,
	.describe = describe_bn_grad_apply,
	.call = call_bn_grad_apply,
};

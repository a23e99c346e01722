/* The rows of what moves matrices and images, in the benchmark of single kernels: copies, sums of columns, pooling. */
#include "bench/kernels.h"

enum { ROWS, COLS };

static void describe_matrix(struct kernel_case *c)
{
	kernel_reads(c, c->shape.size[ROWS] * c->shape.size[COLS]);
	kernel_writes(c, c->shape.size[ROWS] * c->shape.size[COLS]);
}

static void call_copy(const struct kernel_case *c, void *const operand[])
{
	const size_t rows = c->shape.size[ROWS], n = c->shape.size[COLS];
	c->set->copy(rows, n, operand[0], (ptrdiff_t)n, operand[1], (ptrdiff_t)n);
}

const struct bench_kernel bench_kernel_copy = {
	.sizes = { "rows", "n" },
	.shapes = { { .size = { 64, 128 } }, { .size = { 64, 13 } } },
	.describe = describe_matrix,
	.call = call_copy,
};

static void call_transpose(const struct kernel_case *c, void *const operand[])
{
	const size_t rows = c->shape.size[ROWS], cols = c->shape.size[COLS];
	c->set->transpose(rows, cols, operand[0], (ptrdiff_t)cols, operand[1], (ptrdiff_t)rows);
}

const struct bench_kernel bench_kernel_transpose = {
	.sizes = { "rows", "cols" },
	.shapes = { { .size = { 96, 96 } }, { .size = { 61, 45 } } },
	.describe = describe_matrix,
	.call = call_transpose,
};

static void describe_col_sum(struct kernel_case *c)
{
	kernel_reads(c, c->shape.size[ROWS] * c->shape.size[COLS]);
	kernel_updates(c, c->shape.size[COLS]);
}

static void call_col_sum(const struct kernel_case *c, void *const operand[])
{
	const size_t *size = c->shape.size;
	c->set->col_sum(size[ROWS], size[COLS], operand[0], size[COLS], true, operand[1]);
}

const struct bench_kernel bench_kernel_col_sum = {
	.sizes = { "rows", "channels" },
	.shapes = { { .size = { 64, 128 } }, { .size = { 64, 37 } } },
	.describe = describe_col_sum,
	.call = call_col_sum,
};

/* --- pooling --- */

enum { POOL_H, POOL_W, POOL_CHANNELS, POOL_SIZE };

#define POOL_SIZES { "h", "w", "channels", "size" }
#define POOL_SHAPES { { .size = { 16, 16, 64, 2 } }, { .size = { 13, 13, 37, 3 } } }

static size_t pool_count(const size_t *size)
{
	return size[POOL_H] * size[POOL_W] * size[POOL_CHANNELS];
}

static size_t pooled_count(const size_t *size)
{
	return size[POOL_H] / size[POOL_SIZE] * (size[POOL_W] / size[POOL_SIZE]) * size[POOL_CHANNELS];
}

static void describe_maxpool(struct kernel_case *c)
{
	kernel_reads(c, pool_count(c->shape.size));
	kernel_writes(c, pooled_count(c->shape.size));
	kernel_writes_bytes(c, pooled_count(c->shape.size));
}

static void call_maxpool(const struct kernel_case *c, void *const operand[])
{
	const size_t *size = c->shape.size;
	c->set->maxpool(size[POOL_H], size[POOL_W], size[POOL_CHANNELS], size[POOL_SIZE], operand[0], operand[1],
	                operand[2]);
}

const struct bench_kernel bench_kernel_maxpool = {
	.sizes = POOL_SIZES,
	.shapes = POOL_SHAPES,
	.describe = describe_maxpool,
	.call = call_maxpool,
};

static void describe_maxpool_grad(struct kernel_case *c)
{
	kernel_reads(c, pooled_count(c->shape.size));
	kernel_reads_bytes(c, pooled_count(c->shape.size));
	kernel_writes(c, pool_count(c->shape.size));
}

static void prepare_maxpool_grad(const struct kernel_case *c, void *const operand[])
{
	uint8_t *which = operand[1];
	for (size_t i = 0; i < pooled_count(c->shape.size); i++)
		which[i] = (uint8_t)(7 * i % (c->shape.size[POOL_SIZE] * c->shape.size[POOL_SIZE]));
}

static void call_maxpool_grad(const struct kernel_case *c, void *const operand[])
{
	const size_t *size = c->shape.size;
	c->set->maxpool_grad(size[POOL_H], size[POOL_W], size[POOL_CHANNELS], size[POOL_SIZE], operand[0], operand[1],
	                     operand[2]);
}

const struct bench_kernel bench_kernel_maxpool_grad = {
	.sizes = POOL_SIZES,
	.shapes = POOL_SHAPES,
	.describe = describe_maxpool_grad,
	.prepare = prepare_maxpool_grad,
	.call = call_maxpool_grad,
};

/* The losses' rows in the benchmark of single kernels, all with gradients. */
#include "bench/kernels.h"

static void describe_scores(struct kernel_case *c)
{
	kernel_reads(c, c->shape.size[0]);
	kernel_updates(c, c->shape.size[0]);
}

static void call_bce_logits(const struct kernel_case *c, void *const operand[])
{
	double loss = 0;
	c->set->bce_logits(c->shape.size[0], operand[0], (real)0.9, (real)0.01, &loss, operand[1]);
}

const struct bench_kernel bench_kernel_bce_logits = {
	.sizes = { "count" },
	.shapes = { { .size = { 4096 } }, { .size = { 100 } } },
	.describe = describe_scores,
	.call = call_bce_logits,
};

static void describe_squared_error(struct kernel_case *c)
{
	kernel_reads(c, c->shape.size[0]);
	describe_scores(c);
}

static void call_squared_error(const struct kernel_case *c, void *const operand[])
{
	double loss = 0;
	c->set->squared_error(c->shape.size[0], operand[0], operand[1], (real)0.01, &loss, operand[2]);
}

const struct bench_kernel bench_kernel_squared_error = {
	.sizes = { "count" },
	.shapes = { { .size = { 8192 } }, { .size = { 1003 } } },
	.describe = describe_squared_error,
	.call = call_squared_error,
};

enum { ROWS, CLASSES };

#define CLASS_SHAPES { { .size = { 100, 16 } }, { .size = { 100, 10 } } }

static void describe_classes(struct kernel_case *c)
{
	const size_t count = c->shape.size[ROWS] * c->shape.size[CLASSES];
	kernel_reads(c, count);
	kernel_updates(c, count);
}

static void describe_softmax(struct kernel_case *c)
{
	describe_classes(c);
	kernel_reads_bytes(c, c->shape.size[ROWS] * sizeof(uint32_t));
}

static void prepare_softmax(const struct kernel_case *c, void *const operand[])
{
	uint32_t *labels = operand[2];
	for (size_t r = 0; r < c->shape.size[ROWS]; r++)
		labels[r] = (uint32_t)(7 * r % c->shape.size[CLASSES]);
}

static void call_softmax(const struct kernel_case *c, void *const operand[])
{
	double loss = 0;
	c->set->softmax_cross_entropy(c->shape.size[ROWS], c->shape.size[CLASSES], operand[0], operand[2], (real)0.01,
	                              &loss, operand[1]);
}

const struct bench_kernel bench_kernel_softmax_cross_entropy = {
	.sizes = { "rows", "classes" },
	.shapes = CLASS_SHAPES,
	.describe = describe_softmax,
	.prepare = prepare_softmax,
	.call = call_softmax,
};

static void call_bce_classes(const struct kernel_case *c, void *const operand[])
{
	double loss = 0;
	c->set->bce_classes(c->shape.size[ROWS], c->shape.size[CLASSES], operand[0], (real)0.9, (real)0.01, &loss,
	                    operand[1]);
}

const struct bench_kernel bench_kernel_bce_classes = {
	.sizes = { "rows", "classes" },
	.shapes = CLASS_SHAPES,
	.describe = describe_classes,
	.call = call_bce_classes,
};

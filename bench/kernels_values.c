/* The rows of what makes each value by itself, in the benchmark of single kernels: activations, sums of tensors, Adam,
 * random numbers. */
#include "bench/kernels.h"

/* Of whole vectors; and with a tail. */
#define COUNTS { .size = { 8192 } }, { .size = { 1003 } }
#define ACTIVATIONS                                                                             \
	{ .size = { 8192 }, .act = SGAN_ACT_LRELU }, { .size = { 8192 }, .act = SGAN_ACT_SIGMOID }, \
	{ .size = { 1003 }, .act = SGAN_ACT_LRELU }

/* Of random numbers' streams: whose does not matter. */
enum { SEED = 1, STREAM = 2, STEP = 3 };

static void describe_write(struct kernel_case *c)
{
	kernel_writes(c, c->shape.size[0]);
}

static void describe_read_write(struct kernel_case *c)
{
	kernel_reads(c, c->shape.size[0]);
	kernel_writes(c, c->shape.size[0]);
}

static void describe_read_update(struct kernel_case *c)
{
	kernel_reads(c, c->shape.size[0]);
	kernel_updates(c, c->shape.size[0]);
}

static void call_act(const struct kernel_case *c, void *const operand[])
{
	c->set->act(c->shape.size[0], operand[0], c->shape.act, (real)0.2, operand[1]);
}

const struct bench_kernel bench_kernel_act = {
	.sizes = { "count" },
	.shapes = { ACTIVATIONS },
	.describe = describe_read_write,
	.call = call_act,
};

static void describe_act_grad(struct kernel_case *c)
{
	kernel_reads(c, c->shape.size[0]);
	kernel_reads(c, c->shape.size[0]);
	kernel_writes(c, c->shape.size[0]);
}

static void call_act_grad(const struct kernel_case *c, void *const operand[])
{
	c->set->act_grad(c->shape.size[0], operand[0], operand[1], c->shape.act, (real)0.2, operand[2]);
}

const struct bench_kernel bench_kernel_act_grad = {
	.sizes = { "count" },
	.shapes = { ACTIVATIONS },
	.describe = describe_act_grad,
	.call = call_act_grad,
};

static void call_add(const struct kernel_case *c, void *const operand[])
{
	c->set->add(c->shape.size[0], operand[0], operand[1]);
}

const struct bench_kernel bench_kernel_add = {
	.sizes = { "count" },
	.shapes = { COUNTS },
	.describe = describe_read_update,
	.call = call_add,
};

static void call_scale_add(const struct kernel_case *c, void *const operand[])
{
	c->set->scale_add(c->shape.size[0], (real)0.05, operand[0], operand[1]);
}

const struct bench_kernel bench_kernel_scale_add = {
	.sizes = { "count" },
	.shapes = { COUNTS },
	.describe = describe_read_update,
	.call = call_scale_add,
};

static void describe_adam(struct kernel_case *c)
{
	kernel_reads(c, c->shape.size[0]);
	for (int i = 0; i < 3; i++)
		kernel_updates(c, c->shape.size[0]);
}

/* Its second moment is not negative. */
static void prepare_adam(const struct kernel_case *c, void *const operand[])
{
	real *v = operand[2];
	for (size_t i = 0; i < c->shape.size[0]; i++)
		v[i] *= v[i];
}

static void call_adam(const struct kernel_case *c, void *const operand[])
{
	c->set->adam(c->shape.size[0], (real)1e-4, (real)0.5, (real)0.999, (real)1e-8, 0, 2, 1000, operand[0], operand[1],
	             operand[2], operand[3]);
}

const struct bench_kernel bench_kernel_adam = {
	.sizes = { "count" },
	.shapes = { COUNTS },
	.describe = describe_adam,
	.prepare = prepare_adam,
	.call = call_adam,
};

static void call_uniform(const struct kernel_case *c, void *const operand[])
{
	c->set->uniform(SEED, STREAM, STEP, 0, c->shape.size[0], operand[0]);
}

const struct bench_kernel bench_kernel_uniform = {
	.sizes = { "count" },
	.shapes = { COUNTS },
	.describe = describe_write,
	.call = call_uniform,
};

static void call_normal(const struct kernel_case *c, void *const operand[])
{
	c->set->normal(SEED, STREAM, STEP, 0, c->shape.size[0], operand[0]);
}

const struct bench_kernel bench_kernel_normal = {
	.sizes = { "count" },
	.shapes = { COUNTS },
	.describe = describe_write,
	.call = call_normal,
};

static void call_dropout(const struct kernel_case *c, void *const operand[])
{
	c->set->dropout(SEED, STREAM, STEP, 0, c->shape.size[0], 32768, 2, operand[0], operand[1]);
}

const struct bench_kernel bench_kernel_dropout = {
	.sizes = { "count" },
	.shapes = { COUNTS },
	.describe = describe_read_write,
	.call = call_dropout,
};

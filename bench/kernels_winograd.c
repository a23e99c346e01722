/* The rows of Winograd's maps in the benchmark of single kernels: a window that is whole, dense. */
#include "bench/kernels.h"

enum { ALPHA, SIZE, N };

static size_t pixels(const struct kernel_case *c)
{
	return c->shape.size[SIZE] * c->shape.size[SIZE] * c->shape.size[N];
}

static size_t planes(const struct kernel_case *c)
{
	return c->shape.size[ALPHA] * c->shape.size[ALPHA] * c->shape.size[N];
}

static struct sgan_filtering filtering(const struct kernel_case *c)
{
	size_t alpha = c->shape.size[ALPHA], size = c->shape.size[SIZE];
	struct sgan_points axis = { alpha, size == alpha ? 0 : size };

	return (struct sgan_filtering){ axis, axis, 0, alpha };
}

static struct sgan_window window(const struct kernel_case *c)
{
	ptrdiff_t n = (ptrdiff_t)c->shape.size[N], size = (ptrdiff_t)c->shape.size[SIZE];

	return (struct sgan_window){ size * n, n, 0, c->shape.size[SIZE], 0, c->shape.size[SIZE] };
}

static void describe_to_planes(struct kernel_case *c)
{
	kernel_reads(c, pixels(c));
	kernel_writes(c, planes(c));
}

static void call_winograd_input(const struct kernel_case *c, void *const operand[])
{
	const struct sgan_filtering f = filtering(c);
	const struct sgan_window w = window(c);

	c->set->winograd_input(&f, &w, c->shape.size[N], operand[0], operand[1], c->shape.size[N]);
}

const struct bench_kernel bench_kernel_winograd_input = {
	.sizes = { "alpha", "size", "n" },
	.shapes = { { .size = { 4, 4, 96 } },
	            { .size = { 6, 6, 96 } },
	            { .size = { 8, 8, 96 } },
	            { .size = { 6, 6, 19 } } },
	.describe = describe_to_planes,
	.call = call_winograd_input,
};

static void call_winograd_evaluate(const struct kernel_case *c, void *const operand[])
{
	const struct sgan_filtering f = filtering(c);
	const struct sgan_window w = window(c);

	c->set->winograd_evaluate(&f, &w, c->shape.size[N], operand[0], operand[1], c->shape.size[N]);
}

const struct bench_kernel bench_kernel_winograd_evaluate = {
	.sizes = { "alpha", "size", "n" },
	.shapes = { { .size = { 6, 3, 256 } },
	            { .size = { 6, 4, 64 } },
	            { .size = { 8, 5, 256 } },
	            { .size = { 6, 4, 19 } } },
	.describe = describe_to_planes,
	.call = call_winograd_evaluate,
};

static void describe_moments(struct kernel_case *c)
{
	kernel_reads(c, planes(c));
	kernel_writes(c, pixels(c));
}

static void call_winograd_moments(const struct kernel_case *c, void *const operand[])
{
	const struct sgan_filtering f = filtering(c);
	const struct sgan_window w = window(c);
	const struct sgan_epilogue e = { .act = c->shape.act, .slope = (real)0.2 };

	c->set->winograd_moments(1, &f, &w, c->shape.size[N], operand[0], c->shape.size[N], operand[1], &e);
}

const struct bench_kernel bench_kernel_winograd_moments = {
	.sizes = { "alpha", "size", "n" },
	.shapes = { { .size = { 6, 4, 32 }, .act = SGAN_ACT_LRELU },
	            { .size = { 6, 3, 192 } },
	            { .size = { 8, 4, 32 } },
	            { .size = { 6, 4, 19 } } },
	.describe = describe_moments,
	.call = call_winograd_moments,
};

/* The tiles' rows in the benchmark of single kernels. What a packed panel has zeros for, beyond n and k, is any value
 * here: it is multiplied all the same, and nobody looks at results. */
#include "bench/kernels.h"

static double product(const size_t *size, size_t count)
{
	double all = 2;
	for (size_t i = 0; i < count; i++)
		all *= (double)size[i];
	return all;
}

/* --- gemm and igemm: a row's taps are neighbours --- */

enum { M, N, K, TAPS };

#define TILE_SIZES { "m", "n", "k", "taps" }
#define TILES                                                                                              \
	{ .size = { KERNEL_WHOLE, KERNEL_WHOLE, 256, 1 } }, { .size = { KERNEL_WHOLE, KERNEL_WHOLE, 64, 9 } }, \
	{ .size = { 3, 11, 64, 9 } }

static void cut_tile(struct kernel_case *c)
{
	size_t *size = c->shape.size;
	kernel_cut(&size[M], c->set->gemm_mr);
	kernel_cut(&size[N], c->set->gemm_nr);
	c->flop = product(size, 4);
}

static void describe_gemm(struct kernel_case *c)
{
	const size_t *size = c->shape.size;
	cut_tile(c);
	kernel_reads(c, size[M] * size[TAPS] * size[K]);
	kernel_reads(c, size[TAPS] * size[K] * c->set->gemm_nr);
	kernel_writes(c, size[M] * size[N]);
	kernel_reads_bytes(c, size[TAPS] * sizeof(struct sgan_tap));
}

static void list_taps(const struct kernel_case *c, struct sgan_tap *tap)
{
	for (size_t t = 0; t < c->shape.size[TAPS]; t++) {
		const size_t first = t * c->shape.size[K];
		tap[t] = (struct sgan_tap){ (ptrdiff_t)first, first * c->set->gemm_nr };
	}
}

static void prepare_gemm(const struct kernel_case *c, void *const operand[])
{
	list_taps(c, operand[3]);
}

static void call_gemm(const struct kernel_case *c, void *const operand[])
{
	const struct sgan_epilogue e = { .act = c->shape.act, .bypass = c->shape.bypass };
	const size_t *size = c->shape.size;
	c->set->gemm(size[TAPS], operand[3], size[K], operand[0], (ptrdiff_t)(size[TAPS] * size[K]), operand[1], operand[2],
	             (ptrdiff_t)size[N], size[M], size[N], &e);
}

const struct bench_kernel bench_kernel_gemm = {
	.sizes = TILE_SIZES,
	.shapes = { TILES },
	.describe = describe_gemm,
	.prepare = prepare_gemm,
	.call = call_gemm,
};

static void describe_igemm(struct kernel_case *c)
{
	describe_gemm(c);
	kernel_reads_bytes(c, c->shape.size[TAPS] * c->shape.size[M] * sizeof(real *));
}

static void prepare_igemm(const struct kernel_case *c, void *const operand[])
{
	const size_t *size = c->shape.size;
	const real *src = operand[0], **rows = operand[4];
	list_taps(c, operand[3]);
	for (size_t i = 0; i < size[M] * size[TAPS]; i++)
		rows[i] = src + (i % size[M] * size[TAPS] + i / size[M]) * size[K];
}

static void call_igemm(const struct kernel_case *c, void *const operand[])
{
	const struct sgan_epilogue e = { .act = c->shape.act, .bypass = c->shape.bypass };
	const size_t *size = c->shape.size;
	c->set->igemm(size[TAPS], operand[3], size[K], operand[4], operand[1], operand[2], (ptrdiff_t)size[N], size[M],
	              size[N], &e);
}

const struct bench_kernel bench_kernel_igemm = {
	.sizes = TILE_SIZES,
	.shapes = { TILES },
	.describe = describe_igemm,
	.prepare = prepare_igemm,
	.call = call_igemm,
};

/* --- runs: a square kernel of the convolution, stride 1, no padding --- */

enum { RUNS_ROWS, RUNS_COLS, RUNS_N, RUNS_K, RUNS_TAPS };

static size_t runs_source_row(const size_t *size)
{
	return (size[RUNS_COLS] + size[RUNS_TAPS] - 1) * (size[RUNS_K] / size[RUNS_TAPS]);
}

static void describe_runs(struct kernel_case *c)
{
	const size_t *size = c->shape.size, nr = c->set->gemm_nr;
	kernel_reads(c, (size[RUNS_ROWS] + size[RUNS_TAPS] - 1) * runs_source_row(size));
	kernel_reads(c, (size[RUNS_N] + nr - 1) / nr * nr * size[RUNS_TAPS] * size[RUNS_K]);
	kernel_writes(c, size[RUNS_ROWS] * size[RUNS_COLS] * size[RUNS_N]);
	c->flop = product(size, 5);
}

static void call_runs(const struct kernel_case *c, void *const operand[])
{
	const struct sgan_epilogue e = { .act = c->shape.act, .bypass = c->shape.bypass };
	const size_t *size = c->shape.size;
	const ptrdiff_t row = (ptrdiff_t)runs_source_row(size);
	const struct sgan_runs r = { .taps = size[RUNS_TAPS],
		                         .k = size[RUNS_K],
		                         .rows = size[RUNS_ROWS],
		                         .cols = size[RUNS_COLS],
		                         .n = size[RUNS_N],
		                         .src_row = row,
		                         .src_col = (ptrdiff_t)(size[RUNS_K] / size[RUNS_TAPS]),
		                         .src_tap = row };
	c->set->runs(&r, operand[0], operand[1], operand[2], &e);
}

const struct bench_kernel bench_kernel_runs = {
	.sizes = { "rows", "cols", "n", "k", "taps" },
	.shapes = { { .size = { 4, 32, 64, 15, 5 } }, { .size = { 4, 24, 32, 5, 5 } }, { .size = { 1, 13, 11, 9, 3 } } },
	.describe = describe_runs,
	.call = call_runs,
};

/* --- dots --- */

static size_t dots_tap_weights(const struct kernel_case *c)
{
	const size_t v = c->set->dots_vec;
	return (c->shape.size[K] + v - 1) / v * v * c->shape.size[N];
}

static void describe_dots(struct kernel_case *c)
{
	size_t *size = c->shape.size;
	kernel_cut(&size[M], c->set->dots_sums / size[N]);
	kernel_reads(c, size[M] * size[TAPS] * size[K]);
	kernel_reads(c, size[TAPS] * dots_tap_weights(c));
	kernel_writes(c, size[M] * size[N]);
	kernel_reads_bytes(c, size[TAPS] * sizeof(struct sgan_tap));
	c->flop = product(size, 4);
}

static void prepare_dots(const struct kernel_case *c, void *const operand[])
{
	struct sgan_tap *tap = operand[3];
	for (size_t t = 0; t < c->shape.size[TAPS]; t++)
		tap[t] = (struct sgan_tap){ (ptrdiff_t)(t * c->shape.size[K]), t * dots_tap_weights(c) };
}

static void call_dots(const struct kernel_case *c, void *const operand[])
{
	const size_t *size = c->shape.size;
	c->set->dots(size[TAPS], operand[3], size[K], operand[0], (ptrdiff_t)(size[TAPS] * size[K]), operand[1], NULL,
	             operand[2], (ptrdiff_t)size[N], size[M], size[N]);
}

const struct bench_kernel bench_kernel_dots = {
	.sizes = TILE_SIZES,
	.shapes = { { .size = { KERNEL_WHOLE, 1, 64, 9 } },
	            { .size = { KERNEL_WHOLE, 3, 128, 9 } },
	            { .size = { 2, 3, 37, 4 } } },
	.describe = describe_dots,
	.prepare = prepare_dots,
	.call = call_dots,
};

/* --- wgrad: of pixels that were copied to where they are neighbours --- */

enum { WGRAD_IMAGES = 2, WGRAD_ROWS, WGRAD_COLS };

static void describe_wgrad(struct kernel_case *c)
{
	size_t *size = c->shape.size;
	kernel_cut(&size[M], c->set->wgrad_mr);
	kernel_cut(&size[N], c->set->wgrad_nr);
	const size_t pixels = size[WGRAD_IMAGES] * size[WGRAD_ROWS] * size[WGRAD_COLS];
	kernel_reads(c, pixels * size[M]);
	kernel_reads(c, pixels * size[N]);
	kernel_updates(c, size[M] * size[N]);
	c->flop = product(size, 5);
}

static void call_wgrad(const struct kernel_case *c, void *const operand[])
{
	const size_t *size = c->shape.size, cols = size[WGRAD_COLS];
	const struct sgan_walk walk = { .images = size[WGRAD_IMAGES],
		                            .rows = size[WGRAD_ROWS],
		                            .ranges = 1,
		                            .range_end = &cols,
		                            .x_image = (ptrdiff_t)(size[WGRAD_ROWS] * cols * size[M]),
		                            .x_row = (ptrdiff_t)(cols * size[M]),
		                            .x_col = (ptrdiff_t)size[M],
		                            .y_image = (ptrdiff_t)(size[WGRAD_ROWS] * cols * size[N]),
		                            .y_row = (ptrdiff_t)(cols * size[N]),
		                            .y_col = (ptrdiff_t)size[N],
		                            .ahead = operand[0] };
	c->set->wgrad(&walk, operand[0], operand[1], operand[2], (ptrdiff_t)size[N], size[M], size[N], true);
}

const struct bench_kernel bench_kernel_wgrad = {
	.sizes = { "m", "n", "images", "rows", "cols" },
	.shapes = { { .size = { KERNEL_WHOLE, KERNEL_WHOLE, 1, 16, 16 } },
	            { .size = { KERNEL_WHOLE, KERNEL_WHOLE, 10, 5, 5 } },
	            { .size = { 3, 11, 10, 5, 5 } } },
	.describe = describe_wgrad,
	.call = call_wgrad,
};

/* --- wgrad_runs: of rows of a band, as they lie --- */

enum { STRIP_RUNS, STRIP_VALUES, STRIP_COLUMNS, STRIP_ROWS, STRIP_COLS };

static size_t runs_row(const size_t *size)
{
	return size[STRIP_COLS] + size[STRIP_VALUES] - 1;
}

static void describe_wgrad_runs(struct kernel_case *c)
{
	size_t *size = c->shape.size;
	kernel_cut(&size[STRIP_RUNS], c->set->wgrad_runs_most);
	kernel_cut(&size[STRIP_VALUES], c->set->wgrad_runs_sums / size[STRIP_RUNS]);
	kernel_cut(&size[STRIP_COLUMNS], c->set->wgrad_runs_nr);
	kernel_reads(c, (size[STRIP_ROWS] + size[STRIP_RUNS] - 1) * runs_row(size));
	kernel_reads(c, size[STRIP_ROWS] * size[STRIP_COLS] * size[STRIP_COLUMNS]);
	kernel_updates(c, size[STRIP_RUNS] * size[STRIP_VALUES] * size[STRIP_COLUMNS]);
	c->flop = product(size, 5);
}

static void call_wgrad_runs(const struct kernel_case *c, void *const operand[])
{
	const size_t *size = c->shape.size, cols = size[STRIP_COLS];
	const struct sgan_walk walk = { .images = 1,
		                            .rows = size[STRIP_ROWS],
		                            .ranges = 1,
		                            .range_end = &cols,
		                            .x_row = (ptrdiff_t)runs_row(size),
		                            .x_col = 1,
		                            .y_row = (ptrdiff_t)(cols * size[STRIP_COLUMNS]),
		                            .y_col = (ptrdiff_t)size[STRIP_COLUMNS],
		                            .ahead = operand[0] };
	const struct sgan_wgrad_runs runs = { .runs = size[STRIP_RUNS],
		                                  .m = size[STRIP_VALUES],
		                                  .n = size[STRIP_COLUMNS],
		                                  .x_run = walk.x_row,
		                                  .sums_run = (ptrdiff_t)(size[STRIP_VALUES] * size[STRIP_COLUMNS]),
		                                  .ld_sums = (ptrdiff_t)size[STRIP_COLUMNS] };
	c->set->wgrad_runs(&walk, &runs, operand[0], operand[1], operand[2], true);
}

const struct bench_kernel bench_kernel_wgrad_runs = {
	.sizes = { "runs", "values", "n", "rows", "cols" },
	.shapes = { { .size = { 5, 5, KERNEL_WHOLE, 10, 24 } },
	            { .size = { 2, 15, KERNEL_WHOLE, 10, 28 } },
	            { .size = { 3, 4, 7, 10, 24 } } },
	.describe = describe_wgrad_runs,
	.call = call_wgrad_runs,
};

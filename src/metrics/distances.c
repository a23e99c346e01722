/* Distances between rows, by matrix products.
 * It must not know what distances are for. */
#include "src/metrics/distances.h"

#include <math.h>
#include <string.h>

#include <sgan/gemm.h>

#include "src/cpu/memory.h"
#include "src/cpu/status.h"
#include "src/exec/ctx.h"

enum { ROWS = 1024 }; /* of either set, in a block: 4 MiB of products */

/* A block of rows as floats. */
struct block {
	const struct sgan_rows *points; /* of these */
	size_t first, count;
	const real *values;
	real *room;  /* [ROWS, size], of bytes alone */
	real *norms; /* [ROWS]: squared */
};

struct walk {
	struct block rows, columns;
	real *products; /* [ROWS, ROWS] */
	sgan_distances_take *take;
	void *arg;
};

static inline double value_at(const struct sgan_rows *p, size_t at)
{
	return p->values != NULL ? (double)p->values[at] : (double)p->bytes[at] / 255;
}

double sgan_distance_squared(const struct sgan_rows *a, size_t row, const struct sgan_rows *b, size_t other)
{
	double sum = 0;
	for (size_t k = 0; k < a->size; k++) {
		const double difference = value_at(a, row * a->size + k) - value_at(b, other * a->size + k);
		sum += difference * difference;
	}
	return sum;
}

static void load_row(void *arg, size_t i, int worker)
{
	const struct block *block = arg;
	const struct sgan_rows *p = block->points;
	double sum = 0;
	(void)worker;
	for (size_t k = i * p->size; k < (i + 1) * p->size; k++) {
		if (p->values == NULL)
			block->room[k] = (real)p->bytes[block->first * p->size + k] / 255;
		sum += (double)block->values[k] * (double)block->values[k];
	}
	block->norms[i] = (real)sum;
}

static void load_block(sgan_ctx *ctx, size_t first, struct block *block)
{
	const struct sgan_rows *p = block->points;
	block->first = first;
	block->count = p->count - first < ROWS ? p->count - first : ROWS;
	block->values = p->values != NULL ? p->values + first * p->size : block->room;
	sgan_parallel_for(ctx, block->count, load_row, block);
}

static void take_row(void *arg, size_t row, int worker)
{
	const struct walk *w = arg;
	real *products = w->products + row * ROWS;
	(void)worker;
	for (size_t k = 0; k < w->columns.count; k++) {
		const real square = w->rows.norms[row] + w->columns.norms[k] - 2 * products[k];
		products[k] = square > 0 ? square : 0;
	}
	w->take(w->arg, w->rows.first + row, w->columns.first, w->columns.count, products);
}

static sgan_status walk(sgan_ctx *ctx, struct walk *w)
{
	const struct sgan_rows *a = w->rows.points, *b = w->columns.points;
	const size_t size = a->size;
	for (size_t i = 0; i < a->count; i += ROWS) {
		load_block(ctx, i, &w->rows);
		for (size_t k = 0; k < b->count; k += ROWS) {
			load_block(ctx, k, &w->columns);
			SGAN_TRY(sgan_gemm(ctx, false, true, w->rows.count, w->columns.count, size, w->rows.values, size,
			                   w->columns.values, size, false, w->products, ROWS));
			sgan_parallel_for(ctx, w->rows.count, take_row, w);
		}
	}
	return SGAN_OK;
}

static sgan_status make_block(const struct sgan_rows *p, struct block *block)
{
	block->points = p;
	block->norms = sgan_alloc(ROWS, sizeof(real));
	if (block->norms == NULL)
		return SGAN_ENOMEM;
	if (p->values != NULL)
		return SGAN_OK;
	block->room = sgan_alloc(ROWS, p->size * sizeof(real));
	return block->room != NULL ? SGAN_OK : SGAN_ENOMEM;
}

static void free_block(struct block *block)
{
	sgan_free(block->room);
	sgan_free(block->norms);
}

sgan_status sgan_distances(sgan_ctx *ctx, const struct sgan_rows *a, const struct sgan_rows *b,
                           sgan_distances_take *take, void *arg)
{
	struct walk w = { .take = take, .arg = arg };
	if (a->size != b->size)
		return sgan_fail(SGAN_EINVAL, "distances between rows of %zu and of %zu values", a->size, b->size);
	sgan_status status = make_block(a, &w.rows);
	if (status == SGAN_OK)
		status = make_block(b, &w.columns);
	if (status == SGAN_OK)
		status = (w.products = sgan_alloc(ROWS, ROWS * sizeof(real))) != NULL ? SGAN_OK : SGAN_ENOMEM;
	if (status == SGAN_OK)
		status = walk(ctx, &w);
	free_block(&w.rows);
	free_block(&w.columns);
	sgan_free(w.products);
	return status;
}

/* --- their mean ------------------------------------------------------------------ */

/* Adds up the distances from a row to those before it. */
static void add_distances(void *arg, size_t row, size_t first, size_t count, const real *squares)
{
	double *sums = arg;
	for (size_t k = 0; k < count && first + k < row; k++)
		sums[row] += sqrt((double)squares[k]);
}

/* The rows less their mean: distances are the same, and not lost beside large norms. */
static void centre(const struct sgan_rows *p, double *mean, real *values)
{
	for (size_t i = 0; i < p->count; i++)
		for (size_t k = 0; k < p->size; k++)
			mean[k] += value_at(p, i * p->size + k) / (double)p->count;
	for (size_t i = 0; i < p->count; i++)
		for (size_t k = 0; k < p->size; k++)
			values[i * p->size + k] = (real)(value_at(p, i * p->size + k) - mean[k]);
}

sgan_status sgan_mean_distance(sgan_ctx *ctx, const struct sgan_rows *points, double *mean)
{
	const size_t n = points->count;
	*mean = 0;
	if (n < 2)
		return SGAN_OK;
	real *values = sgan_alloc(n, points->size * sizeof *values);
	double *middle = sgan_alloc(points->size, sizeof *middle), *sums = sgan_alloc(n, sizeof *sums);
	sgan_status status = values != NULL && middle != NULL && sums != NULL ? SGAN_OK : SGAN_ENOMEM;
	if (status == SGAN_OK) {
		centre(points, middle, values);
		const struct sgan_rows centred = { .count = n, .size = points->size, .values = values };
		status = sgan_distances(ctx, &centred, &centred, add_distances, sums);
	}
	for (size_t i = 0; i < n && status == SGAN_OK; i++)
		*mean += sums[i] / ((double)n * (double)(n - 1) / 2);
	sgan_free(values);
	sgan_free(middle);
	sgan_free(sums);
	return status;
}

/* The squared maximum mean discrepancy of subsets.
 * It must not know what the features are of. */
#include "src/metrics/kernel_distance.h"

#include <string.h>

#include <sgan/gemm.h>
#include <sgan/ops.h>

#include "src/cpu/memory.h"
#include "src/cpu/status.h"
#include "src/exec/ctx.h"

/* Streams of the permutations that subsets are the beginnings of; step: the subset. */
enum { STREAM_A = 1, STREAM_B };

struct set {
	size_t count;
	const real *rows; /* [count, size] */
	uint32_t *order;  /* [count] */
	real *subset;     /* [n, size] */
};

struct kernel {
	sgan_ctx *ctx;
	size_t size, n; /* values of a row, rows of a subset */
	struct set a, b;
	real *products; /* [n, n] */
	double *sums;   /* [n] */
	bool diagonal;  /* whether k(x_i, y_i) counts */
};

static void sum_row(void *arg, size_t i, int worker)
{
	const struct kernel *k = arg;
	const real *products = k->products + i * k->n;
	double sum = 0;
	(void)worker;
	for (size_t j = 0; j < k->n; j++) {
		const double value = (double)products[j] / (double)k->size + 1;
		if (j != i || k->diagonal)
			sum += value * value * value;
	}
	k->sums[i] = sum;
}

/* The mean of k(x, y) over pairs of the two subsets; of one with itself, over pairs of different rows. */
static sgan_status mean_kernel(struct kernel *k, const real *x, const real *y, double *mean)
{
	double sum = 0;
	SGAN_TRY(sgan_gemm(k->ctx, false, true, k->n, k->n, k->size, x, k->size, y, k->size, false, k->products, k->n));
	k->diagonal = x != y;
	sgan_parallel_for(k->ctx, k->n, sum_row, k);
	for (size_t i = 0; i < k->n; i++)
		sum += k->sums[i];
	*mean = sum / ((double)k->n * (double)(k->diagonal ? k->n : k->n - 1));
	return SGAN_OK;
}

static sgan_status take_subset(const struct kernel *k, struct set *set, uint64_t seed, uint32_t stream, size_t number)
{
	SGAN_TRY(sgan_random_permutation(seed, stream, number, set->count, set->order));
	for (size_t i = 0; i < k->n; i++)
		memcpy(set->subset + i * k->size, set->rows + set->order[i] * k->size, k->size * sizeof(real));
	return SGAN_OK;
}

static sgan_status measure(struct kernel *k, uint64_t seed, struct sgan_estimate *distance)
{
	double values[SGAN_KERNEL_SUBSETS], aa, bb, ab;
	for (size_t i = 0; i < SGAN_KERNEL_SUBSETS; i++) {
		SGAN_TRY(take_subset(k, &k->a, seed, STREAM_A, i));
		SGAN_TRY(take_subset(k, &k->b, seed, STREAM_B, i));
		SGAN_TRY(mean_kernel(k, k->a.subset, k->a.subset, &aa));
		SGAN_TRY(mean_kernel(k, k->b.subset, k->b.subset, &bb));
		SGAN_TRY(mean_kernel(k, k->a.subset, k->b.subset, &ab));
		values[i] = aa + bb - 2 * ab;
	}
	*distance = sgan_estimate_of(SGAN_KERNEL_SUBSETS, values);
	return SGAN_OK;
}

static sgan_status make_set(struct set *set, size_t n, size_t size)
{
	set->order = sgan_alloc(set->count, sizeof *set->order);
	set->subset = sgan_alloc(n, size * sizeof(real));
	return set->order != NULL && set->subset != NULL ? SGAN_OK : SGAN_ENOMEM;
}

static void free_set(struct set *set)
{
	sgan_free(set->order);
	sgan_free(set->subset);
}

sgan_status sgan_kernel_distance(sgan_ctx *ctx, size_t a_count, const real *a, size_t b_count, const real *b,
                                 size_t size, uint64_t seed, struct sgan_estimate *distance)
{
	struct kernel k = { .ctx = ctx, .size = size, .a = { .count = a_count, .rows = a } };
	k.b = (struct set){ .count = b_count, .rows = b };
	k.n = a_count < b_count ? a_count : b_count;
	k.n = k.n < SGAN_KERNEL_SUBSET_SIZE ? k.n : SGAN_KERNEL_SUBSET_SIZE;
	if (k.n < 2)
		return sgan_fail(SGAN_EINVAL, "kernel distance: sets of %zu and %zu images, at least 2 expected", a_count,
		                 b_count);
	sgan_status status = make_set(&k.a, k.n, size);
	if (status == SGAN_OK)
		status = make_set(&k.b, k.n, size);
	k.products = sgan_alloc(k.n, k.n * sizeof(real));
	k.sums = sgan_alloc(k.n, sizeof(double));
	if (status == SGAN_OK && (k.products == NULL || k.sums == NULL))
		status = SGAN_ENOMEM;
	if (status == SGAN_OK)
		status = measure(&k, seed, distance);
	free_set(&k.a);
	free_set(&k.b);
	sgan_free(k.products);
	sgan_free(k.sums);
	return status;
}

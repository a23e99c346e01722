/* The Fréchet distance of two Gaussians. The only file that calls LAPACK.
 *
 * S_a = V D V', so S_a^1/2 S_b S_a^1/2 has the eigenvalues of A = W S_b W', W = D^1/2 V', which is symmetric, and the
 * trace of its root is the sum of their roots: no root of a matrix that rounding made indefinite is ever taken. */
#include <lapacke.h>
#include <math.h>
#include <string.h>

#include "src/cpu/memory.h"
#include "src/cpu/status.h"
#include "src/exec/ctx.h"
#include "src/metrics/gaussian.h"

/* How far sums of eigenvalues may be from a trace, relative to it: LAPACK's rounding is some 1e-13 of that. */
static const double trace_tolerance = 1e-8;

/* C = A B, all [n, n]. */
struct product {
	size_t n;
	const double *a, *b;
	double *c;
};

static void multiply_row(void *arg, size_t i, int worker)
{
	const struct product *p = arg;
	double *row = p->c + i * p->n;
	(void)worker;
	memset(row, 0, p->n * sizeof *row);
	for (size_t k = 0; k < p->n; k++)
		for (size_t j = 0; j < p->n; j++)
			row[j] += p->a[i * p->n + k] * p->b[k * p->n + j];
}

static void multiply(sgan_ctx *ctx, size_t n, const double *a, const double *b, double *c)
{
	struct product p = { n, a, b, c };
	sgan_parallel_for(ctx, n, multiply_row, &p);
}

/* Eigenvalues of a symmetric matrix, which becomes its eigenvectors, one a row, where `vectors` is set; to LAPACK,
 * whose matrices go column by column, one a column. */
static sgan_status eigen(size_t n, bool vectors, double *matrix, double *values)
{
	const lapack_int info =
		LAPACKE_dsyevd(LAPACK_COL_MAJOR, vectors ? 'V' : 'N', 'U', (lapack_int)n, matrix, (lapack_int)n, values);
	if (info == LAPACK_WORK_MEMORY_ERROR || info == LAPACK_TRANSPOSE_MEMORY_ERROR)
		return sgan_fail(SGAN_ENOMEM, "Fréchet distance: no memory for the eigenvalues of %zu features", n);
	if (info != 0)
		return sgan_fail(SGAN_EUNSUPPORTED, "Fréchet distance: LAPACK's dsyevd found no eigenvalues (%ld)", (long)info);
	return SGAN_OK;
}

struct room {
	double *a, *b, *c; /* [n, n] */
	double *values;    /* [n] */
};

/* tr (S_a^1/2 S_b S_a^1/2)^1/2 */
static sgan_status trace_of_root(sgan_ctx *ctx, size_t n, const double *sa, const double *sb, struct room *r,
                                 double *trace)
{
	double expected = 0, found = 0; /* of tr A = tr S_a S_b */
	memcpy(r->a, sa, n * n * sizeof(double));
	SGAN_TRY(eigen(n, true, r->a, r->values));
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++)
			r->a[i * n + k] *= r->values[i] > 0 ? sqrt(r->values[i]) : 0; /* W */
	multiply(ctx, n, r->a, sb, r->b);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++)
			r->c[k * n + i] = r->a[i * n + k];
	multiply(ctx, n, r->b, r->c, r->a);
	SGAN_TRY(eigen(n, false, r->a, r->values));
	*trace = 0;
	for (size_t i = 0; i < n; i++) {
		found += r->values[i];
		*trace += r->values[i] > 0 ? sqrt(r->values[i]) : 0;
	}
	for (size_t i = 0; i < n * n; i++)
		expected += sa[i] * sb[i];
	if (!(fabs(found - expected) <= trace_tolerance * fabs(expected)))
		return sgan_fail(SGAN_EUNSUPPORTED,
		                 "Fréchet distance: eigenvalues sum to %g, not to the trace %g: this machine's LAPACK or BLAS "
		                 "computes wrongly",
		                 found, expected);
	return SGAN_OK;
}

static void combine(const struct sgan_gaussian *a, const struct sgan_gaussian *b, double root, double *distance)
{
	double sum = 0;
	for (size_t i = 0; i < a->size; i++) {
		const double shift = a->mean[i] - b->mean[i];
		sum += shift * shift + a->covariance[i * a->size + i] + b->covariance[i * a->size + i];
	}
	*distance = sum > 2 * root ? sum - 2 * root : 0; /* rounding may leave less than nothing of equals */
}

sgan_status sgan_frechet_distance(sgan_ctx *ctx, const struct sgan_gaussian *a, const struct sgan_gaussian *b,
                                  double *distance)
{
	const size_t n = a->size;
	struct room r;
	double root;
	if (n != b->size || n == 0)
		return sgan_fail(SGAN_EINVAL, "Fréchet distance: %zu and %zu features", n, b->size);
	double *memory = sgan_alloc(3 * n + 1, n * sizeof(double));
	if (memory == NULL)
		return SGAN_ENOMEM;
	r = (struct room){ memory, memory + n * n, memory + 2 * n * n, memory + 3 * n * n };
	sgan_status status = trace_of_root(ctx, n, a->covariance, b->covariance, &r, &root);
	if (status == SGAN_OK)
		combine(a, b, root, distance);
	sgan_free(memory);
	return status;
}

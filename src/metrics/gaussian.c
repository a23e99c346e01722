/* Means and covariances of features.
 * It must not know what they are features of. */
#include "src/metrics/gaussian.h"

#include "src/cpu/memory.h"
#include "src/cpu/status.h"
#include "src/exec/ctx.h"

enum { ROWS = 8 }; /* of the covariance, that a chunk sums in one walk over the features */

struct fit {
	size_t count, size;
	const real *features;
	double *mean, *covariance;
	double *centred; /* [threads, size] */
};

static size_t chunks_of(size_t size)
{
	return (size + ROWS - 1) / ROWS;
}

static void sum_means(void *arg, size_t chunk, int worker)
{
	const struct fit *f = arg;
	const size_t begin = chunk * ROWS, end = begin + ROWS < f->size ? begin + ROWS : f->size;
	(void)worker;
	for (size_t i = 0; i < f->count; i++)
		for (size_t k = begin; k < end; k++)
			f->mean[k] += (double)f->features[i * f->size + k];
	for (size_t k = begin; k < end; k++)
		f->mean[k] /= (double)f->count;
}

/* From the diagonal on; the other half is its mirror image. */
static void sum_covariances(void *arg, size_t chunk, int worker)
{
	const struct fit *f = arg;
	const size_t size = f->size, begin = chunk * ROWS, end = begin + ROWS < size ? begin + ROWS : size;
	double *centred = f->centred + (size_t)worker * size;
	for (size_t i = 0; i < f->count; i++) {
		for (size_t k = begin; k < size; k++)
			centred[k] = (double)f->features[i * size + k] - f->mean[k];
		for (size_t r = begin; r < end; r++) {
			const double factor = centred[r];
			double *row = f->covariance + r * size;
			for (size_t k = r; k < size; k++)
				row[k] += factor * centred[k];
		}
	}
}

static void mirror(struct fit *f)
{
	for (size_t r = 0; r < f->size; r++)
		for (size_t k = r; k < f->size; k++) {
			f->covariance[r * f->size + k] /= (double)(f->count - 1);
			f->covariance[k * f->size + r] = f->covariance[r * f->size + k];
		}
}

sgan_status sgan_gaussian_fit(sgan_ctx *ctx, size_t count, size_t size, const real *features, struct sgan_gaussian *g)
{
	if (count < 2)
		return sgan_fail(SGAN_EINVAL, "covariance: %zu images, at least 2 expected", count);
	struct fit f = { .count = count, .size = size, .features = features };
	f.mean = sgan_alloc(size, sizeof(double));
	f.covariance = sgan_alloc(size, size * sizeof(double));
	f.centred = sgan_alloc((size_t)sgan_ctx_threads(ctx), size * sizeof(double));
	const bool room = f.mean != NULL && f.covariance != NULL && f.centred != NULL;
	if (room) {
		sgan_parallel_for(ctx, chunks_of(size), sum_means, &f);
		sgan_parallel_for(ctx, chunks_of(size), sum_covariances, &f);
		mirror(&f);
	}
	*g = (struct sgan_gaussian){ size, f.mean, f.covariance };
	sgan_free(f.centred);
	if (!room)
		sgan_gaussian_free(g);
	return room ? SGAN_OK : SGAN_ENOMEM;
}

void sgan_gaussian_free(struct sgan_gaussian *g)
{
	sgan_free(g->mean);
	sgan_free(g->covariance);
	g->mean = g->covariance = NULL;
}

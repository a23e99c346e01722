/* A step of Adam: element by element, a chunk of elements at a time. It must not know whose parameters they are. */
#include <math.h>

#include "src/exec/ctx.h"
#include "src/ops/args.h"
#include "src/ops/axis.h"
#include "src/ops/ops.h"

/* Elements of a chunk: four arrays of them fit the second-level cache. */
enum { CHUNK = 1 << 14 };

struct adam_job {
	const struct sgan_kernels *kernels;
	size_t count;
	real lr, beta1, beta2, eps, eps_root, c1, c2;
	const real *grad;
	real *m, *v, *param;
};

static void adam_chunk(void *arg, size_t chunk, int worker)
{
	const struct adam_job *job = arg;
	size_t first = chunk * CHUNK;

	(void)worker;
	job->kernels->adam(least_of(job->count - first, CHUNK), job->lr, job->beta1, job->beta2, job->eps, job->eps_root,
	                   job->c1, job->c2, job->grad + first, job->m + first, job->v + first, job->param + first);
}

static sgan_status check_adam(const sgan_adam *adam, uint64_t t)
{
	if (!t)
		return sgan_fail(SGAN_EINVAL, "Adam: step 0, expected 1 for the first");
	if (!(adam->beta1 >= 0 && adam->beta1 < 1) || !(adam->beta2 >= 0 && adam->beta2 < 1))
		return sgan_fail(SGAN_EINVAL, "Adam: beta1 %g, beta2 %g, expected from 0 to less than 1", adam->beta1,
		                 adam->beta2);
	if (!(adam->epsilon >= 0))
		return sgan_fail(SGAN_EINVAL, "Adam: epsilon %g, expected at least 0", adam->epsilon);
	return SGAN_OK;
}

static struct adam_job adam_job(const sgan_ctx *ctx, const sgan_adam *adam, uint64_t t)
{
	return (struct adam_job){
		.kernels = ctx->kernels,
		.lr = (real)adam->lr,
		.beta1 = (real)adam->beta1,
		.beta2 = (real)adam->beta2,
		.eps = adam->epsilon_outside ? 0 : (real)adam->epsilon,
		.eps_root = adam->epsilon_outside ? (real)adam->epsilon : 0,
		.c1 = (real)(1 / (1 - pow(adam->beta1, (double)t))),
		.c2 = (real)(1 / (1 - pow(adam->beta2, (double)t))),
	};
}

sgan_status sgan_adam_step(sgan_ctx *ctx, const sgan_adam *adam, uint64_t t, size_t count, const sgan_real *grad,
                           sgan_real *m, sgan_real *v, sgan_real *param)
{
	static const char what[] = "Adam";
	struct adam_job job;

	SGAN_TRY(sgan_check_ctx(what, ctx));
	SGAN_NEED(what, adam);
	SGAN_TRY(check_adam(adam, t));
	job = adam_job(ctx, adam, t);
	SGAN_TRY(sgan_elements(what, count, 1, 1, &job.count));
	if (!count)
		return SGAN_OK;
	SGAN_NEED(what, grad);
	SGAN_NEED(what, m);
	SGAN_NEED(what, v);
	SGAN_NEED(what, param);
	job.grad = grad;
	job.m = m;
	job.v = v;
	job.param = param;
	sgan_parallel_for(ctx, ceil_div(count, CHUNK), adam_chunk, &job);
	return SGAN_OK;
}

/* Moving averages of values, in chunks over the threads. */
#include "src/exec/ctx.h"
#include "src/ops/axis.h"
#include "src/ops/ops.h"

enum { CHUNK = 1 << 16 };

struct average_job {
	size_t count;
	real share; /* of the new values */
	const real *values;
	real *average;
};

static void average_chunk(void *arg, size_t chunk, int worker)
{
	const struct average_job *job = arg;
	const size_t first = chunk * CHUNK, end = job->count - first < CHUNK ? job->count : first + CHUNK;
	(void)worker;
	for (size_t i = first; i < end; i++)
		job->average[i] += job->share * (job->values[i] - job->average[i]);
}

void sgan_average(sgan_ctx *ctx, double decay, size_t count, const real *values, real *average)
{
	struct average_job job = { .count = count, .share = (real)(1 - decay), .values = values, .average = average };
	sgan_parallel_for(ctx, ceil_div(count, CHUNK), average_chunk, &job);
}

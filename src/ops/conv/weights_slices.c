/* See weights_slices.h. */
#include "src/ops/conv/weights_slices.h"

#include <string.h>

#include "src/cpu/status.h"
#include "src/exec/combine.h"
#include "src/exec/ctx.h"

enum { ADD_COUNT = 1 << 14 }; /* elements of a chunk when sums are added */

struct sgan_image_range sgan_weights_piece(const struct conv_call *call, size_t slice, size_t piece)
{
	size_t slices = call->batch.slices, pieces = call->problem->cut.pieces;
	size_t first = sgan_slice_begin(call->batch.n, slices, slice);
	size_t count = sgan_slice_begin(call->batch.n, slices, slice + 1) - first;
	size_t begin = share_begin(count, pieces, piece);

	return (struct sgan_image_range){ first + begin, share_begin(count, pieces, piece + 1) - begin };
}

size_t sgan_weights_tensors(const struct conv_problem *problem, bool exchanges)
{
	return problem->cut.apart || exchanges ? problem->slices * problem->cut.pieces : 0;
}

/* The two steps from partial sums to the gradient, done in this order. */
enum { ADD_PIECES = 1, ADD_SLICES = 2 };

static bool keeps_total(const struct conv_problem *problem)
{
	return !problem->cut.apart && problem->slices > 1;
}

size_t sgan_weights_shared_bytes(const struct conv_problem *problem, bool exchanges)
{
	size_t tensors = sgan_weights_tensors(problem, exchanges);

	if (!tensors && keeps_total(problem))
		tensors = 1;
	return conv_round_bytes(tensors * problem->weight_count * sizeof(real));
}

/* The total is made where the gradient is to be, unless it is to be added to one. */
real *sgan_weights_in_turn(const struct conv_call *call, conv_weights_sum_piece *sum_piece, void *arg)
{
	real *total = call->accumulate && keeps_total(call->problem) ? (real *)(void *)call->shared : NULL;
	bool accumulate = call->accumulate && !total;

	for (size_t slice = 0; slice < call->batch.slices; slice++) {
		struct sgan_image_range images = sgan_weights_piece(call, slice, 0);
		sum_piece(arg, images, accumulate, total ? total : call->diff_weights);
		accumulate = accumulate || images.count > 0;
	}
	return total;
}

struct add_job {
	const struct conv_call *call;
	real *partials;
	unsigned steps;
};

static bool has_images(const struct conv_call *call, size_t slice)
{
	return sgan_weights_piece(call, slice, 0).count > 0; /* pieces fill up from the first */
}

/* Pieces into their slice. */
static void add_pieces(const struct add_job *job, size_t first, size_t count)
{
	const struct conv_problem *problem = job->call->problem;

	for (size_t slice = job->call->batch.begin; slice < job->call->batch.end; slice++)
		for (size_t piece = 1; piece < problem->cut.pieces; piece++) {
			size_t at = piece * problem->slices + slice;
			if (sgan_weights_piece(job->call, slice, piece).count)
				problem->kernels->add(count, job->partials + at * problem->weight_count + first,
				                      job->partials + slice * problem->weight_count + first);
		}
}

/* Slices, in order, into a total: it is made where the gradient is to be, unless it is to be added to one. */
static void add_slices(const struct add_job *job, size_t first, size_t count)
{
	const struct conv_problem *problem = job->call->problem;
	real *to = job->call->diff_weights + first, *total = NULL;

	for (size_t slice = 0; slice < problem->slices; slice++) {
		real *sum = job->partials + slice * problem->weight_count + first;
		if (!has_images(job->call, slice))
			continue;
		if (total) {
			problem->kernels->add(count, sum, total);
		} else if (job->call->accumulate) {
			total = sum;
		} else {
			memcpy(to, sum, count * sizeof(real));
			total = to;
		}
	}
	if (job->call->accumulate)
		problem->kernels->add(count, total, to);
}

/* A chunk is a range of elements. */
static void add_chunk(void *arg, size_t chunk, int worker)
{
	const struct add_job *job = arg;
	size_t first = chunk * ADD_COUNT, count = least_of(job->call->problem->weight_count - first, ADD_COUNT);

	(void)worker;
	if (job->steps & ADD_PIECES)
		add_pieces(job, first, count);
	if (job->steps & ADD_SLICES)
		add_slices(job, first, count);
}

static void add(sgan_ctx *ctx, const struct conv_call *call, real *partials, unsigned steps)
{
	struct add_job job = { call, partials, steps };

	sgan_parallel_for(ctx, ceil_div(call->problem->weight_count, ADD_COUNT), add_chunk, &job);
}

/* Brings what others have summed. A slice without images has a sum of 0 for them to see, which nobody adds. */
static sgan_status exchange(sgan_ctx *ctx, const struct conv_call *call, real *partials)
{
	const sgan_partials given = {
		.type = sgan_element_of_real(),
		.count = call->problem->weight_count,
		.slices = call->batch.slices,
		.begin = call->batch.begin,
		.end = call->batch.end,
		.data = partials,
	};

	for (size_t slice = given.begin; slice < given.end; slice++)
		if (!has_images(call, slice))
			memset(partials + slice * given.count, 0, given.count * sizeof(real));
	return sgan_combine(ctx, &given);
}

sgan_status sgan_weights_run(sgan_ctx *ctx, const struct conv_call *call, conv_weights_sum *sum, real *partials)
{
	const sgan_batch *batch = &call->batch;
	bool whole = batch->begin == 0 && batch->end == batch->slices;

	if (!batch->n) {
		if (!call->accumulate)
			memset(call->diff_weights, 0, call->problem->weight_count * sizeof(real));
		return SGAN_OK;
	}
	if (whole && !call->problem->cut.apart) {
		sum(ctx, call, NULL);
		return SGAN_OK;
	}
	if (call->images)
		sum(ctx, call, partials);
	if (!whole) {
		if (call->problem->cut.pieces > 1)
			add(ctx, call, partials, ADD_PIECES);
		SGAN_TRY(exchange(ctx, call, partials));
	}
	add(ctx, call, partials, whole ? ADD_PIECES | ADD_SLICES : ADD_SLICES);
	return SGAN_OK;
}

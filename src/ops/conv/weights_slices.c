/* See weights_slices.h. */
#include "src/ops/conv/weights_slices.h"

#include <string.h>

#include "src/cpu/status.h"
#include "src/exec/combine.h"
#include "src/exec/ctx.h"

enum { ADD_COUNT = 1 << 14 }; /* elements of a chunk when sums are added */

static struct sgan_image_range piece_of(const struct conv_problem *problem, const sgan_batch *batch, size_t slice,
                                        size_t piece)
{
	size_t pieces = problem->cut.pieces, first = sgan_slice_begin(batch->n, batch->slices, slice);
	size_t count = sgan_slice_begin(batch->n, batch->slices, slice + 1) - first;
	size_t begin = share_begin(count, pieces, piece);

	return (struct sgan_image_range){ first + begin, share_begin(count, pieces, piece + 1) - begin };
}

struct sgan_image_range sgan_weights_piece(const struct conv_call *call, size_t slice, size_t piece)
{
	return piece_of(call->problem, &call->batch, slice, piece);
}

size_t sgan_weights_tensors(const struct conv_problem *problem, bool exchanges)
{
	return problem->cut.apart || exchanges ? problem->slices * problem->cut.pieces : 0;
}

/* The steps from partial sums to the gradient, done in this order. */
enum { ADD_PIECES = 1, ADD_SLICES = 2, ADD_TOTAL = 4 };

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

/* Elements first .. end - 1 of a gradient, some of the steps. */
struct add_job {
	const struct sgan_weights_left *left;
	size_t first, end;
	unsigned steps;
};

static bool has_images(const struct sgan_weights_left *left, size_t slice)
{
	return piece_of(left->problem, &left->batch, slice, 0).count > 0; /* pieces fill up from the first */
}

/* A slice's sum. */
static real *sum_of(const struct sgan_weights_left *left, size_t slice)
{
	return left->partials + slice * left->problem->weight_count;
}

/* Where the slices' total is made: where the gradient is to be, unless it is to be added to one. */
static real *total_of(const struct sgan_weights_left *left)
{
	size_t slice = 0;

	while (left->accumulate && !has_images(left, slice))
		slice++;
	return left->accumulate ? sum_of(left, slice) : left->diff_weights;
}

/* Pieces into their slice. */
static void add_pieces(const struct sgan_weights_left *left, size_t first, size_t count)
{
	const struct conv_problem *problem = left->problem;

	for (size_t slice = left->batch.begin; slice < left->batch.end; slice++)
		for (size_t piece = 1; piece < problem->cut.pieces; piece++)
			if (piece_of(problem, &left->batch, slice, piece).count)
				problem->kernels->add(count, sum_of(left, piece * problem->slices + slice) + first,
				                      sum_of(left, slice) + first);
}

/* Slices, in order, into their total. */
static void add_slices(const struct sgan_weights_left *left, size_t first, size_t count)
{
	real *total = total_of(left);
	bool begun = false;

	for (size_t slice = 0; slice < left->problem->slices; slice++) {
		real *sum = sum_of(left, slice);
		if (!has_images(left, slice))
			continue;
		if (begun)
			left->problem->kernels->add(count, sum + first, total + first);
		else if (total != sum)
			memcpy(total + first, sum + first, count * sizeof(real));
		begun = true;
	}
}

/* A chunk is a range of elements. */
static void add_chunk(void *arg, size_t chunk, int worker)
{
	const struct add_job *job = arg;
	size_t first = job->first + chunk * ADD_COUNT, count = least_of(job->end - first, ADD_COUNT);

	(void)worker;
	if (job->steps & ADD_PIECES)
		add_pieces(job->left, first, count);
	if (job->steps & ADD_SLICES)
		add_slices(job->left, first, count);
	if ((job->steps & ADD_TOTAL) && job->left->accumulate)
		job->left->problem->kernels->add(count, total_of(job->left) + first, job->left->diff_weights + first);
}

static void add(sgan_ctx *ctx, const struct sgan_weights_left *left, size_t first, size_t count, unsigned steps)
{
	struct add_job job = { left, first, first + count, steps };

	sgan_parallel_for(ctx, ceil_div(count, ADD_COUNT), add_chunk, &job);
}

static void add_all(sgan_ctx *ctx, const struct sgan_weights_left *left, unsigned steps)
{
	add(ctx, left, 0, left->problem->weight_count, steps);
}

/* Asks for what others have summed. A slice without images has a sum of 0 for them to see, which nobody adds. */
static sgan_status begin_exchange(sgan_ctx *ctx, const struct sgan_weights_left *left)
{
	const sgan_partials given = {
		.type = sgan_element_of_real(),
		.count = left->problem->weight_count,
		.slices = left->batch.slices,
		.begin = left->batch.begin,
		.end = left->batch.end,
		.data = left->partials,
	};

	for (size_t slice = given.begin; slice < given.end; slice++)
		if (!has_images(left, slice))
			memset(sum_of(left, slice), 0, given.count * sizeof(real));
	return sgan_combine_begin(ctx, &given);
}

sgan_status sgan_weights_run(sgan_ctx *ctx, const struct conv_call *call, conv_weights_sum *sum, real *partials)
{
	const sgan_batch *batch = &call->batch;
	bool whole = batch->begin == 0 && batch->end == batch->slices;
	struct sgan_weights_left left = { call->problem, *batch, call->accumulate,
		                              call->partials ? call->partials : partials, call->diff_weights };

	if (call->left)
		call->left->problem = NULL;
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
		sum(ctx, call, left.partials);
	if (whole) {
		add_all(ctx, &left, ADD_PIECES | ADD_SLICES | ADD_TOTAL);
		return SGAN_OK;
	}
	if (call->problem->cut.pieces > 1)
		add_all(ctx, &left, ADD_PIECES);
	SGAN_TRY(begin_exchange(ctx, &left));
	if (!call->left)
		return sgan_weights_end(ctx, 1, &left);
	*call->left = left;
	return SGAN_OK;
}

/* What this caller is to add, and its sums on their way to the others. */
static sgan_status add_share(sgan_ctx *ctx, const struct sgan_weights_left *left)
{
	size_t first, count, all = left->problem->weight_count;

	sgan_combine_share(ctx, all, &first, &count);
	if (count)
		add(ctx, left, first, count, ADD_SLICES);
	return sgan_combine_spread(ctx, sgan_element_of_real(), all, total_of(left));
}

sgan_status sgan_weights_end(sgan_ctx *ctx, size_t count, struct sgan_weights_left *left)
{
	SGAN_TRY(sgan_combine_finish(ctx));
	for (size_t i = 0; i < count; i++)
		if (left[i].problem)
			SGAN_TRY(add_share(ctx, &left[i]));
	SGAN_TRY(sgan_combine_finish(ctx));
	for (size_t i = 0; i < count; i++) {
		if (left[i].problem && left[i].accumulate)
			add_all(ctx, &left[i], ADD_TOTAL);
		left[i].problem = NULL;
	}
	return SGAN_OK;
}

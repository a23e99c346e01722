/* The weight gradient: for each tap an outer product of X's and Y's channels,
 * summed over positions and images. The slices of a batch are summed by themselves
 * and added in order; how the rest of the work is cut cannot change a bit. */
#include "src/ops/conv_wgrad.h"
#include "src/exec/ctx.h"
#include "src/ops/ops.h"

#include <string.h>

enum { REDUCE_COUNT = 1 << 14 }; /* elements of one chunk when parts are added */

/* Whether the sum over parts that are not apart needs memory of its own when it is to be added to a gradient. */
static bool keeps_total(const struct sgan_conv_plan *plan)
{
	return !plan->wgrad.apart && plan->desc.slices * plan->wgrad.blocks > 1;
}

/* Partial sums, laid out as the weights: one for each part, or their total. */
static size_t parts_bytes(const struct sgan_conv_plan *plan)
{
	size_t tensors = plan->wgrad.apart ? sgan_wgrad_part_count(plan) : keeps_total(plan);

	return conv_round_bytes(tensors * plan->weight_count * sizeof(real));
}

size_t sgan_conv_wgrad_workspace(const struct sgan_conv_plan *plan, int threads)
{
	if (plan->wgrad.together)
		return sgan_wgrad_rows_workspace(plan, threads);
	return parts_bytes(plan) + (size_t)threads * sgan_wgrad_worker_bytes(plan, NULL, NULL);
}

/* --- the pieces -------------------------------------------------------------- */

/* Images of a part. */
struct image_range {
	size_t first, n;
};

static struct image_range part_images(const struct wgrad_job *job, size_t part)
{
	size_t slices = job->plan->desc.slices, blocks = job->plan->wgrad.blocks;
	size_t slice = part / blocks, block = part % blocks;
	size_t first = sgan_slice_begin(job->n, slices, slice), n = sgan_slice_begin(job->n, slices, slice + 1) - first;
	size_t begin = conv_part_begin(n, blocks, block);

	return (struct image_range){ first + begin, conv_part_begin(n, blocks, block + 1) - begin };
}

static struct wgrad_group group_at(const struct wgrad_job *job, struct image_range range, size_t groups, size_t index)
{
	const struct conv_wgrad_cut *cut = &job->plan->wgrad;
	size_t y_h = job->plan->base.y_h, begin = conv_part_begin(range.n, groups, index), band = index % cut->bands;
	size_t row = conv_part_begin(y_h, cut->bands, band);

	if (cut->images)
		return (struct wgrad_group){ range.first + begin, conv_part_begin(range.n, groups, index + 1) - begin, 0, y_h };
	return (struct wgrad_group){ range.first + index / cut->bands, 1, row,
		                         conv_part_begin(y_h, cut->bands, band + 1) - row };
}

/* --- sums -------------------------------------------------------------------- */

static void sum_part(const struct wgrad_job *job, const struct wgrad_channels *channels, struct image_range range,
                     struct wgrad_target target, struct wgrad_memory *memory)
{
	const struct conv_wgrad_cut *cut = &job->plan->wgrad;
	size_t groups = cut->images ? conv_ceil_div(range.n, cut->images) : range.n * cut->bands;

	for (size_t i = 0; i < groups; i++) {
		struct wgrad_group group = group_at(job, range, groups, i), next = { 0 };
		struct wgrad_target to = groups == 1 ? target : (struct wgrad_target){ NULL, i > 0 };
		if (i + 1 < groups)
			next = group_at(job, range, groups, i + 1);
		sgan_wgrad_sum_group(job, channels, &group, i + 1 < groups ? &next : NULL, to, memory);
	}
	if (groups > 1)
		sgan_wgrad_write_sums(job, channels, target, memory);
}

/* Adds a chunk's channels of the parts' total to the gradient. */
static void add_total(const struct wgrad_job *job, const struct wgrad_channels *channels)
{
	const struct wgrad_shape *s = &job->shape;
	size_t y_c = job->plan->base.y_c, column = channels->panel * s->nr;
	size_t columns = conv_least(channels->panels * s->nr, y_c - column);

	for (size_t tap = 0; tap < s->taps; tap++)
		for (size_t row = 0; row < channels->count; row++) {
			size_t at = (tap * s->run + channels->c + row) * y_c + column;
			job->plan->kernels->add(columns, job->parts + at, job->diff_weights + at);
		}
}

/* All parts, one after the other. Their sum is made where the gradient is to be, unless it is to be added to one. */
static void sum_in_turn(const struct wgrad_job *job, const struct wgrad_channels *channels,
                        struct wgrad_memory *memory)
{
	size_t parts = job->plan->desc.slices * job->plan->wgrad.blocks;
	bool total = job->accumulate && keeps_total(job->plan);
	struct wgrad_target target = { total ? job->parts : job->diff_weights, job->accumulate && !total };

	for (size_t part = 0; part < parts; part++) {
		struct image_range range = part_images(job, part);
		sum_part(job, channels, range, target, memory);
		target.add = target.add || range.n > 0;
	}
	if (total)
		add_total(job, channels);
}

/* A chunk is some of X's and of Y's channels, and a part of the batch where parts are apart, otherwise all of it. */
static void wgrad_chunk(void *arg, size_t index, int worker)
{
	const struct wgrad_job *job = arg;
	const struct sgan_conv_plan *plan = job->plan;
	size_t part = index / job->y_blocks / job->x_blocks;
	struct wgrad_channels channels =
		sgan_wgrad_chunk_channels(job, index / job->y_blocks % job->x_blocks, index % job->y_blocks);
	struct wgrad_memory memory;

	sgan_wgrad_worker_bytes(plan, job->workers + (size_t)worker * job->worker_size, &memory);
	if (plan->wgrad.apart) {
		struct wgrad_target target = { job->parts + part * plan->weight_count, false };
		sum_part(job, &channels, part_images(job, part), target, &memory);
	} else {
		sum_in_turn(job, &channels, &memory);
	}
}

/* A chunk is a range of elements: blocks into their slice, slices in order into a total, which is made where the
 * gradient is to be, unless it is to be added to one. */
static void reduce_chunk(void *arg, size_t chunk, int worker)
{
	const struct wgrad_job *job = arg;
	const struct sgan_conv_plan *plan = job->plan;
	size_t first = chunk * REDUCE_COUNT, left = plan->weight_count - first, blocks = plan->wgrad.blocks;
	size_t count = left < REDUCE_COUNT ? left : REDUCE_COUNT;
	real *to = job->diff_weights + first, *total = NULL;

	(void)worker;
	for (size_t slice = 0; slice < plan->desc.slices; slice++) {
		real *sum = job->parts + slice * blocks * plan->weight_count + first;
		if (!part_images(job, slice * blocks).n) /* then the slice's other blocks have none either */
			continue;
		for (size_t block = 1; block < blocks && part_images(job, slice * blocks + block).n; block++)
			plan->kernels->add(count, sum + block * plan->weight_count, sum);
		if (total) {
			plan->kernels->add(count, sum, total);
		} else if (job->accumulate) {
			total = sum;
		} else {
			memcpy(to, sum, count * sizeof(real));
			total = to;
		}
	}
	if (job->accumulate)
		plan->kernels->add(count, total, to);
}

void sgan_conv_wgrad(sgan_ctx *ctx, const struct sgan_conv_plan *plan, size_t n, const real *x, const real *y,
                     real *diff_weights, bool accumulate, void *workspace)
{
	struct wgrad_job job = {
		.plan = plan,
		.shape = sgan_wgrad_shape(plan),
		.n = n,
		.x = x,
		.y = y,
		.diff_weights = diff_weights,
		.accumulate = accumulate,
		.parts = workspace,
		.workers = (char *)workspace + parts_bytes(plan),
	};

	if (!n) {
		if (!accumulate)
			memset(diff_weights, 0, plan->weight_count * sizeof(real));
		return;
	}
	if (plan->wgrad.together) {
		sgan_wgrad_rows(ctx, &job, workspace);
		return;
	}
	job.worker_size = sgan_wgrad_worker_bytes(plan, NULL, NULL);
	sgan_wgrad_cut_channels(&job, ctx->threads);
	sgan_parallel_for(ctx, sgan_wgrad_part_count(plan) * job.x_blocks * job.y_blocks, wgrad_chunk, &job);
	if (plan->wgrad.apart)
		sgan_parallel_for(ctx, conv_ceil_div(plan->weight_count, REDUCE_COUNT), reduce_chunk, &job);
}

/* The public passes: what they ask of their arguments, and the call that each is. */
#include <string.h>

#include "src/exec/ctx.h"
#include "src/ops/args.h"
#include "src/ops/chunks.h"
#include "src/ops/conv/plan.h"
#include "src/ops/conv/weights_slices.h"
#include "src/ops/ops.h"

static sgan_status check_batch(const sgan_ctx *ctx, const sgan_conv_plan *plan, sgan_pass pass, sgan_batch batch)
{
	const char *what = sgan_conv_pass_names[pass];

	SGAN_TRY(sgan_check_ctx(what, ctx));
	SGAN_NEED(what, plan);
	if (batch.n > plan->desc.max_batch)
		return sgan_fail(SGAN_EINVAL, "%s: a batch of %zu images given to a plan for at most %zu", what, batch.n,
		                 plan->desc.max_batch);
	SGAN_TRY(sgan_check_batch(what, batch));
	if (batch.slices != plan->desc.slices)
		return sgan_fail(SGAN_EINVAL, "%s: a batch of %zu slices given to a plan for %zu", what, batch.slices,
		                 plan->desc.slices);
	return SGAN_OK;
}

static sgan_status check_workspace(const sgan_ctx *ctx, const sgan_conv_plan *plan, sgan_pass pass,
                                   const void *workspace)
{
	if (sgan_conv_workspace_size(ctx, plan, pass))
		SGAN_NEED(sgan_conv_pass_names[pass], workspace);
	return sgan_aligned(sgan_conv_pass_names[pass], "workspace", workspace);
}

/* A pass that makes an activation tensor; where there are no images there is none, nor a use for the rest. */
static sgan_status check_images(const sgan_ctx *ctx, const sgan_conv_plan *plan, sgan_pass pass,
                                const struct conv_call *call, const void *workspace)
{
	const char *what = sgan_conv_pass_names[pass];
	const real *packed = call->packed;

	if (pass == SGAN_FORWARD) {
		const real *src = call->src, *dst = call->dst;
		SGAN_NEED(what, src);
		SGAN_NEED(what, dst);
	} else {
		const real *diff_dst = call->src, *diff_src = call->dst;
		SGAN_NEED(what, diff_dst);
		SGAN_NEED(what, diff_src);
	}
	SGAN_NEED(what, packed);
	SGAN_TRY(sgan_aligned(what, "packed", packed));
	return check_workspace(ctx, plan, pass, workspace);
}

/* What all calls of a pass have in common. */
static struct conv_call begin_call(const sgan_ctx *ctx, const struct conv_planned *pass, sgan_batch batch,
                                   void *workspace)
{
	struct sgan_image_range images = sgan_batch_images(batch);

	return (struct conv_call){
		.problem = &pass->problem,
		.batch = batch,
		.first = images.first,
		.images = images.count,
		.places = ctx->places,
		.packed_bytes = pass->packed_bytes,
		.workers = workspace,
		.worker_bytes = pass->worker_bytes,
		.shared = workspace ? (char *)workspace + (size_t)ctx->threads * pass->worker_bytes : NULL,
	};
}

/* Copies of packed weights for the other nodes; where nodes have as many threads each, by a node's own. */
struct copies {
	char *packed;
	size_t bytes, pieces; /* of a copy */
};

enum { COPY_BYTES = 1 << 16 };

static void copy_chunk(void *arg, size_t chunk, int worker)
{
	const struct copies *c = arg;
	size_t node = chunk / c->pieces, at = chunk % c->pieces * COPY_BYTES;
	size_t bytes = c->bytes - at < COPY_BYTES ? c->bytes - at : COPY_BYTES;

	(void)worker;
	if (node > 0)
		memcpy(c->packed + node * c->bytes + at, c->packed + at, bytes);
}

static void copy_packed(sgan_ctx *ctx, size_t bytes, void *packed)
{
	struct copies c = { packed, bytes, ceil_div(bytes, COPY_BYTES) };

	if (ctx->places->nodes > 1)
		sgan_parallel_for(ctx, ctx->places->nodes * c.pieces, copy_chunk, &c);
}

sgan_status sgan_conv_pack(sgan_ctx *ctx, const sgan_conv_plan *plan, sgan_pass pass, const sgan_real *weights,
                           void *packed)
{
	static const char what[] = "convolution, packing";
	const struct conv_algorithm *algorithm;

	SGAN_TRY(sgan_check_ctx(what, ctx));
	SGAN_NEED(what, plan);
	if (!conv_is_pass(pass))
		return sgan_fail(SGAN_EINVAL, "%s: unknown pass %d", what, (int)pass);
	algorithm = plan->pass[pass].algorithm;
	if (!algorithm->pack)
		return SGAN_OK;
	SGAN_NEED(what, weights);
	SGAN_NEED(what, packed);
	SGAN_TRY(sgan_aligned(what, "packed", packed));
	algorithm->pack(ctx, &plan->pass[pass].problem, weights, packed);
	copy_packed(ctx, plan->pass[pass].packed_bytes, packed);
	return SGAN_OK;
}

/* Forward and backward-data: src to dst, whichever tensors these are. */
static sgan_status run_images(sgan_ctx *ctx, const sgan_conv_plan *plan, sgan_pass pass, sgan_batch batch,
                              const real *src, const void *packed, struct sgan_epilogue epilogue, real *dst,
                              void *workspace)
{
	const struct conv_planned *planned;
	struct conv_call call;
	struct conv_view v;

	SGAN_TRY(check_batch(ctx, plan, pass, batch));
	planned = &plan->pass[pass];
	call = begin_call(ctx, planned, batch, workspace);
	if (!call.images)
		return SGAN_OK;
	call.src = src;
	call.packed = packed;
	call.dst = dst;
	SGAN_TRY(check_images(ctx, plan, pass, &call, workspace));
	v = conv_view(&planned->problem);
	call.epilogue = epilogue;
	call.epilogue.bypass = sgan_bypasses_caches(planned->problem.kernels, batch.n * v.dst_h * v.dst_w * v.dst_c);
	return planned->algorithm->run(ctx, &call);
}

sgan_status sgan_conv_forward(sgan_ctx *ctx, const sgan_conv_plan *plan, sgan_batch batch, const sgan_real *src,
                              const void *packed, const sgan_real *bias, sgan_real *dst, void *workspace)
{
	struct sgan_epilogue epilogue = { .bias = bias };

	if (plan) {
		epilogue.act = plan->desc.act;
		epilogue.slope = plan->desc.slope;
	}
	return run_images(ctx, plan, SGAN_FORWARD, batch, src, packed, epilogue, dst, workspace);
}

sgan_status sgan_conv_backward_data(sgan_ctx *ctx, const sgan_conv_plan *plan, sgan_batch batch,
                                    const sgan_real *diff_dst, const void *packed, sgan_real *diff_src, void *workspace)
{
	return run_images(ctx, plan, SGAN_BACKWARD_DATA, batch, diff_dst, packed, (struct sgan_epilogue){ 0 }, diff_src,
	                  workspace);
}

static sgan_status check_weights(const sgan_ctx *ctx, const sgan_conv_plan *plan, const struct conv_call *call,
                                 const void *workspace)
{
	const char *what = sgan_conv_pass_names[SGAN_BACKWARD_WEIGHTS];
	const bool conv = plan->desc.kind == SGAN_CONV;
	const real *src = conv ? call->x : call->y, *diff_dst = conv ? call->y : call->x;
	const real *diff_weights = call->diff_weights;

	if (call->images) {
		SGAN_NEED(what, src);
		SGAN_NEED(what, diff_dst);
	}
	SGAN_NEED(what, diff_weights);
	return check_workspace(ctx, plan, SGAN_BACKWARD_WEIGHTS, workspace);
}

sgan_status sgan_conv_begin_weights(sgan_ctx *ctx, const sgan_conv_plan *plan, sgan_batch batch, const sgan_real *src,
                                    const sgan_real *diff_dst, sgan_real *diff_weights, bool accumulate,
                                    void *workspace, void *partials, struct sgan_weights_left *left)
{
	const char *what = sgan_conv_pass_names[SGAN_BACKWARD_WEIGHTS];
	struct conv_call call;
	bool conv;

	SGAN_TRY(check_batch(ctx, plan, SGAN_BACKWARD_WEIGHTS, batch));
	SGAN_TRY(sgan_check_exchange(what, ctx, batch.slices, batch.begin, batch.end));
	conv = plan->desc.kind == SGAN_CONV;
	call = begin_call(ctx, &plan->pass[SGAN_BACKWARD_WEIGHTS], batch, workspace);
	call.x = conv ? src : diff_dst;
	call.y = conv ? diff_dst : src;
	call.diff_weights = diff_weights;
	call.accumulate = accumulate;
	call.partials = partials;
	call.left = left;
	SGAN_TRY(check_weights(ctx, plan, &call, workspace));
	return plan->pass[SGAN_BACKWARD_WEIGHTS].algorithm->run(ctx, &call);
}

sgan_status sgan_conv_end_weights(sgan_ctx *ctx, size_t count, struct sgan_weights_left *left)
{
	return sgan_weights_end(ctx, count, left);
}

size_t sgan_conv_partials_size(const sgan_conv_plan *plan)
{
	const struct conv_problem *problem = &plan->pass[SGAN_BACKWARD_WEIGHTS].problem;

	return conv_round_bytes(sgan_weights_tensors(problem, true) * problem->weight_count * sizeof(real));
}

sgan_status sgan_conv_backward_weights(sgan_ctx *ctx, const sgan_conv_plan *plan, sgan_batch batch,
                                       const sgan_real *src, const sgan_real *diff_dst, sgan_real *diff_weights,
                                       bool accumulate, void *workspace)
{
	return sgan_conv_begin_weights(ctx, plan, batch, src, diff_dst, diff_weights, accumulate, workspace, NULL, NULL);
}

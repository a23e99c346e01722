/* The public passes: which operation of the base convolution each is, and the
 * layout of the caller's workspace. Deconvolution's are in deconv.c. */
#include "src/ops/conv_plan.h"
#include "src/exec/ctx.h"
#include "src/ops/args.h"
#include "src/ops/chunks.h"
#include "src/ops/deconv.h"

/* Whether a pass reads the weights transposed: X from Y. */
static bool pass_scatters(const struct sgan_conv_plan *plan, sgan_pass pass)
{
	return (plan->desc.kind == SGAN_CONV) == (pass == SGAN_BACKWARD_DATA);
}

static size_t gather_worker(const struct sgan_conv_plan *plan)
{
	return plan->gather == CONV_RUNS ? sgan_conv_runs_workspace(plan) : sgan_conv_taps_workspace(plan, false);
}

static size_t scatter_worker(const struct sgan_conv_plan *plan)
{
	return plan->scatter == CONV_DOTS ? sgan_conv_dots_workspace(plan) : sgan_conv_taps_workspace(plan, true);
}

size_t sgan_conv_worker_bytes(const struct sgan_conv_plan *plan)
{
	const size_t needs[] = { gather_worker(plan), scatter_worker(plan), sgan_conv_wgrad_workspace(plan, 1) };
	size_t most = 0;

	for (size_t i = 0; i < sizeof needs / sizeof *needs; i++)
		most = needs[i] > most ? needs[i] : most;
	return most;
}

void sgan_conv_gather(sgan_ctx *ctx, struct conv_call *call)
{
	const struct conv_base *b = &call->plan->base;

	call->epilogue.stream = sgan_streams(call->plan->kernels, call->n * b->y_h * b->y_w * b->y_c);
	call->worker_size = gather_worker(call->plan);
	if (call->plan->gather == CONV_RUNS)
		sgan_conv_runs(ctx, call);
	else
		sgan_conv_taps(ctx, call, false);
}

void sgan_conv_scatter(sgan_ctx *ctx, struct conv_call *call)
{
	const struct conv_base *b = &call->plan->base;

	call->epilogue.stream = sgan_streams(call->plan->kernels, call->n * b->x_h * b->x_w * b->x_c);
	call->worker_size = scatter_worker(call->plan);
	if (call->plan->scatter == CONV_DOTS)
		sgan_conv_dots(ctx, call);
	else
		sgan_conv_taps(ctx, call, true);
}

static bool is_pass(sgan_pass pass)
{
	return (unsigned)pass < SGAN_PASS_COUNT;
}

size_t sgan_conv_packed_size(const sgan_conv_plan *plan, sgan_pass pass)
{
	if (!plan || !is_pass(pass) || pass == SGAN_BACKWARD_WEIGHTS)
		return 0;
	return conv_round_bytes(sgan_conv_packed_count(plan, pass_scatters(plan, pass)) * sizeof(real));
}

size_t sgan_conv_workspace_size(const sgan_ctx *ctx, const sgan_conv_plan *plan, sgan_pass pass)
{
	if (!ctx || !plan || !is_pass(pass))
		return 0;
	if (pass == SGAN_BACKWARD_WEIGHTS)
		return conv_round_bytes(sgan_conv_wgrad_workspace(plan, ctx->threads));
	return (size_t)ctx->threads * (pass_scatters(plan, pass) ? scatter_worker(plan) : gather_worker(plan));
}

/* --- what the passes ask of their arguments ---------------------------------- */

static const char *const pass_name[] = {
	[SGAN_FORWARD] = "convolution, forward",
	[SGAN_BACKWARD_DATA] = "convolution, backward-data",
	[SGAN_BACKWARD_WEIGHTS] = "convolution, backward-weights",
};

static sgan_status check_batch(const sgan_ctx *ctx, const sgan_conv_plan *plan, sgan_pass pass, size_t n)
{
	SGAN_NEED(pass_name[pass], ctx);
	SGAN_NEED(pass_name[pass], plan);
	if (n > plan->desc.max_batch)
		return sgan_fail(SGAN_EINVAL, "%s: a batch of %zu images given to a plan for at most %zu", pass_name[pass], n,
		                 plan->desc.max_batch);
	return SGAN_OK;
}

static sgan_status check_workspace(const sgan_ctx *ctx, const sgan_conv_plan *plan, sgan_pass pass,
                                   const void *workspace)
{
	if (sgan_conv_workspace_size(ctx, plan, pass))
		SGAN_NEED(pass_name[pass], workspace);
	return sgan_aligned(pass_name[pass], "workspace", workspace);
}

/* A pass that makes an activation tensor; an empty batch has none, nor a use for the rest. */
static sgan_status check_call(const sgan_ctx *ctx, sgan_pass pass, const struct conv_call *call)
{
	const real *src = call->src, *dst = call->dst, *packed = call->packed;

	SGAN_TRY(check_batch(ctx, call->plan, pass, call->n));
	if (!call->n)
		return SGAN_OK;
	if (pass == SGAN_FORWARD) {
		SGAN_NEED(pass_name[pass], src);
		SGAN_NEED(pass_name[pass], dst);
	} else {
		const real *diff_dst = src, *diff_src = dst;
		SGAN_NEED(pass_name[pass], diff_dst);
		SGAN_NEED(pass_name[pass], diff_src);
	}
	SGAN_NEED(pass_name[pass], packed);
	SGAN_TRY(sgan_aligned(pass_name[pass], "packed", packed));
	return check_workspace(ctx, call->plan, pass, call->workspace);
}

/* --- the passes -------------------------------------------------------------- */

sgan_status sgan_conv_pack(sgan_ctx *ctx, const sgan_conv_plan *plan, sgan_pass pass, const sgan_real *weights,
                           void *packed)
{
	static const char what[] = "convolution, packing";

	SGAN_NEED(what, ctx);
	SGAN_NEED(what, plan);
	if (!is_pass(pass))
		return sgan_fail(SGAN_EINVAL, "%s: unknown pass %d", what, (int)pass);
	if (pass == SGAN_BACKWARD_WEIGHTS)
		return SGAN_OK;
	SGAN_NEED(what, weights);
	SGAN_NEED(what, packed);
	SGAN_TRY(sgan_aligned(what, "packed", packed));
	if (pass_scatters(plan, pass))
		sgan_conv_pack_scatter(ctx, plan, weights, packed);
	else
		sgan_conv_pack_gather(ctx, plan, weights, packed);
	return SGAN_OK;
}

sgan_status sgan_conv_forward(sgan_ctx *ctx, const sgan_conv_plan *plan, size_t n, const sgan_real *src,
                              const void *packed, const sgan_real *bias, sgan_real *dst, void *workspace)
{
	struct conv_call call = {
		.plan = plan,
		.n = n,
		.src = src,
		.packed = packed,
		.dst = dst,
		.epilogue = { .bias = bias },
		.workspace = workspace,
	};

	SGAN_TRY(check_call(ctx, SGAN_FORWARD, &call));
	if (!n)
		return SGAN_OK;
	call.epilogue.act = plan->desc.act;
	call.epilogue.slope = plan->desc.slope;
	if (plan->desc.kind == SGAN_CONV)
		sgan_conv_gather(ctx, &call);
	else
		sgan_deconv_forward(ctx, &call);
	return SGAN_OK;
}

sgan_status sgan_conv_backward_data(sgan_ctx *ctx, const sgan_conv_plan *plan, size_t n, const sgan_real *diff_dst,
                                    const void *packed, sgan_real *diff_src, void *workspace)
{
	struct conv_call call = {
		.plan = plan,
		.n = n,
		.src = diff_dst,
		.packed = packed,
		.dst = diff_src,
		.workspace = workspace,
	};

	SGAN_TRY(check_call(ctx, SGAN_BACKWARD_DATA, &call));
	if (!n)
		return SGAN_OK;
	if (plan->desc.kind == SGAN_CONV)
		sgan_conv_scatter(ctx, &call);
	else
		sgan_deconv_backward_data(ctx, &call);
	return SGAN_OK;
}

sgan_status sgan_conv_backward_weights(sgan_ctx *ctx, const sgan_conv_plan *plan, size_t n, const sgan_real *src,
                                       const sgan_real *diff_dst, sgan_real *diff_weights, bool accumulate,
                                       void *workspace)
{
	const char *what = pass_name[SGAN_BACKWARD_WEIGHTS];

	SGAN_TRY(check_batch(ctx, plan, SGAN_BACKWARD_WEIGHTS, n));
	if (n) {
		SGAN_NEED(what, src);
		SGAN_NEED(what, diff_dst);
	}
	SGAN_NEED(what, diff_weights);
	SGAN_TRY(check_workspace(ctx, plan, SGAN_BACKWARD_WEIGHTS, workspace));
	if (plan->desc.kind == SGAN_CONV)
		sgan_conv_wgrad(ctx, plan, n, src, diff_dst, diff_weights, accumulate, workspace);
	else
		sgan_deconv_backward_weights(ctx, plan, n, src, diff_dst, diff_weights, accumulate, workspace);
	return SGAN_OK;
}

/* The public passes: which operation of the base convolution each is, and the
 * layout of the caller's workspace. Deconvolution's are in deconv.c. */
#include "src/ops/conv_plan.h"
#include "src/cpu/ctx.h"
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
	return plan->scatter == CONV_COLS ? sgan_conv_cols_workspace(plan) : sgan_conv_taps_workspace(plan, true);
}

void sgan_conv_gather(sgan_ctx *ctx, struct conv_call *call)
{
	call->worker_size = gather_worker(call->plan);
	if (call->plan->gather == CONV_RUNS)
		sgan_conv_runs(ctx, call);
	else
		sgan_conv_taps(ctx, call, false);
}

void sgan_conv_scatter(sgan_ctx *ctx, struct conv_call *call)
{
	call->worker_size = scatter_worker(call->plan);
	if (call->plan->scatter == CONV_COLS)
		sgan_conv_cols(ctx, call);
	else
		sgan_conv_taps(ctx, call, true);
}

size_t sgan_conv_packed_size(const sgan_conv_plan *plan, sgan_pass pass)
{
	if (pass == SGAN_BACKWARD_WEIGHTS)
		return 0;
	return conv_round_bytes(sgan_conv_packed_count(plan, pass_scatters(plan, pass)) * sizeof(real));
}

size_t sgan_conv_workspace_size(const sgan_ctx *ctx, const sgan_conv_plan *plan, sgan_pass pass)
{
	size_t threads = (size_t)ctx->threads;

	if (pass == SGAN_BACKWARD_WEIGHTS)
		return sgan_conv_wgrad_workspace(plan, ctx->threads);
	return threads * (pass_scatters(plan, pass) ? scatter_worker(plan) : gather_worker(plan));
}

void sgan_conv_pack(sgan_ctx *ctx, const sgan_conv_plan *plan, sgan_pass pass, const sgan_real *weights, void *packed)
{
	if (pass == SGAN_BACKWARD_WEIGHTS)
		return;
	if (pass_scatters(plan, pass))
		sgan_conv_pack_scatter(ctx, plan, weights, packed);
	else
		sgan_conv_pack_gather(ctx, plan, weights, packed);
}

void sgan_conv_forward(sgan_ctx *ctx, const sgan_conv_plan *plan, size_t n, const sgan_real *src, const void *packed,
                       const sgan_real *bias, sgan_real *dst, void *workspace)
{
	struct conv_call call = {
		.plan = plan,
		.n = n,
		.src = src,
		.packed = packed,
		.dst = dst,
		.epilogue = { .bias = bias, .act = plan->desc.act, .slope = plan->desc.slope },
		.workspace = workspace,
	};

	if (plan->desc.kind == SGAN_CONV)
		sgan_conv_gather(ctx, &call);
	else
		sgan_deconv_forward(ctx, &call);
}

void sgan_conv_backward_data(sgan_ctx *ctx, const sgan_conv_plan *plan, size_t n, const sgan_real *diff_dst,
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

	if (plan->desc.kind == SGAN_CONV)
		sgan_conv_scatter(ctx, &call);
	else
		sgan_deconv_backward_data(ctx, &call);
}

void sgan_conv_backward_weights(sgan_ctx *ctx, const sgan_conv_plan *plan, size_t n, const sgan_real *src,
                                const sgan_real *diff_dst, sgan_real *diff_weights, bool accumulate, void *workspace)
{
	if (plan->desc.kind == SGAN_CONV)
		sgan_conv_wgrad(ctx, plan, n, src, diff_dst, diff_weights, accumulate, workspace);
	else
		sgan_deconv_backward_weights(ctx, plan, n, src, diff_dst, diff_weights, accumulate, workspace);
}

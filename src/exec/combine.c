/* The one place through which partial sums of slices leave and enter a context.
 * It must not add: the order of sums is the operations'. */
#include "src/exec/combine.h"

#include "src/cpu/status.h"
#include "src/exec/ctx.h"

sgan_status sgan_combine(sgan_ctx *ctx, const sgan_partials *partials)
{
	if (partials->begin == 0 && partials->end == partials->slices)
		return SGAN_OK;
	if (!ctx->exchange)
		return sgan_fail(SGAN_EINVAL,
		                 "slices %zu to %zu of %zu: a sum over a part of the batch needs the context's exchange "
		                 "(sgan_ctx_set_exchange)",
		                 partials->begin, partials->end, partials->slices);
	return ctx->exchange(ctx->exchange_arg, partials);
}

void sgan_ctx_set_exchange(sgan_ctx *ctx, sgan_exchange *exchange, void *arg)
{
	if (!ctx)
		return;
	ctx->exchange = exchange;
	ctx->exchange_arg = arg;
}

/* The one place through which partial sums of slices leave and enter a context.
 * It must not add: the order of sums is the operations'. */
#include "src/exec/combine.h"

#include "src/cpu/status.h"
#include "src/exec/ctx.h"

static bool is_whole(size_t slices, size_t begin, size_t end)
{
	return begin == 0 && end == slices;
}

sgan_status sgan_check_exchange(const char *what, const sgan_ctx *ctx, size_t slices, size_t begin, size_t end)
{
	if (is_whole(slices, begin, end) || ctx->exchange)
		return SGAN_OK;
	return sgan_fail(SGAN_EINVAL,
	                 "%s: slices %zu to %zu of %zu: a sum over a part of the batch needs the context's exchange "
	                 "(sgan_ctx_set_exchange)",
	                 what, begin, end, slices);
}

sgan_status sgan_combine(sgan_ctx *ctx, const sgan_partials *p)
{
	if (is_whole(p->slices, p->begin, p->end))
		return SGAN_OK;
	SGAN_TRY(sgan_check_exchange("sum over the batch", ctx, p->slices, p->begin, p->end));
	return ctx->exchange(ctx->exchange_arg, p);
}

sgan_status sgan_ctx_set_exchange(sgan_ctx *ctx, sgan_exchange *exchange, void *arg)
{
	if (!ctx)
		return sgan_fail(SGAN_EINVAL, "exchange: ctx is NULL");
	ctx->exchange = exchange;
	ctx->exchange_arg = arg;
	return SGAN_OK;
}

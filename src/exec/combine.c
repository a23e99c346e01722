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
	if (is_whole(slices, begin, end) || sgan_ctx_exchanges(ctx))
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
	return ctx->exchange.gather(ctx->exchange.arg, p);
}

static bool divides_elements(const sgan_ctx *ctx)
{
	return ctx->exchange.share != NULL;
}

sgan_status sgan_combine_begin(sgan_ctx *ctx, const sgan_partials *p)
{
	if (!divides_elements(ctx))
		return sgan_combine(ctx, p);
	return ctx->exchange.scatter(ctx->exchange.arg, p);
}

void sgan_combine_share(const sgan_ctx *ctx, size_t all, size_t *first, size_t *count)
{
	*first = 0;
	*count = all;
	if (divides_elements(ctx))
		ctx->exchange.share(ctx->exchange.arg, all, first, count);
}

sgan_status sgan_combine_spread(sgan_ctx *ctx, sgan_element type, size_t count, void *sums)
{
	return divides_elements(ctx) ? ctx->exchange.spread(ctx->exchange.arg, type, count, sums) : SGAN_OK;
}

sgan_status sgan_combine_finish(sgan_ctx *ctx)
{
	return divides_elements(ctx) ? ctx->exchange.finish(ctx->exchange.arg) : SGAN_OK;
}

sgan_status sgan_ctx_set_exchange(sgan_ctx *ctx, const sgan_exchange *exchange)
{
	const sgan_exchange none = { .arg = NULL }, *e = exchange ? exchange : &none;
	const int dividing = !!e->share + !!e->scatter + !!e->spread + !!e->finish;

	if (!ctx)
		return sgan_fail(SGAN_EINVAL, "exchange: ctx is NULL");
	if ((exchange && !e->gather) || (dividing != 0 && dividing != 4))
		return sgan_fail(SGAN_EINVAL, "exchange: gather is NULL, or some of share, scatter, spread and finish are");
	ctx->exchange = *e;
	return SGAN_OK;
}

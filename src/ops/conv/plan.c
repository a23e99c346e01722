/* Plans: sizes checked, geometry lowered, one algorithm chosen for each pass. */
#include "src/ops/conv/plan.h"

#include <stdlib.h>

#include "src/exec/ctx.h"
#include "src/ops/args.h"

const char *const sgan_conv_pass_names[SGAN_PASS_COUNT] = {
	[SGAN_FORWARD] = "convolution, forward",
	[SGAN_BACKWARD_DATA] = "convolution, backward-data",
	[SGAN_BACKWARD_WEIGHTS] = "convolution, backward-weights",
};

/* An activation tensor, weights, or their packed form: elements that still leave room for a workspace. */
static const size_t max_elements = SIZE_MAX / 64 / sizeof(real);

static bool product_fits(size_t a, size_t b, size_t c, size_t d, size_t *product)
{
	const size_t factors[] = { b, c, d };

	*product = a;
	for (size_t i = 0; i < sizeof factors / sizeof *factors; i++) {
		if (factors[i] && *product > max_elements / factors[i])
			return false;
		*product *= factors[i];
	}
	return true;
}

/* Tensors, padded ones, and weights whatever their form can be addressed. */
static sgan_status check_sizes(struct conv_problem *p)
{
	const struct conv_base *b = &p->base;
	size_t unused, widest = b->x_c > b->y_c ? b->x_c : b->y_c, nr = p->kernels->gemm_nr;

	if (!product_fits(p->max_batch, conv_padded(&b->h), conv_padded(&b->w), b->x_c, &unused) ||
	    !product_fits(p->max_batch, b->h.y, b->w.y, b->y_c, &unused))
		return sgan_fail(SGAN_EINVAL, "convolution: %zu images of %zux%zux%zu and %zux%zux%zu are too large to address",
		                 p->max_batch, b->h.x, b->w.x, b->x_c, b->h.y, b->w.y, b->y_c);
	if (!product_fits(b->h.kernel, b->w.kernel, widest + nr, widest + nr, &unused) ||
	    !product_fits(b->h.kernel, b->w.kernel, b->x_c, b->y_c, &p->weight_count) ||
	    !product_fits(b->h.kernel, b->w.kernel, b->w.y, b->x_c + nr, &unused) ||
	    !product_fits(p->weight_count, p->slices, 1, 1, &unused))
		return sgan_fail(SGAN_EINVAL, "convolution: weights of %zux%zux%zux%zu are too large to address", b->h.kernel,
		                 b->w.kernel, b->x_c, b->y_c);
	return SGAN_OK;
}

/* The description with what 0 stands for, and its problem, of no operation yet. */
static sgan_status describe(const sgan_ctx *ctx, const sgan_conv_desc *given, sgan_conv_desc *desc,
                            struct conv_problem *problem)
{
	size_t *const ones[] = { &desc->stride_h, &desc->stride_w, &desc->dilation_h, &desc->dilation_w, &desc->slices };

	*desc = *given;
	for (size_t i = 0; i < sizeof ones / sizeof *ones; i++)
		*ones[i] = *ones[i] ? *ones[i] : 1;
	*problem = (struct conv_problem){ .kernels = ctx->kernels, .max_batch = desc->max_batch, .slices = desc->slices };
	SGAN_TRY(sgan_conv_lower(desc, &problem->base));
	return check_sizes(problem);
}

static sgan_status plan_pass(sgan_pass pass, const char *name, const struct conv_problem *problem,
                             struct conv_planned *planned)
{
	const struct conv_algorithm *a;
	size_t unused, packed;

	*planned = (struct conv_planned){ .problem = *problem };
	SGAN_TRY(sgan_conv_choose(sgan_conv_pass_names[pass], name, &planned->problem, &planned->algorithm));
	a = planned->algorithm;
	if (!product_fits(problem->weight_count, problem->slices, planned->problem.cut.pieces, 1, &unused))
		return sgan_fail(SGAN_EINVAL, "convolution: weights of %zu elements in %zu slices are too large to address",
		                 problem->weight_count, problem->slices);
	planned->worker_bytes = a->worker_bytes(&planned->problem);
	packed = a->packed_count ? a->packed_count(&planned->problem) : 0;
	if (packed > max_elements)
		return sgan_fail(SGAN_EINVAL,
		                 "convolution: weights of %zu elements, packed for \"%s\", are too large to address",
		                 problem->weight_count, a->name);
	planned->packed_bytes = conv_round_bytes(packed * sizeof(real));
	if (a->shared_bytes) {
		planned->shared_bytes[false] = a->shared_bytes(&planned->problem, false);
		planned->shared_bytes[true] = a->shared_bytes(&planned->problem, true);
	}
	if (planned->worker_bytes > SIZE_MAX / 4 / SGAN_THREADS_MAX)
		return sgan_fail(SGAN_EINVAL, "convolution: a workspace for %d threads is too large to address",
		                 SGAN_THREADS_MAX);
	return SGAN_OK;
}

static sgan_status make_plan(const sgan_ctx *ctx, const sgan_conv_desc *desc, struct sgan_conv_plan *plan)
{
	struct conv_problem problem;
	const struct conv_base *b = &problem.base;

	SGAN_TRY(describe(ctx, desc, &plan->desc, &problem));
	plan->out_h = desc->kind == SGAN_CONV ? b->h.y : b->h.x;
	plan->out_w = desc->kind == SGAN_CONV ? b->w.y : b->w.x;
	for (int pass = 0; pass < SGAN_PASS_COUNT; pass++) {
		problem.operation = sgan_conv_operation(desc->kind, (sgan_pass)pass);
		SGAN_TRY(plan_pass((sgan_pass)pass, desc->algorithm[pass], &problem, &plan->pass[pass]));
		plan->desc.algorithm[pass] = plan->pass[pass].algorithm->name;
	}
	return SGAN_OK;
}

sgan_status sgan_conv_plan_create(sgan_ctx *ctx, const sgan_conv_desc *desc, sgan_conv_plan **plan)
{
	struct sgan_conv_plan *made;
	sgan_status status;

	SGAN_TRY(sgan_check_ctx("convolution", ctx));
	SGAN_NEED("convolution", desc);
	SGAN_NEED("convolution", plan);
	made = calloc(1, sizeof *made);
	if (!made)
		return sgan_fail(SGAN_ENOMEM, "convolution: no memory for a plan");
	status = make_plan(ctx, desc, made);
	if (status != SGAN_OK) {
		free(made);
		return status;
	}
	*plan = made;
	return SGAN_OK;
}

void sgan_conv_plan_destroy(sgan_conv_plan *plan)
{
	free(plan);
}

/* --- what a plan tells ------------------------------------------------------- */

const sgan_conv_desc *sgan_conv_plan_desc(const sgan_conv_plan *plan)
{
	return plan ? &plan->desc : NULL;
}

size_t sgan_conv_out_h(const sgan_conv_plan *plan)
{
	return plan ? plan->out_h : 0;
}

size_t sgan_conv_out_w(const sgan_conv_plan *plan)
{
	return plan ? plan->out_w : 0;
}

const char *sgan_conv_plan_algorithm(const sgan_conv_plan *plan, sgan_pass pass)
{
	return plan && conv_is_pass(pass) ? plan->pass[pass].algorithm->name : NULL;
}

size_t sgan_conv_packed_size(const sgan_ctx *ctx, const sgan_conv_plan *plan, sgan_pass pass)
{
	return ctx && plan && conv_is_pass(pass) ? ctx->places->nodes * plan->pass[pass].packed_bytes : 0;
}

size_t sgan_conv_workspace_size(const sgan_ctx *ctx, const sgan_conv_plan *plan, sgan_pass pass)
{
	if (!ctx || !plan || !conv_is_pass(pass))
		return 0;
	return (size_t)ctx->threads * plan->pass[pass].worker_bytes +
	       plan->pass[pass].shared_bytes[sgan_ctx_exchanges(ctx)];
}

sgan_status sgan_conv_algorithms(sgan_ctx *ctx, const sgan_conv_desc *desc, sgan_pass pass, size_t most,
                                 const char **names, size_t *count)
{
	static const char what[] = "convolution, algorithms";
	const struct conv_algorithm *const *list;
	struct conv_problem problem;
	sgan_conv_desc whole;
	size_t all;

	SGAN_TRY(sgan_check_ctx(what, ctx));
	SGAN_NEED(what, desc);
	SGAN_NEED(what, count);
	if (most)
		SGAN_NEED(what, names);
	if (!conv_is_pass(pass))
		return sgan_fail(SGAN_EINVAL, "%s: unknown pass %d", what, (int)pass);
	SGAN_TRY(describe(ctx, desc, &whole, &problem));
	problem.operation = sgan_conv_operation(desc->kind, pass);
	list = sgan_conv_algorithm_list(problem.operation, &all);
	*count = 0;
	for (size_t i = 0; i < all; i++)
		if (list[i]->fits(&problem)) {
			if (*count < most)
				names[*count] = list[i]->name;
			++*count;
		}
	return SGAN_OK;
}

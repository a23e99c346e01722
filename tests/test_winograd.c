/* Winograd's filtering with every size of tile, those too that no plan chooses: what it loses. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/exec/ctx.h"
#include "src/ops/conv/plan.h"
#include "tests/conv_tensors.h"
#include "tests/slow.h"

static double norm(size_t count, const double *x)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += x[i] * x[i];
	return sqrt(sum);
}

/* Relative error of a pass with tiles that the plan need not have chosen; less than 0: they do not fit. */
static double error_with_tiles(sgan_ctx *ctx, const struct tensors *t, sgan_pass pass,
                               const struct winograd_kind *tiles)
{
	struct pass p = open_pass(ctx, t, pass, "winograd");
	struct conv_planned *planned = &p.plan->pass[pass];
	const struct conv_algorithm *a = planned->algorithm;
	bool weights = planned->problem.operation == CONV_WEIGHTS;
	real *found;
	double *off, error;

	if (!sgan_winograd_tiles_fit(&planned->problem.base, planned->problem.operation, tiles->m, tiles->even) ||
	    (weights && tiles->even != planned->problem.winograd_weights.tiling.even)) {
		close_pass(&p);
		return -1;
	}
	found = new_result(t, pass);
	off = new_zeros(t->count[pass]);
	if (weights)
		planned->problem.winograd_weights =
			sgan_winograd_weights_cut(&planned->problem.base, ctx->kernels, t->n, SLICES, tiles);
	else
		planned->problem.winograd =
			sgan_winograd_cut(&planned->problem.base, planned->problem.operation, ctx->kernels, t->n, tiles);
	planned->worker_bytes = a->worker_bytes(&planned->problem);
	if (a->packed_count)
		planned->packed_bytes = conv_round_bytes(a->packed_count(&planned->problem) * sizeof(real));
	sgan_free(p.packed);
	sgan_free(p.workspace);
	p.packed = sgan_alloc(planned->packed_bytes + 1, 1);
	p.workspace = sgan_alloc(sgan_conv_workspace_size(ctx, p.plan, pass) + 1, 1);
	cr_assert(p.packed && p.workspace);
	cr_assert_eq(sgan_conv_pack(ctx, p.plan, pass, t->weights, p.packed), SGAN_OK);
	cr_assert_eq(run_pass(&p, sgan_whole_batch(t->n, SLICES), found), SGAN_OK, "%s", sgan_last_error());
	for (size_t i = 0; i < t->count[pass]; i++)
		off[i] = (double)found[i] - t->exact[pass][i];
	error = norm(t->count[pass], off) / norm(t->count[pass], t->exact[pass]);
	free(off);
	sgan_free(found);
	close_pass(&p);
	return error;
}

/* Tiles of each size for each number of taps and stride, with even phases and with their own taps; what it loses is far
 * less than training notices. */
Test(winograd, winograd_is_exact_enough_with_any_tiles)
{
	static const sgan_conv_desc wide[] = {
		{ SGAN_CONV, 13, 11, 48, 33, 2, 2, .slices = SLICES },
		{ SGAN_CONV, 13, 11, 48, 33, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, .slices = SLICES },
		{ SGAN_DECONV, 9, 10, 48, 33, 4, 4, 1, 1, 1, 1, 1, 1, 1, 1, .slices = SLICES },
		{ SGAN_CONV, 13, 11, 48, 33, 5, 5, 1, 1, 1, 1, 2, 2, 2, 2, .slices = SLICES },
		{ SGAN_CONV, 17, 14, 33, 48, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1, .slices = SLICES },
		{ SGAN_CONV, 17, 14, 33, 48, 4, 4, 2, 2, 1, 1, 1, 1, 1, 1, .slices = SLICES },
		{ SGAN_CONV, 17, 14, 33, 48, 3, 4, 2, 2, 1, 1, 1, 1, 1, 1, .slices = SLICES },
		{ SGAN_DECONV, 9, 8, 33, 48, 4, 3, 2, 2, 1, 1, 1, 1, 1, 1, .slices = SLICES },
		{ SGAN_DECONV, 7, 6, 48, 33, 5, 5, 2, 2, 1, 1, 2, 2, 2, 2, .slices = SLICES },
	};
	double most = 0;
	size_t cases = 0;

	if (is_emulated())
		cr_skip_test("winograd_is_exact_enough_with_any_tiles: minutes in an emulator");
	for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
		struct tensors t;
		cr_assert(open_tensors(&wide[i], 9, &t));
		for (int isa = 0; isa < SGAN_ISA_COUNT; isa++) {
			sgan_ctx *ctx;
			if (!sgan_isa_usable((sgan_isa)isa))
				continue;
			ctx = new_context((sgan_isa)isa, 2);
			for (size_t m = 2; m < SGAN_WINOGRAD_MOST; m++)
				for (int even = 0; even < 2; even++)
					for (int pass = 0; pass < SGAN_PASS_COUNT; pass++) {
						const struct winograd_kind tiles = { m, even };
						double error = error_with_tiles(ctx, &t, (sgan_pass)pass, &tiles);
						if (error < 0)
							continue;
						cases++;
						most = fmax(most, error);
						cr_expect_lt(error, 2e-5, "%s, layer %zu, %s, tiles of %zu, %s: relative error %g",
						             sgan_isa_name((sgan_isa)isa), i, sgan_conv_pass_names[pass], m,
						             even ? "even" : "not even", error);
					}
			sgan_ctx_destroy(ctx);
		}
		close_tensors(&t);
	}
	cr_expect_gt(cases, 100);
	printf("largest relative error of Winograd's filtering: %.2g, %zu cases\n", most, cases);
	fflush(stdout);
}

/* Which algorithm a plan chooses for each pass of a convolution: what was measured to be faster; and the cost of a cut,
 * by which it does. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "src/ops/conv/plan.h"
#include "tests/conv_tensors.h"
#include "tests/slow.h"

static const char *expected_algorithm(const struct conv_problem *p)
{
	const struct conv_base *b = &p->base;
	bool few = b->x_c <= 4 && b->w.kernel > 1, run = few && b->w.dilation == 1;
	size_t positions = p->operation == CONV_SCATTER ? b->h.x * b->w.x : b->h.y * b->w.y;
	const struct conv_weights_sizes sizes = conv_weights_sizes(p);

	if (p->operation == CONV_WEIGHTS) {
		bool matrix = conv_is_pointwise(b) && (b->h.x * b->w.x == 1 || !sgan_weights_apart(&sizes));
		return matrix ? "rows" : run ? "runs" : "taps";
	}
	if (p->operation == CONV_SCATTER ? few : run)
		return p->operation == CONV_SCATTER ? "dots" : "runs";
	return 2 * p->max_batch > p->kernels->gemm_mr || positions <= p->max_batch ? "batch" : "indirect";
}

static void check_choice(sgan_ctx *ctx, sgan_conv_desc *desc)
{
	sgan_conv_plan *plan = NULL;

	for (int pass = 0; pass < SGAN_PASS_COUNT; pass++)
		desc->algorithm[pass] = "direct";
	if (sgan_conv_plan_create(ctx, desc, &plan) != SGAN_OK)
		return;
	for (int pass = 0; pass < SGAN_PASS_COUNT; pass++) {
		const char *expected = expected_algorithm(&plan->pass[pass].problem);
		cr_assert_str_eq(sgan_conv_plan_algorithm(plan, (sgan_pass)pass), expected,
		                 "%s, %s: %zux%zux%zux%zu to %zu, kernel %zux%zu, %zu slices: \"%s\", expected \"%s\"",
		                 sgan_isa_name(sgan_ctx_isa(ctx)), sgan_conv_pass_names[pass], desc->max_batch, desc->in_h,
		                 desc->in_w, desc->in_c, desc->out_c, desc->kernel_h, desc->kernel_w, desc->slices,
		                 sgan_conv_plan_algorithm(plan, (sgan_pass)pass), expected);
	}
	sgan_conv_plan_destroy(plan);
}

/* What costs come to among direct algorithms: few channels have algorithms of their own, dense layers are products,
 * small batches fill tiles with positions. It follows from the plan's largest batch, whatever a call's. NEON's tiles
 * are narrower, and what is faster with them nobody has measured. */
Test(conv_choice, direct_ones_are_chosen_as_was_measured)
{
	static const size_t wide[] = { 1, 3, 16, 64, 100, 256, 1024 }, batches[] = { 1, 2, 3, 7, 8, 20, 100, 128 };
	const int layers = is_sanitized() ? 2000 : 20000;

	for (int isa = 0; isa < SGAN_ISA_COUNT; isa++) {
		sgan_ctx *ctx;
		if (!sgan_isa_usable((sgan_isa)isa) || isa == SGAN_ISA_NEON)
			continue;
		ctx = new_context((sgan_isa)isa, 1);
		for (int i = 0; i < layers; i++) {
			sgan_conv_desc d = draw_layer();
			if (draw(0, 1))
				d.in_c = wide[draw(0, 6)];
			if (draw(0, 1))
				d.out_c = wide[draw(0, 6)];
			if (draw(0, 3) == 0)
				d.in_h = d.in_w = draw(8, 32);
			if (draw(0, 3) == 0)
				d.kernel_h = d.kernel_w = d.stride_h = d.stride_w = 1;
			if (draw(0, 2) == 0)
				d.pad_top = d.pad_bottom = d.pad_left = d.pad_right = 0;
			d.max_batch = batches[draw(0, 7)];
			d.slices = draw(1, 8);
			check_choice(ctx, &d);
		}
		sgan_ctx_destroy(ctx);
	}
}

/* Layers and the passes in which Winograd's filtering was faster: wide ones, at strides too, of enough tiles. */
Test(conv_choice, winograd_is_chosen_where_it_was_faster)
{
	static const struct {
		sgan_conv_desc layer;
		size_t batch;
		bool winograd[SGAN_PASS_COUNT];
	} cases[] = {
		{ EVEN_LAYER(SGAN_CONV, 16, 96, 192, 3, 1, 1), 100, { true, true, true } },
		{ EVEN_LAYER(SGAN_CONV, 14, 64, 128, 5, 1, 0), 100, { true, true, true } },
		{ EVEN_LAYER(SGAN_DECONV, 10, 256, 128, 5, 1, 0), 100, { true, true, true } },
		{ EVEN_LAYER(SGAN_DECONV, 14, 128, 128, 5, 2, 2), 100, { true, true, true } },
		{ EVEN_LAYER(SGAN_CONV, 6, 192, 192, 1, 1, 0), 100, { false, false, false } },
		{ EVEN_LAYER(SGAN_CONV, 1, 192, 192, 1, 1, 0), 100, { false, false, false } },
		{ EVEN_LAYER(SGAN_CONV, 32, 3, 96, 3, 1, 1), 100, { false, false, false } },
		{ EVEN_LAYER(SGAN_CONV, 4, 16, 16, 3, 1, 1), 1, { false, false, false } },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (int isa = 0; isa < SGAN_ISA_COUNT; isa++) {
			sgan_conv_desc d = cases[i].layer;
			sgan_conv_plan *plan = NULL;
			sgan_ctx *ctx;
			if (!sgan_isa_usable((sgan_isa)isa))
				continue;
			ctx = new_context((sgan_isa)isa, 1);
			d.max_batch = cases[i].batch;
			d.algorithm[SGAN_FORWARD] = "auto";
			cr_assert_eq(sgan_conv_plan_create(ctx, &d, &plan), SGAN_OK, "%s", sgan_last_error());
			for (int pass = 0; pass < SGAN_PASS_COUNT; pass++)
				cr_expect_eq(strcmp(sgan_conv_plan_algorithm(plan, (sgan_pass)pass), "winograd") == 0,
				             cases[i].winograd[pass], "%s, layer %zu, %s: \"%s\"", sgan_isa_name((sgan_isa)isa), i,
				             sgan_conv_pass_names[pass], sgan_conv_plan_algorithm(plan, (sgan_pass)pass));
			sgan_conv_plan_destroy(plan);
			sgan_ctx_destroy(ctx);
		}
}

/* The cost of a cut can be read. */
Test(conv_choice, a_cut_prints_its_cost)
{
	sgan_ctx *ctx = new_context(SGAN_ISA_GENERIC, 1);
	sgan_conv_desc desc = conv_layers[2];
	sgan_conv_plan *plan = NULL;
	struct conv_weights_sizes sizes;
	const struct conv_problem *problem;
	char text[800], some[40];
	int length;

	desc.max_batch = 10;
	cr_assert_eq(sgan_conv_plan_create(ctx, &desc, &plan), SGAN_OK);
	problem = &plan->pass[SGAN_BACKWARD_WEIGHTS].problem;
	sizes = conv_weights_sizes(problem);
	length = sgan_weights_print(&sizes, &problem->cut, sizeof text, text);
	cr_assert_eq((size_t)length, strlen(text));
	printf("%s", text);
	cr_expect_not_null(strstr(text, "slices 4, pieces of each 1"));
	cr_expect_not_null(strstr(text, "values                 X, read once"));
	cr_expect_not_null(strstr(text, "multiply-adds"));
	cr_expect_eq(sgan_weights_print(&sizes, &problem->cut, sizeof some, some), length);
	cr_expect_eq(strncmp(some, text, sizeof some - 1), 0);
	cr_expect_eq(strlen(some), sizeof some - 1);
	sgan_conv_plan_destroy(plan);
	sgan_ctx_destroy(ctx);
}

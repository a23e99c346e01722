/* Every algorithm of every operation of a convolution, on every instruction set that the machine has: against naive
 * loops in double within the algorithm's own error bound; an image's bits in any batch; each worker's memory; what is
 * asked for ahead. Ranges of slices and the choice of an algorithm have files of their own. */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/cpu/memory.h"
#include "src/exec/ctx.h"
#include "src/ops/conv/dots.h"
#include "src/ops/conv/plan.h"
#include "tests/conv_tensors.h"
#include "tests/slow.h"

enum { RANDOM_LAYERS = 60 };

/* --- against naive loops ----------------------------------------------------------- */

/* Layers that each algorithm was run on. */
static size_t ran[CONV_OPERATIONS][SGAN_ALGORITHMS_MAX][SGAN_ISA_COUNT];

static void count_run(const struct conv_planned *planned, sgan_isa isa)
{
	size_t count;
	const struct conv_algorithm *const *list = sgan_conv_algorithm_list(planned->problem.operation, &count);

	for (size_t i = 0; i < count; i++)
		ran[planned->problem.operation][i][isa] += list[i] == planned->algorithm;
}

static double activate(const sgan_conv_desc *d, sgan_pass pass, double x)
{
	if (pass != SGAN_FORWARD || d->act == SGAN_ACT_NONE || x > 0)
		return x;
	return d->act == SGAN_ACT_RELU ? 0 : (double)d->slope * x;
}

static void check_bound(sgan_ctx *ctx, const struct tensors *t, sgan_pass pass, const char *name)
{
	struct pass p = open_pass(ctx, t, pass, name);
	const struct conv_planned *planned = &p.plan->pass[pass];
	double rounding = (sizeof(real) == sizeof(float) ? (double)FLT_EPSILON : DBL_EPSILON) / 2;
	real *found = new_result(t, pass);
	double largest = 0;
	char text[320];

	for (size_t i = 0; i < t->count[pass]; i++)
		largest = fmax(largest, t->size[pass][i]);
	describe_pass(t, sgan_ctx_isa(ctx), pass, name, sizeof text, text);
	cr_assert_eq(run_pass(&p, sgan_whole_batch(t->n, SLICES), found), SGAN_OK, "%s", sgan_last_error());
	for (size_t i = 0; i < t->count[pass]; i++) {
		double off = fabs((double)found[i] - activate(&t->desc, pass, t->exact[pass][i]));
		double size = planned->algorithm->fast ? largest : t->size[pass][i];
		cr_assert(off <= planned->algorithm->error * rounding * size,
		          "%s: element %zu is %g, %g from the exact result: %g roundings of its products' size", text, i,
		          (double)found[i], off, off / rounding / size);
	}
	count_run(planned, sgan_ctx_isa(ctx));
	sgan_free(found);
	close_pass(&p);
}

/* Prints how many layers each algorithm was run on, by set; none may be 0. */
static void print_table(void)
{
	static const char *const operations[CONV_OPERATIONS] = { "gather", "scatter", "weights" };

	printf("%-10s %-10s", "operation", "algorithm");
	for (int isa = 0; isa < SGAN_ISA_COUNT; isa++)
		printf(" %8s", sgan_isa_usable((sgan_isa)isa) ? sgan_isa_name((sgan_isa)isa) : "");
	printf("   layers run\n");
	for (int operation = 0; operation < CONV_OPERATIONS; operation++) {
		size_t count;
		const struct conv_algorithm *const *list = sgan_conv_algorithm_list((enum conv_operation)operation, &count);
		for (size_t i = 0; i < count; i++) {
			printf("%-10s %-10s", operations[operation], list[i]->name);
			for (int isa = 0; isa < SGAN_ISA_COUNT; isa++) {
				if (!sgan_isa_usable((sgan_isa)isa))
					continue;
				printf(" %8zu", ran[operation][i][isa]);
				cr_expect(ran[operation][i][isa] > 0, "%s, \"%s\": no layer was run on %s", operations[operation],
				          list[i]->name, sgan_isa_name((sgan_isa)isa));
			}
			printf("\n");
		}
	}
	fflush(stdout);
}

Test(conv_algorithms, match_naive_loops_within_their_bounds)
{
	struct tensors t;

	const size_t count = conv_layer_count + (is_sanitized() ? RANDOM_LAYERS / 4 : RANDOM_LAYERS);
	for (size_t i = 0; i < count; i++) {
		sgan_conv_desc desc = i < conv_layer_count ? conv_layers[i] : draw_layer();
		if (!open_tensors(&desc, draw(1, 17), &t))
			continue;
		each_set(&t, 2, check_bound);
		close_tensors(&t);
	}
	print_table();
}

/* --- batches, workers -------------------------------------------------------------- */

/* However few of a plan's images a call has, each gets the same bits. */
static void check_first_images(sgan_ctx *ctx, const struct tensors *t, sgan_pass pass, const char *name)
{
	struct pass p = open_pass(ctx, t, pass, name);
	real *all = new_result(t, pass), *one = new_result(t, pass);
	char text[320];

	describe_pass(t, sgan_ctx_isa(ctx), pass, name, sizeof text, text);
	if (pass != SGAN_BACKWARD_WEIGHTS) {
		cr_assert_eq(run_pass(&p, sgan_whole_batch(t->n, SLICES), all), SGAN_OK);
		cr_assert_eq(run_pass(&p, sgan_whole_batch(1, SLICES), one), SGAN_OK);
		cr_expect_arr_eq(one, all, t->count[pass] / t->n * sizeof(real), "%s: alone, an image has other bits", text);
	}
	sgan_free(all);
	sgan_free(one);
	close_pass(&p);
}

Test(conv_algorithms, an_image_has_the_same_bits_in_any_batch)
{
	struct tensors t;

	if (is_emulated())
		cr_skip_test("an_image_has_the_same_bits_in_any_batch: minutes in an emulator");
	for (size_t i = 0; i < conv_layer_count; i++) {
		cr_assert(open_tensors(&conv_layers[i], 19, &t));
		each_set(&t, 2, check_first_images);
		close_tensors(&t);
	}
}

/* Each worker has its own memory; what all share does not grow with them. */
Test(conv_algorithms, workspaces_grow_by_worker)
{
	sgan_ctx *one = new_context(SGAN_ISA_GENERIC, 1), *two = new_context(SGAN_ISA_GENERIC, 2);
	sgan_ctx *most = new_context(SGAN_ISA_GENERIC, SGAN_THREADS_MAX);

	for (size_t i = 0; i < conv_layer_count; i++) {
		sgan_conv_desc desc = conv_layers[i];
		sgan_conv_plan *plan = NULL;
		desc.max_batch = 20;
		cr_assert_eq(sgan_conv_plan_create(one, &desc, &plan), SGAN_OK);
		for (int pass = 0; pass < SGAN_PASS_COUNT; pass++) {
			size_t first = sgan_conv_workspace_size(one, plan, (sgan_pass)pass);
			size_t worker = sgan_conv_workspace_size(two, plan, (sgan_pass)pass) - first;
			cr_expect_eq(worker % SGAN_ALIGN, 0);
			cr_expect_eq(sgan_conv_workspace_size(most, plan, (sgan_pass)pass),
			             first + (SGAN_THREADS_MAX - 1) * worker);
		}
		sgan_conv_plan_destroy(plan);
	}
	sgan_ctx_destroy(one);
	sgan_ctx_destroy(two);
	sgan_ctx_destroy(most);
}

/* --- single parts ---------------------------------------------------------------------- */

/* What a tile asks for ahead is as far from each of its rows, wherever the rows lie. */
Test(conv_algorithms, dots_ask_for_what_follows_each_row)
{
	const struct conv_base base = { .h = { .y = 6 }, .w = { .y = 5 }, .x_c = 2, .y_c = 7 };
	const ptrdiff_t distances[] = { 7, 5 * 7, 6 * 5 * 7 }; /* columns, rows, images */
	bool wanted[9 * 6 * 5 * 7 * 2];

	for (int way = 0; way < 3; way++)
		for (size_t m = 1; m <= 8; m++) {
			struct conv_ahead ahead = sgan_conv_dots_ahead(&base, distances[way], m);
			ptrdiff_t next = way == 0 ? 5 * 7 : 7;
			memset(wanted, 0, sizeof wanted);
			for (size_t i = 0; i < ahead.count; i++)
				for (size_t l = 0; l < ahead.length; l++)
					wanted[ahead.first + (ptrdiff_t)i * ahead.step + (ptrdiff_t)l] = true;
			for (size_t i = 0; i < m; i++)
				for (size_t l = 0; l < 7; l++)
					cr_assert(wanted[(ptrdiff_t)i * distances[way] + next + (ptrdiff_t)l]);
			cr_assert_eq(ahead.count * ahead.length, m * 7);
		}
}

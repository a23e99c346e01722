/* Every algorithm of a convolution, on every instruction set that the machine has, in ranges of slices against the
 * whole batch, bit for bit; and ranges that are refused. */
#include <criterion/criterion.h>
#include <string.h>

#include "src/cpu/status.h"
#include "src/exec/combine.h"
#include "src/exec/ctx.h"
#include "src/ops/conv/plan.h"
#include "tests/conv_tensors.h"
#include "tests/slow.h"

/* Sums of slices that callers leave for each other. The first time that each of them comes by, it leaves its own and
 * goes away; the second time it finds all. */
struct record {
	real *sums; /* [slices, count] */
	size_t count;
	bool complete;
};

static sgan_status leave_or_take(void *arg, const sgan_partials *partials)
{
	struct record *r = arg;
	real *data = partials->data;

	if (partials->type != sgan_element_of_real() || partials->count != r->count || partials->slices != SLICES)
		return sgan_fail(SGAN_EINVAL, "other partial sums than expected");
	if (r->complete) {
		memcpy(data, r->sums, SLICES * r->count * sizeof(real));
		return SGAN_OK;
	}
	memcpy(r->sums + partials->begin * r->count, data + partials->begin * r->count,
	       (partials->end - partials->begin) * r->count * sizeof(real));
	return sgan_fail(SGAN_EINTERRUPTED, "left");
}

/* A weight gradient by several callers, each of whom has it whole in the end. */
static void gradient_in_ranges(sgan_isa isa, const struct tensors *t, const char *name, size_t ranges,
                               const size_t *cut, const real *expected, const char *text)
{
	size_t count = t->count[SGAN_BACKWARD_WEIGHTS];
	struct record record = { new_values(SLICES * count), count, false };

	for (int round = 0; round < 2; round++, record.complete = true)
		for (size_t r = 0; r < ranges; r++) {
			sgan_ctx *ctx = new_context(isa, 1 + (int)r);
			const sgan_batch batch = { t->n, SLICES, cut[r], cut[r + 1] };
			real *found = new_result(t, SGAN_BACKWARD_WEIGHTS);
			struct pass p;
			sgan_ctx_set_exchange(ctx, &(sgan_exchange){ .arg = &record, .gather = leave_or_take });
			p = open_pass(ctx, t, SGAN_BACKWARD_WEIGHTS, name);
			cr_assert_eq(run_pass(&p, batch, found), round ? SGAN_OK : SGAN_EINTERRUPTED, "%s: %s", text,
			             sgan_last_error());
			cr_expect_arr_eq(found, round ? expected : t->before, count * sizeof(real), "%s: slices %zu to %zu, %s",
			                 text, cut[r], cut[r + 1], round ? "other bits" : "written though not complete");
			sgan_free(found);
			close_pass(&p);
			sgan_ctx_destroy(ctx);
		}
	sgan_free(record.sums);
}

/* Images by several callers, each of whom writes its own. */
static void images_in_ranges(sgan_isa isa, const struct tensors *t, sgan_pass pass, const char *name, size_t ranges,
                             const size_t *cut, const real *expected, const char *text)
{
	real *found = new_result(t, pass);

	for (size_t r = 0; r < ranges; r++) {
		sgan_ctx *ctx = new_context(isa, 1 + (int)r);
		const sgan_batch batch = { t->n, SLICES, cut[r], cut[r + 1] };
		struct pass p = open_pass(ctx, t, pass, name);
		cr_assert_eq(run_pass(&p, batch, found), SGAN_OK, "%s: %s", text, sgan_last_error());
		close_pass(&p);
		sgan_ctx_destroy(ctx);
	}
	cr_expect_arr_eq(found, expected, t->count[pass] * sizeof(real), "%s: other bits in %zu ranges", text, ranges);
	sgan_free(found);
}

static void check_ranges(sgan_ctx *ctx, const struct tensors *t, sgan_pass pass, const char *name)
{
	static const size_t two[] = { 0, 1, SLICES }, three[] = { 0, 2, 2, SLICES };
	struct pass p = open_pass(ctx, t, pass, name);
	real *whole = new_result(t, pass);
	sgan_isa isa = sgan_ctx_isa(ctx);
	char text[320];

	describe_pass(t, isa, pass, name, sizeof text, text);
	cr_assert_eq(run_pass(&p, sgan_whole_batch(t->n, SLICES), whole), SGAN_OK, "%s", sgan_last_error());
	if (pass == SGAN_BACKWARD_WEIGHTS) {
		gradient_in_ranges(isa, t, name, 2, two, whole, text);
		gradient_in_ranges(isa, t, name, 3, three, whole, text);
	} else {
		images_in_ranges(isa, t, pass, name, 2, two, whole, text);
		images_in_ranges(isa, t, pass, name, 3, three, whole, text);
	}
	sgan_free(whole);
	close_pass(&p);
}

/* 3 images leave a slice empty; 25 are pieces of slices, and more than a tile. */
Test(conv_ranges, ranges_of_slices_give_the_whole_batch_s_bits)
{
	static const size_t batches[] = { 3, 10, 25 };
	struct tensors t;

	if (is_emulated())
		cr_skip_test("ranges_of_slices_give_the_whole_batch_s_bits: minutes in an emulator");
	for (size_t i = 0; i < conv_layer_count; i++)
		for (size_t b = 0; b < sizeof batches / sizeof *batches; b++) {
			if (is_sanitized() && (i + b) % 3 != 0)
				continue;
			cr_assert(open_tensors(&conv_layers[i], batches[b], &t));
			each_set(&t, 2, check_ranges);
			close_tensors(&t);
		}
}

Test(conv_ranges, ranges_that_cannot_be_are_refused)
{
	struct tensors t;
	sgan_ctx *ctx = new_context(SGAN_ISA_GENERIC, 1);
	const sgan_batch part = { 5, SLICES, 1, 2 }, other = sgan_whole_batch(5, 2), reversed = { 5, SLICES, 3, 2 };
	const sgan_batch none = { 5, SLICES, 2, 2 };
	struct pass p;
	real *found;

	cr_assert(open_tensors(&conv_layers[2], 5, &t));
	p = open_pass(ctx, &t, SGAN_BACKWARD_WEIGHTS, "taps");
	found = new_result(&t, SGAN_BACKWARD_WEIGHTS);
	cr_expect_eq(run_pass(&p, part, found), SGAN_EINVAL);
	cr_expect_not_null(strstr(sgan_last_error(), "needs the context's exchange"), "%s", sgan_last_error());
	cr_expect_eq(run_pass(&p, other, found), SGAN_EINVAL);
	cr_expect_str_eq(sgan_last_error(), "convolution, backward-weights: a batch of 2 slices given to a plan for 4");
	cr_expect_eq(run_pass(&p, reversed, found), SGAN_EINVAL);
	cr_expect_arr_eq(found, t.before, t.count[SGAN_BACKWARD_WEIGHTS] * sizeof(real));
	close_pass(&p);
	sgan_free(found);
	p = open_pass(ctx, &t, SGAN_FORWARD, "batch");
	cr_expect_eq(sgan_conv_forward(ctx, p.plan, none, NULL, NULL, NULL, NULL, NULL), SGAN_OK);
	close_pass(&p);
	close_tensors(&t);
	sgan_ctx_destroy(ctx);
}

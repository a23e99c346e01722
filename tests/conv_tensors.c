/* Tensors drawn for a layer, and the two ways to a pass's result: naive loops, and a plan told which algorithm. */
#include "tests/conv_tensors.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/exec/ctx.h"
#include "src/ops/conv/plan.h"
#include "src/selftest/naive_conv.h"

sgan_ctx *new_context(sgan_isa isa, int threads)
{
	sgan_ctx_options options = { .isa = sgan_isa_name(isa), .threads = threads };
	sgan_ctx *ctx = NULL;

	cr_assert_eq(sgan_ctx_create(&options, &ctx), SGAN_OK, "%s", sgan_last_error());
	sgan_ctx_use_all(ctx);
	return ctx;
}

/* --- layers ------------------------------------------------------------------- */

static unsigned draw_state = 20;

size_t draw(size_t least, size_t most)
{
	draw_state = draw_state * 1664525 + 1013904223;
	return least + (draw_state >> 8) % (most - least + 1);
}

static void fill(size_t count, real *data)
{
	for (size_t i = 0; i < count; i++)
		data[i] = (real)draw(0, 1 << 23) / (real)(1 << 22) - 1;
}

real *new_values(size_t count)
{
	real *data = sgan_alloc(count + 1, sizeof *data);

	cr_assert_not_null(data);
	fill(count, data);
	return data;
}

const sgan_conv_desc conv_layers[] = {
	EVEN_LAYER(SGAN_CONV, 12, 1, 32, 5, 2, 2),
	EVEN_LAYER(SGAN_CONV, 9, 3, 33, 3, 1, 1),
	EVEN_LAYER(SGAN_CONV, 7, 40, 35, 3, 2, 1),
	EVEN_LAYER(SGAN_DECONV, 5, 17, 4, 4, 3, 1),
	EVEN_LAYER(SGAN_DECONV, 4, 40, 48, 5, 2, 2),
	EVEN_LAYER(SGAN_DECONV, 6, 33, 1, 5, 1, 0),
	EVEN_LAYER(SGAN_CONV, 1, 70, 50, 1, 1, 0),
	EVEN_LAYER(SGAN_CONV, 3, 64, 130, 1, 1, 0),
	EVEN_LAYER(SGAN_DECONV, 1, 19, 70, 1, 1, 0),
	/* Winograd's: each number of taps and stride, edges in the middle of tiles, other windows for a stride's phases. */
	EVEN_LAYER(SGAN_CONV, 9, 20, 33, 3, 1, 1),
	EVEN_LAYER(SGAN_CONV, 11, 9, 40, 5, 1, 2),
	EVEN_LAYER(SGAN_CONV, 12, 16, 24, 4, 2, 1),
	EVEN_LAYER(SGAN_CONV, 13, 24, 16, 5, 2, 2),
	EVEN_LAYER(SGAN_CONV, 8, 17, 16, 3, 2, 1),
	EVEN_LAYER(SGAN_CONV, 6, 16, 16, 2, 1, 0),
	EVEN_LAYER(SGAN_CONV, 14, 10, 18, 10, 2, 4),
	EVEN_LAYER(SGAN_DECONV, 5, 33, 18, 4, 2, 1),
	EVEN_LAYER(SGAN_DECONV, 6, 24, 17, 3, 2, 1),
	EVEN_LAYER(SGAN_DECONV, 7, 16, 35, 3, 1, 0),
	EVEN_LAYER(SGAN_DECONV, 6, 16, 16, 5, 2, 1),
	EVEN_LAYER(SGAN_DECONV, 4, 16, 20, 5, 1, 0),
	{ SGAN_CONV, 9, 14, 12, 20, 3, 6, 1, 2, 1, 1, 2, 0, 1, 3, .slices = SLICES, .act = SGAN_ACT_RELU },
	{ SGAN_DECONV, 5, 4, 20, 12, 6, 4, 2, 1, 1, 1, 3, 1, 0, 2, 1, 0, .slices = SLICES },
	{ SGAN_CONV, 9, 7, 2, 20, 3, 5, 2, 1, 2, 1, 1, 3, 0, 2, .slices = SLICES },
	{ SGAN_CONV, 8, 11, 20, 9, 2, 3, 1, 3, 3, 2, 0, 2, 4, 1, .slices = SLICES, .act = SGAN_ACT_RELU },
	{ SGAN_DECONV, 5, 4, 21, 3, 3, 2, 2, 4, 2, 3, 1, 0, 2, 1, 1, 3, .slices = SLICES },
	{ SGAN_DECONV, 3, 6, 16, 18, 4, 3, 4, 2, 2, 2, 0, 3, 1, 2, 2, 1, .slices = SLICES, .act = SGAN_ACT_RELU },
};
const size_t conv_layer_count = sizeof conv_layers / sizeof *conv_layers;

sgan_conv_desc draw_layer(void)
{
	static const size_t channels[] = { 1, 2, 3, 4, 5, 8, 15, 16, 17, 33 };
	sgan_conv_desc d = { .kind = draw(0, 1) ? SGAN_CONV : SGAN_DECONV, .slices = SLICES };

	d.in_h = draw(1, 8);
	d.in_w = draw(1, 8);
	d.in_c = channels[draw(0, 9)];
	d.out_c = channels[draw(0, 9)];
	d.kernel_h = draw(1, 4);
	d.kernel_w = draw(1, 4);
	d.stride_h = draw(1, 4);
	d.stride_w = draw(1, 4);
	d.dilation_h = draw(1, 3);
	d.dilation_w = draw(1, 3);
	d.pad_top = draw(0, 3);
	d.pad_bottom = draw(0, 3);
	d.pad_left = draw(0, 3);
	d.pad_right = draw(0, 3);
	if (d.kind == SGAN_DECONV) {
		d.out_pad_h = draw(0, d.stride_h - 1);
		d.out_pad_w = draw(0, d.stride_w - 1);
	}
	return d;
}

/* --- tensors of a layer, and what they come to ------------------------------------ */

double *new_zeros(size_t count)
{
	double *data = calloc(count + 1, sizeof *data);

	cr_assert_not_null(data);
	return data;
}

static void make_absolute(size_t count, real *data)
{
	for (size_t i = 0; i < count; i++)
		data[i] = data[i] < 0 ? -data[i] : data[i];
}

static void compute_naively(struct tensors *t, double *const result[SGAN_PASS_COUNT])
{
	const sgan_conv_desc *d = &t->desc;

	naive_conv_forward(d, t->out_h, t->out_w, t->n, t->src, t->weights, t->bias, result[SGAN_FORWARD]);
	naive_conv_backward(d, t->out_h, t->out_w, t->n, t->src, t->weights, t->diff_dst, result[SGAN_BACKWARD_DATA],
	                    result[SGAN_BACKWARD_WEIGHTS]);
	for (size_t i = 0; i < t->count[SGAN_BACKWARD_WEIGHTS]; i++)
		result[SGAN_BACKWARD_WEIGHTS][i] += (double)t->before[i];
}

/* The same tensors again and again: they are a function of the seed. */
static void fill_tensors(struct tensors *t, unsigned seed)
{
	draw_state = seed;
	fill(t->count[SGAN_BACKWARD_DATA], t->src);
	fill(t->count[SGAN_BACKWARD_WEIGHTS], t->weights);
	fill(t->desc.out_c, t->bias);
	fill(t->count[SGAN_FORWARD], t->diff_dst);
	fill(t->count[SGAN_BACKWARD_WEIGHTS], t->before);
}

bool open_tensors(const sgan_conv_desc *desc, size_t n, struct tensors *t)
{
	sgan_ctx *ctx = new_context(SGAN_ISA_GENERIC, 1);
	sgan_conv_plan *plan = NULL;
	unsigned seed = draw_state;

	*t = (struct tensors){ .desc = *desc, .n = n };
	t->desc.max_batch = n;
	if (sgan_conv_plan_create(ctx, &t->desc, &plan) == SGAN_OK) {
		t->out_h = sgan_conv_out_h(plan);
		t->out_w = sgan_conv_out_w(plan);
	}
	sgan_conv_plan_destroy(plan);
	sgan_ctx_destroy(ctx);
	if (!t->out_h)
		return false;
	t->count[SGAN_FORWARD] = n * t->out_h * t->out_w * desc->out_c;
	t->count[SGAN_BACKWARD_DATA] = n * desc->in_h * desc->in_w * desc->in_c;
	t->count[SGAN_BACKWARD_WEIGHTS] = desc->kernel_h * desc->kernel_w * desc->in_c * desc->out_c;
	t->src = new_values(t->count[SGAN_BACKWARD_DATA]);
	t->weights = new_values(t->count[SGAN_BACKWARD_WEIGHTS]);
	t->bias = new_values(desc->out_c);
	t->diff_dst = new_values(t->count[SGAN_FORWARD]);
	t->before = new_values(t->count[SGAN_BACKWARD_WEIGHTS]);
	for (int p = 0; p < SGAN_PASS_COUNT; p++) {
		t->exact[p] = new_zeros(t->count[p]);
		t->size[p] = new_zeros(t->count[p]);
	}
	fill_tensors(t, seed);
	make_absolute(t->count[SGAN_BACKWARD_DATA], t->src);
	make_absolute(t->count[SGAN_BACKWARD_WEIGHTS], t->weights);
	make_absolute(t->desc.out_c, t->bias);
	make_absolute(t->count[SGAN_FORWARD], t->diff_dst);
	make_absolute(t->count[SGAN_BACKWARD_WEIGHTS], t->before);
	compute_naively(t, t->size);
	fill_tensors(t, seed);
	compute_naively(t, t->exact);
	return true;
}

void close_tensors(struct tensors *t)
{
	sgan_free(t->src);
	sgan_free(t->weights);
	sgan_free(t->bias);
	sgan_free(t->diff_dst);
	sgan_free(t->before);
	for (int p = 0; p < SGAN_PASS_COUNT; p++) {
		free(t->exact[p]);
		free(t->size[p]);
	}
}

void describe_pass(const struct tensors *t, sgan_isa isa, sgan_pass pass, const char *algorithm, size_t size,
                   char *text)
{
	const sgan_conv_desc *d = &t->desc;

	snprintf(text, size,
	         "%s, \"%s\", %s %s: %zux%zux%zux%zu to %zu, kernel %zux%zu stride %zux%zu dilation %zux%zu pad %zu %zu "
	         "%zu %zu + %zux%zu",
	         sgan_isa_name(isa), algorithm, d->kind == SGAN_CONV ? "conv" : "deconv", sgan_conv_pass_names[pass], t->n,
	         d->in_h, d->in_w, d->in_c, d->out_c, d->kernel_h, d->kernel_w, d->stride_h, d->stride_w, d->dilation_h,
	         d->dilation_w, d->pad_top, d->pad_bottom, d->pad_left, d->pad_right, d->out_pad_h, d->out_pad_w);
}

/* --- one pass ---------------------------------------------------------------------- */

struct pass open_pass(sgan_ctx *ctx, const struct tensors *t, sgan_pass which, const char *algorithm)
{
	struct pass p = { .t = t, .pass = which, .ctx = ctx };
	sgan_conv_desc desc = t->desc;

	desc.algorithm[which] = algorithm;
	cr_assert_eq(sgan_conv_plan_create(ctx, &desc, &p.plan), SGAN_OK, "%s", sgan_last_error());
	cr_assert_str_eq(sgan_conv_plan_algorithm(p.plan, which), algorithm);
	p.packed = sgan_alloc(sgan_conv_packed_size(ctx, p.plan, which) + 1, 1);
	p.workspace = sgan_alloc(sgan_conv_workspace_size(ctx, p.plan, which) + 1, 1);
	cr_assert(p.packed && p.workspace);
	memset(p.workspace, 0xff, sgan_conv_workspace_size(ctx, p.plan, which)); /* NaNs: its content means nothing */
	cr_assert_eq(sgan_conv_pack(ctx, p.plan, which, t->weights, p.packed), SGAN_OK);
	return p;
}

void close_pass(struct pass *p)
{
	sgan_free(p->packed);
	sgan_free(p->workspace);
	sgan_conv_plan_destroy(p->plan);
}

sgan_status run_pass(const struct pass *p, sgan_batch batch, real *result)
{
	const struct tensors *t = p->t;

	if (p->pass == SGAN_FORWARD)
		return sgan_conv_forward(p->ctx, p->plan, batch, t->src, p->packed, t->bias, result, p->workspace);
	if (p->pass == SGAN_BACKWARD_DATA)
		return sgan_conv_backward_data(p->ctx, p->plan, batch, t->diff_dst, p->packed, result, p->workspace);
	return sgan_conv_backward_weights(p->ctx, p->plan, batch, t->src, t->diff_dst, result, true, p->workspace);
}

real *new_result(const struct tensors *t, sgan_pass pass)
{
	real *result = sgan_alloc(t->count[pass] + 1, sizeof *result);

	cr_assert_not_null(result);
	for (size_t i = 0; i < t->count[pass]; i++)
		result[i] = pass == SGAN_BACKWARD_WEIGHTS ? t->before[i] : (real)NAN;
	return result;
}

/* Calls visit for every algorithm that fits, of every pass. */
static void each_algorithm(sgan_ctx *ctx, const struct tensors *t,
                           void (*visit)(sgan_ctx *ctx, const struct tensors *t, sgan_pass pass, const char *name))
{
	for (int pass = 0; pass < SGAN_PASS_COUNT; pass++) {
		const char *names[SGAN_ALGORITHMS_MAX];
		size_t count = 0;
		cr_assert_eq(sgan_conv_algorithms(ctx, &t->desc, (sgan_pass)pass, SGAN_ALGORITHMS_MAX, names, &count), SGAN_OK);
		cr_assert(count >= 1 && count <= SGAN_ALGORITHMS_MAX);
		for (size_t i = 0; i < count; i++)
			visit(ctx, t, (sgan_pass)pass, names[i]);
	}
}

void each_set(const struct tensors *t, int threads,
              void (*visit)(sgan_ctx *ctx, const struct tensors *t, sgan_pass pass, const char *name))
{
	for (int isa = 0; isa < SGAN_ISA_COUNT; isa++) {
		sgan_ctx *ctx;
		if (!sgan_isa_usable((sgan_isa)isa))
			continue;
		ctx = new_context((sgan_isa)isa, threads);
		each_algorithm(ctx, t, visit);
		sgan_ctx_destroy(ctx);
	}
}

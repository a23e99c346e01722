/* Whole convolutions, deconvolutions and matrix products over random shapes with
 * every edge, against naive loops: exact on integers but for fast algorithms, and the adjoint identity
 * <conv x, y> = <x, deconv y> on reals. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/exec/ctx.h"
#include "src/ops/conv/plan.h"
#include "src/ops/ops.h"
#include "src/selftest/check.h"
#include "src/selftest/naive_conv.h"

enum { CONVOLUTIONS = 250, ADJOINTS = 40, PRODUCTS = 60, MOST_ELEMENTS = 60000, MOST_PRODUCTS = 600000 };

struct conv_case {
	sgan_conv_desc desc;
	sgan_conv_plan *plan;
	size_t n, out_h, out_w;
	size_t src_count, dst_count, weight_count;
	real *src, *weights, *bias;
	char what[280];
};

static size_t draw_channels(struct check *c)
{
	static const size_t edges[] = { 1, 2, 3, 4, 5, 7, 8, 13, 15, 16, 17, 31, 32, 33, 47 };

	return edges[check_between(c, 0, sizeof edges / sizeof *edges - 1)];
}

/* Half of the layers have sides and axes that are alike, no dilation, as most have that are trained. */
static void draw_window(struct check *c, sgan_conv_desc *d)
{
	bool alike = check_between(c, 0, 1);

	d->kernel_h = check_between(c, 1, 5);
	d->kernel_w = check_between(c, 1, 5);
	d->stride_h = check_between(c, 1, 4);
	d->stride_w = alike ? d->stride_h : check_between(c, 1, 4);
	d->dilation_h = alike ? 0 : check_between(c, 0, 3);
	d->dilation_w = alike ? 1 : check_between(c, 0, 3);
	d->pad_top = check_between(c, 0, 4);
	d->pad_bottom = alike ? d->pad_top : check_between(c, 0, 4);
	d->pad_left = alike ? d->pad_top : check_between(c, 0, 4);
	d->pad_right = alike ? d->pad_top : check_between(c, 0, 4);
	if (d->kind == SGAN_DECONV) {
		d->out_pad_h = check_between(c, 0, d->stride_h - 1);
		d->out_pad_w = check_between(c, 0, d->stride_w - 1);
	}
}

static void draw_desc(struct check *c, sgan_conv_desc *d, size_t *n)
{
	*n = check_between(c, 0, 2) ? check_between(c, 1, 9) : check_between(c, 10, 33);
	*d = (sgan_conv_desc){
		.kind = check_between(c, 0, 1) ? SGAN_CONV : SGAN_DECONV,
		.in_h = check_between(c, 1, 9),
		.in_w = check_between(c, 1, 9),
		.in_c = draw_channels(c),
		.out_c = draw_channels(c),
		.max_batch = *n + check_between(c, 0, 3),
		.slices = check_between(c, 0, 4),
		.act = (sgan_act)check_between(c, SGAN_ACT_NONE, SGAN_ACT_LRELU),
		.slope = (real)0.25,
	};
	draw_window(c, d);
	if (check_between(c, 0, 7) == 0) { /* a dense layer */
		d->in_h = d->in_w = d->kernel_h = d->kernel_w = d->stride_h = d->stride_w = 1;
		d->pad_top = d->pad_bottom = d->pad_left = d->pad_right = d->out_pad_h = d->out_pad_w = 0;
	}
}

static void describe_case(struct conv_case *t)
{
	const sgan_conv_desc *d = &t->desc;

	snprintf(t->what, sizeof t->what,
	         "%s %zux%zux%zux%zu to %zu, kernel %zux%zu stride %zux%zu dilation %zux%zu pad %zu %zu %zu %zu + %zux%zu, "
	         "slices %zu",
	         d->kind == SGAN_CONV ? "convolution" : "deconvolution", t->n, d->in_h, d->in_w, d->in_c, d->out_c,
	         d->kernel_h, d->kernel_w, d->stride_h, d->stride_w, d->dilation_h, d->dilation_w, d->pad_top,
	         d->pad_bottom, d->pad_left, d->pad_right, d->out_pad_h, d->out_pad_w, d->slices);
}

/* A case that has an output and is small enough; false if this draw is not. */
static bool draw_case(struct check *c, struct conv_case *t)
{
	const sgan_conv_desc *d = &t->desc;
	size_t pixels;

	draw_desc(c, &t->desc, &t->n);
	if (sgan_conv_plan_create(c->ctx, d, &t->plan) != SGAN_OK)
		return false; /* the padding or kernel left no output */
	t->out_h = sgan_conv_out_h(t->plan);
	t->out_w = sgan_conv_out_w(t->plan);
	t->src_count = t->n * d->in_h * d->in_w * d->in_c;
	t->dst_count = t->n * t->out_h * t->out_w * d->out_c;
	t->weight_count = d->kernel_h * d->kernel_w * d->in_c * d->out_c;
	pixels = d->kind == SGAN_CONV ? t->out_h * t->out_w : d->in_h * d->in_w;
	describe_case(t);
	if (t->src_count <= MOST_ELEMENTS && t->dst_count <= MOST_ELEMENTS && t->weight_count <= MOST_ELEMENTS &&
	    t->n * pixels * t->weight_count <= MOST_PRODUCTS)
		return true;
	sgan_conv_plan_destroy(t->plan);
	return false;
}

static sgan_batch whole(const struct conv_case *t)
{
	return sgan_whole_batch(t->n, t->desc.slices);
}

static real *integers(struct check *c, size_t count)
{
	real *data = check_input(c, count);

	check_fill(c, CHECK_INTEGERS, count, data);
	return data;
}

static void *workspace(struct check *c, const struct conv_case *t, sgan_pass pass)
{
	return check_input(c, sgan_conv_workspace_size(c->ctx, t->plan, pass) / sizeof(real));
}

static void ran(struct check *c, const struct conv_case *t, sgan_status status)
{
	if (status != SGAN_OK)
		check_fail(c, "%s: %s", t->what, sgan_last_error());
}

static void *packed(struct check *c, const struct conv_case *t, sgan_pass pass)
{
	void *memory = check_input(c, sgan_conv_packed_size(c->ctx, t->plan, pass) / sizeof(real));

	ran(c, t, sgan_conv_pack(c->ctx, t->plan, pass, t->weights, memory));
	return memory;
}

/* How far off a pass's results may be. Sums of small integers are exact, but for a fast algorithm's, whose bound is in
 * roundings of the largest sum of its products' absolute values: at most 9 each, bias and what is added to less. */
static double allowed(const struct conv_case *t, sgan_pass pass)
{
	const struct conv_algorithm *a = t->plan->pass[pass].algorithm;
	size_t pixels = t->desc.kind == SGAN_CONV ? t->out_h * t->out_w : t->desc.in_h * t->desc.in_w;
	size_t terms = pass == SGAN_BACKWARD_WEIGHTS
	                   ? t->n * pixels
	                   : t->desc.kernel_h * t->desc.kernel_w * (pass == SGAN_FORWARD ? t->desc.in_c : t->desc.out_c);

	return a->fast ? a->error * ((double)FLT_EPSILON / 2) * 9 * (double)(terms + 1) : 0;
}

static void compare(struct check *c, const struct conv_case *t, sgan_pass pass, size_t count, const real *found,
                    const double *expected)
{
	static const char *const names[SGAN_PASS_COUNT] = { "forward", "backward-data", "backward-weights" };
	double most = allowed(t, pass);

	for (size_t i = 0; i < count; i++)
		if (!(fabs((double)found[i] - expected[i]) <= most)) {
			check_fail(c, "%s, %s, \"%s\": element %zu is %.9g, expected %.9g within %.2g", t->what, names[pass],
			           sgan_conv_plan_algorithm(t->plan, pass), i, (double)found[i], expected[i], most);
			return;
		}
}

static void apply_act(const sgan_conv_desc *d, size_t count, double *x)
{
	double below = d->act == SGAN_ACT_NONE ? 1 : d->act == SGAN_ACT_RELU ? 0 : (double)d->slope;

	for (size_t i = 0; i < count; i++)
		x[i] = x[i] > 0 ? x[i] : below * x[i];
}

static void conv_forward_case(struct check *c, const struct conv_case *t, double *expected)
{
	real *dst = check_output(c, t->dst_count);

	ran(c, t,
	    sgan_conv_forward(c->ctx, t->plan, whole(t), t->src, packed(c, t, SGAN_FORWARD), t->bias, dst,
	                      workspace(c, t, SGAN_FORWARD)));
	naive_conv_forward(&t->desc, t->out_h, t->out_w, t->n, t->src, t->weights, t->bias, expected);
	apply_act(&t->desc, t->dst_count, expected);
	compare(c, t, SGAN_FORWARD, t->dst_count, dst, expected);
}

static void conv_backward_case(struct check *c, const struct conv_case *t, double *expected_src,
                               double *expected_weights)
{
	real *diff_dst = integers(c, t->dst_count);
	real *diff_src = check_output(c, t->src_count), *diff_weights = check_output(c, t->weight_count);
	void *scratch = workspace(c, t, SGAN_BACKWARD_WEIGHTS);
	bool accumulate = t->n % 2;

	for (size_t i = 0; i < t->weight_count && accumulate; i++)
		diff_weights[i] = 2;
	ran(c, t,
	    sgan_conv_backward_data(c->ctx, t->plan, whole(t), diff_dst, packed(c, t, SGAN_BACKWARD_DATA), diff_src,
	                            workspace(c, t, SGAN_BACKWARD_DATA)));
	ran(c, t,
	    sgan_conv_backward_weights(c->ctx, t->plan, whole(t), t->src, diff_dst, diff_weights, accumulate, scratch));
	naive_conv_backward(&t->desc, t->out_h, t->out_w, t->n, t->src, t->weights, diff_dst, expected_src,
	                    expected_weights);
	for (size_t i = 0; i < t->weight_count && accumulate; i++)
		expected_weights[i] += 2;
	compare(c, t, SGAN_BACKWARD_DATA, t->src_count, diff_src, expected_src);
	compare(c, t, SGAN_BACKWARD_WEIGHTS, t->weight_count, diff_weights, expected_weights);
}

/* Plans again, each pass with the algorithm of number `index` of those that fit, the last where there are fewer.
 * False: no pass has as many. */
static bool plan_with(struct check *c, struct conv_case *t, size_t index)
{
	bool any = false;

	sgan_conv_plan_destroy(t->plan);
	for (int pass = 0; pass < SGAN_PASS_COUNT; pass++) {
		const char *names[SGAN_ALGORITHMS_MAX];
		size_t count = 0;
		t->desc.algorithm[pass] = NULL;
		if (sgan_conv_algorithms(c->ctx, &t->desc, (sgan_pass)pass, SGAN_ALGORITHMS_MAX, names, &count) != SGAN_OK ||
		    !count || count > SGAN_ALGORITHMS_MAX)
			check_fail(c, "%s: %zu algorithms", t->what, count);
		else
			t->desc.algorithm[pass] = names[index < count ? index : count - 1];
		any = any || index < count;
	}
	t->plan = NULL;
	if (any)
		ran(c, t, sgan_conv_plan_create(c->ctx, &t->desc, &t->plan));
	return t->plan;
}

/* Every algorithm that fits, of every pass. */
static void conv_case(struct check *c, double *scratch)
{
	struct conv_case t;

	if (!draw_case(c, &t))
		return;
	for (size_t index = 0; plan_with(c, &t, index); index++) {
		t.src = integers(c, t.src_count);
		t.weights = integers(c, t.weight_count);
		t.bias = check_between(c, 0, 1) ? integers(c, t.desc.out_c) : NULL;
		conv_forward_case(c, &t, scratch);
		conv_backward_case(c, &t, scratch, scratch + MOST_ELEMENTS);
		check_release(c, t.what);
	}
}

/* The deconvolution that is a convolution's transpose. */
static void describe_transpose(const struct conv_case *t, sgan_conv_desc *back)
{
	*back = t->desc;
	back->kind = SGAN_DECONV;
	back->in_h = t->out_h;
	back->in_w = t->out_w;
	back->in_c = t->desc.out_c;
	back->out_c = t->desc.in_c;
	back->act = SGAN_ACT_NONE;
}

/* The output padding that makes it as large as the convolution's input: what the last window does not reach. */
static void pad_transpose(struct check *c, const struct conv_case *t, sgan_conv_desc *back)
{
	sgan_conv_plan *plan;

	if (sgan_conv_plan_create(c->ctx, back, &plan) != SGAN_OK)
		return;
	back->out_pad_h = t->desc.in_h - sgan_conv_out_h(plan);
	back->out_pad_w = t->desc.in_w - sgan_conv_out_w(plan);
	sgan_conv_plan_destroy(plan);
}

/* <conv x, y> = <x, deconv y> for the same weights. */
static void adjoint_case(struct check *c)
{
	struct conv_case t, back;
	double forward = 0, backward = 0, size = 0;
	real *x, *y, *conv_x, *deconv_y;

	if (!draw_case(c, &t))
		return;
	back = t;
	describe_transpose(&t, &back.desc);
	if (t.desc.kind == SGAN_CONV)
		pad_transpose(c, &t, &back.desc);
	if (t.desc.kind == SGAN_DECONV || t.desc.act != SGAN_ACT_NONE ||
	    sgan_conv_plan_create(c->ctx, &back.desc, &back.plan) != SGAN_OK) {
		sgan_conv_plan_destroy(t.plan);
		return;
	}
	x = check_input(c, t.src_count);
	y = check_input(c, t.dst_count);
	t.weights = back.weights = check_input(c, t.weight_count);
	check_fill(c, CHECK_REALS, t.src_count, x);
	check_fill(c, CHECK_REALS, t.dst_count, y);
	check_fill(c, CHECK_REALS, t.weight_count, t.weights);
	conv_x = check_output(c, t.dst_count);
	deconv_y = check_output(c, t.src_count);
	ran(c, &t,
	    sgan_conv_forward(c->ctx, t.plan, whole(&t), x, packed(c, &t, SGAN_FORWARD), NULL, conv_x,
	                      workspace(c, &t, SGAN_FORWARD)));
	ran(c, &t,
	    sgan_conv_forward(c->ctx, back.plan, whole(&t), y, packed(c, &back, SGAN_FORWARD), NULL, deconv_y,
	                      workspace(c, &back, SGAN_FORWARD)));
	for (size_t i = 0; i < t.dst_count; i++) {
		forward += (double)conv_x[i] * (double)y[i];
		size += fabs((double)conv_x[i]);
	}
	for (size_t i = 0; i < t.src_count; i++)
		backward += (double)x[i] * (double)deconv_y[i];
	if (!(fabs(forward - backward) <= 100 * (double)FLT_EPSILON * (1 + size)))
		check_fail(c, "%s: <conv x, y> is %.9g, <x, deconv y> %.9g", t.what, forward, backward);
	check_release(c, t.what);
	sgan_conv_plan_destroy(t.plan);
	sgan_conv_plan_destroy(back.plan);
}

void check_convolutions(struct check *c)
{
	double *scratch = calloc(2 * MOST_ELEMENTS, sizeof *scratch);

	if (!scratch) {
		check_fail(c, "no memory");
		return;
	}
	for (size_t i = 0; i < CONVOLUTIONS && !check_failed(c); i++)
		conv_case(c, scratch);
	for (size_t i = 0; i < ADJOINTS && !check_failed(c); i++)
		adjoint_case(c);
	free(scratch);
}

/* --- matrix products --------------------------------------------------------- */

struct product {
	bool trans_a, trans_b, accumulate;
	size_t m, n, k, lda, ldb, ldc;
	const real *a, *b;
};

static double exact_element(const struct product *p, size_t i, size_t j)
{
	double sum = 0;

	for (size_t l = 0; l < p->k; l++)
		sum += (double)p->a[p->trans_a ? l * p->lda + i : i * p->lda + l] *
		       (double)p->b[p->trans_b ? j * p->ldb + l : l * p->ldb + j];
	return sum;
}

/* Elements that a matrix of `rows` rows, `cols` wide, reaches over. */
static size_t extent(size_t rows, size_t cols, size_t ld)
{
	return rows && cols ? (rows - 1) * ld + cols : 0;
}

static void product_case(struct check *c)
{
	struct product p = {
		.trans_a = check_between(c, 0, 1),
		.trans_b = check_between(c, 0, 1),
		.accumulate = check_between(c, 0, 1),
		.m = check_between(c, 1, 40),
		.n = check_between(c, 1, 70),
		.k = check_between(c, 0, 3) ? check_between(c, 0, 60) : check_between(c, 505, 525),
	};
	size_t a_cols = p.trans_a ? p.m : p.k, b_cols = p.trans_b ? p.k : p.n;
	size_t a_count, b_count, c_count;
	char what[96];
	real *found;

	p.lda = a_cols + check_between(c, 0, 3);
	p.ldb = b_cols + check_between(c, 0, 3);
	p.ldc = p.n + check_between(c, 0, 3);
	a_count = extent(p.trans_a ? p.k : p.m, a_cols, p.lda);
	b_count = extent(p.trans_b ? p.n : p.k, b_cols, p.ldb);
	c_count = extent(p.m, p.n, p.ldc);
	p.a = integers(c, a_count);
	p.b = integers(c, b_count);
	found = check_output(c, c_count);
	for (size_t i = 0; i < c_count; i++)
		found[i] = p.accumulate || i % p.ldc >= p.n ? 7 : (real)NAN;
	snprintf(what, sizeof what, "matrix product %zux%zux%zu%s%s%s", p.m, p.n, p.k, p.trans_a ? " A^T" : "",
	         p.trans_b ? " B^T" : "", p.accumulate ? " accumulate" : "");
	if (sgan_gemm(c->ctx, p.trans_a, p.trans_b, p.m, p.n, p.k, p.a, p.lda, p.b, p.ldb, p.accumulate, found, p.ldc) !=
	    SGAN_OK)
		check_fail(c, "%s: %s", what, sgan_last_error());
	for (size_t i = 0; i < c_count; i++) {
		bool inside = i % p.ldc < p.n;
		double expected = inside ? exact_element(&p, i / p.ldc, i % p.ldc) + (p.accumulate ? 7 : 0) : 7;
		if ((double)found[i] != expected)
			check_fail(c, "%s: element %zu is %.9g, expected %.9g", what, i, (double)found[i], expected);
	}
	check_release(c, what);
}

void check_matrix_products(struct check *c)
{
	for (size_t i = 0; i < PRODUCTS && !check_failed(c); i++)
		product_case(c);
}

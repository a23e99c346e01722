/* The public calls as a program that links libsgan makes them: what they refuse, and several threads at once with a
 * context each. What they compute is in test_conv and test_ops. It must not use the library's inside. */
#include <sgan/conv.h>
#include <sgan/gemm.h>
#include <sgan/ops.h>

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static sgan_ctx *context(const char *isa, int threads)
{
	const sgan_ctx_options options = { .isa = isa, .threads = threads };
	sgan_ctx *ctx = NULL;

	cr_assert_eq(sgan_ctx_create(&options, &ctx), SGAN_OK, "%s", sgan_last_error());
	return ctx;
}

static void *aligned(size_t bytes)
{
	void *memory = sgan_alloc(1, bytes);

	cr_assert_not_null(memory, "%s", sgan_last_error());
	return memory;
}

Test(library, version_of_header_and_library)
{
	char version[64];

	snprintf(version, sizeof version, "%d.%d.%d", SGAN_VERSION_MAJOR, SGAN_VERSION_MINOR, SGAN_VERSION_PATCH);
	cr_expect_str_eq(sgan_version(), version);
	cr_expect_str_eq(PACKAGE_VERSION, version);
}

/* --- refusals ----------------------------------------------------------------- */

/* The call is refused as SGAN_EINVAL, for the reason given. */
#define REFUSED(call, reason)                                                                                          \
	do {                                                                                                               \
		cr_expect_eq(call, SGAN_EINVAL, "%s", #call);                                                                  \
		cr_expect_str_eq(sgan_last_error(), reason);                                                                   \
	} while (0)

static const size_t huge = SIZE_MAX / 2;
static const sgan_conv_desc small_layer = {
	.kind = SGAN_CONV,
	.in_h = 5,
	.in_w = 5,
	.in_c = 3,
	.out_c = 4,
	.kernel_h = 3,
	.kernel_w = 3,
	.stride_h = 2,
	.stride_w = 2,
	.pad_top = 1,
	.pad_bottom = 1,
	.pad_left = 1,
	.pad_right = 1,
	.max_batch = 2,
};
enum { SMALL = 1024 }; /* elements; more than any tensor of small_layer */

struct small {
	sgan_ctx *ctx;
	sgan_conv_plan *plan;
	sgan_real *a, *b, *out;
	void *packed, *workspace;
};

static struct small open_small(void)
{
	struct small s = { .ctx = context(NULL, 2) };
	size_t workspace = 0;

	cr_assert_eq(sgan_conv_plan_create(s.ctx, &small_layer, &s.plan), SGAN_OK, "%s", sgan_last_error());
	for (int pass = 0; pass < SGAN_PASS_COUNT; pass++) {
		size_t packed = sgan_conv_packed_size(s.ctx, s.plan, (sgan_pass)pass);
		size_t bytes = sgan_conv_workspace_size(s.ctx, s.plan, (sgan_pass)pass);
		cr_expect_eq(packed % 64, 0);
		cr_expect_eq(bytes % 64, 0);
		cr_assert(packed <= SMALL * sizeof(sgan_real) * 8);
		workspace = bytes > workspace ? bytes : workspace;
	}
	s.a = aligned(SMALL * sizeof(sgan_real));
	s.b = aligned(SMALL * sizeof(sgan_real));
	s.out = aligned(SMALL * sizeof(sgan_real));
	s.packed = aligned(SMALL * sizeof(sgan_real) * 8);
	s.workspace = aligned(workspace);
	for (size_t i = 0; i < SMALL; i++)
		s.out[i] = 7;
	return s;
}

/* Whatever was refused has written nothing. */
static void close_small(struct small *s)
{
	for (size_t i = 0; i < SMALL; i++)
		cr_assert_eq(s->out[i], 7, "element %zu was written", i);
	sgan_free(s->a);
	sgan_free(s->b);
	sgan_free(s->out);
	sgan_free(s->packed);
	sgan_free(s->workspace);
	sgan_conv_plan_destroy(s->plan);
	sgan_ctx_destroy(s->ctx);
}

Test(library, contexts_and_names_refused)
{
	const sgan_ctx_options none = { .isa = "mmx" }, negative = { .threads = -1 };
	sgan_ctx *ctx = NULL;
	sgan_isa isa;

	REFUSED(sgan_ctx_create(NULL, NULL), "context: ctx is NULL");
	REFUSED(sgan_ctx_create(&none, &ctx), "unknown instruction set \"mmx\": generic, avx2, avx512 or neon expected");
	REFUSED(sgan_ctx_create(&negative, &ctx), "threads: -1: a number from 1 to 1024 expected, or 0 for the machine's");
	cr_expect_null(ctx);
	REFUSED(sgan_isa_parse(NULL, &isa), "instruction set: name is NULL");
	REFUSED(sgan_isa_parse("avx2", NULL), "instruction set: isa is NULL");
	cr_expect_str_eq(sgan_isa_name((sgan_isa)99), "unknown");
	cr_expect_not(sgan_isa_built((sgan_isa)-1));
	cr_expect_not(sgan_isa_usable((sgan_isa)-1));
	cr_expect_eq(sgan_ctx_isa(NULL), SGAN_ISA_COUNT);
	cr_expect_eq(sgan_ctx_threads(NULL), 0);
	REFUSED(sgan_ctx_set_exchange(NULL, NULL), "exchange: ctx is NULL");
	sgan_ctx_destroy(NULL);
	sgan_conv_plan_destroy(NULL);
}

Test(library, memory)
{
	static const size_t sizes[] = { 0, 1, 64, 1000, 3 << 20 };
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		char *memory = sgan_alloc(sizes[i], 3);
		cr_assert_not_null(memory, "%s", sgan_last_error());
		cr_expect_eq((uintptr_t)memory % 64, 0, "%zu times 3 bytes", sizes[i]);
		for (size_t j = 0; j < 3 * sizes[i]; j++)
			cr_assert_eq(memory[j], 0);
		sgan_free(memory);
	}
	cr_expect_null(sgan_alloc(huge, 3));
	cr_expect_str_eq(sgan_last_error(),
	                 "memory: 9223372036854775807 elements of 3 bytes are more than can be addressed");
	sgan_free(NULL);
}

Test(library, plans_refused)
{
	struct small s = open_small();
	sgan_conv_desc wrong = small_layer;
	sgan_conv_plan *plan = NULL;

	REFUSED(sgan_conv_plan_create(NULL, &small_layer, &plan), "convolution: ctx is NULL");
	REFUSED(sgan_conv_plan_create(s.ctx, NULL, &plan), "convolution: desc is NULL");
	REFUSED(sgan_conv_plan_create(s.ctx, &small_layer, NULL), "convolution: plan is NULL");
	wrong.act = (sgan_act)4;
	REFUSED(sgan_conv_plan_create(s.ctx, &wrong, &plan), "convolution: unknown activation 4");
	cr_expect_null(plan);
	cr_expect_eq(sgan_conv_packed_size(s.ctx, s.plan, (sgan_pass)3), 0);
	cr_expect_eq(sgan_conv_packed_size(s.ctx, s.plan, SGAN_BACKWARD_WEIGHTS), 0);
	cr_expect_eq(sgan_conv_workspace_size(s.ctx, s.plan, (sgan_pass)-1), 0);
	REFUSED(sgan_conv_pack(s.ctx, s.plan, (sgan_pass)3, s.a, s.out), "convolution, packing: unknown pass 3");
	REFUSED(sgan_conv_pack(s.ctx, s.plan, SGAN_FORWARD, NULL, s.out), "convolution, packing: weights is NULL");
	REFUSED(sgan_conv_pack(s.ctx, s.plan, SGAN_FORWARD, s.a, NULL), "convolution, packing: packed is NULL");
	cr_expect_eq(sgan_conv_pack(s.ctx, s.plan, SGAN_FORWARD, s.a, (char *)s.out + 32), SGAN_EINVAL);
	cr_expect_eq(sgan_conv_pack(s.ctx, s.plan, SGAN_BACKWARD_WEIGHTS, NULL, NULL), SGAN_OK);
	close_small(&s);
}

Test(library, passes_refused)
{
	struct small s = open_small();
	const sgan_batch none = sgan_whole_batch(0, 1), two = sgan_whole_batch(2, 1), three = sgan_whole_batch(3, 1);
	const sgan_batch many = sgan_whole_batch(huge, 1);
	void *p = s.packed, *w = s.workspace, *crooked = (char *)s.workspace + 4;

	REFUSED(sgan_conv_forward(s.ctx, s.plan, three, s.a, p, NULL, s.out, w),
	        "convolution, forward: a batch of 3 images given to a plan for at most 2");
	REFUSED(sgan_conv_backward_data(s.ctx, s.plan, three, s.a, p, s.out, w),
	        "convolution, backward-data: a batch of 3 images given to a plan for at most 2");
	REFUSED(sgan_conv_backward_weights(s.ctx, s.plan, many, s.a, s.b, s.out, false, w),
	        "convolution, backward-weights: a batch of 9223372036854775807 images given to a plan for at most 2");
	REFUSED(sgan_conv_forward(NULL, s.plan, two, s.a, p, NULL, s.out, w), "convolution, forward: ctx is NULL");
	REFUSED(sgan_conv_forward(s.ctx, NULL, two, s.a, p, NULL, s.out, w), "convolution, forward: plan is NULL");
	REFUSED(sgan_conv_forward(s.ctx, s.plan, two, NULL, p, NULL, s.out, w), "convolution, forward: src is NULL");
	REFUSED(sgan_conv_forward(s.ctx, s.plan, two, s.a, NULL, NULL, s.out, w), "convolution, forward: packed is NULL");
	REFUSED(sgan_conv_forward(s.ctx, s.plan, two, s.a, p, NULL, NULL, w), "convolution, forward: dst is NULL");
	REFUSED(sgan_conv_backward_data(s.ctx, s.plan, two, NULL, p, s.out, w),
	        "convolution, backward-data: diff_dst is NULL");
	REFUSED(sgan_conv_backward_data(s.ctx, s.plan, two, s.a, p, NULL, w),
	        "convolution, backward-data: diff_src is NULL");
	REFUSED(sgan_conv_backward_data(s.ctx, s.plan, two, s.a, p, s.out, NULL),
	        "convolution, backward-data: workspace is NULL");
	REFUSED(sgan_conv_backward_weights(s.ctx, s.plan, two, NULL, s.b, s.out, false, w),
	        "convolution, backward-weights: src is NULL");
	REFUSED(sgan_conv_backward_weights(s.ctx, s.plan, two, s.a, NULL, s.out, false, w),
	        "convolution, backward-weights: diff_dst is NULL");
	REFUSED(sgan_conv_backward_weights(s.ctx, s.plan, none, s.a, s.b, NULL, false, w),
	        "convolution, backward-weights: diff_weights is NULL");
	cr_expect_eq(sgan_conv_backward_data(s.ctx, s.plan, two, s.a, p, s.out, crooked), SGAN_EINVAL);
	close_small(&s);
}

Test(library, products_refused)
{
	struct small s = open_small();

	REFUSED(sgan_gemm(NULL, false, false, 2, 2, 2, s.a, 2, s.b, 2, false, s.out, 2), "matrix product: ctx is NULL");
	REFUSED(sgan_gemm(s.ctx, false, false, 2, 2, 2, NULL, 2, s.b, 2, false, s.out, 2), "matrix product: a is NULL");
	REFUSED(sgan_gemm(s.ctx, false, false, 2, 2, 2, s.a, 2, NULL, 2, false, s.out, 2), "matrix product: b is NULL");
	REFUSED(sgan_gemm(s.ctx, false, false, 2, 2, 2, s.a, 2, s.b, 2, false, NULL, 2), "matrix product: c is NULL");
	REFUSED(sgan_gemm(s.ctx, true, true, 2, 2, 3, s.a, 2, s.b, 2, false, s.out, 2),
	        "matrix product: leading dimension of B is 2, expected at least 3");
	cr_expect_eq(sgan_gemm(s.ctx, false, false, huge, 1, 1, s.a, 1, s.b, 1, false, s.out, 1), SGAN_EINVAL);
	cr_expect_eq(sgan_gemm(s.ctx, false, false, 1, huge, 1, s.a, 1, s.b, huge, false, s.out, huge), SGAN_EINVAL);
	cr_expect_eq(sgan_gemm(s.ctx, true, false, 1, 1, huge, s.a, 1, s.b, 1, false, s.out, 1), SGAN_EINVAL);
	REFUSED(sgan_gemm(s.ctx, false, false, 2, 2, 0, NULL, 0, NULL, 2, false, NULL, 2), "matrix product: c is NULL");
	cr_expect_eq(sgan_gemm(s.ctx, false, false, 2, 2, 0, NULL, 0, NULL, 2, true, NULL, 2), SGAN_OK);
	cr_expect_eq(sgan_gemm(s.ctx, false, false, 0, 2, 2, NULL, 2, NULL, 2, false, NULL, 2), SGAN_OK);
	cr_expect_eq(sgan_gemm(s.ctx, false, false, 2, 0, 2, NULL, 2, NULL, 0, false, NULL, 0), SGAN_OK);
	close_small(&s);
}

static sgan_batch whole(size_t n)
{
	return sgan_whole_batch(n, 1);
}

Test(library, elementwise_refused)
{
	struct small s = open_small();
	const sgan_adam adam = { 1e-3, 0.5, 0.999, 1e-8, false }, wild = { 1e-3, 1, 0.999, 1e-8, false };

	REFUSED(sgan_act_forward(NULL, 4, s.a, SGAN_ACT_RELU, 0, s.out), "activation: ctx is NULL");
	REFUSED(sgan_act_forward(s.ctx, 4, NULL, SGAN_ACT_RELU, 0, s.out), "activation: src is NULL");
	REFUSED(sgan_act_forward(s.ctx, 4, s.a, (sgan_act)9, 0, s.out), "activation: unknown activation 9");
	cr_expect_eq(sgan_act_forward(s.ctx, huge, s.a, SGAN_ACT_RELU, 0, s.out), SGAN_EINVAL);
	REFUSED(sgan_act_backward(s.ctx, 4, s.a, NULL, SGAN_ACT_RELU, 0, s.out), "activation's gradient: diff_dst is NULL");
	REFUSED(sgan_act_backward(s.ctx, 4, s.a, s.b, SGAN_ACT_LRELU, -1, s.out),
	        "activation's gradient: slope is -1, expected at least 0");
	REFUSED(sgan_add(s.ctx, 4, s.a, NULL), "sum: dst is NULL");
	REFUSED(sgan_concat_forward(s.ctx, whole(2), 3, s.a, 4, NULL, s.out), "concatenation: b is NULL");
	cr_expect_eq(sgan_concat_forward(s.ctx, whole(2), huge, s.a, SIZE_MAX, s.b, s.out), SGAN_EINVAL);
	cr_expect_eq(sgan_concat_backward(s.ctx, whole(2), 3, NULL, 4, NULL, NULL), SGAN_OK);
	cr_expect_eq(sgan_concat_backward(s.ctx, whole(2), 3, NULL, 0, s.out, NULL), SGAN_OK);
	cr_expect_eq(sgan_concat_forward(s.ctx, whole(2), 0, NULL, 0, NULL, NULL), SGAN_OK);
	REFUSED(sgan_concat_backward(s.ctx, whole(2), 3, s.out, 4, s.out, NULL),
	        "concatenation's gradient: diff_dst is NULL");
	REFUSED(sgan_adam_step(s.ctx, &adam, 0, 4, s.a, s.out, s.out, s.out), "Adam: step 0, expected 1 for the first");
	REFUSED(sgan_adam_step(s.ctx, &wild, 1, 4, s.a, s.out, s.out, s.out),
	        "Adam: beta1 1, beta2 0.999, expected from 0 to less than 1");
	REFUSED(sgan_adam_step(s.ctx, &adam, 1, 4, s.a, s.out, NULL, s.out), "Adam: v is NULL");
	REFUSED(sgan_adam_step(s.ctx, NULL, 1, 4, s.a, s.out, s.out, s.out), "Adam: adam is NULL");
	REFUSED(sgan_random_uniform(s.ctx, 1, 2, 3, 0, 4, NULL), "uniform numbers: dst is NULL");
	REFUSED(sgan_random_normal(s.ctx, 1, 2, 3, 0, ((size_t)1 << 34) + 1, s.out),
	        "normal numbers: 17179869185 of one step from element 0 on, expected at most 2^34");
	REFUSED(sgan_random_uniform(s.ctx, 1, 2, 3, ((size_t)1 << 34) - 1, 2, s.out),
	        "uniform numbers: 2 of one step from element 17179869183 on, expected at most 2^34");
	REFUSED(sgan_random_uniform(s.ctx, 1, 2, 3, SIZE_MAX, 2, s.out),
	        "uniform numbers: 2 of one step from element 18446744073709551615 on, expected at most 2^34");
	REFUSED(sgan_random_permutation(1, 2, 3, 4, NULL), "permutation: dst is NULL");
	cr_expect_eq(sgan_act_forward(s.ctx, 0, NULL, SGAN_ACT_RELU, 0, NULL), SGAN_OK);
	cr_expect_eq(sgan_add(s.ctx, 0, NULL, NULL), SGAN_OK);
	cr_expect_eq(sgan_random_uniform(s.ctx, 1, 2, 3, 5, 0, NULL), SGAN_OK);
	close_small(&s);
}

Test(library, sums_over_the_batch_refused)
{
	struct small s = open_small();
	const sgan_bn bn = { .channels = 3 }, none = { 0 }, wild = { .channels = 3, .epsilon = -1 };
	const sgan_bn scaled = { .channels = 3, .running_scale = (sgan_bn_scale)3 };
	const sgan_batch half = { 2, 2, 0, 1 }, beyond = { 2, 2, 1, 3 }, backwards = { 2, 2, 1, 0 }, uncut = { 2, 0, 0, 0 };
	sgan_real *o = s.out;
	double loss = 7;
	const uint32_t labels[2] = { 0, 3 };
	uint8_t which[SMALL];

	REFUSED(sgan_bias_backward(s.ctx, whole(2), 2, 3, NULL, false, o), "bias gradient: diff is NULL");
	cr_expect_eq(sgan_bias_backward(s.ctx, whole(huge), 2, 3, s.a, false, o), SGAN_EINVAL);
	cr_expect_eq(sgan_bias_backward(s.ctx, sgan_whole_batch(2, SIZE_MAX), 2, 3, s.a, false, o), SGAN_EINVAL);
	REFUSED(sgan_bias_backward(s.ctx, uncut, 2, 3, s.a, false, o), "bias gradient: 0 slices, expected 1 to 1073741824");
	REFUSED(sgan_bias_backward(s.ctx, beyond, 2, 3, s.a, false, o),
	        "bias gradient: slices 1 to 3 of 2, expected a range within them");
	REFUSED(sgan_bn_forward_infer(s.ctx, &bn, backwards, 2, s.a, s.a, s.a, s.a, s.a, o),
	        "batch normalisation: slices 1 to 0 of 2, expected a range within them");
	REFUSED(sgan_bias_backward(s.ctx, half, 2, 3, s.a, false, o),
	        "bias gradient: slices 0 to 1 of 2: a sum over a part of the batch needs the context's exchange "
	        "(sgan_ctx_set_exchange)");
	REFUSED(sgan_bn_forward_train(s.ctx, &bn, half, 2, s.a, s.a, s.a, o, o, 0, NULL, NULL, o),
	        "batch normalisation: slices 0 to 1 of 2: a sum over a part of the batch needs the context's exchange "
	        "(sgan_ctx_set_exchange)");
	REFUSED(sgan_bn_forward_train(s.ctx, &scaled, whole(2), 2, s.a, s.a, s.a, o, o, 0, NULL, NULL, o),
	        "batch normalisation: unknown scale 3 of the running variance");
	REFUSED(sgan_bn_forward_train(s.ctx, NULL, whole(2), 2, s.a, s.a, s.a, o, o, 0, NULL, NULL, o),
	        "batch normalisation: bn is NULL");
	REFUSED(sgan_bn_forward_train(s.ctx, &none, whole(2), 2, s.a, s.a, s.a, o, o, 0, NULL, NULL, o),
	        "batch normalisation: 0 channels, expected at least 1");
	REFUSED(sgan_bn_forward_train(s.ctx, &wild, whole(2), 2, s.a, s.a, s.a, o, o, 0, NULL, NULL, o),
	        "batch normalisation: epsilon is -1, expected at least 0");
	REFUSED(sgan_bn_forward_train(s.ctx, &bn, whole(2), 2, s.a, s.a, s.a, o, o, 0, o, NULL, o),
	        "batch normalisation: one of running_mean and running_var is NULL, expected both or neither");
	cr_expect_eq(sgan_bn_forward_train(s.ctx, &bn, whole(huge), 2, s.a, s.a, s.a, o, o, 0, NULL, NULL, o), SGAN_EINVAL);
	REFUSED(sgan_bn_forward_infer(s.ctx, &bn, whole(2), 2, s.a, s.a, NULL, s.a, s.a, o),
	        "batch normalisation: shift is NULL");
	REFUSED(sgan_bn_backward(s.ctx, &bn, whole(2), 2, s.a, s.a, s.a, s.a, s.a, s.a, o, NULL, o),
	        "batch normalisation's gradient: one of diff_gain and diff_shift is NULL, expected both or neither");
	REFUSED(sgan_bn_backward_infer(s.ctx, &bn, whole(2), 2, s.a, s.a, s.a, s.a, s.a, NULL, o),
	        "batch normalisation's gradient: running_var is NULL");
	REFUSED(sgan_maxpool_forward(s.ctx, whole(1), 4, 4, 3, 17, s.a, o, which),
	        "max pooling: windows of 17x17 in images of 4x4x3, expected 1x1 to 16x16 inside one");
	REFUSED(sgan_maxpool_forward(s.ctx, whole(1), 4, 4, 3, 2, s.a, o, NULL), "max pooling: which is NULL");
	cr_expect_eq(sgan_maxpool_forward(s.ctx, whole(1), 4, 4, 0, 2, NULL, NULL, NULL), SGAN_OK);
	cr_expect_eq(sgan_maxpool_backward(s.ctx, whole(0), 4, 4, 3, 2, NULL, NULL, NULL), SGAN_OK);
	cr_expect_eq(sgan_maxpool_backward(s.ctx, whole(1), 4, 4, 3, 0, s.a, which, o), SGAN_EINVAL);
	cr_expect_eq(sgan_maxpool_backward(s.ctx, whole(huge), 4, 4, 3, 2, s.a, which, o), SGAN_EINVAL);
	REFUSED(sgan_softmax_cross_entropy(s.ctx, whole(2), 3, s.a, labels, 1, &loss, o),
	        "softmax cross-entropy: label of row 1 is 3, expected less than 3");
	REFUSED(sgan_softmax_cross_entropy(s.ctx, whole(2), 3, s.a, NULL, 1, &loss, o),
	        "softmax cross-entropy: labels is NULL");
	REFUSED(sgan_bce_logits(s.ctx, whole(0), s.a, 1, 1, &loss, o),
	        "binary cross-entropy: 0 rows of 1 values, expected at least one");
	REFUSED(sgan_bce_logits(s.ctx, whole(2), s.a, 1, 1, NULL, o), "binary cross-entropy: loss is NULL");
	REFUSED(sgan_mean_squared_error(s.ctx, whole(2), 3, s.a, NULL, 1, &loss, o), "mean squared error: target is NULL");
	cr_expect_eq(sgan_mean_squared_error(s.ctx, whole(huge), 3, s.a, s.b, 1, &loss, o), SGAN_EINVAL);
	cr_expect_eq(loss, 7);
	close_small(&s);
}

/* --- several threads ------------------------------------------------------------ */

enum {
	CALLERS = 4, /* threads that use the library at once */
	ROUNDS = 5,
	BATCH = 9,
	SIDE = 10, /* of the layer's input and, with stride 1 and padding, of its output */
	IN = 5,
	OUT = 19,
	KERNEL = 3,
	PIXELS = SIDE * SIDE,
	SRC = BATCH * PIXELS * IN,
	DST = BATCH * PIXELS * OUT,
	WEIGHTS = KERNEL * KERNEL * IN * OUT,
	POOLED = BATCH * PIXELS / 4 * OUT,
	ORDER = 33, /* of the matrices */
};

/* All that one caller computes, in one block that is compared as a whole. */
struct results {
	sgan_real dst[DST], normal[DST], diff[DST], diff_src[SRC], diff_weights[WEIGHTS];
	sgan_real mean[OUT], inv_std[OUT], diff_gain[OUT], diff_shift[OUT], diff_bias[OUT];
	sgan_real pooled[POOLED], product[ORDER * ORDER], m[WEIGHTS], v[WEIGHTS], weights[WEIGHTS];
	uint8_t which[POOLED];
	double loss;
};

struct caller {
	const sgan_conv_plan *plan; /* shared by all */
	uint64_t seed;              /* each has its own numbers */
	int threads;
	struct results *results;
	sgan_real *src, *target, *matrix;
	void *packed[2], *workspace[SGAN_PASS_COUNT];
	char failure[256];
};

static sgan_status fill_caller(sgan_ctx *ctx, struct caller *c)
{
	struct results *r = c->results;
	sgan_status status = sgan_random_normal(ctx, c->seed, 0, 0, 0, SRC, c->src);

	status = status ? status : sgan_random_uniform(ctx, c->seed, 1, 0, 0, DST, c->target);
	status = status ? status : sgan_random_normal(ctx, c->seed, 2, 0, 0, ORDER * ORDER, c->matrix);
	status = status ? status : sgan_random_normal(ctx, c->seed, 3, 0, 0, WEIGHTS, r->weights);
	status = status ? status : sgan_conv_pack(ctx, c->plan, SGAN_FORWARD, r->weights, c->packed[0]);
	return status ? status : sgan_conv_pack(ctx, c->plan, SGAN_BACKWARD_DATA, r->weights, c->packed[1]);
}

/* A layer's step: convolution, normalisation, loss, and back to the weights. */
static sgan_status step_caller(sgan_ctx *ctx, struct caller *c, uint64_t t)
{
	static const sgan_real ones[OUT] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
	static const sgan_bn bn = { OUT, (sgan_real)1e-6, SGAN_ACT_LRELU, (sgan_real)0.2, SGAN_BN_IMAGES };
	static const sgan_adam adam = { 1e-3, 0.5, 0.999, 1e-8, false };
	struct results *r = c->results;
	const sgan_batch batch = sgan_whole_batch(BATCH, 2);
	sgan_status s;

	s = sgan_conv_forward(ctx, c->plan, batch, c->src, c->packed[0], ones, r->dst, c->workspace[0]);
	s = s ? s
	      : sgan_bn_forward_train(ctx, &bn, batch, PIXELS, r->dst, ones, ones, r->mean, r->inv_std, 0, NULL, NULL,
	                              r->normal);
	s = s ? s : sgan_maxpool_forward(ctx, batch, SIDE, SIDE, OUT, 2, r->normal, r->pooled, r->which);
	memset(r->diff, 0, sizeof r->diff);
	s = s ? s
	      : sgan_mean_squared_error(ctx, sgan_whole_batch(BATCH, 3), PIXELS * OUT, r->normal, c->target, 1, &r->loss,
	                                r->diff);
	s = s ? s
	      : sgan_bn_backward(ctx, &bn, batch, PIXELS, r->dst, r->diff, ones, ones, r->mean, r->inv_std, r->diff_gain,
	                         r->diff_shift, r->diff);
	s = s ? s : sgan_bias_backward(ctx, batch, PIXELS, OUT, r->diff, true, r->diff_bias);
	s = s ? s : sgan_conv_backward_data(ctx, c->plan, batch, r->diff, c->packed[1], r->diff_src, c->workspace[1]);
	s = s ? s
	      : sgan_conv_backward_weights(ctx, c->plan, batch, c->src, r->diff, r->diff_weights, false, c->workspace[2]);
	s = s ? s
	      : sgan_gemm(ctx, false, true, ORDER, ORDER, ORDER, c->matrix, ORDER, c->matrix, ORDER, true, r->product,
	                  ORDER);
	s = s ? s : sgan_adam_step(ctx, &adam, t, WEIGHTS, r->diff_weights, r->m, r->v, r->weights);
	s = s ? s : sgan_conv_pack(ctx, c->plan, SGAN_FORWARD, r->weights, c->packed[0]);
	return s ? s : sgan_conv_pack(ctx, c->plan, SGAN_BACKWARD_DATA, r->weights, c->packed[1]);
}

/* Criterion's assertions are for the test's own thread: a caller leaves its failure in words. */
static void *call(void *arg)
{
	struct caller *c = arg;
	const sgan_ctx_options options = { .threads = c->threads };
	sgan_ctx *ctx;
	sgan_status status = sgan_ctx_create(&options, &ctx);

	if (status == SGAN_OK) {
		status = fill_caller(ctx, c);
		for (uint64_t t = 1; t <= ROUNDS && status == SGAN_OK; t++)
			status = step_caller(ctx, c, t);
		sgan_ctx_destroy(ctx);
	}
	if (status != SGAN_OK)
		snprintf(c->failure, sizeof c->failure, "status %d: %s", (int)status, sgan_last_error());
	return NULL;
}

static void open_caller(const sgan_ctx *ctx, const sgan_conv_plan *plan, uint64_t seed, int threads, struct caller *c)
{
	*c = (struct caller){ .plan = plan, .seed = seed, .threads = threads };
	c->results = aligned(sizeof *c->results);
	c->src = aligned(SRC * sizeof(sgan_real));
	c->target = aligned(DST * sizeof(sgan_real));
	c->matrix = aligned(ORDER * ORDER * sizeof(sgan_real));
	for (int pass = 0; pass < SGAN_PASS_COUNT; pass++)
		c->workspace[pass] = aligned(sgan_conv_workspace_size(ctx, plan, (sgan_pass)pass));
	for (int pass = 0; pass < 2; pass++)
		c->packed[pass] = aligned(sgan_conv_packed_size(ctx, plan, (sgan_pass)pass));
}

static void close_caller(struct caller *c)
{
	sgan_free(c->results);
	sgan_free(c->src);
	sgan_free(c->target);
	sgan_free(c->matrix);
	for (int pass = 0; pass < SGAN_PASS_COUNT; pass++)
		sgan_free(c->workspace[pass]);
	for (int pass = 0; pass < 2; pass++)
		sgan_free(c->packed[pass]);
}

static const sgan_conv_desc shared_layer = {
	.kind = SGAN_CONV,
	.in_h = SIDE,
	.in_w = SIDE,
	.in_c = IN,
	.out_c = OUT,
	.kernel_h = KERNEL,
	.kernel_w = KERNEL,
	.pad_top = 1,
	.pad_bottom = 1,
	.pad_left = 1,
	.pad_right = 1,
	.max_batch = BATCH,
	.slices = 2,
};

/* Several threads with a context each, of one thread and of two, get the bits that each gets alone. */
Test(library, threads_with_a_context_each)
{
	sgan_ctx *ctx = context(NULL, 2);
	sgan_conv_plan *plan = NULL;
	struct caller alone[CALLERS], together[CALLERS];
	pthread_t thread[CALLERS];

	cr_assert_eq(sgan_conv_plan_create(ctx, &shared_layer, &plan), SGAN_OK, "%s", sgan_last_error());
	for (unsigned i = 0; i < CALLERS; i++) {
		open_caller(ctx, plan, i, 1, &alone[i]);
		open_caller(ctx, plan, i, 1 + (int)(i % 2), &together[i]);
		call(&alone[i]);
		cr_assert_str_empty(alone[i].failure, "%s", alone[i].failure);
	}
	cr_assert_neq(memcmp(alone[0].results, alone[1].results, sizeof *alone[0].results), 0);
	for (int i = 0; i < CALLERS; i++)
		cr_assert_eq(pthread_create(&thread[i], NULL, call, &together[i]), 0);
	for (int i = 0; i < CALLERS; i++)
		cr_assert_eq(pthread_join(thread[i], NULL), 0);
	for (int i = 0; i < CALLERS; i++) {
		cr_expect_str_empty(together[i].failure, "%s", together[i].failure);
		cr_expect_eq(memcmp(together[i].results, alone[i].results, sizeof *alone[i].results), 0,
		             "caller %d, among others, has other bits than alone", i);
		close_caller(&alone[i]);
		close_caller(&together[i]);
	}
	sgan_conv_plan_destroy(plan);
	sgan_ctx_destroy(ctx);
}

static void *fail_elsewhere(void *arg)
{
	char *message = arg;

	strcpy(message, sgan_last_error());
	(void)sgan_gemm(NULL, false, false, 1, 1, 1, NULL, 1, NULL, 1, false, NULL, 1);
	return NULL;
}

Test(library, each_thread_has_its_own_last_error)
{
	char other[256] = "nothing was asked";
	pthread_t thread;

	REFUSED(sgan_isa_parse(NULL, NULL), "instruction set: name is NULL");
	cr_assert_eq(pthread_create(&thread, NULL, fail_elsewhere, other), 0);
	cr_assert_eq(pthread_join(thread, NULL), 0);
	cr_expect_str_eq(other, "");
	cr_expect_str_eq(sgan_last_error(), "instruction set: name is NULL");
}

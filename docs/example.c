/* libsgan in one program: a generator's deconvolution layer, its three passes, and a proof that they are right.
 *
 *     cc -o example example.c $(pkg-config --cflags --libs libsgan) -lm && ./example */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <sgan/conv.h>
#include <sgan/ops.h>

enum { BATCH = 32 };

/* 7x7 pixels of 128 channels become 14x14 of 64. */
static const sgan_conv_desc layer = {
	.kind = SGAN_DECONV,
	.in_h = 7,
	.in_w = 7,
	.in_c = 128,
	.out_c = 64,
	.kernel_h = 5,
	.kernel_w = 5,
	.stride_h = 2,
	.stride_w = 2,
	.pad_top = 2,
	.pad_bottom = 2,
	.pad_left = 2,
	.pad_right = 2,
	.out_pad_h = 1,
	.out_pad_w = 1,
	.max_batch = BATCH,
};

static void must(sgan_status status)
{
	if (status == SGAN_OK)
		return;
	fprintf(stderr, "example: %s\n", sgan_last_error());
	exit(EXIT_FAILURE);
}

/* Workspace and packed weights begin on 64-byte boundaries, as all that sgan_alloc gives; tensors may. */
static void *memory(size_t count, size_t size)
{
	void *allocated = sgan_alloc(count, size);

	if (!allocated) {
		fprintf(stderr, "example: %s\n", sgan_last_error());
		exit(EXIT_FAILURE);
	}
	return allocated;
}

static sgan_real *tensor(size_t count)
{
	return memory(count, sizeof(sgan_real));
}

/* Weights as a pass reads them; to be packed again whenever they change. */
static void *packed(sgan_ctx *ctx, const sgan_conv_plan *plan, sgan_pass pass, const sgan_real *weights)
{
	void *opaque = memory(1, sgan_conv_packed_size(ctx, plan, pass));

	must(sgan_conv_pack(ctx, plan, pass, weights, opaque));
	return opaque;
}

static double dot(size_t count, const sgan_real *a, const sgan_real *b)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += (double)a[i] * (double)b[i];
	return sum;
}

static double milliseconds(void)
{
	struct timespec now;

	timespec_get(&now, TIME_UTC);
	return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

int main(void)
{
	/* The instruction set and threads that suit the machine; a plan for the layer. */
	sgan_ctx *ctx;
	sgan_conv_plan *plan;
	must(sgan_ctx_create(NULL, &ctx));
	must(sgan_conv_plan_create(ctx, &layer, &plan));
	size_t out_h = sgan_conv_out_h(plan), out_w = sgan_conv_out_w(plan);
	printf("libsgan %s, %s, threads: %d\n", sgan_version(), sgan_isa_name(sgan_ctx_isa(ctx)), sgan_ctx_threads(ctx));
	printf("%d images: %zux%zux%zu to %zux%zux%zu\n", BATCH, layer.in_h, layer.in_w, layer.in_c, out_h, out_w,
	       layer.out_c);

	/* All memory is ours. Each random tensor has a stream of its own, so they differ. */
	size_t y_count = BATCH * layer.in_h * layer.in_w * layer.in_c, x_count = BATCH * out_h * out_w * layer.out_c;
	size_t weight_count = layer.kernel_h * layer.kernel_w * layer.out_c * layer.in_c, workspace_size = 0;
	sgan_real *y = tensor(y_count), *x = tensor(x_count), *weights = tensor(weight_count);
	sgan_real *deconv_y = tensor(x_count), *conv_x = tensor(y_count), *gradient = tensor(weight_count);
	must(sgan_random_normal(ctx, 1, 0, 0, 0, y_count, y));
	must(sgan_random_normal(ctx, 1, 1, 0, 0, x_count, x));
	must(sgan_random_normal(ctx, 1, 2, 0, 0, weight_count, weights));
	void *forward = packed(ctx, plan, SGAN_FORWARD, weights),
		 *backward = packed(ctx, plan, SGAN_BACKWARD_DATA, weights);
	for (int pass = 0; pass < SGAN_PASS_COUNT; pass++) {
		size_t bytes = sgan_conv_workspace_size(ctx, plan, (sgan_pass)pass);
		workspace_size = bytes > workspace_size ? bytes : workspace_size;
	}
	void *workspace = memory(1, workspace_size);

	for (int pass = 0; pass < SGAN_PASS_COUNT; pass++)
		printf("%s%s", pass ? ", " : "algorithms: ", sgan_conv_plan_algorithm(plan, (sgan_pass)pass));
	printf("\n");

	/* Twice, since the first round starts the threads and touches the memory. */
	for (int round = 0; round < 2; round++) {
		const sgan_batch batch = sgan_whole_batch(BATCH, 1);
		double begin = milliseconds(), forward_end, data_end;
		must(sgan_conv_forward(ctx, plan, batch, y, forward, NULL, deconv_y, workspace));
		forward_end = milliseconds();
		must(sgan_conv_backward_data(ctx, plan, batch, x, backward, conv_x, workspace));
		data_end = milliseconds();
		must(sgan_conv_backward_weights(ctx, plan, batch, y, x, gradient, false, workspace));
		printf("forward %.3f ms, backward-data %.3f ms, backward-weights %.3f ms\n", forward_end - begin,
		       data_end - forward_end, milliseconds() - data_end);
	}

	/* A deconvolution's backward-data is the convolution with the same weights, its transpose; and its forward pass is
	 * linear in the weights: so these three are one number, up to rounding. */
	double a = dot(x_count, x, deconv_y), b = dot(y_count, conv_x, y), c = dot(weight_count, weights, gradient);
	double size = sqrt(dot(x_count, x, x) * dot(x_count, deconv_y, deconv_y));
	printf("<x, deconv y> %.6g, <conv x, y> %.6g, <weights, gradient> %.6g\n", a, b, c);

	void *const all[] = { y, x, weights, deconv_y, conv_x, gradient, forward, backward, workspace };
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		sgan_free(all[i]);
	sgan_conv_plan_destroy(plan);
	sgan_ctx_destroy(ctx);
	return fabs(a - b) <= 1e-6 * size && fabs(a - c) <= 1e-6 * size ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* One pass of a linear layer of ours, on memory that it has for itself. */
#include "bench/pass.h"
#include "src/cpu/memory.h"
#include "src/ops/ops.h"

enum { MOST_SETS = 4096 };

void bench_pass_run(void *arg, size_t round)
{
	struct bench_pass *o = arg;
	const sgan_batch batch = sgan_whole_batch(o->n, sgan_conv_plan_desc(o->plan)->slices);
	real *src = o->src + round % o->sets * o->src_count, *dst = o->dst + round % o->sets * o->dst_count;
	if (o->pass == SGAN_FORWARD)
		sgan_conv_forward(o->ctx, o->plan, batch, src, o->packed, NULL, dst, o->workspace);
	else if (o->pass == SGAN_BACKWARD_DATA)
		sgan_conv_backward_data(o->ctx, o->plan, batch, dst, o->packed, src, o->workspace);
	else
		sgan_conv_backward_weights(o->ctx, o->plan, batch, src, dst, o->diff_weights, false, o->workspace);
}

void bench_pass_pack(void *arg, size_t round)
{
	struct bench_pass *o = arg;
	(void)round;
	sgan_conv_pack(o->ctx, o->plan, o->pass, o->weights, o->packed);
}

static real *make_values(sgan_ctx *ctx, uint32_t stream, size_t count)
{
	real *values = sgan_alloc(count, sizeof(real));
	if (values == NULL)
		bench_check(SGAN_ENOMEM, "operands");
	sgan_random_uniform(ctx, 1, stream, 0, 0, count, values);
	return values;
}

struct bench_pass bench_pass_create(sgan_ctx *ctx, const struct bench_layer *layer, size_t n)
{
	const sgan_conv_desc *d = &layer->desc;
	struct bench_pass o = { .ctx = ctx, .n = n, .desc = *d };
	bench_check(sgan_conv_plan_create(ctx, d, &o.plan), layer->name);
	o.src_count = n * d->in_h * d->in_w * d->in_c;
	o.dst_count = n * sgan_conv_out_h(o.plan) * sgan_conv_out_w(o.plan) * d->out_c;
	o.weight_count = d->kernel_h * d->kernel_w * d->in_c * d->out_c;
	o.sets = BENCH_ROTATION / ((o.src_count + o.dst_count) * sizeof(real)) + 1;
	o.sets = o.sets < 2 ? 2 : o.sets > MOST_SETS ? MOST_SETS : o.sets;
	o.src = make_values(ctx, 1, o.sets * o.src_count);
	o.dst = make_values(ctx, 2, o.sets * o.dst_count);
	o.weights = make_values(ctx, 3, o.weight_count);
	o.diff_weights = make_values(ctx, 4, o.weight_count);
	return o;
}

void bench_pass_prepare(struct bench_pass *o, sgan_pass pass, const char *algorithm)
{
	sgan_conv_plan_destroy(o->plan);
	o->desc.algorithm[pass] = algorithm;
	bench_check(sgan_conv_plan_create(o->ctx, &o->desc, &o->plan), algorithm);
	o->pass = pass;
	o->packed = sgan_alloc(sgan_conv_packed_size(o->ctx, o->plan, pass) + 1, 1);
	o->workspace = sgan_alloc(sgan_conv_workspace_size(o->ctx, o->plan, pass) + 1, 1);
	if (o->packed == NULL || o->workspace == NULL)
		bench_check(SGAN_ENOMEM, "workspace");
	bench_check(sgan_conv_pack(o->ctx, o->plan, pass, o->weights, o->packed), "packing");
}

void bench_pass_end(struct bench_pass *o)
{
	sgan_free(o->packed);
	sgan_free(o->workspace);
}

void bench_pass_destroy(struct bench_pass *o)
{
	sgan_free(o->src);
	sgan_free(o->dst);
	sgan_free(o->weights);
	sgan_free(o->diff_weights);
	sgan_conv_plan_destroy(o->plan);
}

/* The arithmetic of networks and steps: how many floating-point operations they take at the least. */
#include "bench/bench.h"

static double values(const size_t shape[3])
{
	return (double)shape[0] * (double)shape[1] * (double)shape[2];
}

static double layer_work(const struct sgan_layer_desc *l, const size_t in[3], const size_t out[3])
{
	const double taps = (double)l->kernel * (double)l->kernel;
	switch (l->kind) {
	case SGAN_LAYER_CONV:
		return values(out) * taps * (double)in[2];
	case SGAN_LAYER_DECONV:
		return values(in) * taps * (double)l->out;
	case SGAN_LAYER_DENSE:
		return values(in) * (double)l->out;
	case SGAN_LAYER_INPUT:
	case SGAN_LAYER_MAXPOOL:
	case SGAN_LAYER_CONCAT:
	case SGAN_LAYER_KINDS:
		break;
	}
	return 0;
}

struct bench_work bench_net_work(const struct sgan_net_desc *desc)
{
	size_t shapes[SGAN_LAYERS][3];
	struct bench_work work = { 0, 0 };
	if (sgan_net_shapes(desc, shapes) != SGAN_OK)
		return work;
	for (size_t i = 0; i < desc->layer_count; i++) {
		int source = sgan_net_desc_source(desc, i, 0);
		if (source < 0)
			continue;
		double one = layer_work(&desc->layers[i], shapes[source], shapes[i]);
		work.forward += one;
		work.first += desc->layers[source].kind == SGAN_LAYER_INPUT ? one : 0;
	}
	return work;
}

static double stack_work(const struct sgan_stack_desc *stack)
{
	const struct bench_work g = bench_net_work(&stack->generator), d = bench_net_work(&stack->discriminator);
	double d_step = g.forward + 2 * (d.forward + d.forward + (d.forward - d.first));
	double g_step = g.forward + (d.forward + d.forward) + g.forward + (g.forward - g.first);
	return d_step + g_step;
}

double bench_step_flop(const struct sgan_preset *preset, enum sgan_stage stage)
{
	const struct bench_work e = bench_net_work(&preset->encoder);
	if (stage == SGAN_STAGE_ENCODER)
		return 2 * (3 * e.forward - e.first);
	double work = e.forward; /* h(i) of the batch */
	work += 2 * e.forward;   /* all E_i on generated h(i), forward and back to it */
	for (size_t i = 0; i < preset->stack_count; i++)
		work += stack_work(&preset->stacks[i]);
	return 2 * work;
}

double bench_sample_flop(const struct sgan_preset *preset)
{
	double work = 0;
	for (size_t i = 0; i < preset->stack_count; i++)
		work += bench_net_work(&preset->stacks[i].generator).forward;
	return 2 * work;
}

/* The arithmetic of networks and steps: how many floating-point operations they take at the least. */
#include <string.h>

#include "bench/bench.h"

static bool reads_input(const struct sgan_net_desc *desc, size_t i)
{
	const struct sgan_layer_desc *l = &desc->layers[i];
	if (l->from[0][0] == '\0')
		return i > 0 && desc->layers[i - 1].kind == SGAN_LAYER_INPUT;
	for (size_t j = 0; j < i; j++)
		if (strcmp(desc->layers[j].name, l->from[0]) == 0)
			return desc->layers[j].kind == SGAN_LAYER_INPUT;
	return false;
}

static size_t source_of(const struct sgan_net_desc *desc, size_t i)
{
	const char *from = desc->layers[i].from[0];
	for (size_t j = 0; j < i && from[0] != '\0'; j++)
		if (strcmp(desc->layers[j].name, from) == 0)
			return j;
	return i - 1;
}

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
	default:
		return 0;
	}
}

struct bench_work bench_net_work(const struct sgan_net_desc *desc)
{
	size_t shapes[SGAN_LAYERS][3];
	struct bench_work work = { 0, 0 };
	if (sgan_net_shapes(desc, shapes) != SGAN_OK)
		return work;
	for (size_t i = 1; i < desc->layer_count; i++) {
		double one = layer_work(&desc->layers[i], shapes[source_of(desc, i)], shapes[i]);
		work.forward += one;
		work.first += reads_input(desc, i) ? one : 0;
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
	double work = e.forward;    /* h(i) of the batch */
	work += 2 * e.forward;      /* all E_i on generated h(i), forward and back to it */
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

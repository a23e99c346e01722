/* The arithmetic of networks and steps: how many floating-point operations they take at the least. */
#include "bench/bench.h"

static double values(const size_t shape[3])
{
	return (double)shape[0] * (double)shape[1] * (double)shape[2];
}

double bench_layer_work(const struct sgan_layer_desc *l, const size_t in[3], const size_t out[3])
{
	const double taps = (double)l->kernel * (double)l->kernel;
	if (l->kind == SGAN_LAYER_CONV)
		return values(out) * taps * (double)in[2];
	if (l->kind == SGAN_LAYER_DECONV)
		return values(in) * taps * (double)l->out;
	return l->kind == SGAN_LAYER_DENSE ? values(in) * (double)l->out : 0;
}

/* Whether all that a layer reads comes from inputs, with nothing to learn in between. */
static bool reads_inputs_alone(const struct sgan_net_desc *desc, int layer)
{
	if (layer < 0 || desc->layers[layer].kind == SGAN_LAYER_INPUT)
		return true;
	return !sgan_layer_is_linear(desc->layers[layer].kind) &&
	       reads_inputs_alone(desc, sgan_net_desc_source(desc, (size_t)layer, 0)) &&
	       reads_inputs_alone(desc, sgan_net_desc_source(desc, (size_t)layer, 1));
}

struct bench_work bench_net_work(const struct sgan_net_desc *desc)
{
	size_t shapes[SGAN_LAYERS][3];
	struct bench_work work = { 0, 0 };
	bench_check(sgan_net_shapes(desc, shapes), "preset");
	for (size_t i = 0; i < desc->layer_count; i++) {
		int source = sgan_net_desc_source(desc, i, 0);
		if (source < 0)
			continue;
		double one = bench_layer_work(&desc->layers[i], shapes[source], shapes[i]);
		work.forward += one;
		work.first += reads_inputs_alone(desc, source) ? one : 0;
	}
	return work;
}

/* E_i, the encoder's part of stack i. */
static double encoder_part_work(const struct sgan_preset *preset, size_t i)
{
	struct sgan_net_desc part;
	bench_check(
		sgan_net_desc_cut(&preset->encoder, i > 0 ? preset->stacks[i - 1].cut : "", preset->stacks[i].cut, &part),
		"encoder");
	return bench_net_work(&part).forward;
}

struct bench_step_work bench_step_work(const struct sgan_preset *preset, enum sgan_stage stage, int stack)
{
	const struct bench_work e = bench_net_work(&preset->encoder);
	struct bench_step_work work = { 0, 2 * (3 * e.forward - e.first), 0 };
	if (stage == SGAN_STAGE_ENCODER)
		return work;
	work.first = 0;
	for (size_t i = 0; i < preset->stack_count; i++) {
		const double ei = encoder_part_work(preset, i);
		if (stack < 0 || (int)i <= stack)
			work.batch += 2 * ei; /* h(i) of the batch, as far up as the steps need it */
		if (stack >= 0 && (int)i != stack)
			continue;
		const struct bench_work g = bench_net_work(&preset->stacks[i].generator);
		const struct bench_work d = bench_net_work(&preset->stacks[i].discriminator);
		/* D: of the real and of the generated batch forward, weights' gradients, gradients except the image's */
		work.first += 2 * (g.forward + 2 * (d.forward + d.forward + (d.forward - d.first)));
		/* G: forward; D and E_i forward and back to what G made; weights' gradients, gradients */
		work.second += 2 * (g.forward + 2 * d.forward + 2 * ei + g.forward + (g.forward - g.first));
	}
	return work;
}

double bench_sample_work(const struct sgan_preset *preset)
{
	double work = 0;
	for (size_t i = 0; i < preset->stack_count; i++)
		work += bench_net_work(&preset->stacks[i].generator).forward;
	return 2 * work;
}

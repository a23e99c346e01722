/* The linear layers of a preset's networks, as the plans that a network would make of them. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "bench/bench.h"

const char *const bench_pass_names[SGAN_PASS_COUNT] = { "forward", "backward-data", "backward-weights" };
const char *const bench_pass_options[SGAN_PASS_COUNT] = { "fwd", "bwd-data", "bwd-weights" };

static void describe(const struct sgan_layer_desc *l, const size_t in[3], const size_t out[3], size_t batch,
                     size_t slices, struct bench_layer *layer)
{
	const bool dense = l->kind == SGAN_LAYER_DENSE;
	const size_t pad = dense ? 0 : l->pad;
	layer->dense = dense;
	layer->work = bench_layer_work(l, in, out);
	layer->desc = (sgan_conv_desc){ .kind = l->kind == SGAN_LAYER_DECONV ? SGAN_DECONV : SGAN_CONV,
		                            .in_h = dense ? 1 : in[0],
		                            .in_w = dense ? 1 : in[1],
		                            .in_c = dense ? in[0] * in[1] * in[2] : in[2],
		                            .out_c = l->out,
		                            .kernel_h = dense ? 1 : l->kernel,
		                            .kernel_w = dense ? 1 : l->kernel,
		                            .stride_h = dense ? 1 : l->stride,
		                            .stride_w = dense ? 1 : l->stride,
		                            .pad_top = pad,
		                            .pad_bottom = pad,
		                            .pad_left = pad,
		                            .pad_right = pad,
		                            .out_pad_h = dense ? 0 : l->out_pad,
		                            .out_pad_w = dense ? 0 : l->out_pad,
		                            .max_batch = batch,
		                            .slices = slices };
	if (dense)
		snprintf(layer->shape, sizeof layer->shape, "dense %zu->%zu", layer->desc.in_c, layer->desc.out_c);
	else
		snprintf(layer->shape, sizeof layer->shape, "%s %zux%zu->%zux%zu k%zu s%zu %zu->%zu",
		         sgan_layer_kind_names[l->kind], in[0], in[1], out[0], out[1], l->kernel, l->stride, in[2], l->out);
}

void bench_name_layer(const char *net, const char *layer, char name[BENCH_NAME])
{
	const bool encoder = strcmp(net, "encoder") == 0;
	snprintf(name, BENCH_NAME, "%c%s%s%s", toupper((unsigned char)net[0]), encoder ? "" : net + 1,
	         layer[0] != '\0' ? "." : "", layer);
}

static size_t list_net(const struct sgan_net_desc *net, size_t batch, size_t slices, struct bench_layer *layers)
{
	size_t shapes[SGAN_LAYERS][3], count = 0;
	bench_check(sgan_net_shapes(net, shapes), "preset");
	for (size_t i = 0; i < net->layer_count; i++) {
		const struct sgan_layer_desc *l = &net->layers[i];
		if (!sgan_layer_is_linear(l->kind))
			continue;
		size_t source = (size_t)sgan_net_desc_source(net, i, 0);
		const size_t natural[3] = { shapes[i][0] * shapes[i][1] * shapes[i][2] / l->out, 1, l->out };
		describe(l, shapes[source], l->kind == SGAN_LAYER_DENSE ? natural : shapes[i], batch, slices, &layers[count]);
		bench_name_layer(net->name, l->name, layers[count++].name);
	}
	return count;
}

size_t bench_list_layers(const struct sgan_preset *preset, size_t batch, struct bench_layer layers[BENCH_LAYERS])
{
	size_t count = list_net(&preset->encoder, batch, preset->slices, layers);
	for (size_t i = 0; i < preset->stack_count; i++) {
		count += list_net(&preset->stacks[i].generator, batch, preset->slices, layers + count);
		count += list_net(&preset->stacks[i].discriminator, batch, preset->slices, layers + count);
	}
	return count;
}

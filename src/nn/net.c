/* Builds the graph of a described network: sources, plans, places of its parameters. */
#include <stdlib.h>
#include <string.h>

#include "src/cpu/status.h"
#include "src/exec/ctx.h"
#include "src/nn/internal.h"

static size_t align_up(size_t bytes)
{
	return (bytes + 63) & ~(size_t)63;
}

const char *const sgan_net_algorithm_names[] = { "auto", "direct", "winograd", NULL };

/* Asks for the network's algorithm in each pass that it fits. */
static sgan_status choose_algorithms(sgan_ctx *ctx, enum sgan_net_algorithm algorithm, sgan_conv_desc *desc)
{
	const char *wanted = sgan_net_algorithm_names[algorithm];
	for (int pass = 0; pass < SGAN_PASS_COUNT; pass++) {
		const char *names[SGAN_ALGORITHMS_MAX];
		size_t count = 0;
		desc->algorithm[pass] = algorithm == SGAN_NET_WINOGRAD ? NULL : wanted;
		if (algorithm != SGAN_NET_WINOGRAD)
			continue;
		SGAN_TRY(sgan_conv_algorithms(ctx, desc, (sgan_pass)pass, SGAN_ALGORITHMS_MAX, names, &count));
		for (size_t i = 0; i < count; i++)
			if (strcmp(names[i], wanted) == 0)
				desc->algorithm[pass] = names[i];
	}
	return SGAN_OK;
}

static sgan_status make_plan(sgan_ctx *ctx, struct sgan_net *net, const struct sgan_layer_desc *l,
                             struct sgan_node *node)
{
	const struct sgan_node *src = &net->nodes[node->source[0]];
	bool dense = l->kind == SGAN_LAYER_DENSE;
	const size_t pad = dense ? 0 : l->pad;
	sgan_conv_desc desc = {
		.kind = l->kind == SGAN_LAYER_DECONV ? SGAN_DECONV : SGAN_CONV,
		.in_h = dense ? 1 : src->shape[0],
		.in_w = dense ? 1 : src->shape[1],
		.in_c = dense ? src->size : src->shape[2],
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
		.max_batch = net->max_batch,
		.slices = net->slices,
		.act = l->bn ? SGAN_ACT_NONE : l->act,
		.slope = (real)l->slope,
	};
	sgan_status status = choose_algorithms(ctx, net->desc.algorithm, &desc);
	if (status == SGAN_OK)
		status = sgan_conv_plan_create(ctx, &desc, &node->plan);
	if (status != SGAN_OK)
		return sgan_fail_in(status, "%s: layer '%s'", net->desc.name, l->name);
	node->channels = l->out;
	node->pixels = node->size / l->out;
	for (int pass = 0; pass < SGAN_PASS_COUNT; pass++) {
		size_t workspace = sgan_conv_workspace_size(ctx, node->plan, (sgan_pass)pass);
		net->workspace_size = workspace > net->workspace_size ? workspace : net->workspace_size;
		node->packed_offset[pass] = net->packed_size;
		net->packed_size += align_up(sgan_conv_packed_size(ctx, node->plan, (sgan_pass)pass));
		node->packed_bytes[pass] = sgan_conv_packed_size(ctx, node->plan, (sgan_pass)pass) / ctx->places->nodes;
	}
	node->partials_offset = net->partials_size;
	net->partials_size += align_up(sgan_conv_partials_size(node->plan));
	return SGAN_OK;
}

static void number_parameters(struct sgan_net *net, const struct sgan_layer_desc *l, struct sgan_node *node)
{
	int next = (int)net->param_count;
	node->weight = next++;
	if (l->bias)
		node->bias = next++;
	if (l->bn) {
		node->gain = next++;
		node->shift = next++;
		node->mean = next++;
		node->var = next++;
		node->bn = (struct sgan_bn){
			.channels = l->out, .epsilon = (real)net->desc.bn_epsilon, .act = l->act, .slope = (real)l->slope
		};
	}
	net->param_count = (size_t)next;
}

static sgan_status make_node(sgan_ctx *ctx, struct sgan_net *net, size_t i, const size_t shape[3])
{
	const struct sgan_layer_desc *l = &net->desc.layers[i];
	struct sgan_node *node = &net->nodes[i];
	memcpy(node->shape, shape, sizeof node->shape);
	node->size = shape[0] * shape[1] * shape[2];
	for (unsigned which = 0; which < 2; which++)
		node->source[which] = sgan_net_desc_source(&net->desc, i, which);
	node->weight = node->bias = node->gain = node->shift = node->mean = node->var = -1;
	if (!sgan_layer_is_linear(l->kind))
		return SGAN_OK;
	number_parameters(net, l, node);
	return make_plan(ctx, net, l, node);
}

static void mark_heads(struct sgan_net *net)
{
	for (size_t h = 0; h < net->desc.head_count; h++)
		net->nodes[sgan_net_find(net, net->desc.heads[h])].is_head = true;
	if (net->desc.head_count == 0)
		net->nodes[net->desc.layer_count - 1].is_head = true;
}

sgan_status sgan_net_create(sgan_ctx *ctx, const struct sgan_net_desc *desc, size_t max_batch, size_t slices,
                            struct sgan_net **out)
{
	size_t shapes[SGAN_LAYERS][3];
	SGAN_TRY(sgan_net_shapes(desc, shapes));
	if (max_batch == 0 || max_batch > 65536)
		return sgan_fail(SGAN_EINVAL, "%s: a batch has 1 to 65536 images, not %zu", desc->name, max_batch);
	if (slices == 0)
		return sgan_fail(SGAN_EINVAL, "%s: 0 slices, expected at least 1", desc->name);
	struct sgan_net *net = calloc(1, sizeof *net);
	if (net == NULL)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory for the network", desc->name);
	net->desc = *desc;
	net->max_batch = max_batch;
	net->slices = slices;
	net->threads = ctx->threads;
	net->places = ctx->places;
	net->exchanges = sgan_ctx_exchanges(ctx);
	for (size_t i = 0; i < desc->layer_count; i++) {
		sgan_status status = make_node(ctx, net, i, shapes[i]);
		if (status != SGAN_OK) {
			sgan_net_destroy(net);
			return status;
		}
	}
	mark_heads(net);
	*out = net;
	return SGAN_OK;
}

void sgan_net_destroy(struct sgan_net *net)
{
	if (net == NULL)
		return;
	for (size_t i = 0; i < net->desc.layer_count; i++)
		sgan_conv_plan_destroy(net->nodes[i].plan);
	free(net);
}

const struct sgan_net_desc *sgan_net_desc(const struct sgan_net *net)
{
	return &net->desc;
}

int sgan_net_find(const struct sgan_net *net, const char *layer)
{
	return sgan_net_desc_find(&net->desc, layer);
}

size_t sgan_net_size(const struct sgan_net *net, int layer)
{
	return net->nodes[layer].size;
}

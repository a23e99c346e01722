/* A network's forward pass over a tape. */
#include <string.h>

#include "src/exec/ctx.h"
#include "src/cpu/status.h"
#include "src/nn/internal.h"

static real *value_of(struct sgan_params *params, int place)
{
	return place >= 0 ? params->list[place].value : NULL;
}

static sgan_status normalise(sgan_ctx *ctx, const struct sgan_net *net, struct sgan_params *params,
                             struct sgan_tape *tape, const struct sgan_node *node, struct sgan_activation *at)
{
	real *mean = value_of(params, node->mean), *var = value_of(params, node->var);
	const real *gain = value_of(params, node->gain), *shift = value_of(params, node->shift);
	if (tape->mode == SGAN_INFER)
		return sgan_bn_forward_infer(ctx, &node->bn, tape->batch, node->pixels, at->linear, gain, shift, mean, var,
		                             at->own);
	bool running = tape->mode == SGAN_TRAIN_RUNNING;
	return sgan_bn_forward_train(ctx, &node->bn, tape->batch, node->pixels, at->linear, gain, shift, at->mean,
	                             at->inv_std, (real)net->desc.bn_momentum, running ? mean : NULL, running ? var : NULL,
	                             at->own);
}

static sgan_status forward_linear(sgan_ctx *ctx, const struct sgan_net *net, struct sgan_params *params,
                                  struct sgan_tape *tape, int layer)
{
	const struct sgan_node *node = &net->nodes[layer];
	struct sgan_activation *at = &tape->at[layer];
	bool bn = net->desc.layers[layer].bn;
	const void *packed;
	SGAN_TRY(sgan_params_packed(ctx, params, layer, SGAN_FORWARD, &packed));
	SGAN_TRY(sgan_conv_forward(ctx, node->plan, tape->batch, tape->at[node->source[0]].value, packed,
	                           value_of(params, node->bias), bn ? at->linear : at->own, tape->workspace));
	if (!bn)
		return SGAN_OK;
	sgan_lap(ctx, net->desc.name, net->desc.layers[layer].name, "forward");
	return normalise(ctx, net, params, tape, node, at);
}

/* Noise or dropout; in inference, and at strength 0, the layer's output is its source's. */
static sgan_status forward_random(sgan_ctx *ctx, const struct sgan_net *net, struct sgan_tape *tape, int layer)
{
	const struct sgan_layer_desc *l = &net->desc.layers[layer];
	struct sgan_activation *at = &tape->at[layer];
	const size_t size = net->nodes[layer].size;
	const real *src = tape->at[net->nodes[layer].source[0]].value;
	if (sgan_tape_hands_on(tape, layer)) {
		at->value = src;
		return SGAN_OK;
	}
	if (!tape->random_set)
		return sgan_fail(SGAN_EINVAL, "%s: layer '%s': random numbers were not set", net->desc.name, l->name);
	const struct sgan_random random = sgan_tape_layer_random(tape, layer);
	if (l->kind == SGAN_LAYER_NOISE)
		sgan_noise(ctx, &random, tape->batch, size, (real)tape->strength[layer], src, at->own);
	else
		sgan_dropout(ctx, &random, tape->batch, size, tape->strength[layer], src, at->own);
	at->value = at->own;
	return SGAN_OK;
}

static sgan_status forward_layer(sgan_ctx *ctx, const struct sgan_net *net, struct sgan_params *params,
                                 struct sgan_tape *tape, int layer)
{
	const struct sgan_layer_desc *l = &net->desc.layers[layer];
	const struct sgan_node *node = &net->nodes[layer];
	struct sgan_activation *at = &tape->at[layer];
	const int a = node->source[0], b = node->source[1];
	switch (l->kind) {
	case SGAN_LAYER_INPUT:
		if (at->value == NULL)
			return sgan_fail(SGAN_EINVAL, "%s: input '%s' was not set", net->desc.name, l->name);
		return SGAN_OK;
	case SGAN_LAYER_CONV:
	case SGAN_LAYER_DECONV:
	case SGAN_LAYER_DENSE:
		return forward_linear(ctx, net, params, tape, layer);
	case SGAN_LAYER_MAXPOOL: {
		const size_t *s = net->nodes[a].shape;
		return sgan_maxpool_forward(ctx, tape->batch, s[0], s[1], s[2], l->kernel, tape->at[a].value, at->own,
		                            at->which);
	}
	case SGAN_LAYER_AVGPOOL:
		sgan_avgpool_forward(ctx, tape->batch, net->nodes[a].size / node->size, node->size, tape->at[a].value, at->own);
		return SGAN_OK;
	case SGAN_LAYER_NOISE:
	case SGAN_LAYER_DROPOUT:
		return forward_random(ctx, net, tape, layer);
	case SGAN_LAYER_CONCAT:
		return sgan_concat_forward(ctx, tape->batch, net->nodes[a].size, tape->at[a].value, net->nodes[b].size,
		                           tape->at[b].value, at->own);
	case SGAN_LAYER_KINDS:
		break;
	}
	return sgan_fail(SGAN_EINVAL, "%s: layer '%s': unknown kind", net->desc.name, l->name);
}

static sgan_status check_batch(const struct sgan_net *net, sgan_batch batch)
{
	if (batch.n == 0 || batch.n > net->max_batch)
		return sgan_fail(SGAN_EINVAL, "%s: %zu images given to a network made for 1 to %zu", net->desc.name, batch.n,
		                 net->max_batch);
	if (batch.slices != net->slices)
		return sgan_fail(SGAN_EINVAL, "%s: a batch in %zu slices given to a network made for %zu", net->desc.name,
		                 batch.slices, net->slices);
	if (batch.begin > batch.end || batch.end > batch.slices)
		return sgan_fail(SGAN_EINVAL, "%s: slices %zu to %zu of %zu, expected a range within them", net->desc.name,
		                 batch.begin, batch.end, batch.slices);
	return SGAN_OK;
}

/* Tapes have workspace for contexts like the one that the network was made with. */
static sgan_status check_context(const struct sgan_net *net, const sgan_ctx *ctx)
{
	if (ctx->threads > net->threads)
		return sgan_fail(SGAN_EINVAL, "%s: made with a context of %d threads, used with one of %d", net->desc.name,
		                 net->threads, ctx->threads);
	if (ctx->places->nodes > net->places->nodes)
		return sgan_fail(SGAN_EINVAL, "%s: made with a context of %zu NUMA nodes, used with one of %zu", net->desc.name,
		                 net->places->nodes, ctx->places->nodes);
	if (sgan_ctx_exchanges(ctx) && !net->exchanges)
		return sgan_fail(SGAN_EINVAL, "%s: made with a context without an exchange, used with one that has it",
		                 net->desc.name);
	return SGAN_OK;
}

static void clear_gradient(sgan_ctx *ctx, struct sgan_tape *tape, size_t layer)
{
	const size_t size = tape->net->nodes[layer].size;
	const struct sgan_image_range images = sgan_batch_images(tape->batch);
	sgan_clear(ctx, images.count * size, tape->at[layer].grad + images.first * size);
}

sgan_status sgan_net_forward(sgan_ctx *ctx, const struct sgan_net *net, struct sgan_params *params,
                             struct sgan_tape *tape, sgan_batch batch, enum sgan_mode mode)
{
	SGAN_TRY(check_batch(net, batch));
	SGAN_TRY(check_context(net, ctx));
	sgan_lap(ctx, "", "", "between networks");
	tape->batch = batch;
	tape->mode = mode;
	for (size_t i = 0; i < net->desc.layer_count; i++) {
		SGAN_TRY(forward_layer(ctx, net, params, tape, (int)i));
		sgan_lap(ctx, net->desc.name, net->desc.layers[i].name, net->desc.layers[i].bn ? "normalisation" : "forward");
		if (net->nodes[i].is_head && tape->backward)
			clear_gradient(ctx, tape, i);
	}
	return SGAN_OK;
}

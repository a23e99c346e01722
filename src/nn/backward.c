/* A network's backward pass: layers from the last to the first, each giving gradients to its sources.
 *
 * A layer's gradient buffer first holds the gradient of its output and, once the layer is done, that of what
 * its linear part computed. The first reader of a layer writes its gradient, later ones add to it. */
#include <string.h>

#include "src/exec/ctx.h"
#include "src/cpu/status.h"
#include "src/nn/internal.h"

struct backward {
	sgan_ctx *ctx;
	const struct sgan_net *net;
	struct sgan_params *params;
	struct sgan_tape *tape;
	bool want_weights;
	size_t left_count;
	struct sgan_weights_left left[SGAN_LAYERS]; /* gradients of weights that wait for others' partial sums */
	bool wanted[SGAN_LAYERS];                   /* the layer's gradient leads to something that was asked for */
	bool written[SGAN_LAYERS];                  /* the layer's gradient buffer holds something */
};

static void lap(const struct backward *b, int layer, const char *what)
{
	sgan_lap(b->ctx, b->net->desc.name, b->net->desc.layers[layer].name, what);
}

/* A layer's values first .. first + count - 1. */
struct value_range {
	size_t first, count;
};

/* Those of the images of the tape's range. */
static struct value_range values_of(const struct backward *b, int layer)
{
	const struct sgan_image_range images = sgan_batch_images(b->tape->batch);
	const size_t size = b->net->nodes[layer].size;
	return (struct value_range){ images.first * size, images.count * size };
}

static sgan_status add_gradient(struct backward *b, int layer, const real *gradient)
{
	const struct value_range values = values_of(b, layer);
	return sgan_add(b->ctx, values.count, gradient + values.first, b->tape->at[layer].grad + values.first);
}

static void mark_wanted(struct backward *b, int want_input)
{
	for (size_t i = 0; i < b->net->desc.layer_count; i++) {
		const struct sgan_node *node = &b->net->nodes[i];
		b->wanted[i] = (int)i == want_input || (b->want_weights && node->weight >= 0);
		for (int j = 0; j < 2; j++)
			b->wanted[i] = b->wanted[i] || (node->source[j] >= 0 && b->wanted[node->source[j]]);
		b->written[i] = node->is_head;
	}
}

/* Where the gradient of layer `source` is to be written, NULL if nobody wants it. */
static real *begin_gradient(struct backward *b, int source)
{
	if (source < 0 || !b->wanted[source])
		return NULL;
	return b->written[source] ? b->tape->spare : b->tape->at[source].grad;
}

static sgan_status end_gradient(struct backward *b, int source, const real *gradient)
{
	if (gradient == NULL)
		return SGAN_OK;
	if (b->written[source])
		SGAN_TRY(add_gradient(b, source, gradient));
	b->written[source] = true;
	return SGAN_OK;
}

static real *grad_of(struct backward *b, int place)
{
	return b->want_weights && place >= 0 ? b->params->list[place].grad : NULL;
}

static sgan_status through_norm(struct backward *b, const struct sgan_node *node, struct sgan_activation *at)
{
	const struct sgan_param *list = b->params->list;
	const real *gain = list[node->gain].value, *shift = list[node->shift].value;
	if (b->tape->mode == SGAN_INFER)
		return sgan_bn_backward_infer(b->ctx, &node->bn, b->tape->batch, node->pixels, at->linear, at->grad, gain,
		                              shift, list[node->mean].value, list[node->var].value, at->grad);
	return sgan_bn_backward(b->ctx, &node->bn, b->tape->batch, node->pixels, at->linear, at->grad, gain, shift,
	                        at->mean, at->inv_std, grad_of(b, node->gain), grad_of(b, node->shift), at->grad);
}

/* The gradient of the layer's output becomes that of its linear part. */
static sgan_status through_activation(struct backward *b, int layer)
{
	const struct sgan_layer_desc *l = &b->net->desc.layers[layer];
	const struct sgan_node *node = &b->net->nodes[layer];
	struct sgan_activation *at = &b->tape->at[layer];
	if (l->bn)
		return through_norm(b, node, at);
	real *bias = grad_of(b, node->bias);
	if (l->act == SGAN_ACT_NONE && bias == NULL)
		return SGAN_OK;
	if (l->act == SGAN_ACT_NONE)
		return sgan_bias_backward(b->ctx, b->tape->batch, node->pixels, node->channels, at->grad, true, bias);
	if (bias != NULL)
		return sgan_act_bias_backward(b->ctx, b->tape->batch, node->pixels, node->channels, at->own, l->act,
		                              (real)l->slope, at->grad, bias);
	const struct value_range values = values_of(b, layer);
	return sgan_act_backward(b->ctx, values.count, at->own + values.first, at->grad + values.first, l->act,
	                         (real)l->slope, at->grad + values.first);
}

/* Where others compute a part of the batch, their partial sums are on the way while the other layers' gradients are
 * computed. */
static sgan_status backward_weights(struct backward *b, int layer)
{
	const struct sgan_node *node = &b->net->nodes[layer];
	const struct sgan_activation *at = &b->tape->at[layer];
	const real *source = b->tape->at[node->source[0]].value;
	real *grad = grad_of(b, node->weight);
	const bool accumulate = sgan_params_accumulate(b->params, layer);
	if (b->params->partials == NULL)
		return sgan_conv_backward_weights(b->ctx, node->plan, b->tape->batch, source, at->grad, grad, accumulate,
		                                  b->tape->workspace);
	struct sgan_weights_left *left = &b->left[b->left_count++];
	return sgan_conv_begin_weights(b->ctx, node->plan, b->tape->batch, source, at->grad, grad, accumulate,
	                               b->tape->workspace, b->params->partials + node->partials_offset, left);
}

static sgan_status backward_linear(struct backward *b, int layer)
{
	const struct sgan_node *node = &b->net->nodes[layer];
	struct sgan_activation *at = &b->tape->at[layer];
	const int source = node->source[0];
	SGAN_TRY(through_activation(b, layer));
	lap(b, layer, "to the linear part");
	if (b->want_weights) {
		SGAN_TRY(backward_weights(b, layer));
		lap(b, layer, "backward-weights");
	}
	real *gradient = begin_gradient(b, source);
	if (gradient != NULL) {
		const void *packed;
		SGAN_TRY(sgan_params_packed(b->ctx, b->params, layer, SGAN_BACKWARD_DATA, &packed));
		SGAN_TRY(sgan_conv_backward_data(b->ctx, node->plan, b->tape->batch, at->grad, packed, gradient,
		                                 b->tape->workspace));
	}
	if (gradient != NULL)
		lap(b, layer, "backward-data");
	return end_gradient(b, source, gradient);
}

/* The two parts of a concatenation have one spare buffer between them, so each goes its way alone. */
static sgan_status backward_concat(struct backward *b, int layer)
{
	const struct sgan_node *node = &b->net->nodes[layer];
	const size_t size[2] = { b->net->nodes[node->source[0]].size, b->net->nodes[node->source[1]].size };
	for (int j = 0; j < 2; j++) {
		real *gradient = begin_gradient(b, node->source[j]);
		if (gradient != NULL)
			SGAN_TRY(sgan_concat_backward(b->ctx, b->tape->batch, size[0], j == 0 ? gradient : NULL, size[1],
			                              j == 1 ? gradient : NULL, b->tape->at[layer].grad));
		SGAN_TRY(end_gradient(b, node->source[j], gradient));
	}
	return SGAN_OK;
}

/* The pooled gradient is spread over the source's pixels, which may hold one already. */
static void backward_avgpool(struct backward *b, int layer)
{
	const struct sgan_node *node = &b->net->nodes[layer];
	const int source = node->source[0];
	if (!b->wanted[source])
		return;
	sgan_avgpool_backward(b->ctx, b->tape->batch, b->net->nodes[source].size / node->size, node->size,
	                      b->tape->at[layer].grad, b->written[source], b->tape->at[source].grad);
	b->written[source] = true;
}

/* The gradient goes on as it is. */
static sgan_status pass_on(struct backward *b, int layer)
{
	const int source = b->net->nodes[layer].source[0];
	const struct value_range values = values_of(b, layer);
	const real *gradient = b->tape->at[layer].grad;
	if (!b->wanted[source])
		return SGAN_OK;
	if (b->written[source])
		SGAN_TRY(add_gradient(b, source, gradient));
	else
		sgan_copy(b->ctx, values.count, gradient + values.first, b->tape->at[source].grad + values.first);
	b->written[source] = true;
	return SGAN_OK;
}

/* The mask is drawn once more: that needs no memory and little time. */
static sgan_status backward_dropout(struct backward *b, int layer)
{
	const int source = b->net->nodes[layer].source[0];
	if (sgan_tape_hands_on(b->tape, layer))
		return pass_on(b, layer);
	const struct sgan_random random = sgan_tape_layer_random(b->tape, layer);
	real *gradient = begin_gradient(b, source);
	if (gradient != NULL)
		sgan_dropout(b->ctx, &random, b->tape->batch, b->net->nodes[layer].size, b->tape->strength[layer],
		             b->tape->at[layer].grad, gradient);
	return end_gradient(b, source, gradient);
}

static sgan_status backward_layer(struct backward *b, int layer)
{
	const struct sgan_layer_desc *l = &b->net->desc.layers[layer];
	const int source = b->net->nodes[layer].source[0];
	switch (l->kind) {
	case SGAN_LAYER_INPUT:
		return SGAN_OK;
	case SGAN_LAYER_CONV:
	case SGAN_LAYER_DECONV:
	case SGAN_LAYER_DENSE:
		return backward_linear(b, layer);
	case SGAN_LAYER_MAXPOOL: {
		const size_t *s = b->net->nodes[source].shape;
		real *gradient = begin_gradient(b, source);
		if (gradient != NULL)
			SGAN_TRY(sgan_maxpool_backward(b->ctx, b->tape->batch, s[0], s[1], s[2], l->kernel, b->tape->at[layer].grad,
			                               b->tape->at[layer].which, gradient));
		return end_gradient(b, source, gradient);
	}
	case SGAN_LAYER_AVGPOOL:
		backward_avgpool(b, layer);
		return SGAN_OK;
	case SGAN_LAYER_NOISE:
		return pass_on(b, layer);
	case SGAN_LAYER_DROPOUT:
		return backward_dropout(b, layer);
	case SGAN_LAYER_CONCAT:
		return backward_concat(b, layer);
	case SGAN_LAYER_KINDS:
		break;
	}
	return sgan_fail(SGAN_EINVAL, "%s: layer '%s': unknown kind", b->net->desc.name, l->name);
}

sgan_status sgan_net_backward(sgan_ctx *ctx, const struct sgan_net *net, struct sgan_params *params,
                              struct sgan_tape *tape, bool want_weights, int want_input)
{
	if (!tape->backward || (want_weights && !params->trained) || (want_weights && tape->mode == SGAN_INFER))
		return sgan_fail(SGAN_EINVAL,
		                 "%s: the backward pass needs a tape with gradients and, for weights, "
		                 "trained parameters and a training pass",
		                 net->desc.name);
	struct backward b = { .ctx = ctx, .net = net, .params = params, .tape = tape, .want_weights = want_weights };
	sgan_lap(ctx, "", "", "between networks");
	mark_wanted(&b, want_input);
	for (int i = (int)net->desc.layer_count - 1; i >= 0; i--)
		if (b.wanted[i] && b.written[i]) {
			SGAN_TRY(backward_layer(&b, i));
			lap(&b, i, net->nodes[i].plan != NULL ? "sum of gradients" : "backward");
		}
	if (b.left_count > 0) {
		SGAN_TRY(sgan_conv_end_weights(ctx, b.left_count, b.left));
		sgan_lap(ctx, net->desc.name, "", "sums of slices");
	}
	if (want_weights)
		sgan_params_settle(params);
	return SGAN_OK;
}

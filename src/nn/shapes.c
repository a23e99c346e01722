/* Output shapes of a described network, and the checks that make a description believable.
 *
 * Pure: no context, no memory. Everything behind it may rely on what is checked here. */
#include <string.h>

#include "src/cpu/memory.h"
#include "src/cpu/status.h"
#include "src/nn/internal.h"

/* No layer of a believable network gives more values per image than this; keeps all later products in range. */
static const size_t max_values = (size_t)1 << 28;

static sgan_status complain(const struct sgan_net_desc *desc, const struct sgan_layer_desc *layer, const char *what)
{
	if (layer->line != 0)
		return sgan_fail(SGAN_EINVAL, "%s:%u: %s: layer '%s': %s", desc->source, layer->line, desc->name, layer->name,
		                 what);
	return sgan_fail(SGAN_EINVAL, "%s: layer '%s': %s", desc->name, layer->name, what);
}

const char *const sgan_layer_kind_names[] = { "input",   "conv",   "deconv", "dense",   "maxpool",
	                                          "avgpool", "concat", "noise",  "dropout", NULL };
_Static_assert(sizeof sgan_layer_kind_names / sizeof *sgan_layer_kind_names == SGAN_LAYER_KINDS + 1,
               "every kind of layer has a name");

bool sgan_layer_is_linear(enum sgan_layer_kind kind)
{
	return kind == SGAN_LAYER_CONV || kind == SGAN_LAYER_DECONV || kind == SGAN_LAYER_DENSE;
}

static int find_before(const struct sgan_net_desc *desc, size_t before, const char *name)
{
	for (size_t i = 0; i < before; i++)
		if (strcmp(desc->layers[i].name, name) == 0)
			return (int)i;
	return -1;
}

int sgan_net_desc_find(const struct sgan_net_desc *desc, const char *name)
{
	return find_before(desc, desc->layer_count, name);
}

int sgan_net_desc_source(const struct sgan_net_desc *desc, size_t layer, unsigned which)
{
	const struct sgan_layer_desc *l = &desc->layers[layer];
	const unsigned sources = l->kind == SGAN_LAYER_INPUT ? 0 : l->kind == SGAN_LAYER_CONCAT ? 2 : 1;
	if (which >= sources)
		return -1;
	if (l->from[which][0] == '\0')
		return which == 0 ? (int)layer - 1 : -1;
	return find_before(desc, layer, l->from[which]);
}

size_t sgan_net_desc_parameters(const struct sgan_net_desc *desc, size_t layer, size_t shapes[SGAN_LAYERS][3])
{
	const struct sgan_layer_desc *l = &desc->layers[layer];
	if (!sgan_layer_is_linear(l->kind))
		return 0;
	const size_t *in = shapes[sgan_net_desc_source(desc, layer, 0)];
	const size_t taps = l->kind == SGAN_LAYER_DENSE ? in[0] * in[1] : l->kernel * l->kernel;
	return taps * in[2] * l->out + (l->bias ? l->out : 0) + (l->bn ? 2 * l->out : 0);
}

static sgan_status conv_shape(const struct sgan_net_desc *desc, const struct sgan_layer_desc *l, const size_t in[3],
                              size_t out[3])
{
	if (l->kernel == 0 || l->stride == 0 || l->kernel > 4096 || l->stride > 4096 || l->pad >= l->kernel)
		return complain(desc, l, "kernel and stride must be positive, padding smaller than the kernel");
	for (int d = 0; d < 2; d++) {
		if (l->kind == SGAN_LAYER_CONV) {
			if (in[d] + 2 * l->pad < l->kernel)
				return complain(desc, l, "the kernel is larger than its padded source");
			out[d] = (in[d] + 2 * l->pad - l->kernel) / l->stride + 1;
		} else {
			size_t full = (in[d] - 1) * l->stride + l->kernel + l->out_pad;
			if (l->out_pad >= l->stride || full <= 2 * l->pad)
				return complain(desc, l, "output padding must be smaller than the stride, and some output remain");
			out[d] = full - 2 * l->pad;
		}
	}
	out[2] = l->out;
	return SGAN_OK;
}

static sgan_status natural_shape(const struct sgan_net_desc *desc, const struct sgan_layer_desc *l, const size_t in[3],
                                 const size_t in2[3], size_t out[3])
{
	switch (l->kind) {
	case SGAN_LAYER_INPUT:
		memcpy(out, l->shape, 3 * sizeof out[0]);
		return SGAN_OK;
	case SGAN_LAYER_CONV:
	case SGAN_LAYER_DECONV:
		return conv_shape(desc, l, in, out);
	case SGAN_LAYER_DENSE:
		out[0] = out[1] = 1;
		out[2] = l->out;
		return SGAN_OK;
	case SGAN_LAYER_MAXPOOL:
		if (l->kernel == 0 || l->kernel > 15 || in[0] < l->kernel || in[1] < l->kernel)
			return complain(desc, l, "the window must be 1 to 15 pixels wide and fit its source");
		out[0] = in[0] / l->kernel;
		out[1] = in[1] / l->kernel;
		out[2] = in[2];
		return SGAN_OK;
	case SGAN_LAYER_AVGPOOL:
		out[0] = out[1] = 1;
		out[2] = in[2];
		return SGAN_OK;
	case SGAN_LAYER_NOISE:
	case SGAN_LAYER_DROPOUT:
		memcpy(out, in, 3 * sizeof out[0]);
		return SGAN_OK;
	case SGAN_LAYER_CONCAT:
		if (in[0] * in[1] != 1 || in2[0] * in2[1] != 1)
			return complain(desc, l, "only vectors can be concatenated");
		out[0] = out[1] = 1;
		out[2] = in[2] + in2[2];
		return SGAN_OK;
	case SGAN_LAYER_KINDS:
		break;
	}
	return complain(desc, l, "unknown kind of layer");
}

static sgan_status apply_view(const struct sgan_net_desc *desc, const struct sgan_layer_desc *l, size_t out[3])
{
	size_t have, want;
	if (!sgan_size_mul3(out[0], out[1], out[2], &have) || have == 0 || have > max_values)
		return complain(desc, l, "its output is empty or too large");
	if (l->kind == SGAN_LAYER_INPUT || (l->shape[0] == 0 && l->shape[1] == 0 && l->shape[2] == 0))
		return SGAN_OK;
	if (!sgan_size_mul3(l->shape[0], l->shape[1], l->shape[2], &want) || want != have)
		return complain(desc, l, "'shape' must hold as many values as the layer gives");
	memcpy(out, l->shape, 3 * sizeof out[0]);
	return SGAN_OK;
}

static sgan_status check_layer(const struct sgan_net_desc *desc, size_t i)
{
	const struct sgan_layer_desc *l = &desc->layers[i];
	if (l->name[0] == '\0')
		return complain(desc, l, "it has no name");
	if (find_before(desc, i, l->name) >= 0)
		return complain(desc, l, "the name is taken");
	if (l->kind == SGAN_LAYER_INPUT)
		return SGAN_OK;
	if (sgan_net_desc_source(desc, i, 0) < 0)
		return complain(desc, l, "its source is not a layer before it");
	if (l->kind == SGAN_LAYER_CONCAT && sgan_net_desc_source(desc, i, 1) < 0)
		return complain(desc, l, "its second source is not a layer before it");
	if (sgan_layer_is_linear(l->kind) && (l->out == 0 || l->out > max_values))
		return complain(desc, l, "'out' must be positive");
	if (!sgan_layer_is_linear(l->kind) && (l->bn || l->bias || l->act != SGAN_ACT_NONE))
		return complain(desc, l, "only conv, deconv and dense layers take a bias, bn or an activation");
	if (l->bn && l->bias)
		return complain(desc, l, "a layer with bn has no bias");
	if (l->act == SGAN_ACT_LRELU && !(l->slope > 0 && l->slope < 1))
		return complain(desc, l, "the slope of a leaky ReLU lies between 0 and 1");
	if (l->kind == SGAN_LAYER_NOISE && !(l->sigma >= 0 && l->sigma <= 1000))
		return complain(desc, l, "the sigma of noise lies between 0 and 1000");
	if (l->kind == SGAN_LAYER_DROPOUT && !(l->rate >= 0 && l->rate <= 0.99))
		return complain(desc, l, "the rate of dropout lies between 0 and 0.99");
	return SGAN_OK;
}

/* Heads are what losses read: nothing behind a head may feed on it, or its gradient would be two things at once. */
static sgan_status check_heads(const struct sgan_net_desc *desc)
{
	if (desc->head_count > SGAN_HEADS)
		return sgan_fail(SGAN_EINVAL, "%s: %zu heads, at most %d are possible", desc->name, desc->head_count,
		                 SGAN_HEADS);
	for (size_t h = 0; h < desc->head_count; h++) {
		int layer = sgan_net_desc_find(desc, desc->heads[h]);
		if (layer < 0)
			return sgan_fail(SGAN_EINVAL, "%s: %s: no layer is called '%s', which is to be a head", desc->source,
			                 desc->name, desc->heads[h]);
		for (size_t i = (size_t)layer + 1; i < desc->layer_count; i++)
			if (sgan_net_desc_source(desc, i, 0) == layer || sgan_net_desc_source(desc, i, 1) == layer)
				return complain(desc, &desc->layers[i], "its source is a head of the network");
	}
	return SGAN_OK;
}

sgan_status sgan_net_shapes(const struct sgan_net_desc *desc, size_t shapes[SGAN_LAYERS][3])
{
	if (desc->layer_count == 0 || desc->layer_count > SGAN_LAYERS)
		return sgan_fail(SGAN_EINVAL, "%s: a network has 1 to %d layers, this one %zu", desc->name, SGAN_LAYERS,
		                 desc->layer_count);
	for (size_t i = 0; i < desc->layer_count; i++) {
		const struct sgan_layer_desc *l = &desc->layers[i];
		SGAN_TRY(check_layer(desc, i));
		int a = sgan_net_desc_source(desc, i, 0), b = sgan_net_desc_source(desc, i, 1);
		SGAN_TRY(natural_shape(desc, l, a >= 0 ? shapes[a] : NULL, b >= 0 ? shapes[b] : NULL, shapes[i]));
		SGAN_TRY(apply_view(desc, l, shapes[i]));
	}
	return check_heads(desc);
}

sgan_status sgan_net_desc_cut(const struct sgan_net_desc *desc, const char *from, const char *to,
                              struct sgan_net_desc *part)
{
	size_t shapes[SGAN_LAYERS][3];
	SGAN_TRY(sgan_net_shapes(desc, shapes));
	int first = from[0] == '\0' ? 0 : sgan_net_desc_find(desc, from);
	int last = sgan_net_desc_find(desc, to);
	if (first < 0 || last <= first)
		return sgan_fail(SGAN_EINVAL, "%s: %s: cannot be cut behind '%s' and '%s': no such layers in this order",
		                 desc->source, desc->name, from, to);
	memset(part, 0, sizeof *part);
	memcpy(part->name, desc->name, sizeof part->name);
	memcpy(part->source, desc->source, sizeof part->source);
	part->bn_epsilon = desc->bn_epsilon;
	part->bn_momentum = desc->bn_momentum;
	part->algorithm = desc->algorithm;
	struct sgan_layer_desc *input = &part->layers[part->layer_count++];
	memcpy(input->name, "h", 2);
	input->kind = SGAN_LAYER_INPUT;
	memcpy(input->shape, shapes[first], sizeof input->shape);
	for (int i = first + 1; i <= last; i++) {
		const struct sgan_layer_desc *l = &desc->layers[i];
		if (l->kind == SGAN_LAYER_CONCAT || sgan_net_desc_source(desc, (size_t)i, 0) != i - 1)
			return complain(desc, l, "a network that is cut must be a chain");
		struct sgan_layer_desc *copy = &part->layers[part->layer_count++];
		*copy = *l;
		copy->from[0][0] = '\0';
	}
	part->head_count = 1;
	memcpy(part->heads[0], desc->layers[last].name, sizeof part->heads[0]);
	return SGAN_OK;
}

/* Output shapes of a described network, and the checks that make a description believable.
 *
 * Pure: no context, no memory. Everything behind it may rely on what is checked here. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "src/cpu/memory.h"
#include "src/cpu/status.h"
#include "src/nn/internal.h"

/* No layer of a believable network gives more values per image than this; keeps all later products in range. */
static const size_t max_values = (size_t)1 << 28;

static sgan_status complain(const struct sgan_net_desc *desc, size_t i, const char *format, ...) SGAN_PRINTF(3, 4);

/* What is wrong with layer i. */
static sgan_status complain(const struct sgan_net_desc *desc, size_t i, const char *format, ...)
{
	const struct sgan_layer_desc *layer = &desc->layers[i];
	char what[SGAN_FLOW_TEXT + 128];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(what, sizeof what, format, arguments);
	va_end(arguments);
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

const char *sgan_shape_text(const struct sgan_net_desc *desc, const size_t shape[3], char text[SGAN_SHAPE_TEXT])
{
	if (shape[0] != 1 || shape[1] != 1)
		snprintf(text, SGAN_SHAPE_TEXT, "%zux%zux%zu", shape[0], shape[1], shape[2]);
	else if (desc->open_size > 0 && shape[2] == desc->open_size)
		snprintf(text, SGAN_SHAPE_TEXT, "\"classes\" values");
	else
		snprintf(text, SGAN_SHAPE_TEXT, "%zu value%s", shape[2], shape[2] == 1 ? "" : "s");
	return text;
}

/* "takes 7x7x32 from 'conv2'"; "" of an input. */
static const char *takes_text(const struct sgan_net_desc *desc, size_t shapes[SGAN_LAYERS][3], size_t i,
                              char text[SGAN_FLOW_TEXT])
{
	size_t length = 0;
	text[0] = '\0';
	for (unsigned which = 0; which < 2; which++) {
		char shape[SGAN_SHAPE_TEXT];
		const int source = sgan_net_desc_source(desc, i, which);
		if (source >= 0)
			length +=
				(size_t)snprintf(text + length, SGAN_FLOW_TEXT - length, "%s %s from '%s'", which ? " and" : "takes",
			                     sgan_shape_text(desc, shapes[source], shape), desc->layers[source].name);
	}
	return text;
}

const char *sgan_flow_text(const struct sgan_net_desc *desc, size_t shapes[SGAN_LAYERS][3], size_t i,
                           char text[SGAN_FLOW_TEXT])
{
	char shape[SGAN_SHAPE_TEXT];
	const size_t length = strlen(takes_text(desc, shapes, i, text));
	snprintf(text + length, SGAN_FLOW_TEXT - length, "%s %s", length > 0 ? " and gives" : "takes",
	         sgan_shape_text(desc, shapes[i], shape));
	return text;
}

/* A convolution's output along one side, of a source `in` long. */
static sgan_status conv_side(const struct sgan_net_desc *desc, size_t i, size_t shapes[SGAN_LAYERS][3], size_t in,
                             size_t *out)
{
	const struct sgan_layer_desc *l = &desc->layers[i];
	char takes[SGAN_FLOW_TEXT];
	if (in + 2 * l->pad < l->kernel)
		return complain(desc, i, "%s, but kernel %zu with pad %zu expects a height and width of at least %zu",
		                takes_text(desc, shapes, i, takes), l->kernel, l->pad, l->kernel - 2 * l->pad);
	*out = (in + 2 * l->pad - l->kernel) / l->stride + 1;
	return SGAN_OK;
}

/* A deconvolution's. */
static sgan_status deconv_side(const struct sgan_net_desc *desc, size_t i, size_t shapes[SGAN_LAYERS][3], size_t in,
                               size_t *out)
{
	const struct sgan_layer_desc *l = &desc->layers[i];
	const size_t full = (in - 1) * l->stride + l->kernel + l->out_pad;
	char takes[SGAN_FLOW_TEXT];
	if (full <= 2 * l->pad)
		return complain(desc, i, "%s, which makes %zu pixels a side, but pad %zu takes off %zu: expected more",
		                takes_text(desc, shapes, i, takes), full, l->pad, 2 * l->pad);
	*out = full - 2 * l->pad;
	return SGAN_OK;
}

static sgan_status conv_shape(const struct sgan_net_desc *desc, size_t i, size_t shapes[SGAN_LAYERS][3])
{
	const struct sgan_layer_desc *l = &desc->layers[i];
	const size_t *in = shapes[sgan_net_desc_source(desc, i, 0)];
	const bool deconv = l->kind == SGAN_LAYER_DECONV;
	if (l->kernel == 0 || l->stride == 0 || l->kernel > 4096 || l->stride > 4096 || l->pad >= l->kernel)
		return complain(desc, i, "kernel %zu, stride %zu, pad %zu: 1 to 4096, 1 to 4096, less than the kernel expected",
		                l->kernel, l->stride, l->pad);
	if (deconv && l->out_pad >= l->stride)
		return complain(desc, i, "out_pad %zu, less than the stride, %zu, expected", l->out_pad, l->stride);
	for (int d = 0; d < 2; d++)
		SGAN_TRY(deconv ? deconv_side(desc, i, shapes, in[d], &shapes[i][d])
		                : conv_side(desc, i, shapes, in[d], &shapes[i][d]));
	shapes[i][2] = l->out;
	return SGAN_OK;
}

static sgan_status pool_shape(const struct sgan_net_desc *desc, size_t i, size_t shapes[SGAN_LAYERS][3])
{
	const size_t kernel = desc->layers[i].kernel, *in = shapes[sgan_net_desc_source(desc, i, 0)];
	char takes[SGAN_FLOW_TEXT];
	if (kernel == 0 || kernel > 15)
		return complain(desc, i, "kernel %zu, 1 to 15 expected", kernel);
	if (in[0] < kernel || in[1] < kernel)
		return complain(desc, i, "%s, but kernel %zu expects a height and width of at least %zu",
		                takes_text(desc, shapes, i, takes), kernel, kernel);
	shapes[i][0] = in[0] / kernel;
	shapes[i][1] = in[1] / kernel;
	shapes[i][2] = in[2];
	return SGAN_OK;
}

static sgan_status concat_shape(const struct sgan_net_desc *desc, size_t i, size_t shapes[SGAN_LAYERS][3])
{
	const size_t *a = shapes[sgan_net_desc_source(desc, i, 0)], *b = shapes[sgan_net_desc_source(desc, i, 1)];
	char takes[SGAN_FLOW_TEXT];
	if (a[0] * a[1] != 1 || b[0] * b[1] != 1)
		return complain(desc, i, "%s, but only vectors can be concatenated", takes_text(desc, shapes, i, takes));
	shapes[i][0] = shapes[i][1] = 1;
	shapes[i][2] = a[2] + b[2];
	return SGAN_OK;
}

static void set_shape(size_t shape[3], size_t height, size_t width, size_t channels)
{
	shape[0] = height;
	shape[1] = width;
	shape[2] = channels;
}

/* What layer i gives, before it is viewed as another shape; shapes[] has those of the layers before it. */
static sgan_status natural_shape(const struct sgan_net_desc *desc, size_t i, size_t shapes[SGAN_LAYERS][3])
{
	const struct sgan_layer_desc *l = &desc->layers[i];
	const int source = sgan_net_desc_source(desc, i, 0);
	switch (l->kind) {
	case SGAN_LAYER_INPUT:
		memcpy(shapes[i], l->shape, sizeof shapes[i]);
		return SGAN_OK;
	case SGAN_LAYER_CONV:
	case SGAN_LAYER_DECONV:
		return conv_shape(desc, i, shapes);
	case SGAN_LAYER_DENSE:
		set_shape(shapes[i], 1, 1, l->out);
		return SGAN_OK;
	case SGAN_LAYER_MAXPOOL:
		return pool_shape(desc, i, shapes);
	case SGAN_LAYER_AVGPOOL:
		set_shape(shapes[i], 1, 1, shapes[source][2]);
		return SGAN_OK;
	case SGAN_LAYER_NOISE:
	case SGAN_LAYER_DROPOUT:
		memcpy(shapes[i], shapes[source], sizeof shapes[i]);
		return SGAN_OK;
	case SGAN_LAYER_CONCAT:
		return concat_shape(desc, i, shapes);
	case SGAN_LAYER_KINDS:
		break;
	}
	return complain(desc, i, "unknown kind of layer");
}

static sgan_status apply_view(const struct sgan_net_desc *desc, size_t i, size_t shapes[SGAN_LAYERS][3])
{
	const struct sgan_layer_desc *l = &desc->layers[i];
	size_t *out = shapes[i], have, want;
	char flow[SGAN_FLOW_TEXT];
	if (!sgan_size_mul3(out[0], out[1], out[2], &have) || have == 0 || have > max_values)
		return complain(desc, i, "%s, 1 to %zu values expected", sgan_flow_text(desc, shapes, i, flow), max_values);
	if (l->kind == SGAN_LAYER_INPUT || (l->shape[0] == 0 && l->shape[1] == 0 && l->shape[2] == 0))
		return SGAN_OK;
	if (!sgan_size_mul3(l->shape[0], l->shape[1], l->shape[2], &want) || want != have)
		return complain(desc, i, "%s, but 'shape' is %zux%zux%zu: as many values expected",
		                sgan_flow_text(desc, shapes, i, flow), l->shape[0], l->shape[1], l->shape[2]);
	memcpy(out, l->shape, sizeof l->shape);
	return SGAN_OK;
}

static sgan_status check_layer(const struct sgan_net_desc *desc, size_t i)
{
	const struct sgan_layer_desc *l = &desc->layers[i];
	if (l->name[0] == '\0')
		return complain(desc, i, "it has no name");
	if (find_before(desc, i, l->name) >= 0)
		return complain(desc, i, "the name is taken");
	if (l->kind == SGAN_LAYER_INPUT)
		return SGAN_OK;
	if (sgan_net_desc_source(desc, i, 0) < 0)
		return complain(desc, i, "its source '%s' is not a layer before it", l->from[0]);
	if (l->kind == SGAN_LAYER_CONCAT && sgan_net_desc_source(desc, i, 1) < 0)
		return complain(desc, i, "its second source '%s' is not a layer before it", l->from[1]);
	if (sgan_layer_is_linear(l->kind) && (l->out == 0 || l->out > max_values))
		return complain(desc, i, "'out' must be positive");
	if (!sgan_layer_is_linear(l->kind) && (l->bn || l->bias || l->act != SGAN_ACT_NONE))
		return complain(desc, i, "only conv, deconv and dense layers take a bias, bn or an activation");
	if (l->bn && l->bias)
		return complain(desc, i, "a layer with bn has no bias");
	if (l->act == SGAN_ACT_LRELU && !(l->slope > 0 && l->slope < 1))
		return complain(desc, i, "the slope of a leaky ReLU lies between 0 and 1");
	if (l->kind == SGAN_LAYER_NOISE && !(l->sigma >= 0 && l->sigma <= 1000))
		return complain(desc, i, "the sigma of noise lies between 0 and 1000");
	if (l->kind == SGAN_LAYER_DROPOUT && !(l->rate >= 0 && l->rate <= 0.99))
		return complain(desc, i, "the rate of dropout lies between 0 and 0.99");
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
				return complain(desc, i, "its source '%s' is a head of the network: nothing may read it",
				                desc->heads[h]);
	}
	return SGAN_OK;
}

sgan_status sgan_net_shapes(const struct sgan_net_desc *desc, size_t shapes[SGAN_LAYERS][3])
{
	if (desc->layer_count == 0 || desc->layer_count > SGAN_LAYERS)
		return sgan_fail(SGAN_EINVAL, "%s: a network has 1 to %d layers, this one %zu", desc->name, SGAN_LAYERS,
		                 desc->layer_count);
	for (size_t i = 0; i < desc->layer_count; i++) {
		SGAN_TRY(check_layer(desc, i));
		SGAN_TRY(natural_shape(desc, i, shapes));
		SGAN_TRY(apply_view(desc, i, shapes));
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
	part->open_size = desc->open_size;
	struct sgan_layer_desc *input = &part->layers[part->layer_count++];
	memcpy(input->name, "h", 2);
	input->kind = SGAN_LAYER_INPUT;
	memcpy(input->shape, shapes[first], sizeof input->shape);
	for (int i = first + 1; i <= last; i++) {
		const struct sgan_layer_desc *l = &desc->layers[i];
		if (l->kind == SGAN_LAYER_CONCAT || sgan_net_desc_source(desc, (size_t)i, 0) != i - 1)
			return complain(desc, (size_t)i, "a network that is cut is a chain: it must read '%s' alone",
			                desc->layers[i - 1].name);
		struct sgan_layer_desc *copy = &part->layers[part->layer_count++];
		*copy = *l;
		copy->from[0][0] = '\0';
	}
	part->head_count = 1;
	memcpy(part->heads[0], desc->layers[last].name, sizeof part->heads[0]);
	return SGAN_OK;
}

/* Parameters of a network by name, in one block of memory, and their packed copies. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/exec/ctx.h"
#include "src/cpu/memory.h"
#include "src/cpu/status.h"
#include "src/nn/internal.h"

static void describe(struct sgan_params *params, int place, const struct sgan_layer_desc *l, const char *what,
                     bool trainable, size_t count)
{
	if (place < 0)
		return;
	struct sgan_param *p = &params->list[place];
	snprintf(p->name, sizeof p->name, "%s.%s.%s", params->net->desc.name, l->name, what);
	p->trainable = trainable;
	p->rank = 1;
	p->shape[0] = p->count = count;
}

static void describe_weight(struct sgan_param *p, const sgan_conv_desc *desc, bool dense)
{
	bool deconv = desc->kind == SGAN_DECONV;
	const size_t shape[4] = { desc->kernel_h, desc->kernel_w, deconv ? desc->out_c : desc->in_c,
		                      deconv ? desc->in_c : desc->out_c };
	p->weight = true;
	p->rank = dense ? 2 : 4;
	memcpy(p->shape, dense ? shape + 2 : shape, p->rank * sizeof p->shape[0]);
	p->count = shape[0] * shape[1] * shape[2] * shape[3];
	p->fan_in = shape[0] * shape[1] * desc->in_c;
	p->fan_out = shape[0] * shape[1] * desc->out_c;
}

static void describe_all(struct sgan_params *params)
{
	const struct sgan_net *net = params->net;
	for (size_t i = 0; i < net->desc.layer_count; i++) {
		const struct sgan_layer_desc *l = &net->desc.layers[i];
		const struct sgan_node *node = &net->nodes[i];
		if (node->weight < 0)
			continue;
		describe(params, node->weight, l, "weight", true, 0);
		describe_weight(&params->list[node->weight], sgan_conv_plan_desc(node->plan), l->kind == SGAN_LAYER_DENSE);
		describe(params, node->bias, l, "bias", true, l->out);
		describe(params, node->gain, l, "gain", true, l->out);
		describe(params, node->shift, l, "shift", true, l->out);
		describe(params, node->mean, l, "mean", false, l->out);
		describe(params, node->var, l, "var", false, l->out);
	}
}

/* Layout: trainable values, running statistics; then gradients, first and second moments of the trainable ones.
 * Each tensor starts on a cache line of its own. */
static size_t padded(size_t count)
{
	return (count + 15) & ~(size_t)15;
}

/* Each node's packed weights go to it. */
static void place_packed(struct sgan_params *params)
{
	const struct sgan_net *net = params->net;
	for (size_t i = 0; i < net->desc.layer_count; i++)
		for (int pass = 0; pass < SGAN_PASS_COUNT; pass++)
			sgan_places_copies(net->places, params->packed + net->nodes[i].packed_offset[pass],
			                   net->nodes[i].packed_bytes[pass]);
}

static sgan_status allocate(struct sgan_params *params)
{
	size_t all = 0, trainable = 0;
	for (size_t i = 0; i < params->count; i++) {
		all += padded(params->list[i].count);
		trainable += params->list[i].trainable ? padded(params->list[i].count) : 0;
	}
	params->value_count = all;
	params->trainable_count = trainable;
	params->values = sgan_alloc(all + (params->trained ? 3 * trainable : 0), sizeof(real));
	params->packed = sgan_alloc(params->net->packed_size, 1);
	if (params->trained && params->net->exchanges)
		params->partials = sgan_alloc(params->net->partials_size, 1);
	if (params->values == NULL || params->packed == NULL ||
	    (params->trained && params->net->exchanges && params->partials == NULL))
		return SGAN_ENOMEM;
	place_packed(params);
	real *first = params->values, *second = params->values + trainable;
	for (size_t i = 0; i < params->count; i++) {
		struct sgan_param *p = &params->list[i];
		real **next = p->trainable ? &first : &second;
		p->value = *next;
		*next += padded(p->count);
		if (p->trainable && params->trained) {
			p->grad = p->value + all;
			p->m = p->grad + trainable;
			p->v = p->m + trainable;
		}
	}
	return SGAN_OK;
}

static void set_start_values(struct sgan_params *params)
{
	for (size_t i = 0; i < params->net->desc.layer_count; i++) {
		const int ones[2] = { params->net->nodes[i].gain, params->net->nodes[i].var };
		if (params->net->nodes[i].weight < 0)
			continue;
		for (int j = 0; j < 2; j++)
			for (size_t k = 0; ones[j] >= 0 && k < params->list[ones[j]].count; k++)
				params->list[ones[j]].value[k] = 1;
	}
}

sgan_status sgan_params_create(const struct sgan_net *net, bool trained, struct sgan_params **out)
{
	struct sgan_params *params = calloc(1, sizeof *params);
	struct sgan_param *list = calloc(net->param_count + 1, sizeof *list);
	if (params == NULL || list == NULL) {
		free(params);
		free(list);
		return sgan_fail(SGAN_ENOMEM, "%s: no memory for its parameters", net->desc.name);
	}
	params->net = net;
	params->list = list;
	params->count = net->param_count;
	params->trained = trained;
	describe_all(params);
	sgan_status status = allocate(params);
	if (status != SGAN_OK) {
		sgan_params_destroy(params);
		return sgan_fail_in(status, "%s: parameters", net->desc.name);
	}
	set_start_values(params);
	*out = params;
	return SGAN_OK;
}

void sgan_params_destroy(struct sgan_params *params)
{
	if (params == NULL)
		return;
	sgan_free(params->values);
	sgan_free(params->packed);
	sgan_free(params->partials);
	free(params->list);
	free(params);
}

bool sgan_params_trained(const struct sgan_params *params)
{
	return params->trained;
}

size_t sgan_params_count(const struct sgan_params *params)
{
	return params->count;
}

struct sgan_param *sgan_params_at(struct sgan_params *params, size_t i)
{
	sgan_params_settle(params); /* whoever asks may look at its gradient */
	return &params->list[i];
}

struct sgan_param *sgan_params_find(struct sgan_params *params, const char *name)
{
	for (size_t i = 0; i < params->count; i++)
		if (strcmp(params->list[i].name, name) == 0)
			return sgan_params_at(params, i);
	return NULL;
}

void sgan_params_changed(struct sgan_params *params)
{
	memset(params->fresh, 0, sizeof params->fresh);
}

/* Weights have nearly all of the gradients: their first pass overwrites instead of adding to zeros. */
void sgan_params_clear_grads(struct sgan_params *params)
{
	for (size_t i = 0; params->trained && i < params->count; i++) {
		const struct sgan_param *p = &params->list[i];
		if (p->trainable && !p->weight)
			memset(p->grad, 0, p->count * sizeof(real));
	}
	for (size_t i = 0; i < params->net->desc.layer_count; i++)
		params->cleared[i] = params->trained && params->net->nodes[i].weight >= 0;
}

bool sgan_params_accumulate(struct sgan_params *params, int layer)
{
	const bool accumulate = !params->cleared[layer];
	params->cleared[layer] = false;
	return accumulate;
}

void sgan_params_settle(struct sgan_params *params)
{
	for (size_t i = 0; i < params->net->desc.layer_count; i++) {
		if (!params->cleared[i])
			continue;
		const struct sgan_param *p = &params->list[params->net->nodes[i].weight];
		memset(p->grad, 0, p->count * sizeof(real));
		params->cleared[i] = false;
	}
}

void sgan_params_clear_moments(struct sgan_params *params)
{
	if (params->trained)
		memset(params->values + params->value_count + params->trainable_count, 0,
		       2 * params->trainable_count * sizeof(real));
}

void sgan_params_average(sgan_ctx *ctx, const struct sgan_params *params, double decay, struct sgan_params *average)
{
	if (decay > 0)
		sgan_average(ctx, decay, params->trainable_count, params->values, average->values);
	else
		memcpy(average->values, params->values, params->value_count * sizeof(real));
	sgan_params_changed(average);
}

void sgan_params_clear_statistics(struct sgan_params *params)
{
	for (size_t i = 0; i < params->net->desc.layer_count; i++) {
		const struct sgan_node *node = &params->net->nodes[i];
		for (size_t k = 0; node->mean >= 0 && k < node->channels; k++) {
			params->list[node->mean].value[k] = 0;
			params->list[node->var].value[k] = 1;
		}
	}
}

/* Trainable values, gradients and moments are blocks of one layout, so one call does all tensors. */
sgan_status sgan_params_adam(sgan_ctx *ctx, struct sgan_params *params, const struct sgan_adam *adam, uint64_t t)
{
	sgan_lap(ctx, "", "", "between networks");
	sgan_params_settle(params);
	real *grad = params->values + params->value_count;
	SGAN_TRY(sgan_adam_step(ctx, adam, t, params->trainable_count, grad, grad + params->trainable_count,
	                        grad + 2 * params->trainable_count, params->values));
	sgan_lap(ctx, params->net->desc.name, "", "update");
	sgan_params_changed(params);
	return SGAN_OK;
}

sgan_status sgan_params_packed(sgan_ctx *ctx, struct sgan_params *params, int layer, sgan_pass pass,
                               const void **packed)
{
	const struct sgan_node *node = &params->net->nodes[layer];
	char *place = params->packed + node->packed_offset[pass];
	if (params->fresh[layer][pass] < ctx->places->nodes) {
		SGAN_TRY(sgan_conv_pack(ctx, node->plan, pass, params->list[node->weight].value, place));
		params->fresh[layer][pass] = ctx->places->nodes;
		sgan_lap(ctx, params->net->desc.name, params->net->desc.layers[layer].name, "packing");
	}
	*packed = place;
	return SGAN_OK;
}

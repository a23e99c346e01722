/* Memory for one pass over a network: activations, what the backward pass needs of them, gradients. */
#include <stdlib.h>
#include <string.h>

#include "src/cpu/memory.h"
#include "src/cpu/status.h"
#include "src/nn/internal.h"

static bool room(size_t n, size_t size, real **memory)
{
	*memory = sgan_alloc(n * size, sizeof(real));
	return *memory != NULL;
}

/* The same for a batch. */
static bool room_for_images(const struct sgan_net *net, size_t size, real **memory)
{
	*memory = sgan_places_alloc(net->places, net->max_batch, size * sizeof(real));
	return *memory != NULL;
}

static bool allocate_layer(struct sgan_tape *tape, size_t i)
{
	const struct sgan_net *net = tape->net;
	const struct sgan_layer_desc *l = &net->desc.layers[i];
	const struct sgan_node *node = &net->nodes[i];
	struct sgan_activation *at = &tape->at[i];
	if (l->kind != SGAN_LAYER_INPUT && !room_for_images(net, node->size, &at->own))
		return false;
	at->value = at->own;
	tape->strength[i] = l->kind == SGAN_LAYER_NOISE ? l->sigma : l->rate;
	if (tape->backward && !room_for_images(net, node->size, &at->grad))
		return false;
	if (l->bn && (!room_for_images(net, node->size, &at->linear) || !room(1, node->channels, &at->mean) ||
	              !room(1, node->channels, &at->inv_std)))
		return false;
	if (l->kind == SGAN_LAYER_MAXPOOL) {
		at->which = sgan_places_alloc(net->places, net->max_batch, node->size);
		return at->which != NULL;
	}
	return true;
}

/* A layer that several others read gets its gradient in parts; the largest such layer sizes the spare room. */
static size_t largest_shared(const struct sgan_net *net)
{
	size_t largest = 0;
	int readers[SGAN_LAYERS] = { 0 };
	for (size_t i = 0; i < net->desc.layer_count; i++)
		for (int j = 0; j < 2; j++) {
			int source = net->nodes[i].source[j];
			if (source >= 0 && ++readers[source] > 1 && net->nodes[source].size > largest)
				largest = net->nodes[source].size;
		}
	return largest;
}

sgan_status sgan_tape_create(const struct sgan_net *net, bool backward, struct sgan_tape **out)
{
	struct sgan_tape *tape = calloc(1, sizeof *tape);
	if (tape == NULL)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory for its activations", net->desc.name);
	tape->net = net;
	tape->backward = backward;
	bool ok = true;
	for (size_t i = 0; ok && i < net->desc.layer_count; i++)
		ok = allocate_layer(tape, i);
	size_t shared = backward ? largest_shared(net) : 0;
	ok = ok && (shared == 0 || room_for_images(net, shared, &tape->spare));
	tape->workspace = ok ? sgan_alloc(net->workspace_size, 1) : NULL;
	if (tape->workspace == NULL) {
		sgan_tape_destroy(tape);
		return sgan_fail_in(SGAN_ENOMEM, "%s: activations", net->desc.name);
	}
	*out = tape;
	return SGAN_OK;
}

void sgan_tape_destroy(struct sgan_tape *tape)
{
	if (tape == NULL)
		return;
	for (size_t i = 0; i < tape->net->desc.layer_count; i++) {
		struct sgan_activation *at = &tape->at[i];
		sgan_free(at->own);
		sgan_free(at->grad);
		sgan_free(at->linear);
		sgan_free(at->mean);
		sgan_free(at->inv_std);
		sgan_free(at->which);
	}
	sgan_free(tape->spare);
	sgan_free(tape->workspace);
	free(tape);
}

void sgan_tape_input(struct sgan_tape *tape, int layer, const real *values)
{
	tape->at[layer].value = values;
}

void sgan_tape_random(struct sgan_tape *tape, uint64_t seed, uint32_t stream, uint64_t step)
{
	tape->random = (struct sgan_random){ .seed = seed, .step = step, .stream = stream };
	tape->random_set = true;
}

void sgan_tape_strengths(struct sgan_tape *tape, const double strengths[SGAN_LAYERS])
{
	memcpy(tape->strength, strengths, sizeof tape->strength);
}

struct sgan_random sgan_tape_layer_random(const struct sgan_tape *tape, int layer)
{
	struct sgan_random random = tape->random;
	random.stream |= (uint32_t)(layer + 1) << 24;
	return random;
}

const real *sgan_tape_value(const struct sgan_tape *tape, int layer)
{
	return tape->at[layer].value;
}

real *sgan_tape_grad(struct sgan_tape *tape, int layer)
{
	return tape->at[layer].grad;
}

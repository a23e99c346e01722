/* See contents.h. It must not read a tensor's values. */
#include "src/sgan/model/contents.h"

#include <stdio.h>

#include "src/cpu/status.h"

/* Values that the file has of a layer's parameters. */
static size_t values_in_file(const struct sgan_safetensors *file, const char *net, const char *layer)
{
	static const char *const parameters[] = { "weight", "bias", "gain", "shift" };
	size_t sum = 0;
	for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
		char name[SGAN_PARAM_NAME];
		snprintf(name, sizeof name, "%s.%s.%s", net, layer, parameters[i]);
		const struct sgan_tensor *tensor = sgan_safetensors_find(file, name);
		size_t count = tensor != NULL;
		for (size_t d = 0; tensor != NULL && d < tensor->rank; d++)
			count *= tensor->shape[d];
		sum += count;
	}
	return sum;
}

static sgan_status check_network(const struct sgan_safetensors *file, const struct sgan_net_desc *net)
{
	size_t shapes[SGAN_LAYERS][3];
	SGAN_TRY(sgan_net_shapes(net, shapes));
	for (size_t i = 0; i < net->layer_count; i++) {
		const size_t expected = sgan_net_desc_parameters(net, i, shapes);
		const size_t found = expected > 0 ? values_in_file(file, net->name, net->layers[i].name) : 0;
		if (found != expected)
			return sgan_fail(SGAN_EFORMAT, "%s: of %s's layer '%s' it holds %zu values, its preset has %zu",
			                 sgan_safetensors_path(file), net->name, net->layers[i].name, found, expected);
	}
	return SGAN_OK;
}

sgan_status sgan_contents_check(const struct sgan_safetensors *file, const struct sgan_state *state,
                                const struct sgan_preset *preset)
{
	if (sgan_checkpoint_has_weights(state, SGAN_STAGE_ENCODER))
		SGAN_TRY(check_network(file, &preset->encoder));
	if (!sgan_checkpoint_has_weights(state, SGAN_STAGE_INDEPENDENT))
		return SGAN_OK;
	for (size_t i = 0; i < preset->stack_count; i++) {
		SGAN_TRY(check_network(file, &preset->stacks[i].generator));
		SGAN_TRY(check_network(file, &preset->stacks[i].discriminator));
	}
	return SGAN_OK;
}

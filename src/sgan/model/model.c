/* Builds the parts of a stacked GAN from its preset. */
#include "src/sgan/model/model.h"

#include <stdlib.h>

#include "src/cpu/status.h"

static sgan_status make_part(sgan_ctx *ctx, const struct sgan_model *model, const struct sgan_net_desc *desc,
                             bool trained, struct sgan_part *part)
{
	SGAN_TRY(sgan_net_create(ctx, desc, model->max_batch, model->preset->slices, &part->net));
	return sgan_params_create(part->net, trained, &part->params);
}

static sgan_status find(const struct sgan_part *part, const char *layer, int *place)
{
	*place = sgan_net_find(part->net, layer);
	if (*place < 0)
		return sgan_fail(SGAN_EINVAL, "%s: there is no layer '%s', which a stack needs", sgan_net_desc(part->net)->name,
		                 layer);
	return SGAN_OK;
}

static sgan_status find_layers(struct sgan_stack *stack)
{
	SGAN_TRY(find(&stack->encoder, "h", &stack->encoder_in));
	SGAN_TRY(find(&stack->generator, "z", &stack->generator_noise));
	SGAN_TRY(find(&stack->discriminator, "h", &stack->discriminator_in));
	SGAN_TRY(find(&stack->discriminator, "d", &stack->discriminator_logit));
	stack->generator_condition = sgan_net_find(stack->generator.net, "h");
	stack->discriminator_code = sgan_net_find(stack->discriminator.net, "q");
	stack->encoder_out = (int)sgan_net_desc(stack->encoder.net)->layer_count - 1;
	stack->generator_out = (int)sgan_net_desc(stack->generator.net)->layer_count - 1;
	stack->upper_size = sgan_net_size(stack->encoder.net, stack->encoder_out);
	stack->lower_size = sgan_net_size(stack->encoder.net, stack->encoder_in);
	stack->noise_size = sgan_net_size(stack->generator.net, stack->generator_noise);
	return SGAN_OK;
}

/* A layer that is absent fits. */
static bool fits(const struct sgan_net *net, int layer, size_t size)
{
	return layer < 0 || sgan_net_size(net, layer) == size;
}

static sgan_status check_sizes(const struct sgan_stack *stack, size_t i, size_t logits)
{
	const struct sgan_net *g = stack->generator.net, *d = stack->discriminator.net;
	if (!fits(g, stack->generator_condition, stack->upper_size) || !fits(g, stack->generator_out, stack->lower_size) ||
	    !fits(d, stack->discriminator_in, stack->lower_size) || !fits(d, stack->discriminator_logit, logits) ||
	    !fits(d, stack->discriminator_code, stack->noise_size))
		return sgan_fail(SGAN_EINVAL, "stack %zu: encoder, generator and discriminator do not fit each other", i);
	return SGAN_OK;
}

static sgan_status make_stack(sgan_ctx *ctx, struct sgan_model *model, size_t i, bool trained)
{
	const struct sgan_preset *preset = model->preset;
	const struct sgan_stack_desc *desc = &preset->stacks[i];
	struct sgan_stack *stack = &model->stacks[i];
	struct sgan_net_desc part;
	SGAN_TRY(sgan_net_desc_cut(&preset->encoder, i == 0 ? "" : preset->stacks[i - 1].cut, desc->cut, &part));
	SGAN_TRY(make_part(ctx, model, &part, trained, &stack->encoder));
	SGAN_TRY(make_part(ctx, model, &desc->generator, trained, &stack->generator));
	SGAN_TRY(make_part(ctx, model, &desc->discriminator, trained, &stack->discriminator));
	SGAN_TRY(find_layers(stack));
	return check_sizes(stack, i, desc->discriminator_loss == SGAN_DISCRIMINATOR_CLASSES ? preset->classes : 1);
}

sgan_status sgan_model_create(sgan_ctx *ctx, const struct sgan_preset *preset, size_t max_batch, bool trained,
                              struct sgan_model **out)
{
	struct sgan_model *model = calloc(1, sizeof *model);
	struct sgan_stack *stacks = calloc(preset->stack_count, sizeof *stacks);
	if (model == NULL || stacks == NULL) {
		free(model);
		free(stacks);
		return sgan_fail(SGAN_ENOMEM, "%s: no memory for the model", preset->name);
	}
	model->preset = preset;
	model->max_batch = max_batch;
	model->stack_count = preset->stack_count;
	model->stacks = stacks;
	const size_t pixels = preset->height * preset->width * preset->channels;
	sgan_status status = sgan_input_create(pixels, preset->subtract_mean, &model->input);
	for (size_t i = 0; i < model->stack_count && status == SGAN_OK; i++)
		status = make_stack(ctx, model, i, trained);
	if (status == SGAN_OK)
		*out = model;
	else
		sgan_model_destroy(model);
	return status;
}

void sgan_model_destroy(struct sgan_model *model)
{
	if (model == NULL)
		return;
	struct sgan_part *part;
	enum sgan_stage stage;
	for (size_t k = 0; (part = sgan_model_part(model, k, &stage)) != NULL; k++) {
		sgan_params_destroy(part->params);
		sgan_net_destroy(part->net);
	}
	sgan_input_destroy(&model->input);
	free(model->stacks);
	free(model);
}

struct sgan_part *sgan_model_part(struct sgan_model *model, size_t k, enum sgan_stage *stage)
{
	if (k >= 3 * model->stack_count)
		return NULL;
	struct sgan_stack *stack = &model->stacks[k / 3];
	struct sgan_part *parts[3] = { &stack->encoder, &stack->generator, &stack->discriminator };
	*stage = k % 3 == 0 ? SGAN_STAGE_ENCODER : SGAN_STAGE_INDEPENDENT;
	return parts[k % 3];
}

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
	SGAN_TRY(find(&stack->generator, "z", &stack->generator_noise));
	SGAN_TRY(find(&stack->discriminator, "h", &stack->discriminator_in));
	SGAN_TRY(find(&stack->discriminator, "d", &stack->discriminator_logit));
	stack->generator_condition = sgan_net_find(stack->generator.net, "h");
	stack->discriminator_code = sgan_net_find(stack->discriminator.net, "q");
	stack->generator_out = (int)sgan_net_desc(stack->generator.net)->layer_count - 1;
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

/* The encoder between two cuts. */
static sgan_status make_encoder_part(sgan_ctx *ctx, struct sgan_model *model, size_t i, bool trained)
{
	const struct sgan_preset *preset = model->preset;
	const char *below = i > 0 ? preset->stacks[i - 1].cut : "";
	const char *last = preset->encoder.layers[preset->encoder.layer_count - 1].name;
	const char *cut = i < preset->stack_count ? preset->stacks[i].cut : last;
	struct sgan_encoder_part *e = &model->encoder[i];
	struct sgan_net_desc desc;
	SGAN_TRY(sgan_net_desc_cut(&preset->encoder, below, cut, &desc));
	SGAN_TRY(make_part(ctx, model, &desc, trained, &e->part));
	SGAN_TRY(find(&e->part, "h", &e->in));
	e->out = (int)sgan_net_desc(e->part.net)->layer_count - 1;
	e->in_size = sgan_net_size(e->part.net, e->in);
	e->out_size = sgan_net_size(e->part.net, e->out);
	return SGAN_OK;
}

/* Where one stage moves an average, all stages keep one, a copy of the weights in those that do not move it: all model
 * files of a preset have the same tensors. */
static bool keeps_average(const struct sgan_preset *preset)
{
	return preset->stages[SGAN_STAGE_INDEPENDENT].ema > 0 || preset->stages[SGAN_STAGE_JOINT].ema > 0;
}

/* Around E_i, which has been made. */
static sgan_status make_stack(sgan_ctx *ctx, struct sgan_model *model, size_t i, bool trained)
{
	const struct sgan_preset *preset = model->preset;
	const struct sgan_stack_desc *desc = &preset->stacks[i];
	struct sgan_stack *stack = &model->stacks[i];
	stack->upper_size = model->encoder[i].out_size;
	stack->lower_size = model->encoder[i].in_size;
	SGAN_TRY(make_part(ctx, model, &desc->generator, trained, &stack->generator));
	SGAN_TRY(make_part(ctx, model, &desc->discriminator, trained, &stack->discriminator));
	if (trained && keeps_average(preset))
		SGAN_TRY(sgan_params_create(stack->generator.net, false, &stack->generator.average));
	SGAN_TRY(find_layers(stack));
	return check_sizes(stack, i, desc->discriminator_loss == SGAN_DISCRIMINATOR_CLASSES ? preset->classes : 1);
}

static sgan_status make_networks(sgan_ctx *ctx, struct sgan_model *model, bool trained)
{
	const struct sgan_preset *preset = model->preset;
	const size_t pixels = preset->height * preset->width * preset->channels;
	SGAN_TRY(sgan_input_create(pixels, preset->subtract_mean, &model->input));
	for (size_t i = 0; i < model->encoder_count; i++)
		SGAN_TRY(make_encoder_part(ctx, model, i, trained));
	for (size_t i = 0; i < model->stack_count; i++)
		SGAN_TRY(make_stack(ctx, model, i, trained));
	return SGAN_OK;
}

sgan_status sgan_model_create(sgan_ctx *ctx, const struct sgan_preset *preset, size_t max_batch, bool trained,
                              struct sgan_model **out)
{
	if (preset->classes == 0)
		return sgan_fail(SGAN_EINVAL, "preset %s: its number of classes is the dataset's, and none has been looked at",
		                 preset->name);
	const size_t parts = preset->stack_count > 0 ? preset->stack_count : 1;
	struct sgan_model *model = calloc(1, sizeof *model);
	struct sgan_encoder_part *encoder = calloc(parts, sizeof *encoder);
	struct sgan_stack *stacks = calloc(parts, sizeof *stacks);
	if (model == NULL || encoder == NULL || stacks == NULL) {
		free(model);
		free(encoder);
		free(stacks);
		return sgan_fail(SGAN_ENOMEM, "%s: no memory for the model", preset->name);
	}
	*model = (struct sgan_model){ .preset = preset,
		                          .max_batch = max_batch,
		                          .encoder_count = parts,
		                          .encoder = encoder,
		                          .stack_count = preset->stack_count,
		                          .stacks = stacks };
	sgan_status status = make_networks(ctx, model, trained);
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
		sgan_params_destroy(part->average);
		sgan_net_destroy(part->net);
	}
	sgan_input_destroy(&model->input);
	free(model->encoder);
	free(model->stacks);
	free(model);
}

struct sgan_part *sgan_model_part(struct sgan_model *model, size_t k, enum sgan_stage *stage)
{
	const size_t i = k / 3, which = k % 3;
	*stage = which == 0 ? SGAN_STAGE_ENCODER : SGAN_STAGE_INDEPENDENT;
	if (i >= (which == 0 ? model->encoder_count : model->stack_count))
		return NULL;
	return which == 0   ? &model->encoder[i].part
	       : which == 1 ? &model->stacks[i].generator
	                    : &model->stacks[i].discriminator;
}

/* Whether what a preset describes fits together: cuts, conditions, networks on networks.
 *
 * Knows shapes alone, by src/nn/shapes.c; each setting by itself has been checked before. */
#include <stdio.h>
#include <string.h>

#include "src/cpu/status.h"
#include "src/sgan/preset/read.h"

enum { CHANNELS = 64 }; /* of images: what has more has its height, width and channels in another order */

/* A network, its shapes, and where to point when it does not fit. */
struct shaped {
	const struct sgan_net_desc *net;
	const config_setting_t *at;
	size_t shapes[SGAN_LAYERS][3];
};

static sgan_status shape(const struct sgan_net_desc *net, const config_setting_t *at, struct shaped *shaped)
{
	shaped->net = net;
	shaped->at = at;
	return sgan_net_shapes(net, shaped->shapes);
}

static size_t values(const struct shaped *shaped, int layer)
{
	const size_t *s = shaped->shapes[layer];
	return s[0] * s[1] * s[2];
}

/* The network's inputs are `needed` and perhaps `optional` (NULL: it may have no other). */
static sgan_status check_inputs(const struct shaped *s, const char *needed, const char *optional)
{
	for (size_t i = 0; i < s->net->layer_count; i++) {
		const struct sgan_layer_desc *layer = &s->net->layers[i];
		if (layer->kind == SGAN_LAYER_INPUT && strcmp(layer->name, needed) != 0 &&
		    (!optional || strcmp(layer->name, optional) != 0))
			return sgan_tree_fail(s->at, "%s: input '%s' is unknown, expected '%s'%s%s%s", s->net->name, layer->name,
			                      needed, optional ? " and '" : "", optional ? optional : "", optional ? "'" : "");
	}
	int found = sgan_net_desc_find(s->net, needed);
	if (found < 0 || s->net->layers[found].kind != SGAN_LAYER_INPUT)
		return sgan_tree_fail(s->at, "%s: input '%s' is missing", s->net->name, needed);
	found = optional ? sgan_net_desc_find(s->net, optional) : -1;
	if (found >= 0 && s->net->layers[found].kind != SGAN_LAYER_INPUT)
		return sgan_tree_fail(s->at, "%s: layer '%s' must be an input", s->net->name, optional);
	return SGAN_OK;
}

/* A layer has as many values as a shape, of which `what` says what it is. */
static sgan_status check_values(struct shaped *s, const char *layer, const size_t expected[3], const char *what)
{
	char flow[SGAN_FLOW_TEXT], wanted[SGAN_SHAPE_TEXT];
	const int found = sgan_net_desc_find(s->net, layer);
	if (found < 0)
		return sgan_tree_fail(s->at, "%s: layer '%s' is missing", s->net->name, layer);
	if (values(s, found) != expected[0] * expected[1] * expected[2])
		return sgan_tree_fail(s->at, "%s: layer '%s' %s, expected %s, %s", s->net->name, layer,
		                      sgan_flow_text(s->net, s->shapes, (size_t)found, flow),
		                      sgan_shape_text(s->net, expected, wanted), what);
	return SGAN_OK;
}

/* The same of a vector of `count` values. */
static sgan_status check_count(struct shaped *s, const char *layer, size_t count, const char *what)
{
	return check_values(s, layer, (const size_t[3]){ 1, 1, count }, what);
}

static size_t class_count(const struct sgan_preset *preset)
{
	return preset->classes > 0 ? preset->classes : SGAN_CLASSES_UNKNOWN;
}

/* A shift that leaves nothing of an image teaches nothing. */
static sgan_status check_augmentation(const config_setting_t *encoder, const struct sgan_preset *preset)
{
	const size_t shift = preset->augmentation.shift;
	if (shift < preset->height && shift < preset->width)
		return SGAN_OK;
	return sgan_tree_fail(config_setting_get_member(encoder, "shift"),
	                      "encoder: 'shift' is %zu, which leaves nothing of images of %zux%zu", shift, preset->height,
	                      preset->width);
}

/* A quarter turn keeps the size of square images alone. */
static sgan_status check_rotations(const config_setting_t *encoder, const struct sgan_preset *preset)
{
	if (preset->labels != SGAN_LABELS_ROTATIONS || preset->height == preset->width)
		return SGAN_OK;
	return sgan_tree_fail(config_setting_get_member(encoder, "labels"),
	                      "encoder: labels = \"rotations\" takes square images, 'image' has %zux%zu", preset->height,
	                      preset->width);
}

/* With labels of its own making the encoder is no help to what wants those of the dataset. */
static sgan_status check_unlabelled(const struct sgan_preset *preset, size_t number, const config_setting_t *at)
{
	const struct sgan_stack_desc *stack = &preset->stacks[number];
	if (preset->labels == SGAN_LABELS_DATA)
		return SGAN_OK;
	if (stack->discriminator_loss == SGAN_DISCRIMINATOR_CLASSES)
		return sgan_tree_fail(
			at,
			"stack %zu: 'discriminator_loss' is \"classes\", which takes the dataset's labels, but the "
			"encoder's are \"rotations\"",
			number);
	if (number + 1 == preset->stack_count && sgan_preset_labelled(preset))
		return sgan_tree_fail(config_setting_get_member(at, "generator"),
		                      "g%zu: it has the input 'h', the dataset's labels, but the encoder's are \"rotations\"",
		                      number);
	return SGAN_OK;
}

static sgan_status check_encoder(const struct sgan_preset *preset, struct shaped *encoder)
{
	const struct sgan_net_desc *net = encoder->net;
	const size_t *in = encoder->shapes[0];
	if (net->layers[0].kind != SGAN_LAYER_INPUT)
		return sgan_tree_fail(encoder->at, "encoder: its first layer must be its input");
	if (in[0] != preset->height || in[1] != preset->width || in[2] != preset->channels)
		return sgan_tree_fail(encoder->at, "encoder: its input is [ %zu, %zu, %zu ], 'image' is [ %zu, %zu, %zu ]",
		                      in[0], in[1], in[2], preset->height, preset->width, preset->channels);
	const struct sgan_layer_desc *last = &net->layers[net->layer_count - 1];
	SGAN_TRY(preset->labels == SGAN_LABELS_ROTATIONS
	             ? check_count(encoder, last->name, SGAN_ROTATIONS, "a score for each rotation")
	             : check_count(encoder, last->name, class_count(preset), "a score for each class"));
	if (last->act != SGAN_ACT_NONE)
		return sgan_tree_fail(encoder->at, "encoder: its last layer '%s' gives scores for softmax and takes no 'act'",
		                      last->name);
	return SGAN_OK;
}

/* Without stacks there are no cuts, and E is one part. */
static sgan_status check_whole(const config_setting_t *root, const struct sgan_preset *preset,
                               const struct shaped *encoder)
{
	const struct sgan_net_desc *net = encoder->net;
	struct sgan_net_desc part;
	if (strcmp(preset->stage, "all") != 0 && strcmp(preset->stage, sgan_stage_name(SGAN_STAGE_ENCODER)) != 0)
		return sgan_tree_fail(config_setting_get_member(root, "stage"),
		                      "'stage' is \"%s\", but there are no stacks: expected \"encoder\"", preset->stage);
	return sgan_net_desc_cut(net, "", net->layers[net->layer_count - 1].name, &part);
}

/* The encoder's layers `first` to `last`, for messages: "conv1, pool1". */
static const char *list_layers(const struct sgan_net_desc *encoder, size_t first, size_t last, char *text, size_t size)
{
	text[0] = '\0';
	for (size_t i = first, length = 0; i <= last && length < size; i++)
		length +=
			(size_t)snprintf(text + length, size - length, "%s%s", i > first ? ", " : "", encoder->layers[i].name);
	return text;
}

/* Why a stack cannot cut at `cut`, the encoder's first layer (0) being its input; NULL: it can. below: where the stack
 * below cuts, or 0; last: the last layer that leaves one for each of the stacks above. */
static const char *why_not(int cut, size_t below, size_t last, bool top)
{
	if (cut < 0)
		return "is no layer of the encoder";
	if (cut == 0)
		return "is the encoder's input";
	if ((size_t)cut <= below)
		return "does not lie behind the cut of the stack below";
	if ((size_t)cut > last)
		return "leaves too few layers for the stacks above";
	return top && (size_t)cut != last ? "is not the encoder's last layer, as the top stack's must be" : NULL;
}

/* *layer: where a stack cuts the encoder. The cut of the stack below has been found. */
static sgan_status find_cut(const struct sgan_preset *preset, size_t number, const config_setting_t *at,
                            const struct sgan_net_desc *encoder, size_t *layer)
{
	const size_t above = preset->stack_count - 1 - number, last = encoder->layer_count - 1 - above;
	const size_t below = number ? (size_t)sgan_net_desc_find(encoder, preset->stacks[number - 1].cut) : 0;
	const int cut = sgan_net_desc_find(encoder, preset->stacks[number].cut);
	const char *why = why_not(cut, below, last, above == 0);
	char list[512];
	if (why)
		return sgan_tree_fail(at, "stack %zu: cut '%s' %s: expected %s%s", number, preset->stacks[number].cut, why,
		                      above > 0 && below + 1 < last ? "one of " : "",
		                      list_layers(encoder, above > 0 ? below + 1 : last, last, list, sizeof list));
	*layer = (size_t)cut;
	return SGAN_OK;
}

/* A stack's cut. *layer is the encoder's that it is made from. */
static sgan_status check_cut(const struct sgan_preset *preset, size_t number, const config_setting_t *at,
                             const struct sgan_net_desc *encoder, size_t *layer)
{
	const struct sgan_stack_desc *stack = &preset->stacks[number];
	const bool top = number + 1 == preset->stack_count;
	const enum sgan_condition expected = top ? SGAN_CONDITION_CROSS_ENTROPY : SGAN_CONDITION_SQUARED_ERROR;
	struct sgan_net_desc part;
	SGAN_TRY(find_cut(preset, number, at, encoder, layer));
	SGAN_TRY(sgan_net_desc_cut(encoder, number ? preset->stacks[number - 1].cut : "", stack->cut, &part));
	if (stack->condition != expected)
		return sgan_tree_fail(at, "stack %zu: 'condition' must be %s", number,
		                      top ? "\"cross_entropy\" at the top of the stack" : "\"squared_error\" below the top");
	return SGAN_OK;
}

/* A term that a network has no layer for must have weight 0 in every stage. */
static sgan_status check_absent(const struct sgan_stack_desc *stack, const struct shaped *s, const char *layer,
                                enum sgan_term_kind kind, const char *weight)
{
	for (unsigned stage = 0; stage < SGAN_STAGE_COUNT; stage++)
		if (sgan_objective_find(&stack->objective[stage], kind))
			return sgan_tree_fail(s->at, "%s: it has no '%s', so %s must be 0 in stage %s", s->net->name, layer, weight,
			                      sgan_stage_name(stage));
	return SGAN_OK;
}

/* What the encoder makes of images up to a layer, or an image: a stack's target. */
struct target {
	const size_t *shape;
	char what[2 * SGAN_NAME];
};

static struct target target_of_layer(const struct shaped *encoder, size_t layer)
{
	struct target target = { .shape = encoder->shapes[layer] };
	snprintf(target.what, sizeof target.what, "as the encoder's '%s'", encoder->net->layers[layer].name);
	return target;
}

/* The stack makes `below` from `above`; G may do without it. */
static sgan_status check_generator(const struct sgan_stack_desc *stack, struct shaped *g, const struct target *below,
                                   const struct target *above)
{
	SGAN_TRY(check_inputs(g, "z", "h"));
	if (sgan_net_desc_find(g->net, "h") < 0)
		SGAN_TRY(check_absent(stack, g, "h", SGAN_TERM_CONDITIONAL, "lambda_cond"));
	else
		SGAN_TRY(check_values(g, "h", above->shape, above->what));
	return check_values(g, g->net->layers[g->net->layer_count - 1].name, below->shape, below->what);
}

/* `logits` is how many D's head has, `z` how many values Q's, which may be absent. */
static sgan_status check_discriminator(const struct sgan_stack_desc *stack, struct shaped *d,
                                       const struct target *below, size_t logits, size_t z)
{
	SGAN_TRY(check_inputs(d, "h", NULL));
	SGAN_TRY(check_values(d, "h", below->shape, below->what));
	SGAN_TRY(check_count(d, "d", logits, logits == 1 ? "one logit" : "a logit for each class"));
	if (sgan_net_desc_find(d->net, "q") < 0)
		SGAN_TRY(check_absent(stack, d, "q", SGAN_TERM_ENTROPY, "lambda_ent"));
	else
		SGAN_TRY(check_count(d, "q", z, "as many as its generator's 'z'"));
	int logit = sgan_net_desc_find(d->net, "d");
	if (d->net->layers[logit].act != SGAN_ACT_NONE)
		return sgan_tree_fail(d->at, "%s: layer 'd' is %s and takes no 'act'", d->net->name,
		                      logits == 1 ? "a logit" : "logits");
	return SGAN_OK;
}

static sgan_status check_stack(const struct sgan_preset *preset, size_t number, const config_setting_t *at,
                               const struct target *below, const struct target *above)
{
	const struct sgan_stack_desc *stack = &preset->stacks[number];
	struct shaped g, d;
	SGAN_TRY(shape(&stack->generator, config_setting_get_member(at, "generator"), &g));
	SGAN_TRY(check_generator(stack, &g, below, above));
	const size_t *out = g.shapes[g.net->layer_count - 1];
	if (number == 0 && (out[0] != preset->height || out[1] != preset->width))
		return sgan_tree_fail(g.at, "g0: it makes [ %zu, %zu, %zu ], 'image' is [ %zu, %zu, %zu ]", out[0], out[1],
		                      out[2], preset->height, preset->width, preset->channels);
	SGAN_TRY(shape(&stack->discriminator, config_setting_get_member(at, "discriminator"), &d));
	const size_t logits = stack->discriminator_loss == SGAN_DISCRIMINATOR_CLASSES ? class_count(preset) : 1;
	return check_discriminator(stack, &d, below, logits, values(&g, sgan_net_desc_find(g.net, "z")));
}

static bool has_bn(const struct sgan_net_desc *net)
{
	for (size_t i = 0; i < net->layer_count; i++)
		if (net->layers[i].bn)
			return true;
	return false;
}

/* Whether a network that the stage trains normalises over its batch; a frozen one uses its running statistics. */
static bool normalises(const struct sgan_preset *preset, enum sgan_stage stage)
{
	if (stage == SGAN_STAGE_ENCODER)
		return has_bn(&preset->encoder);
	for (size_t i = 0; i < preset->stack_count; i++)
		if (has_bn(&preset->stacks[i].generator) || has_bn(&preset->stacks[i].discriminator))
			return true;
	return false;
}

static sgan_status check_batches(const config_setting_t *root, const struct sgan_preset *preset)
{
	for (unsigned stage = 0; stage < sgan_preset_stages(preset); stage++) {
		const config_setting_t *at = config_setting_get_member(root, sgan_stage_name(stage));
		const struct sgan_stage_settings *settings = &preset->stages[stage];
		if (settings->batch < preset->slices)
			return sgan_tree_fail(at ? at : root, "%s: batch %zu is smaller than slices, %zu", sgan_stage_name(stage),
			                      settings->batch, preset->slices);
		if (settings->batch < 2 && normalises(preset, stage)) /* the running variance is scaled by B / (B - 1) */
			return sgan_tree_fail(at ? at : root, "%s: batch 1 cannot be normalised, expected at least 2",
			                      sgan_stage_name(stage));
	}
	return SGAN_OK;
}

sgan_status sgan_preset_check(const config_t *tree, const struct sgan_preset *preset)
{
	const config_setting_t *root = config_root_setting(tree);
	if (preset->channels > CHANNELS)
		return sgan_tree_fail(config_setting_get_member(root, "image"), "'image' has %zu channels, expected 1 to %d",
		                      preset->channels, CHANNELS);
	SGAN_TRY(check_batches(root, preset));
	struct shaped encoder;
	SGAN_TRY(shape(&preset->encoder, config_setting_get_member(root, "encoder"), &encoder));
	SGAN_TRY(check_rotations(encoder.at, preset));
	SGAN_TRY(check_augmentation(encoder.at, preset));
	SGAN_TRY(check_encoder(preset, &encoder));
	if (preset->stack_count == 0)
		return check_whole(root, preset, &encoder);
	const config_setting_t *stacks = config_setting_get_member(root, "stacks");
	const size_t image[3] = { preset->height, preset->width, preset->channels };
	struct target below = { image, "as 'image' says" };
	size_t cuts[SGAN_STACKS_MAX];
	if (preset->encoder.layer_count <= preset->stack_count)
		return sgan_tree_fail(stacks, "%zu stacks expect as many layers behind the encoder's input, it has %zu",
		                      preset->stack_count, preset->encoder.layer_count - 1);
	for (size_t i = 0; i < preset->stack_count; i++)
		SGAN_TRY(check_cut(preset, i, config_setting_get_elem(stacks, (unsigned)i), &preset->encoder, &cuts[i]));
	for (size_t i = 0; i < preset->stack_count; i++) {
		const config_setting_t *at = config_setting_get_elem(stacks, (unsigned)i);
		SGAN_TRY(check_unlabelled(preset, i, at));
		const struct target above = target_of_layer(&encoder, cuts[i]);
		SGAN_TRY(check_stack(preset, i, at, &below, &above));
		below = above;
	}
	return SGAN_OK;
}

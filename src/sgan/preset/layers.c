/* Layers of a preset: a list of groups, each read by the keys that its type takes.
 *
 * Knows what a layer may say, not how layers fit each other: that is src/nn/shapes.c. */
#include <stdio.h>
#include <string.h>

#include "src/cpu/status.h"
#include "src/sgan/preset/read.h"

static const char *const classes_word[] = { "classes", NULL };
static const char *const activations[] = { "none", "relu", "lrelu", "sigmoid", NULL };

_Static_assert(SGAN_ACT_NONE == 0 && SGAN_ACT_SIGMOID == 3, "activations is in the order of sgan_act");
_Static_assert(sizeof(enum sgan_layer_kind) == sizeof(unsigned) && sizeof(sgan_act) == sizeof(unsigned),
               "choices are stored as unsigned");

enum { TYPE, NAME, FROM, SHAPE, OUT, KERNEL, STRIDE, PAD, OUT_PAD, BIAS, BN, ACT, SLOPE, SIGMA, RATE };
enum { INDEPENDENT = RATE + 1, JOINT };

#define FIELD(member) offsetof(struct sgan_layer_desc, member)
/* clang-format off */
static const struct sgan_key layer_keys[] = {
	[TYPE] = { "type", SGAN_KEY_CHOICE, FIELD(kind), 0, 0, sgan_layer_kind_names },
	[NAME] = { "name", SGAN_KEY_NAME, FIELD(name), 0, 0, NULL },
	[FROM] = { "from", SGAN_KEY_SOURCES, FIELD(from), 0, 0, NULL },
	[SHAPE] = { "shape", SGAN_KEY_SHAPE, FIELD(shape), 0, 0, classes_word },
	[OUT] = { "out", SGAN_KEY_SIZE, FIELD(out), 1, 65536, classes_word },
	[KERNEL] = { "kernel", SGAN_KEY_SIZE, FIELD(kernel), 1, 63, NULL },
	[STRIDE] = { "stride", SGAN_KEY_SIZE, FIELD(stride), 1, 16, NULL },
	[PAD] = { "pad", SGAN_KEY_SIZE, FIELD(pad), 0, 62, NULL },
	[OUT_PAD] = { "out_pad", SGAN_KEY_SIZE, FIELD(out_pad), 0, 15, NULL },
	[BIAS] = { "bias", SGAN_KEY_BOOL, FIELD(bias), 0, 0, NULL },
	[BN] = { "bn", SGAN_KEY_BOOL, FIELD(bn), 0, 0, NULL },
	[ACT] = { "act", SGAN_KEY_CHOICE, FIELD(act), 0, 0, activations },
	[SLOPE] = { "slope", SGAN_KEY_ABOVE, FIELD(slope), 0, 0.999, NULL },
	[SIGMA] = { "sigma", SGAN_KEY_REAL, FIELD(sigma), 0, 1000, NULL },
	[RATE] = { "rate", SGAN_KEY_REAL, FIELD(rate), 0, 0.99, NULL },
	[INDEPENDENT] = { "independent", SGAN_KEY_OTHER, 0, 0, 0, NULL },
	[JOINT] = { "joint", SGAN_KEY_OTHER, 0, 0, 0, NULL },
	SGAN_KEYS_END
};
/* clang-format on */

#define BIT(key) ((uint64_t)1 << (key))
#define ALWAYS (BIT(TYPE) | BIT(NAME))
#define STAGES (BIT(INDEPENDENT) | BIT(JOINT))
#define LINEAR (BIT(FROM) | BIT(BIAS) | BIT(BN) | BIT(ACT) | BIT(SLOPE) | BIT(SHAPE))

/* Which keys a type must have, and which it may have besides. */
static const struct {
	uint64_t required, optional;
} layer_rules[] = { [SGAN_LAYER_INPUT] = { ALWAYS | BIT(SHAPE), 0 },
	                [SGAN_LAYER_CONV] = { ALWAYS | BIT(OUT) | BIT(KERNEL), LINEAR | BIT(STRIDE) | BIT(PAD) },
	                [SGAN_LAYER_DECONV] = { ALWAYS | BIT(OUT) | BIT(KERNEL),
	                                        LINEAR | BIT(STRIDE) | BIT(PAD) | BIT(OUT_PAD) },
	                [SGAN_LAYER_DENSE] = { ALWAYS | BIT(OUT), LINEAR },
	                [SGAN_LAYER_MAXPOOL] = { ALWAYS | BIT(KERNEL), BIT(FROM) },
	                [SGAN_LAYER_AVGPOOL] = { ALWAYS, BIT(FROM) },
	                [SGAN_LAYER_NOISE] = { ALWAYS | BIT(SIGMA), BIT(FROM) | STAGES },
	                [SGAN_LAYER_DROPOUT] = { ALWAYS | BIT(RATE), BIT(FROM) | STAGES },
	                [SGAN_LAYER_CONCAT] = { ALWAYS | BIT(FROM), BIT(SHAPE) } };
_Static_assert(sizeof layer_rules / sizeof *layer_rules == SGAN_LAYER_KINDS, "every kind of layer has rules");

static sgan_status check_rules(const config_setting_t *at, const char *where, const struct sgan_keys *table,
                               const struct sgan_layer_desc *layer)
{
	if (!(table->found & BIT(TYPE)))
		return sgan_keys_require(at, where, table, BIT(TYPE));
	uint64_t required = layer_rules[layer->kind].required;
	uint64_t extra = table->found & ~(required | layer_rules[layer->kind].optional);
	for (size_t i = 0; table->keys[i].name; i++)
		if (extra & BIT(i))
			return sgan_tree_fail(config_setting_get_member(at, table->keys[i].name),
			                      "%s: a layer of type \"%s\" takes no '%s'", where, sgan_layer_kind_names[layer->kind],
			                      table->keys[i].name);
	SGAN_TRY(sgan_keys_require(at, where, table, required));
	if (layer->kind == SGAN_LAYER_CONCAT && layer->from[1][0] == '\0')
		return sgan_tree_fail(at, "%s: 'from' of a concat names two layers", where);
	if (layer->kind != SGAN_LAYER_CONCAT && layer->from[1][0] != '\0')
		return sgan_tree_fail(at, "%s: 'from' names one layer, only a concat has two", where);
	if ((table->found & BIT(SLOPE)) && layer->act != SGAN_ACT_LRELU)
		return sgan_tree_fail(at, "%s: 'slope' goes with act = \"lrelu\"", where);
	if (layer->bn && layer->bias)
		return sgan_tree_fail(at, "%s: a layer with bn has no bias", where);
	return SGAN_OK;
}

static void describe(const config_setting_t *at, const char *net, size_t number, char *where, size_t size)
{
	const config_setting_t *name = config_setting_is_group(at) ? config_setting_get_member(at, "name") : NULL;
	if (name && config_setting_type(name) == CONFIG_TYPE_STRING)
		snprintf(where, size, "%s: layer '%.31s'", net, config_setting_get_string(name));
	else
		snprintf(where, size, "%s: layer %zu", net, number);
}

/* A stage's own strength of a layer of noise or dropout, in a group that has that alone: `group` may be NULL. */
static sgan_status read_strength(const config_setting_t *group, const char *where, const struct sgan_layer_desc *layer,
                                 double *strength)
{
	const bool noise = layer->kind == SGAN_LAYER_NOISE;
	struct sgan_layer_desc own = *layer;
	const struct sgan_key keys[] = { layer_keys[noise ? SIGMA : RATE], SGAN_KEYS_END };
	struct sgan_keys table = { .keys = keys, .target = &own };
	if (group)
		SGAN_TRY(sgan_keys_read(group, where, &table, 1));
	*strength = noise ? own.sigma : own.rate;
	return SGAN_OK;
}

static sgan_status read_strengths(const config_setting_t *at, const char *where, const struct sgan_layer_desc *layer,
                                  size_t place, sgan_strengths *strengths)
{
	for (unsigned stage = 0; stage < SGAN_STAGE_COUNT; stage++) {
		const config_setting_t *group = config_setting_get_member(at, sgan_stage_name(stage));
		char inner[2 * SGAN_NAME + 32];
		if (group && !strengths)
			return sgan_tree_fail(group, "%s: a layer that one stage trains has no settings by stage", where);
		snprintf(inner, sizeof inner, "%s: %s", where, sgan_stage_name(stage));
		if (strengths)
			SGAN_TRY(read_strength(group, inner, layer, &(*strengths)[stage][place]));
	}
	return SGAN_OK;
}

/* "classes" as what it stands for. */
static void count_classes(const struct sgan_preset *preset, size_t *size)
{
	if (*size == SGAN_KEY_BY_WORD)
		*size = preset->classes > 0 ? preset->classes : SGAN_CLASSES_UNKNOWN;
}

static sgan_status read_layer(const config_setting_t *at, const char *where, const struct sgan_preset *preset,
                              struct sgan_layer_desc *layer)
{
	*layer = (struct sgan_layer_desc){ .stride = 1, .slope = 0.2, .line = sgan_tree_line(at) };
	struct sgan_keys table = { .keys = layer_keys, .target = layer };
	SGAN_TRY(sgan_keys_read(at, where, &table, 1));
	SGAN_TRY(check_rules(at, where, &table, layer));
	count_classes(preset, &layer->out);
	count_classes(preset, &layer->shape[2]);
	if (sgan_layer_is_linear(layer->kind) && !(table.found & BIT(BIAS)))
		layer->bias = !layer->bn;
	return SGAN_OK;
}

sgan_status sgan_layers_read(const config_setting_t *list, const char *name, const struct sgan_preset *preset,
                             struct sgan_net_desc *net, sgan_strengths *strengths)
{
	int count = config_setting_is_list(list) ? config_setting_length(list) : 0;
	if (count < 1 || count > SGAN_LAYERS)
		return sgan_tree_fail(list, "%s must be a list of 1 to %d layers, ( { ... }, ... )", name, SGAN_LAYERS);
	*net = (struct sgan_net_desc){ .bn_epsilon = 0 };
	snprintf(net->name, sizeof net->name, "%s", name);
	snprintf(net->source, sizeof net->source, "%.31s", sgan_tree_source(list));
	net->bn_epsilon = preset->bn_epsilon;
	net->bn_momentum = preset->bn_momentum;
	net->algorithm = preset->algorithm;
	net->open_size = preset->classes > 0 ? 0 : SGAN_CLASSES_UNKNOWN;
	for (int i = 0; i < count; i++) {
		const config_setting_t *at = config_setting_get_elem(list, (unsigned)i);
		char where[2 * SGAN_NAME + 16];
		describe(at, name, (size_t)i, where, sizeof where);
		SGAN_TRY(read_layer(at, where, preset, &net->layers[i]));
		SGAN_TRY(read_strengths(at, where, &net->layers[i], (size_t)i, strengths));
	}
	net->layer_count = (size_t)count;
	return SGAN_OK;
}

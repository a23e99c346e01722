/* A preset out of its tree of settings: what may stand at the top and in a stage.
 *
 * Knows each setting's type and bounds, not whether the networks fit each other: that is check.c. */
#include "src/sgan/preset/read.h"

#include <string.h>

#include "src/cpu/status.h"

static const char *const stage_words[] = { "encoder", "independent", "joint", "all", "no_joint", NULL };
static const char *const classes_words[] = { "data", NULL };
static const char *const init_words[] = { "normal", "he", "glorot", NULL };
static const char *const labels_words[] = { "data", "rotations", NULL };

_Static_assert(SGAN_STAGE_ENCODER == 0 && SGAN_STAGE_JOINT == 2, "stage_words is in the order of enum sgan_stage");
_Static_assert(SGAN_INIT_NORMAL == 0 && SGAN_INIT_HE == 1 && SGAN_INIT_GLOROT == 2,
               "init_words is in the order of enum sgan_init_kind");
_Static_assert(SGAN_LABELS_DATA == 0 && SGAN_LABELS_ROTATIONS == 1, "labels_words is in the order of enum sgan_labels");
_Static_assert(sizeof(enum sgan_init_kind) == sizeof(unsigned) && sizeof(enum sgan_net_algorithm) == sizeof(unsigned) &&
                   sizeof(enum sgan_labels) == sizeof(unsigned),
               "choices are stored as unsigned");

#define PRESET(member) offsetof(struct sgan_preset, member)
#define STAGE(member) offsetof(struct sgan_stage_settings, member)

/* clang-format off */
static const struct sgan_key preset_keys[] = {
	{ "name", SGAN_KEY_NAME, PRESET(name), 0, 0, NULL },
	{ "image", SGAN_KEY_SHAPE, PRESET(height), 0, 0, NULL },
	{ "seed", SGAN_KEY_SEED, PRESET(seed), 0, 0, NULL },
	{ "stage", SGAN_KEY_WORD, PRESET(stage), 0, 0, stage_words },
	{ "slices", SGAN_KEY_SIZE, PRESET(slices), 1, 1024, NULL },
	{ "log_interval", SGAN_KEY_SIZE, PRESET(log_interval), 1, 1e6, NULL },
	{ "bn_epsilon", SGAN_KEY_REAL, PRESET(bn_epsilon), 1e-30, 1, NULL },
	{ "bn_momentum", SGAN_KEY_ABOVE, PRESET(bn_momentum), 0, 1, NULL },
	{ "encoder", SGAN_KEY_OTHER, 0, 0, 0, NULL },
	SGAN_KEYS_END
};

/* These may be left out; all of the above may not. */
static const struct sgan_key optional_keys[] = {
	{ "classes", SGAN_KEY_SIZE, PRESET(classes), 1, SGAN_CLASSES, classes_words },
	{ "algorithm", SGAN_KEY_CHOICE, PRESET(algorithm), 0, 0, sgan_net_algorithm_names },
	{ "subtract_mean", SGAN_KEY_BOOL, PRESET(subtract_mean), 0, 0, NULL },
	{ "stacks", SGAN_KEY_OTHER, 0, 0, 0, NULL },
	{ "independent", SGAN_KEY_OTHER, 0, 0, 0, NULL },
	{ "joint", SGAN_KEY_OTHER, 0, 0, 0, NULL },
	SGAN_KEYS_END
};

/* Besides the losses': sgan_loss_keys. */
enum { GENERATOR_STEPS = 7 };
static const struct sgan_key stage_keys[] = {
	{ "epochs", SGAN_KEY_SIZE, STAGE(epochs), 1, 1e6, NULL },
	{ "steps", SGAN_KEY_SIZE, STAGE(steps), 0, 1e9, NULL },
	{ "batch", SGAN_KEY_SIZE, STAGE(batch), 1, 65536, NULL },
	{ "lr", SGAN_KEY_ABOVE, STAGE(lr), 0, 10, NULL },
	{ "beta1", SGAN_KEY_REAL, STAGE(beta1), 0, 0.9999999, NULL },
	{ "beta2", SGAN_KEY_REAL, STAGE(beta2), 0, 0.9999999, NULL },
	{ "epsilon", SGAN_KEY_REAL, STAGE(epsilon), 1e-30, 1, NULL }, /* not 0 as a float */
	[GENERATOR_STEPS] = { "generator_steps", SGAN_KEY_SIZES, STAGE(generator_steps.steps), 0, 1000, NULL },
	{ "init", SGAN_KEY_CHOICE, STAGE(init.kind), 0, 0, init_words },
	{ "init_std", SGAN_KEY_ABOVE, STAGE(init.std), 0, 10, NULL },
	SGAN_KEYS_END
};

/* What follows from the settings above where it is not given: a network's own initial weights are the stage's, the
 * learning rate stays as it is, and there are as many G steps after every D step. */
enum { GENERATOR_INIT, GENERATOR_STD, DISCRIMINATOR_INIT, DISCRIMINATOR_STD, LR_END };
static const struct sgan_key default_keys[] = {
	[GENERATOR_INIT] = { "generator_init", SGAN_KEY_CHOICE, STAGE(generator_init.kind), 0, 0, init_words },
	[GENERATOR_STD] = { "generator_init_std", SGAN_KEY_ABOVE, STAGE(generator_init.std), 0, 10, NULL },
	[DISCRIMINATOR_INIT] = { "discriminator_init", SGAN_KEY_CHOICE, STAGE(discriminator_init.kind), 0, 0, init_words },
	[DISCRIMINATOR_STD] = { "discriminator_init_std", SGAN_KEY_ABOVE, STAGE(discriminator_init.std), 0, 10, NULL },
	[LR_END] = { "lr_end", SGAN_KEY_REAL, STAGE(lr_end), 0, 10, NULL },
	{ "generator_steps_above", SGAN_KEY_REALS, STAGE(generator_steps.above), 0, 1e6, NULL },
	{ "ema", SGAN_KEY_REAL, STAGE(ema), 0, 0.9999999, NULL },
	SGAN_KEYS_END
};

/* What stands in the encoder's group beside its stage's settings; all but the layers may be left out. */
enum { LAYERS };
static const struct sgan_key encoder_keys[] = {
	[LAYERS] = { "layers", SGAN_KEY_OTHER, 0, 0, 0, NULL },
	{ "labels", SGAN_KEY_CHOICE, PRESET(labels), 0, 0, labels_words },
	{ "flip", SGAN_KEY_BOOL, PRESET(augmentation.flip), 0, 0, NULL },
	{ "shift", SGAN_KEY_SIZE, PRESET(augmentation.shift), 0, 1024, NULL },
	SGAN_KEYS_END
};
/* clang-format on */

/* The tables of settings that may be common to all stages or a stage's own; what else may stand in the same group. */
enum { SETTINGS, LOSS, DEFAULTS, STAGE_TABLES, OTHER = STAGE_TABLES, OPTIONAL, TABLES };

/* Makes a stage's tables fill `settings`; which of their keys were found stays. */
static void point(struct sgan_keys tables[TABLES], struct sgan_stage_settings *settings)
{
	tables[SETTINGS].keys = stage_keys;
	tables[SETTINGS].target = settings;
	tables[LOSS].keys = sgan_loss_keys;
	tables[LOSS].target = &settings->loss;
	tables[DEFAULTS].keys = default_keys;
	tables[DEFAULTS].target = settings;
}

static void fill_defaults(struct sgan_stage_settings *settings, uint64_t found)
{
	struct sgan_init *const own[2] = { &settings->generator_init, &settings->discriminator_init };
	for (int i = 0; i < 2; i++) {
		if (!(found >> (i == 0 ? GENERATOR_INIT : DISCRIMINATOR_INIT) & 1))
			own[i]->kind = settings->init.kind;
		if (!(found >> (i == 0 ? GENERATOR_STD : DISCRIMINATOR_STD) & 1))
			own[i]->std = settings->init.std;
	}
	if (!(found >> LR_END & 1))
		settings->lr_end = settings->lr;
}

static sgan_status check_schedule(const config_setting_t *at, const char *where, const struct sgan_schedule *schedule)
{
	const struct sgan_reals *above = &schedule->above;
	if (schedule->steps.count != above->count + 1)
		return sgan_tree_fail(
			at, "%s: 'generator_steps' has %zu numbers and 'generator_steps_above' %zu, expected one less", where,
			schedule->steps.count, above->count);
	for (size_t i = 1; i < above->count; i++)
		if (!(above->values[i] < above->values[i - 1]))
			return sgan_tree_fail(at, "%s: 'generator_steps_above' has %g behind %g, expected numbers that fall", where,
			                      above->values[i], above->values[i - 1]);
	return SGAN_OK;
}

/* Whether a stage has all that its steps need; without stacks there are no losses and G steps to be told of. */
static sgan_status require_stage(const config_setting_t *at, const char *name, bool stacks,
                                 const struct sgan_keys own[TABLES], const struct sgan_stage_settings *settings)
{
	const uint64_t all = stacks ? SGAN_KEYS_ALL : ~((uint64_t)1 << GENERATOR_STEPS);
	SGAN_TRY(sgan_keys_require(at, name, &own[SETTINGS], all));
	if (!stacks)
		return SGAN_OK;
	SGAN_TRY(sgan_keys_require(at, name, &own[LOSS], sgan_loss_keys_required));
	return check_schedule(at, name, &settings->generator_steps);
}

static bool has_stacks(const config_setting_t *root)
{
	const config_setting_t *stacks = config_setting_get_member(root, "stacks");
	return stacks && !(config_setting_is_list(stacks) && config_setting_length(stacks) == 0);
}

/* Settings that would change nothing in a stage's group; without stacks, all in the groups of stages that stacks have. */
static sgan_status check_places(const config_setting_t *group, enum sgan_stage stage, bool stacks)
{
	static const struct {
		const char *key;
		enum sgan_stage first; /* that it means something for, as for those behind it */
	} placed[] = { { "generator_steps", SGAN_STAGE_INDEPENDENT },
		           { "generator_steps_above", SGAN_STAGE_INDEPENDENT },
		           { "ema", SGAN_STAGE_INDEPENDENT },
		           { "lambda_adv", SGAN_STAGE_INDEPENDENT },
		           { "lambda_cond", SGAN_STAGE_INDEPENDENT },
		           { "lambda_ent", SGAN_STAGE_INDEPENDENT },
		           { "lambda_class", SGAN_STAGE_INDEPENDENT },
		           { "adversarial", SGAN_STAGE_INDEPENDENT },
		           { "lambda_below", SGAN_STAGE_JOINT } };
	if (!stacks && stage != SGAN_STAGE_ENCODER && config_setting_length(group) > 0)
		return sgan_tree_fail(group, "%s: settings of a stage that is not there, since there are no stacks",
		                      stage_words[stage]);
	for (size_t i = 0; i < sizeof placed / sizeof *placed; i++) {
		const config_setting_t *found = config_setting_get_member(group, placed[i].key);
		if (found && stage < placed[i].first)
			return sgan_tree_fail(found, "%s: '%s' means nothing here, the first stage that has it is %s",
			                      stage_words[stage], placed[i].key, stage_words[placed[i].first]);
	}
	return SGAN_OK;
}

/* A stage's settings: the common ones, which `common` has been pointed at, then those of its group (which may be
 * missing). */
static sgan_status read_stage(const config_setting_t *root, enum sgan_stage stage,
                              const struct sgan_keys common[TABLES], struct sgan_preset *preset)
{
	struct sgan_stage_settings *settings = &preset->stages[stage];
	const bool stacks = has_stacks(root);
	const char *name = stage_words[stage];
	const config_setting_t *group = config_setting_get_member(root, name), *at = group ? group : root;
	const size_t count = stage == SGAN_STAGE_ENCODER ? OTHER + 1 : STAGE_TABLES;
	struct sgan_keys own[TABLES];
	memcpy(own, common, sizeof own);
	memcpy(settings, common[SETTINGS].target, sizeof *settings);
	point(own, settings);
	own[OTHER] = (struct sgan_keys){ .keys = encoder_keys, .target = preset };
	if (group) {
		SGAN_TRY(sgan_keys_read(group, name, own, count));
		SGAN_TRY(check_places(group, stage, stacks));
	}
	if (stage == SGAN_STAGE_ENCODER)
		SGAN_TRY(sgan_keys_require(at, name, &own[OTHER], (uint64_t)1 << LAYERS));
	if (stacks || stage == SGAN_STAGE_ENCODER)
		SGAN_TRY(require_stage(at, name, stacks, own, settings));
	fill_defaults(settings, own[DEFAULTS].found);
	return SGAN_OK;
}

/* The number of classes where it is not given: that of the encoder's scores, if it is a number; else the dataset's. */
static void find_classes(const config_setting_t *layers, struct sgan_preset *preset)
{
	const int count = layers && config_setting_is_list(layers) ? config_setting_length(layers) : 0;
	const config_setting_t *last = count > 0 ? config_setting_get_elem(layers, (unsigned)count - 1) : NULL;
	const config_setting_t *out = last && config_setting_is_group(last) ? config_setting_get_member(last, "out") : NULL;
	if (preset->classes == SGAN_KEY_BY_WORD)
		preset->classes = 0;
	if (preset->classes > 0 || preset->labels != SGAN_LABELS_DATA || !out ||
	    config_setting_type(out) != CONFIG_TYPE_INT)
		return;
	const int scores = config_setting_get_int(out);
	preset->classes = scores > 0 && scores <= SGAN_CLASSES ? (size_t)scores : 0;
}

sgan_status sgan_preset_read(const config_t *tree, struct sgan_preset *preset)
{
	_Static_assert(PRESET(width) == PRESET(height) + sizeof(size_t) &&
	                   PRESET(channels) == PRESET(width) + sizeof(size_t),
	               "image fills height, width and channels");
	const config_setting_t *root = config_root_setting(tree);
	struct sgan_stage_settings common = { .loss = { .lambda_class = 1 } };
	struct sgan_keys tables[TABLES] = {
		[OTHER] = { .keys = preset_keys, .target = preset }, [OPTIONAL] = { .keys = optional_keys, .target = preset }
	};
	point(tables, &common);
	SGAN_TRY(sgan_keys_read(root, "", tables, TABLES));
	SGAN_TRY(sgan_keys_require(root, "", &tables[OTHER], SGAN_KEYS_ALL));
	for (unsigned stage = 0; stage < SGAN_STAGE_COUNT; stage++)
		SGAN_TRY(read_stage(root, stage, tables, preset));
	const config_setting_t *layers = config_setting_get_member(config_setting_get_member(root, "encoder"), "layers");
	find_classes(layers, preset);
	SGAN_TRY(sgan_layers_read(layers, "encoder", preset, &preset->encoder, NULL));
	return sgan_stacks_read(config_setting_get_member(root, "stacks"), preset);
}

/* A preset out of its tree of settings: what may stand at the top, in a stage, in a stack.
 *
 * Knows each setting's type and bounds, not whether the networks fit each other: that is check.c. */
#include "src/sgan/preset/read.h"

#include <stdio.h>
#include <string.h>

#include "src/cpu/status.h"

static const char *const stage_words[] = { "encoder", "independent", "joint", "all", NULL };
static const char *const init_words[] = { "normal", "he", NULL };
static const char *const condition_words[] = { "squared_error", "cross_entropy", NULL };

static const char *const discriminator_words[] = { "binary", "classes", NULL };
static const char *const adversarial_words[] = { "non_saturating", "saturating", NULL };

_Static_assert(SGAN_STAGE_ENCODER == 0 && SGAN_STAGE_JOINT == 2, "stage_words is in the order of enum sgan_stage");
_Static_assert(SGAN_INIT_NORMAL == 0 && SGAN_INIT_HE == 1, "init_words is in the order of enum sgan_init");
_Static_assert(SGAN_CONDITION_SQUARED_ERROR == 0 && SGAN_CONDITION_CROSS_ENTROPY == 1,
               "condition_words is in the order of enum sgan_condition");
_Static_assert(SGAN_DISCRIMINATOR_BINARY == 0 && SGAN_DISCRIMINATOR_CLASSES == 1,
               "discriminator_words is in the order of enum sgan_discriminator_loss");
_Static_assert(SGAN_ADVERSARIAL_NON_SATURATING == 0 && SGAN_ADVERSARIAL_SATURATING == 1,
               "adversarial_words is in the order of enum sgan_adversarial");
_Static_assert(sizeof(enum sgan_init) == sizeof(unsigned) && sizeof(enum sgan_condition) == sizeof(unsigned) &&
                   sizeof(enum sgan_discriminator_loss) == sizeof(unsigned) &&
                   sizeof(enum sgan_adversarial) == sizeof(unsigned),
               "choices are stored as unsigned");

#define PRESET(member) offsetof(struct sgan_preset, member)
#define STAGE(member) offsetof(struct sgan_stage_settings, member)
#define STACK(member) offsetof(struct sgan_stack_desc, member)
#define END                                                                                                            \
	{                                                                                                                  \
		NULL, SGAN_KEY_OTHER, 0, 0, 0, NULL                                                                            \
	}

static const struct sgan_key preset_keys[] = { { "name", SGAN_KEY_NAME, PRESET(name), 0, 0, NULL },
	                                           { "image", SGAN_KEY_SHAPE, PRESET(height), 0, 0, NULL },
	                                           { "classes", SGAN_KEY_SIZE, PRESET(classes), 2, SGAN_CLASSES, NULL },
	                                           { "seed", SGAN_KEY_SEED, PRESET(seed), 0, 0, NULL },
	                                           { "stage", SGAN_KEY_WORD, PRESET(stage), 0, 0, stage_words },
	                                           { "slices", SGAN_KEY_SIZE, PRESET(slices), 1, 1024, NULL },
	                                           { "log_interval", SGAN_KEY_SIZE, PRESET(log_interval), 1, 1e6, NULL },
	                                           { "bn_epsilon", SGAN_KEY_REAL, PRESET(bn_epsilon), 1e-30, 1, NULL },
	                                           { "bn_momentum", SGAN_KEY_ABOVE, PRESET(bn_momentum), 0, 1, NULL },
	                                           { "encoder", SGAN_KEY_OTHER, 0, 0, 0, NULL },
	                                           { "stacks", SGAN_KEY_OTHER, 0, 0, 0, NULL },
	                                           END };
/* These may be left out; all of the above may not. */
static const struct sgan_key group_keys[] = { { "subtract_mean", SGAN_KEY_BOOL, PRESET(subtract_mean), 0, 0, NULL },
	                                          { "independent", SGAN_KEY_OTHER, 0, 0, 0, NULL },
	                                          { "joint", SGAN_KEY_OTHER, 0, 0, 0, NULL },
	                                          END };

static const struct sgan_key stage_keys[] = {
	{ "epochs", SGAN_KEY_SIZE, STAGE(epochs), 1, 1e6, NULL },
	{ "steps", SGAN_KEY_SIZE, STAGE(steps), 0, 1e9, NULL },
	{ "batch", SGAN_KEY_SIZE, STAGE(batch), 1, 65536, NULL },
	{ "lr", SGAN_KEY_ABOVE, STAGE(lr), 0, 10, NULL },
	{ "beta1", SGAN_KEY_REAL, STAGE(beta1), 0, 0.9999999, NULL },
	{ "beta2", SGAN_KEY_REAL, STAGE(beta2), 0, 0.9999999, NULL },
	{ "epsilon", SGAN_KEY_REAL, STAGE(epsilon), 1e-30, 1, NULL }, /* not 0 as a float */
	{ "lambda_adv", SGAN_KEY_REAL, STAGE(lambda_adv), 0, 1e6, NULL },
	{ "lambda_cond", SGAN_KEY_REAL, STAGE(lambda_cond), 0, 1e6, NULL },
	{ "lambda_ent", SGAN_KEY_REAL, STAGE(lambda_ent), 0, 1e6, NULL },
	{ "generator_steps", SGAN_KEY_SIZE, STAGE(generator_steps), 1, 1000, NULL },
	{ "init", SGAN_KEY_CHOICE, STAGE(init), 0, 0, init_words },
	{ "init_std", SGAN_KEY_ABOVE, STAGE(init_std), 0, 10, NULL },
	END
};
/* `layers` stands in the encoder's group beside its stage's settings. */
static const struct sgan_key encoder_keys[] = { { "layers", SGAN_KEY_OTHER, 0, 0, 0, NULL }, END };

static const struct sgan_key stack_keys[] = { { "cut", SGAN_KEY_NAME, STACK(cut), 0, 0, NULL },
	                                          { "condition", SGAN_KEY_CHOICE, STACK(condition), 0, 0, condition_words },
	                                          { "generator", SGAN_KEY_OTHER, 0, 0, 0, NULL },
	                                          { "discriminator", SGAN_KEY_OTHER, 0, 0, 0, NULL },
	                                          END };

/* These may be left out: a discriminator is binary, L_adv does not saturate. */
static const struct sgan_key stack_loss_keys[] = {
	{ "discriminator_loss", SGAN_KEY_CHOICE, STACK(discriminator_loss), 0, 0, discriminator_words },
	{ "adversarial", SGAN_KEY_CHOICE, STACK(adversarial), 0, 0, adversarial_words },
	END
};

static const uint64_t every = ~(uint64_t)0;

/* A stage's settings: the common ones, then those of its group (which may be missing). */
static sgan_status read_stage(const config_setting_t *root, enum sgan_stage stage, const struct sgan_keys *common,
                              struct sgan_stage_settings *settings)
{
	const char *name = stage_words[stage];
	const config_setting_t *group = config_setting_get_member(root, name);
	memcpy(settings, common->target, sizeof *settings);
	struct sgan_keys tables[2] = { { .keys = stage_keys, .target = settings, .found = common->found },
		                           { .keys = encoder_keys, .target = settings } };
	if (group)
		SGAN_TRY(sgan_keys_read(group, name, tables, stage == SGAN_STAGE_ENCODER ? 2 : 1));
	if (stage == SGAN_STAGE_ENCODER)
		SGAN_TRY(sgan_keys_require(group, name, &tables[1], every));
	return sgan_keys_require(group ? group : root, name, &tables[0], every);
}

static sgan_status read_stack(const config_setting_t *at, size_t number, const struct sgan_preset *preset,
                              struct sgan_stack_desc *stack)
{
	char where[32], name[SGAN_NAME];
	snprintf(where, sizeof where, "stack %zu", number);
	struct sgan_keys tables[2] = { { .keys = stack_keys, .target = stack },
		                           { .keys = stack_loss_keys, .target = stack } };
	SGAN_TRY(sgan_keys_read(at, where, tables, 2));
	SGAN_TRY(sgan_keys_require(at, where, &tables[0], every));
	snprintf(name, sizeof name, "g%zu", number);
	SGAN_TRY(sgan_layers_read(config_setting_get_member(at, "generator"), name, preset, &stack->generator));
	snprintf(name, sizeof name, "d%zu", number);
	SGAN_TRY(sgan_layers_read(config_setting_get_member(at, "discriminator"), name, preset, &stack->discriminator));
	stack->discriminator.head_count = 2;
	memcpy(stack->discriminator.heads[0], "d", 2);
	memcpy(stack->discriminator.heads[1], "q", 2);
	return SGAN_OK;
}

static sgan_status read_stacks(const config_setting_t *list, struct sgan_preset *preset)
{
	int count = config_setting_is_list(list) ? config_setting_length(list) : 0;
	if (count < 1 || count > SGAN_STACKS)
		return sgan_tree_fail(list, "stacks must be a list of 1 to %d groups, ( { ... }, ... )", SGAN_STACKS);
	for (int i = 0; i < count; i++)
		SGAN_TRY(read_stack(config_setting_get_elem(list, (unsigned)i), (size_t)i, preset, &preset->stacks[i]));
	preset->stack_count = (size_t)count;
	return SGAN_OK;
}

sgan_status sgan_preset_read(const config_t *tree, struct sgan_preset *preset)
{
	_Static_assert(PRESET(width) == PRESET(height) + sizeof(size_t) &&
	                   PRESET(channels) == PRESET(width) + sizeof(size_t),
	               "image fills height, width and channels");
	const config_setting_t *root = config_root_setting(tree);
	struct sgan_stage_settings common = { .epochs = 0 };
	struct sgan_keys tables[] = { { .keys = preset_keys, .target = preset },
		                          { .keys = group_keys, .target = preset },
		                          { .keys = stage_keys, .target = &common } };
	SGAN_TRY(sgan_keys_read(root, "", tables, 3));
	SGAN_TRY(sgan_keys_require(root, "", &tables[0], every));
	for (unsigned stage = 0; stage < SGAN_STAGE_COUNT; stage++)
		SGAN_TRY(read_stage(root, stage, &tables[2], &preset->stages[stage]));
	const config_setting_t *layers = config_setting_get_member(config_setting_get_member(root, "encoder"), "layers");
	SGAN_TRY(sgan_layers_read(layers, "encoder", preset, &preset->encoder));
	return read_stacks(config_setting_get_member(root, "stacks"), preset);
}

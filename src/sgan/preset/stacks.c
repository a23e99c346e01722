/* The stacks of a preset: cuts, networks, and what each stack minimises in each stage.
 *
 * Knows the settings that a stack may have, not whether its networks fit each other: that is check.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cpu/status.h"
#include "src/sgan/preset/read.h"

static const char *const condition_words[] = { "squared_error", "cross_entropy", NULL };
static const char *const discriminator_words[] = { "binary", "classes", NULL };
static const char *const adversarial_words[] = { "non_saturating", "saturating", NULL };

_Static_assert(SGAN_CONDITION_SQUARED_ERROR == 0 && SGAN_CONDITION_CROSS_ENTROPY == 1,
               "condition_words is in the order of enum sgan_condition");
_Static_assert(SGAN_DISCRIMINATOR_BINARY == 0 && SGAN_DISCRIMINATOR_CLASSES == 1,
               "discriminator_words is in the order of enum sgan_discriminator_loss");
_Static_assert(SGAN_ADVERSARIAL_NON_SATURATING == 0 && SGAN_ADVERSARIAL_SATURATING == 1,
               "adversarial_words is in the order of enum sgan_adversarial");
_Static_assert(sizeof(enum sgan_condition) == sizeof(unsigned) &&
                   sizeof(enum sgan_discriminator_loss) == sizeof(unsigned) &&
                   sizeof(enum sgan_adversarial) == sizeof(unsigned),
               "choices are stored as unsigned");

#define STACK(member) offsetof(struct sgan_stack_desc, member)
#define LOSS(member) offsetof(struct sgan_loss_settings, member)

/* clang-format off */
static const struct sgan_key stack_keys[] = {
	{ "cut", SGAN_KEY_NAME, STACK(cut), 0, 0, NULL },
	{ "condition", SGAN_KEY_CHOICE, STACK(condition), 0, 0, condition_words },
	{ "generator", SGAN_KEY_OTHER, 0, 0, 0, NULL },
	{ "discriminator", SGAN_KEY_OTHER, 0, 0, 0, NULL },
	SGAN_KEYS_END
};

/* What may be left out: a discriminator is binary, and a stage's group has nothing to say. */
static const struct sgan_key optional_keys[] = {
	{ "discriminator_loss", SGAN_KEY_CHOICE, STACK(discriminator_loss), 0, 0, discriminator_words },
	{ "independent", SGAN_KEY_OTHER, 0, 0, 0, NULL },
	{ "joint", SGAN_KEY_OTHER, 0, 0, 0, NULL },
	SGAN_KEYS_END
};

const struct sgan_key sgan_loss_keys[] = {
	{ "lambda_adv", SGAN_KEY_REAL, LOSS(lambda_adv), 0, 1e6, NULL },
	{ "lambda_cond", SGAN_KEY_REAL, LOSS(lambda_cond), 0, 1e6, NULL },
	{ "lambda_ent", SGAN_KEY_REAL, LOSS(lambda_ent), 0, 1e6, NULL },
	{ "lambda_class", SGAN_KEY_REAL, LOSS(lambda_class), 0, 1e6, NULL },
	{ "lambda_below", SGAN_KEY_REAL, LOSS(lambda_below), 0, 1e6, NULL },
	{ "adversarial", SGAN_KEY_CHOICE, LOSS(adversarial), 0, 0, adversarial_words },
	SGAN_KEYS_END
};
/* clang-format on */

const uint64_t sgan_loss_keys_required = 7; /* the first three */

/* A term of weight 0 is none. */
static void add_term(struct sgan_objective *objective, const struct sgan_term *term)
{
	if (term->weight > 0)
		objective->terms[objective->count++] = *term;
}

/* The terms that a stack's settings ask for, in the order of their kinds. */
static void make_objective(const struct sgan_stack_desc *stack, const struct sgan_loss_settings *loss,
                           struct sgan_objective *objective)
{
	const bool classes = stack->discriminator_loss == SGAN_DISCRIMINATOR_CLASSES;
	const struct sgan_term terms[] = {
		{ .kind = SGAN_TERM_ADVERSARIAL, .weight = loss->lambda_adv, .adversarial = loss->adversarial },
		{ .kind = SGAN_TERM_CLASS, .weight = classes ? loss->lambda_class : 0 },
		{ .kind = SGAN_TERM_CONDITIONAL, .weight = loss->lambda_cond, .condition = stack->condition },
		{ .kind = SGAN_TERM_ENTROPY, .weight = loss->lambda_ent },
	};
	_Static_assert(sizeof terms / sizeof *terms == SGAN_TERM_KINDS, "every kind of term has settings");
	*objective = (struct sgan_objective){ .count = 0 };
	for (size_t i = 0; i < SGAN_TERM_KINDS; i++)
		add_term(objective, &terms[i]);
}

/* lambda_below where it would change nothing. `group` may be NULL. */
static sgan_status refuse_below(const config_setting_t *group, const char *where, const char *why)
{
	const config_setting_t *below = group ? config_setting_get_member(group, "lambda_below") : NULL;
	return below ? sgan_tree_fail(below, "%s: 'lambda_below' means nothing here, %s", where, why) : SGAN_OK;
}

/* A stage's settings hold for a stack that has none of its own; those of the stack's group for one whose group has
 * none for the stage. The stack's group is therefore read again for each stage, over that stage's settings. */
static sgan_status read_stack_keys(const config_setting_t *at, const char *where, enum sgan_stage stage, size_t number,
                                   const struct sgan_preset *preset, struct sgan_stack_desc *stack)
{
	struct sgan_loss_settings loss = preset->stages[stage].loss;
	struct sgan_keys tables[] = { { .keys = stack_keys, .target = stack },
		                          { .keys = optional_keys, .target = stack },
		                          { .keys = sgan_loss_keys, .target = &loss } };
	SGAN_TRY(sgan_keys_read(at, where, tables, 3));
	SGAN_TRY(sgan_keys_require(at, where, &tables[0], SGAN_KEYS_ALL));
	const config_setting_t *group = config_setting_get_member(at, sgan_stage_name(stage));
	char inner[64];
	snprintf(inner, sizeof inner, "%s: %s", where, sgan_stage_name(stage));
	if (group)
		SGAN_TRY(sgan_keys_read(group, inner, &tables[2], 1));
	if (number == 0)
		SGAN_TRY(refuse_below(at, where, "there is no stack below"));
	if (number == 0 || stage != SGAN_STAGE_JOINT)
		SGAN_TRY(refuse_below(group, inner, number == 0 ? "there is no stack below" : "it is of the joint stage"));
	make_objective(stack, &loss, &stack->objective[stage]);
	if (stage == SGAN_STAGE_JOINT && number > 0)
		stack->objective[stage].below = loss.lambda_below;
	return SGAN_OK;
}

/* Reads G_i or D_i: a list of layers, the member `key` of the stack's group. */
static sgan_status read_network(const config_setting_t *at, const char *key, size_t number,
                                const struct sgan_preset *preset, struct sgan_net_desc *net, sgan_strengths *strengths)
{
	char name[SGAN_NAME];
	snprintf(name, sizeof name, "%c%zu", key[0], number);
	return sgan_layers_read(config_setting_get_member(at, key), name, preset, net, strengths);
}

static void add_head(struct sgan_net_desc *net, const char *layer)
{
	if (sgan_net_desc_find(net, layer) >= 0)
		snprintf(net->heads[net->head_count++], SGAN_NAME, "%s", layer);
}

static sgan_status read_stack(const config_setting_t *at, size_t number, const struct sgan_preset *preset,
                              struct sgan_stack_desc *stack)
{
	char where[32];
	snprintf(where, sizeof where, "stack %zu", number);
	for (unsigned stage = SGAN_STAGE_INDEPENDENT; stage < SGAN_STAGE_COUNT; stage++)
		SGAN_TRY(read_stack_keys(at, where, stage, number, preset, stack));
	SGAN_TRY(read_network(at, "generator", number, preset, &stack->generator, &stack->generator_strengths));
	SGAN_TRY(read_network(at, "discriminator", number, preset, &stack->discriminator, &stack->discriminator_strengths));
	add_head(&stack->discriminator, "d");
	add_head(&stack->discriminator, "q");
	return SGAN_OK;
}

/* The name of a setting of losses that "KEY=VALUE" or "STAGE.KEY=VALUE" sets, and of which stages; NULL: it sets something
 * else. */
static const char *loss_key(const char *setting, bool of_stage[SGAN_STAGE_COUNT])
{
	for (unsigned stage = SGAN_STAGE_INDEPENDENT; stage < SGAN_STAGE_COUNT; stage++)
		of_stage[stage] = true;
	for (unsigned stage = SGAN_STAGE_INDEPENDENT; stage < SGAN_STAGE_COUNT; stage++) {
		const size_t length = strlen(sgan_stage_name(stage));
		if (strncmp(setting, sgan_stage_name(stage), length) == 0 && setting[length] == '.') {
			setting += length + 1;
			for (unsigned other = SGAN_STAGE_INDEPENDENT; other < SGAN_STAGE_COUNT; other++)
				of_stage[other] = other == stage;
			break;
		}
	}
	for (const struct sgan_key *key = sgan_loss_keys; key->name; key++)
		if (strncmp(setting, key->name, strlen(key->name)) == 0 && setting[strlen(key->name)] == '=')
			return key->name;
	return NULL;
}

/* Whether a stack has a setting of its own in those stages. */
static bool has_own(const config_setting_t *stack, const char *key, const bool of_stage[SGAN_STAGE_COUNT])
{
	if (!config_setting_is_group(stack))
		return false;
	if (config_setting_get_member(stack, key))
		return true;
	for (unsigned stage = SGAN_STAGE_INDEPENDENT; stage < SGAN_STAGE_COUNT; stage++) {
		const config_setting_t *group = config_setting_get_member(stack, sgan_stage_name(stage));
		if (of_stage[stage] && !(group && config_setting_is_group(group) && config_setting_get_member(group, key)))
			return false;
	}
	return true;
}

sgan_status sgan_stacks_check_setting(const config_setting_t *list, const char *where, const char *setting)
{
	bool of_stage[SGAN_STAGE_COUNT];
	const char *key = loss_key(setting, of_stage);
	const int count = list && config_setting_is_list(list) ? config_setting_length(list) : 0;
	for (int i = 0; i < count; i++)
		if (!key || !has_own(config_setting_get_elem(list, (unsigned)i), key, of_stage))
			return SGAN_OK;
	return count == 0 ? SGAN_OK
	                  : sgan_fail(SGAN_EINVAL,
	                              "%s %.80s: it would do nothing, each of the %d stacks has '%s' of its own; "
	                              "set stacks.[0].%s%s",
	                              where, setting, count, key, key, count > 1 ? " and so on" : "");
}

sgan_status sgan_stacks_read(const config_setting_t *list, struct sgan_preset *preset)
{
	int count = list && config_setting_is_list(list) ? config_setting_length(list) : 0;
	if (list && (!config_setting_is_list(list) || count > SGAN_STACKS_MAX))
		return sgan_tree_fail(list, "stacks must be a list of up to %d groups, ( { ... }, ... ), it has %d",
		                      SGAN_STACKS_MAX, count);
	if (count == 0)
		return SGAN_OK;
	preset->stacks = calloc((size_t)count, sizeof *preset->stacks);
	if (!preset->stacks)
		return sgan_fail(SGAN_ENOMEM, "no memory for %d stacks", count);
	preset->stack_count = (size_t)count;
	for (int i = 0; i < count; i++)
		SGAN_TRY(read_stack(config_setting_get_elem(list, (unsigned)i), (size_t)i, preset, &preset->stacks[i]));
	return SGAN_OK;
}

/* Loading presets: built-in or a file, its base first, then the caller's settings.
 *
 * Knows where presets come from; the language is tree.c's, the settings are read.c's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/sgan/preset/preset.h"
#include "src/cpu/status.h"
#include "src/io/file.h"
#include "src/io/run.h"
#include "src/sgan/preset/builtin.h"
#include "src/sgan/preset/read.h"
#include "src/sgan/preset/tree.h"

enum { PRESET_BYTES = 1 << 20, BASE_DEPTH = 8 };

static bool is_file_name(const char *name)
{
	size_t length = strlen(name);
	return strchr(name, '/') || (length > 4 && strcmp(name + length - 4, ".cfg") == 0);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static sgan_status parse_builtin(config_t *tree, const char *name)
{
	char known[512] = "", source[SGAN_NAME + 4];
	for (size_t i = 0; i < sgan_builtin_preset_count; i++) {
		const struct sgan_builtin_preset *preset = &sgan_builtin_presets[i];
		if (strcmp(preset->name, name) == 0) {
			snprintf(source, sizeof source, "%.31s.cfg", name);
			return sgan_tree_parse(tree, source, preset->text, true);
		}
		size_t used = strlen(known);
		snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", preset->name);
	}
	return sgan_fail(SGAN_EINVAL, "preset '%.80s' is unknown, expected one of %s or a file, NAME.cfg", name, known);
}

static sgan_status parse_file(config_t *tree, const char *path)
{
	char *text;
	size_t size;
	SGAN_TRY(sgan_file_read(path, PRESET_BYTES, &text, &size));
	/* some editors begin with a mark */
	const char *content = strncmp(text, "\xef\xbb\xbf", 3) == 0 ? text + 3 : text;
	sgan_status status = strlen(text) == size ? sgan_tree_parse(tree, base_name(path), content, true)
	                                          : sgan_fail(SGAN_EINVAL, "%s: not a text, it has a NUL byte", path);
	free(text);
	return status;
}

/* The preset that `base` or `on` names, seen from the preset `name`. */
static sgan_status resolve(const config_setting_t *base, const char *name, char path[SGAN_PATH])
{
	const char *wanted = config_setting_type(base) == CONFIG_TYPE_STRING ? config_setting_get_string(base) : "";
	const char *key = config_setting_name(base);
	if (!*wanted)
		return sgan_tree_fail(base, "'%s' must be a preset's name or file, in quotes", key);
	bool beside = is_file_name(wanted) && wanted[0] != '/' && strchr(name, '/');
	int folder = beside ? (int)(base_name(name) - name) : 0;
	int length = snprintf(path, SGAN_PATH, "%.*s%s", folder, name, wanted);
	return length > 0 && length < SGAN_PATH ? SGAN_OK : sgan_tree_fail(base, "'%s' is too long a path", key);
}

/* Settings of a preset that are about its base, and are done with once that is loaded. */
struct change {
	const char *key;
	sgan_status (*apply)(config_t *tree, const char *where, const char *text);
	const char *form; /* of an element, for messages */
};

/* Parts of the base's lists can be changed in no other way. */
static const struct change changes[] = {
	{ "remove", sgan_tree_remove, "path" }, /* what the base has and this preset has not */
	{ "set", sgan_tree_set, "key=value" },  /* such as the command line takes */
};

enum { CHANGES = sizeof changes / sizeof *changes };

/* Applies a list of changes to the base. */
static sgan_status apply_change(config_t *tree, const struct change *change, const config_setting_t *list)
{
	int count = config_setting_is_array(list) || config_setting_is_list(list) ? config_setting_length(list) : 0;
	for (int i = 0; i < count; i++) {
		const config_setting_t *at = config_setting_get_elem(list, (unsigned)i);
		char where[SGAN_NAME + 48];
		if (config_setting_type(at) != CONFIG_TYPE_STRING)
			return sgan_tree_fail(at, "%s: element %d is not a string, \"%s\"", change->key, i, change->form);
		snprintf(where, sizeof where, "%.31s:%u: %s", sgan_tree_source(at), sgan_tree_line(at), change->key);
		SGAN_TRY(change->apply(tree, where, config_setting_get_string(at)));
	}
	return count > 0 ? SGAN_OK : sgan_tree_fail(list, "%s must be a list, [ \"%s\", ... ]", change->key, change->form);
}

/* How a chain of bases is loaded. */
struct chain {
	int depth;
	char root[SGAN_PATH]; /* what is loaded in the place of the chain's last preset, which has no base; "": that one */
};

static sgan_status load_tree(config_t *tree, const char *name, struct chain chain);

/* The base that `root` names, and the changes to it; all are done with then. With `on`, the changes of a chain of bases
 * are made to another preset than the one that the chain ends in. */
static sgan_status load_base(config_t *tree, const char *name, config_setting_t *root, struct chain chain)
{
	const config_setting_t *base = config_setting_get_member(root, "base");
	const config_setting_t *on = config_setting_get_member(root, "on");
	char path[SGAN_PATH];
	SGAN_TRY(resolve(base, name, path));
	if (on && !*chain.root)
		SGAN_TRY(resolve(on, name, chain.root));
	if (chain.depth++ == BASE_DEPTH)
		return sgan_tree_fail(base, "more than %d bases on top of each other, or one that leads back to itself",
		                      BASE_DEPTH);
	sgan_status status = load_tree(tree, path, chain);
	if (status == SGAN_EIO)
		return sgan_fail_in(status, "%s:%u: base", sgan_tree_source(base), sgan_tree_line(base));
	SGAN_TRY(status);
	config_setting_remove(root, "base");
	if (on)
		config_setting_remove(root, "on");
	for (int i = 0; i < CHANGES; i++) {
		const config_setting_t *list = config_setting_get_member(root, changes[i].key);
		if (!list)
			continue;
		SGAN_TRY(apply_change(tree, &changes[i], list));
		config_setting_remove(root, changes[i].key);
	}
	return SGAN_OK;
}

/* Puts the settings of `over`, a preset called `name`, on those of its base, into the empty tree. */
static sgan_status load_over(config_t *tree, const char *name, config_t *over, struct chain chain)
{
	config_setting_t *root = config_root_setting(over);
	const bool is_last = config_setting_get_member(root, "base") == NULL;
	if (is_last && *chain.root) {
		const struct chain instead = { .depth = chain.depth };
		return load_tree(tree, chain.root, instead);
	}
	if (!is_last)
		SGAN_TRY(load_base(tree, name, root, chain));
	return sgan_tree_merge(tree, over);
}

static sgan_status load_tree(config_t *tree, const char *name, struct chain chain)
{
	config_t own;
	sgan_tree_init(&own);
	sgan_status status = is_file_name(name) ? parse_file(&own, name) : parse_builtin(&own, name);
	if (status == SGAN_OK)
		status = load_over(tree, name, &own, chain);
	sgan_tree_free(&own);
	return status;
}

/* Gives a tree the number of classes. */
static sgan_status put_classes(config_t *tree, const char *where, size_t classes)
{
	char setting[32];
	snprintf(setting, sizeof setting, "classes=%zu", classes);
	return sgan_tree_set(tree, where, setting);
}

/* A preset from a tree that is complete. What is written has the number of classes, where it is known. */
static sgan_status build(config_t *tree, struct sgan_preset **preset)
{
	struct sgan_preset *made = calloc(1, sizeof *made);
	if (!made)
		return sgan_fail(SGAN_ENOMEM, "no memory for a preset");
	sgan_status status = sgan_preset_read(tree, made);
	if (status == SGAN_OK)
		status = sgan_preset_check(tree, made);
	if (status == SGAN_OK && made->classes > 0)
		status = put_classes(tree, "encoder", made->classes);
	if (status == SGAN_OK)
		status = sgan_tree_write(tree, &made->text);
	if (status == SGAN_OK)
		*preset = made;
	else
		sgan_preset_free(made);
	return status;
}

static sgan_status set_by_caller(config_t *tree, const char *setting)
{
	const config_setting_t *stacks = config_setting_get_member(config_root_setting(tree), "stacks");
	SGAN_TRY(sgan_stacks_check_setting(stacks, "--set", setting));
	return sgan_tree_set(tree, "--set", setting);
}

sgan_status sgan_preset_load(const char *name, const char *const *settings, size_t setting_count,
                             struct sgan_preset **preset)
{
	config_t tree;
	sgan_tree_init(&tree);
	sgan_status status = load_tree(&tree, name, (struct chain){ .depth = 0 });
	for (size_t i = 0; i < setting_count && status == SGAN_OK; i++)
		status = set_by_caller(&tree, settings[i]);
	if (status == SGAN_OK)
		status = build(&tree, preset);
	sgan_tree_free(&tree);
	return status;
}

sgan_status sgan_preset_parse_with(const char *source, const char *text, const char *const *settings,
                                   size_t setting_count, struct sgan_preset **preset)
{
	config_t tree;
	sgan_tree_init(&tree);
	sgan_status status = sgan_tree_parse(&tree, source, text, true);
	for (size_t i = 0; i < setting_count && status == SGAN_OK; i++)
		status = set_by_caller(&tree, settings[i]);
	if (status == SGAN_OK)
		status = build(&tree, preset); /* a `base` is an unknown key here: such text is complete */
	sgan_tree_free(&tree);
	return status;
}

sgan_status sgan_preset_parse(const char *source, const char *text, struct sgan_preset **preset)
{
	return sgan_preset_parse_with(source, text, NULL, 0, preset);
}

sgan_status sgan_preset_settle(struct sgan_preset **preset, size_t classes)
{
	config_t tree;
	struct sgan_preset *settled = NULL;
	if ((*preset)->classes > 0)
		return SGAN_OK;
	sgan_tree_init(&tree);
	sgan_status status = sgan_tree_parse(&tree, (*preset)->name, (*preset)->text, true);
	if (status == SGAN_OK)
		status = put_classes(&tree, "the dataset has", classes);
	if (status == SGAN_OK)
		status = build(&tree, &settled);
	sgan_tree_free(&tree);
	if (status != SGAN_OK)
		return status;
	sgan_preset_free(*preset);
	*preset = settled;
	return SGAN_OK;
}

void sgan_preset_free(struct sgan_preset *preset)
{
	if (!preset)
		return;
	free(preset->stacks);
	free(preset->text);
	free(preset);
}

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
	char known[256] = "", source[SGAN_NAME + 4];
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
	sgan_status status = strlen(text) == size ? sgan_tree_parse(tree, base_name(path), text, true)
	                                          : sgan_fail(SGAN_EINVAL, "%s: not a text, it has a NUL byte", path);
	free(text);
	return status;
}

/* What `base` names, seen from the preset `name`. */
static sgan_status resolve_base(const config_setting_t *base, const char *name, char path[SGAN_PATH])
{
	const char *wanted = config_setting_type(base) == CONFIG_TYPE_STRING ? config_setting_get_string(base) : "";
	if (!*wanted)
		return sgan_tree_fail(base, "'base' must be a preset's name or file, in quotes");
	bool beside = is_file_name(wanted) && wanted[0] != '/' && strchr(name, '/');
	int folder = beside ? (int)(base_name(name) - name) : 0;
	int length = snprintf(path, SGAN_PATH, "%.*s%s", folder, name, wanted);
	return length > 0 && length < SGAN_PATH ? SGAN_OK : sgan_tree_fail(base, "'base' is too long a path");
}

static sgan_status load_tree(config_t *tree, const char *name, int depth);

/* Applies `set`, a list of "key=value" such as the command line takes: a part of the base's lists can be changed by no
 * other setting. */
static sgan_status apply_set(config_t *tree, const config_setting_t *set)
{
	int count = config_setting_is_array(set) || config_setting_is_list(set) ? config_setting_length(set) : 0;
	for (int i = 0; i < count; i++) {
		const config_setting_t *at = config_setting_get_elem(set, (unsigned)i);
		char where[SGAN_NAME + 32];
		if (config_setting_type(at) != CONFIG_TYPE_STRING)
			return sgan_tree_fail(at, "set: element %d is not a string, \"key=value\"", i);
		snprintf(where, sizeof where, "%.31s:%u: set", sgan_tree_source(at), sgan_tree_line(at));
		SGAN_TRY(sgan_tree_set(tree, where, config_setting_get_string(at)));
	}
	return count > 0 ? SGAN_OK : sgan_tree_fail(set, "set must be a list, [ \"key=value\", ... ]");
}

/* The base that `root` names, and its changes; both are done with then. */
static sgan_status load_base(config_t *tree, const char *name, config_setting_t *root, int depth)
{
	const config_setting_t *base = config_setting_get_member(root, "base");
	const config_setting_t *set = config_setting_get_member(root, "set");
	char path[SGAN_PATH];
	SGAN_TRY(resolve_base(base, name, path));
	if (depth == BASE_DEPTH)
		return sgan_tree_fail(base, "more than %d bases on top of each other, or one that leads back to itself",
		                      BASE_DEPTH);
	sgan_status status = load_tree(tree, path, depth + 1);
	if (status == SGAN_EIO)
		return sgan_fail_in(status, "%s:%u: base", sgan_tree_source(base), sgan_tree_line(base));
	SGAN_TRY(status);
	config_setting_remove(root, "base");
	if (set) {
		SGAN_TRY(apply_set(tree, set));
		config_setting_remove(root, "set");
	}
	return SGAN_OK;
}

/* Puts the settings of `over`, a preset called `name`, on those of its base, into the empty tree. */
static sgan_status load_over(config_t *tree, const char *name, config_t *over, int depth)
{
	config_setting_t *root = config_root_setting(over);
	if (config_setting_get_member(root, "base"))
		SGAN_TRY(load_base(tree, name, root, depth));
	return sgan_tree_merge(tree, over);
}

static sgan_status load_tree(config_t *tree, const char *name, int depth)
{
	config_t own;
	sgan_tree_init(&own);
	sgan_status status = is_file_name(name) ? parse_file(&own, name) : parse_builtin(&own, name);
	if (status == SGAN_OK)
		status = load_over(tree, name, &own, depth);
	sgan_tree_free(&own);
	return status;
}

/* A preset from a tree that is complete. */
static sgan_status build(const config_t *tree, struct sgan_preset **preset)
{
	struct sgan_preset *made = calloc(1, sizeof *made);
	if (!made)
		return sgan_fail(SGAN_ENOMEM, "no memory for a preset");
	sgan_status status = sgan_preset_read(tree, made);
	if (status == SGAN_OK)
		status = sgan_preset_check(tree, made);
	if (status == SGAN_OK)
		status = sgan_tree_write(tree, &made->text);
	if (status == SGAN_OK)
		*preset = made;
	else
		sgan_preset_free(made);
	return status;
}

sgan_status sgan_preset_load(const char *name, const char *const *settings, size_t setting_count,
                             struct sgan_preset **preset)
{
	config_t tree;
	sgan_tree_init(&tree);
	sgan_status status = load_tree(&tree, name, 0);
	for (size_t i = 0; i < setting_count && status == SGAN_OK; i++)
		status = sgan_tree_set(&tree, "--set", settings[i]);
	if (status == SGAN_OK)
		status = build(&tree, preset);
	sgan_tree_free(&tree);
	return status;
}

sgan_status sgan_preset_parse(const char *source, const char *text, struct sgan_preset **preset)
{
	config_t tree;
	sgan_tree_init(&tree);
	sgan_status status = sgan_tree_parse(&tree, source, text, true);
	if (status == SGAN_OK)
		status = build(&tree, preset); /* a `base` is an unknown key here: such text is complete */
	sgan_tree_free(&tree);
	return status;
}

void sgan_preset_free(struct sgan_preset *preset)
{
	if (!preset)
		return;
	free(preset->stacks);
	free(preset->text);
	free(preset);
}

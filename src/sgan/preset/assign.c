/* "key=value" applied to a tree, and what a path names taken out of it: the path is followed, a value is parsed as a
 * preset's would be. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cpu/status.h"
#include "src/sgan/preset/tree_internal.h"

enum { KEY_LENGTH = 128 };

/* The next part of a key path: a name, or the number of an element ("[2]"). */
struct part {
	char name[KEY_LENGTH];
	bool is_index;
	unsigned index;
};

static bool read_index(const char **path, struct part *part)
{
	const char *p = *path + 1;
	size_t digits = strspn(p, "0123456789");
	if (digits == 0 || digits > 4 || p[digits] != ']')
		return false;
	part->is_index = true;
	part->index = (unsigned)strtoul(p, NULL, 10);
	*path = p + digits + 1;
	return true;
}

static bool read_name(const char **path, struct part *part)
{
	const char *p = *path;
	size_t length = 0;
	while (isalnum((unsigned char)p[length]) || p[length] == '_')
		length++;
	if (length == 0 || length >= sizeof part->name || !isalpha((unsigned char)p[0]))
		return false;
	memcpy(part->name, p, length);
	part->name[length] = '\0';
	part->is_index = false;
	*path = p + length;
	return true;
}

static bool read_part(const char **path, struct part *part)
{
	if (**path == '[' ? !read_index(path, part) : !read_name(path, part))
		return false;
	if (**path == '.')
		return *++*path != '\0';
	return **path == '\0' || **path == '[';
}

/* The group of a list whose `name` is `name`: a layer. */
static sgan_status find_named(const config_setting_t *list, const char *name, const char *source,
                              config_setting_t **inner)
{
	for (int i = 0; i < config_setting_length(list); i++) {
		config_setting_t *element = config_setting_get_elem(list, (unsigned)i);
		const char *own;
		*inner = element;
		if (config_setting_is_group(element) && config_setting_lookup_string(element, "name", &own) &&
		    strcmp(own, name) == 0)
			return SGAN_OK;
	}
	return sgan_fail(SGAN_EINVAL, "%s: nothing in the list is called '%s'", source, name);
}

/* The setting that a part names inside `at`; groups that are missing are made: stage groups may be left out. */
static sgan_status descend(config_setting_t *at, const struct part *part, const char *source, config_setting_t **inner)
{
	if (!part->is_index && config_setting_is_list(at))
		return find_named(at, part->name, source, inner);
	if (part->is_index) {
		if (!config_setting_is_list(at) && !config_setting_is_array(at))
			return sgan_fail(SGAN_EINVAL, "%s: [%u] of what is not a list", source, part->index);
		*inner = config_setting_get_elem(at, part->index);
		if (!*inner)
			return sgan_fail(SGAN_EINVAL, "%s: no element [%u], the list has %d", source, part->index,
			                 config_setting_length(at));
		return SGAN_OK;
	}
	if (!config_setting_is_group(at))
		return sgan_fail(SGAN_EINVAL, "%s: '%s' of what is not a group", source, part->name);
	*inner = config_setting_get_member(at, part->name);
	if (*inner)
		return SGAN_OK;
	*inner = config_setting_add(at, part->name, CONFIG_TYPE_GROUP);
	if (!*inner)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory for a preset's settings", source);
	return sgan_tree_set_origin(*inner, source, 0);
}

/* Gives the setting that the path's last part names inside `at` a scalar value. */
static sgan_status put_last(config_setting_t *at, const struct part *part, const char *source,
                            const config_setting_t *value)
{
	if (!part->is_index && config_setting_is_group(at) && !config_setting_get_member(at, part->name))
		return sgan_tree_put(at, part->name, value);
	config_setting_t *old;
	SGAN_TRY(descend(at, part, source, &old));
	if (config_setting_is_aggregate(old))
		return sgan_fail(SGAN_EINVAL, "%s: the key stands for several values, give one of them", source);
	if (!part->is_index)
		return sgan_tree_put(at, part->name, value);
	if (config_setting_type(old) != config_setting_type(value))
		return sgan_fail(SGAN_EINVAL, "%s: element [%u] is of another type", source, part->index);
	sgan_tree_copy_scalar(old, value);
	return sgan_tree_set_origin(old, source, 0);
}

static sgan_status put_path(config_t *tree, const char *path, const char *source, const config_setting_t *value)
{
	config_setting_t *at = config_root_setting(tree);
	for (int depth = 0; depth < SGAN_TREE_DEPTH; depth++) {
		struct part part;
		if (!read_part(&path, &part))
			return sgan_fail(SGAN_EINVAL, "%s: the key is not a path such as joint.lr or stacks.[0].cut", source);
		if (*path == '\0')
			return put_last(at, &part, source, value);
		SGAN_TRY(descend(at, &part, source, &at));
	}
	return sgan_fail(SGAN_EINVAL, "%s: the key is nested more than %d deep", source, SGAN_TREE_DEPTH);
}

/* A value that stands for itself: a word, but not true or false. */
static bool is_word(const char *value)
{
	if (!isalpha((unsigned char)value[0]) && value[0] != '_' && value[0] != '/')
		return false;
	for (const char *c = value; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("_-./+", *c))
			return false;
	return strcmp(value, "true") != 0 && strcmp(value, "false") != 0;
}

static sgan_status parse_value(config_t *scratch, const char *source, const char *value)
{
	size_t size = strlen(value) + 16;
	char *text = malloc(size);
	if (!text)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory for a value", source);
	snprintf(text, size, is_word(value) ? "v = \"%s\";" : "v = %s;", value);
	sgan_status status = sgan_tree_parse(scratch, source, text, false);
	free(text);
	SGAN_TRY(status);
	const config_setting_t *root = config_root_setting(scratch);
	const config_setting_t *first = config_setting_get_elem(root, 0);
	if (!first || config_setting_length(root) != 1 || config_setting_is_aggregate(first))
		return sgan_fail(SGAN_EINVAL, "%s: %s", source, sgan_tree_not_a_value);
	return SGAN_OK;
}

sgan_status sgan_tree_remove(config_t *tree, const char *where, const char *path)
{
	config_setting_t *at = config_root_setting(tree);
	char source[2 * KEY_LENGTH + 64];
	int written = snprintf(source, sizeof source, "%s %s", where, path);
	if (written < 0 || (size_t)written >= sizeof source)
		return sgan_fail(SGAN_EINVAL, "%.100s...: too long a path", source);
	for (int depth = 0; depth < SGAN_TREE_DEPTH && *path; depth++) {
		struct part part;
		if (!read_part(&path, &part))
			return sgan_fail(SGAN_EINVAL, "%s: not a path such as stacks.[1]", source);
		if (!part.is_index && config_setting_is_group(at) && !config_setting_get_member(at, part.name))
			return sgan_fail(SGAN_EINVAL, "%s: the base has no '%s' there", source, part.name);
		SGAN_TRY(descend(at, &part, source, &at));
	}
	if (*path || config_setting_is_root(at))
		return sgan_fail(SGAN_EINVAL, "%s: not a path such as stacks.[1]", source);
	config_setting_remove_elem(config_setting_parent(at), (unsigned)config_setting_index(at));
	return SGAN_OK;
}

sgan_status sgan_tree_set(config_t *tree, const char *where, const char *assignment)
{
	const char *equals = strchr(assignment, '=');
	char key[KEY_LENGTH], source[2 * KEY_LENGTH + 64];
	int written = snprintf(source, sizeof source, "%s %s", where, assignment);
	size_t length = equals ? (size_t)(equals - assignment) : 0;
	if (length == 0 || length >= sizeof key || written < 0 || (size_t)written >= sizeof source)
		return sgan_fail(SGAN_EINVAL, "%s: not of the form key=value", source);
	memcpy(key, assignment, length);
	key[length] = '\0';
	config_t scratch;
	sgan_tree_init(&scratch);
	sgan_status status = parse_value(&scratch, source, equals + 1);
	if (status == SGAN_OK)
		status = put_path(tree, key, source, config_setting_get_elem(config_root_setting(&scratch), 0));
	sgan_tree_free(&scratch);
	return status;
}

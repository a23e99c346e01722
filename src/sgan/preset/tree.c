/* Trees of settings: parsing, overriding, writing, and saying where a setting stands.
 *
 * libconfig knows lines only of what it parsed itself, so each setting carries an
 * origin of its own, which goes along when a base's settings are overridden.
 * Knows nothing of what the settings mean. */
#include "src/sgan/preset/tree.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cpu/status.h"
#include "src/sgan/preset/scan.h"

enum { TREE_DEPTH = 12, KEY_LENGTH = 128 };

struct origin {
	unsigned line;
	char source[];
};

void sgan_tree_init(config_t *tree)
{
	config_init(tree);
	config_set_destructor(tree, free);
#ifdef CONFIG_OPTION_ALLOW_SCIENTIFIC_NOTATION /* libconfig 1.7 rounds 1e-8 to 0 without */
	config_set_option(tree, CONFIG_OPTION_ALLOW_SCIENTIFIC_NOTATION, CONFIG_TRUE);
	config_set_float_precision(tree, 15);
#endif
}

void sgan_tree_free(config_t *tree)
{
	config_destroy(tree);
}

static const struct origin *origin_of(const config_setting_t *at)
{
	static const struct origin none = { .line = 0 };
	const struct origin *origin = config_setting_get_hook(at);
	return origin ? origin : &none;
}

const char *sgan_tree_source(const config_setting_t *at)
{
	return origin_of(at)->source;
}

unsigned sgan_tree_line(const config_setting_t *at)
{
	return origin_of(at)->line;
}

sgan_status sgan_tree_fail(const config_setting_t *at, const char *format, ...)
{
	char message[512];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	const struct origin *origin = origin_of(at);
	if (origin->line)
		return sgan_fail(SGAN_EINVAL, "%s:%u: %s", origin->source, origin->line, message);
	return sgan_fail(SGAN_EINVAL, "%s: %s", origin->source, message);
}

static sgan_status set_origin(config_setting_t *setting, const char *source, unsigned line)
{
	size_t length = strlen(source) + 1;
	struct origin *origin = malloc(sizeof *origin + length);
	if (!origin)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory for a preset's settings", source);
	origin->line = line;
	memcpy(origin->source, source, length);
	free(config_setting_get_hook(setting));
	config_setting_set_hook(setting, origin);
	return SGAN_OK;
}

static sgan_status set_origins(config_setting_t *setting, const char *source, bool lines, int depth)
{
	unsigned line = lines && !config_setting_is_root(setting) ? config_setting_source_line(setting) : 0;
	SGAN_TRY(set_origin(setting, source, line));
	if (!config_setting_is_aggregate(setting))
		return SGAN_OK;
	if (depth == TREE_DEPTH)
		return sgan_tree_fail(setting, "settings are nested more than %d deep", TREE_DEPTH);
	int count = config_setting_length(setting);
	for (int i = 0; i < count; i++)
		SGAN_TRY(set_origins(config_setting_get_elem(setting, (unsigned)i), source, lines, depth + 1));
	return SGAN_OK;
}

static const char not_a_value[] = "the value is not a number, true, false, a word or a \"string\"";

sgan_status sgan_tree_parse(config_t *tree, const char *source, const char *text, bool lines)
{
	char *scanned;
	unsigned line;
	sgan_status status = sgan_preset_scan(text, &scanned, &line);
	if (status != SGAN_OK)
		return lines ? sgan_fail_in(status, "%s:%u", source, line) : sgan_fail_in(status, "%s", source);
	int parsed = config_read_string(tree, scanned);
	free(scanned);
	if (!parsed)
		return lines ? sgan_fail(SGAN_EINVAL, "%s:%d: %s", source, config_error_line(tree), config_error_text(tree))
		             : sgan_fail(SGAN_EINVAL, "%s: %s", source, not_a_value);
	return set_origins(config_root_setting(tree), source, lines, 0);
}

static void copy_scalar(config_setting_t *dst, const config_setting_t *src)
{
	switch (config_setting_type(src)) {
	case CONFIG_TYPE_INT:
		config_setting_set_int(dst, config_setting_get_int(src));
		break;
	case CONFIG_TYPE_INT64:
		config_setting_set_int64(dst, config_setting_get_int64(src));
		break;
	case CONFIG_TYPE_FLOAT:
		config_setting_set_float(dst, config_setting_get_float(src));
		break;
	case CONFIG_TYPE_BOOL:
		config_setting_set_bool(dst, config_setting_get_bool(src));
		break;
	case CONFIG_TYPE_STRING:
		config_setting_set_string(dst, config_setting_get_string(src));
		break;
	default:
		break;
	}
}

/* Adds a copy of src to a group (under its name) or list. */
static sgan_status add_copy(config_setting_t *parent, const char *name, const config_setting_t *src)
{
	config_setting_t *dst = config_setting_add(parent, name, config_setting_type(src));
	if (!dst)
		return sgan_tree_fail(src, "'%s' cannot be put here", name ? name : "element");
	copy_scalar(dst, src);
	SGAN_TRY(set_origin(dst, origin_of(src)->source, origin_of(src)->line));
	if (!config_setting_is_aggregate(src))
		return SGAN_OK;
	int count = config_setting_length(src);
	for (int i = 0; i < count; i++) {
		const config_setting_t *child = config_setting_get_elem(src, (unsigned)i);
		SGAN_TRY(add_copy(dst, config_setting_name(child), child));
	}
	return SGAN_OK;
}

static sgan_status merge(config_setting_t *dst, const config_setting_t *src);

/* Gives a group's member `name` the value of src. */
static sgan_status put_member(config_setting_t *group, const char *name, const config_setting_t *src)
{
	config_setting_t *old = config_setting_get_member(group, name);
	if (old && config_setting_is_group(old) && config_setting_is_group(src))
		return merge(old, src);
	if (old && config_setting_type(old) == config_setting_type(src) && !config_setting_is_aggregate(src)) {
		copy_scalar(old, src); /* stays where it is, so that the written preset keeps its order */
		return set_origin(old, origin_of(src)->source, origin_of(src)->line);
	}
	if (old)
		config_setting_remove(group, name);
	return add_copy(group, name, src);
}

static sgan_status merge(config_setting_t *dst, const config_setting_t *src)
{
	int count = config_setting_length(src);
	for (int i = 0; i < count; i++) {
		const config_setting_t *child = config_setting_get_elem(src, (unsigned)i);
		SGAN_TRY(put_member(dst, config_setting_name(child), child));
	}
	return SGAN_OK;
}

sgan_status sgan_tree_merge(config_t *dst, const config_t *src)
{
	config_setting_t *root = config_root_setting(dst);
	const config_setting_t *over = config_root_setting(src);
	SGAN_TRY(set_origin(root, origin_of(over)->source, 0));
	return merge(root, over);
}

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

/* The setting that a part names inside `at`; groups that are missing are made: stage groups may be left out. */
static sgan_status descend(config_setting_t *at, const struct part *part, const char *source, config_setting_t **inner)
{
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
	return set_origin(*inner, source, 0);
}

/* Gives the setting that the path's last part names inside `at` a scalar value. */
static sgan_status put_last(config_setting_t *at, const struct part *part, const char *source,
                            const config_setting_t *value)
{
	if (!part->is_index && config_setting_is_group(at) && !config_setting_get_member(at, part->name))
		return put_member(at, part->name, value);
	config_setting_t *old;
	SGAN_TRY(descend(at, part, source, &old));
	if (config_setting_is_aggregate(old))
		return sgan_fail(SGAN_EINVAL, "%s: the key stands for several values, give one of them", source);
	if (!part->is_index)
		return put_member(at, part->name, value);
	if (config_setting_type(old) != config_setting_type(value))
		return sgan_fail(SGAN_EINVAL, "%s: element [%u] is of another type", source, part->index);
	copy_scalar(old, value);
	return set_origin(old, source, 0);
}

static sgan_status put_path(config_t *tree, const char *path, const char *source, const config_setting_t *value)
{
	config_setting_t *at = config_root_setting(tree);
	for (int depth = 0; depth < TREE_DEPTH; depth++) {
		struct part part;
		if (!read_part(&path, &part))
			return sgan_fail(SGAN_EINVAL, "%s: the key is not a path such as joint.lr or stacks.[0].cut", source);
		if (*path == '\0')
			return put_last(at, &part, source, value);
		SGAN_TRY(descend(at, &part, source, &at));
	}
	return sgan_fail(SGAN_EINVAL, "%s: the key is nested more than %d deep", source, TREE_DEPTH);
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
		return sgan_fail(SGAN_EINVAL, "%s: %s", source, not_a_value);
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

sgan_status sgan_tree_write(const config_t *tree, char **text)
{
	char *memory = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&memory, &size);
	if (!stream)
		return sgan_fail(SGAN_ENOMEM, "no memory to write a preset");
	config_write(tree, stream);
	bool failed = ferror(stream) != 0;
	if (fclose(stream) != 0 || failed) {
		free(memory);
		return sgan_fail(SGAN_ENOMEM, "no memory to write a preset");
	}
	*text = memory;
	return SGAN_OK;
}

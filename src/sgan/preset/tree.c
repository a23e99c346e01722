/* Trees of settings: parsing, writing, and saying where a setting stands.
 *
 * libconfig knows lines only of what it parsed itself, so each setting carries an
 * origin of its own, which goes along when a base's settings are overridden.
 * Knows nothing of what the settings mean. */
#include "src/sgan/preset/tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cpu/status.h"
#include "src/sgan/preset/scan.h"
#include "src/sgan/preset/tree_internal.h"

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

/* libconfig leaves out what it has no memory for, a name or a text, without a word. */
static bool is_whole(const config_setting_t *setting)
{
	const config_setting_t *parent = config_setting_parent(setting);
	if (parent && config_setting_is_group(parent) && !config_setting_name(setting))
		return false;
	return config_setting_type(setting) != CONFIG_TYPE_STRING || config_setting_get_string(setting) != NULL;
}

sgan_status sgan_tree_set_origin(config_setting_t *setting, const char *source, unsigned line)
{
	size_t length = strlen(source) + 1;
	struct origin *origin = is_whole(setting) ? malloc(sizeof *origin + length) : NULL;
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
	SGAN_TRY(sgan_tree_set_origin(setting, source, line));
	if (!config_setting_is_aggregate(setting))
		return SGAN_OK;
	if (depth == SGAN_TREE_DEPTH)
		return sgan_tree_fail(setting, "settings are nested more than %d deep", SGAN_TREE_DEPTH);
	int count = config_setting_length(setting);
	for (int i = 0; i < count; i++)
		SGAN_TRY(set_origins(config_setting_get_elem(setting, (unsigned)i), source, lines, depth + 1));
	return SGAN_OK;
}

const char sgan_tree_not_a_value[] = "the value is not a number, true, false, a word or a \"string\"";

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
		             : sgan_fail(SGAN_EINVAL, "%s: %s", source, sgan_tree_not_a_value);
	return set_origins(config_root_setting(tree), source, lines, 0);
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

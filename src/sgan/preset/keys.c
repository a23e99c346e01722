/* Single settings, by tables of keys: type, range, and a message that says what was found and expected.
 *
 * Knows nothing of presets. libconfig's own getters convert and wrap silently; here nothing does. */
#include "src/sgan/preset/keys.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cpu/status.h"

/* "mnist.cfg:3: joint: 'lr' is -1, expected ..." */
static sgan_status mistyped(const config_setting_t *at, const char *where, const char *key, const char *expected)
{
	char found[80];
	switch (config_setting_type(at)) {
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		snprintf(found, sizeof found, "%lld", config_setting_get_int64(at));
		break;
	case CONFIG_TYPE_FLOAT:
		snprintf(found, sizeof found, "%.15g", config_setting_get_float(at));
		break;
	case CONFIG_TYPE_BOOL:
		snprintf(found, sizeof found, "%s", config_setting_get_bool(at) ? "true" : "false");
		break;
	case CONFIG_TYPE_STRING:
		snprintf(found, sizeof found, "\"%.60s\"", config_setting_get_string(at));
		break;
	default:
		snprintf(found, sizeof found, "a %s", config_setting_is_group(at) ? "group" : "list");
	}
	return sgan_tree_fail(at, "%s%s'%s' is %s, expected %s", where, *where ? ": " : "", key, found, expected);
}

static bool get_integer(const config_setting_t *at, long long *value)
{
	switch (config_setting_type(at)) {
	case CONFIG_TYPE_INT:
		*value = config_setting_get_int(at);
		return true;
	case CONFIG_TYPE_INT64:
		*value = config_setting_get_int64(at);
		return true;
	case CONFIG_TYPE_FLOAT: {
		double number = config_setting_get_float(at);
		if (!(fabs(number) < 0x1p53) || floor(number) < number) /* 1e3 is exact, 1.5 is not */
			return false;
		*value = (long long)number;
		return true;
	}
	default:
		return false;
	}
}

/* Rounded to the 15 digits that a preset is written with, so that what is written reads back as the same number. */
static bool get_real(const config_setting_t *at, double *value)
{
	long long integer;
	if (config_setting_type(at) != CONFIG_TYPE_FLOAT) {
		if (!get_integer(at, &integer) || llabs(integer) > (1LL << 53))
			return false;
		*value = (double)integer;
		return true;
	}
	*value = config_setting_get_float(at);
	if (!isfinite(*value))
		return false;
	char digits[40];
	snprintf(digits, sizeof digits, "%.15g", *value);
	*value = strtod(digits, NULL);
	return true;
}

/* Whether the word that may stand in a number's place does. */
static bool is_word(const config_setting_t *at, const struct sgan_key *key)
{
	return key->choices && config_setting_type(at) == CONFIG_TYPE_STRING &&
	       strcmp(config_setting_get_string(at), key->choices[0]) == 0;
}

static sgan_status read_size(const config_setting_t *at, const char *where, const struct sgan_key *key, size_t *value)
{
	long long integer;
	char expected[80];
	if (is_word(at, key)) {
		*value = SGAN_KEY_BY_WORD;
		return SGAN_OK;
	}
	if (get_integer(at, &integer) && integer >= (long long)key->min && integer <= (long long)key->max) {
		*value = (size_t)integer;
		return SGAN_OK;
	}
	snprintf(expected, sizeof expected, "an integer from %.0f to %.0f%s%s%s", key->min, key->max,
	         key->choices ? ", or \"" : "", key->choices ? key->choices[0] : "", key->choices ? "\"" : "");
	return mistyped(at, where, key->name, expected);
}

static sgan_status read_seed(const config_setting_t *at, const char *where, const struct sgan_key *key, uint64_t *value)
{
	long long integer;
	if (!get_integer(at, &integer) || integer < 0)
		return mistyped(at, where, key->name, "an integer from 0 to 9223372036854775807");
	*value = (uint64_t)integer;
	return SGAN_OK;
}

static sgan_status read_real(const config_setting_t *at, const char *where, const struct sgan_key *key, double *value)
{
	double number;
	char expected[80];
	bool above = key->type == SGAN_KEY_ABOVE;
	if (get_real(at, &number) && (above ? number > key->min : number >= key->min) && number <= key->max) {
		*value = number;
		return SGAN_OK;
	}
	/* as many digits as bounds have: 0.9999999, which is as good as "below 1" in float, must not be shown as 1 */
	snprintf(expected, sizeof expected, "a number %s %.9g, at most %.9g", above ? "above" : "of at least", key->min,
	         key->max);
	return mistyped(at, where, key->name, expected);
}

static bool get_name(const config_setting_t *at, char name[SGAN_NAME])
{
	const char *text = config_setting_type(at) == CONFIG_TYPE_STRING ? config_setting_get_string(at) : "";
	size_t length = strlen(text);
	if (length == 0 || length >= SGAN_NAME || text[0] == '.' || text[0] == '-')
		return false;
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("_-.", text[i]))
			return false;
	memset(name, 0, SGAN_NAME);
	memcpy(name, text, length);
	return true;
}

static sgan_status read_name(const config_setting_t *at, const char *where, const struct sgan_key *key, char *name)
{
	if (!get_name(at, name))
		return mistyped(at, where, key->name, "a name of 1 to 31 letters, digits, '_', '-' and '.'");
	return SGAN_OK;
}

static sgan_status read_choice(const config_setting_t *at, const char *where, const struct sgan_key *key, void *value)
{
	const char *text = config_setting_type(at) == CONFIG_TYPE_STRING ? config_setting_get_string(at) : "";
	char expected[200] = "one of";
	for (unsigned i = 0; key->choices[i]; i++) {
		size_t used = strlen(expected);
		snprintf(expected + used, sizeof expected - used, "%s \"%s\"", i ? "," : "", key->choices[i]);
		if (strcmp(text, key->choices[i]) != 0)
			continue;
		if (key->type == SGAN_KEY_CHOICE)
			memcpy(value, &i, sizeof i);
		else
			snprintf(value, 16, "%s", text);
		return SGAN_OK;
	}
	return mistyped(at, where, key->name, expected);
}

static sgan_status read_shape(const config_setting_t *at, const char *where, const struct sgan_key *key, size_t *shape)
{
	static const struct sgan_key element = { .name = "shape", .type = SGAN_KEY_SIZE, .min = 1, .max = 65536 };
	int count = config_setting_is_array(at) || config_setting_is_list(at) ? config_setting_length(at) : 0;
	shape[0] = shape[1] = 1;
	shape[2] = SGAN_KEY_BY_WORD;
	if (is_word(at, key))
		return SGAN_OK;
	if (count != 1 && count != 3)
		return mistyped(at, where, key->name,
		                key->choices ? "[ channels ], [ height, width, channels ] or \"classes\""
		                             : "[ channels ] or [ height, width, channels ]");
	for (int i = 0; i < count; i++)
		SGAN_TRY(read_size(config_setting_get_elem(at, (unsigned)i), where, &element, &shape[3 - count + i]));
	return SGAN_OK;
}

/* The numbers that a setting stands for: its own one, or those of a list. */
static const config_setting_t *number_at(const config_setting_t *at, int i)
{
	return config_setting_is_aggregate(at) ? config_setting_get_elem(at, (unsigned)i) : at;
}

static sgan_status count_numbers(const config_setting_t *at, const char *where, const struct sgan_key *key, int least,
                                 int *count)
{
	char expected[64];
	const bool list = config_setting_is_array(at) || config_setting_is_list(at);
	*count = list ? config_setting_length(at) : config_setting_is_aggregate(at) ? -1 : 1;
	if (*count >= least && *count <= SGAN_LIST)
		return SGAN_OK;
	snprintf(expected, sizeof expected, "a number or a list of %d to %d numbers", least, SGAN_LIST);
	return mistyped(at, where, key->name, expected);
}

static sgan_status read_sizes(const config_setting_t *at, const char *where, const struct sgan_key *key,
                              struct sgan_sizes *sizes)
{
	int count;
	SGAN_TRY(count_numbers(at, where, key, 1, &count));
	sizes->count = (size_t)count;
	for (int i = 0; i < count; i++)
		SGAN_TRY(read_size(number_at(at, i), where, key, &sizes->values[i]));
	return SGAN_OK;
}

static sgan_status read_reals(const config_setting_t *at, const char *where, const struct sgan_key *key,
                              struct sgan_reals *reals)
{
	int count;
	SGAN_TRY(count_numbers(at, where, key, 0, &count));
	reals->count = (size_t)count;
	for (int i = 0; i < count; i++)
		SGAN_TRY(read_real(number_at(at, i), where, key, &reals->values[i]));
	return SGAN_OK;
}

static sgan_status read_sources(const config_setting_t *at, const char *where, const struct sgan_key *key,
                                char names[2][SGAN_NAME])
{
	if (config_setting_type(at) == CONFIG_TYPE_STRING)
		return read_name(at, where, key, names[0]);
	int count = config_setting_is_array(at) || config_setting_is_list(at) ? config_setting_length(at) : 0;
	if (count != 1 && count != 2)
		return mistyped(at, where, key->name, "a layer's name, or [ name, name ]");
	for (int i = 0; i < count; i++)
		SGAN_TRY(read_name(config_setting_get_elem(at, (unsigned)i), where, key, names[i]));
	return SGAN_OK;
}

static sgan_status read_bool(const config_setting_t *at, const char *where, const struct sgan_key *key, bool *value)
{
	if (config_setting_type(at) != CONFIG_TYPE_BOOL)
		return mistyped(at, where, key->name, "true or false");
	*value = config_setting_get_bool(at) != 0;
	return SGAN_OK;
}

static sgan_status read_key(const config_setting_t *at, const char *where, const struct sgan_key *key, void *target)
{
	void *value = (char *)target + key->offset;
	switch (key->type) {
	case SGAN_KEY_SIZE:
		return read_size(at, where, key, value);
	case SGAN_KEY_SEED:
		return read_seed(at, where, key, value);
	case SGAN_KEY_REAL:
	case SGAN_KEY_ABOVE:
		return read_real(at, where, key, value);
	case SGAN_KEY_BOOL:
		return read_bool(at, where, key, value);
	case SGAN_KEY_NAME:
		return read_name(at, where, key, value);
	case SGAN_KEY_CHOICE:
	case SGAN_KEY_WORD:
		return read_choice(at, where, key, value);
	case SGAN_KEY_SHAPE:
		return read_shape(at, where, key, value);
	case SGAN_KEY_SIZES:
		return read_sizes(at, where, key, value);
	case SGAN_KEY_REALS:
		return read_reals(at, where, key, value);
	case SGAN_KEY_SOURCES:
		return read_sources(at, where, key, value);
	case SGAN_KEY_OTHER:
		break;
	}
	return SGAN_OK;
}

static const struct sgan_key *find_key(struct sgan_keys *table, const char *name)
{
	for (const struct sgan_key *key = table->keys; key->name; key++)
		if (strcmp(key->name, name) == 0)
			return key;
	return NULL;
}

static sgan_status read_member(const config_setting_t *at, const char *where, struct sgan_keys *tables, size_t count)
{
	const char *name = config_setting_name(at);
	for (size_t t = 0; t < count; t++) {
		const struct sgan_key *key = find_key(&tables[t], name);
		if (!key)
			continue;
		tables[t].found |= (uint64_t)1 << (key - tables[t].keys);
		return read_key(at, where, key, tables[t].target);
	}
	return sgan_tree_fail(at, "%s%sunknown key '%.60s'", where, *where ? ": " : "", name);
}

sgan_status sgan_keys_read(const config_setting_t *group, const char *where, struct sgan_keys *tables, size_t count)
{
	if (!config_setting_is_group(group))
		return sgan_tree_fail(group, "%s must be a group, { ... }", where);
	int members = config_setting_length(group);
	for (int i = 0; i < members; i++)
		SGAN_TRY(read_member(config_setting_get_elem(group, (unsigned)i), where, tables, count));
	return SGAN_OK;
}

sgan_status sgan_keys_require(const config_setting_t *group, const char *where, const struct sgan_keys *table,
                              uint64_t required)
{
	for (size_t i = 0; table->keys[i].name; i++)
		if ((required >> i & 1) && !(table->found >> i & 1))
			return sgan_tree_fail(group, "%s%skey '%s' is missing", where, *where ? ": " : "", table->keys[i].name);
	return SGAN_OK;
}

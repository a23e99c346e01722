/* Which label and which z an image has, by its place. */
#include "src/sgan/sample/variation.h"

#include <stdio.h>
#include <string.h>

#include "src/cpu/status.h"

/* The number behind a level's letter, "12" of "z12"; false for any other text of this length. */
static bool read_number(const char *digits, size_t length, size_t *number)
{
	*number = 0;
	for (size_t i = 0; i < length; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return false;
		*number = 10 * *number + (size_t)(digits[i] - '0');
	}
	return length > 0 && length <= 2 && (length == 1 || digits[0] != '0');
}

/* Marks what one name holds; false: it is none of the model's. */
static bool hold_one(const char *name, size_t length, size_t stack_count, bool labels, struct sgan_held *held)
{
	size_t number = stack_count;
	if (length == 1 && name[0] == 'y') {
		held->label = true;
		return labels;
	}
	if (!read_number(name + 1, length - 1, &number))
		return false;
	if (name[0] == 'z' && number < stack_count) {
		held->z[number] = true;
		return true;
	}
	if (name[0] != 'h' || number == 0 || number > stack_count || (number == stack_count && !labels))
		return false;
	held->label = labels;
	for (size_t i = number; i < stack_count; i++)
		held->z[i] = true;
	return true;
}

sgan_status sgan_variation_hold(const char *names, size_t stack_count, bool labels, struct sgan_held *held)
{
	const size_t highest = labels ? stack_count : stack_count - 1;
	char heights[32] = "";
	if (highest > 0)
		snprintf(heights, sizeof heights, ", h1 to h%zu", highest);
	memset(held, 0, sizeof *held);
	for (const char *name = names;; name++) {
		const size_t length = strcspn(name, ",");
		if (length == 0 || !hold_one(name, length, stack_count, labels, held))
			return sgan_fail(SGAN_EINVAL, "'%.*s' is no level of the model, which has z0 to z%zu%s%s",
			                 length < 80 ? (int)length : 80, name, stack_count - 1, heights,
			                 labels ? ", y" : " and takes no label");
		name += length;
		if (*name == '\0')
			return SGAN_OK;
	}
}

sgan_status sgan_variation_level(const char *name, size_t stack_count, int *level)
{
	size_t number;
	if (name[0] != 'z' || !read_number(name + 1, strlen(name + 1), &number) || number >= stack_count)
		return sgan_fail(SGAN_EINVAL, "'%.80s' is no level of noise of the model, which has z0 to z%zu", name,
		                 stack_count - 1);
	*level = (int)number;
	return SGAN_OK;
}

size_t sgan_variation_total(const struct sgan_variation *v)
{
	return v->interpolated >= 0 ? v->count : v->count * v->seed_count;
}

/* Whether images are in rows that share something. */
static bool in_rows(const struct sgan_variation *v)
{
	bool some = v->held.label || v->interpolated >= 0;
	for (size_t i = 0; i < v->stack_count; i++)
		some = some || v->held.z[i];
	return some;
}

size_t sgan_variation_a_class(const struct sgan_variation *v)
{
	return v->class_count > 0 && v->count % v->class_count == 0 && !in_rows(v) ? v->count / v->class_count : 0;
}

size_t sgan_variation_shown(const struct sgan_variation *v, size_t place)
{
	const size_t a_class = sgan_variation_a_class(v);
	if (a_class == 0)
		return place;
	const size_t j = place % v->count;
	return place - j + j % a_class * v->class_count + j / a_class;
}

static uint32_t label_of(const struct sgan_variation *v, size_t j)
{
	size_t turn = j;
	if (v->class_count == 0)
		return 0;
	if (in_rows(v))
		turn = v->held.label || v->interpolated >= 0 ? j / v->columns : j % v->columns;
	return v->classes[turn % v->class_count];
}

void sgan_variation_source(const struct sgan_variation *v, size_t k, struct sgan_image_source *source)
{
	const bool line = v->interpolated >= 0;
	const size_t seed = line ? 0 : k / v->count, j = line ? k : k % v->count;
	source->label = label_of(v, j);
	for (size_t i = 0; i < v->stack_count; i++) {
		const bool held = v->held.z[i] || line;
		source->z[i] = (struct sgan_z_source){ .seed = v->seeds[seed], .index = held ? j - j % v->columns : j };
	}
	if (line && v->columns > 1) {
		struct sgan_z_source *z = &source->z[v->interpolated];
		z->to = v->seeds[1];
		z->share = (double)(j % v->columns) / (double)(v->columns - 1);
	}
}

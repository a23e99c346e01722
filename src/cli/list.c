/* Lists of whole numbers. */
#include "src/cli/list.h"

/* A number up to max at *text, which is moved behind it. */
static bool read_number(const char **text, uint64_t max, uint64_t *number)
{
	const char *first = *text;
	*number = 0;
	for (; **text >= '0' && **text <= '9'; ++*text) {
		const uint64_t digit = (uint64_t)(**text - '0');
		if (*number > (max - digit) / 10 || digit > max)
			return false;
		*number = 10 * *number + digit;
	}
	return *text > first;
}

static bool add_range(struct cli_list *list, uint64_t first, uint64_t last)
{
	if (first > last || last - first >= CLI_LIST - list->count)
		return false;
	for (uint64_t i = 0; i <= last - first; i++)
		list->values[list->count++] = first + i;
	return true;
}

bool cli_list_read(const char *text, uint64_t max, struct cli_list *list)
{
	list->count = 0;
	for (;; text++) {
		uint64_t first, last;
		if (!read_number(&text, max, &first))
			return false;
		last = first;
		if (*text == '-') {
			text++;
			if (!read_number(&text, max, &last))
				return false;
		}
		if (!add_range(list, first, last) || (*text != ',' && *text != '\0'))
			return false;
		if (*text == '\0')
			return true;
	}
}

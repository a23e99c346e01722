/* Lists of whole numbers as options take them: "3", "0-4,7". */
#ifndef SGAN_CLI_LIST_H
#define SGAN_CLI_LIST_H

#include <sgan/sgan.h>

enum { CLI_LIST = 10000 };

struct cli_list {
	size_t count;
	uint64_t values[CLI_LIST];
};

/* Reads numbers up to max, and ranges of them, in their order. False for any other text, and for more than CLI_LIST
 * numbers. */
bool cli_list_read(const char *text, uint64_t max, struct cli_list *list);

#endif

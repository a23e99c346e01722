/* What a launcher of parallel programs has told this process, by its environment. */
#ifndef SGAN_RANKS_LAUNCHER_H
#define SGAN_RANKS_LAUNCHER_H

#include <stdbool.h>
#include <stddef.h>

/* Whether one has started it with others; *count is then how many processes, 0 if it does not say. */
bool sgan_launched(size_t *count);

#endif

/* See launcher.h. A program that was started without one must not start MPI, which takes a tenth of a second or more, or
 * fails where its daemons are missing. */
#include "src/ranks/launcher.h"

#include <stdlib.h>

#include "src/ranks/ranks.h"

/* Open MPI's; MPICH's and Slurm's PMI; Slurm's own, also where it tells MPI nothing. */
static const char *const counts[] = { "OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS" };
/* PMIx says which process it is, and keeps how many there are for MPI to ask. */
static const char *const numbers[] = { "OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "SLURM_PROCID" };

/* The first of some variables that is a number. */
static bool read_first(const char *const *names, size_t count, size_t *value)
{
	for (size_t i = 0; i < count; i++) {
		const char *text = getenv(names[i]);
		char *end;
		if (!text)
			continue;
		*value = strtoul(text, &end, 10);
		if (end != text && *end == '\0')
			return true;
	}
	return false;
}

bool sgan_launched(size_t *count)
{
	if (read_first(counts, sizeof counts / sizeof *counts, count))
		return *count != 1; /* one by itself needs nobody */
	*count = 0;
	return getenv("PMIX_RANK") != NULL;
}

bool sgan_ranks_first_launched(void)
{
	size_t number;
	return !read_first(numbers, sizeof numbers / sizeof *numbers, &number) || number == 0;
}

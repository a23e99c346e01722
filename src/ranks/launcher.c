/* See launcher.h. A program that was started without one must not start MPI, which takes a tenth of a second or more, or
 * fails where its daemons are missing. */
#include "src/ranks/launcher.h"

#include <stdlib.h>

/* Open MPI's; MPICH's and Slurm's PMI. */
static const char *const counts[] = { "OMPI_COMM_WORLD_SIZE", "PMI_SIZE" };
/* PMIx says which process it is, and keeps how many there are for MPI to ask. */
static const char rank_alone[] = "PMIX_RANK";

bool sgan_launched(size_t *count)
{
	*count = 0;
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		const char *text = getenv(counts[i]);
		char *end;
		const unsigned long value = text ? strtoul(text, &end, 10) : 0;
		if (!text || end == text || *end != '\0')
			continue;
		*count = value;
		return true;
	}
	return getenv(rank_alone) != NULL;
}

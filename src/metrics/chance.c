/* Accuracies by chance.
 * It must not know who guesses what. */
#include "src/metrics/chance.h"

#include <math.h>
#include <stdlib.h>

#include "src/cpu/status.h"

sgan_status sgan_chance(size_t count, const uint32_t *labels, size_t classes, double *chance)
{
	size_t *counts = calloc(classes, sizeof *counts), most = 0;
	if (counts == NULL)
		return sgan_fail(SGAN_ENOMEM, "no memory to count the images of %zu classes", classes);
	for (size_t i = 0; i < count; i++)
		if (++counts[labels[i]] > most)
			most = counts[labels[i]];
	*chance = count > 0 ? (double)most / (double)count : 1;
	free(counts);
	return SGAN_OK;
}

bool sgan_guesses(double accuracy, double chance, size_t tested)
{
	return chance < 1 && tested >= SGAN_CHANCE_TESTED &&
	       accuracy <= chance + 3 * sqrt(chance * (1 - chance) / (double)tested);
}

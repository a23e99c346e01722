/* Ranks of a build without MPI: there is one, and nothing to bring together. */
#include "src/cpu/status.h"
#include "src/ranks/launcher.h"
#include "src/ranks/ranks.h"

sgan_status sgan_ranks_open(struct sgan_ranks **ranks)
{
	size_t count;
	*ranks = NULL;
	if (sgan_launched(&count) && (count > 1 || !sgan_ranks_first_launched()))
		return sgan_fail(SGAN_EUNSUPPORTED,
		                 "started as one of several processes, but this build has no MPI: configure it --with-mpi");
	return SGAN_OK;
}

void sgan_ranks_close(struct sgan_ranks *ranks, sgan_status status, int exit_code)
{
	(void)ranks, (void)status, (void)exit_code;
}

size_t sgan_ranks_number(const struct sgan_ranks *ranks)
{
	(void)ranks;
	return 0;
}

size_t sgan_ranks_count(const struct sgan_ranks *ranks)
{
	(void)ranks;
	return 1;
}

size_t sgan_ranks_sharers(const struct sgan_ranks *ranks)
{
	(void)ranks;
	return 1;
}

size_t sgan_ranks_neighbours(const struct sgan_ranks *ranks)
{
	(void)ranks;
	return 1;
}

sgan_exchange sgan_ranks_exchange(struct sgan_ranks *ranks)
{
	(void)ranks;
	return (sgan_exchange){ .arg = NULL };
}

sgan_status sgan_ranks_tell(struct sgan_ranks *ranks, void *data, size_t size)
{
	(void)ranks, (void)data, (void)size;
	return SGAN_OK;
}

sgan_status sgan_ranks_most(struct sgan_ranks *ranks, size_t count, uint64_t *values)
{
	(void)ranks, (void)count, (void)values;
	return SGAN_OK;
}

sgan_status sgan_ranks_collect(struct sgan_ranks *ranks, const size_t *offsets, void *data)
{
	(void)ranks, (void)offsets, (void)data;
	return SGAN_OK;
}

sgan_status sgan_ranks_agree(struct sgan_ranks *ranks, sgan_status status)
{
	(void)ranks;
	return status;
}

bool sgan_ranks_agreed(const struct sgan_ranks *ranks)
{
	(void)ranks;
	return true;
}

bool sgan_ranks_silent(const struct sgan_ranks *ranks)
{
	(void)ranks;
	return false;
}

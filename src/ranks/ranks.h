/* The processes that train one model together, by MPI where the build has it. Each is a rank: it computes some slices of
 * every batch, and all end each step with the same parameters. Rank 0 alone writes files and speaks.
 *
 * NULL is a process by itself: of NULL, calls do at once what there is to do for one. All ranks make the same calls in the
 * same order, but for those that say that they tell something of this rank. */
#ifndef SGAN_RANKS_RANKS_H
#define SGAN_RANKS_RANKS_H

#include <sgan/sgan.h>

struct sgan_ranks;

/* Joins the processes that mpirun, mpiexec or srun has started. *ranks is NULL where there are no others, and then
 * nothing was asked of MPI. The threads that a process starts by itself must not communicate.
 * SGAN_EUNSUPPORTED: there are others, and this build has no MPI, or not the launcher's. */
sgan_status sgan_ranks_open(struct sgan_ranks **ranks);

/* Leaves them. A failure that was not agreed upon (sgan_ranks_agree) ends all of them at once, with this exit code, and the
 * call does not return. NULL is allowed. */
void sgan_ranks_close(struct sgan_ranks *ranks, sgan_status status, int exit_code);

/* Of this rank: its number, of so many; of NULL, 0 of 1. */
size_t sgan_ranks_number(const struct sgan_ranks *ranks);
size_t sgan_ranks_count(const struct sgan_ranks *ranks);

/* How many ranks may use exactly the CPUs of this one, with it; and how many are on its machine, with it. */
size_t sgan_ranks_sharers(const struct sgan_ranks *ranks);
size_t sgan_ranks_neighbours(const struct sgan_ranks *ranks);

/* Whether this process is the first, as far as its launcher has told; for what goes wrong before there are ranks. */
bool sgan_ranks_first_launched(void);

/* Of `all` things in order, slices or elements, the first that is rank number `rank`'s; of rank number `count`, `all`. */
static inline size_t sgan_ranks_first(size_t all, size_t rank, size_t count)
{
	return all / count * rank + all % count * rank / count;
}

/* How a context brings partial sums together with the other ranks'; the ranks outlive the context. */
sgan_exchange sgan_ranks_exchange(struct sgan_ranks *ranks);

/* data [size] of rank 0 to all. */
sgan_status sgan_ranks_tell(struct sgan_ranks *ranks, void *data, size_t size);

/* Each of values [count] becomes the largest that a rank has there. At most 8. */
sgan_status sgan_ranks_most(struct sgan_ranks *ranks, size_t count, uint64_t *values);

/* Rank 0's data [offsets[count of ranks]] has everybody's: those of rank r are bytes offsets[r] .. offsets[r + 1] - 1. */
sgan_status sgan_ranks_collect(struct sgan_ranks *ranks, const size_t *offsets, void *data);

/* SGAN_OK where all ranks come with that; else the status of the first that does not. Where that is another, it is what
 * tells of the failure (sgan_ranks_silent). */
sgan_status sgan_ranks_agree(struct sgan_ranks *ranks, sgan_status status);

/* Whether a failure has been agreed upon. Where one has not, messages may still be on their way into memory of the calls that
 * failed: it must not be freed before sgan_ranks_close. */
bool sgan_ranks_agreed(const struct sgan_ranks *ranks);

/* Of this rank: what it failed with, another one has failed with, and says. */
bool sgan_ranks_silent(const struct sgan_ranks *ranks);

#endif

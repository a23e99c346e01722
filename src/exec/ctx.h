/* The inside of a context, for the library alone; what its options may say, for the program too. */
#ifndef SGAN_EXEC_CTX_H
#define SGAN_EXEC_CTX_H

#include <pthread.h>

#include <sgan/sgan.h>

#include "kernels/kernels.h"
#include "src/cpu/memory.h"
#include "src/exec/places.h"

/* Told, where there is one, what the time since it was last told went to; for benchmarks. Net and layer are "" where it
 * went to none. */
struct sgan_observer {
	void (*lap)(void *arg, const char *net, const char *layer, const char *what);
	void *arg;
};

/* What a context's parallel regions have come to, for benchmarks: how many there were, and the caller's time in them; of
 * the first `most`, each one's chunks and time, too. */
struct sgan_region_tally {
	uint64_t regions;
	int64_t ns;
	size_t most;
	struct sgan_region_time {
		size_t chunks;
		int64_t ns;
	} *each; /* [most] */
};

struct sgan_ctx {
	const struct sgan_kernels *kernels;
	int threads;
	int cpus;               /* that the threads may use */
	int at_once;            /* of the threads, as many as there are CPUs for; work is cut for so many */
	int threads_missing;    /* of those asked for, what could not be had */
	struct sgan_team *team; /* NULL: of one thread */
	struct sgan_places *places;
	struct sgan_binding *caller_was; /* NULL: the caller's thread was not bound */
	pthread_t caller;
	void *scratch; /* grows to the largest request; see sgan_ctx_scratch */
	size_t scratch_size;
	const struct sgan_observer *observer; /* or NULL */
	struct sgan_region_tally *tally;      /* or NULL */
	sgan_exchange exchange;               /* of partial sums; gather is NULL: this context computes all slices */
};

static inline void sgan_lap(const sgan_ctx *ctx, const char *net, const char *layer, const char *what)
{
	if (ctx->observer != NULL)
		ctx->observer->lap(ctx->observer->arg, net, layer, what);
}

static inline bool sgan_ctx_exchanges(const sgan_ctx *ctx)
{
	return ctx->exchange.gather != NULL;
}

enum { SGAN_THREADS_MAX = 1024 };

/* An instruction set by name that this build and machine have. SGAN_EINVAL: no such name; SGAN_EUNSUPPORTED. */
sgan_status sgan_isa_named(const char *name, sgan_isa *isa);

/* How many threads sgan_ctx_create takes for a number of its options'. SGAN_EINVAL. */
sgan_status sgan_threads_wanted(int option, int *threads);

/* At least `bytes` of 64-byte aligned scratch, valid until the next request of
 * the same context. Plans ask once for their largest need, so that a training
 * step does not allocate. NULL (and a message): no memory. */
void *sgan_ctx_scratch(sgan_ctx *ctx, size_t bytes);

/* The kernels of an instruction set, NULL where this build has none; it does not ask the machine. */
const struct sgan_kernels *sgan_kernels_for(sgan_isa isa);

/* Starts the threads of a team, `threads` with the caller's, or as many as can be had. *team is NULL where one was asked
 * for. SGAN_ENOMEM. */
sgan_status sgan_team_start(size_t threads, struct sgan_team **team);

/* How many of the team, with the caller's, are to be awake at the same time: as many as there are CPUs. */
void sgan_team_use(struct sgan_team *team, int at_once);

/* For tests: as if there were a CPU for each of the context's threads. */
void sgan_ctx_use_all(sgan_ctx *ctx);

/* Says whose chunks are whose, ahead of the first region; `places` outlives the team. Binds the threads but the calling one
 * where `place` is not NULL. */
void sgan_team_place(struct sgan_team *team, const struct sgan_places *places, const sgan_thread_place *place);

/* Ends them; NULL is allowed. */
void sgan_team_end(struct sgan_team *team);

/* How many there are, with the caller's; of NULL, 1. */
size_t sgan_team_threads(const struct sgan_team *team);

/* Whether the process was forked from the one that has the team's threads. */
bool sgan_team_left_behind(const struct sgan_team *team);

/* Calls run(arg, chunk, worker) for every chunk in [0, chunks), on the context's
 * threads, in no set order; worker is in [0, threads). Where all take the same
 * time, and there is one group of threads, chunk i is worker i % threads's. Denormals are flushed to zero inside.
 * What a chunk computes must depend on its number alone, and no chunk may wait for another. Returns when all chunks have
 * been run. In a process that was forked from the team's, the caller runs them all.
 * With several groups of threads or nodes, chunks are supposed to be of the batch's images in their order: each group has
 * its share of them, as sgan_places_spread places memory. */
void sgan_parallel_for(sgan_ctx *ctx, size_t chunks, void (*run)(void *arg, size_t chunk, int worker), void *arg);

/* The same where chunks go over the batch's images several times: chunk i is of part i % parts, in `repeats` rounds. */
void sgan_parallel_repeats(sgan_ctx *ctx, size_t parts, size_t repeats,
                           void (*run)(void *arg, size_t chunk, int worker), void *arg);

#endif

/* A context's team of threads: the only file that starts any, and the only one with atomics.
 * It must not know what a chunk is.
 *
 * A region is over when its chunks are: the caller works, too, and goes on after the last chunk, whether or not every
 * worker has come. So a thread that the system does not run for a while holds up the one chunk that it is in, and none
 * if it is in none. Who waits (a worker for a region, the caller for the last chunks) spins for SPIN_NS, as the next
 * region is mostly some microseconds away, and then sleeps: that leaves the core to another worker that was stopped
 * within a chunk, or to another program.
 *
 * The threads are POSIX's. OpenMP's do not meet this: a parallel region ends when all of its threads have come to the
 * end, so the whole team would have to live in one that never ends; and where a thread cannot be had, GCC's runtime ends
 * the process ("Thread creation failed"), which no probe before can rule out: another program may come in between. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "src/cpu/memory.h"
#include "src/cpu/status.h"
#include "src/exec/bind.h"
#include "src/exec/ctx.h"
#include "src/exec/fp_mode.h"

/* Atomics, with their orders:
 *
 * taken     of a worker's own chunks, how many have been taken. It hands out numbers, not memory: no two get the same
 *           one in any order (a variable has one order of changes that all threads see), and a look is never at an older
 *           value than the same thread's last one. Relaxed. It is set to 0 before the region is opened, which orders it.
 * done      chunks that are finished. Added to with release, read with acquire: what chunks wrote is there when the
 *           caller goes on. Stores past the caches are weakly ordered on x86, where a release does not wait for them:
 *           sgan_fence_stores does.
 * open      the region that is open, 0 between regions. Stored and read with acquire and release at least: what the
 *           caller wrote before (tensors, the region) is there for the workers.
 * inside    workers that may be reading a region's members. A region is used again only when it has been closed and none
 *           is inside. Worker: inside + 1, then open read again, and on only if it is still that region. Caller: open
 *           = 0, then inside read. Of these two pairs one must see the other's store, so all four are sequentially
 *           consistent: either the caller sees the worker and takes another region, or the worker sees that it came too
 *           late. No late thread ever runs a chunk of, or with the members of, a region that is not its own: the numbers
 *           of regions never come again. Leaving is a release, which the caller's look acquires: reads of members come
 *           before they are written again.
 * sleeping, caller_sleeps
 *           who has to be woken. Who goes to sleep: sleeping + 1, then a look at what it waits for (open, done). Who
 *           wakes: that stored, then a look at sleeping. Again one must see the other: sequentially consistent. The
 *           mutex keeps a wake from falling between the look and the sleep.
 *
 * On x86-64 these cost a locked instruction for each store and nothing for loads; on AArch64 stlr, ldar and their
 * read-modify-write forms. */

enum {
	SPIN_NS = 50000,
	/* Finished chunks are counted at least so often, where each takes long: a thread may be stopped at any time. */
	COUNT_NS = 20000,
	/* A worker lets other programs run so often, if there are some: shorter than what systems give a thread at a time
	 * (3 ms and more on Linux). */
	GIVE_WAY_NS = 1500000,
	REGIONS = 4, /* to choose from; more than two are needed only where a worker was stopped at a bad moment */
	STACK_BYTES = 2 << 20
};

/* It has a cache line for itself. */
struct turn {
	_Alignas(SGAN_ALIGN) atomic_size_t taken;
};

/* A group of threads has its share of the parts, of all repeats; of these, in order, its thread t of n has t, t + n, t +
 * 2 n, ...: what a chunk touches is often still in the cache of the core that had it in the last call, and lies on its
 * node. Who has done its own takes of the others' that are left, its own group's first, then its node's. */
struct region {
	struct turn *turns; /* [threads] */
	size_t parts, chunks; /* chunks: parts, some times over */
	void (*run)(void *arg, size_t chunk, int worker);
	void *arg;
	_Alignas(SGAN_ALIGN) atomic_size_t done;
	_Alignas(SGAN_ALIGN) atomic_int inside;
};

struct worker {
	struct sgan_team *team;
	int number;       /* the caller is 0 */
	size_t group;
	int64_t gave_way; /* ns */
	pthread_t thread;
};

struct sgan_team {
	struct region region[REGIONS];
	size_t threads; /* with the caller */
	size_t useful;  /* workers that are to be awake at the same time: there are CPUs for them */
	const struct sgan_places *places;
	struct worker *workers;
	unsigned forks;  /* of the process, when the team was made */
	uint64_t opened; /* regions so far */
	unsigned last;   /* of `region`, the last one used */
	pthread_mutex_t mutex;
	pthread_cond_t region_open, region_done;
	_Alignas(SGAN_ALIGN) atomic_uint_least64_t open; /* number * REGIONS + its place in `region`; NONE, QUIT */
	_Alignas(SGAN_ALIGN) atomic_int sleeping;        /* workers */
	atomic_bool caller_sleeps;
};

#define NONE UINT64_C(0)
#define QUIT UINT64_MAX

/* --- waiting -------------------------------------------------------------------- */

static void pause_briefly(void)
{
#if defined __x86_64__ || defined __i386__
	_mm_pause();
#elif defined __aarch64__
	__asm__ volatile("isb"); /* yield is over at once on most cores */
#endif
}

static int64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Looks at a variable again and again until a time. */
struct spin {
	int64_t until; /* ns */
	unsigned looks;
};

/* Whether to look again before going to sleep. */
static bool look_again(struct spin *s)
{
	pause_briefly();
	return ++s->looks % 32 != 0 || now_ns() < s->until;
}

/* The region to work on after `seen`, or QUIT. */
static uint64_t next_region(struct sgan_team *t, uint64_t seen, struct spin s)
{
	uint64_t open;

	do {
		open = atomic_load_explicit(&t->open, memory_order_acquire);
		if (open != NONE && open != seen)
			return open;
	} while (look_again(&s));
	pthread_mutex_lock(&t->mutex);
	atomic_fetch_add_explicit(&t->sleeping, 1, memory_order_seq_cst);
	while ((open = atomic_load_explicit(&t->open, memory_order_seq_cst)) == NONE || open == seen)
		pthread_cond_wait(&t->region_open, &t->mutex);
	atomic_fetch_sub_explicit(&t->sleeping, 1, memory_order_relaxed);
	pthread_mutex_unlock(&t->mutex);
	return open;
}

static void wait_for_chunks(struct sgan_team *t, const struct region *r, struct spin s)
{
	do {
		if (atomic_load_explicit(&r->done, memory_order_acquire) == r->chunks)
			return;
	} while (look_again(&s));
	pthread_mutex_lock(&t->mutex);
	atomic_store_explicit(&t->caller_sleeps, true, memory_order_seq_cst);
	while (atomic_load_explicit(&r->done, memory_order_seq_cst) != r->chunks)
		pthread_cond_wait(&t->region_done, &t->mutex);
	atomic_store_explicit(&t->caller_sleeps, false, memory_order_relaxed);
	pthread_mutex_unlock(&t->mutex);
}

/* Wakes workers, as many as there can be chunks for; and about as many as there are CPUs for: those that are awake do the
 * others' chunks, where one more would take turns with them within chunks. (Who has been woken counts as sleeping until it
 * runs, so that a short region may wake another one.) */
static void wake_workers(struct sgan_team *t, size_t chunks)
{
	const size_t sleeping = (size_t)atomic_load_explicit(&t->sleeping, memory_order_seq_cst);
	const size_t awake = t->threads - 1 - sleeping, useful = chunks - 1 < t->useful ? chunks - 1 : t->useful;

	if (sleeping == 0 || awake >= useful)
		return;
	pthread_mutex_lock(&t->mutex);
	if (useful - awake >= sleeping)
		pthread_cond_broadcast(&t->region_open);
	else
		for (size_t i = awake; i < useful; i++)
			pthread_cond_signal(&t->region_open);
	pthread_mutex_unlock(&t->mutex);
}

/* --- work ------------------------------------------------------------------------- */

static void count_done(struct sgan_team *t, struct region *r, size_t chunks)
{
	sgan_fence_stores();
	/* Both release and sequentially consistent: see above. */
	if (atomic_fetch_add_explicit(&r->done, chunks, memory_order_seq_cst) + chunks != r->chunks)
		return;
	if (!atomic_load_explicit(&t->caller_sleeps, memory_order_seq_cst))
		return;
	pthread_mutex_lock(&t->mutex);
	pthread_cond_signal(&t->region_done);
	pthread_mutex_unlock(&t->mutex);
}

/* A thread's work on a region: chunks that it ran; how many of them have been counted, and when. */
struct spell {
	size_t ran, counted;
	int64_t last; /* ns */
};

static void count_spell(struct sgan_team *t, struct region *r, struct spell *s, int64_t now)
{
	if (s->ran == s->counted)
		return;
	count_done(t, r, s->ran - s->counted);
	s->counted = s->ran;
	s->last = now;
}

/* Between chunks, where nobody waits for it, rather than to be stopped within one: with another program on its core a
 * worker is away half of the time, for some milliseconds each, in which the others do its chunks but for the one that it
 * is in. (The caller would be waited for in any case.) */
static void give_way(struct worker *w, int64_t now)
{
	if (w->number == 0 || now - w->gave_way < GIVE_WAY_NS)
		return;
	sched_yield();
	w->gave_way = now_ns();
}

/* What a group has of a region. */
struct share {
	size_t first, parts; /* of all */
	size_t chunks, threads;
};

static struct share share_of(const struct sgan_team *t, const struct region *r, const struct sgan_thread_group *g)
{
	const struct sgan_thread_range parts = sgan_places_share(t->places, g->threads, r->parts);

	return (struct share){ parts.first, parts.count, r->chunks / r->parts * parts.count, g->threads.count };
}

/* Runs chunks of thread `index` of a group until none is left. */
static void take_of(struct worker *w, struct region *r, const struct share *share, size_t index, atomic_size_t *taken,
                    struct spell *s)
{
	const size_t own = index < share->chunks ? (share->chunks - index - 1) / share->threads + 1 : 0;

	/* Looked at first, so that a cache line of which nothing is left stays shared. */
	while (atomic_load_explicit(taken, memory_order_relaxed) < own) {
		const size_t turn = atomic_fetch_add_explicit(taken, 1, memory_order_relaxed);
		if (turn >= own)
			return;
		const size_t at = index + turn * share->threads;
		r->run(r->arg, at / share->parts * r->parts + share->first + at % share->parts, w->number);
		s->ran++;
		const int64_t now = now_ns();
		if (now - s->last > COUNT_NS) {
			count_spell(w->team, r, s, now);
			give_way(w, now);
		}
	}
}

/* The chunks of a group, from one's own place in it on. */
static void take_of_group(struct worker *w, struct region *r, const struct sgan_thread_group *g, struct spell *s)
{
	const struct share share = share_of(w->team, r, g);

	for (size_t i = 0; i < share.threads && share.chunks > 0; i++) {
		const size_t index = ((size_t)w->number + share.threads - g->threads.first % share.threads + i) % share.threads;
		take_of(w, r, &share, index, &r->turns[g->threads.first + index].taken, s);
		count_spell(w->team, r, s, s->last); /* before a look at what others have left */
	}
}

/* Works on a region; returns how long it is worth to spin for what comes next: others are likely to be in a chunk, too. */
static struct spin work(struct worker *w, struct region *r)
{
	const struct sgan_places *places = w->team->places;
	const size_t *visits = places->visits + w->group * places->groups;
	const sgan_fp_mode before = sgan_flush_denormals();
	const int64_t begin = now_ns();
	struct spell s = { .last = begin };

	for (size_t i = 0; i < places->groups; i++)
		take_of_group(w, r, &places->group[visits[i]], &s);
	sgan_restore_denormals(before);
	const int64_t end = now_ns();
	return (struct spin){ end + SPIN_NS + (s.ran ? 2 * (end - begin) / (int64_t)s.ran : 0), 0 };
}

static void *be_worker(void *arg)
{
	struct worker *w = arg;
	struct sgan_team *t = w->team;
	uint64_t open = NONE;
	struct spin s = { 0, 0 };

	while ((open = next_region(t, open, s)) != QUIT) {
		struct region *r = &t->region[open % REGIONS];
		atomic_fetch_add_explicit(&r->inside, 1, memory_order_seq_cst);
		if (atomic_load_explicit(&t->open, memory_order_seq_cst) == open)
			s = work(w, r);
		atomic_fetch_sub_explicit(&r->inside, 1, memory_order_release);
	}
	return NULL;
}

static void run_here(size_t chunks, void (*run)(void *arg, size_t chunk, int worker), void *arg)
{
	const sgan_fp_mode before = sgan_flush_denormals();

	for (size_t i = 0; i < chunks; i++)
		run(arg, i, 0);
	sgan_fence_stores();
	sgan_restore_denormals(before);
}

/* A region that no worker is inside of, or NULL: all of them have one that was stopped there. */
static struct region *free_region(struct sgan_team *t)
{
	for (unsigned i = 0; i < REGIONS; i++) {
		const unsigned at = (t->last + i) % REGIONS;
		if (atomic_load_explicit(&t->region[at].inside, memory_order_seq_cst) == 0) {
			t->last = at;
			return &t->region[at];
		}
	}
	return NULL;
}

static void run_region(sgan_ctx *ctx, size_t parts, size_t repeats, void (*run)(void *arg, size_t chunk, int worker),
                       void *arg)
{
	struct sgan_team *t = ctx->team;
	const size_t chunks = parts * repeats;
	struct region *r = chunks > 1 && t && !sgan_team_left_behind(t) ? free_region(t) : NULL;

	if (!r) {
		run_here(chunks, run, arg);
		return;
	}
	r->parts = parts;
	r->chunks = chunks;
	r->run = run;
	r->arg = arg;
	for (size_t i = 0; i < t->threads; i++)
		atomic_store_explicit(&r->turns[i].taken, 0, memory_order_relaxed);
	atomic_store_explicit(&r->done, 0, memory_order_relaxed);
	atomic_store_explicit(&t->open, ++t->opened * REGIONS + t->last, memory_order_seq_cst);
	wake_workers(t, chunks);
	wait_for_chunks(t, r, work(&t->workers[0], r));
	atomic_store_explicit(&t->open, NONE, memory_order_seq_cst);
}

static void count_region(struct sgan_region_tally *tally, size_t chunks, int64_t ns)
{
	if (tally->regions < tally->most)
		tally->each[tally->regions] = (struct sgan_region_time){ chunks, ns };
	tally->regions++;
	tally->ns += ns;
}

void sgan_parallel_repeats(sgan_ctx *ctx, size_t parts, size_t repeats,
                           void (*run)(void *arg, size_t chunk, int worker), void *arg)
{
	const int64_t begin = ctx->tally ? now_ns() : 0;

	run_region(ctx, parts, repeats, run, arg);
	if (ctx->tally)
		count_region(ctx->tally, parts * repeats, now_ns() - begin);
}

void sgan_parallel_for(sgan_ctx *ctx, size_t chunks, void (*run)(void *arg, size_t chunk, int worker), void *arg)
{
	sgan_parallel_repeats(ctx, chunks, 1, run, arg);
}

/* --- teams ---------------------------------------------------------------------- */

/* Forks that led to this process since the first team was made: a child has none of its parent's threads. */
static atomic_uint forks;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int cannot_count; /* an errno */

static void count_fork(void)
{
	atomic_fetch_add_explicit(&forks, 1, memory_order_relaxed); /* the child has one thread */
}

static void count_forks(void)
{
	cannot_count = pthread_atfork(NULL, NULL, count_fork);
}

bool sgan_team_left_behind(const struct sgan_team *t)
{
	return t != NULL && t->forks != atomic_load_explicit(&forks, memory_order_relaxed);
}

size_t sgan_team_threads(const struct sgan_team *t)
{
	return t != NULL ? t->threads : 1;
}

/* As many workers as can be had. Signals are for the caller's threads. */
static void start_workers(struct sgan_team *t, size_t wanted)
{
	pthread_attr_t attributes;
	sigset_t all, before;

	t->workers[0] = (struct worker){ .team = t };
	t->threads = 1;
	if (pthread_attr_init(&attributes) != 0)
		return;
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (; t->threads < wanted; t->threads++) {
		struct worker *w = &t->workers[t->threads];
		*w = (struct worker){ .team = t, .number = (int)t->threads };
		if (pthread_create(&w->thread, &attributes, be_worker, w) != 0)
			break;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
}

/* NULL: no memory. */
static struct sgan_team *new_team(size_t threads)
{
	struct sgan_team *t = sgan_alloc(1, sizeof *t);
	struct turn *turns = sgan_alloc(REGIONS * threads, sizeof *turns);
	struct worker *workers = sgan_alloc(threads, sizeof *workers);

	if (!t || !turns || !workers) {
		sgan_free(t);
		sgan_free(turns);
		sgan_free(workers);
		return NULL;
	}
	for (size_t i = 0; i < REGIONS; i++)
		t->region[i].turns = turns + i * threads;
	t->workers = workers;
	pthread_mutex_init(&t->mutex, NULL);
	pthread_cond_init(&t->region_open, NULL);
	pthread_cond_init(&t->region_done, NULL);
	return t;
}

sgan_status sgan_team_start(size_t threads, struct sgan_team **team)
{
	*team = NULL;
	if (threads <= 1)
		return SGAN_OK;
	pthread_once(&once, count_forks);
	if (cannot_count)
		return sgan_fail(SGAN_ENOMEM, "threads: %s", strerror(cannot_count));
	struct sgan_team *t = new_team(threads);
	if (!t)
		return SGAN_ENOMEM;
	t->forks = atomic_load_explicit(&forks, memory_order_relaxed);
	t->useful = threads - 1;
	start_workers(t, threads);
	*team = t;
	return SGAN_OK;
}

void sgan_team_use(struct sgan_team *t, int at_once)
{
	if (t != NULL)
		t->useful = (size_t)at_once - 1;
}

void sgan_team_place(struct sgan_team *t, const struct sgan_places *places, const sgan_thread_place *place)
{
	if (t == NULL)
		return;
	t->places = places;
	for (size_t g = 0; g < places->groups; g++)
		for (size_t i = 0; i < places->group[g].threads.count; i++)
			t->workers[places->group[g].threads.first + i].group = g;
	if (place == NULL)
		return;
	for (size_t i = 1; i < t->threads; i++)
		sgan_bind(t->workers[i].thread, place[i].cpus, place[i].cpu_count);
}

void sgan_team_end(struct sgan_team *t)
{
	if (!t)
		return;
	if (!sgan_team_left_behind(t)) {
		pthread_mutex_lock(&t->mutex);
		atomic_store_explicit(&t->open, QUIT, memory_order_seq_cst);
		pthread_cond_broadcast(&t->region_open);
		pthread_mutex_unlock(&t->mutex);
		for (size_t i = 1; i < t->threads; i++)
			pthread_join(t->workers[i].thread, NULL);
		pthread_cond_destroy(&t->region_done);
		pthread_cond_destroy(&t->region_open);
		pthread_mutex_destroy(&t->mutex);
	}
	sgan_free(t->region[0].turns);
	sgan_free(t->workers);
	sgan_free(t);
}

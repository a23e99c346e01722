/* Several callers in one process that share a batch: threads with a context each, whose partial sums go from memory to
 * memory between two meetings. What a caller finds wrong it returns; asserting is the main thread's. */
#ifndef TESTS_EXCHANGE_H
#define TESTS_EXCHANGE_H

#include <pthread.h>
#include <string.h>

#include <criterion/criterion.h>

#include "src/cpu/status.h"
#include "src/exec/ctx.h"

enum { EXCHANGE_MOST = 4, EXCHANGE_BEGUN = 64 };

/* What was begun: partial sums of which each rank wants its share of elements, or sums (slices is 0) of which each has
 * its share. */
struct exchange_begun {
	size_t count;
	sgan_partials list[EXCHANGE_BEGUN];
};

struct exchange_group {
	size_t ranks;
	pthread_mutex_t lock;
	pthread_cond_t all_came;
	size_t came, meetings; /* to the meeting at hand; that are over */
	const sgan_partials *offered[EXCHANGE_MOST];
	const struct exchange_begun *begun[EXCHANGE_MOST];
	bool failed; /* a rank found something wrong or gave up: nobody waits any more */
};

/* One caller: which it is, its context, what it does with it. */
struct exchange_rank {
	struct exchange_group *group;
	size_t rank;
	sgan_ctx *ctx;
	size_t exchanges; /* how many there were */
	struct exchange_begun begun;
	sgan_status (*work)(struct exchange_rank *rank);
	void *arg;
	sgan_status status;
	char message[256];
};

static inline size_t exchange_bytes(const sgan_partials *p)
{
	return p->count * (p->type == SGAN_DOUBLE ? sizeof(double) : sizeof(float));
}

/* Waits for all ranks; whether they came. */
static inline bool exchange_meet(struct exchange_group *group)
{
	pthread_mutex_lock(&group->lock);
	const size_t meeting = group->meetings;
	if (++group->came == group->ranks) {
		group->came = 0;
		group->meetings++;
		pthread_cond_broadcast(&group->all_came);
	}
	while (group->meetings == meeting && !group->failed)
		pthread_cond_wait(&group->all_came, &group->lock);
	const bool ok = !group->failed;
	pthread_mutex_unlock(&group->lock);
	return ok;
}

static inline void exchange_fail(struct exchange_group *group)
{
	pthread_mutex_lock(&group->lock);
	group->failed = true;
	pthread_cond_broadcast(&group->all_came);
	pthread_mutex_unlock(&group->lock);
}

/* Copies the slices of another rank; how many there were, or SIZE_MAX where its sums are not of the same kind. */
static inline size_t exchange_take(const sgan_partials *from, const sgan_partials *to)
{
	const size_t bytes = exchange_bytes(to);
	if (from->type != to->type || from->count != to->count || from->slices != to->slices)
		return SIZE_MAX;
	memcpy((char *)to->data + from->begin * bytes, (const char *)from->data + from->begin * bytes,
	       (from->end - from->begin) * bytes);
	return from->end - from->begin;
}

/* The sgan_exchange of a rank. */
static inline sgan_status exchange_partials(void *arg, const sgan_partials *partials)
{
	struct exchange_rank *rank = arg;
	struct exchange_group *group = rank->group;
	size_t slices = partials->end - partials->begin;

	rank->exchanges++;
	group->offered[rank->rank] = partials;
	if (!exchange_meet(group))
		return sgan_fail(SGAN_EINTERRUPTED, "another rank gave up");
	for (size_t r = 0; r < group->ranks; r++) {
		size_t taken = r == rank->rank ? 0 : exchange_take(group->offered[r], partials);
		if (taken == SIZE_MAX)
			return sgan_fail(SGAN_EIO, "ranks %zu and %zu: their partial sums are not of the same kind", rank->rank, r);
		slices += taken;
	}
	if (slices != partials->slices)
		return sgan_fail(SGAN_EIO, "the ranks have %zu slices of %zu", slices, partials->slices);
	return exchange_meet(group) ? SGAN_OK : sgan_fail(SGAN_EINTERRUPTED, "another rank gave up");
}

/* Each rank's share of so many elements. */
static inline void exchange_part(size_t rank, size_t ranks, size_t all, size_t *first, size_t *count)
{
	*first = all * rank / ranks;
	*count = all * (rank + 1) / ranks - *first;
}

static inline void exchange_share_of(void *arg, size_t all, size_t *first, size_t *count)
{
	const struct exchange_rank *rank = arg;
	exchange_part(rank->rank, rank->group->ranks, all, first, count);
}

static inline sgan_status exchange_begin(struct exchange_rank *rank, sgan_partials begun)
{
	if (rank->begun.count == EXCHANGE_BEGUN)
		return sgan_fail(SGAN_EIO, "more than %d exchanges at a time", EXCHANGE_BEGUN);
	rank->begun.list[rank->begun.count++] = begun;
	return SGAN_OK;
}

static inline sgan_status exchange_scatter(void *arg, const sgan_partials *partials)
{
	return exchange_begin(arg, *partials);
}

static inline sgan_status exchange_spread(void *arg, sgan_element type, size_t count, void *sums)
{
	return exchange_begin(arg, (sgan_partials){ type, count, 0, 0, 0, sums });
}

/* Copies what another rank has of one exchange, its slices of this one's share of elements or its own share of sums. */
static inline void exchange_bring(const sgan_partials *from, size_t from_rank, const sgan_partials *to, size_t to_rank,
                                  size_t ranks)
{
	const size_t size = exchange_bytes(to) / (to->count ? to->count : 1);
	size_t first, count;
	exchange_part(to->slices ? to_rank : from_rank, ranks, to->count, &first, &count);
	for (size_t slice = from->begin; slice < (to->slices ? from->end : 1); slice++) {
		const size_t at = (slice * to->count + first) * size;
		memcpy((char *)to->data + at, (const char *)from->data + at, count * size);
	}
}

static inline sgan_status exchange_finish(void *arg)
{
	struct exchange_rank *rank = arg;
	struct exchange_group *group = rank->group;

	rank->exchanges++;
	group->begun[rank->rank] = &rank->begun;
	if (!exchange_meet(group))
		return sgan_fail(SGAN_EINTERRUPTED, "another rank gave up");
	for (size_t r = 0; r < group->ranks; r++) {
		const struct exchange_begun *other = group->begun[r];
		if (other->count != rank->begun.count)
			return sgan_fail(SGAN_EIO, "ranks %zu and %zu have begun other exchanges", rank->rank, r);
		for (size_t i = 0; i < other->count && r != rank->rank; i++)
			exchange_bring(&other->list[i], r, &rank->begun.list[i], rank->rank, group->ranks);
	}
	if (!exchange_meet(group))
		return sgan_fail(SGAN_EINTERRUPTED, "another rank gave up");
	rank->begun.count = 0;
	return SGAN_OK;
}

/* More than two ranks divide the elements of large sums among them. */
static inline sgan_exchange exchange_of(struct exchange_rank *rank)
{
	sgan_exchange exchange = { .arg = rank, .gather = exchange_partials };
	if (rank->group->ranks > 2) {
		exchange.share = exchange_share_of;
		exchange.scatter = exchange_scatter;
		exchange.spread = exchange_spread;
		exchange.finish = exchange_finish;
	}
	return exchange;
}

static inline void *exchange_run(void *arg)
{
	struct exchange_rank *rank = arg;
	rank->status = rank->work(rank);
	if (rank->status != SGAN_OK) {
		strncpy(rank->message, sgan_last_error(), sizeof rank->message - 1);
		exchange_fail(rank->group);
	}
	return NULL;
}

/* The work of `ranks` callers with contexts of one thread, args[r] each its own. */
static inline void exchange_all(const char *isa, size_t ranks, sgan_status (*work)(struct exchange_rank *rank),
                                void *const *args)
{
	struct exchange_group group = { .ranks = ranks,
		                            .lock = PTHREAD_MUTEX_INITIALIZER,
		                            .all_came = PTHREAD_COND_INITIALIZER };
	struct exchange_rank rank[EXCHANGE_MOST] = { 0 };
	pthread_t thread[EXCHANGE_MOST];
	const sgan_ctx_options options = { .isa = isa, .threads = 1 };

	for (size_t r = 0; r < ranks; r++) {
		rank[r] = (struct exchange_rank){ .group = &group, .rank = r, .work = work, .arg = args[r] };
		cr_assert_eq(sgan_ctx_create(&options, &rank[r].ctx), SGAN_OK, "%s", sgan_last_error());
		const sgan_exchange exchange = exchange_of(&rank[r]);
		if (ranks > 1)
			sgan_ctx_set_exchange(rank[r].ctx, &exchange);
	}
	for (size_t r = 0; r < ranks; r++)
		cr_assert_eq(pthread_create(&thread[r], NULL, exchange_run, &rank[r]), 0);
	for (size_t r = 0; r < ranks; r++)
		pthread_join(thread[r], NULL);
	for (size_t r = 0; r < ranks; r++)
		cr_expect_eq(rank[r].status, SGAN_OK, "rank %zu of %zu: %s", r, ranks, rank[r].message);
	cr_assert(!group.failed);
	for (size_t r = 0; r < ranks; r++) {
		cr_assert_eq(rank[r].exchanges, rank[0].exchanges);
		cr_assert(ranks == 1 || rank[r].exchanges > 0, "nothing was exchanged");
		sgan_ctx_destroy(rank[r].ctx);
	}
}

/* The slices of rank r: as even as can be, and none for some where there are fewer slices than ranks. */
static inline sgan_batch exchange_share(size_t n, size_t slices, size_t r, size_t ranks)
{
	return (sgan_batch){ n, slices, slices * r / ranks, slices * (r + 1) / ranks };
}

#endif

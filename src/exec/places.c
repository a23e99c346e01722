/* Groups of threads, NUMA nodes, shares of work and of memory.
 * It must not know what threads do, nor start any (threads.c). */
#include "src/exec/places.h"

#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/mempolicy.h>
#include <sys/syscall.h>
#endif

#include "src/cpu/memory.h"
#include "src/cpu/status.h"

static bool same_group(const sgan_thread_place *a, const sgan_thread_place *b)
{
	return a->node == b->node && a->group == b->group;
}

/* Whether thread i is the first of its node, or of its group. */
static bool begins_node(const sgan_thread_place *place, size_t i)
{
	return i == 0 || (place && place[i].node != place[i - 1].node);
}

static bool begins_group(const sgan_thread_place *place, size_t i)
{
	return i == 0 || (place && !same_group(&place[i], &place[i - 1]));
}

/* Nothing that has ended comes again. Time grows with the square of the number of groups. */
static sgan_status check_order(size_t threads, const sgan_thread_place *place)
{
	for (size_t i = 1; i < threads; i++) {
		if (!begins_group(place, i))
			continue;
		for (size_t before = 0; before < i; before++)
			if (same_group(&place[before], &place[i]) || (begins_node(place, i) && place[before].node == place[i].node))
				return sgan_fail(SGAN_EINVAL,
				                 "context: thread %zu is on node %d, group %d again: a node's threads, "
				                 "and a group's, must follow each other",
				                 i, place[i].node, place[i].group);
	}
	return SGAN_OK;
}

static void fill(struct sgan_places *p, const sgan_thread_place *place)
{
	p->groups = p->nodes = 0;
	for (size_t i = 0; i < p->threads; i++) {
		if (begins_node(place, i))
			p->node[p->nodes++] = (struct sgan_memory_node){ { i, 0 }, place ? place[i].node : -1 };
		if (begins_group(place, i))
			p->group[p->groups++] = (struct sgan_thread_group){ { i, 0 }, p->nodes - 1 };
		p->node[p->nodes - 1].threads.count++;
		p->group[p->groups - 1].threads.count++;
	}
}

/* A group's own chunks first, then those of its node, then the others', from the next group on. */
static void list_visits(struct sgan_places *p)
{
	for (size_t own = 0; own < p->groups; own++) {
		size_t *next = p->visits + own * p->groups;
		for (int far = 0; far < 2; far++)
			for (size_t i = 0; i < p->groups; i++) {
				const size_t at = (own + i) % p->groups;
				if ((p->group[at].node != p->group[own].node) == far)
					*next++ = at;
			}
	}
}

sgan_status sgan_places_create(size_t threads, const sgan_thread_place *place, struct sgan_places **places)
{
	SGAN_TRY(place ? check_order(threads, place) : SGAN_OK);
	struct sgan_places *p = calloc(1, sizeof *p);
	if (p) {
		p->threads = threads;
		p->group = calloc(threads, sizeof *p->group);
		p->node = calloc(threads, sizeof *p->node);
	}
	if (p && p->group && p->node) {
		fill(p, place);
		p->visits = calloc(p->groups * p->groups, sizeof *p->visits);
	}
	if (!p || !p->visits) {
		sgan_places_free(p);
		return sgan_fail(SGAN_ENOMEM, "context: no memory for the places of %zu threads", threads);
	}
	list_visits(p);
	*places = p;
	return SGAN_OK;
}

void sgan_places_free(struct sgan_places *places)
{
	if (!places)
		return;
	free(places->group);
	free(places->node);
	free(places->visits);
	free(places);
}

/* count * thread / threads, without the product's overflow */
static size_t share_begin(const struct sgan_places *p, size_t count, size_t thread)
{
	return count / p->threads * thread + count % p->threads * thread / p->threads;
}

struct sgan_thread_range sgan_places_share(const struct sgan_places *places, struct sgan_thread_range threads,
                                           size_t count)
{
	const size_t begin = share_begin(places, count, threads.first);

	return (struct sgan_thread_range){ begin, share_begin(places, count, threads.first + threads.count) - begin };
}

size_t sgan_places_node(const struct sgan_places *places, size_t thread)
{
	size_t node = places->nodes - 1;

	while (places->node[node].threads.first > thread)
		node--;
	return node;
}

size_t sgan_places_peers(const struct sgan_places *places, size_t thread)
{
	size_t group = places->groups - 1;

	while (places->group[group].threads.first > thread)
		group--;
	return places->group[group].threads.count;
}

/* --- memory ------------------------------------------------------------------------- */

/* The whole pages of [begin, end) go to a node, also those that were written already. Refusals are let pass: some
 * containers forbid it, and then memory lies where it is first written. */
static void prefer(uintptr_t begin, uintptr_t end, int node)
{
#if defined __linux__ && defined SYS_mbind
	enum { BITS = 8 * sizeof(unsigned long), MOST = 1024 };
	unsigned long nodes[MOST / BITS] = { 0 };

	if (node < 0 || node >= MOST || begin >= end)
		return;
	nodes[node / BITS] = 1ul << node % BITS;
	(void)syscall(SYS_mbind, begin, end - begin, MPOL_PREFERRED, nodes, (unsigned long)MOST, (unsigned)MPOL_MF_MOVE);
#else
	(void)begin, (void)end, (void)node;
#endif
}

/* A page that two nodes have parts of is the first one's. */
static void prefer_part(const void *memory, size_t begin, size_t end, size_t all, int node)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), first = (uintptr_t)memory;
	const uintptr_t from = (first + begin + page - 1) / page * page;
	const uintptr_t rounded = (first + end + (end < all ? page - 1 : 0)) / page * page,
					last = (first + all) / page * page;
	const uintptr_t to = rounded < last ? rounded : last;

	prefer(from, to, node);
}

void sgan_places_spread(const struct sgan_places *places, void *memory, size_t count, size_t size)
{
	if (places->nodes == 1 || !memory)
		return;
	for (size_t i = 0; i < places->nodes; i++) {
		const struct sgan_thread_range part = sgan_places_share(places, places->node[i].threads, count);
		prefer_part(memory, part.first * size, (part.first + part.count) * size, count * size, places->node[i].system);
	}
}

void *sgan_places_alloc(const struct sgan_places *places, size_t images, size_t size)
{
	void *memory = sgan_alloc(images, size);

	sgan_places_spread(places, memory, images, size);
	return memory;
}

void sgan_places_copies(const struct sgan_places *places, void *memory, size_t size)
{
	for (size_t i = 0; places->nodes > 1 && i < places->nodes; i++)
		prefer_part(memory, i * size, (i + 1) * size, places->nodes * size, places->node[i].system);
}

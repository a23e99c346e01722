/* Where a context's threads run and which NUMA node's memory is whose: a function of what the context was told, and of
 * nothing that it finds. */
#ifndef SGAN_EXEC_PLACES_H
#define SGAN_EXEC_PLACES_H

#include <sgan/sgan.h>

/* Consecutive threads: first .. first + count - 1. */
struct sgan_thread_range {
	size_t first, count;
};

/* Threads that share a cache, or are at least of one node. */
struct sgan_thread_group {
	struct sgan_thread_range threads;
	size_t node; /* of sgan_places.node */
};

struct sgan_memory_node {
	struct sgan_thread_range threads;
	int system; /* its number; negative: memory is not asked for anywhere */
};

/* Groups of a node follow each other. */
struct sgan_places {
	size_t threads, groups, nodes;
	struct sgan_thread_group *group; /* [groups] */
	struct sgan_memory_node *node;   /* [nodes] */
	size_t *visits;                  /* [groups, groups]: whose chunks a group's threads take, in this order */
};

/* Of the first `threads` of `place`; of NULL, one group on one node. SGAN_EINVAL: the threads of a node, or of a group,
 * do not follow each other; SGAN_ENOMEM. */
sgan_status sgan_places_create(size_t threads, const sgan_thread_place *place, struct sgan_places **places);

/* NULL is allowed. */
void sgan_places_free(struct sgan_places *places);

/* Of `count` things in order, images or chunks, those that belong to a range of threads: each thread has its share. */
struct sgan_thread_range sgan_places_share(const struct sgan_places *places, struct sgan_thread_range threads,
                                           size_t count);

/* The node of a thread. */
size_t sgan_places_node(const struct sgan_places *places, size_t thread);

/* How many threads its group has: whoever does chunk i of a group's does i plus so many next. */
size_t sgan_places_peers(const struct sgan_places *places, size_t thread);

/* Asks for memory [count, size] to lie where it belongs: things first .. to the node that has them. Whole pages alone;
 * where the system does not let it be said, memory lies where it is first written. Nothing is done with one node. */
void sgan_places_spread(const struct sgan_places *places, void *memory, size_t count, size_t size);

/* The same of a copy for each node: [nodes, size]. */
void sgan_places_copies(const struct sgan_places *places, void *memory, size_t size);

/* sgan_alloc's memory for images of `size` bytes, spread. */
void *sgan_places_alloc(const struct sgan_places *places, size_t images, size_t size);

#endif

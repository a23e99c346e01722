/* Which thread of a run goes where: a function of a topology, a number of threads and what is to be bound. */
#ifndef SGAN_MACHINE_PLACEMENT_H
#define SGAN_MACHINE_PLACEMENT_H

#include <sgan/sgan.h>

enum sgan_bind {
	SGAN_BIND_NODE, /* to the CPUs of their NUMA node; on a machine of one, to nothing */
	SGAN_BIND_CORE, /* each to a core */
	SGAN_BIND_NONE, /* and no node is anybody's */
	SGAN_BIND_COUNT
};

/* "node", "core", "none". */
extern const char *const sgan_bind_names[SGAN_BIND_COUNT];

/* Nodes have threads, and on each of them the last-level caches, by how many CPUs of theirs this process may use. */
struct sgan_placement {
	size_t threads, nodes, groups;
	sgan_thread_place *place; /* [threads]; NULL: SGAN_BIND_NONE */
	int *cpus;                /* what the places' lists point into */
};

struct hwloc_topology;

/* Of a topology that is loaded; of SGAN_BIND_NONE it is not asked. SGAN_ENOMEM; SGAN_EUNSUPPORTED: it has no CPUs. The caller ends it with
 * sgan_placement_free. */
sgan_status sgan_placement_make(struct hwloc_topology *machine, size_t threads, enum sgan_bind bind,
                                struct sgan_placement *placement);

/* Of this machine; also SGAN_EUNSUPPORTED: hwloc cannot tell. */
sgan_status sgan_placement_here(size_t threads, enum sgan_bind bind, struct sgan_placement *placement);

void sgan_placement_free(struct sgan_placement *placement);

#endif

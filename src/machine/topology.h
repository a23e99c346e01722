/* The machine as hwloc sees it: loaded when somebody wants to read it, never to compute. */
#ifndef SGAN_MACHINE_TOPOLOGY_H
#define SGAN_MACHINE_TOPOLOGY_H

#include <sgan/sgan.h>

enum { SGAN_CACHE_LEVELS = 3 };

struct sgan_topology {
	unsigned packages, cores, pus; /* pus: hardware threads */
	unsigned numa_nodes;
	unsigned pus_allowed; /* of which this process may use so many */
	struct {
		unsigned count;         /* 0: no such cache */
		uint64_t size;          /* bytes of one */
	} cache[SGAN_CACHE_LEVELS]; /* L1 (data), L2, L3 */
	uint64_t memory;            /* bytes, all nodes */
	char model[128];            /* of the first package; "" where not known */
};

struct hwloc_topology;

/* hwloc's own; to be ended with hwloc_topology_destroy. As sgan_topology_read. */
sgan_status sgan_topology_load(const char *synthetic, struct hwloc_topology **machine);

/* The CPUs of a loaded topology that this process may use, the cpuset's that the affinity mask has; of another machine,
 * all. NULL: no memory; the caller frees it with hwloc_bitmap_free. */
struct hwloc_bitmap_s *sgan_topology_usable(struct hwloc_topology *machine);

/* Reads this machine, or the one that `synthetic` describes in hwloc's words ("package:2 core:4 pu:2").
 * SGAN_EUNSUPPORTED: hwloc cannot tell. */
sgan_status sgan_topology_read(const char *synthetic, struct sgan_topology *topology);

#endif

/* Threads to NUMA nodes, to last-level caches, to cores.
 * It must not bind anything: a context does (src/exec). */
#include "src/machine/placement.h"

#include <hwloc.h>
#include <stdlib.h>

#include "src/cpu/status.h"
#include "src/machine/topology.h"

const char *const sgan_bind_names[SGAN_BIND_COUNT] = { "node", "core", "none" };

/* Some of the machine's CPUs. */
struct area {
	hwloc_bitmap_t cpus;
	size_t cpu_count;
	int node;              /* the system's number; -1: none */
	size_t first, threads; /* its share */
};

struct areas {
	struct area *area;
	size_t count;
};

static void free_areas(struct areas *a)
{
	for (size_t i = 0; i < a->count; i++)
		hwloc_bitmap_free(a->area[i].cpus);
	free(a->area);
	*a = (struct areas){ .count = 0 };
}

/* Adds those of `cpus` that `left` still has, and takes them from it; nothing where there are none. */
static bool add_area(struct areas *a, hwloc_const_bitmap_t cpus, hwloc_bitmap_t left, int node)
{
	struct area *area = &a->area[a->count];
	if (!cpus || !hwloc_bitmap_intersects(cpus, left))
		return true;
	*area = (struct area){ .cpus = hwloc_bitmap_dup(cpus), .node = node };
	if (!area->cpus)
		return false;
	a->count++;
	hwloc_bitmap_and(area->cpus, area->cpus, left);
	hwloc_bitmap_andnot(left, left, area->cpus);
	area->cpu_count = (size_t)hwloc_bitmap_weight(area->cpus);
	return true;
}

/* CPUs are divided among objects of a type, in hwloc's order; those that none has are an area of their own, the last. */
static bool divide(hwloc_topology_t machine, hwloc_obj_type_t type, hwloc_const_bitmap_t cpus, int node, struct areas *a)
{
	const int count = hwloc_get_nbobjs_by_type(machine, type);
	hwloc_bitmap_t left = hwloc_bitmap_dup(cpus);
	bool ok = left != NULL;
	*a = (struct areas){ .area = calloc((size_t)(count > 0 ? count : 0) + 1, sizeof *a->area) };
	ok = ok && a->area != NULL;
	for (int i = 0; ok && i < count; i++) {
		const hwloc_obj_t object = hwloc_get_obj_by_type(machine, type, (unsigned)i);
		const bool memory = type == HWLOC_OBJ_NUMANODE && object->attr->numanode.local_memory > 0;
		ok = add_area(a, object->cpuset, left, type == HWLOC_OBJ_NUMANODE ? memory ? (int)object->os_index : -1 : node);
	}
	ok = ok && add_area(a, left, left, node);
	hwloc_bitmap_free(left);
	if (!ok)
		free_areas(a);
	return ok;
}

/* Threads first .. first + threads - 1 are divided by CPUs; each takes what is a whole thread's by then. */
static void share_threads(struct areas *a, size_t first, size_t threads)
{
	size_t cpus = 0, before = 0;
	for (size_t i = 0; i < a->count; i++)
		cpus += a->area[i].cpu_count;
	for (size_t i = 0; i < a->count; i++) {
		const size_t begin = (before * threads + cpus / 2) / cpus;
		before += a->area[i].cpu_count;
		a->area[i].first = first + begin;
		a->area[i].threads = (before * threads + cpus / 2) / cpus - begin;
	}
}

/* What the placement is filled with: its next free CPU. */
struct filling {
	hwloc_topology_t machine;
	struct sgan_placement *placement;
	int *next_cpu;
};

/* A list of CPUs. */
static void list_cpus(struct filling *f, hwloc_const_bitmap_t cpus, const int **list, int *count)
{
	int cpu;
	*list = f->next_cpu;
	hwloc_bitmap_foreach_begin(cpu, cpus)
		*f->next_cpu++ = cpu;
	hwloc_bitmap_foreach_end();
	*count = (int)(f->next_cpu - *list);
}

/* Core by core, and round again where threads are more than cores. */
static bool place_on_cores(struct filling *f, const struct area *area)
{
	struct areas cores;
	if (!divide(f->machine, HWLOC_OBJ_CORE, area->cpus, area->node, &cores))
		return false;
	for (size_t i = 0; i < area->threads; i++) {
		sgan_thread_place *place = &f->placement->place[area->first + i];
		const sgan_thread_place *same = i < cores.count ? NULL : &place[-(ptrdiff_t)cores.count];
		if (same) {
			place->cpus = same->cpus;
			place->cpu_count = same->cpu_count;
		} else {
			list_cpus(f, cores.area[i].cpus, &place->cpus, &place->cpu_count);
		}
	}
	free_areas(&cores);
	return true;
}

/* The threads of a node: their caches, and what they are bound to. */
static bool place_node(struct filling *f, const struct area *node, enum sgan_bind bind, bool only)
{
	struct areas caches;
	const int *cpus = NULL;
	int cpu_count = 0;
	bool ok = divide(f->machine, HWLOC_OBJ_L3CACHE, node->cpus, node->node, &caches);
	if (!ok)
		return false;
	share_threads(&caches, node->first, node->threads);
	if (bind == SGAN_BIND_NODE && !only)
		list_cpus(f, node->cpus, &cpus, &cpu_count);
	for (size_t c = 0; ok && c < caches.count; c++) {
		const struct area *cache = &caches.area[c];
		for (size_t i = 0; i < cache->threads; i++)
			f->placement->place[cache->first + i] = (sgan_thread_place){ node->node, (int)c, cpus, cpu_count };
		f->placement->groups += cache->threads > 0;
		ok = bind != SGAN_BIND_CORE || place_on_cores(f, cache);
	}
	f->placement->nodes += node->threads > 0;
	free_areas(&caches);
	return ok;
}

/* Nodes without memory, and CPUs that belong to none, have no number to tell them by: each takes one below 0. */
static void number_nodes(struct areas *nodes)
{
	int none = -1;
	for (size_t i = 0; i < nodes->count; i++)
		if (nodes->area[i].node < 0)
			nodes->area[i].node = none--;
}

static bool place_all(struct filling *f, hwloc_const_bitmap_t cpus, enum sgan_bind bind)
{
	struct areas nodes;
	bool ok = divide(f->machine, HWLOC_OBJ_NUMANODE, cpus, -1, &nodes);
	if (!ok)
		return false;
	number_nodes(&nodes);
	share_threads(&nodes, 0, f->placement->threads);
	for (size_t i = 0; ok && i < nodes.count; i++)
		ok = place_node(f, &nodes.area[i], bind, nodes.count == 1);
	free_areas(&nodes);
	return ok;
}

sgan_status sgan_placement_make(struct hwloc_topology *machine, size_t threads, enum sgan_bind bind,
                                struct sgan_placement *placement)
{
	*placement = (struct sgan_placement){ .threads = threads, .nodes = 1, .groups = 1 };
	if (bind == SGAN_BIND_NONE || threads == 0)
		return SGAN_OK;
	hwloc_bitmap_t cpus = sgan_topology_usable(machine);
	if (!cpus)
		return sgan_fail(SGAN_ENOMEM, "placement: no memory for %zu threads", threads);
	const size_t count = hwloc_bitmap_weight(cpus) > 0 ? (size_t)hwloc_bitmap_weight(cpus) : 0;
	*placement = (struct sgan_placement){ .threads = threads,
		                                  .place = calloc(threads, sizeof *placement->place),
		                                  .cpus = calloc(count, sizeof *placement->cpus) };
	struct filling f = { machine, placement, placement->cpus };
	const bool ok = count > 0 && placement->place && placement->cpus && place_all(&f, cpus, bind);
	hwloc_bitmap_free(cpus);
	if (ok)
		return SGAN_OK;
	sgan_placement_free(placement);
	return count > 0 ? sgan_fail(SGAN_ENOMEM, "placement: no memory for %zu threads", threads)
	                 : sgan_fail(SGAN_EUNSUPPORTED, "placement: this machine has no CPUs that hwloc can tell of");
}

sgan_status sgan_placement_here(size_t threads, enum sgan_bind bind, struct sgan_placement *placement)
{
	struct hwloc_topology *machine;
	if (bind == SGAN_BIND_NONE)
		return sgan_placement_make(NULL, threads, bind, placement);
	SGAN_TRY(sgan_topology_load(NULL, &machine));
	const sgan_status status = sgan_placement_make(machine, threads, bind, placement);
	hwloc_topology_destroy(machine);
	return status;
}

void sgan_placement_free(struct sgan_placement *placement)
{
	free(placement->place);
	free(placement->cpus);
	*placement = (struct sgan_placement){ .threads = 0 };
}

/* Packages, cores, caches, NUMA nodes and memory by hwloc.
 * It must not decide anything: thread counts come from cgroup.c. */
#include "src/machine/topology.h"

#include <errno.h>
#include <hwloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/cpu/status.h"

static unsigned count_of(hwloc_topology_t machine, hwloc_obj_type_t type)
{
	int count = hwloc_get_nbobjs_by_type(machine, type);
	return count > 0 ? (unsigned)count : 0;
}

static void read_caches(hwloc_topology_t machine, struct sgan_topology *topology)
{
	static const hwloc_obj_type_t types[SGAN_CACHE_LEVELS] = { HWLOC_OBJ_L1CACHE, HWLOC_OBJ_L2CACHE,
		                                                       HWLOC_OBJ_L3CACHE };
	for (size_t i = 0; i < SGAN_CACHE_LEVELS; i++) {
		hwloc_obj_t cache = hwloc_get_obj_by_type(machine, types[i], 0);
		topology->cache[i].count = count_of(machine, types[i]);
		topology->cache[i].size = cache && cache->attr ? cache->attr->cache.size : 0;
	}
}

static void read_model(hwloc_topology_t machine, struct sgan_topology *topology)
{
	hwloc_obj_t package = hwloc_get_obj_by_type(machine, HWLOC_OBJ_PACKAGE, 0);
	const char *model = package ? hwloc_obj_get_info_by_name(package, "CPUModel") : NULL;
	snprintf(topology->model, sizeof topology->model, "%s", model ? model : "");
}

/* What hwloc cannot see without /sys. */
static uint64_t memory_of_system(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
	return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;
}

struct hwloc_bitmap_s *sgan_topology_usable(struct hwloc_topology *machine)
{
	hwloc_bitmap_t usable = hwloc_bitmap_dup(hwloc_topology_get_allowed_cpuset(machine));
	hwloc_bitmap_t bound = hwloc_bitmap_alloc();
	if (usable && bound && hwloc_topology_is_thissystem(machine) &&
	    hwloc_get_cpubind(machine, bound, HWLOC_CPUBIND_THREAD) == 0 && hwloc_bitmap_intersects(usable, bound))
		hwloc_bitmap_and(usable, usable, bound);
	hwloc_bitmap_free(bound);
	return usable;
}

static unsigned usable_pus(hwloc_topology_t machine)
{
	hwloc_bitmap_t usable = sgan_topology_usable(machine);
	const int count = usable ? hwloc_bitmap_weight(usable) : 0;
	hwloc_bitmap_free(usable);
	return count > 0 ? (unsigned)count : 0;
}

static void read_all(hwloc_topology_t machine, struct sgan_topology *topology)
{
	memset(topology, 0, sizeof *topology);
	topology->packages = count_of(machine, HWLOC_OBJ_PACKAGE);
	topology->cores = count_of(machine, HWLOC_OBJ_CORE);
	topology->pus = count_of(machine, HWLOC_OBJ_PU);
	topology->numa_nodes = count_of(machine, HWLOC_OBJ_NUMANODE);
	topology->pus_allowed = usable_pus(machine);
	topology->memory = hwloc_get_root_obj(machine)->total_memory;
	if (!topology->memory && hwloc_topology_is_thissystem(machine))
		topology->memory = memory_of_system();
	read_caches(machine, topology);
	read_model(machine, topology);
}

/* hwloc prints to standard error where /sys is missing, as in a bare chroot; this is how it is told not to. */
static void silence_hwloc(void)
{
	setenv("HWLOC_HIDE_ERRORS", "2", 0);
}

/* Objects outside this process's cgroup are counted too: that is what pus_allowed is read against. */
static int load(hwloc_topology_t machine, const char *synthetic)
{
	if (synthetic && hwloc_topology_set_synthetic(machine, synthetic) != 0)
		return -1;
	if (hwloc_topology_set_flags(machine, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED) != 0)
		return -1;
	return hwloc_topology_load(machine);
}

sgan_status sgan_topology_load(const char *synthetic, struct hwloc_topology **machine)
{
	silence_hwloc();
	if (hwloc_topology_init(machine) != 0)
		return sgan_fail(SGAN_ENOMEM, "topology: hwloc could not start");
	errno = 0;
	if (load(*machine, synthetic) == 0)
		return SGAN_OK;
	const int error = errno;
	hwloc_topology_destroy(*machine);
	return sgan_fail(SGAN_EUNSUPPORTED, "topology: hwloc cannot describe %s: %s", synthetic ? synthetic : "this machine",
	                 error ? strerror(error) : "it gave no reason");
}

sgan_status sgan_topology_read(const char *synthetic, struct sgan_topology *topology)
{
	struct hwloc_topology *machine;
	SGAN_TRY(sgan_topology_load(synthetic, &machine));
	read_all(machine, topology);
	hwloc_topology_destroy(machine);
	return SGAN_OK;
}

/* Where threads and memory go: what a context is told, whose chunks are whose, that no bit depends on it; and the plan of
 * places, for machines of many shapes. */
#include "tests/small_run.h"

#include <hwloc.h>
#ifdef __linux__
#include <sched.h>
#endif

#include "src/cpu/status.h"
#include "src/exec/ctx.h"
#include "src/machine/placement.h"
#include "src/machine/topology.h"

/* --- groups and nodes of a context ------------------------------------------------- */

enum { MOST = 64 };

/* Places from "0.0 0.0 0.1 1.0": a node and a group for each thread. */
static size_t read_places(const char *text, sgan_thread_place place[MOST])
{
	size_t count = 0;
	for (int used; sscanf(text, "%d.%d%n", &place[count].node, &place[count].group, &used) == 2; text += used) {
		place[count].cpus = NULL;
		place[count++].cpu_count = 0;
	}
	return count;
}

static struct sgan_places *places_of(const char *text)
{
	sgan_thread_place place[MOST];
	struct sgan_places *places;
	ASSERT_OK(sgan_places_create(read_places(text, place), place, &places));
	return places;
}

Test(places, groups_and_nodes)
{
	struct sgan_places *p = places_of("3.0 3.0 3.7 1.7 1.0 1.0 1.0");
	cr_assert_eq(p->nodes, 2);
	cr_expect_eq(p->node[0].system, 3);
	cr_expect_eq(p->node[0].threads.count, 3);
	cr_expect_eq(p->node[1].threads.first, 3);
	cr_expect_eq(p->node[1].threads.count, 4);
	cr_assert_eq(p->groups, 4, "the same number on another node is another group");
	cr_expect_eq(p->group[3].threads.first, 4);
	cr_expect_eq(p->group[3].node, 1);
	for (size_t i = 0; i < 7; i++)
		cr_expect_eq(sgan_places_node(p, i), i / 3 > 0, "thread %zu", i);
	static const size_t visits[4][4] = { { 0, 1, 2, 3 }, { 1, 0, 2, 3 }, { 2, 3, 0, 1 }, { 3, 2, 0, 1 } };
	cr_expect_arr_eq(p->visits, visits, sizeof visits, "one's own, one's node's, the others'");
	sgan_places_free(p);

	ASSERT_OK(sgan_places_create(5, NULL, &p));
	cr_expect_eq(p->nodes, 1);
	cr_expect_eq(p->groups, 1);
	cr_expect_eq(p->group[0].threads.count, 5);
	sgan_places_free(p);
}

Test(places, shares_cover_everything_once)
{
	static const char *const texts[] = { "0.0", "0.0 1.0", "0.0 0.0 1.0", "0.0 0.1 1.0 1.1 2.0 2.0 2.0" };
	static const size_t counts[] = { 0, 1, 2, 7, 100, 12345, SIZE_MAX };
	for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
		struct sgan_places *p = places_of(texts[t]);
		for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
			size_t next = 0;
			for (size_t g = 0; g < p->groups; g++) {
				const struct sgan_thread_range s = sgan_places_share(p, p->group[g].threads, counts[c]);
				const size_t even = counts[c] / p->threads * p->group[g].threads.count;
				cr_expect_eq(s.first, next);
				cr_expect(s.count >= even && s.count - even <= p->threads, "%zu of %zu", s.count, counts[c]);
				next = s.first + s.count;
			}
			cr_expect_eq(next, counts[c]);
		}
		sgan_places_free(p);
	}
}

Test(places, what_comes_again_is_refused)
{
	sgan_thread_place place[MOST];
	struct sgan_places *p;
	ASSERT_FAILS(sgan_places_create(read_places("0.0 1.0 0.0", place), place, &p), SGAN_EINVAL,
	             "thread 2 is on node 0, group 0 again");
	ASSERT_FAILS(sgan_places_create(read_places("0.0 0.1 0.0", place), place, &p), SGAN_EINVAL,
	             "must follow each other");
	ASSERT_FAILS(sgan_places_create(read_places("0.0 1.0 0.1", place), place, &p), SGAN_EINVAL,
	             "must follow each other");
	sgan_ctx *ctx = NULL;
	ASSERT_FAILS(sgan_ctx_create(&(sgan_ctx_options){ .places = place }, &ctx), SGAN_EINVAL, "not how many");
	cr_expect_null(ctx);
}

/* --- chunks ------------------------------------------------------------------------ */

static sgan_ctx *placed(const char *text, const char *isa)
{
	sgan_thread_place place[MOST];
	sgan_ctx *ctx;
	const sgan_ctx_options options = { .isa = isa, .threads = (int)read_places(text, place), .places = place };
	ASSERT_OK(sgan_ctx_create(&options, &ctx));
	sgan_ctx_use_all(ctx);
	return ctx;
}

static const char *const machines[] = { "0.0 1.0", "0.0 0.1", "0.0 0.0 0.1 1.0 1.0 1.1",
	                                    "0.0 1.0 1.0 2.0 2.0 2.0 2.0" };
enum { MACHINES = sizeof machines / sizeof *machines, CHUNKS = 600 };

struct visits {
	int chunk[CHUNKS], worker[CHUNKS];
	long pause; /* ns */
};

static void visit(void *arg, size_t chunk, int worker)
{
	struct visits *v = arg;
	if (v->pause > 0)
		nanosleep(&(struct timespec){ .tv_nsec = v->pause }, NULL);
	v->worker[chunk] = worker;
	v->chunk[chunk]++;
}

Test(places, every_chunk_once)
{
	static const size_t parts[] = { 1, 2, 3, 7, 20, 100 };
	for (size_t m = 0; m < MACHINES; m++) {
		sgan_ctx *ctx = placed(machines[m], "generic");
		for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
			for (size_t repeats = 1; repeats <= 6; repeats++) {
				struct visits v = { .pause = 0 };
				sgan_parallel_repeats(ctx, parts[i], repeats, visit, &v);
				for (size_t c = 0; c < CHUNKS; c++)
					cr_assert_eq(v.chunk[c], c < parts[i] * repeats, "%s: %zu x %zu: chunk %zu", machines[m], parts[i],
					             repeats, c);
			}
		sgan_ctx_destroy(ctx);
	}
}

/* Chunks that take all the same time are done on the nodes that have their parts, but for few at the end. */
Test(places, chunks_are_done_where_their_images_are)
{
	enum { PARTS = 100, REPEATS = 4 };
	sgan_ctx *ctx = placed("0.0 0.0 1.0 1.0", "generic");
	size_t at_home = 0;
	struct visits v = { .pause = 1000000 };
	for (int i = 0; i < 3; i++)
		sgan_parallel_repeats(ctx, PARTS, REPEATS, visit, &v);
	for (size_t c = 0; c < PARTS * REPEATS; c++)
		at_home += (c % PARTS >= PARTS / 2) == (v.worker[c] >= 2);
	cr_expect_geq(at_home, PARTS * REPEATS * 3 / 4, "%zu of %d", at_home, PARTS * REPEATS);
	sgan_ctx_destroy(ctx);
}

#ifdef __linux__
static int cpus_of_this_thread(int *first)
{
	cpu_set_t set;
	cr_assert_eq(sched_getaffinity(0, sizeof set, &set), 0);
	for (*first = 0; *first < CPU_SETSIZE && !CPU_ISSET((size_t)*first, &set);)
		++*first;
	return CPU_COUNT(&set);
}

/* The calling thread is bound as the others are, also by itself, and gets back what it had. */
Test(places, the_caller_is_bound_until_the_context_ends)
{
	int first, none;
	const int before = cpus_of_this_thread(&first);
	for (int threads = 1; threads <= 3; threads++) {
		sgan_thread_place place[3];
		sgan_ctx *ctx, *inner;
		for (int i = 0; i < 3; i++)
			place[i] = (sgan_thread_place){ 0, 0, &first, 1 };
		ASSERT_OK(sgan_ctx_create(&(sgan_ctx_options){ .threads = threads, .places = place }, &ctx));
		cr_expect_eq(cpus_of_this_thread(&none), 1, "%d threads", threads);
		cr_expect_eq(ctx->cpus, 1);
		ASSERT_OK(sgan_ctx_create(&(sgan_ctx_options){ .threads = threads, .places = place }, &inner));
		sgan_ctx_destroy(inner);
		struct visits v = { .pause = 0 };
		sgan_parallel_for(ctx, 7, visit, &v);
		for (int c = 0; c < 7; c++)
			cr_expect_eq(v.chunk[c], 1);
		sgan_ctx_destroy(ctx);
		cr_expect_eq(cpus_of_this_thread(&none), before, "%d threads", threads);
	}
}
#endif

/* --- bits -------------------------------------------------------------------------- */

/* A run in a folder of its own, in such a context. */
static void train_placed(struct small_run *r, const char *machine, const char *folder)
{
	sgan_ctx *own = r->ctx;
	char path[SGAN_PATH];
	snprintf(path, sizeof path, "%s", in_temporary(folder));
	cr_assert_eq(mkdir(path, 0777), 0);
	r->ctx = placed(machine, NULL);
	r->options.run = path;
	ASSERT_OK(sgan_train(r->ctx, &r->options));
	sgan_ctx_destroy(r->ctx);
	r->ctx = own;
}

Test(places, no_bit_depends_on_them, .init = temporary_make, .fini = temporary_remove)
{
	struct small_run *r = small_run("", NULL, 0);
	ASSERT_OK(sgan_train(r->ctx, &r->options));
	for (size_t m = 0; m < MACHINES; m++) {
		char folder[32], path[64];
		snprintf(folder, sizeof folder, "machine-%zu", m);
		snprintf(path, sizeof path, "%s/checkpoint.safetensors", folder);
		train_placed(r, machines[m], folder);
		expect_same_files("run/checkpoint.safetensors", path);
		snprintf(path, sizeof path, "%s/stats.jsonl", folder);
		expect_same_stats("run/stats.jsonl", path);
	}
	small_run_free(r);
}

/* --- plans ------------------------------------------------------------------------- */

/* "3 threads: 0.0 0.0 1.0", and what the first of each node is bound to. */
static void describe(const struct sgan_placement *p, size_t size, char *text)
{
	size_t used = (size_t)snprintf(text, size, "%zu nodes, %zu caches:", p->nodes, p->groups);
	for (size_t i = 0; i < p->threads && used < size; i++) {
		const sgan_thread_place *t = &p->place[i];
		used += (size_t)snprintf(text + used, size - used, " %d.%d", t->node, t->group);
		if (t->cpu_count > 0 && used < size && (i == 0 || p->place[i - 1].cpus != t->cpus))
			used += (size_t)snprintf(text + used, size - used, "[%d-%d]", t->cpus[0], t->cpus[t->cpu_count - 1]);
	}
}

static hwloc_topology_t machine_of(const char *synthetic)
{
	hwloc_topology_t machine;
	ASSERT_OK(sgan_topology_load(synthetic, &machine));
	return machine;
}

static void expect_plan(hwloc_topology_t machine, size_t threads, enum sgan_bind bind, const char *expected)
{
	struct sgan_placement p;
	struct sgan_places *places;
	char text[4096];
	ASSERT_OK(sgan_placement_make(machine, threads, bind, &p));
	describe(&p, sizeof text, text);
	cr_expect_str_eq(text, expected);
	ASSERT_OK(sgan_places_create(threads, p.place, &places)); /* a context takes it */
	cr_expect_eq(places->nodes, p.nodes);
	cr_expect_eq(places->groups, p.groups);
	sgan_places_free(places);
	sgan_placement_free(&p);
}

Test(plan, machines)
{
	static const struct {
		const char *synthetic;
		size_t threads;
		enum sgan_bind bind;
		const char *plan;
	} cases[] = {
		{ "node:1 core:4 pu:1", 4, SGAN_BIND_NODE, "1 nodes, 1 caches: 0.0 0.0 0.0 0.0" },
		{ "node:1 core:2 pu:2", 3, SGAN_BIND_CORE, "1 nodes, 1 caches: 0.0[0-1] 0.0[2-3] 0.0[0-1]" },
		{ "package:2 node:1 l3:1 core:2 pu:1", 4, SGAN_BIND_NODE, "2 nodes, 2 caches: 0.0[0-1] 0.0 1.0[2-3] 1.0" },
		{ "package:2 node:1 l3:1 core:2 pu:2", 8, SGAN_BIND_NODE,
		  "2 nodes, 2 caches: 0.0[0-3] 0.0 0.0 0.0 1.0[4-7] 1.0 1.0 1.0" },
		{ "package:2 node:1 l3:1 core:2 pu:1", 3, SGAN_BIND_NODE, "2 nodes, 2 caches: 0.0[0-1] 0.0 1.0[2-3]" },
		{ "package:2 node:1 l3:1 core:2 pu:1", 1, SGAN_BIND_NODE, "1 nodes, 1 caches: 0.0[0-1]" },
		{ "package:2 node:1 l3:1 core:2 pu:1", 2, SGAN_BIND_CORE, "2 nodes, 2 caches: 0.0[0-0] 1.0[2-2]" },
		{ "package:1 node:2 l3:2 core:2 pu:1", 8, SGAN_BIND_NODE,
		  "2 nodes, 4 caches: 0.0[0-3] 0.0 0.1 0.1 1.0[4-7] 1.0 1.1 1.1" },
		{ "package:1 node:1 l3:4 core:1 pu:1", 4, SGAN_BIND_NODE, "1 nodes, 4 caches: 0.0 0.1 0.2 0.3" },
		{ "node:8 core:1 pu:1", 8, SGAN_BIND_NODE,
		  "8 nodes, 8 caches: 0.0[0-0] 1.0[1-1] 2.0[2-2] 3.0[3-3] 4.0[4-4] 5.0[5-5] 6.0[6-6] 7.0[7-7]" },
		{ "node:3 core:2 pu:1", 13, SGAN_BIND_NODE,
		  "3 nodes, 3 caches: 0.0[0-1] 0.0 0.0 0.0 1.0[2-3] 1.0 1.0 1.0 1.0 2.0[4-5] 2.0 2.0 2.0" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		hwloc_topology_t machine = machine_of(cases[i].synthetic);
		expect_plan(machine, cases[i].threads, cases[i].bind, cases[i].plan);
		hwloc_topology_destroy(machine);
	}
}

static void restrict_to(hwloc_topology_t machine, const char *list, unsigned long flags)
{
	hwloc_bitmap_t cpus = hwloc_bitmap_alloc();
	cr_assert_eq(hwloc_bitmap_list_sscanf(cpus, list), 0);
	cr_assert_eq(hwloc_topology_restrict(machine, cpus, flags), 0);
	hwloc_bitmap_free(cpus);
}

/* Nodes of which a cpuset leaves 3, 1 and no CPUs. */
Test(plan, uneven_nodes)
{
	hwloc_topology_t machine = machine_of("node:3 core:4 pu:1");
	restrict_to(machine, "0-2,7", 0);
	expect_plan(machine, 4, SGAN_BIND_NODE, "2 nodes, 2 caches: 0.0[0-2] 0.0 0.0 1.0[7-7]");
	expect_plan(machine, 2, SGAN_BIND_NODE, "1 nodes, 1 caches: 0.0[0-2] 0.0");
	hwloc_topology_destroy(machine);
}

/* A node without memory has threads all the same, whose memory lies where it is first written; CPUs of no node, too. */
Test(plan, a_node_without_memory)
{
	hwloc_topology_t machine = machine_of("package:2 [numa(memory=1GB)] core:2 pu:1");
	hwloc_get_obj_by_type(machine, HWLOC_OBJ_NUMANODE, 1)->attr->numanode.local_memory = 0;
	expect_plan(machine, 4, SGAN_BIND_NODE, "2 nodes, 2 caches: 0.0[0-1] 0.0 -1.0[2-3] -1.0");
	hwloc_topology_destroy(machine);
}

/* Machines that hwloc's own tests have recorded (its tests/hwloc, of version 2.9), as hwloc describes them: how they number
 * CPUs and nodes is theirs. */
Test(plan, recorded_machines)
{
	static const struct {
		const char *name, *synthetic;
		size_t threads;
		const char *plan;
	} cases[] = {
		{ "2 x EPYC 7451: four nodes a package, of two caches each, of three cores",
		  "Package:2 Group:4 [NUMANode(memory=16GB)] L3Cache:2 Core:3 PU:2(indexes=2*48:1*2)", 16,
		  "8 nodes, 16 caches: 0.0[0-53] 0.1 1.0[6-59] 1.1 2.0[12-65] 2.1 3.0[18-71] 3.1 4.0[24-77] 4.1 5.0[30-83] 5.1 "
		  "6.0[36-89] 6.1 7.0[42-95] 7.1" },
		{ "4 x 4 Xeon X7460: a cache a package, CPUs counted across",
		  "Group:4 [NUMANode(memory=48GB)] Package:4 L3Cache:1 "
		  "Core:6 PU:1(indexes=6*4:1*6:24*4)",
		  8, "4 nodes, 8 caches: 0.0[0-23] 0.2 1.0[24-47] 1.2 2.0[48-71] 2.2 3.0[72-95] 3.2" },
		{ "Xeon Phi in quarters: each has a node of fast memory besides, without CPUs",
		  "Package:1 L3Cache:4 [NUMANode(memory=1GB indexes=0,7,1,4,2,5,3,6)] [NUMANode(memory=2GB)] Core:4 "
		  "PU:4(indexes=4*16:1*4)",
		  4, "4 nodes, 4 caches: 0.0[0-51] 1.0[4-55] 2.0[8-59] 3.0[12-63]" },
		{ "8 x Opteron: nodes that are not numbered in their order",
		  "Group:2 Package:4 [NUMANode(memory=8GB indexes=1,0,2,5,4,3,6,7)] Core:2 PU:1", 8,
		  "8 nodes, 8 caches: 1.0[0-1] 0.0[2-3] 2.0[4-5] 5.0[6-7] 4.0[8-9] 3.0[10-11] 6.0[12-13] 7.0[14-15]" },
		{ "POWER8: CPUs' numbers have gaps",
		  "Package:2 [NUMANode(memory=64GB)] L3Cache:4 Core:1 "
		  "PU:2(indexes=0,1,8,9,16,17,24,25,80,81,88,89,96,97,104,105)",
		  8, "2 nodes, 8 caches: 0.0[0-25] 0.1 0.2 0.3 1.0[80-105] 1.1 1.2 1.3" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		hwloc_topology_t machine = machine_of(cases[i].synthetic);
		expect_plan(machine, cases[i].threads, SGAN_BIND_NODE, cases[i].plan);
		hwloc_topology_destroy(machine);
	}
}

/* A machine that no pattern describes: a node of one cache, whose number is 1; one of two caches, of two CPUs and of one,
 * without memory. */
static const char uneven[] =
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?><!DOCTYPE topology SYSTEM \"hwloc2.dtd\"><topology version=\"2.0\">"
	"<object type=\"Machine\" os_index=\"0\" cpuset=\"0x7f\" complete_cpuset=\"0x7f\" allowed_cpuset=\"0x7f\" "
	"nodeset=\"0x3\" complete_nodeset=\"0x3\" allowed_nodeset=\"0x3\" gp_index=\"1\">"
#define OBJECT(type, os, cpus, nodes, gp)                                                                              \
	"<object type=\"" type "\" os_index=\"" os "\" cpuset=\"" cpus "\" complete_cpuset=\"" cpus "\" nodeset=\"" nodes  \
	"\" complete_nodeset=\"" nodes "\" gp_index=\"" gp "\""
#define CPU(os, bit, nodes, gp) OBJECT("PU", os, bit, nodes, gp) "/>"
#define CACHE(cpus, nodes, gp)                                                                                         \
	OBJECT("L3Cache", "0", cpus, nodes, gp)                                                                            \
	" cache_size=\"1048576\" depth=\"3\" cache_linesize=\"64\" cache_associativity=\"16\" cache_type=\"0\">"
	OBJECT("Package", "0", "0xf", "0x2", "2") ">" OBJECT("NUMANode", "1", "0xf", "0x2",
                                                         "3") " local_memory=\"1073741824\"/>" CACHE("0xf", "0x2", "4")
		CPU("0", "0x1", "0x2", "5") CPU("1", "0x2", "0x2", "6") CPU("2", "0x4", "0x2", "7")
			CPU("3", "0x8", "0x2", "8") "</object></object>" OBJECT("Package", "1", "0x70", "0x1", "9") ">" OBJECT(
				"NUMANode", "0", "0x70", "0x1", "10") " local_memory=\"0\"/>" CACHE("0x30", "0x1", "11")
				CPU("4", "0x10", "0x1", "12") CPU("5", "0x20", "0x1", "13") "</object>" CACHE("0x40", "0x1", "14")
					CPU("6", "0x40", "0x1", "15") "</object></object></object></topology>";

Test(plan, a_machine_in_xml)
{
	hwloc_topology_t machine;
	cr_assert_eq(hwloc_topology_init(&machine), 0);
	cr_assert_eq(hwloc_topology_set_xmlbuffer(machine, uneven, sizeof uneven), 0);
	cr_assert_eq(hwloc_topology_load(machine), 0);
	expect_plan(machine, 7, SGAN_BIND_NODE, "2 nodes, 3 caches: 1.0[0-3] 1.0 1.0 1.0 -1.0[4-6] -1.0 -1.1");
	/* it says nothing of cores: each thread has its cache's CPUs */
	expect_plan(machine, 7, SGAN_BIND_CORE, "2 nodes, 3 caches: 1.0[0-3] 1.0 1.0 1.0 -1.0[4-5] -1.0 -1.1[6-6]");
	hwloc_topology_destroy(machine);
}

Test(plan, nothing_is_bound_where_nothing_is_to_be)
{
	hwloc_topology_t machine = machine_of("node:2 core:2 pu:1");
	struct sgan_placement p;
	ASSERT_OK(sgan_placement_make(machine, 4, SGAN_BIND_NONE, &p));
	cr_expect_null(p.place);
	cr_expect_eq(p.nodes, 1);
	sgan_placement_free(&p);
	hwloc_topology_destroy(machine);
	ASSERT_OK(sgan_placement_here(2, SGAN_BIND_NODE, &p));
	cr_expect_not_null(p.place);
	cr_expect_geq(p.nodes, 1);
	sgan_placement_free(&p);
}

/* What a process may use of the machine: control-group files, recorded topologies. */
#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/cpu/cgroup.h"
#include "src/cpu/status.h"
#include "src/machine/room.h"
#include "src/machine/topology.h"

Test(cgroup, quotas)
{
	cr_expect_eq(sgan_cgroup_v2_cpus("200000 100000\n"), 2);
	cr_expect_eq(sgan_cgroup_v2_cpus("150000 100000\n"), 2, "a part of a CPU is worth a thread");
	cr_expect_eq(sgan_cgroup_v2_cpus("5000 100000\n"), 1);
	static const char *const none[] = { "max 100000\n",
		                                "",
		                                "\n",
		                                "200000",
		                                "200000 0\n",
		                                "-1 100000\n",
		                                "x y\n",
		                                "1 2 3\n",
		                                "200000 100000x",
		                                "0 100000",
		                                "99999999999999999999999 1" };
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		cr_expect_eq(sgan_cgroup_v2_cpus(none[i]), 0, "\"%s\"", none[i]);
	cr_expect_eq(sgan_cgroup_v2_cpus("9223372036854775807 1"), INT32_MAX);
	cr_expect_eq(sgan_cgroup_v1_cpus("400000\n", "100000\n"), 4);
	cr_expect_eq(sgan_cgroup_v1_cpus("-1\n", "100000\n"), 0);
	cr_expect_eq(sgan_cgroup_v1_cpus("400000\n", "junk\n"), 0);
	cr_expect_eq(sgan_cgroup_v1_cpus("400000 100000\n", "100000\n"), 0);
}

Test(cgroup, paths)
{
	static const char hybrid[] = "12:pids:/a\n4:cpuset,cpu:/slice/job\n3:cpuacct:/other\n0::/user.slice/x:y\n";
	char path[SGAN_CGROUP_PATH];
	cr_expect(sgan_cgroup_path(hybrid, 1, path));
	cr_expect_str_eq(path, "/slice/job");
	cr_expect(sgan_cgroup_path(hybrid, 2, path));
	cr_expect_str_eq(path, "/user.slice/x:y");
	cr_expect_not(sgan_cgroup_path("3:cpuacct:/x\n2:cpuset:/y\n", 1, path));
	cr_expect_not(sgan_cgroup_path("3:cpu", 1, path));
	cr_expect_not(sgan_cgroup_path("0::", 2, path));
	cr_expect_not(sgan_cgroup_path("0::relative\n", 2, path));
	cr_expect_not(sgan_cgroup_path("", 2, path));
	char longest[SGAN_CGROUP_PATH + 16] = "0::/";
	memset(longest + 4, 'x', SGAN_CGROUP_PATH);
	cr_expect_not(sgan_cgroup_path(longest, 2, path));
}

/* A machine's files below a folder of their own. */
static void put(const char *root, const char *path, const char *text)
{
	char full[512];
	snprintf(full, sizeof full, "%s/%s", root, path);
	for (char *slash = strchr(full + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(full, 0700);
		*slash = '/';
	}
	FILE *file = fopen(full, "w");
	cr_assert_not_null(file, "%s", full);
	fputs(text, file);
	fclose(file);
}

static void remove_tree(const char *root)
{
	char command[600];
	snprintf(command, sizeof command, "rm -rf '%s'", root);
	cr_expect_eq(system(command), 0);
}

Test(cgroup, groups_above_count_too)
{
	char root[] = "/tmp/sgan-test-XXXXXX";
	cr_assert_not_null(mkdtemp(root));
	cr_expect_eq(sgan_cgroup_cpus(root), 0, "no files at all");
	put(root, "proc/self/cgroup", "0::/batch/job/step\n");
	put(root, "sys/fs/cgroup/batch/job/step/cpu.max", "max 100000\n");
	cr_expect_eq(sgan_cgroup_cpus(root), 0);
	put(root, "sys/fs/cgroup/batch/cpu.max", "800000 100000\n");
	cr_expect_eq(sgan_cgroup_cpus(root), 8);
	put(root, "sys/fs/cgroup/batch/job/cpu.max", "300000 100000\n");
	cr_expect_eq(sgan_cgroup_cpus(root), 3);
	put(root, "sys/fs/cgroup/batch/job/step/cpu.max", "600000 100000\n");
	cr_expect_eq(sgan_cgroup_cpus(root), 3);
	remove_tree(root);
}

Test(cgroup, a_container_sees_its_group_as_the_root)
{
	char root[] = "/tmp/sgan-test-XXXXXX";
	cr_assert_not_null(mkdtemp(root));
	put(root, "proc/self/cgroup", "0::/host/path/that/is/not/here\n");
	put(root, "sys/fs/cgroup/cpu.max", "150000 100000\n");
	cr_expect_eq(sgan_cgroup_cpus(root), 2);
	remove_tree(root);
}

Test(cgroup, version_1)
{
	char root[] = "/tmp/sgan-test-XXXXXX";
	cr_assert_not_null(mkdtemp(root));
	put(root, "proc/self/cgroup", "5:cpu,cpuacct:/docker/id\n0::/\n");
	put(root, "sys/fs/cgroup/cpu,cpuacct/docker/id/cpu.cfs_quota_us", "250000\n");
	cr_expect_eq(sgan_cgroup_cpus(root), 0, "no period beside it");
	put(root, "sys/fs/cgroup/cpu,cpuacct/docker/id/cpu.cfs_period_us", "100000\n");
	cr_expect_eq(sgan_cgroup_cpus(root), 3);
	remove_tree(root);
}

Test(cgroup, at_least_one)
{
	const struct sgan_cpus cpus = sgan_cpus_read();
	cr_expect_geq(cpus.allowed, 1);
	cr_expect_eq(cpus.allowed, sgan_cpus_allowed());
	cr_expect(cpus.affinity == 0 || cpus.allowed <= cpus.affinity);
	cr_expect(cpus.quota == 0 || cpus.allowed <= cpus.quota);
}

/* What there is of memory: the machine's, and what its groups leave. */
Test(cgroup, memory)
{
	char root[] = "/tmp/sgan-cgroup-XXXXXX";
	cr_assert_not_null(mkdtemp(root));
	cr_expect_eq(sgan_memory_room(root), UINT64_MAX, "nothing is told");
	put(root, "/proc/meminfo", "MemTotal: 4000 kB\nMemFree: 10 kB\nMemAvailable:   3000 kB\nSwapFree: 500 kB\n");
	cr_expect_eq(sgan_memory_room(root), 3500 * 1024);
	put(root, "/proc/self/cgroup", "0::/a/b\n");
	put(root, "/sys/fs/cgroup/a/b/memory.max", "max\n");
	put(root, "/sys/fs/cgroup/a/b/memory.current", "100\n");
	cr_expect_eq(sgan_memory_room(root), 3500 * 1024);
	put(root, "/sys/fs/cgroup/a/memory.max", "5000\n");
	put(root, "/sys/fs/cgroup/a/memory.current", "3000\n");
	cr_expect_eq(sgan_memory_room(root), 2000, "a group above");
	put(root, "/sys/fs/cgroup/a/memory.stat", "anon 2500\nfile 500\ninactive_file 400\n");
	cr_expect_eq(sgan_memory_room(root), 2400, "pages of files that nobody uses");
	put(root, "/sys/fs/cgroup/memory/memory.limit_in_bytes", "1000\n");
	put(root, "/sys/fs/cgroup/memory/memory.usage_in_bytes", "1500\n");
	cr_expect_eq(sgan_memory_room(root), 0, "more than there may be");
	remove_tree(root);
	cr_expect_gt(sgan_memory_room(""), 0);
}

Test(cgroup, load)
{
	const double load = sgan_machine_load();
	cr_expect(isnan(load) || load >= 0, "%g", load);
}

Test(topology, recorded_machines)
{
	struct sgan_topology t;
	cr_assert_eq(sgan_topology_read(
					 "package:2 numa:1(memory=68719476736) l3:1(size=29360128) l2:20(size=1048576) l1:1(size=32768) "
					 "core:1 pu:2",
					 &t),
	             SGAN_OK, "%s", sgan_last_error());
	cr_expect_eq(t.packages, 2);
	cr_expect_eq(t.numa_nodes, 2);
	cr_expect_eq(t.cores, 40);
	cr_expect_eq(t.pus, 80);
	cr_expect_eq(t.pus_allowed, 80);
	cr_expect_eq(t.cache[0].count, 40);
	cr_expect_eq(t.cache[0].size, 32 << 10);
	cr_expect_eq(t.cache[1].count, 40);
	cr_expect_eq(t.cache[1].size, 1 << 20);
	cr_expect_eq(t.cache[2].count, 2);
	cr_expect_eq(t.cache[2].size, 28 << 20);
	cr_expect_eq(t.memory, UINT64_C(128) << 30);

	cr_assert_eq(sgan_topology_read("package:1 core:4 pu:1", &t), SGAN_OK, "%s", sgan_last_error());
	cr_expect_eq(t.cores, 4);
	cr_expect_eq(t.cache[2].count, 0);
	cr_expect_eq(t.cache[2].size, 0);
	cr_expect_eq(sgan_topology_read("not a machine", &t), SGAN_EUNSUPPORTED);
}

Test(topology, this_machine)
{
	struct sgan_topology t;
	cr_assert_eq(sgan_topology_read(NULL, &t), SGAN_OK, "%s", sgan_last_error());
	cr_expect_geq(t.pus, t.cores);
	cr_expect_geq(t.pus_allowed, 1);
	cr_expect_leq(t.pus_allowed, t.pus);
	cr_expect_geq(t.numa_nodes, 1);
	cr_expect_gt(t.memory, 0);
}

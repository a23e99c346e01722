/* How many CPUs this process may keep busy: affinity mask and control groups; and what else is there to do. */
#ifndef SGAN_CPU_CGROUP_H
#define SGAN_CPU_CGROUP_H

#include <sgan/sgan.h>

/* CPUs of a quota, rounded up (a thread that waits for the others leaves its share unused); 0: no limit, or not
 * understood. v2 is the text of cpu.max ("200000 100000", "max 100000"); v1 those of cpu.cfs_quota_us ("-1": none)
 * and cpu.cfs_period_us. */
int sgan_cgroup_v2_cpus(const char *cpu_max);
int sgan_cgroup_v1_cpus(const char *quota, const char *period);

enum { SGAN_CGROUP_PATH = 1024 };

/* The process's path in the version's cpu hierarchy (1 or 2) from the text of /proc/self/cgroup; false: none. */
bool sgan_cgroup_path(const char *text, int version, char path[SGAN_CGROUP_PATH]);

/* The lowest quota of the process's groups and all above them, read below `root` ("" for the machine, where
 * root/proc/self/cgroup and root/sys/fs/cgroup are); 0: no limit. */
int sgan_cgroup_cpus(const char *root);

/* What the count of CPUs that this process may keep busy comes from. */
struct sgan_cpus {
	int affinity; /* CPUs of the affinity mask, which a cpuset makes smaller, too; 0: not known */
	int quota;    /* of control groups; 0: none */
	int allowed;  /* the lower of them, at least 1 */
};

struct sgan_cpus sgan_cpus_read(void);

/* `allowed` alone. */
int sgan_cpus_allowed(void);

/* The mean number of programs that ran or waited for a CPU in the last minute, of the whole machine; not a number where
 * it is not told. */
double sgan_machine_load(void);

#endif

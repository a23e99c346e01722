/* CPU affinity of threads, where the system has it. */
#include "src/exec/bind.h"

#include <stdlib.h>

#if defined __linux__ && defined CPU_ALLOC

/* More CPUs than Linux can be built for. */
enum { CPUS = 1 << 16 };

struct sgan_binding {
	cpu_set_t *set;
};

static struct sgan_binding *new_binding(void)
{
	struct sgan_binding *b = calloc(1, sizeof *b);

	if (b && (b->set = CPU_ALLOC(CPUS)))
		return b;
	free(b);
	return NULL;
}

static void free_binding(struct sgan_binding *b)
{
	CPU_FREE(b->set);
	free(b);
}

struct sgan_binding *sgan_binding_of(pthread_t thread)
{
	struct sgan_binding *b = new_binding();

	if (b && pthread_getaffinity_np(thread, CPU_ALLOC_SIZE(CPUS), b->set) == 0)
		return b;
	if (b)
		free_binding(b);
	return NULL;
}

void sgan_bind(pthread_t thread, const int *cpus, int count)
{
	struct sgan_binding *b = count > 0 ? new_binding() : NULL;

	if (!b)
		return;
	CPU_ZERO_S(CPU_ALLOC_SIZE(CPUS), b->set);
	for (int i = 0; i < count; i++)
		if (cpus[i] >= 0 && cpus[i] < CPUS)
			CPU_SET_S((size_t)cpus[i], CPU_ALLOC_SIZE(CPUS), b->set);
	(void)pthread_setaffinity_np(thread, CPU_ALLOC_SIZE(CPUS), b->set);
	free_binding(b);
}

void sgan_binding_restore(struct sgan_binding *b, pthread_t thread)
{
	if (!b)
		return;
	if (pthread_equal(thread, pthread_self()))
		(void)pthread_setaffinity_np(thread, CPU_ALLOC_SIZE(CPUS), b->set);
	free_binding(b);
}

#else

struct sgan_binding *sgan_binding_of(pthread_t thread)
{
	(void)thread;
	return NULL;
}

void sgan_bind(pthread_t thread, const int *cpus, int count)
{
	(void)thread, (void)cpus, (void)count;
}

void sgan_binding_restore(struct sgan_binding *binding, pthread_t thread)
{
	(void)binding, (void)thread;
}

#endif

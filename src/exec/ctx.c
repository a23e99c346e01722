/* Contexts: the choice of instruction set and thread count, and scratch memory.
 * It must not start threads itself (threads.c) nor decode the machine (detect.c, cgroup.c). */
#include "src/exec/ctx.h"

#include <errno.h>
#include <stdlib.h>

#include "src/cpu/cgroup.h"
#include "src/cpu/memory.h"
#include "src/cpu/status.h"
#include "src/exec/bind.h"

sgan_status sgan_isa_named(const char *name, sgan_isa *isa)
{
	SGAN_TRY(sgan_isa_parse(name, isa));
	if (!sgan_isa_built(*isa))
		return sgan_fail(SGAN_EUNSUPPORTED, "this build has no %s kernels; the best it has for this machine is %s",
		                 name, sgan_isa_name(sgan_isa_best()));
	if (!sgan_isa_usable(*isa))
		return sgan_fail(SGAN_EUNSUPPORTED, "this machine cannot run %s; the best it can is %s", name,
		                 sgan_isa_name(sgan_isa_best()));
	return SGAN_OK;
}

static sgan_status choose_isa(const char *name, sgan_isa *isa)
{
	if (name)
		return sgan_isa_named(name, isa);
	name = getenv("SGAN_ISA");
	if (!name || !*name) {
		*isa = sgan_isa_best();
		return SGAN_OK;
	}
	sgan_status status = sgan_isa_named(name, isa);
	return status == SGAN_OK ? status : sgan_fail_in(status, "SGAN_ISA");
}

/* OMP_NUM_THREADS is a number, or a list of them, one a nesting level: the first counts. */
static sgan_status threads_from_environment(const char *text, int *threads)
{
	char *end;
	errno = 0;
	long value = strtol(text, &end, 10);
	while (*end == ' ' || *end == '\t')
		end++;
	if (end == text || (*end && *end != ',') || errno || value < 1 || value > SGAN_THREADS_MAX)
		return sgan_fail(SGAN_EINVAL, "OMP_NUM_THREADS is \"%.64s\": a whole number from 1 to %d expected", text,
		                 SGAN_THREADS_MAX);
	*threads = (int)value;
	return SGAN_OK;
}

sgan_status sgan_threads_wanted(int wanted, int *threads)
{
	if (wanted < 0 || wanted > SGAN_THREADS_MAX)
		return sgan_fail(SGAN_EINVAL, "threads: %d: a number from 1 to %d expected, or 0 for the machine's", wanted,
		                 SGAN_THREADS_MAX);
	*threads = wanted;
	if (wanted)
		return SGAN_OK;
	const char *text = getenv("OMP_NUM_THREADS");
	if (text && *text)
		return threads_from_environment(text, threads);
	int cpus = sgan_cpus_allowed();
	*threads = cpus < SGAN_THREADS_MAX ? cpus : SGAN_THREADS_MAX;
	return SGAN_OK;
}

/* CPUs for the threads: those of their places, where each has some; else what the process may use. */
static int count_cpus(size_t threads, const sgan_thread_place *places)
{
	enum { MOST = 1 << 16 };
	static const unsigned char bit[8] = { 1, 2, 4, 8, 16, 32, 64, 128 };
	unsigned char seen[MOST / 8] = { 0 };
	const struct sgan_cpus process = sgan_cpus_read();
	int count = 0;

	for (size_t i = 0; i < threads; i++) {
		if (!places || places[i].cpu_count < 1)
			return process.allowed;
		for (int k = 0; k < places[i].cpu_count; k++) {
			const int cpu = places[i].cpus[k];
			if (cpu < 0 || cpu >= MOST || (seen[cpu / 8] & bit[cpu % 8]))
				continue;
			seen[cpu / 8] |= bit[cpu % 8];
			count++;
		}
	}
	if (process.quota && process.quota < count)
		count = process.quota;
	return count > 0 ? count : process.allowed;
}

/* The calling thread is the first; it gets its CPUs back when the context ends. */
static void bind_caller(sgan_ctx *ctx, const sgan_thread_place *places)
{
	if (!places || places[0].cpu_count < 1)
		return;
	ctx->caller = pthread_self();
	ctx->caller_was = sgan_binding_of(ctx->caller);
	if (ctx->caller_was)
		sgan_bind(ctx->caller, places[0].cpus, places[0].cpu_count);
}

static void use_threads(sgan_ctx *ctx, int cpus)
{
	ctx->at_once = ctx->threads < cpus ? ctx->threads : cpus;
	sgan_team_use(ctx->team, ctx->at_once);
}

void sgan_ctx_use_all(sgan_ctx *ctx)
{
	use_threads(ctx, ctx->threads);
}

sgan_status sgan_ctx_create(const sgan_ctx_options *options, sgan_ctx **ctx)
{
	const sgan_thread_place *places = options ? options->places : NULL;
	sgan_isa isa = SGAN_ISA_GENERIC;
	int threads = 0;
	if (!ctx)
		return sgan_fail(SGAN_EINVAL, "context: ctx is NULL");
	SGAN_TRY(choose_isa(options ? options->isa : NULL, &isa));
	if (places && options->threads < 1)
		return sgan_fail(SGAN_EINVAL, "context: places of threads, but not how many");
	SGAN_TRY(sgan_threads_wanted(options ? options->threads : 0, &threads));
	const int cpus = count_cpus((size_t)threads, places); /* before the calling thread is bound */
	sgan_ctx *made = calloc(1, sizeof *made);
	if (!made)
		return sgan_fail(SGAN_ENOMEM, "context: %zu bytes could not be had", sizeof *made);
	made->kernels = sgan_kernels_for(isa);
	sgan_status status = sgan_team_start((size_t)threads, &made->team);
	if (status != SGAN_OK) {
		free(made);
		return status;
	}
	made->threads = (int)sgan_team_threads(made->team);
	status = sgan_places_create((size_t)made->threads, places, &made->places);
	if (status != SGAN_OK) {
		sgan_ctx_destroy(made);
		return status;
	}
	sgan_team_place(made->team, made->places, places);
	bind_caller(made, places);
	made->cpus = cpus;
	use_threads(made, cpus);
	made->threads_missing = threads - made->threads;
	*ctx = made;
	return SGAN_OK;
}

void sgan_ctx_destroy(sgan_ctx *ctx)
{
	if (!ctx)
		return;
	sgan_binding_restore(ctx->caller_was, ctx->caller);
	sgan_free(ctx->scratch);
	sgan_team_end(ctx->team);
	sgan_places_free(ctx->places);
	free(ctx);
}

sgan_isa sgan_ctx_isa(const sgan_ctx *ctx)
{
	return ctx ? ctx->kernels->isa : SGAN_ISA_COUNT;
}

int sgan_ctx_threads(const sgan_ctx *ctx)
{
	return ctx ? ctx->threads : 0;
}

int sgan_ctx_threads_missing(const sgan_ctx *ctx)
{
	return ctx ? ctx->threads_missing : 0;
}

void *sgan_ctx_scratch(sgan_ctx *ctx, size_t bytes)
{
	if (ctx->scratch && bytes <= ctx->scratch_size)
		return ctx->scratch;
	void *larger = sgan_alloc(bytes, 1);
	if (!larger)
		return NULL;
	sgan_free(ctx->scratch);
	ctx->scratch = larger;
	ctx->scratch_size = bytes;
	return larger;
}

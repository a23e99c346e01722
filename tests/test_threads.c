/* The team of threads: every chunk once, workers that do not collide, denormals
 * flushed inside and not outside, the same bits for any number of threads; fewer threads than asked for; forks. */
#include <criterion/criterion.h>

#include <float.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sgan/ops.h>

#include "tests/slow.h"

#include "src/exec/ctx.h"
#include "src/cpu/status.h"

#ifdef __has_feature
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1 /* as GCC has it */
#endif
#endif
#ifdef __SANITIZE_THREAD__
enum { THREADS_SANITIZED = 1 };
#else
enum { THREADS_SANITIZED = 0 };
#endif

static sgan_ctx *context(int threads)
{
	sgan_ctx *ctx = NULL;
	sgan_ctx_options options = { .isa = "generic", .threads = threads };
	cr_assert_eq(sgan_ctx_create(&options, &ctx), SGAN_OK, "%s", sgan_last_error());
	sgan_ctx_use_all(ctx);
	return ctx;
}

enum { MOST_CHUNKS = 1000, MOST_THREADS = 64 };

/* Fewer and more than any machine has cores. */
static const int thread_counts[] = { 1, 2, 3, 4, 5, 8, 16, MOST_THREADS };
enum { THREAD_COUNTS = sizeof thread_counts / sizeof *thread_counts };

struct visits {
	int threads;
	unsigned char chunk[MOST_CHUNKS];
	struct {
		int inside, collisions, runs;
		char apart[64];
	} worker[MOST_THREADS];
	int strangers;
};

static void visit(void *arg, size_t chunk, int worker)
{
	struct visits *v = arg;
	if (worker < 0 || worker >= v->threads) {
		v->strangers++;
		return;
	}
	if (__atomic_fetch_add(&v->worker[worker].inside, 1, __ATOMIC_SEQ_CST) != 0)
		v->worker[worker].collisions++;
	v->chunk[chunk]++;
	v->worker[worker].runs++;
	__atomic_fetch_sub(&v->worker[worker].inside, 1, __ATOMIC_SEQ_CST);
}

Test(threads, every_chunk_once)
{
	static const size_t counts[] = { 0, 1, 2, 3, 7, 64, MOST_CHUNKS };
	for (int count = 0; count < THREAD_COUNTS; count++) {
		int threads = thread_counts[count];
		sgan_ctx *ctx = context(threads);
		for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
			struct visits v = { .threads = threads };
			sgan_parallel_for(ctx, counts[i], visit, &v);
			size_t runs = 0;
			for (int w = 0; w < MOST_THREADS; w++) {
				runs += (size_t)v.worker[w].runs;
				cr_expect_eq(v.worker[w].collisions, 0);
			}
			cr_expect_eq(runs, counts[i], "%d threads: %zu chunks, %zu runs", threads, counts[i], runs);
			cr_expect_eq(v.strangers, 0);
			for (size_t c = 0; c < MOST_CHUNKS; c++)
				cr_assert_eq(v.chunk[c], c < counts[i], "%d threads: chunk %zu", threads, c);
		}
		sgan_ctx_destroy(ctx);
	}
}

/* Thousands of regions of few chunks, one after the other: threads that come late to one find the next. What a region's
 * chunks leave is there when it is over. */
struct tally {
	size_t region;
	size_t seen[8];
};

static void tell_region(void *arg, size_t chunk, int worker)
{
	struct tally *t = arg;
	(void)worker;
	t->seen[chunk] = t->region;
}

static void run_regions(sgan_ctx *ctx, size_t regions, const struct timespec *pause)
{
	for (size_t i = 1; i <= regions; i++) {
		struct tally t = { .region = i }; /* another region's thread would write to memory that is gone */
		const size_t chunks = 2 + i % 7;
		sgan_parallel_for(ctx, chunks, tell_region, &t);
		for (size_t c = 0; c < chunks; c++)
			cr_assert_eq(t.seen[c], i, "region %zu, chunk %zu: %zu", i, c, t.seen[c]);
		if (pause)
			nanosleep(pause, NULL);
	}
}

Test(threads, one_region_after_the_other)
{
	for (int count = 0; count < THREAD_COUNTS; count++) {
		sgan_ctx *ctx = context(thread_counts[count]);
		run_regions(ctx, 3000, NULL);
		run_regions(ctx, 20, &(struct timespec){ .tv_nsec = 1000000 }); /* threads sleep meanwhile */
		sgan_ctx_destroy(ctx);
	}
}

/* Workers' chunks take far longer than the caller's, which does all that is left and then has to wait for theirs. */
static void workers_are_slow(void *arg, size_t chunk, int worker)
{
	nanosleep(&(struct timespec){ .tv_nsec = worker ? 20000000 : 100000 }, NULL);
	visit(arg, chunk, worker);
}

Test(threads, who_waits_for_the_last_chunk_sees_its_end)
{
	for (int round = 0; round < 5; round++) {
		struct visits v = { .threads = 3 };
		sgan_ctx *ctx = context(3);
		sgan_parallel_for(ctx, 50, workers_are_slow, &v);
		for (size_t c = 0; c < 50; c++)
			cr_expect_eq(v.chunk[c], 1);
		cr_expect_lt(v.worker[0].runs, 50, "no worker came");
		sgan_ctx_destroy(ctx);
	}
}

/* Memory for some of the threads' stacks. */
Test(threads, fewer_than_asked_for)
{
	char line[256];
	unsigned long pages = 0;
	if (is_sanitized() || THREADS_SANITIZED || is_emulated())
		cr_skip_test("fewer_than_asked_for: sanitizers and emulators take address space of their own");
	FILE *f = fopen("/proc/self/statm", "r");
	if (!f)
		cr_skip_test("fewer_than_asked_for: no /proc, to see how much memory is to be left");
	if (!fgets(line, sizeof line, f) || sscanf(line, "%lu", &pages) != 1)
		cr_assert_fail("statm");
	fclose(f);
	struct rlimit before, limit;
	cr_assert_eq(getrlimit(RLIMIT_AS, &before), 0);
	limit = before;
	limit.rlim_cur = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + (24 << 20);
	cr_assert_eq(setrlimit(RLIMIT_AS, &limit), 0);
	sgan_ctx *ctx = context(MOST_THREADS);
	cr_assert_eq(setrlimit(RLIMIT_AS, &before), 0);
	const int threads = sgan_ctx_threads(ctx);
	cr_expect(threads >= 2 && threads < MOST_THREADS, "%d threads", threads);
	cr_expect_eq(sgan_ctx_threads_missing(ctx), MOST_THREADS - threads);
	struct visits v = { .threads = threads };
	sgan_parallel_for(ctx, MOST_CHUNKS, visit, &v);
	for (size_t c = 0; c < MOST_CHUNKS; c++)
		cr_assert_eq(v.chunk[c], 1);
	sgan_ctx_destroy(ctx);
}

/* A child has none of its parent's threads: a call is refused, in one line, and does not hang; one's own context works. */
static int use_in_child(sgan_ctx *parents)
{
	sgan_real x[2] = { -1, 1 }, y[2] = { 0, 0 };
	sgan_ctx *own = NULL;
	alarm(30);
	if (sgan_act_forward(parents, 2, x, SGAN_ACT_RELU, 0, y) != SGAN_EUNSUPPORTED ||
	    !strstr(sgan_last_error(), "forked from"))
		return 1;
	struct visits v = { .threads = 4 };
	sgan_parallel_for(parents, 50, visit, &v);
	sgan_ctx_destroy(parents);
	if (THREADS_SANITIZED)
		return 0; /* it ends a child that starts threads */
	if (sgan_ctx_create(&(sgan_ctx_options){ .isa = "generic", .threads = 4 }, &own) != SGAN_OK)
		return 2;
	sgan_parallel_for(own, 50, visit, &v);
	for (size_t c = 0; c < 50; c++)
		if (v.chunk[c] != 2)
			return 3;
	if (sgan_act_forward(own, 2, x, SGAN_ACT_RELU, 0, y) != SGAN_OK || y[1] != 1)
		return 4;
	sgan_ctx_destroy(own);
	return 0;
}

Test(threads, forked_child_is_refused, .timeout = 60)
{
	sgan_ctx *ctx = context(4);
	struct visits v = { .threads = 4 };
	sgan_parallel_for(ctx, 50, visit, &v);
	const pid_t child = fork();
	cr_assert_geq(child, 0);
	if (child == 0)
		_exit(use_in_child(ctx));
	int status = 0;
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %#x", (unsigned)status);
	sgan_parallel_for(ctx, 50, visit, &v);
	for (size_t c = 0; c < 50; c++)
		cr_expect_eq(v.chunk[c], 2);
	sgan_ctx_destroy(ctx);
}

/* With two chunks that wait for each other, both threads must be there. */
static void meet(void *arg, size_t chunk, int worker)
{
	int *arrived = arg;
	(void)chunk;
	(void)worker;
	__atomic_fetch_add(arrived, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(arrived, __ATOMIC_SEQ_CST) < 2)
		sched_yield();
}

Test(threads, run_at_once, .timeout = 60)
{
	sgan_ctx *ctx = context(2);
	int arrived = 0;
	sgan_parallel_for(ctx, 2, meet, &arrived);
	cr_expect_eq(arrived, 2);
	sgan_ctx_destroy(ctx);
}

static volatile float tiny = FLT_MIN;

/* Half of the smallest normal number: a denormal, or 0 where they are flushed. */
static float half_of_tiny(void)
{
	return tiny * 0.5f;
}

struct halves {
	float flushed[64], read[64];
	float denormal; /* made outside */
};

static void halve(void *arg, size_t chunk, int worker)
{
	struct halves *h = arg;
	volatile float denormal = h->denormal;
	(void)worker;
	h->flushed[chunk] = half_of_tiny();
	h->read[chunk] = denormal * 0x1p+40f;
}

#if defined __x86_64__ || defined __aarch64__
#define FLUSHES 1
#else
#define FLUSHES 0
#endif

static void expect_flushed(int threads, size_t chunks)
{
	struct halves h = { .denormal = half_of_tiny() };
	cr_assert_gt(h.denormal, 0.0f);
	sgan_ctx *ctx = context(threads);
	sgan_parallel_for(ctx, chunks, halve, &h);
	for (size_t i = 0; FLUSHES && i < chunks; i++) {
		cr_expect_eq(h.flushed[i], 0.0f, "%d threads, chunk %zu: result", threads, i);
		cr_expect_eq(h.read[i], 0.0f, "%d threads, chunk %zu: operand", threads, i);
	}
	cr_expect_gt(half_of_tiny(), 0.0f, "%d threads: the caller's mode is back", threads);
	sgan_ctx_destroy(ctx);
}

Test(threads, denormals_are_flushed_inside_alone)
{
	for (int count = 0; count < THREAD_COUNTS; count++) {
		expect_flushed(thread_counts[count], 1);
		expect_flushed(thread_counts[count], 64);
	}
}

struct sums {
	float partial[100];
};

static void sum_chunk(void *arg, size_t chunk, int worker)
{
	struct sums *s = arg;
	float sum = 0;
	(void)worker;
	for (size_t i = 0; i < 1000; i++)
		sum += 1.0f / (float)(1 + chunk * 1000 + i);
	s->partial[chunk] = sum;
}

Test(threads, same_bits_for_any_number)
{
	struct sums first;
	for (int count = 0; count < THREAD_COUNTS; count++) {
		int threads = thread_counts[count];
		struct sums sums = { 0 };
		sgan_ctx *ctx = context(threads);
		sgan_parallel_for(ctx, 100, sum_chunk, &sums);
		if (threads == 1)
			first = sums;
		cr_expect_eq(memcmp(&first, &sums, sizeof sums), 0, "%d threads", threads);
		sgan_ctx_destroy(ctx);
	}
}

/* Two callers at once, each with its own context; and each its own last error. */
static void *caller(void *arg)
{
	int *wrong = arg;
	sgan_isa isa;
	char expected[128];
	snprintf(expected, sizeof expected, "%p", arg);
	sgan_isa_parse(expected, &isa);
	sgan_ctx_options options = { .isa = "generic", .threads = 2 };
	sgan_ctx *ctx;
	if (sgan_ctx_create(&options, &ctx) != SGAN_OK)
		return NULL;
	for (int round = 0; round < 100; round++) {
		struct visits v = { .threads = 2 };
		sgan_parallel_for(ctx, 50, visit, &v);
		for (size_t c = 0; c < 50; c++)
			*wrong += v.chunk[c] != 1;
	}
	*wrong += strstr(sgan_last_error(), expected) == NULL;
	sgan_ctx_destroy(ctx);
	return wrong;
}

Test(threads, two_callers_at_once)
{
	pthread_t threads[2];
	int wrong[2] = { 0, 0 };
	for (int i = 0; i < 2; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, caller, &wrong[i]), 0);
	for (int i = 0; i < 2; i++) {
		void *done = NULL;
		cr_assert_eq(pthread_join(threads[i], &done), 0);
		cr_expect_not_null(done);
		cr_expect_eq(wrong[i], 0);
	}
}

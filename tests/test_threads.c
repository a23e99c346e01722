/* The team of threads: every chunk once, workers that do not collide, denormals
 * flushed inside and not outside, the same bits for any number of threads. */
#include <criterion/criterion.h>

#include <float.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

#include "src/exec/ctx.h"
#include "src/cpu/status.h"

static sgan_ctx *context(int threads)
{
	sgan_ctx *ctx = NULL;
	sgan_ctx_options options = { .isa = "generic", .threads = threads };
	cr_assert_eq(sgan_ctx_create(&options, &ctx), SGAN_OK, "%s", sgan_last_error());
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

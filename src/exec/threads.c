/* The team of threads: the only file with OpenMP.
 * It must not know what a chunk is. */
#include <omp.h>

#include "src/exec/ctx.h"

#if defined __x86_64__ || defined __i386__
#include <xmmintrin.h>
#endif

/* Denormals cost a hundred cycles each on many cores, and appear in earnest as
 * gradients vanish. Every chunk runs with them flushed to zero, on one thread
 * as on many, so that the bits do not depend on who ran it. */
#if defined __x86_64__ || defined __i386__
typedef unsigned int fp_mode;
enum { FLUSH_RESULTS = 0x8000, FLUSH_OPERANDS = 0x0040 };

static fp_mode enter_region(void)
{
	fp_mode before = _mm_getcsr();
	_mm_setcsr(before | FLUSH_RESULTS | FLUSH_OPERANDS);
	return before;
}

static void leave_region(fp_mode before)
{
	_mm_sfence(); /* what a chunk wrote past the caches is seen before the region's end is */
	/* Exceptions that the region raised are the caller's to see no more than its mode is. */
	_mm_setcsr(before);
}
#elif defined __aarch64__
typedef uint64_t fp_mode;

static fp_mode enter_region(void)
{
	fp_mode before;
	__asm__ volatile("mrs %0, fpcr" : "=r"(before));
	__asm__ volatile("msr fpcr, %0" : : "r"(before | UINT64_C(1) << 24));
	return before;
}

static void leave_region(fp_mode before)
{
	__asm__ volatile("msr fpcr, %0" : : "r"(before));
}
#else
typedef int fp_mode;

static fp_mode enter_region(void)
{
	return 0;
}

static void leave_region(fp_mode before)
{
	(void)before;
}
#endif

static void run_here(size_t chunks, void (*run)(void *arg, size_t chunk, int worker), void *arg)
{
	fp_mode before = enter_region();
	for (size_t i = 0; i < chunks; i++)
		run(arg, i, 0);
	leave_region(before);
}

/* What orders memory between threads is OpenMP's fork and join alone, on every machine:
 *
 * - What the caller wrote before a region (tensors, the region itself, the zeros in `taken`) happens before the workers
 *   read it, and what the workers wrote happens before the caller reads it after the region: a parallel region begins
 *   and ends with an implied flush (OpenMP 5.0, 2.17.8), a release by one side and an acquire by the other. On AArch64
 *   runtimes have them as ldar, stlr or dmb; plain stores need nothing more.
 * - Inside a region no chunk reads what another writes, so that there is nothing to order between workers. `taken` is
 *   the one thing that they share: it hands out numbers, not memory. What it needs is that no two get the same number,
 *   which an atomic addition gives in any memory order (a variable has one order of modifications that all threads see),
 *   and that a later look is not at an older value than an earlier one by the same thread, which coherence gives. A look
 *   that is behind others' additions costs one addition more, whose number is then past the end. So relaxed is enough,
 *   and on AArch64 no barrier is paid for.
 * - Stores past the caches are of two kinds. x86's are weakly ordered: a release there may be a plain store, which does
 *   not wait for them, so each worker ends with sfence. AArch64 has no such store with weaker rules for other observers:
 *   stnp is a hint, its stores are ordered by the region's end like any other. */

/* A region's chunks. Worker w's own are w, w + threads, w + 2 threads, ...: what a chunk touches is often still in the
 * cache of the core that had it in the last call. Who has done its own takes of the others' that are left. */
struct region {
	struct sgan_turn *turns;
	size_t threads, chunks;
	void (*run)(void *arg, size_t chunk, int worker);
	void *arg;
};

static void take_of(const struct region *r, size_t owner, int worker)
{
	size_t own = owner < r->chunks ? (r->chunks - owner - 1) / r->threads + 1 : 0;
	atomic_size_t *taken = &r->turns[owner].taken;

	/* Looked at first, so that a cache line of which nothing is left stays shared. */
	while (atomic_load_explicit(taken, memory_order_relaxed) < own) {
		size_t turn = atomic_fetch_add_explicit(taken, 1, memory_order_relaxed);
		if (turn < own)
			r->run(r->arg, owner + turn * r->threads, worker);
	}
}

static void work(const struct region *r, int worker)
{
	fp_mode before = enter_region();

	for (size_t i = 0; i < r->threads; i++)
		take_of(r, ((size_t)worker + i) % r->threads, worker);
	leave_region(before);
}

void sgan_parallel_for(sgan_ctx *ctx, size_t chunks, void (*run)(void *arg, size_t chunk, int worker), void *arg)
{
	const struct region r = { ctx->turns, (size_t)ctx->threads, chunks, run, arg };

	if (chunks <= 1 || ctx->threads == 1) {
		run_here(chunks, run, arg);
		return;
	}
	for (size_t i = 0; i < r.threads; i++)
		atomic_store_explicit(&r.turns[i].taken, 0, memory_order_relaxed); /* the region's begin orders them */
	/* Always the whole team: libgomp ends the threads that a smaller one leaves over,
	 * and would have to make them again for the next region. */
#pragma omp parallel num_threads(ctx->threads)
	work(&r, omp_get_thread_num());
}

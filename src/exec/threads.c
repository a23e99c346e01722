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

void sgan_parallel_for(sgan_ctx *ctx, size_t chunks, void (*run)(void *arg, size_t chunk, int worker), void *arg)
{
	if (chunks <= 1 || ctx->threads == 1) {
		run_here(chunks, run, arg);
		return;
	}
	/* Always the whole team: libgomp ends the threads that a smaller one leaves over,
	 * and would have to make them again for the next region. */
#pragma omp parallel num_threads(ctx->threads)
	{
		int worker = omp_get_thread_num();
		fp_mode before = enter_region();
#pragma omp for schedule(dynamic, 1) nowait
		for (size_t i = 0; i < chunks; i++)
			run(arg, i, worker);
		leave_region(before);
	}
}

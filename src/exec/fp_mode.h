/* Denormals cost a hundred cycles each on many cores, and appear in earnest as gradients vanish. Every chunk runs with
 * them flushed to zero, on one thread as on many, so that the bits do not depend on who ran it; and nothing else does. */
#ifndef SGAN_EXEC_FP_MODE_H
#define SGAN_EXEC_FP_MODE_H

#include <stdint.h>

#if defined __x86_64__ || defined __i386__
#include <xmmintrin.h>

typedef unsigned int sgan_fp_mode;

static inline sgan_fp_mode sgan_flush_denormals(void)
{
	enum { FLUSH_RESULTS = 0x8000, FLUSH_OPERANDS = 0x0040 };
	sgan_fp_mode before = _mm_getcsr();
	_mm_setcsr(before | FLUSH_RESULTS | FLUSH_OPERANDS);
	return before;
}

/* Exceptions that chunks raised are the caller's to see no more than their mode is. */
static inline void sgan_restore_denormals(sgan_fp_mode before)
{
	_mm_setcsr(before);
}

/* What was written past the caches is seen before anything that is written from now on. */
static inline void sgan_fence_stores(void)
{
	_mm_sfence();
}
#elif defined __aarch64__
typedef uint64_t sgan_fp_mode;

static inline sgan_fp_mode sgan_flush_denormals(void)
{
	sgan_fp_mode before;
	__asm__ volatile("mrs %0, fpcr" : "=r"(before));
	__asm__ volatile("msr fpcr, %0" : : "r"(before | UINT64_C(1) << 24));
	return before;
}

static inline void sgan_restore_denormals(sgan_fp_mode before)
{
	__asm__ volatile("msr fpcr, %0" : : "r"(before));
}

/* stnp is a hint: its stores are ordered as any other. */
static inline void sgan_fence_stores(void)
{
}
#else
typedef int sgan_fp_mode;

static inline sgan_fp_mode sgan_flush_denormals(void)
{
	return 0;
}

static inline void sgan_restore_denormals(sgan_fp_mode before)
{
	(void)before;
}

static inline void sgan_fence_stores(void)
{
}
#endif

#endif

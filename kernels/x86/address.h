/* How x86 finds and fetches values: what the templates in kernels/simd ask of a set's vec.h about addresses. AVX2 and
 * AVX-512 share it. Nothing here knows how wide a vector is. */
#ifndef SGAN_KERNELS_X86_ADDRESS_H
#define SGAN_KERNELS_X86_ADDRESS_H

#include <immintrin.h>
#include <stddef.h>

enum {
	/* Rows at even distances that one pointer serves: base, base + ld and base + 2 ld are addresses of a single
	 * instruction, so that the rows of a tile need a third as many general registers. A pointer for each row would go
	 * through vector registers, on a port that multiplies. */
	VEC_ROW_GROUP = 3,
	VEC_LINE = 64 /* bytes that come to a cache at a time */
};

/* A value is set in all lanes to be multiplied (kernels/simd/broadcast.h): a load does that on its way. */
#define VEC_BY_LANE 0
/* A part of a vector is loaded and stored by a mask, as fast as all of it. */
#define VEC_MASKS 1

/* Ask for a cache line to come to the second level, to the first, to the first to be written. p need not be a valid
 * address. */
static inline __attribute__((always_inline)) void vec_fetch(const void *p)
{
	_mm_prefetch((const char *)p, _MM_HINT_T1);
}

static inline __attribute__((always_inline)) void vec_fetch_near(const void *p)
{
	_mm_prefetch((const char *)p, _MM_HINT_T0);
}

static inline __attribute__((always_inline)) void vec_fetch_to_write(const void *p)
{
	__builtin_prefetch(p, 1);
}

/* What is in memory is read anew after this, once a loop, instead of being kept in a register through the loops: where
 * general registers run out, GCC would keep it in a vector register, and getting it back from there waits for the port
 * that multiplies. */
static inline __attribute__((always_inline)) void vec_forget(void)
{
	__asm__ volatile("" ::: "memory");
}

/* Counts `left` down; where it comes to 0 it becomes `count`, and the two steps become the next ones. These are
 * conditional moves; of plain C the compiler would make a branch. */
static inline __attribute__((always_inline)) void vec_wrap(size_t *left, size_t count, ptrdiff_t *step_a,
                                                           ptrdiff_t next_a, ptrdiff_t *step_b, ptrdiff_t next_b)
{
	--*left;
	__asm__("test\t%0, %0\n\tcmovz\t%3, %1\n\tcmovz\t%4, %2\n\tcmovz\t%5, %0"
	        : "+&r"(*left), "+&r"(*step_a), "+&r"(*step_b)
	        : "rm"(next_a), "rm"(next_b), "rm"(count)
	        : "cc");
}

#endif

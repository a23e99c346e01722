/* How AArch64 finds and fetches values: what the templates in kernels/simd ask of a set's vec.h about addresses. Nothing
 * here knows how wide a vector is. */
#ifndef SGAN_KERNELS_NEON_ADDRESS_H
#define SGAN_KERNELS_NEON_ADDRESS_H

#include <stddef.h>

enum {
	/* A pointer for each row: a load's address is one register and another or a constant, and 31 general registers are
	 * enough for the rows of any tile. */
	VEC_ROW_GROUP = 1,
	VEC_LINE = 64 /* bytes that come to a cache at a time */
};

/* Tiles multiply by a lane of a register (simd/by_lane.h): one load brings four values of a row, where a value that is
 * set in all lanes takes a load each. */
#define VEC_BY_LANE 1
/* Each number of lanes has its own instructions to be loaded and stored: a branch for each. */
#define VEC_MASKS 0

/* Ask for a cache line to come to the second level, to the first, to the first to be written. p need not be a valid
 * address. */
static inline __attribute__((always_inline)) void vec_fetch(const void *p)
{
	__builtin_prefetch(p, 0, 2);
}

static inline __attribute__((always_inline)) void vec_fetch_near(const void *p)
{
	__builtin_prefetch(p, 0, 3);
}

static inline __attribute__((always_inline)) void vec_fetch_to_write(const void *p)
{
	__builtin_prefetch(p, 1, 3);
}

/* General registers do not run out here. */
static inline __attribute__((always_inline)) void vec_forget(void)
{
}

/* Counts `left` down; where it comes to 0 it becomes `count`, and the two steps become the next ones. These are
 * conditional selects; of plain C the compiler would make a branch. */
static inline __attribute__((always_inline)) void vec_wrap(size_t *left, size_t count, ptrdiff_t *step_a,
                                                           ptrdiff_t next_a, ptrdiff_t *step_b, ptrdiff_t next_b)
{
	ptrdiff_t a, b;

	__asm__("subs\t%0, %0, #1\n\tcsel\t%1, %3, %4, eq\n\tcsel\t%2, %5, %6, eq\n\tcsel\t%0, %7, %0, eq"
	        : "+&r"(*left), "=&r"(a), "=&r"(b)
	        : "r"(next_a), "r"(*step_a), "r"(next_b), "r"(*step_b), "r"(count)
	        : "cc");
	*step_a = a;
	*step_b = b;
}

#endif

/* Rows at even distances, a pointer for each VEC_ROW_GROUP of them. How a set addresses rows best is for its vec.h to
 * say, which is included before this. */
#ifndef SGAN_KERNELS_SIMD_ROWS_H
#define SGAN_KERNELS_SIMD_ROWS_H

#include <stddef.h>

#define ROWS_INLINE static inline __attribute__((always_inline))
#define ROWS_UNROLL _Pragma("GCC unroll 32")
/* Pointers for as many rows. */
#define ROWS_POINTERS(rows) (((rows) + VEC_ROW_GROUP - 1) / VEC_ROW_GROUP)

/* Points to m rows, ld elements apart. */
ROWS_INLINE void rows_point(size_t m, const float *first, ptrdiff_t ld, const float *pointer[])
{
	ROWS_UNROLL for (size_t i = 0; i < m; i += VEC_ROW_GROUP)
		pointer[i / VEC_ROW_GROUP] = first + (ptrdiff_t)i * ld;
}

/* Where row i is. */
ROWS_INLINE const float *rows_at(const float *const pointer[], size_t i, ptrdiff_t ld)
{
	return pointer[i / VEC_ROW_GROUP] + (ptrdiff_t)(i % VEC_ROW_GROUP) * ld;
}

/* Moves all of them along their rows. */
ROWS_INLINE void rows_advance(size_t m, const float *pointer[], size_t elements)
{
	ROWS_UNROLL for (size_t i = 0; i < m; i += VEC_ROW_GROUP)
		pointer[i / VEC_ROW_GROUP] += elements;
}

#endif

/* Transposition with NEON, 4 x 4 at a time: 4 registers of it and 4 for the step in between. */
#include "kernels/neon/vec.h"

static inline __attribute__((always_inline)) void transpose_block(vec x[VEC])
{
	vec_transpose(x);
}

#include "kernels/simd/transpose.h"

/* Sums over rows and batch normalisation with AVX-512. A block of bn_grad_sums: 4 gradients, 1 sum, 3 constants and
 * the values at hand, in 32 registers. */
#include "kernels/avx512/vec.h"

#include "kernels/simd/bn.h"

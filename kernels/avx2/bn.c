/* Sums over rows and batch normalisation with AVX2. A block of bn_grad_sums: 4 gradients, 1 sum, 4 constants and
 * the values at hand, in 16 registers. */
#include "kernels/avx2/vec.h"

#include "kernels/simd/bn.h"

/* Sums over rows and batch normalisation with NEON. A block of bn_grad_sums: 4 gradients, 1 sum, 4 constants and
 * the values at hand, in 32 registers. */
#include "kernels/neon/vec.h"

#include "kernels/simd/bn.h"

/* Sums over rows and batch normalisation with AVX2. 3 x 4 coefficients and 4 values: 16 of 16 registers. */
#include "kernels/avx2/vec.h"

#include "kernels/simd/bn.h"

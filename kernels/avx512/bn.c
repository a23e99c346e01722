/* Sums over rows and batch normalisation with AVX-512. 3 x 4 coefficients and 4 values: 16 of 32 registers. */
#include "kernels/avx512/vec.h"

#include "kernels/simd/bn.h"

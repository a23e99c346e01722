/* Losses with AVX-512. */
#include "kernels/avx512/vec.h"

#include "kernels/simd/loss.h"

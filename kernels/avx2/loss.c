/* Losses with AVX2. */
#include "kernels/avx2/vec.h"

#include "kernels/simd/loss.h"

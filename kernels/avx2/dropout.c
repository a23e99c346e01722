/* Dropout and noise with AVX2. */
#include "kernels/avx2/bits.h"

#include "kernels/simd/dropout.h"

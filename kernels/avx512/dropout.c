/* Dropout and noise with AVX-512. */
#include "kernels/avx512/bits.h"

#include "kernels/simd/dropout.h"

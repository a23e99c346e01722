/* Random numbers with AVX2. */
#include "kernels/avx2/bits.h"

#include "kernels/simd/random.h"

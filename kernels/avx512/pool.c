/* Max pooling with AVX-512. */
#include "kernels/avx512/vec.h"

#include "kernels/simd/pool.h"

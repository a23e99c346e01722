/* Max pooling with AVX2. */
#include "kernels/avx2/vec.h"

#include "kernels/simd/pool.h"

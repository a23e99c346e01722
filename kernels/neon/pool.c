/* Max pooling with NEON. */
#include "kernels/neon/vec.h"

#include "kernels/simd/pool.h"

/* Element by element with NEON. */
#include "kernels/neon/vec.h"

#include "kernels/simd/elementwise.h"

/* Losses with NEON. */
#include "kernels/neon/vec.h"

#include "kernels/simd/loss.h"

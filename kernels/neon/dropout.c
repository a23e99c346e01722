/* Dropout and noise with NEON. */
#include "kernels/neon/bits.h"

#include "kernels/simd/dropout.h"

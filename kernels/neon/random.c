/* Random numbers with NEON. */
#include "kernels/neon/bits.h"

#include "kernels/simd/random.h"

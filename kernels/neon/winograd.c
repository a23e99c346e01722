/* The maps of Winograd's filtering with NEON. */
#include "kernels/neon/vec.h"

#include "kernels/simd/winograd.h"

/* Registers: 6 x 2 sums, 2 of Y, 1 of X broadcast: 15 of 16, and the mask. */
#include "kernels/avx2/vec.h"

#define TILE_MR 6
#define TILE_NV 2
#define WGRAD_NAME wgrad_6x16__avx2
#define WGRAD_PIXELS 1
#include "kernels/simd/wgrad.h"

/* Registers: 14 x 2 sums, 2 of Y, 1 of X broadcast: 31 of 32. */
#include "kernels/avx512/vec.h"

#define TILE_MR 14
#define TILE_NV 2
#define WGRAD_NAME wgrad_14x32__avx512
#define WGRAD_PIXELS 1
#include "kernels/simd/wgrad.h"

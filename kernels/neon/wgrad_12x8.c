/* Registers: 12 x 2 sums, 3 of X, 2 of Y: 29 of 32. A pixel takes 5 loads for 24 multiply-adds, 0.21 each, and 8
 * columns divide what layers have. Four pixels a round: of fewer, less than three of four instructions multiply. */
#include "kernels/neon/vec.h"

#define TILE_MR 12
#define TILE_NV 2
#define WGRAD_NAME wgrad_12x8__neon
#define WGRAD_PIXELS 4
#include "kernels/simd/wgrad.h"

/* Registers: 10 x 2 sums, 10 of four values of a row each, 2 of the panel: 32 of 32. Four steps of the sum take 18 loads
 * for 80 multiply-adds, 0.23 each; docs/performance.md compares it with other tiles. */
#include "kernels/neon/vec.h"

#define TILE_MR 10
#define TILE_NV 2
#define GEMM_NAME gemm_10x8__neon
#define IGEMM_NAME igemm_10x8__neon
#include "kernels/simd/gemm.h"

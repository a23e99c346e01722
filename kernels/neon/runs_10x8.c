/* Registers: 10 x 2 sums, 10 of four values of a row each, 2 of the panel: 32 of 32, as gemm_10x8.c says. */
#include "kernels/neon/vec.h"

#define TILE_MR 10
#define TILE_NV 2
#define RUNS_NAME runs_10x8__neon
#include "kernels/simd/runs.h"

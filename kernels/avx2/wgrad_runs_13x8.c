/* Registers: 13 sums, 1 of Y, 1 of X broadcast: 15 of 16, and the mask. */
#include "kernels/avx2/vec.h"

#define TILE_MR 13
#define TILE_NV 1
#define WGRAD_RUNS_NAME wgrad_runs_13x8__avx2
#define WGRAD_RUNS_2 6
#define WGRAD_RUNS_3 4
#define WGRAD_RUNS_4 3
#define WGRAD_RUNS_5 2
#define WGRAD_RUNS_6 2
#include "kernels/simd/wgrad_runs.h"

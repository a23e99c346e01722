/* Registers: 30 sums and 1 of Y: 31 of 32. X's values come from memory as operands of the multiply-adds. */
#include "kernels/avx512/vec.h"

#define TILE_MR 30
#define TILE_NV 1
#define WGRAD_RUNS_NAME wgrad_runs_30x16__avx512
#define WGRAD_RUNS_2 15
#define WGRAD_RUNS_3 10
#define WGRAD_RUNS_4 7
#define WGRAD_RUNS_5 6
#define WGRAD_RUNS_6 5
#include "kernels/simd/wgrad_runs.h"

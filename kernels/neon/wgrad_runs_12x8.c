/* Registers: 12 x 2 sums, up to 3 of X, 2 of Y: 29 of 32. A load brings up to four of the values under a kernel row;
 * three rows of 4 values take 5 loads for 24 multiply-adds. With one vector of columns, 25 values would take 11 for
 * 25. */
#include "kernels/neon/vec.h"

#define TILE_MR 12
#define TILE_NV 2
#define WGRAD_RUNS_NAME wgrad_runs_12x8__neon
#define WGRAD_RUNS_2 6
#define WGRAD_RUNS_3 4
#define WGRAD_RUNS_4 3
#define WGRAD_RUNS_5 2
#define WGRAD_RUNS_6 2
#include "kernels/simd/wgrad_runs.h"

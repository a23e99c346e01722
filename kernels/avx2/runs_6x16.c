/* Registers: 6 x 2 sums, 2 of the panel, 1 broadcast: 15 of 16. */
#include "kernels/avx2/vec.h"

#define TILE_MR 6
#define TILE_NV 2
#define RUNS_NAME runs_6x16__avx2
#include "kernels/simd/runs.h"

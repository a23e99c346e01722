/* Registers: 14 x 2 sums, 2 of the panel, 1 broadcast: 31 of 32. */
#include "kernels/avx512/vec.h"

#define TILE_MR 14
#define TILE_NV 2
#define RUNS_NAME runs_14x32__avx512
#include "kernels/simd/runs.h"

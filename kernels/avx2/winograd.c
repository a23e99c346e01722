/* The maps of Winograd's filtering with AVX2. */
#include "kernels/avx2/vec.h"

#include "kernels/simd/winograd.h"

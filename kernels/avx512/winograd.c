/* The maps of Winograd's filtering with AVX-512. */
#include "kernels/avx512/vec.h"

#include "kernels/simd/winograd.h"

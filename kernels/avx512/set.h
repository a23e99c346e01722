/* What the AVX-512 set is called, and its functions. */
#ifndef SGAN_KERNELS_AVX512_SET_H
#define SGAN_KERNELS_AVX512_SET_H

#include "kernels/kernels.h"

#define VEC_ISA(name) name##__avx512

#define SGAN_ROW(field, function) sgan_##field##_kernel SGAN_SYMBOL(VEC_ISA(function));
#include "kernels/avx512/rows.def"
#undef SGAN_ROW

#endif

/* What the NEON set is called, and its functions. */
#ifndef SGAN_KERNELS_NEON_SET_H
#define SGAN_KERNELS_NEON_SET_H

#include "kernels/kernels.h"

#define VEC_ISA(name) name##__neon

#define SGAN_ROW(field, function) sgan_##field##_kernel SGAN_SYMBOL(VEC_ISA(function));
#include "kernels/neon/rows.def"
#undef SGAN_ROW

#endif

/* The functions that the tables are filled from, declared from kernels.def.
 *
 * Only kernels and their tables see these names; everything else goes through
 * struct sgan_kernels. */
#ifndef SGAN_KERNELS_FUNCTIONS_H
#define SGAN_KERNELS_FUNCTIONS_H

#include "kernels/kernels.h"

#define SGAN_KERNEL(field, generic, avx2, avx512, args) void SGAN_SYMBOL(generic) args;
#include "kernels/kernels.def"
#undef SGAN_KERNEL

#ifndef SGAN_REAL_DOUBLE
#define SGAN_KERNEL(field, generic, avx2, avx512, args)                                                                \
	void SGAN_SYMBOL(avx2) args;                                                                                       \
	void SGAN_SYMBOL(avx512) args;
#include "kernels/kernels.def"
#undef SGAN_KERNEL
#endif

#endif

/* The generic set's functions. Every row of kernels.def must have one: without, this does not compile. */
#ifndef SGAN_KERNELS_GENERIC_SET_H
#define SGAN_KERNELS_GENERIC_SET_H

#include "kernels/kernels.h"

#define SGAN_ROW(field, function) sgan_##field##_kernel SGAN_SYMBOL(function##__generic);
#include "kernels/generic/rows.def"
#undef SGAN_ROW

enum {
#define SGAN_ROW(field, function) SGAN_GENERIC_HAS_##field,
#include "kernels/generic/rows.def"
#undef SGAN_ROW
};
#define SGAN_KERNEL(field, args) _Static_assert(SGAN_GENERIC_HAS_##field >= 0, "the generic set lacks a row");
#include "kernels/kernels.def"
#undef SGAN_KERNEL

#endif

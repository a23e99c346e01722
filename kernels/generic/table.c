/* The generic set. */
#include "kernels/generic/set.h"

const struct sgan_kernels SGAN_SYMBOL(kernels__generic) = {
	.isa = SGAN_ISA_GENERIC,
#include "kernels/generic/table.def"
};

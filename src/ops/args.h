/* What the public operations ask of their arguments before they touch memory: pointers that are there, sizes
 * that can be addressed. It knows no operation. */
#ifndef SGAN_OPS_ARGS_H
#define SGAN_OPS_ARGS_H

#include <sgan/sgan.h>

#include "kernels/kernels.h"
#include "src/cpu/memory.h"
#include "src/cpu/status.h"

/* Leaves the enclosing function with SGAN_EINVAL where a pointer that it was given is NULL. */
#define SGAN_NEED(what, pointer)                                                                                       \
	do {                                                                                                               \
		if (!(pointer))                                                                                                \
			return sgan_fail(SGAN_EINVAL, "%s: " #pointer " is NULL", what);                                           \
	} while (0)

/* *elements = a b c, as long as so many reals can be addressed. */
static inline sgan_status sgan_elements(const char *what, size_t a, size_t b, size_t c, size_t *elements)
{
	if (!sgan_size_mul3(a, b, c, elements) || *elements > PTRDIFF_MAX / sizeof(real))
		return sgan_fail(SGAN_EINVAL, "%s: %zu x %zu x %zu elements are too many to address", what, a, b, c);
	return SGAN_OK;
}

static inline sgan_status sgan_check_act(const char *what, sgan_act act)
{
	if ((unsigned)act > SGAN_ACT_SIGMOID)
		return sgan_fail(SGAN_EINVAL, "%s: unknown activation %d", what, (int)act);
	return SGAN_OK;
}

/* An activation whose derivative is taken from its result. */
static inline sgan_status sgan_check_act_grad(const char *what, sgan_act act, real slope)
{
	SGAN_TRY(sgan_check_act(what, act));
	if (act == SGAN_ACT_LRELU && !(slope >= 0))
		return sgan_fail(SGAN_EINVAL, "%s: slope is %g, expected at least 0", what, (double)slope);
	return SGAN_OK;
}

/* Parts that a batch is cut into; 0 means 1. */
static inline sgan_status sgan_check_slices(const char *what, size_t slices)
{
	static const size_t most = (size_t)1 << 30;

	if (slices > most)
		return sgan_fail(SGAN_EINVAL, "%s: %zu slices, expected at most %zu", what, slices, most);
	return SGAN_OK;
}

/* Memory that a kernel reads whole cache lines of. */
static inline sgan_status sgan_aligned(const char *what, const char *name, const void *memory)
{
	if ((uintptr_t)memory % SGAN_ALIGN)
		return sgan_fail(SGAN_EINVAL, "%s: %s is at %p, expected a multiple of %d bytes", what, name, memory,
		                 SGAN_ALIGN);
	return SGAN_OK;
}

#endif

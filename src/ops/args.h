/* What the public operations ask of their arguments before they touch memory: pointers that are there, sizes
 * that can be addressed. It knows no operation. */
#ifndef SGAN_OPS_ARGS_H
#define SGAN_OPS_ARGS_H

#include <sgan/sgan.h>

#include "kernels/kernels.h"
#include "src/cpu/memory.h"
#include "src/cpu/status.h"
#include "src/exec/combine.h"
#include "src/exec/ctx.h"

/* Leaves the enclosing function with SGAN_EINVAL where a pointer that it was given is NULL. */
#define SGAN_NEED(what, pointer)                                                                                       \
	do {                                                                                                               \
		if (!(pointer))                                                                                                \
			return sgan_fail(SGAN_EINVAL, "%s: " #pointer " is NULL", what);                                           \
	} while (0)

/* A context whose threads are in this process. */
static inline sgan_status sgan_check_ctx(const char *what, const sgan_ctx *ctx)
{
	SGAN_NEED(what, ctx);
	if (sgan_team_left_behind(ctx->team))
		return sgan_fail(SGAN_EUNSUPPORTED,
		                 "%s: the context's threads are in the process that this one was forked from: make one here", what);
	return SGAN_OK;
}

/* The same of a tensor over the images, which is only touched where the batch's range has some. */
#define SGAN_NEED_IMAGES(what, batch, pointer)                                                                         \
	do {                                                                                                               \
		if (sgan_batch_images(batch).count)                                                                            \
			SGAN_NEED(what, pointer);                                                                                  \
	} while (0)

/* A pointer that a call needs, and its name. */
struct sgan_argument {
	const char *name;
	const void *pointer;
	bool of_images; /* a tensor over the images */
};
#define SGAN_ARGUMENT(pointer) { #pointer, pointer, false }
#define SGAN_IMAGES(pointer) { #pointer, pointer, true }

/* The same for many; `images`: the batch's range has some. */
static inline sgan_status sgan_need_all(const char *what, bool images, size_t count,
                                        const struct sgan_argument *arguments)
{
	for (size_t i = 0; i < count; i++)
		if (!arguments[i].pointer && (images || !arguments[i].of_images))
			return sgan_fail(SGAN_EINVAL, "%s: %s is NULL", what, arguments[i].name);
	return SGAN_OK;
}

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

/* A batch that can be cut: at least one slice, and a range within them. */
static inline sgan_status sgan_check_batch(const char *what, sgan_batch batch)
{
	static const size_t most = (size_t)1 << 30;

	if (batch.slices < 1 || batch.slices > most)
		return sgan_fail(SGAN_EINVAL, "%s: %zu slices, expected 1 to %zu", what, batch.slices, most);
	if (batch.begin > batch.end || batch.end > batch.slices)
		return sgan_fail(SGAN_EINVAL, "%s: slices %zu to %zu of %zu, expected a range within them", what, batch.begin,
		                 batch.end, batch.slices);
	return SGAN_OK;
}

/* The same where sums over the batch are to be made: of a part of it alone, the context must be able to exchange. */
static inline sgan_status sgan_check_summed(const char *what, const sgan_ctx *ctx, sgan_batch batch)
{
	SGAN_TRY(sgan_check_batch(what, batch));
	return sgan_check_exchange(what, ctx, batch.slices, batch.begin, batch.end);
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

/* Where the partial sums of a batch's slices come together, before an operation adds them in their order. */
#ifndef SGAN_EXEC_COMBINE_H
#define SGAN_EXEC_COMBINE_H

#include <sgan/sgan.h>

/* The type of partial sums that are tensors' elements. */
static inline sgan_element sgan_element_of_real(void)
{
	return sizeof(sgan_real) == sizeof(double) ? SGAN_DOUBLE : SGAN_FLOAT;
}

/* Whether sums over the slices begin .. end - 1 can be made whole: they are all slices, or the context has an exchange.
 * SGAN_EINVAL: `what` cannot be done. */
sgan_status sgan_check_exchange(const char *what, const sgan_ctx *ctx, size_t slices, size_t begin, size_t end);

/* Makes partials whole: those of begin .. end - 1 are there, afterwards all are. Where the caller has computed all
 * slices nothing is done, or copied; otherwise the context's exchange brings the others.
 * SGAN_EINVAL: the context has none; or what the exchange returns. */
sgan_status sgan_combine(sgan_ctx *ctx, const sgan_partials *partials);

#endif

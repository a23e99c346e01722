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

/* The same of partials of many elements, some of whose slices are others', in steps. What is begun is done when
 * sgan_combine_finish has returned, and memory must not be touched until then:
 *   sgan_combine_begin    brings the partial sums of the elements that sgan_combine_share tells; the caller adds these
 *   sgan_combine_spread   brings the sums of all others; those of the share are in sums [count]
 * An exchange that does not divide elements brings all to all, at once, and then there is nothing to spread. */
sgan_status sgan_combine_begin(sgan_ctx *ctx, const sgan_partials *partials);
void sgan_combine_share(const sgan_ctx *ctx, size_t all, size_t *first, size_t *count);
sgan_status sgan_combine_spread(sgan_ctx *ctx, sgan_element type, size_t count, void *sums);
sgan_status sgan_combine_finish(sgan_ctx *ctx);

#endif

/* Where the partial sums of a batch's slices come together, before an operation adds them in their order. */
#ifndef SGAN_EXEC_COMBINE_H
#define SGAN_EXEC_COMBINE_H

#include <sgan/sgan.h>

/* Makes partials whole: those of begin .. end - 1 are there, afterwards all are. Where the caller has computed all
 * slices nothing is done, or copied; otherwise the context's exchange brings the others.
 * SGAN_EINVAL: the context has none; or what the exchange returns. */
sgan_status sgan_combine(sgan_ctx *ctx, const sgan_partials *partials);

#endif

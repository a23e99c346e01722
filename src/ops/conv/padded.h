/* Images of X with their padding, in which a kernel row of w.kernel * x_c values is one contiguous run wherever it
 * begins: what algorithms for few channels read. */
#ifndef SGAN_OPS_CONV_PADDED_H
#define SGAN_OPS_CONV_PADDED_H

#include "kernels/kernels.h"
#include "src/ops/conv/lower.h"

/* Elements of a padded row. */
static inline size_t conv_padded_row(const struct conv_base *b)
{
	return conv_padded(&b->w) * b->x_c;
}

static inline bool conv_has_padding(const struct conv_base *b)
{
	return b->h.pad || b->h.pad_after || b->w.pad || b->w.pad_after;
}

/* Copies rows of an image [h.x, w.x, x_c] with their padding: dst is [rows, conv_padded_row], its first row the padded
 * image's row `first`. */
void sgan_conv_copy_padded(const struct conv_base *base, const real *image, size_t first, size_t rows, real *dst);

#endif

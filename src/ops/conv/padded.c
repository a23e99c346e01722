/* See padded.h. */
#include "src/ops/conv/padded.h"

#include <string.h>

void sgan_conv_copy_padded(const struct conv_base *b, const real *image, size_t first, size_t rows, real *dst)
{
	size_t row = conv_padded_row(b), inner = b->w.x * b->x_c;
	size_t before = b->w.pad * b->x_c;

	memset(dst, 0, rows * row * sizeof(real)); /* at once: a row's ends are a few values, and so many calls */
	for (size_t r = first; r < first + rows; r++, dst += row)
		if (r >= b->h.pad && r - b->h.pad < b->h.x)
			memcpy(dst + before, image + (r - b->h.pad) * inner, inner * sizeof(real));
}

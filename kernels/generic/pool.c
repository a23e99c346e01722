/* Max pooling of one image over windows that do not overlap, in portable C. */
#include <math.h>

#include "kernels/generic/set.h"

/* Larger, or the first that is not a number: which nothing after it replaces. */
static bool is_larger(real value, real largest)
{
	return value > largest || (isnan(value) && !isnan(largest));
}

static void pool_window(size_t w, size_t channels, size_t size, const real *src, real *dst, uint8_t *which)
{
	for (size_t c = 0; c < channels; c++) {
		dst[c] = src[c];
		which[c] = 0;
	}
	for (size_t place = 1; place < size * size; place++) {
		const real *from = src + (place / size * w + place % size) * channels;
		for (size_t c = 0; c < channels; c++)
			if (is_larger(from[c], dst[c])) {
				dst[c] = from[c];
				which[c] = (uint8_t)place;
			}
	}
}

void SGAN_SYMBOL(maxpool__generic)(size_t h, size_t w, size_t channels, size_t size, const real *src, real *dst,
                                   uint8_t *which)
{
	for (size_t y = 0; y < h / size; y++)
		for (size_t x = 0; x < w / size; x++) {
			size_t to = (y * (w / size) + x) * channels;
			pool_window(w, channels, size, src + (y * size * w + x * size) * channels, dst + to, which + to);
		}
}

void SGAN_SYMBOL(maxpool_grad__generic)(size_t h, size_t w, size_t channels, size_t size, const real *diff_dst,
                                        const uint8_t *which, real *diff_src)
{
	for (size_t i = 0; i < h * w * channels; i++)
		diff_src[i] = 0;
	for (size_t y = 0; y < h / size; y++)
		for (size_t x = 0; x < w / size; x++) {
			size_t from = (y * (w / size) + x) * channels;
			real *window = diff_src + (y * size * w + x * size) * channels;
			for (size_t c = 0; c < channels; c++) {
				size_t place = which[from + c];
				window[(place / size * w + place % size) * channels + c] = diff_dst[from + c];
			}
		}
}

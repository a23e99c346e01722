/* Max pooling; kernels.def says what. The winner's place is kept as a float beside
 * the largest value, so that one comparison moves both. The gradient is left to the
 * generic kernel. */
#include "kernels/simd/act.h"

/* Channels c .. of one window, whose first pixel is src. */
SIMD_INLINE void pool_vector(size_t w, size_t channels, size_t size, const float *src, size_t c, float *dst,
                             uint8_t *which)
{
	size_t left = channels - c;
	vec largest = vec_load_n(src + c, left), place = vec_zero();

	for (size_t y = 0; y < size; y++)
		for (size_t x = y == 0; x < size; x++) {
			vec value = vec_load_n(src + (y * w + x) * channels + c, left);
			place = vec_if_greater(value, largest, vec_set((float)(y * size + x)), place);
			largest = vec_if_greater(value, largest, value, largest);
		}
	vec_store_n(dst + c, largest, left);
	vec_store_bytes(which + c, place, left);
}

void SGAN_SYMBOL(VEC_ISA(maxpool))(size_t h, size_t w, size_t channels, size_t size, const real *src, real *dst,
                                   uint8_t *which)
{
	for (size_t y = 0; y < h / size; y++)
		for (size_t x = 0; x < w / size; x++) {
			size_t to = (y * (w / size) + x) * channels;
			for (size_t c = 0; c < channels; c += VEC)
				pool_vector(w, channels, size, src + (y * size * w + x * size) * channels, c, dst + to, which + to);
		}
}

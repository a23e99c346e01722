/* Max pooling; kernels.def says what. The winner's place is kept as a float beside
 * the largest value, so that one comparison moves both. The gradient visits each
 * pixel once: a window's pixels get what is theirs or 0, pixels outside windows 0. */
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
			vec_take_larger(value, vec_set((float)(y * size + x)), &largest, &place);
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

SIMD_INLINE void clear(size_t count, float *dst)
{
	for (size_t i = 0; i < count; i += VEC)
		vec_store_n(dst + i, vec_zero(), count - i);
}

/* Channels c .. of one window, whose first pixel is diff_src. */
SIMD_INLINE void pool_grad_vector(size_t w, size_t channels, size_t size, const float *diff_dst, const uint8_t *which,
                                  size_t c, float *diff_src)
{
	size_t left = channels - c;
	vec diff = vec_load_n(diff_dst + c, left), winner = vec_load_bytes(which + c, left);

	for (size_t y = 0; y < size; y++)
		for (size_t x = 0; x < size; x++) {
			vec place = vec_set((float)(y * size + x));
			vec_store_n(diff_src + (y * w + x) * channels + c, vec_if_equal(winner, place, diff, vec_zero()), left);
		}
}

void SGAN_SYMBOL(VEC_ISA(maxpool_grad))(size_t h, size_t w, size_t channels, size_t size, const real *diff_dst,
                                        const uint8_t *which, real *diff_src)
{
	size_t used_h = h / size * size, used_w = w / size * size;

	for (size_t y = 0; y < used_h; y++)
		clear((w - used_w) * channels, diff_src + (y * w + used_w) * channels);
	clear((h - used_h) * w * channels, diff_src + used_h * w * channels);
	for (size_t y = 0; y < h / size; y++)
		for (size_t x = 0; x < w / size; x++) {
			size_t from = (y * (w / size) + x) * channels;
			float *window = diff_src + (y * size * w + x * size) * channels;
			for (size_t c = 0; c < channels; c += VEC)
				pool_grad_vector(w, channels, size, diff_dst + from, which + from, c, window);
		}
}

/* What stands between an image's bytes and h(0), what the networks see of it: h(0) = bytes / divisor - mean. It
 * belongs to a model and is saved with it. What G_0 makes are pixels, bytes / divisor; D_0 and E_0 see them less the
 * mean. */
#ifndef SGAN_SGAN_MODEL_INPUT_H
#define SGAN_SGAN_MODEL_INPUT_H

#include "src/nn/net.h"

struct sgan_input {
	size_t size;  /* values of an image */
	real divisor; /* above 0 */
	real *mean;   /* [height, width, channels] in pixels' units; NULL: nothing is subtracted */
};

/* For images of `size` values: bytes / 255, minus a mean (0 until it is measured or loaded) or not. */
sgan_status sgan_input_create(size_t size, bool subtract_mean, struct sgan_input *input);
void sgan_input_destroy(struct sgan_input *input);

/* Sets the mean, where there is one, to that of these images. images [count, size]. */
sgan_status sgan_input_measure(struct sgan_input *input, size_t count, const uint8_t *images);

/* x [n, size] of bytes [n, size]. */
void sgan_input_of_bytes(const struct sgan_input *input, size_t n, const uint8_t *bytes, real *x);

/* x [n, size] of a generator's pixels [n, size]. */
void sgan_input_of_pixels(sgan_ctx *ctx, const struct sgan_input *input, size_t n, const real *pixels, real *x);

/* A generator's pixels [n, size] as bytes, rounded and limited to 0 .. 255; a NaN is 0. */
void sgan_input_to_bytes(const struct sgan_input *input, size_t n, const real *pixels, uint8_t *bytes);

#endif

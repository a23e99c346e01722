/* Bytes to inputs, pixels to bytes.
 * It must not know where images come from, nor what is trained on them. */
#include "src/sgan/model/input.h"

#include <stdlib.h>
#include <string.h>

#include "src/cpu/memory.h"
#include "src/cpu/status.h"
#include "src/ops/ops.h"

sgan_status sgan_input_create(size_t size, bool subtract_mean, struct sgan_input *input)
{
	*input = (struct sgan_input){ .size = size, .divisor = 255 };
	if (!subtract_mean)
		return SGAN_OK;
	input->mean = sgan_alloc(size, sizeof *input->mean);
	return input->mean != NULL ? SGAN_OK : SGAN_ENOMEM;
}

void sgan_input_destroy(struct sgan_input *input)
{
	sgan_free(input->mean);
	input->mean = NULL;
}

sgan_status sgan_input_measure(struct sgan_input *input, size_t count, const uint8_t *images)
{
	if (input->mean == NULL || count == 0)
		return SGAN_OK;
	uint64_t *sums = calloc(input->size, sizeof *sums);
	if (sums == NULL)
		return sgan_fail(SGAN_ENOMEM, "no memory for the mean image");
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < input->size; k++)
			sums[k] += images[i * input->size + k];
	for (size_t k = 0; k < input->size; k++)
		input->mean[k] = (real)((double)sums[k] / (double)count / (double)input->divisor);
	free(sums);
	return SGAN_OK;
}

static void subtract(const struct sgan_input *input, size_t n, const real *from, real *x)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < input->size; k++)
			x[i * input->size + k] = from[i * input->size + k] - input->mean[k];
}

void sgan_input_of_bytes(const struct sgan_input *input, size_t n, const uint8_t *bytes, real *x)
{
	for (size_t k = 0; k < n * input->size; k++)
		x[k] = (real)bytes[k] / input->divisor;
	if (input->mean != NULL)
		subtract(input, n, x, x);
}

void sgan_input_of_pixels(sgan_ctx *ctx, const struct sgan_input *input, size_t n, const real *pixels, real *x)
{
	if (input->mean != NULL)
		sgan_subtract(ctx, n, input->size, pixels, input->mean, x);
	else
		sgan_copy(ctx, n * input->size, pixels, x);
}

void sgan_input_to_bytes(const struct sgan_input *input, size_t n, const real *pixels, uint8_t *bytes)
{
	for (size_t k = 0; k < n * input->size; k++) {
		const real v = pixels[k] * input->divisor + (real)0.5;
		bytes[k] = v >= 255 ? 255 : v > 0 ? (uint8_t)v : 0;
	}
}

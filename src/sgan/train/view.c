/* Views of images.
 * It must not know which images there are, nor whose step it is. */
#include "src/sgan/train/view.h"

#include <string.h>

#include "src/cpu/status.h"
#include "src/ops/ops.h"
#include "src/sgan/model/streams.h"

bool sgan_views(const struct sgan_preset *preset)
{
	return preset->labels == SGAN_LABELS_ROTATIONS || preset->augmentation.flip || preset->augmentation.shift > 0;
}

/* A whole number from 0 to count - 1, of u in [0, 1). */
static int below(real u, size_t count)
{
	return (int)((double)u * (double)count);
}

sgan_status sgan_view_draw(sgan_ctx *ctx, const struct sgan_preset *preset, uint64_t step, size_t place,
                           struct sgan_view *view)
{
	enum { FLIP, DOWN, RIGHT, TURNS, NUMBERS }; /* of an image: a block of the stream */
	const struct sgan_augmentation *a = &preset->augmentation;
	const int shift = (int)a->shift;
	real u[NUMBERS];
	SGAN_TRY(sgan_random_uniform(ctx, preset->seed, sgan_stream(SGAN_RANDOM_VIEW, SGAN_STAGE_ENCODER, 0), step,
	                             place * NUMBERS, NUMBERS, u));
	view->flip = a->flip && below(u[FLIP], 2) == 1;
	view->turns = preset->labels == SGAN_LABELS_ROTATIONS ? (unsigned)below(u[TURNS], SGAN_ROTATIONS) : 0;
	view->down = below(u[DOWN], 2 * a->shift + 1) - shift;
	view->right = below(u[RIGHT], 2 * a->shift + 1) - shift;
	return SGAN_OK;
}

/* Where the pixel in row y and column x of what is shown lies in an image of h rows and w columns; false: outside. */
static bool find_source(const struct sgan_view *view, int h, int w, int *y, int *x)
{
	*y -= view->down;
	*x -= view->right;
	if (*y < 0 || *y >= h || *x < 0 || *x >= w)
		return false;
	for (unsigned turn = 0; turn < view->turns; turn++) { /* back to the right; h is w */
		const int up = *y;
		*y = *x;
		*x = w - 1 - up;
	}
	if (view->flip)
		*x = w - 1 - *x;
	return true;
}

void sgan_view_show(const struct sgan_preset *preset, const struct sgan_view *view, const uint8_t *image,
                    uint8_t *shown)
{
	const size_t w = preset->width, c = preset->channels;
	for (size_t row = 0; row < preset->height; row++)
		for (size_t column = 0; column < w; column++) {
			int y = (int)row, x = (int)column;
			uint8_t *pixel = shown + (row * w + column) * c;
			if (find_source(view, (int)preset->height, (int)w, &y, &x))
				memcpy(pixel, image + ((size_t)y * w + (size_t)x) * c, c);
			else
				memset(pixel, 0, c);
		}
}

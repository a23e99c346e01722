/* How the encoder's stage shows a training image: mirrored, turned, moved. Knows pixels alone, as bytes; not what is
 * learned. */
#ifndef SGAN_SGAN_TRAIN_VIEW_H
#define SGAN_SGAN_TRAIN_VIEW_H

#include "src/sgan/preset/preset.h"

struct sgan_view {
	bool flip;       /* left to right, first of all: what is turned then is a whole image, which has an upper side */
	unsigned turns;  /* quarter turns to the left; of square images, 0 of others */
	int down, right; /* pixels that it is moved by then, below 0: up, left */
};

/* Whether a preset has its images shown in other ways than as they are. */
bool sgan_views(const struct sgan_preset *preset);

/* Draws how image number `place` of the batch of a step is shown: a function of seed, step and place. */
sgan_status sgan_view_draw(sgan_ctx *ctx, const struct sgan_preset *preset, uint64_t step, size_t place,
                           struct sgan_view *view);

/* shown [height, width, channels] of an image of that shape; it is 0 where no pixel has come to. */
void sgan_view_show(const struct sgan_preset *preset, const struct sgan_view *view, const uint8_t *image,
                    uint8_t *shown);

#endif

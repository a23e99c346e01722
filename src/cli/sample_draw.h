/* Drawing the images of sgan-cpu sample and writing them as they come. */
#ifndef SGAN_CLI_SAMPLE_DRAW_H
#define SGAN_CLI_SAMPLE_DRAW_H

#include "src/data/dataset.h"
#include "src/sgan/sample/variation.h"

struct cli_drawing {
	const struct sgan_preset *preset;
	const char *model; /* the file */
	const struct sgan_variation *variation;
	const struct sgan_dataset *data; /* whose training images' nearest are wanted; NULL: none are */
	const char *out;                 /* the file to be written, a picture or arrays */
	bool png;
	bool quiet;
	size_t columns; /* samples of a picture's row */
};

/* Draws the variation's images, a batch at a time, into the file: all of it or nothing. Arrays have them as they are
 * numbered, a picture sorted by class where it can be (sgan_variation_shown). With data, a picture has beside
 * each sample its nearest training images, and a table of them is printed; an .npz has their numbers and distances.
 * Tells on stderr how far it is, unless quiet. SGAN_EINTERRUPTED: cli_stop was set. */
sgan_status cli_draw(sgan_ctx *ctx, const struct cli_drawing *drawing);

#endif

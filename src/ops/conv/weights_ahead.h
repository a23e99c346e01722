/* What a worker will read next, asked for while it sums what it has: with each step of a walk the kernel asks for one
 * cache line more. It must not know why those values come next. */
#ifndef SGAN_OPS_CONV_WEIGHTS_AHEAD_H
#define SGAN_OPS_CONV_WEIGHTS_AHEAD_H

#include "kernels/kernels.h"

/* Pixels in memory, of which some channels are wanted: a cache line of each pixel, then the next line of each. */
struct conv_ahead_pixels {
	const real *first;
	size_t pitch, pixels, lines; /* where all channels are wanted, a "pixel" is a cache line */
	size_t line, pixel;          /* the next to ask for */
};

/* In the order in which they are asked for. */
enum conv_ahead_tensor { CONV_AHEAD_X, CONV_AHEAD_Y, CONV_AHEAD_NONE };

struct conv_weights_ahead {
	struct conv_ahead_pixels of[CONV_AHEAD_NONE];
	enum conv_ahead_tensor current; /* CONV_AHEAD_NONE: nothing is left to ask for */
};

/* `pixels` pixels of `channels` values, of which `count` from `begin` on are wanted. */
struct conv_ahead_pixels sgan_weights_ahead(const real *first, size_t pixels, size_t channels, size_t begin,
                                            size_t count);

/* Lets a walk of `steps` steps ask for the next lines; `anywhere` is an address where there are none left. */
void sgan_weights_ask(struct conv_weights_ahead *ahead, size_t steps, const real *anywhere, struct sgan_walk *walk);

#endif

/* How a tap walks over a group's pixels: where they begin in X and in Y, and the three loops over them. It must not
 * know what is done with a pixel. */
#ifndef SGAN_OPS_CONV_WEIGHTS_WALK_H
#define SGAN_OPS_CONV_WEIGHTS_WALK_H

#include "src/ops/conv/weights_pixels.h"

struct conv_weights_tap {
	struct sgan_walk walk; /* of one range, whose end is `cols` below: it points there, so that this is never copied */
	size_t cols;           /* steps of the innermost loop; 0: the tap links none of the group's pixels */
	size_t x, y;           /* elements from the first pixel of each to the first that the tap takes */
};

/* The walk of tap `index` over a group whose pixels are x and y. */
void sgan_weights_walk(const struct conv_problem *problem, const struct conv_weights_group *group,
                       const struct conv_pixels *x, const struct conv_pixels *y, size_t index,
                       struct conv_weights_tap *tap);

#endif

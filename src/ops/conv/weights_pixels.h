/* The pixels of a group, brought to where a tile's loads are neighbours: as they lie in the tensors, with a power of
 * two of channels between them, they would fight for a few cache sets, and each would be on another page. It must not
 * know how they are summed. */
#ifndef SGAN_OPS_CONV_WEIGHTS_PIXELS_H
#define SGAN_OPS_CONV_WEIGHTS_PIXELS_H

#include "src/ops/conv/algorithm.h"

/* Some whole images, or a band of one image's rows of Y. */
struct conv_weights_group {
	size_t image, images;
	size_t row, rows;
};

/* Pixels in memory: the first, and the distances between neighbours. */
struct conv_pixels {
	const real *first;
	size_t image, row, pixel;
	size_t first_row; /* which row of the tensor `first` is in; of X in kernel rows, of the padded tensor */
	size_t copy;      /* from a tile's or panel's copy to the next; 0: not copied, channels lie as in the tensor */
	bool interleaved; /* the images' pixels of one position lie side by side */
};

/* Elements of the copies that a worker has room for: of X [tile][pixel][x_pitch], or padded images where a kernel row
 * is one tap; of Y [panel][pixel][nr]. 0 where none are made. */
size_t sgan_weights_x_copy(const struct conv_problem *problem);
size_t sgan_weights_y_copy(const struct conv_problem *problem);

/* A group's pixels of X and of Y, of a chunk's channels, copied to `copy` where the cut says so. */
struct conv_pixels sgan_weights_x(const struct conv_call *call, const struct conv_weights_chunk *chunk,
                                  const struct conv_weights_group *group, real *copy);
struct conv_pixels sgan_weights_y(const struct conv_call *call, const struct conv_weights_chunk *chunk,
                                  const struct conv_weights_group *group, real *copy);

/* Rows of X that a group reaches: all of whole images, some of a band's. */
struct axis_range sgan_weights_x_rows(const struct conv_base *base, const struct conv_weights_group *group);

#endif

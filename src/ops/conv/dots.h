/* The part of dots.c that tests look at: which source values it asks for ahead of their use. */
#ifndef SGAN_OPS_CONV_DOTS_H
#define SGAN_OPS_CONV_DOTS_H

#include "src/ops/conv/lower.h"

/* Stretches of source values: `count` of them, each of `length` values, the first at `first` from the source of a
 * tile's first row, the next by `step` further on each. */
struct conv_ahead {
	ptrdiff_t first, step;
	size_t count, length;
};

/* What the tiles after this one will be the first to read, for a tile of m results whose sources are ld_src apart:
 * rows side by side are followed by the source's next row of as many pixels; rows that are further apart (a column, or
 * a pixel of several images), by the next pixel of each. */
struct conv_ahead sgan_conv_dots_ahead(const struct conv_base *base, ptrdiff_t ld_src, size_t m);

#endif

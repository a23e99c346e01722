/* Geometry of Winograd's minimal filtering (Winograd 1980; Lavin and Gray, CVPR 2016): how a convolution becomes
 * products of tiles at points, over which windows. It knows no cuts.
 *
 * Along an axis, m neighbouring results of a filter of r taps follow from the alpha = m + r - 1 values of their window,
 * by alpha products instead of m r: the window's values and the taps are each mapped to alpha points, multiplied there
 * (over channels, one matrix product for each pair of points), and mapped back. kernels.def has the maps.
 *
 * A stride is taken apart into phases, which are convolutions of stride 1: in a gather the source's pixels by their
 * remainder, whose products are summed at the points, as more channels would be; in a scatter the destination's,
 * which are more channels of the result. A phase with fewer taps than r has zeros for the others. */
#ifndef SGAN_OPS_CONV_WINOGRAD_H
#define SGAN_OPS_CONV_WINOGRAD_H

#include "kernels/kernels.h"
#include "src/cpu/memory.h"
#include "src/ops/conv/lower.h"

enum { WINOGRAD_TAPS_MOST = 5 }; /* of a phase, along an axis: more than layers have that are worth it */

/* How the results of an image are tiled. */
struct winograd_tiling {
	size_t alpha, m, r;      /* points of an axis, results of a tile, taps of the longest phase */
	size_t tiles_h, tiles_w; /* of an image; of each phase of a scatter's destination */
};

/* Whether it can be done, and is meant to: along both axes undilated, of stride 1 or 2 and of as many taps in the longest
 * phase, 2 to 5; some channels on both sides; no phase without a tap or a position. */
bool sgan_winograd_fits(const struct conv_base *base);

/* Points of the smallest tiles for a layer that fits; the most are SGAN_WINOGRAD_MOST. */
size_t sgan_winograd_least_points(const struct conv_base *base);

/* operation: CONV_SCATTER, or else what is tiled is Y. */
struct winograd_tiling sgan_winograd_tiling(const struct conv_base *base, enum conv_operation operation, size_t alpha);

/* Whether all phases of a scatter's destination have the same windows. */
bool sgan_winograd_shares_windows(const struct conv_base *base);

static inline size_t winograd_tiles(const struct winograd_tiling *t)
{
	return t->tiles_h * t->tiles_w;
}

static inline size_t winograd_points(const struct winograd_tiling *t)
{
	return t->alpha * t->alpha;
}

/* --- a tile ----------------------------------------------------------------------- */

/* Phases of both axes: of the source in a gather, of the destination in a scatter, numbered row by row. */
struct winograd_phase {
	size_t h, w;
};

static inline struct winograd_phase winograd_phase(const struct conv_base *base, size_t index)
{
	return (struct winograd_phase){ index / base->w.stride, index % base->w.stride };
}

/* Where a tile is: y and x are its first result's, in its phase. */
struct winograd_place {
	size_t image, y, x;
};

/* The tile number `tile` of the images from `first_image` on. */
struct winograd_place sgan_winograd_place(const struct winograd_tiling *t, size_t first_image, size_t tile);

/* A tile's window, for a gather's or scatter's source. *first: where its first pixel is, or would be, in elements. */
struct sgan_window sgan_winograd_window(const struct winograd_tiling *t, const struct conv_base *base, bool scatter,
                                        struct winograd_phase phase, const struct winograd_place *at, ptrdiff_t *first);

/* The tap at place `place` < r of a phase's filter along an axis; false: it has fewer, there is a zero. */
bool sgan_winograd_tap(const struct axis *a, bool scatter, size_t r, size_t phase, size_t place, size_t *tap);

/* Elements from a pair of points to the next, for `rows` rows of `width`. In steps of whole pages, or of a power of
 * two of lines, they would share a few sets of a cache. */
static inline size_t winograd_plane(size_t rows, size_t width)
{
	size_t line = SGAN_ALIGN / sizeof(real), lines = ceil_div(rows * width, line);

	return (lines | 1) * line;
}

#endif

/* Geometry of Winograd's minimal filtering (Winograd 1980; Lavin and Gray, CVPR 2016): how a convolution becomes
 * products of tiles at points, over which windows. It knows no cuts.
 *
 * Along an axis, m neighbouring results of a filter of r taps follow from the alpha = m + r - 1 values of their window,
 * by alpha products instead of m r: the window's values and the taps are each mapped to alpha points, multiplied there
 * (over channels, one matrix product for each pair of points), and mapped back. kernels.def has the maps.
 *
 * A stride is taken apart into phases, which are convolutions of stride 1: in a gather the source's pixels by their
 * remainder, whose products are summed; in a scatter the destination's. Phases may differ in their taps: a kernel of 3
 * at stride 2 has 2 in one and 1 in the other. Each then has as many points as it takes, and none but the values where
 * it has a single tap. Or all count as having the most (`even`), with zeros for taps that are not there: then a
 * gather's products can be summed at the points, as more channels would be, and a scatter's are more columns of one
 * product, where all phases have the same windows. */
#ifndef SGAN_OPS_CONV_WINOGRAD_H
#define SGAN_OPS_CONV_WINOGRAD_H

#include "kernels/kernels.h"
#include "src/cpu/memory.h"
#include "src/ops/conv/lower.h"

enum {
	WINOGRAD_TAPS_MOST = 5,
	WINOGRAD_PHASES_MOST = SGAN_WINOGRAD_ADDENDS
}; /* of a phase, along an axis; phases of both axes */

/* How the results of an image are tiled. */
struct winograd_tiling {
	size_t m;                /* results of a tile along an axis */
	bool even;               /* all phases have as many taps as the longest */
	size_t tiles_h, tiles_w; /* of an image; of each phase of a scatter's destination */
};

/* A phase of both axes, of the destination in a scatter and otherwise of the source, and the taps of its filter. */
struct winograd_filter {
	size_t phase_h, phase_w;
	size_t taps_h, taps_w;
};

/* Whether it can be done, and is meant to: along both axes undilated, of stride 1 or 2 and of as many taps in the
 * longest phase, 2 to 5; some channels on both sides; no phase without a tap or a position. */
bool sgan_winograd_fits(const struct conv_base *base);

/* Whether phases differ in their taps: a gather's and the weight gradient's, or a scatter's, which come to the same. */
bool sgan_winograd_phases_differ(const struct conv_base *base);

/* Whether tiles of m results can be had for a layer that fits: every phase of more than one tap has SGAN_WINOGRAD_LEAST
 * to SGAN_WINOGRAD_MOST points. Where all phases are as long, they are even. operation: CONV_SCATTER, or else what is
 * tiled is Y. */
bool sgan_winograd_tiles_fit(const struct conv_base *base, enum conv_operation operation, size_t m, bool even);
struct winograd_tiling sgan_winograd_tiling(const struct conv_base *base, enum conv_operation operation, size_t m,
                                            bool even);

/* The phase number `index`, row by row, below sgan_winograd_phases. */
size_t sgan_winograd_phases(const struct conv_base *base);
struct winograd_filter sgan_winograd_filter(const struct conv_base *base, bool scatter, bool even, size_t index);

/* Whether all phases of a scatter's destination have the same windows, if they are even. */
bool sgan_winograd_shares_windows(const struct conv_base *base);

static inline size_t winograd_tiles(const struct winograd_tiling *t)
{
	return t->tiles_h * t->tiles_w;
}

/* Points on an axis of m results and `taps` taps, where the results or the source are mapped, and where the taps
 * are: of a single tap the same for all results. */
static inline struct sgan_points winograd_result_points(size_t m, size_t taps)
{
	return (struct sgan_points){ m + taps - 1, m };
}

static inline struct sgan_points winograd_tap_points(size_t m, size_t taps)
{
	return (struct sgan_points){ taps == 1 ? 1 : m + taps - 1, taps };
}

/* The same on both axes, with all rows of points. */
static inline struct sgan_filtering winograd_results(const struct winograd_tiling *t, const struct winograd_filter *f)
{
	struct sgan_points h = winograd_result_points(t->m, f->taps_h), w = winograd_result_points(t->m, f->taps_w);

	return (struct sgan_filtering){ h, w, 0, h.points };
}

static inline struct sgan_filtering winograd_taps(const struct winograd_tiling *t, const struct winograd_filter *f)
{
	struct sgan_points h = winograd_tap_points(t->m, f->taps_h), w = winograd_tap_points(t->m, f->taps_w);

	return (struct sgan_filtering){ h, w, 0, h.points };
}

/* Pairs of points in all rows that are made. */
static inline size_t winograd_planes(const struct sgan_filtering *f)
{
	return (f->end - f->begin) * f->w.points;
}

/* --- a tile ----------------------------------------------------------------------- */

/* Where a tile is: y and x are its first result's, in its phase. */
struct winograd_place {
	size_t image, y, x;
};

/* The tile number `tile` of the images from `first_image` on. */
struct winograd_place sgan_winograd_place(const struct winograd_tiling *t, size_t first_image, size_t tile);

/* What windows are of: a gather's or scatter's source. */
struct winograd_windows {
	const struct winograd_tiling *tiling;
	const struct conv_base *base;
	bool scatter;
	const struct winograd_filter *filter;
};

/* The window of tile number `tile` of the images from `first_image` on. *first: where its first pixel is, or would
 * be, in elements. */
struct sgan_window sgan_winograd_window(const struct winograd_windows *windows, size_t first_image, size_t tile,
                                        ptrdiff_t *first);

/* The tap at place `place` < taps of a phase's filter along an axis; false: it has fewer, there is a zero. */
bool sgan_winograd_tap(const struct axis *a, bool scatter, size_t taps, size_t phase, size_t place, size_t *tap);

/* Elements from a pair of points to the next, for `rows` rows of `width`. In steps of whole pages, or of a power of
 * two of lines, they would share a few sets of a cache. */
static inline size_t winograd_plane(size_t rows, size_t width)
{
	size_t line = SGAN_ALIGN / sizeof(real), lines = ceil_div(rows * width, line);

	return (lines | 1) * line;
}

#endif

/* The arithmetic of one axis of a convolution: which taps reach which positions. Pure functions of a few numbers,
 * with the rounding and even cutting that go with them; they know no tensor, channel or batch.
 *
 * An axis links positions of X, the large side, with positions of Y, the small one: tap t links x and y where
 *
 *   x = y * stride + t * dilation - pad
 *
 * and x and y are inside their sides. Gather makes Y's positions from X's, scatter X's from Y's. */
#ifndef SGAN_OPS_AXIS_H
#define SGAN_OPS_AXIS_H

#include <stdbool.h>
#include <stddef.h>

struct axis {
	size_t x, y;             /* positions of X and of Y */
	size_t kernel;           /* taps */
	size_t stride, dilation; /* of X's positions, between neighbours in Y and between taps; at least 1 */
	size_t pad, pad_after;   /* positions that lie before X's first and behind its last */
};

/* begin .. end - 1; nothing: both 0. */
struct axis_range {
	size_t begin, end;
};

/* Which terms of start, start + step, start + 2 step, ..., `count` of them, are in 0 .. extent - 1; step is not 0.
 * All ranges below are made of this. */
struct axis_range sgan_axis_inside(ptrdiff_t start, ptrdiff_t step, size_t count, size_t extent);

/* --- destinations and their taps ------------------------------------------------ */

/* Destinations first, first + step, ... and the taps that link them with a source, inside or not: of the i-th
 * destination and the j-th tap (tap, tap + tap_step, ...) the source is source + i * per_destination + j * per_tap. In
 * a gather, all destinations are of one phase; in a scatter, those with the same remainder by the stride are. */
struct axis_phase {
	size_t first, step, count;
	size_t tap, tap_step, taps;
	ptrdiff_t source, per_destination, per_tap;
	size_t extent; /* of the source side */
};

size_t sgan_axis_phases(const struct axis *a, bool scatter);
struct axis_phase sgan_axis_phase(const struct axis *a, bool scatter, size_t index);

/* Source of the i-th destination's first tap. */
static inline ptrdiff_t axis_source(const struct axis_phase *p, size_t i)
{
	return p->source + (ptrdiff_t)i * p->per_destination;
}

/* The phase's taps that link its i-th destination with a source inside. */
struct axis_range sgan_axis_taps_inside(const struct axis_phase *p, size_t i);

/* Destinations i, i + 1, ..., before `end`, that have the same taps inside as i. */
size_t sgan_axis_same_taps(const struct axis_phase *p, size_t i, size_t end);

/* The taps inside of one destination: tap, tap + tap_step, ...; and their sources, which follow by source_step. */
struct axis_taps {
	size_t count, tap, tap_step;
	ptrdiff_t source, source_step;
};

struct axis_taps sgan_axis_taps(const struct axis *a, bool scatter, size_t destination);

/* --- a tap and its destinations ------------------------------------------------- */

/* X's position that a tap links with Y's, counted from the padding's first: at least 0. */
static inline size_t axis_padded_x(const struct axis *a, size_t y, size_t tap)
{
	return y * a->stride + tap * a->dilation;
}

/* Positions of X, padding included, that `count` neighbours of Y reach; count is at least 1. */
static inline size_t axis_reach(const struct axis *a, size_t count)
{
	return axis_padded_x(a, count - 1, a->kernel - 1) + 1;
}

/* Y's positions of begin .. end - 1 that the tap links with one inside X. */
struct axis_range sgan_axis_destinations(const struct axis *a, size_t tap, size_t begin, size_t end);

/* The part of X, without padding, from the first to the last position that Y's begin .. end - 1 reach. */
struct axis_range sgan_axis_reached(const struct axis *a, size_t begin, size_t end);

/* --- rounding and cutting ------------------------------------------------------- */

static inline size_t least_of(size_t a, size_t b)
{
	return a < b ? a : b;
}

static inline size_t ceil_div(size_t a, size_t b)
{
	return a / b + (a % b != 0);
}

/* The least multiple that is no less than count. */
static inline size_t round_up(size_t count, size_t multiple)
{
	return ceil_div(count, multiple) * multiple;
}

/* First item of share `share` when `count` items are cut into `shares` as evenly as can be. */
static inline size_t share_begin(size_t count, size_t shares, size_t share)
{
	return count / shares * share + least_of(share, count % shares);
}

#endif

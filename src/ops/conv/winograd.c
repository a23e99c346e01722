/* See winograd.h. */
#include "src/ops/conv/winograd.h"

/* Of a phase: of kernels of 2 to 5 at stride 1 and 3 to 10 at stride 2. Fewer channels have algorithms of their own, or
 * little to multiply for what is mapped. */
enum { LEAST_TAPS = 2, MOST_STRIDE = 2, LEAST_CHANNELS = 8 };

static size_t most_taps(const struct axis *a)
{
	return ceil_div(a->kernel, a->stride);
}

static bool axis_fits(const struct axis *a)
{
	return a->dilation == 1 && a->stride <= MOST_STRIDE && a->kernel >= a->stride && a->x >= a->stride &&
	       most_taps(a) >= LEAST_TAPS && most_taps(a) <= WINOGRAD_TAPS_MOST;
}

bool sgan_winograd_fits(const struct conv_base *b)
{
	return axis_fits(&b->h) && axis_fits(&b->w) && most_taps(&b->h) == most_taps(&b->w) && b->x_c >= LEAST_CHANNELS &&
	       b->y_c >= LEAST_CHANNELS;
}

/* --- phases ----------------------------------------------------------------------- */

static size_t taps_of(const struct axis *a, bool scatter, bool even, size_t phase)
{
	if (even)
		return most_taps(a);
	return scatter ? sgan_axis_phase(a, true, phase).taps : ceil_div(a->kernel - phase, a->stride);
}

size_t sgan_winograd_phases(const struct conv_base *b)
{
	return b->h.stride * b->w.stride;
}

struct winograd_filter sgan_winograd_filter(const struct conv_base *b, bool scatter, bool even, size_t index)
{
	size_t h = index / b->w.stride, w = index % b->w.stride;

	return (struct winograd_filter){ h, w, taps_of(&b->h, scatter, even, h), taps_of(&b->w, scatter, even, w) };
}

static bool points_fit(size_t m, size_t taps)
{
	size_t points = winograd_result_points(m, taps).points;

	return points <= SGAN_WINOGRAD_MOST && (taps == 1 ? points < SGAN_WINOGRAD_MOST : points >= SGAN_WINOGRAD_LEAST);
}

bool sgan_winograd_phases_differ(const struct conv_base *b)
{
	return b->h.kernel % b->h.stride || b->w.kernel % b->w.stride;
}

bool sgan_winograd_tiles_fit(const struct conv_base *b, enum conv_operation operation, size_t m, bool even)
{
	if (m < 2 || (!even && !sgan_winograd_phases_differ(b)))
		return false;
	for (size_t i = 0; i < sgan_winograd_phases(b); i++) {
		struct winograd_filter f = sgan_winograd_filter(b, operation == CONV_SCATTER, even, i);
		if (!points_fit(m, f.taps_h) || !points_fit(m, f.taps_w))
			return false;
	}
	return true;
}

/* --- tiles ------------------------------------------------------------------------ */

/* Results of the longest phase. */
static size_t most_results(const struct axis *a, bool scatter)
{
	return scatter ? ceil_div(a->x, a->stride) : a->y;
}

struct winograd_tiling sgan_winograd_tiling(const struct conv_base *b, enum conv_operation operation, size_t m,
                                            bool even)
{
	bool scatter = operation == CONV_SCATTER;

	return (struct winograd_tiling){
		.m = m,
		.even = even,
		.tiles_h = ceil_div(most_results(&b->h, scatter), m),
		.tiles_w = ceil_div(most_results(&b->w, scatter), m),
	};
}

static bool shares_windows(const struct axis *a)
{
	for (size_t i = 1; i < a->stride; i++)
		if (sgan_axis_phase(a, true, i).source != sgan_axis_phase(a, true, 0).source)
			return false;
	return true;
}

bool sgan_winograd_shares_windows(const struct conv_base *b)
{
	return shares_windows(&b->h) && shares_windows(&b->w);
}

/* --- a tile ----------------------------------------------------------------------- */

struct winograd_place sgan_winograd_place(const struct winograd_tiling *t, size_t first_image, size_t tile)
{
	size_t in_image = tile % winograd_tiles(t);

	return (struct winograd_place){
		.image = first_image + tile / winograd_tiles(t),
		.y = in_image / t->tiles_w * t->m,
		.x = in_image % t->tiles_w * t->m,
	};
}

/* A window on an axis: its first position in the source, which may lie outside, the distance to the next, and which of
 * them are inside. */
struct span {
	ptrdiff_t first, step;
	struct axis_range inside;
};

/* Of the tile that begins with result `index` of its phase. */
static struct span span_of(const struct winograd_tiling *t, const struct axis *a, bool scatter, size_t phase,
                           size_t taps, size_t index)
{
	struct span s = { .step = 1 };

	if (scatter) {
		s.first = sgan_axis_phase(a, true, phase).source + (ptrdiff_t)index - (ptrdiff_t)(taps - 1);
	} else {
		s.step = (ptrdiff_t)a->stride;
		s.first = s.step * (ptrdiff_t)index + (ptrdiff_t)phase - (ptrdiff_t)a->pad;
	}
	s.inside = sgan_axis_inside(s.first, s.step, winograd_result_points(t->m, taps).points, scatter ? a->y : a->x);
	return s;
}

struct sgan_window sgan_winograd_window(const struct winograd_windows *windows, size_t first_image, size_t tile,
                                        ptrdiff_t *first)
{
	const struct winograd_tiling *t = windows->tiling;
	const struct conv_base *b = windows->base;
	const struct winograd_filter *f = windows->filter;
	bool scatter = windows->scatter;
	const struct winograd_place at = sgan_winograd_place(t, first_image, tile);
	struct conv_view v = conv_view_of(b, scatter ? CONV_SCATTER : CONV_GATHER);
	struct span h = span_of(t, &b->h, scatter, f->phase_h, f->taps_h, at.y);
	struct span w = span_of(t, &b->w, scatter, f->phase_w, f->taps_w, at.x);
	ptrdiff_t row = (ptrdiff_t)(v.src_w * v.src_c), col = (ptrdiff_t)v.src_c;

	*first = ((ptrdiff_t)(at.image * v.src_h) + h.first) * row + w.first * col;
	return (struct sgan_window){
		.row = h.step * row,
		.col = w.step * col,
		.row_begin = h.inside.begin,
		.row_end = h.inside.end,
		.col_begin = w.inside.begin,
		.col_end = w.inside.end,
	};
}

bool sgan_winograd_tap(const struct axis *a, bool scatter, size_t taps, size_t phase, size_t place, size_t *tap)
{
	struct axis_phase p;

	if (!scatter) {
		*tap = phase + place * a->stride;
		return *tap < a->kernel;
	}
	p = sgan_axis_phase(a, true, phase);
	*tap = p.tap + (taps - 1 - place) * p.tap_step;
	return taps - 1 - place < p.taps;
}

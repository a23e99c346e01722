/* The arithmetic of one axis against the sentence that defines it, x = y * stride + t * dilation - pad, tried for every
 * x, y and t of all small geometries. */
#include <criterion/criterion.h>

#include "src/ops/axis.h"

enum { MOST_POSITIONS = 6, MOST_KERNEL = 4, MOST_STRIDE = 4, MOST_DILATION = 4, MOST_PAD = 5 };

/* Whether the tap links x with y; both may be outside. */
static bool links(const struct axis *a, ptrdiff_t x, ptrdiff_t y, size_t tap)
{
	return x == y * (ptrdiff_t)a->stride + (ptrdiff_t)(tap * a->dilation) - (ptrdiff_t)a->pad;
}

/* The source that a tap links a destination with, in *source; false if none inside. */
static bool find_source(const struct axis *a, bool scatter, size_t destination, size_t tap, size_t *source)
{
	for (*source = 0; *source < (scatter ? a->y : a->x); ++*source)
		if (scatter ? links(a, (ptrdiff_t)destination, (ptrdiff_t)*source, tap)
		            : links(a, (ptrdiff_t)*source, (ptrdiff_t)destination, tap))
			return true;
	return false;
}

#define EXPECT(condition)                                                                                              \
	cr_assert(condition, "%s: x %zu, y %zu, kernel %zu, stride %zu, dilation %zu, pad %zu", #condition, a->x, a->y,    \
	          a->kernel, a->stride, a->dilation, a->pad)

/* The listed taps of a destination are those that have a source inside, from the first on. */
static void check_taps(const struct axis *a, bool scatter, size_t destination)
{
	struct axis_taps taps = sgan_axis_taps(a, scatter, destination);
	size_t found = 0, source;

	for (size_t tap = 0; tap < a->kernel; tap++) {
		if (!find_source(a, scatter, destination, tap, &source))
			continue;
		EXPECT(found < taps.count);
		EXPECT(taps.tap + found * taps.tap_step == tap);
		EXPECT(taps.source + (ptrdiff_t)found * taps.source_step == (ptrdiff_t)source);
		found++;
	}
	EXPECT(found == taps.count);
}

static bool same_inside(const struct axis_phase *p, size_t i, size_t j)
{
	struct axis_range a = sgan_axis_taps_inside(p, i), b = sgan_axis_taps_inside(p, j);

	return a.begin == b.begin && a.end == b.end;
}

/* A phase's taps and sources, inside or not; and that a tap which no phase lists links nothing. */
static void check_phase(const struct axis *a, bool scatter, const struct axis_phase *p)
{
	for (size_t i = 0; i < p->count; i++) {
		ptrdiff_t destination = (ptrdiff_t)(p->first + i * p->step);
		size_t same = sgan_axis_same_taps(p, i, p->count);
		for (size_t j = 0; j < p->taps; j++) {
			ptrdiff_t source = axis_source(p, i) + (ptrdiff_t)j * p->per_tap;
			size_t tap = p->tap + j * p->tap_step;
			EXPECT(tap < a->kernel);
			EXPECT(scatter ? links(a, destination, source, tap) : links(a, source, destination, tap));
		}
		for (size_t j = i; j < i + same; j++)
			EXPECT(same_inside(p, i, j));
		EXPECT(i + same <= p->count);
		EXPECT(i + same == p->count || !same_inside(p, i, i + same));
		EXPECT(sgan_axis_same_taps(p, i, i + 1) == 1);
	}
}

/* Phases hold each destination once. */
static void check_phases(const struct axis *a, bool scatter)
{
	size_t count[MOST_POSITIONS] = { 0 };

	for (size_t index = 0; index < sgan_axis_phases(a, scatter); index++) {
		struct axis_phase p = sgan_axis_phase(a, scatter, index);
		EXPECT(p.extent == (scatter ? a->y : a->x));
		EXPECT(p.count > 0);
		check_phase(a, scatter, &p);
		for (size_t i = 0; i < p.count; i++) {
			EXPECT(p.first + i * p.step < (scatter ? a->x : a->y));
			count[p.first + i * p.step]++;
		}
	}
	for (size_t i = 0; i < (scatter ? a->x : a->y); i++)
		EXPECT(count[i] == 1);
}

static void check_destinations(const struct axis *a, size_t begin, size_t end)
{
	for (size_t tap = 0; tap < a->kernel; tap++) {
		struct axis_range r = sgan_axis_destinations(a, tap, begin, end);
		EXPECT(r.begin <= r.end && r.end <= end);
		for (size_t y = 0; y < a->y; y++) {
			size_t x;
			bool expected = y >= begin && y < end && find_source(a, false, y, tap, &x);
			EXPECT((y >= r.begin && y < r.end) == expected);
			EXPECT(!expected || axis_padded_x(a, y, tap) - a->pad == x);
		}
	}
}

/* All of X between the first and the last position that any tap reaches, padding included, is reached. */
static void check_reached(const struct axis *a, size_t begin, size_t end)
{
	struct axis_range r = sgan_axis_reached(a, begin, end);
	size_t last = 0;

	for (size_t y = begin; y < end; y++)
		for (size_t tap = 0; tap < a->kernel; tap++) {
			size_t x = axis_padded_x(a, y, tap);
			last = x > last ? x : last;
			if (x >= a->pad && x - a->pad < a->x)
				EXPECT(x - a->pad >= r.begin && x - a->pad < r.end);
		}
	EXPECT(r.begin <= r.end && r.end <= a->x);
	EXPECT(r.begin == r.end || r.begin + a->pad >= begin * a->stride);
	EXPECT(r.begin == r.end || r.end - 1 + a->pad <= last);
	EXPECT(axis_reach(a, end - begin) == last + 1 - begin * a->stride);
}

static void check_axis(const struct axis *a)
{
	for (int scatter = 0; scatter < 2; scatter++) {
		check_phases(a, scatter);
		for (size_t i = 0; i < (scatter ? a->x : a->y); i++)
			check_taps(a, scatter, i);
	}
	for (size_t begin = 0; begin < a->y; begin++)
		for (size_t end = begin + 1; end <= a->y; end++) {
			check_destinations(a, begin, end);
			check_reached(a, begin, end);
		}
}

static void check_kernels(struct axis a)
{
	for (a.kernel = 1; a.kernel <= MOST_KERNEL; a.kernel++)
		for (a.stride = 1; a.stride <= MOST_STRIDE; a.stride++)
			for (a.dilation = 1; a.dilation <= MOST_DILATION; a.dilation++)
				for (a.pad = 0; a.pad <= MOST_PAD; a.pad++)
					check_axis(&a);
}

Test(axis, all_small_geometries)
{
	for (size_t x = 1; x <= MOST_POSITIONS; x++)
		for (size_t y = 1; y <= MOST_POSITIONS; y++)
			check_kernels((struct axis){ .x = x, .y = y });
}

Test(axis, terms_inside)
{
	enum { MOST = 7 };

	for (ptrdiff_t start = -MOST; start <= MOST; start++)
		for (ptrdiff_t step = -3; step <= 3; step++)
			for (size_t count = 0; count <= MOST && step; count++)
				for (size_t extent = 0; extent <= MOST; extent++) {
					struct axis_range r = sgan_axis_inside(start, step, count, extent);
					for (size_t i = 0; i < count; i++) {
						ptrdiff_t term = start + (ptrdiff_t)i * step;
						cr_assert_eq(i >= r.begin && i < r.end, term >= 0 && term < (ptrdiff_t)extent,
						             "%td, step %td, %zu of them: term %zu in 0 to %zu", start, step, count, i, extent);
					}
					cr_assert(r.begin <= r.end && r.end <= count);
				}
}

Test(axis, rounding_and_parts)
{
	for (size_t count = 0; count <= 40; count++)
		for (size_t shares = 1; shares <= 12; shares++) {
			size_t up = round_up(count, shares);
			cr_assert(up >= count && up < count + shares && up % shares == 0);
			cr_assert_eq(ceil_div(count, shares) * shares, up);
			cr_assert_eq(least_of(count, shares), count < shares ? count : shares);
			cr_assert_eq(share_begin(count, shares, 0), 0);
			cr_assert_eq(share_begin(count, shares, shares), count);
			for (size_t share = 0; share < shares; share++) {
				size_t size = share_begin(count, shares, share + 1) - share_begin(count, shares, share);
				cr_assert(size == count / shares || size == count / shares + 1);
			}
		}
}

/* See axis.h. Positions may be outside, before the first: they are signed here. */
#include "src/ops/axis.h"

/* The least k, at least 0, for which start + k step >= least; step is above 0. */
static size_t steps_to(ptrdiff_t start, ptrdiff_t step, ptrdiff_t least)
{
	return start >= least ? 0 : ceil_div((size_t)(least - start), (size_t)step);
}

struct axis_range sgan_axis_inside(ptrdiff_t start, ptrdiff_t step, size_t count, size_t extent)
{
	ptrdiff_t last = (ptrdiff_t)extent - 1;
	struct axis_range r;

	if (step < 0) { /* mirrored, the terms grow */
		start = last - start;
		step = -step;
	}
	r.begin = steps_to(start, step, 0);
	r.end = least_of(steps_to(start, step, last + 1), count);
	return r.begin < r.end ? r : (struct axis_range){ 0, 0 };
}

static size_t common_divisor(size_t a, size_t b)
{
	while (b) {
		size_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

/* The first tap, below `kernel`, for which tap * dilation leaves `rest` by the stride; kernel if none does. */
static size_t first_tap(const struct axis *a, size_t rest)
{
	size_t tap = 0;

	if (a->dilation == 1)
		return least_of(rest, a->kernel);
	while (tap < a->kernel && tap * a->dilation % a->stride != rest)
		tap++;
	return tap;
}

size_t sgan_axis_phases(const struct axis *a, bool scatter)
{
	return scatter ? least_of(a->stride, a->x) : 1;
}

static struct axis_phase scatter_phase(const struct axis *a, size_t index)
{
	size_t tap = first_tap(a, (index + a->pad) % a->stride);
	size_t common = common_divisor(a->stride, a->dilation), tap_step = a->stride / common;
	ptrdiff_t padded_source = (ptrdiff_t)(index + a->pad) - (ptrdiff_t)(tap * a->dilation);

	return (struct axis_phase){
		.first = index,
		.step = a->stride,
		.count = ceil_div(a->x - index, a->stride),
		.tap = tap,
		.tap_step = tap_step,
		.taps = ceil_div(a->kernel - tap, tap_step),
		.source = padded_source / (ptrdiff_t)a->stride,
		.per_destination = 1,
		.per_tap = -(ptrdiff_t)(a->dilation / common),
		.extent = a->y,
	};
}

struct axis_phase sgan_axis_phase(const struct axis *a, bool scatter, size_t index)
{
	if (scatter)
		return scatter_phase(a, index);
	return (struct axis_phase){
		.step = 1,
		.count = a->y,
		.tap_step = 1,
		.taps = a->kernel,
		.source = -(ptrdiff_t)a->pad,
		.per_destination = (ptrdiff_t)a->stride,
		.per_tap = (ptrdiff_t)a->dilation,
		.extent = a->x,
	};
}

struct axis_range sgan_axis_taps_inside(const struct axis_phase *p, size_t i)
{
	return sgan_axis_inside(axis_source(p, i), p->per_tap, p->taps, p->extent);
}

size_t sgan_axis_same_taps(const struct axis_phase *p, size_t i, size_t end)
{
	struct axis_range own = sgan_axis_taps_inside(p, i);
	size_t next = i + 1;

	for (; next < end; next++) {
		struct axis_range r = sgan_axis_taps_inside(p, next);
		if (r.begin != own.begin || r.end != own.end)
			break;
	}
	return next - i;
}

struct axis_taps sgan_axis_taps(const struct axis *a, bool scatter, size_t destination)
{
	struct axis_phase p = sgan_axis_phase(a, scatter, scatter ? destination % a->stride : 0);
	size_t i = (destination - p.first) / p.step;
	struct axis_range inside = sgan_axis_taps_inside(&p, i);

	return (struct axis_taps){
		.count = inside.end - inside.begin,
		.tap = p.tap + inside.begin * p.tap_step,
		.tap_step = p.tap_step,
		.source = axis_source(&p, i) + (ptrdiff_t)inside.begin * p.per_tap,
		.source_step = p.per_tap,
	};
}

struct axis_range sgan_axis_destinations(const struct axis *a, size_t tap, size_t begin, size_t end)
{
	ptrdiff_t start = (ptrdiff_t)axis_padded_x(a, begin, tap) - (ptrdiff_t)a->pad;
	struct axis_range r = sgan_axis_inside(start, (ptrdiff_t)a->stride, end - begin, a->x);

	if (r.begin == r.end)
		return r;
	return (struct axis_range){ begin + r.begin, begin + r.end };
}

struct axis_range sgan_axis_reached(const struct axis *a, size_t begin, size_t end)
{
	size_t first = begin * a->stride, last = first + axis_reach(a, end - begin);
	struct axis_range r = { first > a->pad ? first - a->pad : 0, last > a->pad ? least_of(last - a->pad, a->x) : 0 };

	return r.begin < r.end ? r : (struct axis_range){ 0, 0 };
}

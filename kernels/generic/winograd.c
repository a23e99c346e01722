/* The maps of Winograd's minimal filtering in portable C: a matrix on each axis, one value at a time; the oracle of
 * every other set. */
#include "kernels/generic/act.h"
#include "kernels/generic/set.h"
#include "kernels/winograd_tables.h"

#include <string.h>

enum { MOST = SGAN_WINOGRAD_MOST };

typedef real matrix[MOST][MOST];

static bool inside(const struct sgan_window *w, size_t y, size_t x)
{
	return y >= w->row_begin && y < w->row_end && x >= w->col_begin && x < w->col_end;
}

/* Powers of point i. */
static real power(const struct sgan_points *p, size_t i, size_t exponent)
{
	if (p->points == p->size)
		return exponent == i;
	if (i == 0)
		return exponent == 0;
	if (i < sgan_single_points(p->points))
		return exponent == p->size - 1;
	return winograd_power[p->points - SGAN_WINOGRAD_LEAST][i - sgan_single_points(p->points)][exponent];
}

/* What the columns of an axis's matrix are for: [points][points] of input, [points][size] of powers. */
static size_t input_map(const struct sgan_points *p, matrix map)
{
	for (size_t i = 0; i < p->points; i++)
		for (size_t y = 0; y < p->points; y++)
			map[i][y] = p->points == p->size ? i == y : winograd_input_map[p->points - SGAN_WINOGRAD_LEAST][i][y];
	return p->points;
}

static size_t power_map(const struct sgan_points *p, matrix map)
{
	for (size_t i = 0; i < p->points; i++)
		for (size_t y = 0; y < p->size; y++)
			map[i][y] = power(p, i, y);
	return p->size;
}

/* Window to planes. */
static void to_planes(const struct sgan_filtering *f, size_t (*make)(const struct sgan_points *, matrix),
                      const struct sgan_window *window, size_t n, const real *src, real *dst, size_t plane)
{
	matrix map_h, map_w;
	size_t rows = make(&f->h, map_h), cols = make(&f->w, map_w);

	for (size_t c = 0; c < n; c++)
		for (size_t i = f->begin; i < f->end; i++) {
			real half[MOST];
			for (size_t x = 0; x < cols; x++) {
				half[x] = 0;
				for (size_t y = 0; y < rows; y++)
					if (inside(window, y, x))
						half[x] +=
							map_h[i][y] * src[(ptrdiff_t)y * window->row + (ptrdiff_t)x * window->col + (ptrdiff_t)c];
			}
			for (size_t j = 0; j < f->w.points; j++) {
				real sum = 0;
				for (size_t x = 0; x < cols; x++)
					sum += map_w[j][x] * half[x];
				dst[((i - f->begin) * f->w.points + j) * plane + c] = sum;
			}
		}
}

void SGAN_SYMBOL(winograd_input__generic)(const struct sgan_filtering *f, const struct sgan_window *window, size_t n,
                                          const real *src, real *dst, size_t plane)
{
	to_planes(f, input_map, window, n, src, dst, plane);
}

void SGAN_SYMBOL(winograd_evaluate__generic)(const struct sgan_filtering *f, const struct sgan_window *window, size_t n,
                                             const real *src, real *dst, size_t plane)
{
	to_planes(f, power_map, window, n, src, dst, plane);
}

/* Adds an addend's moments of one value to sums [h.size][w.size]. */
static void add_moments(const struct sgan_filtering *f, const real *src, size_t plane, matrix sums)
{
	for (size_t i = f->begin; i < f->end; i++)
		for (size_t x = 0; x < f->w.size; x++) {
			real half = 0;
			for (size_t j = 0; j < f->w.points; j++)
				half += power(&f->w, j, x) * src[((i - f->begin) * f->w.points + j) * plane];
			for (size_t y = 0; y < f->h.size; y++)
				sums[y][x] += power(&f->h, i, y) * half;
		}
}

static void store(real value, real *dst, real bias, const struct sgan_epilogue *e)
{
	if (e->accumulate)
		value += *dst;
	*dst = act_value(value + bias, e->act, e->slope);
}

void SGAN_SYMBOL(winograd_moments__generic)(size_t addends, const struct sgan_filtering *f,
                                            const struct sgan_window *window, size_t n, const real *src, size_t plane,
                                            real *dst, const struct sgan_epilogue *e)
{
	for (size_t c = 0; c < n; c++) {
		matrix sums;
		const real *addend_src = src + c;
		memset(sums, 0, sizeof sums);
		for (size_t addend = 0; addend < addends; addend++) {
			add_moments(&f[addend], addend_src, plane, sums);
			addend_src += (f[addend].end - f[addend].begin) * f[addend].w.points * plane;
		}
		for (size_t y = 0; y < f->h.size; y++)
			for (size_t x = 0; x < f->w.size; x++)
				if (inside(window, y, x))
					store(sums[y][x], dst + (ptrdiff_t)y * window->row + (ptrdiff_t)x * window->col + (ptrdiff_t)c,
					      e->bias ? e->bias[c] : 0, e);
	}
}

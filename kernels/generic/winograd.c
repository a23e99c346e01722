/* The maps of Winograd's minimal filtering in portable C: a matrix on each axis, one value at a time; the oracle of
 * every other set. */
#include "kernels/generic/act.h"
#include "kernels/generic/set.h"
#include "kernels/winograd_tables.h"

enum { MOST = SGAN_WINOGRAD_MOST };

typedef real square[MOST][MOST];

static bool inside(const struct sgan_window *w, size_t y, size_t x)
{
	return y >= w->row_begin && y < w->row_end && x >= w->col_begin && x < w->col_end;
}

/* to = map from map^T, with map [rows, cols] and from [cols, cols]. */
static void map_square(size_t rows, size_t cols, const square map, const square from, square to)
{
	square half;

	for (size_t i = 0; i < rows; i++)
		for (size_t x = 0; x < cols; x++) {
			half[i][x] = 0;
			for (size_t y = 0; y < cols; y++)
				half[i][x] += map[i][y] * from[y][x];
		}
	for (size_t i = 0; i < rows; i++)
		for (size_t j = 0; j < rows; j++) {
			to[i][j] = 0;
			for (size_t x = 0; x < cols; x++)
				to[i][j] += half[i][x] * map[j][x];
		}
}

static void input_map(size_t alpha, square map)
{
	for (size_t i = 0; i < alpha; i++)
		for (size_t j = 0; j < alpha; j++)
			map[i][j] = (real)winograd_input_map[alpha - SGAN_WINOGRAD_LEAST][i][j];
}

/* Powers of point i, infinity being the last where alpha is even. */
static real power(size_t alpha, size_t size, size_t i, size_t exponent)
{
	if (alpha % 2 == 0 && i == alpha - 1)
		return exponent == size - 1;
	return (real)winograd_power[i][exponent];
}

/* Window to planes. */
static void to_planes(size_t alpha, size_t size, const square map, const struct sgan_window *w, size_t n,
                      const real *src, real *dst, size_t plane)
{
	for (size_t c = 0; c < n; c++) {
		square from, to;
		for (size_t y = 0; y < size; y++)
			for (size_t x = 0; x < size; x++)
				from[y][x] = inside(w, y, x) ? src[(ptrdiff_t)y * w->row + (ptrdiff_t)x * w->col + (ptrdiff_t)c] : 0;
		map_square(alpha, size, map, from, to);
		for (size_t i = 0; i < alpha; i++)
			for (size_t j = 0; j < alpha; j++)
				dst[(i * alpha + j) * plane + c] = to[i][j];
	}
}

void SGAN_SYMBOL(winograd_input__generic)(size_t alpha, const struct sgan_window *window, size_t n, const real *src,
                                          real *dst, size_t plane)
{
	square map;

	input_map(alpha, map);
	to_planes(alpha, alpha, map, window, n, src, dst, plane);
}

void SGAN_SYMBOL(winograd_evaluate__generic)(size_t alpha, size_t size, const struct sgan_window *window, size_t n,
                                             const real *src, real *dst, size_t plane)
{
	square map;

	for (size_t i = 0; i < alpha; i++)
		for (size_t y = 0; y < size; y++)
			map[i][y] = power(alpha, size, i, y);
	to_planes(alpha, size, map, window, n, src, dst, plane);
}

static void store(real value, real *dst, real bias, const struct sgan_epilogue *e)
{
	if (e->accumulate)
		value += *dst;
	*dst = act_value(value + bias, e->act, e->slope);
}

void SGAN_SYMBOL(winograd_moments__generic)(size_t alpha, size_t size, const struct sgan_window *window, size_t n,
                                            const real *src, size_t plane, real *dst, const struct sgan_epilogue *e)
{
	square map;

	for (size_t y = 0; y < size; y++)
		for (size_t i = 0; i < alpha; i++)
			map[y][i] = power(alpha, size, i, y);
	for (size_t c = 0; c < n; c++) {
		square from, to;
		for (size_t i = 0; i < alpha; i++)
			for (size_t j = 0; j < alpha; j++)
				from[i][j] = src[(i * alpha + j) * plane + c];
		map_square(size, alpha, map, from, to);
		for (size_t y = 0; y < size; y++)
			for (size_t x = 0; x < size; x++)
				if (inside(window, y, x))
					store(to[y][x], dst + (ptrdiff_t)y * window->row + (ptrdiff_t)x * window->col + (ptrdiff_t)c,
					      e->bias ? e->bias[c] : 0, e);
	}
}

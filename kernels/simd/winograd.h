/* The maps of Winograd's minimal filtering; kernels.def says what they compute. On a window's rows of vectors, one
 * after the other, they are sums with factors from tables, but for a square's results; on its columns, the row's
 * vectors, they are written out for each number of points and values. Points but 0 and infinity come in pairs p and
 * -p: what belongs to even powers is the same for both, what belongs to odd ones has the other sign, so that two
 * points cost little more than one. */
#include "kernels/simd/act.h"
#include "kernels/winograd_tables.h"

#define WINOGRAD_UNROLL _Pragma("GCC unroll 8")

enum { WINOGRAD_MOST = SGAN_WINOGRAD_MOST, WINOGRAD_ADDENDS = SGAN_WINOGRAD_ADDENDS };

enum winograd_map { WINOGRAD_INPUT, WINOGRAD_EVALUATE };

SIMD_INLINE size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

SIMD_INLINE bool winograd_plain(struct sgan_points p)
{
	return p.points == p.size;
}

/* Rows or columns of points 0 and infinity; all that are but values. */
SIMD_INLINE size_t winograd_singles(struct sgan_points p)
{
	return winograd_plain(p) ? p.points : sgan_single_points(p.points);
}

/* The powers of point i; an axis that is not filtered has a 1 for value i. */
SIMD_INLINE const float *winograd_powers(struct sgan_points p, size_t i)
{
	static const float unit[WINOGRAD_MOST - 1][WINOGRAD_MOST] = {
		{ 1 },
		{ 0, 1 },
		{ 0, 0, 1 },
		{ 0, 0, 0, 1 },
		{ 0, 0, 0, 0, 1 },
		{ 0, 0, 0, 0, 0, 1 },
		{ 0, 0, 0, 0, 0, 0, 1 },
	};

	if (winograd_plain(p))
		return unit[i];
	if (i >= sgan_single_points(p.points))
		return winograd_power[p.points - SGAN_WINOGRAD_LEAST][i - sgan_single_points(p.points)];
	return unit[i == 0 ? 0 : p.size - 1];
}

/* Factors of a window's rows in point i. */
SIMD_INLINE const float *winograd_factors(enum winograd_map map, struct sgan_points p, size_t i)
{
	if (map == WINOGRAD_EVALUATE || winograd_plain(p))
		return winograd_powers(p, i);
	return winograd_input_map[p.points - SGAN_WINOGRAD_LEAST][i];
}

/* --- on columns: all but the vectors are constants after inlining ---------------- */

/* sum + factor * x, or factor * x where nothing has been summed yet; a factor of 1 costs what it should. */
SIMD_INLINE vec winograd_add(vec sum, bool first, float factor, vec x)
{
	if (first)
		return factor == 1 ? x : vec_mul(vec_set(factor), x);
	if (factor == 1)
		return vec_add(sum, x);
	return factor == -1 ? vec_sub(sum, x) : vec_fma(vec_set(factor), x, sum);
}

/* sum of factor[j] * in[j] over j = begin, begin + 2, ... < end */
SIMD_INLINE vec winograd_sum(const float *factor, size_t begin, size_t end, const vec *in)
{
	vec sum = vec_zero();
	bool first = true;

	WINOGRAD_UNROLL for (size_t j = begin; j < end; j += 2)
		if (factor[j] != 0) {
			sum = winograd_add(sum, first, factor[j], in[j]);
			first = false;
		}
	return sum;
}

SIMD_INLINE void winograd_pair(vec even, vec odd, vec *out)
{
	out[0] = vec_add(even, odd);
	out[1] = vec_sub(even, odd);
}

/* a, b becomes a + b, a - b. */
SIMD_INLINE void winograd_butterfly(vec *a, vec *b)
{
	vec sum = vec_add(*a, *b);

	*b = vec_sub(*a, *b);
	*a = sum;
}

SIMD_INLINE void winograd_input_axis(size_t points, const vec *in, vec *out)
{
	const float(*map)[8] = winograd_input_map[points - SGAN_WINOGRAD_LEAST];
	size_t singles = sgan_single_points(points);

	out[0] = winograd_sum(map[0], 0, points, in);
	if (singles > 1)
		out[1] = winograd_sum(map[1], 1, points, in);
	WINOGRAD_UNROLL for (size_t i = singles; i < points; i += 2)
		winograd_pair(winograd_sum(map[i], 0, points, in), winograd_sum(map[i], 1, points, in), out + i);
}

SIMD_INLINE void winograd_evaluate_axis(size_t points, size_t size, const vec *in, vec *out)
{
	size_t singles = sgan_single_points(points);

	out[0] = in[0];
	if (singles > 1)
		out[1] = in[size - 1];
	WINOGRAD_UNROLL for (size_t i = singles; i < points; i += 2)
	{
		const float *powers = winograd_power[points - SGAN_WINOGRAD_LEAST][i - singles];
		winograd_pair(winograd_sum(powers, 0, size, in), winograd_sum(powers, 1, size, in), out + i);
	}
}

/* `values` of them, of an axis p: not filtered, mapped as input or evaluated. */
SIMD_INLINE void winograd_to_axis(enum winograd_map map, struct sgan_points p, const vec *in, vec *out)
{
	if (winograd_plain(p))
		WINOGRAD_UNROLL for (size_t i = 0; i < p.points; i++)
			out[i] = in[i];
	else if (map == WINOGRAD_INPUT)
		winograd_input_axis(p.points, in, out);
	else
		winograd_evaluate_axis(p.points, p.size, in, out);
}

SIMD_INLINE void winograd_moments_axis(struct sgan_points p, const vec *in, vec *out)
{
	const float(*power)[7];
	vec even[WINOGRAD_MOST / 2], odd[WINOGRAD_MOST / 2];
	size_t singles = sgan_single_points(p.points);

	if (winograd_plain(p)) {
		WINOGRAD_UNROLL for (size_t i = 0; i < p.points; i++)
			out[i] = in[i];
		return;
	}
	power = winograd_power[p.points - SGAN_WINOGRAD_LEAST];
	WINOGRAD_UNROLL for (size_t i = singles; i < p.points; i += 2)
	{
		even[i / 2] = vec_add(in[i], in[i + 1]);
		odd[i / 2] = vec_sub(in[i], in[i + 1]);
	}
	WINOGRAD_UNROLL for (size_t x = 0; x < p.size; x++)
	{
		vec sum = vec_zero();
		WINOGRAD_UNROLL for (size_t i = singles; i < p.points; i += 2)
			sum = winograd_add(sum, i == singles, power[i - singles][x], x % 2 ? odd[i / 2] : even[i / 2]);
		if (x == 0)
			sum = vec_add(sum, in[0]);
		if (x == p.size - 1 && singles > 1)
			sum = vec_add(sum, in[1]);
		out[x] = sum;
	}
}

/* --- window to planes ------------------------------------------------------------ */

/* Where a window's values come from. */
struct winograd_source {
	const struct sgan_window *window;
	const float *src;
	bool whole; /* all columns are inside */
	size_t left;
};

/* Two rows of points are made at a time: those of 0 and infinity, of p and -p, or of two values; 0 may be alone. */
struct winograd_rows {
	const float *factors[2]; /* of the window's rows */
	bool two, pair;          /* a pair's are those of p: even rows and odd ones are summed apart */
};

SIMD_INLINE struct winograd_rows winograd_rows(enum winograd_map map, struct sgan_points p, size_t i, size_t end)
{
	struct winograd_rows r = { .pair = i >= winograd_singles(p) };

	r.two = i + 1 < (r.pair ? end : least(end, winograd_singles(p)));
	r.factors[0] = winograd_factors(map, p, i);
	r.factors[1] = r.pair || !r.two ? r.factors[0] : winograd_factors(map, p, i + 1);
	return r;
}

/* The window's rows, summed: r's first row of points and its second, or a pair's even and odd parts. */
SIMD_INLINE void winograd_sum_rows(size_t width, const struct winograd_source *s, const struct winograd_rows *r,
                                   vec *first, vec *second)
{
	const struct sgan_window *w = s->window;

	WINOGRAD_UNROLL for (size_t x = 0; x < width; x++)
		first[x] = second[x] = vec_zero();
	for (size_t y = w->row_begin; y < w->row_end; y++) {
		const float *row = s->src + (ptrdiff_t)y * w->row;
		vec f = vec_set(r->factors[0][y]), g = vec_set(r->factors[1][y]);
		if (r->factors[0][y] != 0 && !(r->pair && y % 2))
			WINOGRAD_UNROLL for (size_t x = 0; x < width; x++)
				if (s->whole || (x >= w->col_begin && x < w->col_end))
					first[x] = vec_fma(f, vec_load_n(row + (ptrdiff_t)x * w->col, s->left), first[x]);
		if (r->factors[1][y] != 0 && r->two && !(r->pair && y % 2 == 0))
			WINOGRAD_UNROLL for (size_t x = 0; x < width; x++)
				if (s->whole || (x >= w->col_begin && x < w->col_end))
					second[x] = vec_fma(g, vec_load_n(row + (ptrdiff_t)x * w->col, s->left), second[x]);
	}
}

/* A row of points: its columns are mapped and stored. */
SIMD_INLINE void winograd_store_row(enum winograd_map map, struct sgan_points w, size_t left, const vec *row,
                                    float *dst, size_t plane)
{
	vec out[WINOGRAD_MOST];

	winograd_to_axis(map, w, row, out);
	WINOGRAD_UNROLL for (size_t j = 0; j < w.points; j++)
		vec_store_n(dst + j * plane, out[j], left);
}

/* One vector of channels. w: constants. */
SIMD_INLINE void winograd_to_planes(enum winograd_map map, struct sgan_points w, const struct sgan_filtering *f,
                                    const struct winograd_source *s, float *dst, size_t plane)
{
	size_t width = map == WINOGRAD_INPUT ? w.points : w.size, row = w.points * plane;
	vec first[WINOGRAD_MOST], second[WINOGRAD_MOST];

	for (size_t i = f->begin; i < f->end;) {
		const struct winograd_rows r = winograd_rows(map, f->h, i, f->end);
		winograd_sum_rows(width, s, &r, first, second);
		if (r.pair)
			WINOGRAD_UNROLL for (size_t x = 0; x < width; x++)
				winograd_butterfly(&first[x], &second[x]);
		winograd_store_row(map, w, s->left, first, dst, plane);
		if (r.two)
			winograd_store_row(map, w, s->left, second, dst + row, plane);
		i += r.two ? 2 : 1;
		dst += r.two ? 2 * row : row;
	}
}

SIMD_INLINE void winograd_window_to_planes(enum winograd_map map, struct sgan_points w, const struct sgan_filtering *f,
                                           const struct sgan_window *window, size_t n, const float *src, float *dst,
                                           size_t plane)
{
	size_t width = map == WINOGRAD_INPUT ? w.points : w.size, c = 0;

	if (window->col_begin == 0 && window->col_end == width)
		for (; c + VEC <= n; c += VEC)
			winograd_to_planes(map, w, f, &(struct winograd_source){ window, src + c, true, VEC }, dst + c, plane);
	for (; c + VEC <= n; c += VEC)
		winograd_to_planes(map, w, f, &(struct winograd_source){ window, src + c, false, VEC }, dst + c, plane);
	if (c < n)
		winograd_to_planes(map, w, f, &(struct winograd_source){ window, src + c, false, n - c }, dst + c, plane);
}

/* --- planes to window ------------------------------------------------------------ */

/* What is done to a pixel before it is written. */
struct winograd_finish {
	vec bias, slope;
	bool bypass; /* all pixels lie on vectors, and may go past the caches */
};

SIMD_INLINE void winograd_store(float *dst, vec x, size_t left, const struct sgan_epilogue *e,
                                const struct winograd_finish *f)
{
	if (e->accumulate)
		x = vec_add(vec_load_n(dst, left), x);
	x = vec_add(x, f->bias);
	if (e->act == SGAN_ACT_RELU)
		x = vec_relu(x);
	else if (e->act == SGAN_ACT_LRELU)
		x = vec_leak(x, x, f->slope);
	if (f->bypass && left == VEC)
		vec_stream(dst, x);
	else
		vec_store_n(dst, x, left);
}

/* Rows of an addend's points whose columns have been mapped back, one after the other; of a pair the sum and the
 * difference. Of all addends. */
typedef vec winograd_half[WINOGRAD_ADDENDS * WINOGRAD_MOST][WINOGRAD_MOST];

/* One addend's, the first of them being half[0]. w: constants. Single rows first, so that the loop over pairs, in which
 * most of the time is spent, runs straight on. */
SIMD_INLINE void winograd_columns(struct sgan_points w, const struct sgan_filtering *f, size_t left, const float *src,
                                  size_t plane, vec (*half)[WINOGRAD_MOST])
{
	size_t row = w.points * plane, i = f->begin;
	vec first[WINOGRAD_MOST], second[WINOGRAD_MOST];

	for (size_t singles = least(f->end, winograd_singles(f->h)); i < singles; i++) {
		WINOGRAD_UNROLL for (size_t j = 0; j < w.points; j++)
			first[j] = vec_load_n(src + j * plane, left);
		winograd_moments_axis(w, first, *half++);
		src += row;
	}
	for (; i < f->end; i += 2) {
		WINOGRAD_UNROLL for (size_t j = 0; j < w.points; j++)
		{
			first[j] = vec_load_n(src + j * plane, left);
			second[j] = vec_load_n(src + row + j * plane, left);
			winograd_butterfly(&first[j], &second[j]);
		}
		winograd_moments_axis(w, first, *half++);
		winograd_moments_axis(w, second, *half++);
		src += 2 * row;
	}
}

/* What a row y of the result is the sum of: rows half[row[y % 2]] of the terms, times factor[y]. */
struct winograd_terms {
	size_t count;
	struct winograd_term {
		const float *factor;
		size_t row[2];
	} term[WINOGRAD_ADDENDS * WINOGRAD_MOST];
};

SIMD_INLINE struct winograd_terms winograd_terms(size_t addends, const struct sgan_filtering *f)
{
	struct winograd_terms t;
	size_t rows = 0;

	t.count = 0;
	for (size_t addend = 0; addend < addends; addend++)
		for (size_t i = f[addend].begin, step; i < f[addend].end; i += step) {
			step = i < winograd_singles(f[addend].h) ? 1 : 2;
			t.term[t.count++] = (struct winograd_term){ winograd_powers(f[addend].h, i), { rows, rows + step - 1 } };
			rows += step;
		}
	return t;
}

/* A row of the result, its last step. */
SIMD_INLINE void winograd_store_results(size_t size, const vec *out, const struct sgan_window *w, size_t left,
                                        float *row, const struct sgan_epilogue *e, const struct winograd_finish *finish)
{
	WINOGRAD_UNROLL for (size_t x = 0; x < size; x++)
		if (x >= w->col_begin && x < w->col_end)
			winograd_store(row + (ptrdiff_t)x * w->col, out[x], left, e, finish);
}

/* sum[x] += a term of row y */
SIMD_INLINE void winograd_add_term(size_t size, const struct winograd_term *t, size_t y, vec (*half)[WINOGRAD_MOST],
                                   vec *sum)
{
	const vec factor = vec_set(t->factor[y]), *row = half[t->row[y % 2]];

	WINOGRAD_UNROLL for (size_t x = 0; x < size; x++)
		sum[x] = vec_fma(factor, row[x], sum[x]);
}

/* Rows of the result, written. Terms times 0 are not left out: branches would be mispredicted. Every other term is summed
 * apart: a sum is otherwise waited for. */
SIMD_INLINE void winograd_write(size_t size, const struct winograd_terms *t, vec (*half)[WINOGRAD_MOST],
                                const struct sgan_window *w, size_t left, float *dst, const struct sgan_epilogue *e,
                                const struct winograd_finish *finish)
{
	for (size_t y = w->row_begin; y < w->row_end; y++) {
		vec out[WINOGRAD_MOST], more[WINOGRAD_MOST];
		size_t k = 0;
		WINOGRAD_UNROLL for (size_t x = 0; x < size; x++)
			out[x] = more[x] = vec_zero();
		for (; k + 1 < t->count; k += 2) {
			winograd_add_term(size, &t->term[k], y, half, out);
			winograd_add_term(size, &t->term[k + 1], y, half, more);
		}
		if (k < t->count)
			winograd_add_term(size, &t->term[k], y, half, out);
		WINOGRAD_UNROLL for (size_t x = 0; x < size; x++)
			out[x] = vec_add(out[x], more[x]);
		winograd_store_results(size, out, w, left, dst + (ptrdiff_t)y * w->row, e, finish);
	}
}

/* The same of one addend with all its rows of points, as many as on the columns: p is a constant, and so are all
 * factors. */
SIMD_INLINE void winograd_write_square(struct sgan_points p, vec (*half)[WINOGRAD_MOST], const struct sgan_window *w,
                                       size_t left, float *dst, const struct sgan_epilogue *e,
                                       const struct winograd_finish *finish)
{
	const float(*power)[7] = winograd_power[p.points - SGAN_WINOGRAD_LEAST];
	size_t singles = sgan_single_points(p.points);

	WINOGRAD_UNROLL for (size_t y = 0; y < p.size; y++)
	{
		vec out[WINOGRAD_MOST];
		if (y < w->row_begin || y >= w->row_end)
			continue;
		WINOGRAD_UNROLL for (size_t x = 0; x < p.size; x++)
		{
			out[x] = vec_zero();
			WINOGRAD_UNROLL for (size_t i = singles; i < p.points; i += 2)
				out[x] = winograd_add(out[x], i == singles, power[i - singles][y], half[i + y % 2][x]);
			if (y == 0)
				out[x] = vec_add(out[x], half[0][x]);
			if (y == p.size - 1 && singles > 1)
				out[x] = vec_add(out[x], half[1][x]);
		}
		winograd_store_results(p.size, out, w, left, dst + (ptrdiff_t)y * w->row, e, finish);
	}
}

/* --- one function for each number of points and values ---------------------------- */

#define WINOGRAD_EACH_POINTS(f) f(4) f(5) f(6) f(7) f(8)
#define WINOGRAD_EACH_SIZE(f)                                                                                          \
	f(4, 2) f(4, 3) f(5, 2) f(5, 3) f(5, 4) f(6, 2) f(6, 3) f(6, 4) f(6, 5) f(7, 2) f(7, 3) f(7, 4) f(7, 5) f(7, 6)    \
		f(8, 2) f(8, 3) f(8, 4) f(8, 5) f(8, 6) f(8, 7)
#define WINOGRAD_EACH_PLAIN(f) f(1, 1) f(2, 2) f(3, 3) f(4, 4) f(5, 5) f(6, 6) f(7, 7)

#define WINOGRAD_TO(name, map, points, size)                                                                           \
	static void name(const struct sgan_filtering *f, const struct sgan_window *window, size_t n, const float *src,     \
	                 float *dst, size_t plane)                                                                         \
	{                                                                                                                  \
		winograd_window_to_planes(map, (struct sgan_points){ points, size }, f, window, n, src, dst, plane);           \
	}
#define WINOGRAD_INPUT_FUNCTION(points) WINOGRAD_TO(winograd_input_##points, WINOGRAD_INPUT, points, 0)
#define WINOGRAD_INPUT_PLAIN(points, size) WINOGRAD_TO(winograd_input_plain_##points, WINOGRAD_INPUT, points, size)
#define WINOGRAD_EVALUATE_FUNCTION(points, size)                                                                       \
	WINOGRAD_TO(winograd_evaluate_##points##_##size, WINOGRAD_EVALUATE, points, size)
#define WINOGRAD_COLUMNS_FUNCTION(points, size)                                                                        \
	static __attribute__((noinline)) void winograd_last_columns_##points##_##size(                                     \
		const struct sgan_filtering *f, size_t left, const float *src, size_t plane, vec(*half)[WINOGRAD_MOST])        \
	{                                                                                                                  \
		winograd_columns((struct sgan_points){ points, size }, f, left, src, plane, half);                             \
	}                                                                                                                  \
	static void winograd_columns_##points##_##size(const struct sgan_filtering *f, size_t left, const float *src,      \
	                                               size_t plane, vec(*half)[WINOGRAD_MOST])                            \
	{                                                                                                                  \
		if (left >= VEC)                                                                                               \
			winograd_columns((struct sgan_points){ points, size }, f, VEC, src, plane, half);                          \
		else                                                                                                           \
			winograd_last_columns_##points##_##size(f, left, src, plane, half);                                        \
	}
#define WINOGRAD_WRITE_FUNCTION(points, size)                                                                          \
	static void winograd_write_##size(const struct winograd_terms *t, vec(*half)[WINOGRAD_MOST],                       \
	                                  const struct sgan_window *w, size_t left, float *dst,                            \
	                                  const struct sgan_epilogue *e, const struct winograd_finish *finish)             \
	{                                                                                                                  \
		winograd_write(size, t, half, w, left, dst, e, finish);                                                        \
	}
#define WINOGRAD_SQUARE_FUNCTION(points, size)                                                                         \
	static void winograd_write_square_##points##_##size(vec(*half)[WINOGRAD_MOST], const struct sgan_window *w,        \
	                                                    size_t left, float *dst, const struct sgan_epilogue *e,        \
	                                                    const struct winograd_finish *finish)                          \
	{                                                                                                                  \
		winograd_write_square((struct sgan_points){ points, size }, half, w, left, dst, e, finish);                    \
	}
WINOGRAD_EACH_POINTS(WINOGRAD_INPUT_FUNCTION)
WINOGRAD_EACH_PLAIN(WINOGRAD_INPUT_PLAIN)
WINOGRAD_EACH_SIZE(WINOGRAD_EVALUATE_FUNCTION)
WINOGRAD_EACH_PLAIN(WINOGRAD_EVALUATE_FUNCTION)
WINOGRAD_EACH_SIZE(WINOGRAD_COLUMNS_FUNCTION)
WINOGRAD_EACH_PLAIN(WINOGRAD_COLUMNS_FUNCTION)
WINOGRAD_EACH_PLAIN(WINOGRAD_WRITE_FUNCTION)
WINOGRAD_EACH_SIZE(WINOGRAD_SQUARE_FUNCTION)

typedef void winograd_to(const struct sgan_filtering *f, const struct sgan_window *window, size_t n, const float *src,
                         float *dst, size_t plane);
typedef void winograd_from(const struct sgan_filtering *f, size_t left, const float *src, size_t plane,
                           vec (*half)[WINOGRAD_MOST]);
typedef void winograd_write_rows(const struct winograd_terms *t, vec (*half)[WINOGRAD_MOST],
                                 const struct sgan_window *w, size_t left, float *dst, const struct sgan_epilogue *e,
                                 const struct winograd_finish *finish);

typedef void winograd_write_all(vec (*half)[WINOGRAD_MOST], const struct sgan_window *w, size_t left, float *dst,
                                const struct sgan_epilogue *e, const struct winograd_finish *finish);

#define WINOGRAD_INPUT_ROW(points) [points] = winograd_input_##points,
#define WINOGRAD_INPUT_PLAIN_ROW(points, size) [points] = winograd_input_plain_##points,
#define WINOGRAD_EVALUATE_ROW(points, size) [points][size] = winograd_evaluate_##points##_##size,
#define WINOGRAD_COLUMNS_ROW(points, size) [points][size] = winograd_columns_##points##_##size,
#define WINOGRAD_WRITE_ROW(points, size) [size] = winograd_write_##size,
#define WINOGRAD_SQUARE_ROW(points, size) [points][size] = winograd_write_square_##points##_##size,
static winograd_to *const winograd_inputs[] = { WINOGRAD_EACH_POINTS(WINOGRAD_INPUT_ROW) };
static winograd_to *const winograd_plain_inputs[] = { WINOGRAD_EACH_PLAIN(WINOGRAD_INPUT_PLAIN_ROW) };
static winograd_to *const winograd_evaluates[][WINOGRAD_MOST + 1] = { WINOGRAD_EACH_SIZE(
	WINOGRAD_EVALUATE_ROW) WINOGRAD_EACH_PLAIN(WINOGRAD_EVALUATE_ROW) };
static winograd_from *const winograd_all_columns[][WINOGRAD_MOST + 1] = { WINOGRAD_EACH_SIZE(
	WINOGRAD_COLUMNS_ROW) WINOGRAD_EACH_PLAIN(WINOGRAD_COLUMNS_ROW) };
static winograd_write_rows *const winograd_writes[] = { WINOGRAD_EACH_PLAIN(WINOGRAD_WRITE_ROW) };
static winograd_write_all *const winograd_squares[][WINOGRAD_MOST] = { WINOGRAD_EACH_SIZE(WINOGRAD_SQUARE_ROW) };

void SGAN_SYMBOL(VEC_ISA(winograd_input))(const struct sgan_filtering *f, const struct sgan_window *window, size_t n,
                                          const real *src, real *dst, size_t plane)
{
	(winograd_plain(f->w) ? winograd_plain_inputs : winograd_inputs)[f->w.points](f, window, n, src, dst, plane);
}

void SGAN_SYMBOL(VEC_ISA(winograd_evaluate))(const struct sgan_filtering *f, const struct sgan_window *window, size_t n,
                                             const real *src, real *dst, size_t plane)
{
	winograd_evaluates[f->w.points][f->w.size](f, window, n, src, dst, plane);
}

/* One vector of channels. */
static void winograd_from_planes(size_t addends, const struct sgan_filtering *f, winograd_write_all *square,
                                 const struct winograd_terms *t, const struct sgan_window *w, size_t left,
                                 const float *src, size_t plane, float *dst, const struct sgan_epilogue *e,
                                 const struct winograd_finish *finish)
{
	winograd_half half;

	for (size_t addend = 0, row = 0; addend < addends; addend++) {
		size_t rows = f[addend].end - f[addend].begin;
		winograd_all_columns[f[addend].w.points][f[addend].w.size](&f[addend], left, src, plane, half + row);
		src += rows * f[addend].w.points * plane;
		row += rows;
	}
	if (square)
		square(half, w, left, dst, e, finish);
	else
		winograd_writes[f->w.size](t, half, w, left, dst, e, finish);
}

static bool winograd_is_square(size_t addends, const struct sgan_filtering *f)
{
	return addends == 1 && f->h.points == f->w.points && f->h.size == f->w.size && !winograd_plain(f->h) &&
	       f->begin == 0 && f->end == f->h.points;
}

/* The logistic function needs SLEEF and many registers: a pass over the pixels while they are in cache. */
static __attribute__((noinline)) void winograd_sigmoid(const struct sgan_window *w, size_t n, float *dst)
{
	for (size_t y = w->row_begin; y < w->row_end; y++)
		for (size_t x = w->col_begin; x < w->col_end; x++) {
			float *pixel = dst + (ptrdiff_t)y * w->row + (ptrdiff_t)x * w->col;
			SGAN_SYMBOL(VEC_ISA(act))(n, pixel, SGAN_ACT_SIGMOID, 0, pixel);
		}
}

void SGAN_SYMBOL(VEC_ISA(winograd_moments))(size_t addends, const struct sgan_filtering *f,
                                            const struct sgan_window *window, size_t n, const real *src, size_t plane,
                                            real *dst, const struct sgan_epilogue *e)
{
	winograd_write_all *square = winograd_is_square(addends, f) ? winograd_squares[f->w.points][f->w.size] : NULL;
	struct winograd_terms terms;
	struct winograd_finish finish = { .bias = vec_zero(), .slope = vec_set(e->slope) };
	uintptr_t places = (uintptr_t)dst | (uintptr_t)(window->row * (ptrdiff_t)sizeof(float)) |
	                   (uintptr_t)(window->col * (ptrdiff_t)sizeof(float));

	if (!square)
		terms = winograd_terms(addends, f);
	finish.bypass = e->bypass && e->act != SGAN_ACT_SIGMOID && places % sizeof(vec) == 0;
	for (size_t c = 0; c < n; c += VEC) {
		size_t left = n - c < VEC ? n - c : VEC;
		if (e->bias)
			finish.bias = vec_load_n(e->bias + c, left);
		winograd_from_planes(addends, f, square, &terms, window, left, src + c, plane, dst + c, e, &finish);
	}
	if (e->act == SGAN_ACT_SIGMOID)
		winograd_sigmoid(window, n, dst);
}

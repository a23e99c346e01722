/* The maps of Winograd's minimal filtering; kernels.def says what they compute. A map goes along the columns of a
 * square of vectors, then along its rows. Points but 0 and infinity come in pairs p and -p: what belongs to even
 * powers is the same for both, what belongs to odd ones has the other sign, so that two points cost little more than
 * one. */
#include "kernels/simd/act.h"
#include "kernels/winograd_tables.h"

#define WINOGRAD_UNROLL _Pragma("GCC unroll 8")

enum { WINOGRAD_MOST = SGAN_WINOGRAD_MOST };

/* Points but infinity. */
SIMD_INLINE size_t winograd_finite(size_t alpha)
{
	return alpha - (alpha + 1) % 2;
}

/* sum + factor * x, or factor * x where nothing has been summed yet. All but x and sum are constants after inlining,
 * and a factor of 1 or 0 costs what it should. */
SIMD_INLINE vec winograd_add(vec sum, bool first, double factor, vec x)
{
	if (first)
		return factor == 1 ? x : vec_mul(vec_set((float)factor), x);
	if (factor == 1)
		return vec_add(sum, x);
	return factor == -1 ? vec_sub(sum, x) : vec_fma(vec_set((float)factor), x, sum);
}

/* sum of factor[j] * in[j] over j = begin, begin + 2, ... < end */
SIMD_INLINE vec winograd_sum(const double *factor, size_t begin, size_t end, const vec *in)
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

/* --- the three maps on one axis ------------------------------------------------- */

SIMD_INLINE void winograd_input_axis(size_t alpha, const vec *in, vec *out)
{
	const double(*map)[8] = winograd_input_map[alpha - SGAN_WINOGRAD_LEAST];
	size_t finite = winograd_finite(alpha);

	out[0] = winograd_sum(map[0], 0, alpha, in);
	WINOGRAD_UNROLL for (size_t i = 1; i < finite; i += 2)
		winograd_pair(winograd_sum(map[i], 0, alpha, in), winograd_sum(map[i], 1, alpha, in), out + i);
	if (finite < alpha)
		out[finite] = winograd_sum(map[finite], 1, alpha, in);
}

SIMD_INLINE void winograd_evaluate_axis(size_t alpha, size_t size, const vec *in, vec *out)
{
	size_t finite = winograd_finite(alpha);

	out[0] = in[0];
	WINOGRAD_UNROLL for (size_t i = 1; i < finite; i += 2)
		winograd_pair(winograd_sum(winograd_power[i], 0, size, in), winograd_sum(winograd_power[i], 1, size, in),
		              out + i);
	if (finite < alpha)
		out[finite] = in[size - 1];
}

SIMD_INLINE void winograd_moments_axis(size_t alpha, size_t size, const vec *in, vec *out)
{
	vec even[3], odd[3];
	size_t finite = winograd_finite(alpha);

	WINOGRAD_UNROLL for (size_t i = 1; i < finite; i += 2) {
		even[i / 2] = vec_add(in[i], in[i + 1]);
		odd[i / 2] = vec_sub(in[i], in[i + 1]);
	}
	WINOGRAD_UNROLL for (size_t y = 0; y < size; y++) {
		vec sum = y % 2 ? odd[0] : even[0];
		WINOGRAD_UNROLL for (size_t i = 3; i < finite; i += 2)
			sum = winograd_add(sum, false, winograd_power[i][y], y % 2 ? odd[i / 2] : even[i / 2]);
		if (y == 0)
			sum = vec_add(sum, in[0]);
		if (y == size - 1 && finite < alpha)
			sum = vec_add(sum, in[finite]);
		out[y] = sum;
	}
}

/* --- on a square ----------------------------------------------------------------- */

/* The `size` pixels of a row; those outside are 0. */
SIMD_INLINE void winograd_load_row(size_t size, const struct sgan_window *w, bool whole, size_t left, const float *src,
                                   vec *row)
{
	WINOGRAD_UNROLL for (size_t x = 0; x < size; x++)
		if (whole || (x >= w->col_begin && x < w->col_end))
			row[x] = vec_load_n(src + (ptrdiff_t)x * w->col, left);
		else
			row[x] = vec_zero();
}

/* size == alpha: the input's map. */
SIMD_INLINE void winograd_to_planes(size_t alpha, size_t size, const struct sgan_window *w, bool whole, size_t left,
                                    const float *src, float *dst, size_t plane)
{
	vec half[WINOGRAD_MOST][WINOGRAD_MOST], in[WINOGRAD_MOST], out[WINOGRAD_MOST];

	for (size_t y = 0; y < size; y++, src += w->row) {
		if (!whole && (y < w->row_begin || y >= w->row_end)) {
			WINOGRAD_UNROLL for (size_t j = 0; j < alpha; j++)
				half[y][j] = vec_zero();
			continue;
		}
		winograd_load_row(size, w, whole, left, src, in);
		if (size == alpha)
			winograd_input_axis(alpha, in, half[y]);
		else
			winograd_evaluate_axis(alpha, size, in, half[y]);
	}
	for (size_t j = 0; j < alpha; j++) {
		WINOGRAD_UNROLL for (size_t y = 0; y < size; y++)
			in[y] = half[y][j];
		if (size == alpha)
			winograd_input_axis(alpha, in, out);
		else
			winograd_evaluate_axis(alpha, size, in, out);
		WINOGRAD_UNROLL for (size_t i = 0; i < alpha; i++)
			vec_store_n(dst + (i * alpha + j) * plane, out[i], left);
	}
}

SIMD_INLINE void winograd_window_to_planes(size_t alpha, size_t size, const struct sgan_window *w, size_t n,
                                           const float *src, float *dst, size_t plane)
{
	size_t c = 0;
	bool whole = w->row_begin == 0 && w->row_end == size && w->col_begin == 0 && w->col_end == size;

	for (; whole && c + VEC <= n; c += VEC)
		winograd_to_planes(alpha, size, w, true, VEC, src + c, dst + c, plane);
	for (; c + VEC <= n; c += VEC)
		winograd_to_planes(alpha, size, w, false, VEC, src + c, dst + c, plane);
	if (c < n)
		winograd_to_planes(alpha, size, w, false, n - c, src + c, dst + c, plane);
}

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

SIMD_INLINE void winograd_from_planes(size_t alpha, size_t size, const struct sgan_window *w, size_t left,
                                      const float *src, size_t plane, float *dst, const struct sgan_epilogue *e,
                                      const struct winograd_finish *f)
{
	vec half[WINOGRAD_MOST][WINOGRAD_MOST], in[WINOGRAD_MOST], out[WINOGRAD_MOST];

	for (size_t j = 0; j < alpha; j++) {
		WINOGRAD_UNROLL for (size_t i = 0; i < alpha; i++)
			in[i] = vec_load_n(src + (i * alpha + j) * plane, left);
		winograd_moments_axis(alpha, size, in, out);
		WINOGRAD_UNROLL for (size_t y = 0; y < size; y++)
			half[y][j] = out[y];
	}
	for (size_t y = w->row_begin; y < w->row_end; y++) {
		winograd_moments_axis(alpha, size, half[y], out);
		WINOGRAD_UNROLL for (size_t x = 0; x < size; x++)
			if (x >= w->col_begin && x < w->col_end)
				winograd_store(dst + (ptrdiff_t)y * w->row + (ptrdiff_t)x * w->col, out[x], left, e, f);
	}
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

SIMD_INLINE void winograd_planes_to_window(size_t alpha, size_t size, const struct sgan_window *w, size_t n,
                                           const float *src, size_t plane, float *dst, const struct sgan_epilogue *e)
{
	struct winograd_finish f = { .bias = vec_zero(), .slope = vec_set(e->slope) };
	uintptr_t places = (uintptr_t)dst | (uintptr_t)(w->row * (ptrdiff_t)sizeof(float)) |
	                   (uintptr_t)(w->col * (ptrdiff_t)sizeof(float));

	f.bypass = e->bypass && e->act != SGAN_ACT_SIGMOID && places % sizeof(vec) == 0;
	for (size_t c = 0; c < n; c += VEC) {
		size_t left = n - c;
		if (e->bias)
			f.bias = vec_load_n(e->bias + c, left);
		if (left >= VEC)
			winograd_from_planes(alpha, size, w, VEC, src + c, plane, dst + c, e, &f);
		else
			winograd_from_planes(alpha, size, w, left, src + c, plane, dst + c, e, &f);
	}
	if (e->act == SGAN_ACT_SIGMOID)
		winograd_sigmoid(w, n, dst);
}

/* --- one function for each alpha and size ---------------------------------------- */

#define WINOGRAD_INPUT(alpha)                                                                                          \
	static void winograd_input_##alpha(const struct sgan_window *w, size_t n, const float *src, float *dst,            \
	                                   size_t plane)                                                                   \
	{                                                                                                                  \
		winograd_window_to_planes(alpha, alpha, w, n, src, dst, plane);                                                \
	}
#define WINOGRAD_SIZE(alpha, size)                                                                                     \
	static void winograd_evaluate_##alpha##_##size(const struct sgan_window *w, size_t n, const float *src,            \
	                                               float *dst, size_t plane)                                           \
	{                                                                                                                  \
		winograd_window_to_planes(alpha, size, w, n, src, dst, plane);                                                 \
	}                                                                                                                  \
	static void winograd_moments_##alpha##_##size(const struct sgan_window *w, size_t n, const float *src,             \
	                                              size_t plane, float *dst, const struct sgan_epilogue *e)             \
	{                                                                                                                  \
		winograd_planes_to_window(alpha, size, w, n, src, plane, dst, e);                                              \
	}
#define WINOGRAD_EACH_ALPHA(f) f(4) f(5) f(6) f(7) f(8)
#define WINOGRAD_EACH_SIZE(f)                                                                                          \
	f(4, 2) f(4, 3) f(5, 2) f(5, 3) f(5, 4) f(6, 2) f(6, 3) f(6, 4) f(6, 5) f(7, 2) f(7, 3) f(7, 4) f(7, 5) f(7, 6)    \
		f(8, 2) f(8, 3) f(8, 4) f(8, 5) f(8, 6) f(8, 7)

WINOGRAD_EACH_ALPHA(WINOGRAD_INPUT)
WINOGRAD_EACH_SIZE(WINOGRAD_SIZE)

typedef void winograd_to(const struct sgan_window *w, size_t n, const float *src, float *dst, size_t plane);
typedef void winograd_from(const struct sgan_window *w, size_t n, const float *src, size_t plane, float *dst,
                           const struct sgan_epilogue *e);

#define WINOGRAD_INPUT_ROW(alpha) [alpha - SGAN_WINOGRAD_LEAST] = winograd_input_##alpha,
static winograd_to *const winograd_from_inputs[] = { WINOGRAD_EACH_ALPHA(WINOGRAD_INPUT_ROW) };
#define WINOGRAD_EVALUATE_ROW(alpha, size) [alpha - SGAN_WINOGRAD_LEAST][size] = winograd_evaluate_##alpha##_##size,
static winograd_to *const winograd_from_windows[][WINOGRAD_MOST] = { WINOGRAD_EACH_SIZE(WINOGRAD_EVALUATE_ROW) };
#define WINOGRAD_MOMENTS_ROW(alpha, size) [alpha - SGAN_WINOGRAD_LEAST][size] = winograd_moments_##alpha##_##size,
static winograd_from *const winograd_to_windows[][WINOGRAD_MOST] = { WINOGRAD_EACH_SIZE(WINOGRAD_MOMENTS_ROW) };

void SGAN_SYMBOL(VEC_ISA(winograd_input))(size_t alpha, const struct sgan_window *window, size_t n, const real *src,
                                          real *dst, size_t plane)
{
	winograd_from_inputs[alpha - SGAN_WINOGRAD_LEAST](window, n, src, dst, plane);
}

void SGAN_SYMBOL(VEC_ISA(winograd_evaluate))(size_t alpha, size_t size, const struct sgan_window *window, size_t n,
                                             const real *src, real *dst, size_t plane)
{
	winograd_from_windows[alpha - SGAN_WINOGRAD_LEAST][size](window, n, src, dst, plane);
}

void SGAN_SYMBOL(VEC_ISA(winograd_moments))(size_t alpha, size_t size, const struct sgan_window *window, size_t n,
                                            const real *src, size_t plane, real *dst, const struct sgan_epilogue *e)
{
	winograd_to_windows[alpha - SGAN_WINOGRAD_LEAST][size](window, n, src, plane, dst, e);
}

/* Sums over rows for each channel, and batch normalisation; kernels.def says what.
 *
 * Tensors are read in memory's order, row by row, and summed ROWS rows at a time (a block). A channel's coefficients
 * and sums are loaded again for each row or block; they are in the first-level cache. To go down all rows with a few
 * channels would keep them in registers, but would jump through the tensor, which takes longer. Where each result is
 * one element's (bn_apply, bn_grad_apply) the bits are those of the generic kernels, but for the logistic function
 * (act.h). */
#include "kernels/simd/act.h"

enum { ROWS = 4 };
#define ROWS_UNROLL _Pragma("GCC unroll 4")

/* Calls f(nr, r, c, n): rows r .. r + nr - 1 and channels c .. c + n - 1, a vector or the last part of one; nr a
 * constant. */
#define EACH_VECTOR(nr, r, channels, f)                     \
	do {                                                    \
		size_t vector_c = 0;                                \
		for (; vector_c + VEC <= channels; vector_c += VEC) \
			f(nr, r, vector_c, VEC);                        \
		if (vector_c < channels)                            \
			f(nr, r, vector_c, channels - vector_c);        \
	} while (0)

#define EACH_BLOCK(rows, channels, f)                   \
	do {                                                \
		size_t block_r = 0;                             \
		for (; block_r + ROWS <= rows; block_r += ROWS) \
			EACH_VECTOR(ROWS, block_r, channels, f);    \
		for (; block_r < rows; block_r++)               \
			EACH_VECTOR(1, block_r, channels, f);       \
	} while (0)

#define EACH_ROW(rows, channels, f)                       \
	for (size_t row_r = 0; row_r < rows; row_r++)         \
	EACH_VECTOR(1, row_r, channels, f)

SIMD_INLINE void clear_channels(size_t channels, float *sum)
{
	for (size_t c = 0; c < channels; c += VEC)
		vec_store_n(sum + c, vec_zero(), channels - c);
}

/* The sum over a block's rows, in pairs. */
SIMD_INLINE vec rows_sum(size_t nr, const vec x[ROWS])
{
	return nr == 1 ? x[0] : vec_add(vec_add(x[0], x[1]), vec_add(x[2], x[3]));
}

SIMD_INLINE void add_to(float *sum, vec x, size_t n)
{
	vec_store_n(sum, vec_add(vec_load_n(sum, n), x), n);
}

/* src, here and below: the block's first value. */
SIMD_INLINE void col_sum_block(size_t nr, size_t n, const float *src, size_t ld, float *sum)
{
	vec x[ROWS];

	ROWS_UNROLL for (size_t i = 0; i < nr; i++)
		x[i] = vec_load_n(src + i * ld, n);
	add_to(sum, rows_sum(nr, x), n);
}

void SGAN_SYMBOL(VEC_ISA(col_sum))(size_t rows, size_t channels, const real *src, size_t ld, bool accumulate,
                                   real *sum)
{
	if (!accumulate)
		clear_channels(channels, sum);
#define BLOCK(nr, r, c, n) col_sum_block(nr, n, src + (r) * ld + (c), ld, sum + (c))
	EACH_BLOCK(rows, channels, BLOCK);
#undef BLOCK
}

/* Adds squares of distances from mean. */
SIMD_INLINE void squares_block(size_t nr, size_t n, const float *src, size_t channels, const float *mean, float *m2)
{
	vec centre = vec_load_n(mean, n), d = vec_sub(vec_load_n(src, n), centre);
	vec total = vec_mul(d, d);

	ROWS_UNROLL for (size_t i = 1; i < nr; i++) {
		d = vec_sub(vec_load_n(src + i * channels, n), centre);
		total = vec_fma(d, d, total);
	}
	add_to(m2, total, n);
}

void SGAN_SYMBOL(VEC_ISA(bn_stats))(size_t rows, size_t channels, const real *src, real *mean, real *m2)
{
	vec count = vec_set((float)rows);

	SGAN_SYMBOL(VEC_ISA(col_sum))(rows, channels, src, channels, false, mean);
	for (size_t c = 0; c < channels && rows; c += VEC)
		vec_store_n(mean + c, vec_div(vec_load_n(mean + c, channels - c), count), channels - c);
	clear_channels(channels, m2);
#define BLOCK(nr, r, c, n) squares_block(nr, n, src + (r) * channels + (c), channels, mean + (c), m2 + (c))
	EACH_BLOCK(rows, channels, BLOCK);
#undef BLOCK
}

SIMD_INLINE void apply_vector(size_t n, const float *src, const float *scale, const float *shift, sgan_act act,
                              vec slope, bool bypass, float *dst)
{
	vec x = vec_add(vec_mul(vec_load_n(src, n), vec_load_n(scale, n)), vec_load_n(shift, n));

	x = vec_act(x, act, slope);
	if (bypass)
		vec_stream(dst, x);
	else
		vec_store_n(dst, x, n);
}

SIMD_INLINE void apply_all(size_t rows, size_t channels, const float *src, const float *scale, const float *shift,
                           sgan_act act, float slope, bool bypass, float *dst)
{
	vec s = vec_set(slope);

#define VECTOR(nr, r, c, n)                                                                                  \
	apply_vector(n, src + (r) * channels + (c), scale + (c), shift + (c), act, s, bypass, dst + (r) * channels + (c))
	EACH_ROW(rows, channels, VECTOR);
#undef VECTOR
}

void SGAN_SYMBOL(VEC_ISA(bn_apply))(size_t rows, size_t channels, const real *src, const real *scale,
                                    const real *shift, sgan_act act, real slope, bool bypass, real *dst)
{
	bool whole = channels % VEC == 0 && (uintptr_t)dst % sizeof(vec) == 0;

#define STREAM_CALL(which) apply_all(rows, channels, src, scale, shift, which, slope, true, dst)
#define ACT_CALL(which) apply_all(rows, channels, src, scale, shift, which, slope, false, dst)
	if (bypass && whole && act != SGAN_ACT_SIGMOID) {
		SIMD_EACH_ACT(act, STREAM_CALL)
	} else {
		SIMD_EACH_ACT(act, ACT_CALL)
	}
#undef ACT_CALL
#undef STREAM_CALL
}

/* What g is made of, at one channel. */
struct grad_act {
	const float *scale, *shift;
	sgan_act act;
	vec slope;
};

SIMD_INLINE struct grad_act grad_act_at(struct grad_act g, size_t c)
{
	return (struct grad_act){ g.scale + c, g.shift + c, g.act, g.slope };
}

/* g of n values, from src and diff_dst; the same bits of the activation's argument as bn_apply had. */
SIMD_INLINE vec gradient(struct grad_act a, vec src, const float *diff_dst, size_t n)
{
	vec diff = vec_load_n(diff_dst, n), x;

	if (a.act == SGAN_ACT_NONE)
		return diff;
	x = vec_add(vec_mul(src, vec_load_n(a.scale, n)), vec_load_n(a.shift, n));
	return vec_act_gradient(vec_act(x, a.act, a.slope), diff, a.act, a.slope);
}

SIMD_INLINE void grad_sums_block(size_t nr, size_t n, size_t channels, const float *src, const float *diff_dst,
                                 struct grad_act a, const float *mean, const float *inv_std, float *sum_g,
                                 float *sum_gx)
{
	vec centre = vec_load_n(mean, n), total_gx = vec_zero(), g[ROWS];

	ROWS_UNROLL for (size_t i = 0; i < nr; i++) {
		vec x = vec_load_n(src + i * channels, n);
		g[i] = gradient(a, x, diff_dst + i * channels, n);
		total_gx = vec_fma(g[i], vec_sub(x, centre), total_gx);
	}
	add_to(sum_g, rows_sum(nr, g), n);
	add_to(sum_gx, vec_mul(total_gx, vec_load_n(inv_std, n)), n);
}

SIMD_INLINE void grad_sums_all(size_t rows, size_t channels, const float *src, const float *diff_dst,
                               struct grad_act a, const float *mean, const float *inv_std, float *sum_g,
                               float *sum_gx)
{
	clear_channels(channels, sum_g);
	clear_channels(channels, sum_gx);
#define BLOCK(nr, r, c, n)                                                                                         \
	grad_sums_block(nr, n, channels, src + (r) * channels + (c), diff_dst + (r) * channels + (c), grad_act_at(a, c), \
	                mean + (c), inv_std + (c), sum_g + (c), sum_gx + (c))
	EACH_BLOCK(rows, channels, BLOCK);
#undef BLOCK
}

void SGAN_SYMBOL(VEC_ISA(bn_grad_sums))(size_t rows, size_t channels, const real *src, const real *diff_dst,
                                        const real *scale, const real *shift, const real *mean, const real *inv_std,
                                        sgan_act act, real slope, real *sum_g, real *sum_gx)
{
#define ACT_CALL(which)                                                                                              \
	grad_sums_all(rows, channels, src, diff_dst, (struct grad_act){ scale, shift, which, vec_set(slope) }, mean,     \
	              inv_std, sum_g, sum_gx)
	SIMD_EACH_ACT(act, ACT_CALL)
#undef ACT_CALL
}

SIMD_INLINE void grad_apply_vector(size_t n, const float *src, const float *diff_dst, struct grad_act act,
                                   const float *a, const float *b, const float *d, float *diff_src)
{
	vec value = vec_load_n(src, n);
	vec g = vec_mul(vec_load_n(a, n), gradient(act, value, diff_dst, n));
	vec x = vec_mul(vec_load_n(b, n), value);

	vec_store_n(diff_src, vec_add(vec_add(g, x), vec_load_n(d, n)), n);
}

SIMD_INLINE void grad_apply_all(size_t rows, size_t channels, const float *src, const float *diff_dst,
                                struct grad_act act, const float *a, const float *b, const float *d, float *diff_src)
{
#define VECTOR(nr, r, c, n)                                                                               \
	grad_apply_vector(n, src + (r) * channels + (c), diff_dst + (r) * channels + (c), grad_act_at(act, c), \
	                  a + (c), b + (c), d + (c), diff_src + (r) * channels + (c))
	EACH_ROW(rows, channels, VECTOR);
#undef VECTOR
}

void SGAN_SYMBOL(VEC_ISA(bn_grad_apply))(size_t rows, size_t channels, const real *src, const real *diff_dst,
                                         const real *scale, const real *shift, const real *a, const real *b,
                                         const real *d, sgan_act act, real slope, real *diff_src)
{
#define ACT_CALL(which)                                                                                                 \
	grad_apply_all(rows, channels, src, diff_dst, (struct grad_act){ scale, shift, which, vec_set(slope) }, a, b, d, \
	               diff_src)
	SIMD_EACH_ACT(act, ACT_CALL)
#undef ACT_CALL
}

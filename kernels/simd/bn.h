/* Sums over rows for each channel, and batch normalisation; kernels.def says what.
 * Channels go in groups of GROUP vectors whose sums stay in registers over all
 * rows, then one vector at a time. Where each result is one element's (bn_apply,
 * bn_grad_apply) the bits are those of the generic kernels (but see act.h). */
#include "kernels/simd/act.h"

enum { GROUP = 4 };
#define GROUP_UNROLL _Pragma("GCC unroll 4")

/* Calls f(nv, c): nv vectors from channel c on, nv a constant; the last may be a part of a vector. */
#define EACH_GROUP(channels, f)                                       \
	do {                                                              \
		size_t group_c = 0;                                           \
		for (; group_c + GROUP * VEC <= channels; group_c += GROUP * VEC) \
			f(GROUP, group_c);                                        \
		for (; group_c < channels; group_c += VEC)                    \
			f(1, group_c);                                            \
	} while (0)

SIMD_INLINE void col_sum_group(size_t nv, size_t c, size_t rows, size_t channels, const float *src, size_t ld,
                               bool accumulate, float *sum)
{
	vec total[GROUP];

	GROUP_UNROLL for (size_t v = 0; v < nv; v++)
		total[v] = accumulate ? vec_load_n(sum + c + v * VEC, channels - c - v * VEC) : vec_zero();
	for (size_t r = 0; r < rows; r++)
		GROUP_UNROLL for (size_t v = 0; v < nv; v++) {
			size_t at = c + v * VEC;
			total[v] = vec_add(total[v], vec_load_n(src + r * ld + at, nv > 1 ? VEC : channels - at));
		}
	GROUP_UNROLL for (size_t v = 0; v < nv; v++)
		vec_store_n(sum + c + v * VEC, total[v], channels - c - v * VEC);
}

void SGAN_SYMBOL(VEC_ISA(col_sum))(size_t rows, size_t channels, const real *src, size_t ld, bool accumulate,
                                   real *sum)
{
#define GROUP_CALL(nv, c) col_sum_group(nv, c, rows, channels, src, ld, accumulate, sum)
	EACH_GROUP(channels, GROUP_CALL);
#undef GROUP_CALL
}

/* Sum of squares of distances from mean. */
SIMD_INLINE void squares_group(size_t nv, size_t c, size_t rows, size_t channels, const float *src, const float *mean,
                               float *m2)
{
	vec total[GROUP], centre[GROUP];

	GROUP_UNROLL for (size_t v = 0; v < nv; v++) {
		total[v] = vec_zero();
		centre[v] = vec_load_n(mean + c + v * VEC, channels - c - v * VEC);
	}
	for (size_t r = 0; r < rows; r++)
		GROUP_UNROLL for (size_t v = 0; v < nv; v++) {
			size_t at = c + v * VEC;
			vec d = vec_sub(vec_load_n(src + r * channels + at, nv > 1 ? VEC : channels - at), centre[v]);
			total[v] = vec_fma(d, d, total[v]);
		}
	GROUP_UNROLL for (size_t v = 0; v < nv; v++)
		vec_store_n(m2 + c + v * VEC, total[v], channels - c - v * VEC);
}

void SGAN_SYMBOL(VEC_ISA(bn_stats))(size_t rows, size_t channels, const real *src, real *mean, real *m2)
{
	vec count = vec_set((float)rows);

	SGAN_SYMBOL(VEC_ISA(col_sum))(rows, channels, src, channels, false, mean);
	for (size_t c = 0; c < channels && rows; c += VEC)
		vec_store_n(mean + c, vec_div(vec_load_n(mean + c, channels - c), count), channels - c);
#define GROUP_CALL(nv, c) squares_group(nv, c, rows, channels, src, mean, m2)
	EACH_GROUP(channels, GROUP_CALL);
#undef GROUP_CALL
}

SIMD_INLINE void apply_group(size_t nv, size_t c, size_t rows, size_t channels, const float *src, const float *scale,
                             const float *shift, sgan_act act, float slope, float *dst)
{
	vec a[GROUP], b[GROUP], s = vec_set(slope);

	GROUP_UNROLL for (size_t v = 0; v < nv; v++) {
		a[v] = vec_load_n(scale + c + v * VEC, channels - c - v * VEC);
		b[v] = vec_load_n(shift + c + v * VEC, channels - c - v * VEC);
	}
	for (size_t r = 0; r < rows; r++)
		GROUP_UNROLL for (size_t v = 0; v < nv; v++) {
			size_t at = r * channels + c + v * VEC, left = nv > 1 ? VEC : channels - c - v * VEC;
			vec x = vec_add(vec_mul(vec_load_n(src + at, left), a[v]), b[v]);
			vec_store_n(dst + at, vec_act(x, act, s), left);
		}
}

SIMD_INLINE void apply_all(size_t rows, size_t channels, const float *src, const float *scale, const float *shift,
                           sgan_act act, float slope, float *dst)
{
#define GROUP_CALL(nv, c) apply_group(nv, c, rows, channels, src, scale, shift, act, slope, dst)
	EACH_GROUP(channels, GROUP_CALL);
#undef GROUP_CALL
}

void SGAN_SYMBOL(VEC_ISA(bn_apply))(size_t rows, size_t channels, const real *src, const real *scale,
                                    const real *shift, sgan_act act, real slope, real *dst)
{
#define ACT_CALL(which) apply_all(rows, channels, src, scale, shift, which, slope, dst)
	SIMD_EACH_ACT(act, ACT_CALL)
#undef ACT_CALL
}

SIMD_INLINE void grad_sums_group(size_t nv, size_t c, size_t rows, size_t channels, const float *src,
                                 const float *dst, const float *diff_dst, const float *mean, const float *inv_std,
                                 sgan_act act, float slope, float *sum_g, float *sum_gx)
{
	vec total_g[GROUP], total_gx[GROUP], centre[GROUP], scale[GROUP], s = vec_set(slope);

	GROUP_UNROLL for (size_t v = 0; v < nv; v++) {
		total_g[v] = total_gx[v] = vec_zero();
		centre[v] = vec_load_n(mean + c + v * VEC, channels - c - v * VEC);
		scale[v] = vec_load_n(inv_std + c + v * VEC, channels - c - v * VEC);
	}
	for (size_t r = 0; r < rows; r++)
		GROUP_UNROLL for (size_t v = 0; v < nv; v++) {
			size_t at = r * channels + c + v * VEC, left = nv > 1 ? VEC : channels - c - v * VEC;
			vec y = act == SGAN_ACT_NONE ? vec_zero() : vec_load_n(dst + at, left);
			vec g = vec_act_gradient(y, vec_load_n(diff_dst + at, left), act, s);
			vec x = vec_mul(vec_sub(vec_load_n(src + at, left), centre[v]), scale[v]);
			total_g[v] = vec_add(total_g[v], g);
			total_gx[v] = vec_fma(g, x, total_gx[v]);
		}
	GROUP_UNROLL for (size_t v = 0; v < nv; v++) {
		vec_store_n(sum_g + c + v * VEC, total_g[v], channels - c - v * VEC);
		vec_store_n(sum_gx + c + v * VEC, total_gx[v], channels - c - v * VEC);
	}
}

SIMD_INLINE void grad_sums_all(size_t rows, size_t channels, const float *src, const float *dst, const float *diff_dst,
                               const float *mean, const float *inv_std, sgan_act act, float slope, float *sum_g,
                               float *sum_gx)
{
#define GROUP_CALL(nv, c) \
	grad_sums_group(nv, c, rows, channels, src, dst, diff_dst, mean, inv_std, act, slope, sum_g, sum_gx)
	EACH_GROUP(channels, GROUP_CALL);
#undef GROUP_CALL
}

void SGAN_SYMBOL(VEC_ISA(bn_grad_sums))(size_t rows, size_t channels, const real *src, const real *dst,
                                        const real *diff_dst, const real *mean, const real *inv_std, sgan_act act,
                                        real slope, real *sum_g, real *sum_gx)
{
#define ACT_CALL(which) \
	grad_sums_all(rows, channels, src, dst, diff_dst, mean, inv_std, which, slope, sum_g, sum_gx)
	SIMD_EACH_ACT(act, ACT_CALL)
#undef ACT_CALL
}

SIMD_INLINE void grad_apply_group(size_t nv, size_t c, size_t rows, size_t channels, const float *src,
                                  const float *dst, const float *diff_dst, const float *a, const float *b,
                                  const float *d, sgan_act act, float slope, float *diff_src)
{
	vec ka[GROUP], kb[GROUP], kd[GROUP], s = vec_set(slope);

	GROUP_UNROLL for (size_t v = 0; v < nv; v++) {
		ka[v] = vec_load_n(a + c + v * VEC, channels - c - v * VEC);
		kb[v] = vec_load_n(b + c + v * VEC, channels - c - v * VEC);
		kd[v] = vec_load_n(d + c + v * VEC, channels - c - v * VEC);
	}
	for (size_t r = 0; r < rows; r++)
		GROUP_UNROLL for (size_t v = 0; v < nv; v++) {
			size_t at = r * channels + c + v * VEC, left = nv > 1 ? VEC : channels - c - v * VEC;
			vec y = act == SGAN_ACT_NONE ? vec_zero() : vec_load_n(dst + at, left);
			vec g = vec_act_gradient(y, vec_load_n(diff_dst + at, left), act, s);
			vec x = vec_load_n(src + at, left);
			vec_store_n(diff_src + at, vec_add(vec_add(vec_mul(ka[v], g), vec_mul(kb[v], x)), kd[v]), left);
		}
}

SIMD_INLINE void grad_apply_all(size_t rows, size_t channels, const float *src, const float *dst,
                                const float *diff_dst, const float *a, const float *b, const float *d, sgan_act act,
                                float slope, float *diff_src)
{
#define GROUP_CALL(nv, c) grad_apply_group(nv, c, rows, channels, src, dst, diff_dst, a, b, d, act, slope, diff_src)
	EACH_GROUP(channels, GROUP_CALL);
#undef GROUP_CALL
}

void SGAN_SYMBOL(VEC_ISA(bn_grad_apply))(size_t rows, size_t channels, const real *src, const real *dst,
                                         const real *diff_dst, const real *a, const real *b, const real *d,
                                         sgan_act act, real slope, real *diff_src)
{
#define ACT_CALL(which) grad_apply_all(rows, channels, src, dst, diff_dst, a, b, d, which, slope, diff_src)
	SIMD_EACH_ACT(act, ACT_CALL)
#undef ACT_CALL
}

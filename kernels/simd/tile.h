/* What the matrix tiles share: sums of m rows and nv vectors of columns held in
 * registers, m and nv constants after inlining, and the epilogue on them.
 *
 * The file that includes this has included its vec.h and defined TILE_MR and
 * TILE_NV, the largest m and nv. A panel is TILE_NV vectors wide. */
#ifndef SGAN_KERNELS_SIMD_TILE_H
#define SGAN_KERNELS_SIMD_TILE_H

#include "kernels/kernels.h"

#define TILE_INLINE static inline __attribute__((always_inline))
#define TILE_UNROLL _Pragma("GCC unroll 32")

enum { TILE_NR = TILE_NV * VEC };

/* Columns of the last vector, and whether it is whole: what a set without masks (VEC_MASKS) must know. */
struct tile_edge {
	vec_mask mask;
	bool whole;
};

TILE_INLINE struct tile_edge tile_edge(size_t n, size_t nv)
{
	return (struct tile_edge){ vec_first(n - (nv - 1) * VEC), n == nv * VEC };
}

TILE_INLINE vec tile_load(const float *p, size_t v, size_t nv, struct tile_edge edge)
{
	return v + 1 < nv || edge.whole ? vec_load(p + v * VEC) : vec_load_part(p + v * VEC, edge.mask);
}

TILE_INLINE void tile_store(float *p, vec x, size_t v, size_t nv, struct tile_edge edge)
{
	if (v + 1 < nv || edge.whole)
		vec_store(p + v * VEC, x);
	else
		vec_store_part(p + v * VEC, x, edge.mask);
}

TILE_INLINE void tile_clear(size_t m, size_t nv, vec sum[TILE_MR][TILE_NV])
{
	TILE_UNROLL for (size_t i = 0; i < m; i++)
		TILE_UNROLL for (size_t v = 0; v < nv; v++)
			sum[i][v] = vec_zero();
}

TILE_INLINE void tile_add_dst(size_t m, size_t nv, struct tile_edge edge, const float *dst, ptrdiff_t ld,
                              vec sum[TILE_MR][TILE_NV])
{
	TILE_UNROLL for (size_t i = 0; i < m; i++)
		TILE_UNROLL for (size_t v = 0; v < nv; v++)
			sum[i][v] = vec_add(sum[i][v], tile_load(dst + (ptrdiff_t)i * ld, v, nv, edge));
}

TILE_INLINE void tile_add_bias(size_t m, size_t nv, struct tile_edge edge, const float *bias,
                               vec sum[TILE_MR][TILE_NV])
{
	TILE_UNROLL for (size_t v = 0; v < nv; v++) {
		vec b = tile_load(bias, v, nv, edge);
		TILE_UNROLL for (size_t i = 0; i < m; i++)
			sum[i][v] = vec_add(sum[i][v], b);
	}
}

TILE_INLINE void tile_relu(size_t m, size_t nv, vec sum[TILE_MR][TILE_NV])
{
	TILE_UNROLL for (size_t i = 0; i < m; i++)
		TILE_UNROLL for (size_t v = 0; v < nv; v++)
			sum[i][v] = vec_relu(sum[i][v]);
}

TILE_INLINE void tile_lrelu(size_t m, size_t nv, float slope, vec sum[TILE_MR][TILE_NV])
{
	TILE_UNROLL for (size_t i = 0; i < m; i++)
		TILE_UNROLL for (size_t v = 0; v < nv; v++)
			sum[i][v] = vec_if_positive(sum[i][v], sum[i][v], vec_mul(sum[i][v], vec_set(slope)));
}

TILE_INLINE void tile_write(size_t m, size_t nv, struct tile_edge edge, float *dst, ptrdiff_t ld,
                            vec sum[TILE_MR][TILE_NV])
{
	TILE_UNROLL for (size_t i = 0; i < m; i++)
		TILE_UNROLL for (size_t v = 0; v < nv; v++)
			tile_store(dst + (ptrdiff_t)i * ld, sum[i][v], v, nv, edge);
}

/* The same past the caches, where rows lie on vectors. */
TILE_INLINE bool tile_bypass(size_t m, size_t nv, float *dst, ptrdiff_t ld, vec sum[TILE_MR][TILE_NV])
{
	if (((uintptr_t)dst | (uintptr_t)(ld * (ptrdiff_t)sizeof(float))) % sizeof(vec) != 0)
		return false;
	TILE_UNROLL for (size_t i = 0; i < m; i++)
		TILE_UNROLL for (size_t v = 0; v < nv; v++)
			vec_stream(dst + (ptrdiff_t)i * ld + v * VEC, sum[i][v]);
	return true;
}

/* The logistic function needs more registers than a tile leaves: a pass over the tile while it is in cache. */
static __attribute__((noinline)) void tile_sigmoid(size_t m, size_t n, float *dst, ptrdiff_t ld)
{
	for (size_t i = 0; i < m; i++, dst += ld)
		SGAN_SYMBOL(VEC_ISA(act))(n, dst, SGAN_ACT_SIGMOID, 0, dst);
}

/* What is left to do where columns end within a vector, for sets without masks: value by value, from sums in memory. */
static __attribute__((noinline)) void tile_finish_part(size_t m, size_t n, const float *sums, float *dst, ptrdiff_t ld,
                                                       const struct sgan_epilogue *e)
{
	for (size_t i = 0; i < m; i++, sums += TILE_NR, dst += ld) {
		for (size_t j = 0; j < n; j++) {
			float x = sums[j];
			if (e->accumulate)
				x += dst[j];
			if (e->bias)
				x += e->bias[j];
			dst[j] = x;
		}
		SGAN_SYMBOL(VEC_ISA(act))(n, dst, e->act, e->slope, dst);
	}
}

/* The same of sums in registers. */
TILE_INLINE void tile_finish_edge(size_t m, size_t nv, size_t n, float *dst, ptrdiff_t ld,
                                  const struct sgan_epilogue *e, vec sum[TILE_MR][TILE_NV])
{
	float sums[TILE_MR * TILE_NR];

	tile_write(m, nv, (struct tile_edge){ .whole = true }, sums, TILE_NR, sum);
	tile_finish_part(m, n, sums, dst, ld, e);
}

/* dst (+)= sums, where columns end so. */
TILE_INLINE void tile_put_edge(size_t m, size_t nv, size_t n, float *dst, ptrdiff_t ld, bool accumulate,
                               vec sum[TILE_MR][TILE_NV])
{
	const struct sgan_epilogue e = { .accumulate = accumulate };

	tile_finish_edge(m, nv, n, dst, ld, &e, sum);
}

TILE_INLINE void tile_finish(size_t m, size_t nv, size_t n, float *dst, ptrdiff_t ld, const struct sgan_epilogue *e,
                             vec sum[TILE_MR][TILE_NV])
{
	struct tile_edge edge = tile_edge(n, nv);

	if (!VEC_MASKS && !edge.whole) {
		tile_finish_edge(m, nv, n, dst, ld, e, sum);
		return;
	}
	if (e->accumulate)
		tile_add_dst(m, nv, edge, dst, ld, sum);
	if (e->bias)
		tile_add_bias(m, nv, edge, e->bias, sum);
	if (e->act == SGAN_ACT_RELU)
		tile_relu(m, nv, sum);
	else if (e->act == SGAN_ACT_LRELU)
		tile_lrelu(m, nv, e->slope, sum);
	if (e->bypass && edge.whole && e->act != SGAN_ACT_SIGMOID && tile_bypass(m, nv, dst, ld, sum))
		return;
	tile_write(m, nv, edge, dst, ld, sum);
	if (e->act == SGAN_ACT_SIGMOID)
		tile_sigmoid(m, n, dst, ld);
}

/* One function for each m up to TILE_MR, so that rows split evenly: TILE_EACH_M(f) is f(1) f(2) ... f(TILE_MR). */
#define TILE_UP_TO_1(f) f(1)
#define TILE_UP_TO_2(f) TILE_UP_TO_1(f) f(2)
#define TILE_UP_TO_3(f) TILE_UP_TO_2(f) f(3)
#define TILE_UP_TO_4(f) TILE_UP_TO_3(f) f(4)
#define TILE_UP_TO_5(f) TILE_UP_TO_4(f) f(5)
#define TILE_UP_TO_6(f) TILE_UP_TO_5(f) f(6)
#define TILE_UP_TO_7(f) TILE_UP_TO_6(f) f(7)
#define TILE_UP_TO_8(f) TILE_UP_TO_7(f) f(8)
#define TILE_UP_TO_9(f) TILE_UP_TO_8(f) f(9)
#define TILE_UP_TO_10(f) TILE_UP_TO_9(f) f(10)
#define TILE_UP_TO_11(f) TILE_UP_TO_10(f) f(11)
#define TILE_UP_TO_12(f) TILE_UP_TO_11(f) f(12)
#define TILE_UP_TO_13(f) TILE_UP_TO_12(f) f(13)
#define TILE_UP_TO_14(f) TILE_UP_TO_13(f) f(14)
#define TILE_UP_TO_15(f) TILE_UP_TO_14(f) f(15)
#define TILE_UP_TO_16(f) TILE_UP_TO_15(f) f(16)
#define TILE_UP_TO_17(f) TILE_UP_TO_16(f) f(17)
#define TILE_UP_TO_18(f) TILE_UP_TO_17(f) f(18)
#define TILE_UP_TO_19(f) TILE_UP_TO_18(f) f(19)
#define TILE_UP_TO_20(f) TILE_UP_TO_19(f) f(20)
#define TILE_UP_TO_21(f) TILE_UP_TO_20(f) f(21)
#define TILE_UP_TO_22(f) TILE_UP_TO_21(f) f(22)
#define TILE_UP_TO_23(f) TILE_UP_TO_22(f) f(23)
#define TILE_UP_TO_24(f) TILE_UP_TO_23(f) f(24)
#define TILE_UP_TO_25(f) TILE_UP_TO_24(f) f(25)
#define TILE_UP_TO_26(f) TILE_UP_TO_25(f) f(26)
#define TILE_UP_TO_27(f) TILE_UP_TO_26(f) f(27)
#define TILE_UP_TO_28(f) TILE_UP_TO_27(f) f(28)
#define TILE_UP_TO_29(f) TILE_UP_TO_28(f) f(29)
#define TILE_UP_TO_30(f) TILE_UP_TO_29(f) f(30)
#define TILE_UP_TO_(m) TILE_UP_TO_##m
#define TILE_UP_TO(m) TILE_UP_TO_(m)
#define TILE_EACH_M(f) TILE_UP_TO(TILE_MR)(f)

#endif

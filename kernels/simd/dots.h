/* The tile of few columns; kernels.def says what it computes. A vector holds products of VEC elements of one sum; its
 * lanes are added up once, at the end.
 *
 * The file that includes this has included its vec.h, and defined DOTS_NAME,
 * DOTS_SUMS (the sums held in registers, 12 or 24), and
 *   vec dots_first(float x)      x in lane 0, 0 elsewhere
 *   void dots_keep(vec *x)       x stays in its register
 *   vec dots_across(vec s[VEC])  lane i is the sum of s[i]'s lanes
 *
 * A multiplication needs at most one operand of memory: per step of the sum
 * m + n loads for m * n multiplications. */
#include "kernels/kernels.h"
#include "kernels/simd/rows.h"

#define DOTS_INLINE static inline __attribute__((always_inline))
#define DOTS_UNROLL _Pragma("GCC unroll 32")

/* The tiles: f(n, m) for up to 4 columns n of all m rows whose sums are held. */
#if DOTS_SUMS == 24
#define DOTS_EACH(f)                                                                                                   \
	f(1, 1) f(1, 2) f(1, 3) f(1, 4) f(1, 5) f(1, 6) f(1, 7) f(1, 8) f(1, 9) f(1, 10) f(1, 11) f(1, 12) f(1, 13)        \
		f(1, 14) f(1, 15) f(1, 16) f(1, 17) f(1, 18) f(1, 19) f(1, 20) f(1, 21) f(1, 22) f(1, 23) f(1, 24) f(2, 1)     \
			f(2, 2) f(2, 3) f(2, 4) f(2, 5) f(2, 6) f(2, 7) f(2, 8) f(2, 9) f(2, 10) f(2, 11) f(2, 12) f(3, 1) f(3, 2) \
				f(3, 3) f(3, 4) f(3, 5) f(3, 6) f(3, 7) f(3, 8) f(4, 1) f(4, 2) f(4, 3) f(4, 4) f(4, 5) f(4, 6)
#elif DOTS_SUMS == 12
#define DOTS_EACH(f)                                                                                                   \
	f(1, 1) f(1, 2) f(1, 3) f(1, 4) f(1, 5) f(1, 6) f(1, 7) f(1, 8) f(1, 9) f(1, 10) f(1, 11) f(1, 12) f(2, 1) f(2, 2) \
		f(2, 3) f(2, 4) f(2, 5) f(2, 6) f(3, 1) f(3, 2) f(3, 3) f(3, 4) f(4, 1) f(4, 2) f(4, 3)
#endif

enum { DOTS_VECTORS = (DOTS_SUMS + VEC - 1) / VEC, DOTS_HELD = DOTS_VECTORS * VEC };

struct dots_args {
	size_t taps;
	const struct sgan_tap *tap;
	size_t k;
	const float *src;
	ptrdiff_t ld_src;
	const float *weights, *bias;
	float *dst;
	ptrdiff_t ld_dst;
};

DOTS_INLINE vec dots_load(const float *p, bool whole, vec_mask mask)
{
	return whole ? vec_load(p) : vec_load_part(p, mask);
}

/* One vector's worth of the sum. */
DOTS_INLINE void dots_step(size_t m, size_t n, bool whole, vec_mask mask, const float *const base[], ptrdiff_t ld,
                           const float *weights, vec sum[DOTS_HELD])
{
	vec w[4];

	DOTS_UNROLL for (size_t j = 0; j < n; j++)
		w[j] = vec_load(weights + j * VEC);
	DOTS_UNROLL for (size_t i = 0; i < m; i++) {
		vec s = dots_load(rows_at(base, i, ld), whole, mask);
		if (n > 1)
			dots_keep(&s);
		DOTS_UNROLL for (size_t j = 0; j < n; j++)
			sum[i * n + j] = vec_fma(s, w[j], sum[i * n + j]);
	}
}

/* The last l values of a tap, l < VEC, for sets without masks: whole vectors of a copy. */
DOTS_INLINE void dots_rest(size_t m, size_t n, size_t l, const float *first, ptrdiff_t ld, const float *weights,
                           vec sum[DOTS_HELD])
{
	float copy[DOTS_SUMS * VEC] = { 0 };
	const float *base[ROWS_POINTERS(DOTS_SUMS)];

	for (size_t i = 0; i < m; i++)
		for (size_t c = 0; c < l; c++)
			copy[i * VEC + c] = first[(ptrdiff_t)i * ld + (ptrdiff_t)c];
	rows_point(m, copy, VEC, base);
	dots_step(m, n, true, vec_first(VEC), base, VEC, weights, sum);
}

DOTS_INLINE void dots_store(size_t m, size_t n, const struct dots_args *a, vec sum[DOTS_HELD])
{
	float out[DOTS_HELD];

	DOTS_UNROLL for (size_t v = 0; v * VEC < m * n; v++) {
		vec s = dots_across(sum + v * VEC);
		if (a->ld_dst == (ptrdiff_t)n)
			vec_store_part(a->dst + v * VEC, s, vec_first(m * n - v * VEC));
		else
			vec_store(out + v * VEC, s);
	}
	if (a->ld_dst == (ptrdiff_t)n)
		return;
	DOTS_UNROLL for (size_t i = 0; i < m; i++)
		DOTS_UNROLL for (size_t j = 0; j < n; j++)
			a->dst[(ptrdiff_t)i * a->ld_dst + (ptrdiff_t)j] = out[i * n + j];
}

DOTS_INLINE void dots_tap(size_t m, size_t n, const struct dots_args *a, const struct sgan_tap *tap,
                          vec sum[DOTS_HELD])
{
	const float *base[ROWS_POINTERS(DOTS_SUMS)], *w = a->weights + tap->weight;
	ptrdiff_t ld = a->ld_src;
	size_t l = a->k;

	rows_point(m, a->src + tap->src, ld, base);
	for (; l >= VEC; l -= VEC, w += n * VEC) {
		dots_step(m, n, true, vec_first(VEC), base, ld, w, sum);
		rows_advance(m, base, VEC);
	}
	if (!VEC_MASKS && l)
		dots_rest(m, n, l, a->src + tap->src + (a->k - l), ld, w, sum);
	else if (l)
		dots_step(m, n, false, vec_first(l), base, ld, w, sum);
}

DOTS_INLINE void dots_tile(size_t m, size_t n, const struct dots_args *a)
{
	const struct sgan_tap *tap = a->tap;
	vec sum[DOTS_HELD];

	DOTS_UNROLL for (size_t i = 0; i < DOTS_HELD; i++)
		sum[i] = i < m * n && a->bias ? dots_first(a->bias[i % n]) : vec_zero();
	for (size_t t = a->taps; t; t--, tap++) {
		vec_forget();
		dots_tap(m, n, a, tap, sum);
	}
	dots_store(m, n, a, sum);
}

#define DOTS_TILE(n, m)                                      \
	static void dots_##n##_##m(const struct dots_args *a)    \
	{                                                        \
		dots_tile(m, n, a);                                  \
	}
DOTS_EACH(DOTS_TILE)

#define DOTS_ROW(n, m) [(n - 1) * DOTS_SUMS + m - 1] = dots_##n##_##m,
static void (*const dots_functions[4 * DOTS_SUMS])(const struct dots_args *a) = { DOTS_EACH(DOTS_ROW) };

void SGAN_SYMBOL(DOTS_NAME)(size_t taps, const struct sgan_tap *tap, size_t k, const real *src, ptrdiff_t ld_src,
                            const real *weights, const real *bias, real *dst, ptrdiff_t ld_dst, size_t m, size_t n)
{
	struct dots_args a = { taps, tap, k, src, ld_src, weights, bias, dst, ld_dst };

	dots_functions[(n - 1) * DOTS_SUMS + m - 1](&a);
}

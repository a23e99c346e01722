/* The gemm and igemm tiles; kernels.def says what they compute. Needs GEMM_NAME
 * and IGEMM_NAME besides what tile.h needs. */
#include "kernels/simd/multiply.h"

struct gemm_args {
	size_t taps;
	const struct sgan_tap *tap;
	size_t k;
	const float *src;
	ptrdiff_t ld_src;
	const float *const *rows;
	const float *panel;
	float *dst;
	ptrdiff_t ld_dst;
	size_t n;
	const struct sgan_epilogue *e;
};

TILE_INLINE void gemm_tile(size_t m, size_t nv, const struct gemm_args *a)
{
	vec sum[TILE_MR][TILE_NV];

	tile_clear(m, nv, sum);
	for (size_t t = 0; t < a->taps; t++)
		tile_multiply(m, nv, a->k, tile_even_rows(m, a->src + a->tap[t].src, a->ld_src), a->panel + a->tap[t].weight, NULL,
		              sum);
	tile_finish(m, nv, a->n, a->dst, a->ld_dst, a->e, sum);
}

TILE_INLINE void igemm_tile(size_t m, size_t nv, const struct gemm_args *a)
{
	vec sum[TILE_MR][TILE_NV];

	tile_clear(m, nv, sum);
	for (size_t t = 0; t < a->taps; t++) {
		struct tile_rows rows = { .even = false };
		TILE_UNROLL for (size_t i = 0; i < m; i++)
			rows.pointer[i] = a->rows[t * m + i];
		tile_multiply(m, nv, a->k, rows, a->panel + a->tap[t].weight, NULL, sum);
	}
	tile_finish(m, nv, a->n, a->dst, a->ld_dst, a->e, sum);
}

#define GEMM_TILE(m)                                         \
	static void gemm_##m##_wide(const struct gemm_args *a)   \
	{                                                        \
		gemm_tile(m, TILE_NV, a);                            \
	}                                                        \
	static void gemm_##m##_narrow(const struct gemm_args *a) \
	{                                                        \
		gemm_tile(m, 1, a);                                  \
	}                                                        \
	static void igemm_##m##_wide(const struct gemm_args *a)  \
	{                                                        \
		igemm_tile(m, TILE_NV, a);                           \
	}                                                        \
	static void igemm_##m##_narrow(const struct gemm_args *a) \
	{                                                        \
		igemm_tile(m, 1, a);                                 \
	}
TILE_EACH_M(GEMM_TILE)

typedef void gemm_function(const struct gemm_args *a);

#define GEMM_ROW(m) { gemm_##m##_narrow, gemm_##m##_wide },
static gemm_function *const gemm_functions[TILE_MR][2] = { TILE_EACH_M(GEMM_ROW) };
#define IGEMM_ROW(m) { igemm_##m##_narrow, igemm_##m##_wide },
static gemm_function *const igemm_functions[TILE_MR][2] = { TILE_EACH_M(IGEMM_ROW) };

void SGAN_SYMBOL(GEMM_NAME)(size_t taps, const struct sgan_tap *tap, size_t k, const real *src, ptrdiff_t ld_src,
                            const real *panel, real *dst, ptrdiff_t ld_dst, size_t m, size_t n,
                            const struct sgan_epilogue *e)
{
	struct gemm_args a = { taps, tap, k, src, ld_src, NULL, panel, dst, ld_dst, n, e };

	gemm_functions[m - 1][n > VEC](&a);
}

void SGAN_SYMBOL(IGEMM_NAME)(size_t taps, const struct sgan_tap *tap, size_t k, const real *const *rows,
                             const real *panel, real *dst, ptrdiff_t ld_dst, size_t m, size_t n,
                             const struct sgan_epilogue *e)
{
	struct gemm_args a = { taps, tap, k, NULL, 0, rows, panel, dst, ld_dst, n, e };

	igemm_functions[m - 1][n > VEC](&a);
}

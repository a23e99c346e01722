/* Transposition; kernels.def says what it computes. The file that includes this
 * has included its vec.h, and defined
 *   void transpose_block(vec x[VEC])  lane j of x[i] goes to lane i of x[j] */
#include "kernels/kernels.h"

static inline __attribute__((always_inline)) void transpose_part(size_t rows, size_t cols, const float *src,
                                                                 ptrdiff_t ld_src, float *dst, ptrdiff_t ld_dst)
{
	vec_mask in = vec_first(cols), out = vec_first(rows);
	vec x[VEC];

	for (size_t i = 0; i < VEC; i++)
		x[i] = i < rows ? vec_load_part(src + (ptrdiff_t)i * ld_src, in) : vec_zero();
	transpose_block(x);
	for (size_t j = 0; j < cols; j++)
		vec_store_part(dst + (ptrdiff_t)j * ld_dst, x[j], out);
}

static void transpose_whole(const float *src, ptrdiff_t ld_src, float *dst, ptrdiff_t ld_dst)
{
	vec x[VEC];

#pragma GCC unroll 16
	for (size_t i = 0; i < VEC; i++)
		x[i] = vec_load(src + (ptrdiff_t)i * ld_src);
	transpose_block(x);
#pragma GCC unroll 16
	for (size_t j = 0; j < VEC; j++)
		vec_store(dst + (ptrdiff_t)j * ld_dst, x[j]);
}

void SGAN_SYMBOL(VEC_ISA(transpose))(size_t rows, size_t cols, const real *src, ptrdiff_t ld_src, real *dst,
                                     ptrdiff_t ld_dst)
{
	for (size_t r = 0; r < rows; r += VEC, src += VEC * ld_src, dst += VEC) {
		size_t height = rows - r < VEC ? rows - r : VEC;
		for (size_t c = 0; c < cols; c += VEC) {
			size_t width = cols - c < VEC ? cols - c : VEC;
			if (height == VEC && width == VEC)
				transpose_whole(src + c, ld_src, dst + (ptrdiff_t)c * ld_dst, ld_dst);
			else
				transpose_part(height, width, src + c, ld_src, dst + (ptrdiff_t)c * ld_dst, ld_dst);
		}
	}
}

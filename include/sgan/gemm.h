/* General matrix product of row-major matrices. */
#ifndef SGAN_GEMM_H
#define SGAN_GEMM_H

#include <sgan/sgan.h>

#ifdef __cplusplus
extern "C" {
#endif

/* C = op(A) op(B), or C += with accumulate; op(X) is X, or its transpose where trans_x is set. op(A) is [m, k],
 * op(B) [k, n], C [m, n]; lda, ldb, ldc are elements from row to row of the matrices as stored, so at least their
 * columns. Nothing is aligned, C overlaps neither A nor B, and is not read unless accumulate is set. With k = 0 the
 * product is 0. A matrix of which nothing is read or written may be NULL: A and B where m, n or k is 0, C where m or n
 * is, or where nothing is added to it.
 *
 * Operands are packed, block by block, where the kernels' tiles need it; scratch comes from the context, which keeps
 * it. The order of each sum depends on the sizes alone: any number of threads gives the same bits.
 * SGAN_EINVAL: a leading dimension is shorter than its row, a size too large to address, a pointer NULL. SGAN_ENOMEM:
 * no scratch. */
SGAN_API sgan_status sgan_gemm(sgan_ctx *ctx, bool trans_a, bool trans_b, size_t m, size_t n, size_t k,
                               const sgan_real *a, size_t lda, const sgan_real *b, size_t ldb, bool accumulate,
                               sgan_real *c, size_t ldc);

#ifdef __cplusplus
}
#endif
#endif

/* BLIS's matrix product, by its own interface: it may stand beside another BLAS in one program. */
#include <blis.h>
#include <stdio.h>

#include "bench/peer.h"

static void begin(sgan_isa isa, int threads)
{
	(void)isa; /* it takes the machine's best */
	bli_thread_set_num_threads(threads);
}

static void describe(char *text, size_t size)
{
	const int threads = (int)bli_thread_get_num_threads();
	snprintf(text, size, "BLIS %s, kernels for %s, %d thread%s", bli_info_get_version_str(),
	         bli_arch_string(bli_arch_query_id()), threads, threads == 1 ? "" : "s");
}

static bool own_threads(void)
{
	return !bli_info_get_enable_openmp();
}

static void gemm(bool trans_a, bool trans_b, size_t m, size_t n, size_t k, const real *a, size_t lda, const real *b,
                 size_t ldb, real *c, size_t ldc)
{
	float one = 1, zero = 0;
	bli_sgemm(trans_a ? BLIS_TRANSPOSE : BLIS_NO_TRANSPOSE, trans_b ? BLIS_TRANSPOSE : BLIS_NO_TRANSPOSE, (dim_t)m,
	          (dim_t)n, (dim_t)k, &one, (float *)a, (inc_t)lda, 1, (float *)b, (inc_t)ldb, 1, &zero, c, (inc_t)ldc, 1);
}

const struct bench_peer bench_peer_blis = {
	.name = "blis", .begin = begin, .describe = describe, .own_threads = own_threads, .gemm = gemm
};

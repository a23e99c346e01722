/* OpenBLAS's matrix product. main unsets what would make it compute with other kernels than it takes itself. */
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bench/peer.h"

/* Not all of its cblas.h declare what they have beyond the standard. */
char *openblas_get_config(void);
char *openblas_get_corename(void);
int openblas_get_parallel(void);
void openblas_set_num_threads(int threads);
int openblas_get_num_threads(void);

enum { OWN_POOL = 1 }; /* of openblas_get_parallel: 0 has no threads, 2 is OpenMP */

static const char asked_mark[] = "SGAN_BENCH_OPENBLAS_FOUND";

/* The families of kernels that use an instruction set's vectors, the one to ask for first. */
static const char *const families[][5] = {
	[SGAN_ISA_GENERIC] = { NULL },
	[SGAN_ISA_AVX2] = { "Haswell", "Zen", NULL },
	[SGAN_ISA_AVX512] = { "SkylakeX", "Cooperlake", "SapphireRapids", NULL },
	[SGAN_ISA_NEON] = { NULL },
};

/* An OpenBLAS that is older than the CPU takes kernels from before AVX; and with --isa avx2 AVX-512's are not to be
 * compared with. It reads its environment once, when it is loaded. */
static void begin(sgan_isa isa, int threads)
{
	const char *found = openblas_get_corename();
	bool right = families[isa][0] == NULL || getenv(asked_mark) != NULL;
	for (size_t i = 0; !right && families[isa][i] != NULL; i++)
		right = strcasecmp(found, families[isa][i]) == 0;
	if (!right) {
		setenv(asked_mark, found, 1);
		setenv("OPENBLAS_CORETYPE", families[isa][0], 1);
		bench_start_anew();
	}
	openblas_set_num_threads(threads);
}

/* "OpenBLAS 0.3.21 NO_LAPACKE ...": the first two words count. */
static int version_length(const char *config)
{
	const char *end = strchr(config, ' ');
	end = end != NULL ? strchr(end + 1, ' ') : NULL;
	return end != NULL ? (int)(end - config) : (int)strlen(config);
}

static void describe(char *text, size_t size)
{
	const char *config = openblas_get_config(), *found = getenv(asked_mark);
	const int threads = openblas_get_num_threads();
	snprintf(text, size, "%.*s, kernels for %s%s%s%s, %d thread%s", version_length(config), config,
	         openblas_get_corename(), found != NULL ? " (asked for; it had taken " : "", found != NULL ? found : "",
	         found != NULL ? "'s)" : "", threads, threads == 1 ? "" : "s");
}

static bool own_threads(void)
{
	return openblas_get_parallel() == OWN_POOL;
}

static void gemm(bool trans_a, bool trans_b, size_t m, size_t n, size_t k, const real *a, size_t lda, const real *b,
                 size_t ldb, real *c, size_t ldc)
{
	cblas_sgemm(CblasRowMajor, trans_a ? CblasTrans : CblasNoTrans, trans_b ? CblasTrans : CblasNoTrans, (blasint)m,
	            (blasint)n, (blasint)k, 1, a, (blasint)lda, b, (blasint)ldb, 0, c, (blasint)ldc);
}

const struct bench_peer bench_peer_openblas = {
	.name = "openblas", .begin = begin, .describe = describe, .own_threads = own_threads, .gemm = gemm
};

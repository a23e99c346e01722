/* Other libraries that do the same work, to be timed beside ours. They are known to the benchmarks alone, and a
 * build has those that configure was told of. */
#ifndef SGAN_BENCH_PEER_H
#define SGAN_BENCH_PEER_H

#include "bench/bench.h"

/* One pass of a linear layer on `sets` of operands, which are used in turn. src [sets][n, in], dst [sets][n, out] and
 * weights are as in sgan/conv.h; a pass reads two of them and makes the third. */
struct bench_problem {
	const sgan_conv_desc *desc;
	size_t out_h, out_w;
	sgan_pass pass;
	bool dense;
	size_t n, sets;
	size_t src_count, dst_count, weight_count; /* values of one set; of the weights */
	const real *src, *dst, *weights;
};

struct bench_peer {
	const char *name; /* on the command line */

	/* To be called once, before anything else: instruction set and number of threads, as ours. */
	void (*begin)(sgan_isa isa, int threads);

	/* Name, version, instruction set, threads, in a line. */
	void (*describe)(char *text, size_t size);

	/* Whether its threads are others than the library's. */
	bool (*own_threads)(void);

	/* NULL where it has no layers. The best way to do a pass, with all operands in the layouts that it likes best;
	 * NULL: it cannot. `how` of it is a few words. result writes what the last run with a set made, in our layout. */
	void *(*layer_create)(const struct bench_problem *problem);
	void (*layer_run)(void *layer, size_t set);
	void (*layer_pack)(void *layer); /* weights from our layout to its own; those that the pass makes, back */
	const char *(*layer_how)(const void *layer);
	void (*layer_result)(void *layer, size_t set, real *result);
	void (*layer_destroy)(void *layer);

	/* NULL where it has no matrix product; as sgan_gemm without accumulation. */
	void (*gemm)(bool trans_a, bool trans_b, size_t m, size_t n, size_t k, const real *a, size_t lda, const real *b,
	             size_t ldb, real *c, size_t ldc);
};

/* By name. NULL: unknown, or known (*known) and not built. */
const struct bench_peer *bench_peer_find(const char *name, bool *known);

#endif

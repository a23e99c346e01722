/* One pass of a linear layer of ours, on operands in rotation: 64 MiB of them or two sets, whichever is more, so that
 * none is in a core's own cache when its turn comes again. In a training step, too, other layers' data comes in
 * between. Weights are packed once, as a step does, and their gradient is one tensor. */
#ifndef SGAN_BENCH_PASS_H
#define SGAN_BENCH_PASS_H

#include "bench/bench.h"

struct bench_pass {
	sgan_ctx *ctx;
	sgan_conv_desc desc;
	sgan_conv_plan *plan;
	sgan_pass pass;
	size_t n, sets, src_count, dst_count, weight_count; /* values of one set; of the weights */
	real *src, *dst;                                    /* [sets][n, ...]: values or gradients */
	real *weights, *diff_weights;
	void *packed, *workspace;
};

struct bench_pass bench_pass_create(sgan_ctx *ctx, const struct bench_layer *layer, size_t n);
void bench_pass_destroy(struct bench_pass *pass);

/* Between the two, one pass after another; algorithm is a name, or NULL for the plan's choice. */
void bench_pass_prepare(struct bench_pass *pass, sgan_pass which, const char *algorithm);
void bench_pass_end(struct bench_pass *pass);

/* A contender's function; the argument is a struct bench_pass. */
void bench_pass_run(void *arg, size_t round);

/* Packs its weights. */
void bench_pass_pack(void *arg, size_t round);

#endif

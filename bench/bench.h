/* Shared by the benchmarks. */
#ifndef SGAN_BENCH_BENCH_H
#define SGAN_BENCH_BENCH_H

#include "src/cpu/ctx.h"
#include "src/sgan/session.h"

/* The loops of peak_*.c: `rounds` rounds of fused multiply-adds; *flop receives the operations done. */
float bench_peak_avx2(size_t rounds, double *flop);
float bench_peak_avx512(size_t rounds, double *flop);

/* GFLOP/s of fused multiply-adds on all threads of ctx, the best of several runs; 0: no such loop for its
 * instruction set. */
double bench_peak(sgan_ctx *ctx);

/* Seconds of a monotonic clock. */
double bench_now(void);

/* The median of count times, which it sorts. */
double bench_median(double *times, size_t count);

/* Multiply-adds per image of a network's passes: output pixels x taps x channels in x channels out of a
 * convolution, input pixels x ... of a deconvolution, so taps on padding and zeros between strides do not count. */
struct bench_work {
	double forward;
	double first; /* of the layers that read inputs alone: a backward pass without input gradients leaves them out */
};
struct bench_work bench_net_work(const struct sgan_net_desc *desc);

/* FLOP per image of a whole step of a stage, by the passes that it needs: no D weight gradients in a G step, no
 * image gradient in a D step, E(x) once. */
double bench_step_flop(const struct sgan_preset *preset, enum sgan_stage stage);
double bench_sample_flop(const struct sgan_preset *preset);

#endif

/* The independent stage's step in a context of one's own. */
#ifndef SGAN_BENCH_STEPPER_H
#define SGAN_BENCH_STEPPER_H

#include "bench/bench.h"

/* A model's session in a context of so many threads. */
struct bench_stepper {
	sgan_ctx *ctx;
	struct sgan_model *model;
	struct sgan_session *session;
};

/* Slices begin .. end - 1 of every batch, and how their sums come together with the others'. */
struct bench_share {
	size_t begin, end;
	sgan_exchange exchange;
};

/* share NULL: all slices. */
void bench_open_stepper(const struct bench *b, sgan_ctx *ctx, const struct bench_share *share, struct bench_stepper *s);
void bench_close_stepper(struct bench_stepper *s);

/* Seconds of a step: E(x), D, G once. */
double bench_time_step(const struct bench_stepper *s, const struct bench_batch *batch);

/* Seconds that it takes to ask what time it is. */
double bench_clock_cost(void);

/* What of one thread's step is in no region, and so is not divided among threads; *step is all of it. A region's two
 * times are taken within it, so that one call of the clock is outside: that is taken off. Medians of --runs. */
double bench_outside(const struct bench *b, const struct bench_batch *batch, double *step, uint64_t *regions);

#endif

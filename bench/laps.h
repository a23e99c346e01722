/* What a step's time goes to: networks tell a context's observer (src/exec/ctx.h) after each of their passes. */
#ifndef SGAN_BENCH_LAPS_H
#define SGAN_BENCH_LAPS_H

#include "bench/bench.h"

enum { LAP_STEPS = 400, LAP_OPERATIONS = 600 };

/* One thing that is done in a part of a step, however often. */
struct bench_operation {
	int part;
	const char *net, *layer, *what;
	size_t calls;            /* in one step */
	double times[LAP_STEPS]; /* seconds, of the last steps */
};

struct bench_laps {
	struct sgan_observer observer;
	int part;
	double last;
	size_t step; /* the current one, from 0 */
	size_t count;
	struct bench_operation operations[LAP_OPERATIONS];
};

/* Begins to listen. `laps` must outlive ctx, or be taken from it. */
void bench_laps_begin(struct bench_laps *laps, sgan_ctx *ctx);
void bench_laps_end(sgan_ctx *ctx);

/* To be called around each part of a step, and after each step. */
void bench_laps_part(struct bench_laps *laps, int part);
void bench_laps_part_done(struct bench_laps *laps);
void bench_laps_step_done(struct bench_laps *laps);

/* Rows of a part's operations, the longest first, those below a 500th of `whole` seconds together. */
void bench_laps_print(const struct bench *b, struct bench_laps *laps, int part, const char *part_name,
                      const char *stage, double whole, double peak);

/* What all of a step's operations of a kind come to. */
void bench_laps_print_kinds(const struct bench *b, struct bench_laps *laps, const char *stage, double whole);

#endif

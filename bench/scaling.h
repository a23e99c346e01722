/* How long a step takes on machines that are not at hand: measured here with one thread and with two, modelled beyond.
 *
 * The model. A step is what no region has, plus its regions. A region that is cut into c chunks for p threads, and takes one
 * thread the time t as it is cut, takes p threads t * ceil(c / p) / c, for its chunks are alike; and a wait, in which the
 * threads learn of it and tell of its end. Both t and c are measured, for any number of threads: one thread does a step that
 * is cut for them all. Beyond what was measured the wait is supposed to grow by what it takes each thread to count its
 * chunks, one after the other. What two threads take longer than that, for chunks that are not alike, all numbers of threads
 * are supposed to. A step never takes less than memory takes for its bytes (traffic.c). Clocks that fall as cores work are not
 * in it. */
#ifndef SGAN_BENCH_SCALING_H
#define SGAN_BENCH_SCALING_H

#include "bench/stepper.h"

/* What was measured. */
struct bench_fit {
	const struct bench *b;
	const struct bench_batch *batch;
	double step, outside;  /* seconds: one thread's step, and what of it no region has */
	double wait;           /* of a region of two threads */
	double slower;         /* what two threads take over what is modelled, 1 where there is one CPU */
	double bandwidth;      /* of this machine's memory, bytes a second, with all CPUs */
	size_t most;           /* threads that were measured */
	double measured[8][2]; /* threads, seconds */
};

/* Measures it all, and steps of 1, 2, 4, ... threads, as far as there are CPUs. */
void bench_fit(struct bench *b, const struct bench_batch *batch, struct bench_fit *fit);

/* Seconds of a step of so many threads, as far as arithmetic goes. */
double bench_model_compute(const struct bench_fit *fit, int threads, const struct bench_share *share);

/* --- bytes --- */

/* Bytes that a step moves. */
struct bench_traffic {
	double
		memory; /* between memory and caches: activations, once for each pass that reads or writes them; weights, their
	                   gradients' partial sums and moments */
	double packed;  /* of packed weights: each node has them once more */
	double partial; /* of gradients' partial sums: others' than a node's own come from there */
	double params;  /* of an update: gradients, moments, weights */
};
struct bench_traffic bench_step_traffic(const struct bench *b);

/* What of it goes between so many nodes. */
double bench_traffic_between(const struct bench_traffic *traffic, size_t nodes);

/* --- several machines --- */

/* A row for each number of machines: bytes that a step sends, and hours of training, modelled. */
void bench_print_machines(const struct bench_fit *fit);

#endif

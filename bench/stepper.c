/* A step by itself, for benchmarks that are of no layer. */
#include "bench/stepper.h"

enum { MOST_RUNS = 1000 }; /* as many as --runs takes */

void bench_open_stepper(const struct bench *b, sgan_ctx *ctx, const struct bench_share *share, struct bench_stepper *s)
{
	struct bench own = *b;
	own.ctx = s->ctx = ctx;
	if (share != NULL)
		bench_check(sgan_ctx_set_exchange(ctx, &share->exchange), "exchange");
	s->model = bench_make_model(&own, true);
	bench_check(sgan_session_create(ctx, s->model, SGAN_STAGE_INDEPENDENT, &s->session), "session");
	if (share != NULL)
		bench_check(sgan_session_share(s->session, share->begin, share->end), "slices");
}

void bench_close_stepper(struct bench_stepper *s)
{
	sgan_session_destroy(s->session);
	sgan_model_destroy(s->model);
}

double bench_time_step(const struct bench_stepper *s, const struct bench_batch *batch)
{
	const double begin = bench_now();
	bench_check(sgan_session_batch(s->session, batch->n, batch->x, batch->labels), "batch");
	bench_check(sgan_discriminator_step(s->session), "D step");
	bench_check(sgan_generator_step(s->session), "G step");
	return bench_now() - begin;
}

double bench_clock_cost(void)
{
	enum { CALLS = 100000 };
	double begin = bench_now();
	for (int i = 0; i < CALLS; i++)
		bench_now();
	return (bench_now() - begin) / CALLS;
}

double bench_outside(const struct bench *b, const struct bench_batch *batch, double *step, uint64_t *regions)
{
	static double times[2][MOST_RUNS];
	const sgan_ctx_options options = { .isa = b->options.isa, .threads = 1 };
	const double clock = bench_clock_cost();
	struct sgan_region_tally tally;
	struct bench_stepper one;
	sgan_ctx *ctx;
	bench_check(sgan_ctx_create(&options, &ctx), "context");
	bench_open_stepper(b, ctx, NULL, &one);
	bench_time_step(&one, batch);
	ctx->tally = &tally;
	for (size_t i = 0; i < b->options.runs; i++) {
		tally = (struct sgan_region_tally){ .regions = 0 };
		times[0][i] = bench_time_step(&one, batch);
		times[1][i] = times[0][i] - 1e-9 * (double)tally.ns - clock * (double)tally.regions;
	}
	bench_close_stepper(&one);
	sgan_ctx_destroy(ctx);
	*regions = tally.regions;
	*step = bench_median(times[0], b->options.runs);
	return bench_median(times[1], b->options.runs);
}

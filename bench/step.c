/* Training steps, whole: what a stage does to a batch, and its parts. */
#include <stdio.h>
#include <string.h>

#include "bench/laps.h"

/* What a stage's step consists of, in order. */
enum part { PART_BATCH, PART_FIRST, PART_SECOND, PART_COUNT };

enum { MOST_STEPS = 4000 };

struct stepping {
	struct sgan_session *session;
	const struct bench_batch *batch;
	struct bench_laps *laps;
	size_t steps; /* done */
	double times[PART_COUNT][MOST_STEPS];
};

static void run_part(struct sgan_session *s, const struct bench_batch *batch, enum part part)
{
	if (part == PART_BATCH)
		bench_check(sgan_session_batch(s, batch->n, batch->x, batch->labels), "batch");
	else if (s->stage == SGAN_STAGE_ENCODER && part == PART_FIRST)
		bench_check(sgan_encoder_step(s), "encoder step");
	else if (part == PART_FIRST)
		bench_check(sgan_discriminator_step(s), "D step");
	else if (s->stage != SGAN_STAGE_ENCODER)
		bench_check(sgan_generator_step(s), "G step");
}

static void run_step(void *arg, size_t round)
{
	struct stepping *s = arg;
	(void)round;
	for (int part = 0; part < PART_COUNT; part++) {
		double begin = bench_now();
		bench_laps_part(s->laps, part);
		run_part(s->session, s->batch, (enum part)part);
		bench_laps_part_done(s->laps);
		s->times[part][s->steps % MOST_STEPS] = bench_now() - begin;
	}
	bench_laps_step_done(s->laps);
	s->steps++;
}

static void print_part(const struct bench *b, enum sgan_stage stage, const char *part, double seconds, double flop,
                       double peak)
{
	char title[64];
	json_t *object = json_pack("{ss ss}", "step", part, "stage", sgan_stage_name(stage));
	snprintf(title, sizeof title, "%s: %s", sgan_stage_name(stage), part);
	if (b->options.stack >= 0)
		json_object_set_new(object, "stack", json_integer(b->options.stack));
	const struct bench_row row = {
		.title = title, .pass = "", .seconds = seconds, .flop = flop, .peak = peak, .images = (double)b->options.batch
	};
	bench_print_row(b, &row, object);
}

static void print_stage(const struct bench *b, struct stepping *s, enum sgan_stage stage, double whole, double peak)
{
	static const char *const names[PART_COUNT] = { "E(x)", "D step", "G step" };
	const struct bench_step_work work = bench_step_work(b->preset, stage, b->options.stack);
	const double n = (double)b->options.batch, each[PART_COUNT] = { work.batch, work.first, work.second };
	const size_t steps = s->steps < MOST_STEPS ? s->steps : MOST_STEPS;
	const bool encoder = stage == SGAN_STAGE_ENCODER;
	print_part(b, stage, encoder ? "step" : "E(x) + D step + G step", whole,
	           n * (work.batch + work.first + work.second), peak);
	for (int part = 0; part < PART_COUNT && !encoder; part++)
		print_part(b, stage, names[part], bench_median(s->times[part], steps), n * each[part], peak);
	for (int part = 0; part < PART_COUNT; part++)
		bench_laps_print(b, s->laps, part, encoder ? "step" : names[part], sgan_stage_name(stage), whole, peak);
	bench_laps_print_kinds(b, s->laps, sgan_stage_name(stage), whole);
}

static void time_stage(const struct bench *b, struct sgan_model *model, enum sgan_stage stage)
{
	static struct stepping s;
	static struct bench_laps laps;
	struct bench_batch batch = bench_make_batch(b);
	s = (struct stepping){ .batch = &batch, .laps = &laps };
	bench_check(sgan_session_create(b->ctx, model, stage, &s.session), "session");
	if (b->options.stack >= 0)
		bench_check(sgan_session_only(s.session, (size_t)b->options.stack), "--stack");
	struct bench_contender contender = { .run = run_step, .arg = &s };
	bench_laps_begin(&laps, b->ctx);
	const double peak = bench_contest(b, &contender, 1);
	bench_laps_end(b->ctx);
	print_stage(b, &s, stage, contender.seconds, peak);
	sgan_session_destroy(s.session);
	bench_free_batch(&batch);
}

void bench_step(struct bench *b)
{
	struct sgan_model *model = bench_make_model(b, true);
	const double peak = bench_print_header(b, "step");
	bench_print_columns(b, "step", false);
	for (int i = 0; i < SGAN_STAGE_COUNT; i++)
		if (b->options.stage == NULL ? b->options.stack < 0 || i == SGAN_STAGE_INDEPENDENT
		                             : strcmp(b->options.stage, sgan_stage_name((enum sgan_stage)i)) == 0)
			time_stage(b, model, (enum sgan_stage)i);
	bench_print_drift(b, peak);
	sgan_model_destroy(model);
}

/* sgan-bench: how fast this machine trains and samples, against its peak.
 *
 *     sgan-bench [peak|step|sample]... [--preset P] [--stage S] [--isa X] [--threads N] [--batch N] [--runs N]
 *
 * Times are medians after warm-up; GFLOP/s count the multiply-adds that the passes need (bench/work.c); the peak
 * is a loop of fused multiply-adds measured in the same run, before and after. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "src/cpu/memory.h"
#include "src/ops/ops.h"
#include "src/sgan/generate.h"

struct options {
	const char *preset, *stage, *isa;
	int threads;
	size_t batch, runs;
};

struct bench {
	sgan_ctx *ctx;
	struct sgan_preset *preset;
	struct options options;
	double peak;
};

static void fail(const char *what)
{
	fprintf(stderr, "sgan-bench: %s%s%s\n", what, sgan_last_error()[0] != '\0' ? ": " : "", sgan_last_error());
	exit(1);
}

static void check(sgan_status status, const char *what)
{
	if (status != SGAN_OK)
		fail(what);
}

static void print_row(const struct bench *b, const char *name, double seconds, double images, double flop)
{
	double gflops = flop / seconds / 1e9;
	printf("%-24s %9.2f ms %10.0f images/s", name, seconds * 1e3, images / seconds);
	if (flop > 0)
		printf(" %8.1f GFLOP/s", gflops);
	if (flop > 0 && b->peak > 0)
		printf(" %5.1f %% of peak", 100 * gflops / b->peak);
	printf("\n");
}

static void print_header(struct bench *b)
{
	b->peak = bench_peak(b->ctx);
	printf("libsgan %s, %s, %d threads, peak %.0f GFLOP/s, preset %s, batch %zu\n", sgan_version(),
	       sgan_isa_name(sgan_ctx_isa(b->ctx)), sgan_ctx_threads(b->ctx), b->peak, b->preset->name, b->options.batch);
}

static void print_peak(struct bench *b)
{
	printf("%-24s %9.1f GFLOP/s\n", "peak, measured again", bench_peak(b->ctx));
}

struct batch {
	real *x;
	uint8_t *labels;
};

static struct batch make_batch(const struct bench *b)
{
	const struct sgan_preset *p = b->preset;
	const size_t count = b->options.batch * p->height * p->width * p->channels;
	struct batch batch = { sgan_alloc(count, sizeof(real)), sgan_alloc(b->options.batch, 1) };
	if (batch.x == NULL || batch.labels == NULL)
		fail("batch");
	sgan_random_uniform(b->ctx, 1, 0, 0, count, batch.x);
	for (size_t i = 0; i < b->options.batch; i++)
		batch.labels[i] = (uint8_t)(i % p->classes);
	return batch;
}

/* What a stage's step consists of, in order. */
enum part { PART_BATCH, PART_FIRST, PART_SECOND, PART_COUNT };

static void run_part(struct sgan_session *s, const struct batch *batch, size_t n, enum part part)
{
	if (part == PART_BATCH)
		check(sgan_session_batch(s, n, batch->x, batch->labels), "batch");
	else if (s->stage == SGAN_STAGE_ENCODER && part == PART_FIRST)
		check(sgan_encoder_step(s), "encoder step");
	else if (part == PART_FIRST)
		check(sgan_discriminator_step(s), "D step");
	else if (s->stage != SGAN_STAGE_ENCODER)
		check(sgan_generator_step(s), "G step");
}

static void bench_stage(struct bench *b, struct sgan_model *model, enum sgan_stage stage)
{
	static const char *const names[PART_COUNT] = { "  E(x)", "  D step", "  G step" };
	const size_t runs = b->options.runs, n = b->options.batch;
	struct batch batch = make_batch(b);
	struct sgan_session *s;
	check(sgan_session_create(b->ctx, model, stage, &s), "session");
	double *times[PART_COUNT + 1];
	for (int i = 0; i <= PART_COUNT; i++)
		times[i] = calloc(runs, sizeof(double));
	for (size_t r = 0; r < runs + 2; r++)
		for (int part = 0; part < PART_COUNT; part++) {
			double begin = bench_now();
			run_part(s, &batch, n, (enum part)part);
			double seconds = bench_now() - begin;
			if (r < 2)
				continue; /* warm-up */
			times[part][r - 2] = seconds;
			times[PART_COUNT][r - 2] += seconds;
		}
	print_row(b, sgan_stage_name(stage), bench_median(times[PART_COUNT], runs), (double)n,
	          (double)n * bench_step_flop(b->preset, stage));
	for (int part = 0; part < PART_COUNT && stage != SGAN_STAGE_ENCODER; part++)
		print_row(b, names[part], bench_median(times[part], runs), (double)n, 0);
	for (int i = 0; i <= PART_COUNT; i++)
		free(times[i]);
	sgan_session_destroy(s);
	sgan_free(batch.x);
	sgan_free(batch.labels);
}

static struct sgan_model *make_model(struct bench *b, bool trained)
{
	struct sgan_model *model;
	check(sgan_model_create(b->ctx, b->preset, b->options.batch, trained, &model), "model");
	sgan_model_init(b->ctx, model, SGAN_STAGE_ENCODER);
	sgan_model_init(b->ctx, model, SGAN_STAGE_INDEPENDENT);
	return model;
}

static void bench_step(struct bench *b)
{
	struct sgan_model *model = make_model(b, true);
	for (int i = 0; i < SGAN_STAGE_COUNT; i++)
		if (b->options.stage == NULL || strcmp(b->options.stage, sgan_stage_name((enum sgan_stage)i)) == 0)
			bench_stage(b, model, (enum sgan_stage)i);
	sgan_model_destroy(model);
	print_peak(b);
}

static void bench_sample(struct bench *b)
{
	const size_t n = b->options.batch, runs = b->options.runs;
	struct sgan_model *model = make_model(b, false);
	struct batch batch = make_batch(b);
	struct sgan_sampler *sampler;
	uint8_t *images = sgan_alloc(n, model->stacks[0].lower_size);
	double *times = calloc(runs, sizeof *times);
	check(sgan_sampler_create(b->ctx, model, &sampler), "sampler");
	for (size_t r = 0; r < runs + 2; r++) {
		double begin = bench_now();
		check(sgan_sampler_draw(sampler, 0, 1, 0, n, batch.labels, images), "draw");
		if (r >= 2)
			times[r - 2] = bench_now() - begin;
	}
	print_row(b, "sample", bench_median(times, runs), (double)n, (double)n * bench_sample_flop(b->preset));
	free(times);
	sgan_free(images);
	sgan_sampler_destroy(sampler);
	sgan_free(batch.x);
	sgan_free(batch.labels);
	sgan_model_destroy(model);
	print_peak(b);
}

static size_t number(const char *text, size_t limit)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);
	if (end == text || *end != '\0' || text[0] == '-' || value == 0 || value > limit) {
		fprintf(stderr, "sgan-bench: '%s': a number from 1 to %zu expected\n", text, limit);
		exit(2);
	}
	return value;
}

static struct options read_options(int argc, char **argv)
{
	static const struct option longs[] = { { "preset", required_argument, NULL, 'p' },
		                                   { "stage", required_argument, NULL, 's' },
		                                   { "isa", required_argument, NULL, 'i' },
		                                   { "threads", required_argument, NULL, 't' },
		                                   { "batch", required_argument, NULL, 'b' },
		                                   { "runs", required_argument, NULL, 'r' },
		                                   { NULL, 0, NULL, 0 } };
	struct options o = { .preset = "mnist", .batch = 100, .runs = 15 };
	for (int c; (c = getopt_long(argc, argv, "", longs, NULL)) != -1;)
		switch (c) {
		case 'p':
			o.preset = optarg;
			break;
		case 's':
			o.stage = optarg;
			break;
		case 'i':
			o.isa = optarg;
			break;
		case 't':
			o.threads = (int)number(optarg, 1024);
			break;
		case 'b':
			o.batch = number(optarg, 4096);
			break;
		case 'r':
			o.runs = number(optarg, 100000);
			break;
		default:
			exit(2);
		}
	return o;
}

int main(int argc, char **argv)
{
	struct bench b = { .options = read_options(argc, argv) };
	const sgan_ctx_options ctx = { .isa = b.options.isa, .threads = b.options.threads };
	check(sgan_ctx_create(&ctx, &b.ctx), "context");
	check(sgan_preset_load(b.options.preset, NULL, 0, &b.preset), "preset");
	print_header(&b);
	for (int i = optind; i < argc || i == optind; i++) {
		const char *what = i < argc ? argv[i] : "step";
		if (strcmp(what, "step") == 0)
			bench_step(&b);
		else if (strcmp(what, "sample") == 0)
			bench_sample(&b);
		else if (strcmp(what, "peak") != 0)
			fail("the benchmarks are peak, step and sample");
	}
	sgan_preset_free(b.preset);
	sgan_ctx_destroy(b.ctx);
	return 0;
}

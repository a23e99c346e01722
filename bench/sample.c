/* Sampling: images a second through all generators, as bytes. */
#include "bench/bench.h"
#include "src/cpu/memory.h"
#include "src/sgan/sample/sampler.h"

struct sampling {
	struct sgan_sampler *sampler;
	const struct bench_batch *batch;
	uint8_t *images;
};

static void draw(void *arg, size_t round)
{
	struct sampling *s = arg;
	bench_check(sgan_sampler_draw(s->sampler, 0, 1, round * s->batch->n, s->batch->n, s->batch->labels, s->images),
	            "sampling");
}

void bench_sample(struct bench *b)
{
	struct sgan_model *model = bench_make_model(b, false);
	struct bench_batch batch = bench_make_batch(b);
	struct sampling s = { .batch = &batch, .images = sgan_alloc(batch.n, model->input.size) };
	if (s.images == NULL)
		bench_check(SGAN_ENOMEM, "images");
	bench_check(sgan_sampler_create(b->ctx, model, &s.sampler), "sampler");
	const double peak = bench_print_header(b, "sample");
	bench_print_columns(b, "what", false);
	struct bench_contender contender = { .run = draw, .arg = &s };
	struct bench_row row = { .title = "sample", .pass = "", .images = (double)batch.n };
	row.flop = (double)batch.n * bench_sample_work(b->preset);
	row.peak = bench_contest(b, &contender, 1);
	row.seconds = contender.seconds;
	bench_print_row(b, &row, json_pack("{ss}", "step", "sample"));
	bench_print_drift(b, peak);
	sgan_sampler_destroy(s.sampler);
	sgan_free(s.images);
	bench_free_batch(&batch);
	sgan_model_destroy(model);
}

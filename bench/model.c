/* Models and data to time steps with: weights as drawn, images of noise. */
#include "bench/bench.h"
#include "src/cpu/memory.h"
#include "src/ops/ops.h"

struct bench_batch bench_make_batch(const struct bench *b)
{
	const struct sgan_preset *p = b->preset;
	/* What the encoder tells may be fewer things than there are classes. */
	const size_t scores = sgan_preset_scores(p), labels = scores < p->classes ? scores : p->classes;
	const size_t n = b->options.batch, count = n * p->height * p->width * p->channels;
	struct bench_batch batch = { n, sgan_alloc(count, sizeof(real)), sgan_alloc(n, sizeof(uint32_t)) };
	if (batch.x == NULL || batch.labels == NULL)
		bench_check(SGAN_ENOMEM, "batch");
	sgan_random_uniform(b->ctx, 1, 0, 0, 0, count, batch.x);
	for (size_t i = 0; i < n; i++)
		batch.labels[i] = (uint32_t)(i % labels);
	return batch;
}

void bench_free_batch(struct bench_batch *batch)
{
	sgan_free(batch->x);
	sgan_free(batch->labels);
}

struct sgan_model *bench_make_model(const struct bench *b, bool trained)
{
	struct sgan_model *model;
	bench_check(sgan_model_create(b->ctx, b->preset, b->options.batch, trained, &model), "model");
	sgan_model_init(b->ctx, model, SGAN_STAGE_ENCODER);
	sgan_model_init(b->ctx, model, SGAN_STAGE_INDEPENDENT);
	return model;
}

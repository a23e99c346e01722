/* Moving averages of generators' weights. */
#include "tests/small_run.h"

#include <math.h>

#include "src/sgan/model/streams.h"
#include "src/sgan/train/stage.h"
#include "src/sgan/train/start.h"

TestSuite(averages, .init = temporary_make, .fini = temporary_remove);

/* A run with averages, up to its last step of the independent stage. */
static void open_averaged(struct sgan_trainer *t, struct small_run *r)
{
	ASSERT_OK(sgan_trainer_open(t, r->ctx, &r->options));
	ASSERT_OK(sgan_trainer_start(t));
	while (t->state.stage == SGAN_STAGE_ENCODER) {
		ASSERT_OK(sgan_stage_begin(t));
		while (sgan_stage_left(t))
			ASSERT_OK(sgan_stage_step(t));
		ASSERT_OK(sgan_stage_end(t));
	}
	ASSERT_OK(sgan_stage_begin(t));
}

/* The average after each update by its own sum: with decay d, 2/11, 3/12, ... at first, at most the setting's. */
Test(averages, follow_the_weights)
{
	static const char *const settings[] = { "independent.ema=0.35", "independent.lr=0.01" };
	struct small_run *r = small_run("", settings, 2);
	struct sgan_trainer t;
	open_averaged(&t, r);
	struct sgan_part *g = &t.model->stacks[0].generator;
	cr_assert_not_null(g->average);
	const struct sgan_param *value = sgan_params_find(g->params, "g0.fc.weight"),
							*average = sgan_params_find(g->average, "g0.fc.weight");
	double *expected = calloc(value->count, sizeof *expected);
	cr_assert_not_null(expected);
	for (size_t i = 0; i < value->count; i++)
		expected[i] = value->value[i];
	for (int step = 1; step <= 5; step++) {
		const double early = (1.0 + step) / (10.0 + step), decay = early < 0.35 ? early : 0.35;
		ASSERT_OK(sgan_stage_step(&t));
		for (size_t i = 0; i < value->count; i++) {
			expected[i] = decay * expected[i] + (1 - decay) * value->value[i];
			cr_assert_float_eq(average->value[i], expected[i], 1e-6, "step %d", step);
		}
	}
	cr_expect(fabs(value->value[0] - average->value[0]) > 1e-4, "the weights stand still: the test is of no use");
	free(expected);
	ASSERT_OK(sgan_trainer_close(&t, SGAN_OK));
	small_run_free(r);
}

/* Statistics of the average are those of what the average makes, not of what the weights make, or made on the way:
 * with them its outputs are normal. */
Test(averages, have_statistics_of_their_own)
{
	static const char *const settings[] = { "independent.ema=0.9", "independent.lr=0.02", "independent.epochs=3",
		                                    "stage=no_joint" };
	struct small_run *r = small_run("", settings, 4);
	struct sgan_trainer t;
	open_averaged(&t, r);
	while (sgan_stage_left(&t))
		ASSERT_OK(sgan_stage_step(&t));
	struct sgan_part *g = &t.model->stacks[0].generator;
	const struct sgan_param *raw = sgan_params_find(g->params, "g0.fc.mean"),
							*mean = sgan_params_find(g->average, "g0.fc.mean"),
							*weight = sgan_params_find(g->average, "g0.fc.weight");
	/* fc is linear: the mean of its outputs is that of its inputs, h1 of real images and z, through the weights */
	real inputs[20] = { 0 };
	for (size_t i = 0; i < r->data.train.count; i += 10) {
		sgan_input_of_bytes(&t.model->input, 10, r->data.train.images + i * SIDE * SIDE, t.x);
		ASSERT_OK(sgan_session_batch(t.session, 10, t.x, r->data.train.labels + i));
		for (size_t k = 0; k < 10; k++)
			for (size_t j = 0; j < 16; j++)
				inputs[j] += sgan_session_real(t.session, 1)[k * 16 + j] / (real)r->data.train.count;
	}
	for (size_t j = 16; j < 20; j++)
		inputs[j] = (real)0.5;
	double off = 0, raw_off = 0;
	for (size_t c = 0; c < mean->count; c++) {
		double expected = 0;
		for (size_t j = 0; j < 20; j++)
			expected += (double)inputs[j] * weight->value[j * mean->count + c];
		off += fabs(mean->value[c] - expected);
		raw_off += fabs(raw->value[c] - expected);
	}
	cr_expect_lt(off, 0.5 * raw_off, "%g from the average's own mean, the weights' statistics are %g", off, raw_off);
	ASSERT_OK(sgan_trainer_close(&t, SGAN_OK));
	small_run_free(r);
}

/* Images are drawn with the average: by the run itself, and from its file, where it is all that a sampler sees. */
Test(averages, are_what_is_drawn_with)
{
	static const char *const settings[] = { "independent.ema=0.9", "independent.lr=0.02", "stage=no_joint" };
	enum { N = 4 };
	struct small_run *r = small_run("", settings, 3);
	struct sgan_trainer t;
	struct sgan_sampler *sampler;
	const uint32_t labels[N] = { 1, 2, 3, 4 };
	uint8_t own[N * SIDE * SIDE], loaded[N * SIDE * SIDE];
	struct sgan_model *model;
	struct sgan_safetensors *file;
	open_averaged(&t, r);
	while (sgan_stage_left(&t))
		ASSERT_OK(sgan_stage_step(&t));
	ASSERT_OK(sgan_stage_end(&t));
	ASSERT_OK(sgan_sampler_draw(t.sampler, sgan_stream(SGAN_RANDOM_SAMPLE, 0, 0), 5, 0, N, labels, own));
	ASSERT_OK(sgan_model_create(r->ctx, r->preset, N, false, &model));
	ASSERT_OK(sgan_safetensors_open(in_temporary("run/independent.safetensors"), &file));
	ASSERT_OK(sgan_checkpoint_load(file, model, SGAN_STAGE_COUNT, false));
	ASSERT_OK(sgan_sampler_create(r->ctx, model, &sampler));
	ASSERT_OK(sgan_sampler_draw(sampler, sgan_stream(SGAN_RANDOM_SAMPLE, 0, 0), 5, 0, N, labels, loaded));
	cr_expect_arr_eq(own, loaded, sizeof own);
	const struct sgan_param *p = sgan_params_find(model->stacks[0].generator.params, "g0.fc.weight");
	const struct sgan_tensor *average = sgan_safetensors_find(file, "g0.fc.weight.ema"),
							 *value = sgan_safetensors_find(file, "g0.fc.weight");
	cr_assert(average != NULL && value != NULL);
	float *held = calloc(p->count, sizeof *held);
	ASSERT_OK(sgan_safetensors_read(file, average, held));
	cr_expect_eq(memcmp(p->value, held, p->count * sizeof(real)), 0);
	ASSERT_OK(sgan_safetensors_read(file, value, held));
	cr_expect_neq(memcmp(p->value, held, p->count * sizeof(real)), 0, "nothing tells them apart");
	free(held);
	sgan_safetensors_close(file);
	sgan_sampler_destroy(sampler);
	sgan_model_destroy(model);
	ASSERT_OK(sgan_trainer_close(&t, SGAN_OK));
	small_run_free(r);
}

/* A stage without one leaves the average equal to the weights; a run that has none yet begins with its weights. */
Test(averages, begin_with_the_weights)
{
	static const char *const settings[] = { "stage=no_joint", "joint.ema=0.9" };
	struct small_run *r = small_run("", settings, 2);
	struct sgan_trainer t;
	open_averaged(&t, r);
	while (sgan_stage_left(&t))
		ASSERT_OK(sgan_stage_step(&t));
	for (size_t i = 0; i < t.model->stack_count; i++) {
		const struct sgan_part *g = &t.model->stacks[i].generator;
		for (size_t k = 0; k < sgan_params_count(g->params); k++) {
			const struct sgan_param *p = sgan_params_at(g->params, k);
			cr_expect_arr_eq(p->value, sgan_params_at(g->average, k)->value, p->count * sizeof(real), "%s", p->name);
		}
	}
	ASSERT_OK(sgan_trainer_close(&t, SGAN_OK));
	small_run_free(r);
}

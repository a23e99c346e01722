/* Training: what ends it early, what it leaves behind. */
#include "tests/small_run.h"

#include <math.h>

#include "src/sgan/model/finite.h"
#include "src/sgan/model/modelfile.h"
#include "src/sgan/model/streams.h"
#include "src/sgan/sample/generators.h"
#include "src/sgan/train/health.h"
#include "src/sgan/train/limits.h"
#include "src/sgan/train/measures.h"
#include "src/sgan/train/pictures.h"
#include "src/sgan/train/stage.h"
#include "src/sgan/train/start.h"

TestSuite(train, .init = temporary_make, .fini = temporary_remove);
TestSuite(input, .init = temporary_make, .fini = temporary_remove);

/* --- divergence ----------------------------------------------------------------- */

Test(finite, every_place)
{
	enum { MOST = 70 };
	static const real odd[] = { (real)NAN, (real)INFINITY, -(real)INFINITY };
	real values[MOST];
	for (size_t i = 0; i < MOST; i++)
		values[i] = i % 2 == 0 ? (real)3e38 : (real)-1e-45;
	for (size_t count = 0; count < MOST; count++) {
		cr_assert(sgan_all_finite(values, count));
		for (size_t at = 0; at < MOST; at++)
			for (size_t k = 0; k < 3; k++) {
				const real was = values[at];
				values[at] = odd[k];
				cr_assert_eq(sgan_all_finite(values, count), at >= count, "place %zu of %zu", at, count);
				values[at] = was;
			}
	}
}

/* What a stage does not train is not its business. */
Test(train, whose_parameters_are_checked)
{
	static const struct {
		const char *name;
		int which; /* value, first moment, second moment */
		enum sgan_stage stage;
		const char *message;
	} cases[] = {
		{ "d1.q.weight", 0, SGAN_STAGE_JOINT, "d1.q.weight is not finite at step 7 of stage joint" },
		{ "g1.fc1.var", 0, SGAN_STAGE_INDEPENDENT, "g1.fc1.var is not finite at step 7 of stage independent" },
		{ "g0.fc.gain", 1, SGAN_STAGE_JOINT, "moment of g0.fc.gain is not finite" },
		{ "g0.fc.gain", 2, SGAN_STAGE_JOINT, "moment of g0.fc.gain is not finite" },
		{ "encoder.fc4.bias", 0, SGAN_STAGE_ENCODER, "encoder.fc4.bias is not finite at step 7 of stage encoder" },
	};
	struct small_run *r = small_run("", NULL, 0);
	struct sgan_model *model;
	ASSERT_OK(sgan_model_create(r->ctx, r->preset, 10, true, &model));
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct sgan_param *p = find_param(model, cases[i].name);
		real *values = cases[i].which == 0 ? p->value : cases[i].which == 1 ? p->m : p->v;
		const real was = values[p->count - 1];
		for (int stage = 0; stage < SGAN_STAGE_COUNT; stage++)
			ASSERT_OK(sgan_model_check_finite(model, (enum sgan_stage)stage, 7));
		values[p->count - 1] = (real)NAN;
		ASSERT_FAILS(sgan_model_check_finite(model, cases[i].stage, 7), SGAN_EDIVERGED, cases[i].message);
		const bool encoder = cases[i].stage == SGAN_STAGE_ENCODER;
		ASSERT_OK(sgan_model_check_finite(model, encoder ? SGAN_STAGE_JOINT : SGAN_STAGE_ENCODER, 7));
		values[p->count - 1] = was;
	}
	sgan_model_destroy(model);
	small_run_free(r);
}

/* A NaN in a running statistic, which no loss shows, ends training at the next line of the log; the checkpoint of
 * before is whole, and training goes on from it. */
Test(train, a_nan_ends_it_and_the_checkpoint_stays)
{
	static const char *const settings[] = { "encoder.steps=2", "independent.steps=6", "joint.steps=2" };
	struct small_run *r = small_run("", settings, 3);
	struct sgan_trainer t;
	size_t before, after;
	r->options.stop_after = 2;
	ASSERT_OK(sgan_train(r->ctx, &r->options));
	char *was = get_file("run/checkpoint.safetensors", &before);
	r->options.resume = true;
	r->options.stop_after = 0;
	ASSERT_OK(sgan_trainer_open(&t, r->ctx, &r->options));
	ASSERT_OK(sgan_trainer_start(&t));
	cr_assert_eq(t.state.stage, SGAN_STAGE_INDEPENDENT);
	ASSERT_OK(sgan_stage_begin(&t));
	ASSERT_OK(sgan_stage_step(&t));
	find_param(t.model, "g0.fc.mean")->value[3] = (real)NAN;
	ASSERT_OK(sgan_stage_step(&t));
	ASSERT_FAILS(sgan_stage_step(&t), SGAN_EDIVERGED, "g0.fc.mean is not finite at step 3 of stage independent");
	for (size_t i = 0; i < t.session->loss_count; i++)
		cr_assert(isfinite(t.session->losses[i].value), "a loss shows it: the test is of no use");
	cr_expect_eq(sgan_trainer_close(&t, SGAN_EDIVERGED), SGAN_EDIVERGED);
	char *is = get_file("run/checkpoint.safetensors", &after);
	cr_assert_eq(before, after);
	cr_expect_arr_eq(was, is, before, "the checkpoint was changed");
	free(was);
	free(is);
	ASSERT_OK(sgan_train(r->ctx, &r->options));
	is = get_file("run/joint.safetensors", &after);
	cr_expect_gt(after, before);
	free(is);
	small_run_free(r);
}

/* --- an encoder that is normalised -------------------------------------------------- */

/* The share of training images that a session's encoder gives their class, by the batch's statistics or by the running
 * ones. */
static double accuracy_of(struct sgan_trainer *t, bool running)
{
	enum { N = 10 };
	const struct sgan_split *train = &t->options->data->train;
	size_t right = 0;
	for (size_t done = 0; done + N <= train->count; done += N) {
		sgan_input_of_bytes(&t->model->input, N, train->images + done * SIDE * SIDE, t->x);
		if (running) {
			ASSERT_OK(sgan_session_classify(t->session, N, t->x, t->labels));
			for (size_t i = 0; i < N; i++)
				right += t->labels[i] == train->labels[done + i];
			continue;
		}
		ASSERT_OK(sgan_session_batch(t->session, N, t->x, train->labels + done));
		const real *scores = sgan_session_real(t->session, t->model->encoder_count);
		for (size_t i = 0; i < N; i++) {
			size_t best = 0;
			for (size_t c = 1; c < CLASSES; c++)
				best = scores[i * CLASSES + c] > scores[i * CLASSES + best] ? c : best;
			right += best == train->labels[done + i];
		}
	}
	return (double)right / (double)train->count;
}

/* What is frozen and evaluated with running statistics must have them. */
Test(train, a_normalised_encoder_has_running_statistics)
{
	static const char *const settings[] = { "encoder.epochs=20", "encoder.batch=20", "bn_momentum=0.1" };
	struct small_run *r = small_run("bn = true;", settings, 3);
	struct sgan_trainer t;
	ASSERT_OK(sgan_trainer_open(&t, r->ctx, &r->options));
	ASSERT_OK(sgan_trainer_start(&t));
	ASSERT_OK(sgan_stage_begin(&t));
	while (sgan_stage_left(&t))
		ASSERT_OK(sgan_stage_step(&t));
	const struct sgan_param *mean = find_param(t.model, "encoder.fc3.mean"),
							*var = find_param(t.model, "encoder.fc3.var");
	for (size_t i = 0; i < mean->count; i++)
		cr_expect(mean->value[i] != 0 && var->value[i] != 1, "channel %zu's statistics did not move", i);
	const double running = accuracy_of(&t, true), batch = accuracy_of(&t, false);
	cr_expect_gt(batch, 0.8, "the encoder did not learn: %g", batch);
	cr_expect_gt(running, batch - 0.1, "%g by running statistics, %g by the batch's", running, batch);
	ASSERT_OK(sgan_trainer_close(&t, SGAN_OK));
	small_run_free(r);
}

/* --- an encoder alone ------------------------------------------------------------- */

/* Cuts change neither what an encoder learns nor what its tensors are called; without stacks there is no other stage. */
Test(train, an_encoder_without_stacks)
{
	static const char *const settings[] = { "stage=encoder", "stage=all" };
	enum sgan_stage first;
	struct small_run *r = small_run("", settings, 1);
	struct sgan_preset *alone;
	struct sgan_trainer cut, whole;
	ASSERT_OK(sgan_trainer_open(&cut, r->ctx, &r->options));
	ASSERT_OK(sgan_trainer_start(&cut));
	ASSERT_OK(sgan_stage_begin(&cut));
	while (sgan_stage_left(&cut))
		ASSERT_OK(sgan_stage_step(&cut));
	cr_assert_eq(cut.model->encoder_count, 2);
	put_text("alone.cfg", "base = \"small.cfg\"; stacks = ();\n");
	ASSERT_OK(sgan_preset_load(in_temporary("alone.cfg"), settings + 1, 1, &alone));
	const struct sgan_train_options options = { .preset = alone, .data = &r->data, .run = in_temporary("alone") };
	cr_assert_eq(mkdir(options.run, 0777), 0);
	ASSERT_OK(sgan_train(r->ctx, &options));
	const struct sgan_train_options again = { .preset = alone, .data = &r->data, .run = options.run, .resume = true };
	ASSERT_OK(sgan_trainer_open(&whole, r->ctx, &again));
	ASSERT_OK(sgan_trainer_start(&whole));
	cr_expect_eq(whole.state.stage, SGAN_STAGE_COUNT);
	cr_assert_eq(whole.model->encoder_count, 1);
	cr_assert_null(sgan_model_part(whole.model, 1, &first));
	struct sgan_params *params = sgan_model_part(whole.model, 0, &first)->params;
	for (size_t i = 0; i < sgan_params_count(params); i++) {
		const struct sgan_param *p = sgan_params_at(params, i), *same = find_param(cut.model, p->name);
		cr_expect_arr_eq(p->value, same->value, p->count * sizeof(real), "%s", p->name);
	}
	ASSERT_OK(sgan_trainer_close(&cut, SGAN_OK));
	ASSERT_OK(sgan_trainer_close(&whole, SGAN_OK));
	sgan_preset_free(alone);
	small_run_free(r);
}

/* --- any classes and sizes ---------------------------------------------------------- */

/* Colour images of 12x12 pixels; both stacks' discriminators tell classes. */
static const char colour_preset[] =
	"base = \"mnist\"; name = \"colour\"; image = [ 12, 12, 3 ]; batch = 10; slices = 2; epochs = 1; steps = 2;\n"
	"encoder: { epochs = 1; layers = (\n"
	"	{ type = \"input\"; name = \"x\"; shape = [ 12, 12, 3 ]; },\n"
	"	{ type = \"conv\"; name = \"conv1\"; kernel = 3; out = 4; act = \"relu\"; },\n"
	"	{ type = \"maxpool\"; name = \"pool1\"; kernel = 3; },\n"
	"	{ type = \"dense\"; name = \"fc3\"; out = 16; act = \"relu\"; },\n"
	"	{ type = \"dense\"; name = \"fc4\"; out = \"classes\"; } ); };\n"
	"stacks = ( { cut = \"fc3\"; condition = \"squared_error\"; discriminator_loss = \"classes\"; generator = (\n"
	"	{ type = \"input\"; name = \"h\"; shape = [ 16 ]; },\n"
	"	{ type = \"input\"; name = \"z\"; shape = [ 4 ]; },\n"
	"	{ type = \"concat\"; name = \"hz\"; from = [ \"h\", \"z\" ]; },\n"
	"	{ type = \"dense\"; name = \"fc\"; out = 72; bn = true; act = \"relu\"; shape = [ 3, 3, 8 ]; },\n"
	"	{ type = \"deconv\"; name = \"deconv\"; kernel = 4; stride = 4; out = 3; act = \"sigmoid\"; } );\n"
	"  discriminator = (\n"
	"	{ type = \"input\"; name = \"h\"; shape = [ 12, 12, 3 ]; },\n"
	"	{ type = \"conv\"; name = \"conv\"; kernel = 3; stride = 2; pad = 1; out = 8; act = \"lrelu\"; },\n"
	"	{ type = \"dense\"; name = \"d\"; from = \"conv\"; out = \"classes\"; },\n"
	"	{ type = \"dense\"; name = \"q\"; from = \"conv\"; out = 4; } ); },\n"
	"{ cut = \"fc4\"; condition = \"cross_entropy\"; discriminator_loss = \"classes\"; generator = (\n"
	"	{ type = \"input\"; name = \"h\"; shape = \"classes\"; },\n"
	"	{ type = \"input\"; name = \"z\"; shape = [ 4 ]; },\n"
	"	{ type = \"concat\"; name = \"hz\"; from = [ \"z\", \"h\" ]; },\n"
	"	{ type = \"dense\"; name = \"fc\"; out = 16; act = \"relu\"; } ); discriminator = (\n"
	"	{ type = \"input\"; name = \"h\"; shape = [ 16 ]; },\n"
	"	{ type = \"dense\"; name = \"fc\"; out = 16; act = \"lrelu\"; },\n"
	"	{ type = \"dense\"; name = \"d\"; from = \"fc\"; out = \"classes\"; },\n"
	"	{ type = \"dense\"; name = \"q\"; from = \"fc\"; out = 4; } ); } );\n";

enum { COLOUR_SIZE = 12 * 12 * 3, COLOUR_IMAGES = 40 };

static void fill_colours(struct sgan_split *split, size_t classes)
{
	split->count = COLOUR_IMAGES;
	split->images = malloc(COLOUR_IMAGES * COLOUR_SIZE);
	split->labels = malloc(COLOUR_IMAGES * sizeof split->labels[0]);
	cr_assert(split->images != NULL && split->labels != NULL);
	for (size_t i = 0; i < COLOUR_IMAGES; i++)
		split->labels[i] = (uint32_t)(classes - 1 - i % classes);
	for (size_t k = 0; k < COLOUR_IMAGES * COLOUR_SIZE; k++)
		split->images[k] = (uint8_t)(k * k % 251);
}

/* All stages with so many classes, and images of the first and of the last. */
static void train_on_colours(sgan_ctx *ctx, size_t classes)
{
	struct sgan_dataset data = { .name = "colours", .height = 12, .width = 12, .channels = 3, .classes = classes };
	struct sgan_preset *preset;
	char run[32], path[SGAN_PATH];
	uint8_t images[2 * COLOUR_SIZE];
	const uint32_t labels[2] = { 0, (uint32_t)classes - 1 };
	snprintf(run, sizeof run, "run-%zu", classes);
	snprintf(path, sizeof path, "%s", in_temporary(run));
	cr_assert_eq(mkdir(path, 0777), 0);
	fill_colours(&data.train, classes);
	fill_colours(&data.test, classes);
	ASSERT_OK(sgan_preset_load(in_temporary("colour.cfg"), NULL, 0, &preset));
	ASSERT_OK(sgan_preset_settle(&preset, classes));
	const struct sgan_train_options options = { .preset = preset, .data = &data, .run = path };
	ASSERT_OK(sgan_train(ctx, &options));
	strcat(path, "/checkpoint.safetensors");
	const uint32_t none = (uint32_t)classes;
	struct sgan_model *model;
	struct sgan_sampler *sampler;
	ASSERT_OK(sgan_generators_load(ctx, path, preset, 2, &model));
	ASSERT_OK(sgan_sampler_create(ctx, model, &sampler));
	ASSERT_OK(sgan_sampler_draw(sampler, sgan_stream(SGAN_RANDOM_SAMPLE, 0, 0), 1, 0, 2, labels, images));
	ASSERT_FAILS(sgan_sampler_draw(sampler, sgan_stream(SGAN_RANDOM_SAMPLE, 0, 0), 1, 0, 1, &none, images), SGAN_EINVAL,
	             "has classes 0 to");
	sgan_sampler_destroy(sampler);
	sgan_model_destroy(model);
	sgan_preset_free(preset);
	sgan_dataset_free(&data);
}

Test(train, any_number_of_classes)
{
	static const size_t counts[] = { 1, 2, 3, 26, 1000, 3000 };
	sgan_ctx *ctx;
	ASSERT_OK(sgan_ctx_create(&(sgan_ctx_options){ .threads = 2 }, &ctx));
	put_text("colour.cfg", colour_preset);
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
		train_on_colours(ctx, counts[i]);
	sgan_ctx_destroy(ctx);
}

/* --- no labels ------------------------------------------------------------------------ */

static const char nolabels_preset[] =
	"base = \"small.cfg\"; name = \"nolabels\"; encoder: { labels = \"rotations\"; };\n"
	"remove = [ \"stacks.[1].generator.hz\", \"stacks.[1].generator.h\" ];\n"
	"set = [ \"encoder.layers.fc4.out=4\", \"stacks.[1].lambda_cond=0\" ];\n";

/* Trains in the folder `name`, in one go or (steps > 0) in two. */
static void train_without_labels(struct small_run *r, const struct sgan_preset *preset, const char *name, size_t steps)
{
	struct sgan_train_options options = {
		.preset = preset, .data = &r->data, .run = in_temporary(name), .stop_after = steps
	};
	cr_assert_eq(mkdir(options.run, 0777), 0);
	ASSERT_OK(sgan_train(r->ctx, &options));
	options.resume = true;
	options.stop_after = 0;
	if (steps > 0)
		ASSERT_OK(sgan_train(r->ctx, &options));
}

/* Other labels, and an interruption in the encoder's stage, change no bit of what is trained and shown. */
Test(train, labels_are_not_read)
{
	static const char *const files[] = { "encoder.safetensors", "joint.safetensors", "reals.png",
		                                 "samples-independent-2.png", "samples-joint-2.png" };
	struct small_run *r = small_run("", NULL, 0);
	struct sgan_preset *preset;
	put_text("nolabels.cfg", nolabels_preset);
	ASSERT_OK(sgan_preset_load(in_temporary("nolabels.cfg"), NULL, 0, &preset));
	ASSERT_OK(sgan_preset_settle(&preset, CLASSES));
	train_without_labels(r, preset, "one", 0);
	for (size_t i = 0; i < IMAGES; i++)
		r->data.train.labels[i] = (uint32_t)(i * i % CLASSES);
	memset(r->data.test.labels, 0, TESTS * sizeof r->data.test.labels[0]);
	train_without_labels(r, preset, "other", 5);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		char a[64], b[64];
		size_t size, same_size;
		snprintf(a, sizeof a, "one/%s", files[i]);
		snprintf(b, sizeof b, "other/%s", files[i]);
		char *one = get_file(a, &size), *other = get_file(b, &same_size);
		cr_assert_eq(size, same_size, "%s", files[i]);
		cr_expect_arr_eq(one, other, size, "%s", files[i]);
		free(one);
		free(other);
	}
	sgan_preset_free(preset);
	small_run_free(r);
}

/* An encoder learns to tell how images were turned that look it: each has a bright left side. */
Test(train, rotations_are_learnt)
{
	static const char *const settings[] = { "encoder.epochs=20", "stage=encoder" };
	struct small_run *r = small_run("", NULL, 0);
	struct sgan_preset *preset;
	put_text("nolabels.cfg", nolabels_preset);
	ASSERT_OK(sgan_preset_load(in_temporary("nolabels.cfg"), settings, 2, &preset));
	ASSERT_OK(sgan_preset_settle(&preset, CLASSES));
	for (size_t i = 0; i < IMAGES * SIDE * SIDE; i++)
		r->data.train.images[i] = (uint8_t)(i % SIDE < 2 ? 200 + i % 50 : i % 41);
	memcpy(r->data.test.images, r->data.train.images, TESTS * SIDE * SIDE);
	train_without_labels(r, preset, "turned", 0);
	size_t size;
	char *stats = get_file("turned/stats.jsonl", &size), *last = strstr(stats, "\"test_accuracy\"");
	for (char *next = last; next != NULL; next = strstr(next + 1, "\"test_accuracy\""))
		last = next;
	cr_assert_not_null(last);
	cr_expect_geq(strtod(strchr(last, ':') + 1, NULL), 0.9, "%.40s", last);
	free(stats);
	sgan_preset_free(preset);
	small_run_free(r);
}

/* --- images as input --------------------------------------------------------------- */

Test(input, bytes_and_back)
{
	enum { N = 2, SIZE = 128 };
	uint8_t bytes[N * SIZE], back[N * SIZE];
	real x[N * SIZE], y[N * SIZE];
	struct sgan_input plain, less;
	ASSERT_OK(sgan_input_create(SIZE, false, &plain));
	ASSERT_OK(sgan_input_create(SIZE, true, &less));
	sgan_ctx *ctx;
	ASSERT_OK(sgan_ctx_create(&(sgan_ctx_options){ .threads = 2 }, &ctx));
	for (size_t i = 0; i < N * SIZE; i++)
		bytes[i] = (uint8_t)i;
	sgan_input_of_bytes(&plain, N, bytes, x);
	for (size_t i = 0; i < N * SIZE; i++)
		cr_assert_eq(x[i], (real)bytes[i] / 255);
	sgan_input_to_bytes(&plain, N, x, back);
	cr_expect_arr_eq(bytes, back, sizeof bytes);
	ASSERT_OK(sgan_input_measure(&plain, N, bytes));
	cr_expect_null(plain.mean);
	ASSERT_OK(sgan_input_measure(&less, N, bytes));
	for (size_t k = 0; k < SIZE; k++)
		cr_expect_float_eq((double)less.mean[k], ((double)bytes[k] + (double)bytes[SIZE + k]) / 2 / 255, 1e-7);
	sgan_input_of_bytes(&less, N, bytes, y);
	for (size_t i = 0; i < N * SIZE; i++)
		cr_assert_eq(y[i], x[i] - less.mean[i % SIZE]);
	sgan_input_of_pixels(ctx, &less, N, x, x);
	cr_expect_arr_eq(x, y, sizeof x, "pixels and bytes give other inputs");
	sgan_ctx_destroy(ctx);
	x[0] = (real)NAN;
	x[1] = (real)1.5;
	x[2] = (real)-0.5;
	sgan_input_to_bytes(&less, 1, x, back);
	cr_expect(back[0] == 0 && back[1] == 255 && back[2] == 0);
	sgan_input_destroy(&plain);
	sgan_input_destroy(&less);
}

static const char *const with_mean[] = { "subtract_mean=true", "encoder.steps=4", "independent.steps=4",
	                                     "joint.steps=4" };

/* D and E see the generator's pixels less the mean, as they see real images. */
Test(input, stacks_see_the_mean_subtracted)
{
	struct small_run *r = small_run("", with_mean, 4);
	struct sgan_trainer t;
	r->options.stop_after = 4;
	ASSERT_OK(sgan_train(r->ctx, &r->options));
	r->options.resume = true;
	ASSERT_OK(sgan_trainer_open(&t, r->ctx, &r->options));
	ASSERT_OK(sgan_trainer_start(&t));
	ASSERT_OK(sgan_stage_begin(&t));
	ASSERT_OK(sgan_stage_step(&t));
	const struct sgan_stack *stack = &t.model->stacks[0];
	const real *mean = t.model->input.mean, *h = sgan_session_generated(t.session, 0);
	const real *pixels = sgan_tape_value(t.session->tapes[0].generator, stack->generator_out);
	cr_assert_not_null(mean);
	for (size_t k = 0; k < SIDE * SIDE; k++) {
		double sum = 0;
		for (size_t i = 0; i < IMAGES; i++)
			sum += r->data.train.images[i * SIDE * SIDE + k];
		cr_expect_float_eq((double)mean[k], sum / IMAGES / 255, 1e-6);
		cr_expect_eq(h[k], pixels[k] - mean[k]);
		cr_expect_eq(sgan_session_real(t.session, 0)[k],
		             (real)r->data.train.images[t.order[0] * SIDE * SIDE + k] / 255 - mean[k]);
	}
	ASSERT_OK(sgan_trainer_close(&t, SGAN_OK));
	small_run_free(r);
}

Test(input, is_saved_and_comes_back)
{
	struct small_run *r = small_run("", with_mean, 4);
	char path[SGAN_PATH];
	ASSERT_OK(sgan_train(r->ctx, &r->options));
	train_in_parts(r, "stopped", 3, 12);
	expect_same_files("run/encoder.safetensors", "stopped/encoder.safetensors");
	expect_same_files("run/joint.safetensors", "stopped/joint.safetensors");
	expect_same_files("run/samples-joint-1.png", "stopped/samples-joint-1.png");

	struct sgan_safetensors *file;
	struct sgan_model_info info;
	snprintf(path, sizeof path, "%s", in_temporary("run/encoder.safetensors"));
	ASSERT_OK(sgan_model_describe(path, &info));
	cr_expect(info.mean_subtracted && info.input_divisor == 255);
	ASSERT_OK(sgan_safetensors_open(path, &file));
	const struct sgan_tensor *mean = sgan_safetensors_find(file, "input.mean");
	cr_assert_not_null(mean);
	cr_expect(mean->rank == 3 && mean->shape[0] == SIDE && mean->shape[1] == SIDE && mean->shape[2] == 1);
	sgan_safetensors_close(file);

	/* what was trained on images less their mean is not for a preset that has them whole */
	struct small_run whole = *r;
	ASSERT_OK(sgan_preset_load(in_temporary("small.cfg"), (const char *[]){ "stage=independent" }, 1, &whole.preset));
	whole.options.preset = whole.preset;
	whole.options.init = path;
	whole.options.resume = false;
	ASSERT_FAILS(sgan_train(r->ctx, &whole.options), SGAN_EFORMAT, "have a mean image subtracted");
	sgan_preset_free(whole.preset);
	small_run_free(r);
}

/* Pictures are of G_0's pixels, whatever is subtracted of them afterwards: here grey all over. */
Test(input, samples_are_pixels)
{
	struct small_run *r = small_run("", with_mean, 1);
	struct sgan_model *model;
	struct sgan_sampler *sampler;
	ASSERT_OK(sgan_model_create(r->ctx, r->preset, 10, false, &model));
	for (size_t k = 0; k < SIDE * SIDE; k++)
		model->input.mean[k] = (real)k / 100;
	ASSERT_OK(sgan_sampler_create(r->ctx, model, &sampler));
	uint8_t images[3 * SIDE * SIDE];
	memset(r->data.train.labels, 0, 3 * sizeof r->data.train.labels[0]);
	ASSERT_OK(sgan_sampler_draw(sampler, 1, 1, 0, 3, r->data.train.labels, images));
	for (size_t i = 0; i < sizeof images; i++)
		cr_assert_eq(images[i], 128, "pixel %zu is %u", i, images[i]); /* sigmoid(0) of weights that are 0 */
	sgan_sampler_destroy(sampler);
	sgan_model_destroy(model);
	small_run_free(r);
}

/* --- resuming ----------------------------------------------------------------------- */

/* All that draws random numbers or goes by a loss: noise and dropout, whose strengths change with the stage, several G
 * steps by D's loss, an average of weights, a term of the stack below. */
Test(train, with_all_that_is_random_resumes)
{
	static const char d0[] = "	{ type = \"dense\"; name = \"fc\"; out = 16; act = \"lrelu\"; },\n"
							 "	{ type = \"dense\"; name = \"d\"; from = \"fc\"; out = 1; },\n";
	static const char more[] = "	{ type = \"noise\"; name = \"noise\"; sigma = 0.1; joint: { sigma = 0.2; }; },\n"
							   "	{ type = \"dense\"; name = \"hidden\"; out = 16; bn = true; act = \"lrelu\"; },\n"
							   "	{ type = \"dropout\"; name = \"fc\"; rate = 0.2; joint: { rate = 0.4; }; },\n"
							   "	{ type = \"dense\"; name = \"d\"; from = \"fc\"; out = 1; },\n";
	static const char *const settings[] = { "encoder.steps=4", "independent.steps=4", "joint.steps=4" };
	static const char *const files[] = { "encoder.safetensors", "independent.safetensors", "joint.safetensors",
		                                 "samples-joint-1.png" };
	struct small_run *r = small_run("", NULL, 0);
	char text[8192];
	replace(small_preset, "ENCODER", "", text, sizeof text);
	cr_assert_not_null(strstr(text, d0));
	char noisy[8192], whole[8192 + 256];
	replace(text, d0, more, noisy, sizeof noisy);
	snprintf(whole, sizeof whole, "%s%s", noisy,
	         "generator_steps = [ 1, 2, 3 ]; generator_steps_above = [ 0.7, 0.69 ];\n"
	         "joint: { ema = 0.9; lambda_below = 0.1; };\n");
	put_text("random.cfg", whole);
	sgan_preset_free(r->preset);
	ASSERT_OK(sgan_preset_load(in_temporary("random.cfg"), settings, 3, &r->preset));
	r->options.preset = r->preset;
	ASSERT_OK(sgan_train(r->ctx, &r->options));
	train_in_parts(r, "stopped", 1, 12);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		char a[64], b[64];
		snprintf(a, sizeof a, "run/%s", files[i]);
		snprintf(b, sizeof b, "stopped/%s", files[i]);
		expect_same_files(a, b);
	}
	expect_same_stats("run/stats.jsonl", "stopped/stats.jsonl");
	cr_expect_eq(count_words("run/stats.jsonl", "\"load\":"), 1);
	cr_expect_eq(count_words("stopped/stats.jsonl", "\"load\":"), 12, "a line for each start");
	small_run_free(r);
}

/* Wherever within an epoch of 6 steps, or a log's interval of 3, a run is stopped: its log has the same means, and its
 * checkpoints are the same. */
Test(train, means_are_of_all_steps_when_resumed)
{
	static const char *const settings[] = { "encoder.epochs=1", "independent.epochs=2", "independent.steps=10",
		                                    "stage=no_joint" };
	struct small_run *r = small_run("", settings, 4);
	ASSERT_OK(sgan_train(r->ctx, &r->options));
	for (size_t steps = 1; steps <= 8; steps++) {
		char name[32], log[64], checkpoint[64];
		snprintf(name, sizeof name, "stopped-%zu", steps);
		snprintf(log, sizeof log, "%s/stats.jsonl", name);
		snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint.safetensors", name);
		train_in_parts(r, name, steps, 16);
		expect_same_stats("run/stats.jsonl", log);
		expect_same_files("run/checkpoint.safetensors", checkpoint);
	}
	small_run_free(r);
}

/* What a run's end says once more. */
struct said {
	size_t count;
	char text[8][SGAN_WARNING + 32];
};

static void note_last_words(void *arg, const struct sgan_progress *progress)
{
	struct said *said = arg;
	if (progress->event != SGAN_EVENT_WARNING || !progress->again)
		return;
	cr_assert_lt(said->count, sizeof said->text / sizeof said->text[0]);
	snprintf(said->text[said->count++], sizeof said->text[0], "%s, epoch %zu, step %zu: %s",
	         sgan_stage_name(progress->stage), progress->epoch, progress->step, progress->warning);
}

/* What ailed a stage that an earlier call ended is said at the end of the last. */
Test(train, warnings_outlive_a_stop)
{
	static const char *const settings[] = { "encoder.steps=4", "independent.steps=4", "joint.steps=4",
		                                    "lr=1e-12",        "init_std=1e-9",       "init=normal" };
	struct said straight = { .count = 0 }, resumed = { .count = 0 };
	struct small_run *r = small_run("", settings, 6);
	memset(r->data.train.images, 0, r->data.train.count * SIDE * SIDE);
	r->options.progress = note_last_words;
	r->options.arg = &straight;
	ASSERT_OK(sgan_train(r->ctx, &r->options));
	cr_assert_gt(straight.count, 0);
	cr_assert_eq(strncmp(straight.text[0], "independent, epoch 1, step 4: G0 does without z", 47), 0, "%s",
	             straight.text[0]);
	r->options.arg = NULL;
	r->options.progress = NULL;
	train_in_parts(r, "stopped", 10, 10);
	r->options.arg = &resumed;
	r->options.progress = note_last_words;
	r->options.resume = true;
	ASSERT_OK(sgan_train(r->ctx, &r->options));
	cr_assert_eq(resumed.count, straight.count);
	for (size_t k = 0; k < resumed.count; k++)
		cr_expect_str_eq(resumed.text[k], straight.text[k]);
	expect_same_stats("run/stats.jsonl", "stopped/stats.jsonl");
	small_run_free(r);
}

/* The trainer of a run that was stopped after two of its six independent steps. */
static void open_stopped(struct small_run *r, struct sgan_trainer *t)
{
	r->options.stop_after = 4;
	ASSERT_OK(sgan_train(r->ctx, &r->options));
	r->options.stop_after = 0;
	r->options.resume = true;
	ASSERT_OK(sgan_trainer_open(t, r->ctx, &r->options));
	ASSERT_OK(sgan_trainer_start(t));
}

static const char *const two_and_six[] = { "encoder.steps=2", "independent.steps=6", "stage=no_joint" };

/* A checkpoint without measures, as they were, is gone on from all the same. */
Test(train, checkpoints_without_measures_are_read)
{
	struct small_run *r = small_run("", two_and_six, 3);
	struct sgan_trainer t;
	ASSERT_OK(sgan_train(r->ctx, &r->options));
	snprintf(r->folder, sizeof r->folder, "%s", in_temporary("stopped"));
	cr_assert_eq(mkdir(r->folder, 0777), 0);
	open_stopped(r, &t);
	cr_assert_not_null(t.measures);
	ASSERT_OK(sgan_checkpoint_save(in_temporary("stopped/checkpoint.safetensors"), t.model, &t.state));
	ASSERT_OK(sgan_trainer_close(&t, SGAN_OK));
	ASSERT_OK(sgan_trainer_open(&t, r->ctx, &r->options));
	ASSERT_OK(sgan_trainer_start(&t));
	cr_expect_null(t.measures);
	ASSERT_OK(sgan_trainer_close(&t, SGAN_OK));
	ASSERT_OK(sgan_train(r->ctx, &r->options));
	expect_same_files("run/independent.safetensors", "stopped/independent.safetensors");
	small_run_free(r);
}

Test(train, odd_measures)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "", "not a JSON object" },
		{ "[1]", "not a JSON object" },
		{ "{\"health\":{\"encoder\":7}}", "of no epoch" },
		{ "{\"health\":{\"encoder\":{\"epoch\":-1,\"step\":2,\"signs\":[]}}}", "of no epoch" },
		{ "{\"health\":{\"joint\":{\"epoch\":1,\"step\":2,\"signs\":[7]}}}", "no known ailment" },
		{ "{\"health\":{\"joint\":{\"epoch\":1,\"step\":2,\"signs\":[{\"ailment\":\"gout\",\"stack\":0,\"value\":1}]}}"
		  "}",
		  "no known ailment" },
		{ "{\"health\":{\"joint\":{\"epoch\":1,\"step\":2,\"signs\":[{\"ailment\":\"d_wins\",\"stack\":2,\"value\":1}]}"
		  "}}",
		  "of no stack" },
		{ "{\"health\":{\"joint\":{\"epoch\":1,\"step\":2,\"signs\":[{\"ailment\":\"d_wins\",\"stack\":1}]}}}",
		  "without a value" },
	};
	static const struct {
		const char *text, *message;
	} sums[] = {
		{ "{\"epoch\":{}}", "more or fewer losses" },
		{ "{\"interval\":7}", "more or fewer losses" },
		{ "{\"epoch\":{\"loss_d0\":{},\"loss_d0_ent\":{},\"loss_d1\":{},\"loss_d1_ent\":{},\"loss_g0_adv\":{},"
		  "\"loss_g0_cond\":{},\"loss_g0_ent\":{},\"loss_g1_adv\":{},\"loss_g1_cond\":{},\"loss_g1_ent\":{}}}",
		  "the sum of a loss is missing" },
	};
	struct small_run *r = small_run("", two_and_six, 3);
	struct sgan_trainer t;
	char many[8192] = "{\"health\":{\"joint\":{\"epoch\":1,\"step\":2,\"signs\":[1";
	open_stopped(r, &t);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ASSERT_FAILS(sgan_measures_restore(&t, cases[i].text), SGAN_EFORMAT, cases[i].message);
	for (size_t i = 0; i < 2 * SGAN_STACKS_MAX + 1; i++)
		strcat(many, ",1");
	strcat(many, "]}}}");
	ASSERT_FAILS(sgan_measures_restore(&t, many), SGAN_EFORMAT, "too many signs");
	ASSERT_OK(sgan_stage_begin(&t));
	cr_assert_null(t.measures);
	cr_expect_eq(t.epoch.counts[0], 2);
	for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++) {
		ASSERT_OK(sgan_measures_restore(&t, sums[i].text));
		ASSERT_FAILS(sgan_measures_restore_sums(&t), SGAN_EFORMAT, sums[i].message);
		cr_expect_not_null(strstr(sgan_last_error(), "run/checkpoint.safetensors: "));
	}
	ASSERT_OK(sgan_trainer_close(&t, SGAN_OK));
	small_run_free(r);
}

/* --- steps of generators that are not made ------------------------------------------- */

/* How many lines of a log have a member. */
static size_t count_members(const char *log, const char *member)
{
	size_t size, count = 0;
	char *text = get_file(log, &size);
	const char *at = text;
	for (json_t *line; (line = next_line(&at)) != NULL; json_decref(line))
		count += json_object_get(line, member) != NULL;
	free(text);
	return count;
}

/* Without G steps nothing is measured of G; D's losses are there. With a schedule its number is, 0 too. */
Test(train, no_generator_steps_no_losses)
{
	static const char *const settings[] = { "encoder.steps=3", "independent.steps=6", "generator_steps=0",
		                                    "stage=no_joint" };
	struct small_run *r = small_run("", settings, 4);
	struct sgan_preset *scheduled;
	ASSERT_OK(sgan_train(r->ctx, &r->options));
	cr_expect_eq(count_members("run/stats.jsonl", "loss_d0"), 3, "two intervals and an epoch");
	cr_expect_eq(count_members("run/stats.jsonl", "loss_d1_ent"), 3);
	cr_expect_eq(count_members("run/stats.jsonl", "loss_g0_adv"), 0);
	cr_expect_eq(count_members("run/stats.jsonl", "loss_g1_cond"), 0);
	put_text("scheduled.cfg", "base = \"small.cfg\"; generator_steps = [ 0, 1 ]; generator_steps_above = [ 1e-9 ];\n");
	ASSERT_OK(sgan_preset_load(in_temporary("scheduled.cfg"), (const char *[]){ settings[0], settings[1], settings[3] },
	                           3, &scheduled));
	r->options.preset = scheduled;
	snprintf(r->folder, sizeof r->folder, "%s", in_temporary("scheduled"));
	cr_assert_eq(mkdir(r->folder, 0777), 0);
	ASSERT_OK(sgan_train(r->ctx, &r->options));
	cr_expect_eq(count_members("scheduled/stats.jsonl", "steps_g0"), 3);
	cr_expect_eq(count_members("scheduled/stats.jsonl", "loss_g0_adv"), 0);
	sgan_preset_free(scheduled);
	small_run_free(r);
}

/* --- an encoder that nothing needs ------------------------------------------------------ */

/* One GAN that is held to nothing. */
static const char alone_preset[] =
	"base = \"small.cfg\"; name = \"alone\"; subtract_mean = true; lambda_cond = 0.0; steps = 3;\n"
	"remove = [ \"stacks.[1]\", \"stacks.[0].generator.hz\", \"stacks.[0].generator.h\" ];\n"
	"set = [ \"stacks.[0].cut=fc4\", \"stacks.[0].condition=cross_entropy\" ];\n";

static struct sgan_preset *load_alone(const char *stage)
{
	struct sgan_preset *preset;
	put_text("alone.cfg", alone_preset);
	ASSERT_OK(sgan_preset_load(in_temporary("alone.cfg"), &stage, 1, &preset));
	ASSERT_OK(sgan_preset_settle(&preset, CLASSES));
	return preset;
}

static void make_folder(struct small_run *r, const char *name)
{
	snprintf(r->folder, sizeof r->folder, "%s", in_temporary(name));
	cr_assert_eq(mkdir(r->folder, 0777), 0);
}

static bool is_in(const char *file)
{
	return access(in_temporary(file), F_OK) == 0;
}

/* Its stage is left out, by "no_joint" as by "independent", and stopping changes nothing; asked for, it is trained. */
Test(train, an_encoder_that_nothing_needs)
{
	struct small_run *r = small_run("", NULL, 0);
	struct sgan_preset *no_joint = load_alone("stage=no_joint"), *independent = load_alone("stage=independent"),
					   *encoder = load_alone("stage=encoder");
	cr_expect(sgan_preset_needs_encoder(r->preset) && !sgan_preset_needs_encoder(no_joint));
	r->options.preset = no_joint;
	ASSERT_OK(sgan_train(r->ctx, &r->options));
	cr_expect(is_in("run/independent.safetensors") && !is_in("run/encoder.safetensors"));
	train_in_parts(r, "stopped", 2, 4);
	expect_same_files("run/checkpoint.safetensors", "stopped/checkpoint.safetensors");
	expect_same_stats("run/stats.jsonl", "stopped/stats.jsonl");
	r->options.resume = false;
	r->options.stop_after = 0;
	r->options.preset = independent;
	make_folder(r, "independent");
	ASSERT_OK(sgan_train(r->ctx, &r->options));
	expect_same_stats("run/stats.jsonl", "independent/stats.jsonl");
	r->options.preset = encoder;
	make_folder(r, "encoder");
	ASSERT_OK(sgan_train(r->ctx, &r->options));
	cr_expect(is_in("encoder/encoder.safetensors"));
	r->options.preset = independent;
	r->options.init = in_temporary("encoder/encoder.safetensors");
	make_folder(r, "behind");
	ASSERT_OK(sgan_train(r->ctx, &r->options));
	expect_same_stats("run/stats.jsonl", "behind/stats.jsonl");

	struct sgan_model_info without, with;
	ASSERT_OK(sgan_model_describe(in_temporary("run/checkpoint.safetensors"), &without));
	ASSERT_OK(sgan_model_describe(in_temporary("behind/checkpoint.safetensors"), &with));
	cr_expect(!without.trained[SGAN_STAGE_ENCODER] && with.trained[SGAN_STAGE_ENCODER]);
	cr_expect_lt(without.parameter_count, with.parameter_count);
	sgan_preset_free(no_joint);
	sgan_preset_free(independent);
	sgan_preset_free(encoder);
	small_run_free(r);
}

/* The joint stage goes on from a model without an encoder; one that needs an encoder does not. */
Test(train, joint_without_an_encoder)
{
	struct small_run *r = small_run("", NULL, 0);
	struct sgan_preset *alone = load_alone("stage=no_joint"), *joint = load_alone("stage=joint");
	r->options.preset = alone;
	ASSERT_OK(sgan_train(r->ctx, &r->options));
	const char *init = in_temporary("run/independent.safetensors");
	ASSERT_OK(sgan_init_fits(init, joint, SGAN_STAGE_JOINT));
	ASSERT_FAILS(sgan_init_fits(init, r->preset, SGAN_STAGE_JOINT), SGAN_EINVAL, "that stage encoder has trained");
	r->options.preset = joint;
	ASSERT_FAILS(sgan_train(r->ctx, &r->options), SGAN_EINVAL, "stage joint starts from a trained model");
	r->options.init = init;
	make_folder(r, "joint");
	ASSERT_OK(sgan_train(r->ctx, &r->options));
	cr_expect(is_in("joint/joint.safetensors"));
	sgan_preset_free(alone);
	sgan_preset_free(joint);
	small_run_free(r);
}

/* --- asked to save ---------------------------------------------------------------- */

struct asked {
	volatile sig_atomic_t save;
	size_t steps, saved; /* of the encoder's stage: done, and in the checkpoint then */
	char path[SGAN_PATH];
};

/* Asks after the second step of the first stage, of 6, whose end saves by itself. */
static void ask(void *arg, const struct sgan_progress *progress)
{
	struct asked *a = arg;
	struct sgan_model_info info;
	if (progress->event != SGAN_EVENT_STEP || progress->stage != SGAN_STAGE_ENCODER)
		return;
	a->steps++;
	if (a->steps == 2)
		a->save = 1;
	if (a->steps != 3)
		return;
	ASSERT_OK(sgan_model_describe(a->path, &info));
	a->saved = info.step;
}

Test(train, saves_when_asked, .init = temporary_make, .fini = temporary_remove)
{
	struct small_run *r = small_run("", NULL, 0);
	struct asked asked = { .save = 0 };
	snprintf(asked.path, sizeof asked.path, "%s", in_temporary("run/checkpoint.safetensors"));
	r->options.save = &asked.save;
	r->options.progress = ask;
	r->options.arg = &asked;
	ASSERT_OK(sgan_train(r->ctx, &r->options));
	cr_expect_eq(asked.saved, 2);
	cr_expect_eq(asked.save, 0);
	train_in_parts(r, "straight", 1000, 1000);
	expect_same_files("run/checkpoint.safetensors", "straight/checkpoint.safetensors");
	small_run_free(r);
}

/* A file that says that stages are done must hold what they make, and is refused before a model of its size is made. */
Test(model_file, holds_what_it_says, .init = temporary_make, .fini = temporary_remove)
{
	static const char *const keys[] = { "format",  "stage",   "step",      "discriminator_updates", "generator_updates",
		                                "trained", "dataset", "data_hash", "input_divisor",         "config" };
	enum { KEYS = sizeof keys / sizeof *keys };
	struct small_run *r = small_run("", NULL, 0);
	struct sgan_preset *preset = NULL;
	struct sgan_safetensors *file;
	struct sgan_metadata metadata[KEYS];
	ASSERT_OK(sgan_train(r->ctx, &r->options));
	ASSERT_OK(sgan_safetensors_open(in_temporary("run/checkpoint.safetensors"), &file));
	for (size_t i = 0; i < KEYS; i++) {
		metadata[i] = (struct sgan_metadata){ keys[i], sgan_safetensors_metadata(file, keys[i]) };
		cr_assert_not_null(metadata[i].value, "%s", keys[i]);
	}
	ASSERT_OK(sgan_safetensors_write(in_temporary("none.safetensors"), NULL, 0, metadata, KEYS));
	sgan_safetensors_close(file);
	ASSERT_FAILS(sgan_model_preset(in_temporary("none.safetensors"), &preset), SGAN_EFORMAT,
	             "none.safetensors: of encoder's layer 'conv1' it holds 0 values, its preset has ");
	cr_assert_null(preset);
	ASSERT_OK(sgan_model_preset(in_temporary("run/checkpoint.safetensors"), &preset));
	sgan_preset_free(preset);
	small_run_free(r);
}

/* Every time that its state was to be saved by time, it was. */
static void expect_saved(void *arg, const struct sgan_progress *progress)
{
	struct sgan_model_info info;
	size_t *seen = arg;
	if (progress->event != SGAN_EVENT_STEP || progress->step < 2)
		return;
	ASSERT_OK(sgan_model_describe(in_temporary("run/checkpoint.safetensors"), &info));
	cr_expect_eq(info.step, progress->step - 1, "step %zu is done, %zu saved", progress->step, info.step);
	++*seen;
}

Test(train, saves_by_time, .init = temporary_make, .fini = temporary_remove)
{
	struct small_run *r = small_run("", NULL, 0);
	size_t seen = 0;
	r->options.save_every = 1e-9;
	r->options.stop_after = 7;
	r->options.progress = expect_saved;
	r->options.arg = &seen;
	ASSERT_OK(sgan_train(r->ctx, &r->options));
	cr_expect_eq(seen, 6);
	small_run_free(r);
}

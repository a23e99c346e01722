/* Training: how long it lasts, what ends it early, what it leaves behind. */
#include "tests/temporary.h"

#include <math.h>

#include "src/data/dataset.h"
#include "src/sgan/model/finite.h"
#include "src/sgan/model/modelfile.h"
#include "src/sgan/model/streams.h"
#include "src/sgan/sample/generators.h"
#include "src/sgan/train/limits.h"
#include "src/sgan/train/pictures.h"
#include "src/sgan/train/stage.h"
#include "src/sgan/train/start.h"
#include "src/sgan/train/view.h"

TestSuite(averages, .init = temporary_make, .fini = temporary_remove);
TestSuite(health, .init = temporary_make, .fini = temporary_remove);
TestSuite(train, .init = temporary_make, .fini = temporary_remove);
TestSuite(pictures, .init = temporary_make, .fini = temporary_remove);
TestSuite(input, .init = temporary_make, .fini = temporary_remove);

/* --- limits ------------------------------------------------------------------- */

Test(limits, steps_and_epochs)
{
	static const struct {
		size_t epochs, steps, batch, images, an_epoch, limit, last_epoch;
	} cases[] = {
		{ 3, 0, 10, 100, 10, 30, 3 },  { 3, 0, 10, 109, 10, 30, 3 },  { 3, 7, 10, 100, 10, 7, 1 },
		{ 3, 10, 10, 100, 10, 10, 1 }, { 3, 11, 10, 100, 10, 11, 2 }, { 3, 31, 10, 100, 10, 30, 3 },
		{ 5, 0, 7, 7, 1, 5, 5 },       { 5, 0, 8, 7, 0, 0, 0 },       { 2, 0, 1, SIZE_MAX, SIZE_MAX, SIZE_MAX, 1 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct sgan_stage_settings s = { .epochs = cases[i].epochs,
			                                   .steps = cases[i].steps,
			                                   .batch = cases[i].batch };
		cr_expect_eq(sgan_epoch_steps(&s, cases[i].images), cases[i].an_epoch, "case %zu", i);
		cr_expect_eq(sgan_stage_steps(&s, cases[i].images), cases[i].limit, "case %zu", i);
		cr_expect_eq(sgan_stage_epochs(&s, cases[i].images), cases[i].last_epoch, "case %zu", i);
	}
}

/* By counting: the epoch changes with the first step behind its last. */
Test(limits, epoch_of_a_step)
{
	const struct sgan_stage_settings s = { .epochs = 4, .batch = 3 };
	size_t epoch = 1, in_epoch = 0;
	cr_expect_eq(sgan_epoch_of(&s, 22, 0), 1);
	for (uint64_t step = 1; step <= 28; step++) {
		if (++in_epoch > 7) {
			epoch++;
			in_epoch = 1;
		}
		cr_expect_eq(sgan_epoch_of(&s, 22, step), epoch, "step %d", (int)step);
	}
	cr_expect_eq(epoch, sgan_stage_epochs(&s, 22));
}

/* Twelve steps from 1e-3 down to 2e-4; and a rate that stays. */
Test(limits, learning_rates)
{
	const struct sgan_stage_settings s = { .epochs = 3, .batch = 10, .lr = 1e-3, .lr_end = 2e-4 };
	cr_expect_eq(sgan_stage_lr_factor(&s, 40, 0), 1);
	for (uint64_t step = 0; step < 12; step++)
		cr_expect_float_eq(s.lr * sgan_stage_lr_factor(&s, 40, step), 1e-3 - 8e-4 * (double)step / 11, 1e-12);
	const struct sgan_stage_settings constant = { .epochs = 3, .batch = 10, .lr = 0.1, .lr_end = 0.1 };
	const struct sgan_stage_settings one = { .epochs = 1, .batch = 10, .lr = 0.1, .lr_end = 0 };
	for (uint64_t step = 0; step < 12; step++)
		cr_expect_eq(sgan_stage_lr_factor(&constant, 40, step), 1);
	cr_expect_eq(sgan_stage_lr_factor(&one, 10, 0), 1);
}

Test(limits, stages)
{
	static const struct {
		const char *stage;
		enum sgan_stage first, last;
	} cases[] = { { "all", SGAN_STAGE_ENCODER, SGAN_STAGE_JOINT },
		          { "encoder", SGAN_STAGE_ENCODER, SGAN_STAGE_ENCODER },
		          { "independent", SGAN_STAGE_INDEPENDENT, SGAN_STAGE_INDEPENDENT },
		          { "no_joint", SGAN_STAGE_ENCODER, SGAN_STAGE_INDEPENDENT },
		          { "joint", SGAN_STAGE_JOINT, SGAN_STAGE_JOINT } };
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct sgan_preset p = { .name = "p", .stack_count = 1 };
		snprintf(p.stage, sizeof p.stage, "%s", cases[i].stage);
		cr_expect_eq(sgan_first_stage(&p), cases[i].first, "%s", p.stage);
		cr_expect_eq(sgan_last_stage(&p), cases[i].last, "%s", p.stage);
	}
	for (size_t i = 0; i < 2; i++) {
		struct sgan_preset encoder = { .name = "p" };
		snprintf(encoder.stage, sizeof encoder.stage, "%s", i == 0 ? "all" : "no_joint");
		cr_expect_eq(sgan_last_stage(&encoder), SGAN_STAGE_ENCODER);
	}
}

Test(pictures, rows_are_chosen_evenly)
{
	for (size_t classes = 1; classes <= 3000; classes++) {
		const size_t rows = sgan_grid_rows(classes);
		cr_assert(rows >= 1 && rows <= SGAN_GRID_ROWS && (classes > SGAN_GRID_ROWS || rows == classes));
		cr_assert_eq(sgan_grid_class(classes, 0), 0);
		for (size_t row = 1; row < rows; row++) {
			const size_t gap = sgan_grid_class(classes, row) - sgan_grid_class(classes, row - 1);
			cr_assert(gap == classes / rows || gap == classes / rows + 1, "%zu classes, row %zu", classes, row);
		}
		cr_assert_lt(sgan_grid_class(classes, rows - 1), classes);
	}
	cr_expect_eq(sgan_grid_class(SIZE_MAX, SGAN_GRID_ROWS - 1), SIZE_MAX / SGAN_GRID_ROWS * (SGAN_GRID_ROWS - 1) +
	                                                                SIZE_MAX % SGAN_GRID_ROWS * (SGAN_GRID_ROWS - 1) /
	                                                                    SGAN_GRID_ROWS);
}

/* A thousand classes: 32 rows of 10, of classes 0, 31, 62, ...; a class with fewer images has black ones. */
Test(pictures, reals_of_many_classes)
{
	enum { MANY = 1000, SIZE = 4 * 4 };
	struct sgan_dataset data = { .height = 4, .width = 4, .channels = 1, .classes = MANY };
	size_t size;
	data.train.count = MANY;
	data.train.images = malloc(MANY * SIZE);
	data.train.labels = malloc(MANY * sizeof *data.train.labels);
	cr_assert(data.train.images != NULL && data.train.labels != NULL);
	for (size_t i = 0; i < MANY; i++) {
		data.train.labels[i] = (uint32_t)i;
		memset(data.train.images + i * SIZE, 200, SIZE);
	}
	ASSERT_OK(sgan_reals_write(temporary, &data, true));
	unsigned char *png = (unsigned char *)get_file("reals.png", &size);
	cr_assert_gt(size, 24);
	cr_expect(png[18] == 0 && png[19] == 10 * 6 - 2, "the picture's width");
	cr_expect(png[22] == 0 && png[23] == 32 * 6 - 2, "the picture's height");
	free(png);
	sgan_dataset_free(&data);
}

/* --- means --------------------------------------------------------------------- */

Test(meter, means_since_it_was_cleared)
{
	struct sgan_loss losses[2] = { { "loss_a", 0 }, { "loss_b", 0 } };
	struct sgan_session session = { .batch = { .n = 5 }, .loss_count = 2, .losses = losses };
	struct sgan_progress progress = { .step = 30, .steps = 40 };
	struct sgan_meter meter;
	ASSERT_OK(sgan_meter_create(&session, &meter));
	sgan_meter_read(&meter, &progress);
	cr_expect(progress.loss_count == 0 && progress.images_per_second == 0, "means of no step");
	for (int round = 0; round < 2; round++) {
		for (int step = 1; step <= 4; step++) {
			losses[0].value = step;
			losses[1].value = -10 * step * (round + 1);
			sgan_meter_add(&meter, &session, 0.5);
		}
		sgan_meter_read(&meter, &progress);
		cr_assert_eq(progress.loss_count, 2);
		cr_expect_str_eq(progress.losses[1].name, "loss_b");
		cr_expect_eq(progress.losses[0].value, 2.5);
		cr_expect_eq(progress.losses[1].value, -25 * (round + 1));
		cr_expect_eq(progress.images_per_second, 10);
		cr_expect_eq(progress.seconds_left, 5);
		sgan_meter_clear(&meter);
	}
	sgan_meter_destroy(&meter);
}

/* --- a small model on small images ------------------------------------------------ */

enum { IMAGES = 60, TESTS = 20, SIDE = 8, CLASSES = 10 };

static const char small_preset[] =
	"base = \"mnist\"; name = \"small\"; image = [ 8, 8, 1 ]; batch = 10; slices = 2; log_interval = 3; epochs = 2;\n"
	"encoder: { epochs = 2; layers = (\n"
	"	{ type = \"input\"; name = \"x\"; shape = [ 8, 8, 1 ]; },\n"
	"	{ type = \"conv\"; name = \"conv1\"; kernel = 3; out = 4; ENCODER act = \"relu\"; },\n"
	"	{ type = \"dense\"; name = \"fc3\"; out = 16; ENCODER act = \"relu\"; },\n"
	"	{ type = \"dense\"; name = \"fc4\"; out = 10; } ); };\n"
	"stacks = ( { cut = \"fc3\"; condition = \"squared_error\"; generator = (\n"
	"	{ type = \"input\"; name = \"h\"; shape = [ 16 ]; },\n"
	"	{ type = \"input\"; name = \"z\"; shape = [ 4 ]; },\n"
	"	{ type = \"concat\"; name = \"hz\"; from = [ \"h\", \"z\" ]; },\n"
	"	{ type = \"dense\"; name = \"fc\"; out = 64; bn = true; act = \"relu\"; shape = [ 4, 4, 4 ]; },\n"
	"	{ type = \"deconv\"; name = \"deconv\"; kernel = 5; stride = 2; pad = 2; out_pad = 1; out = 1;\n"
	"	  act = \"sigmoid\"; } ); discriminator = (\n"
	"	{ type = \"input\"; name = \"h\"; shape = [ 8, 8, 1 ]; },\n"
	"	{ type = \"dense\"; name = \"fc\"; out = 16; act = \"lrelu\"; },\n"
	"	{ type = \"dense\"; name = \"d\"; from = \"fc\"; out = 1; },\n"
	"	{ type = \"dense\"; name = \"q\"; from = \"fc\"; out = 4; act = \"sigmoid\"; } ); },\n"
	"{ cut = \"fc4\"; condition = \"cross_entropy\"; generator = (\n"
	"	{ type = \"input\"; name = \"h\"; shape = [ 10 ]; },\n"
	"	{ type = \"input\"; name = \"z\"; shape = [ 4 ]; },\n"
	"	{ type = \"concat\"; name = \"hz\"; from = [ \"z\", \"h\" ]; },\n"
	"	{ type = \"dense\"; name = \"fc1\"; out = 16; bn = true; act = \"relu\"; },\n"
	"	{ type = \"dense\"; name = \"fc2\"; out = 16; act = \"relu\"; } ); discriminator = (\n"
	"	{ type = \"input\"; name = \"h\"; shape = [ 16 ]; },\n"
	"	{ type = \"dense\"; name = \"fc\"; out = 16; act = \"lrelu\"; },\n"
	"	{ type = \"dense\"; name = \"d\"; from = \"fc\"; out = 1; },\n"
	"	{ type = \"dense\"; name = \"q\"; from = \"fc\"; out = 4; act = \"sigmoid\"; } ); } );\n";

/* A training run's surroundings: the preset above with something more in the encoder's layers, a context, a dataset
 * whose images have a bright column, or for the last classes a bright row, by their class, and the folder "run". */
struct small_run {
	sgan_ctx *ctx;
	struct sgan_preset *preset;
	struct sgan_dataset data;
	struct sgan_train_options options;
	char folder[SGAN_PATH];
};

/* Text with every `word` replaced. */
static void replace(const char *text, const char *word, const char *by, char *to, size_t size)
{
	size_t used = 0;
	for (const char *at; (at = strstr(text, word)) != NULL; text = at + strlen(word))
		used += (size_t)snprintf(to + used, size - used, "%.*s%s", (int)(at - text), text, by);
	snprintf(to + used, size - used, "%s", text);
}

static void fill_split(struct sgan_split *split, size_t count)
{
	split->count = count;
	split->images = malloc(count * SIDE * SIDE);
	split->labels = malloc(count * sizeof split->labels[0]);
	cr_assert(split->images != NULL && split->labels != NULL);
	for (size_t i = 0; i < count; i++) {
		const size_t class = i % CLASSES;
		split->labels[i] = (uint32_t)class;
		for (size_t k = 0; k < SIDE * SIDE; k++) {
			const bool bright = class < SIDE ? k % SIDE == class : k / SIDE == class - SIDE;
			split->images[i * SIDE * SIDE + k] = (uint8_t)(bright ? 180 + i : i * k % 29);
		}
	}
}

static struct small_run *small_run(const char *encoder, const char *const *settings, size_t count)
{
	struct small_run *r = calloc(1, sizeof *r);
	char text[8192];
	cr_assert_not_null(r);
	replace(small_preset, "ENCODER", encoder, text, sizeof text);
	put_text("small.cfg", text);
	ASSERT_OK(sgan_ctx_create(&(sgan_ctx_options){ .threads = 2 }, &r->ctx));
	ASSERT_OK(sgan_preset_load(in_temporary("small.cfg"), settings, count, &r->preset));
	r->data = (struct sgan_dataset){ .name = "columns", .height = SIDE, .width = SIDE, .channels = 1, .classes = CLASSES };
	fill_split(&r->data.train, IMAGES);
	fill_split(&r->data.test, TESTS);
	snprintf(r->folder, sizeof r->folder, "%s", in_temporary("run"));
	cr_assert_eq(mkdir(r->folder, 0777), 0);
	r->options = (struct sgan_train_options){ .preset = r->preset, .data = &r->data, .run = r->folder };
	return r;
}

static void small_run_free(struct small_run *r)
{
	sgan_dataset_free(&r->data);
	sgan_preset_free(r->preset);
	sgan_ctx_destroy(r->ctx);
	free(r);
}

static struct sgan_param *find_param(struct sgan_model *model, const char *name)
{
	struct sgan_part *part;
	enum sgan_stage first;
	for (size_t k = 0; (part = sgan_model_part(model, k, &first)) != NULL; k++) {
		struct sgan_param *p = sgan_params_find(part->params, name);
		if (p != NULL)
			return p;
	}
	cr_assert_fail("there is no %s", name);
	return NULL;
}

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

/* --- views ------------------------------------------------------------------------ */

enum { VIEW_H = 3, VIEW_W = 5, VIEW_C = 2 };

/* A square one, turned: the upper right corner goes to the left, down, and to the right. */
Test(view, of_turned_images)
{
	static const uint8_t image[4] = { 1, 2, 3, 4 };
	static const uint8_t expected[SGAN_ROTATIONS][2][4] = { { { 1, 2, 3, 4 }, { 2, 1, 4, 3 } },
		                                                    { { 2, 4, 1, 3 }, { 1, 3, 2, 4 } },
		                                                    { { 4, 3, 2, 1 }, { 3, 4, 1, 2 } },
		                                                    { { 3, 1, 4, 2 }, { 4, 2, 3, 1 } } };
	const struct sgan_preset preset = { .height = 2, .width = 2, .channels = 1 };
	for (unsigned turns = 0; turns < SGAN_ROTATIONS; turns++)
		for (int flip = 0; flip < 2; flip++) {
			uint8_t shown[4];
			sgan_view_show(&preset, &(struct sgan_view){ .flip = flip == 1, .turns = turns }, image, shown);
			cr_expect_arr_eq(shown, expected[turns][flip], sizeof shown, "flip %d, %u turns", flip, turns);
		}
}

/* A colour image of 3x5 pixels, none like another, shown in a view: by where each of its pixels goes to. */
static void expect_view(const struct sgan_view *view)
{
	const struct sgan_preset preset = { .height = VIEW_H, .width = VIEW_W, .channels = VIEW_C };
	uint8_t image[VIEW_H][VIEW_W][VIEW_C], shown[VIEW_H][VIEW_W][VIEW_C], expected[VIEW_H][VIEW_W][VIEW_C] = { 0 };
	for (int y = 0; y < VIEW_H; y++)
		for (int x = 0; x < VIEW_W; x++) {
			const int to_y = y + view->down, to_x = (view->flip ? VIEW_W - 1 - x : x) + view->right;
			image[y][x][0] = (uint8_t)(1 + y * VIEW_W + x);
			image[y][x][1] = (uint8_t)(100 + y * VIEW_W + x);
			if (to_y >= 0 && to_y < VIEW_H && to_x >= 0 && to_x < VIEW_W)
				memcpy(expected[to_y][to_x], image[y][x], VIEW_C);
		}
	memset(shown, 99, sizeof shown);
	sgan_view_show(&preset, view, &image[0][0][0], &shown[0][0][0]);
	cr_expect_arr_eq(shown, expected, sizeof shown, "flip %d, down %d, right %d", view->flip, view->down, view->right);
}

Test(view, of_every_kind)
{
	for (int flip = 0; flip < 2; flip++)
		for (int down = -4; down <= 4; down++)
			for (int right = -6; right <= 6; right++)
				expect_view(&(struct sgan_view){ .flip = flip == 1, .down = down, .right = right });
}

/* Every shift is drawn as often as any other, and so is either side; what is not asked for never is. */
Test(view, drawn_evenly)
{
	enum { N = 2000, SHIFT = 2, PLACES = 2 * SHIFT + 1 };
	struct sgan_preset preset = { .seed = 3,
		                          .labels = SGAN_LABELS_ROTATIONS,
		                          .augmentation = { .flip = true, .shift = SHIFT } };
	int flips = 0, turns[SGAN_ROTATIONS] = { 0 }, down[PLACES] = { 0 }, right[PLACES] = { 0 };
	sgan_ctx *ctx;
	ASSERT_OK(sgan_ctx_create(&(sgan_ctx_options){ .threads = 1 }, &ctx));
	for (size_t i = 0; i < N; i++) {
		struct sgan_view view, again, as_it_is;
		ASSERT_OK(sgan_view_draw(ctx, &preset, i / 50, i % 50, &view));
		ASSERT_OK(sgan_view_draw(ctx, &preset, i / 50, i % 50, &again));
		cr_assert(view.flip == again.flip && view.turns == again.turns && view.down == again.down &&
		          view.right == again.right);
		cr_assert(abs(view.down) <= SHIFT && abs(view.right) <= SHIFT);
		flips += view.flip;
		turns[view.turns]++;
		down[view.down + SHIFT]++;
		right[view.right + SHIFT]++;
		const struct sgan_preset plain = { .seed = 3 };
		ASSERT_OK(sgan_view_draw(ctx, &plain, i / 50, i % 50, &as_it_is));
		cr_assert(!as_it_is.flip && as_it_is.turns == 0 && as_it_is.down == 0 && as_it_is.right == 0);
	}
	cr_expect(abs(flips - N / 2) < N / 20, "%d of %d mirrored", flips, N);
	for (int i = 0; i < SGAN_ROTATIONS; i++)
		cr_expect(abs(turns[i] - N / SGAN_ROTATIONS) < N / 20, "%d of %d turned %d times", turns[i], N, i);
	for (int i = 0; i < PLACES; i++) {
		cr_expect(abs(down[i] - N / PLACES) < N / 20, "%d of %d moved by %d", down[i], N, i - SHIFT);
		cr_expect(abs(right[i] - N / PLACES) < N / 20, "%d of %d moved by %d", right[i], N, i - SHIFT);
	}
	sgan_ctx_destroy(ctx);
}

/* The encoder's stage shows its images in views, less the mean; other stages show them as they are. */
Test(train, the_encoder_sees_views)
{
	static const char *const settings[] = { "encoder.flip=true", "encoder.shift=2",     "subtract_mean=true",
		                                    "encoder.steps=2",   "independent.steps=1", "joint.steps=1" };
	struct small_run *r = small_run("", settings, 6);
	struct sgan_trainer t;
	ASSERT_OK(sgan_trainer_open(&t, r->ctx, &r->options));
	ASSERT_OK(sgan_trainer_start(&t));
	for (enum sgan_stage stage = SGAN_STAGE_ENCODER; stage <= SGAN_STAGE_INDEPENDENT; stage++) {
		uint8_t shown[SIDE * SIDE];
		ASSERT_OK(sgan_stage_begin(&t));
		ASSERT_OK(sgan_stage_step(&t));
		for (size_t k = 0; k < 10; k++) {
			struct sgan_view view = { .flip = false };
			if (stage == SGAN_STAGE_ENCODER)
				ASSERT_OK(sgan_view_draw(r->ctx, r->preset, 0, k, &view));
			sgan_view_show(r->preset, &view, r->data.train.images + t.order[k] * SIDE * SIDE, shown);
			for (size_t i = 0; i < SIDE * SIDE; i++)
				cr_assert_eq(t.x[k * SIDE * SIDE + i], (real)shown[i] / 255 - t.model->input.mean[i]);
		}
		while (sgan_stage_left(&t))
			ASSERT_OK(sgan_stage_step(&t));
		ASSERT_OK(sgan_stage_end(&t));
	}
	ASSERT_OK(sgan_trainer_close(&t, SGAN_OK));
	small_run_free(r);
}

/* --- averages ---------------------------------------------------------------------- */

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
	cr_expect_eq(memcmp(p->value, average->data, p->count * sizeof(real)), 0);
	cr_expect_neq(memcmp(p->value, value->data, p->count * sizeof(real)), 0, "nothing tells them apart");
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

/* --- health ----------------------------------------------------------------------- */

/* Each sign by itself, on either side of its bound. */
Test(health, signs)
{
	static const double good[] = { 0.011, 0.4 }, bad[] = { 0.4, 0.009 };
	const struct sgan_loss losses[] = { { "loss_d0", 0.049 }, { "loss_d0_ent", 0.01 }, { "loss_d1", 0.051 } };
	struct sgan_progress progress = { .test_accuracy = -1, .stack_count = 2, .z_shares = good, .epoch = 4, .epochs = 9, .step = 9 };
	struct sgan_health h = sgan_health_of(&progress, 0.1, 10000);
	for (size_t i = 0; i < 2; i++)
		for (int ailment = 0; ailment < SGAN_AILMENTS; ailment++)
			cr_expect_not(h.ails[i][ailment], "stack %zu, %d", i, ailment);
	cr_expect(h.epoch == 4 && h.step == 9);
	progress.z_shares = bad;
	progress.losses = losses;
	progress.loss_count = 3;
	h = sgan_health_of(&progress, 0.1, 10000);
	cr_expect_not(h.ails[0][SGAN_AILMENT_COLLAPSED]);
	cr_expect(h.ails[1][SGAN_AILMENT_COLLAPSED]);
	cr_expect(h.ails[0][SGAN_AILMENT_D_WINS]);
	cr_expect_not(h.ails[1][SGAN_AILMENT_D_WINS]);
}

/* 1000 of 10,000 by chance, give or take 30: guesses are within three times that. */
Test(health, chance)
{
	struct sgan_progress progress = { .test_accuracy = 0.108 };
	cr_expect(sgan_health_of(&progress, 0.1, 10000).ails[0][SGAN_AILMENT_CHANCE]);
	progress.test_accuracy = 0.11;
	cr_expect_not(sgan_health_of(&progress, 0.1, 10000).ails[0][SGAN_AILMENT_CHANCE]);
	progress.test_accuracy = 1;
	cr_expect_not(sgan_health_of(&progress, 1, 10000).ails[0][SGAN_AILMENT_CHANCE], "there is one class");
	progress.test_accuracy = 0;
	cr_expect_not(sgan_health_of(&progress, 0.1, 99).ails[0][SGAN_AILMENT_CHANCE], "too few images");
	cr_expect(sgan_health_of(&progress, 0.1, 100).ails[0][SGAN_AILMENT_CHANCE]);
}

struct told {
	size_t warnings, again;
	char text[SGAN_WARNING];
	volatile sig_atomic_t stop; /* set by the first warning */
};

static void note_warning(void *arg, const struct sgan_progress *progress)
{
	struct told *told = arg;
	if (progress->event != SGAN_EVENT_WARNING)
		return;
	told->warnings += !progress->again;
	told->again += progress->again;
	told->stop = 1;
	snprintf(told->text, sizeof told->text, "%s", progress->warning);
}

/* How often a word is in a file of the run. */
static size_t count_words(const char *file, const char *word)
{
	size_t size, count = 0;
	char *text = get_file(file, &size);
	for (const char *at = text; (at = strstr(at, word)) != NULL; at++)
		count++;
	free(text);
	return count;
}

/* Generators whose weights are next to nothing, so that batch normalisation leaves constants: their shares are 0. It is
 * said once and again at the end, and in the log for each epoch; each epoch's line has the z shares. */
Test(health, a_run_without_z_says_so)
{
	static const char *const settings[] = { "stage=no_joint", "independent.lr=1e-12", "independent.init_std=1e-9",
		                                    "independent.epochs=5" };
	struct small_run *r = small_run("", settings, 4);
	struct told told = { .warnings = 0 };
	r->options.progress = note_warning;
	r->options.arg = &told;
	for (size_t i = 0; i < r->data.train.count; i++) /* nothing to tell classes by */
		memset(r->data.train.images + i * SIDE * SIDE, 0, SIDE * SIDE);
	for (size_t i = 0; i < r->data.test.count; i++)
		memset(r->data.test.images + i * SIDE * SIDE, 0, SIDE * SIDE);
	ASSERT_OK(sgan_train(r->ctx, &r->options));
	cr_expect_geq(told.warnings, 1);
	cr_expect_not_null(strstr(told.text, "does without z"), "%s", told.text);
	cr_expect_eq(told.again, told.warnings, "%zu, %zu", told.warnings, told.again);
	cr_expect_eq(count_words("run/stats.jsonl", "\"warning\""), 3 * told.warnings, "from the third epoch on");
	cr_expect_eq(count_words("run/stats.jsonl", "\"z_share_g1\""), 5, "one an epoch");
	small_run_free(r);
}

/* Whoever stops a run for a warning is told again at its end, too. */
Test(health, a_stopped_run_says_so_again)
{
	static const char *const settings[] = { "stage=no_joint", "independent.lr=1e-12", "independent.init_std=1e-9",
		                                    "independent.epochs=5" };
	struct small_run *r = small_run("", settings, 4);
	struct told told = { .warnings = 0 };
	r->options.progress = note_warning;
	r->options.arg = &told;
	r->options.stop = &told.stop;
	ASSERT_FAILS(sgan_train(r->ctx, &r->options), SGAN_EINTERRUPTED, "stopped at step");
	cr_expect_geq(told.warnings, 1);
	cr_expect_eq(told.again, told.warnings);
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
	sgan_input_of_pixels(&less, N, x, x);
	cr_expect_arr_eq(x, y, sizeof x, "pixels and bytes give other inputs");
	x[0] = (real)NAN;
	x[1] = (real)1.5;
	x[2] = (real)-0.5;
	sgan_input_to_bytes(&less, 1, x, back);
	cr_expect(back[0] == 0 && back[1] == 255 && back[2] == 0);
	sgan_input_destroy(&plain);
	sgan_input_destroy(&less);
}

static const char *const with_mean[] = { "subtract_mean=true", "encoder.steps=4", "independent.steps=4", "joint.steps=4" };

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

static void expect_same_files(const char *a, const char *b)
{
	size_t size, other_size;
	char *one = get_file(a, &size), *other = get_file(b, &other_size);
	cr_expect(size == other_size && memcmp(one, other, size) == 0, "%s and %s differ", a, b);
	free(one);
	free(other);
}

Test(input, is_saved_and_comes_back)
{
	struct small_run *r = small_run("", with_mean, 4);
	char straight[SGAN_PATH], path[SGAN_PATH];
	snprintf(straight, sizeof straight, "%s", r->folder);
	ASSERT_OK(sgan_train(r->ctx, &r->options));
	snprintf(r->folder, sizeof r->folder, "%s", in_temporary("stopped"));
	cr_assert_eq(mkdir(r->folder, 0777), 0);
	for (size_t stop = 3; stop < 15; stop += 3) {
		r->options.stop_after = 3;
		r->options.resume = stop > 3;
		ASSERT_OK(sgan_train(r->ctx, &r->options));
	}
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

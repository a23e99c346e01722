/* Evaluations: their file, the classifier, recovery of z, and all scores of models of which they are known. */
#include "tests/linear.h"

#include <math.h>

#include "src/sgan/eval/evaluate.h"
#include "src/sgan/eval/recovery.h"
#include "src/sgan/eval/warnings.h"
#include "src/sgan/model/checkpoint.h"

TestSuite(evaluation, .init = temporary_make, .fini = temporary_remove);
TestSuite(classifier, .init = temporary_make, .fini = temporary_remove);
TestSuite(evaluate, .init = temporary_make, .fini = temporary_remove);

/* --- eval.json ----------------------------------------------------------------------- */

static struct sgan_evaluation sample_evaluation(void)
{
	struct sgan_evaluation e = {
		.step = 7, .seed = INT64_MAX, .samples = 50000, .held_out = 10000, .training = 60000, .score_count = 2
	};
	strcpy(e.model, "checkpoint.safetensors");
	memset(e.generators, 'b', SGAN_HASH_TEXT - 1);
	strcpy(e.preset, "mnist");
	strcpy(e.stage, "joint");
	strcpy(e.dataset, "digits");
	strcpy(e.classifier, "classifier-mnist");
	memset(e.hash, 'a', SGAN_HASH_TEXT - 1);
	e.scores[0] = (struct sgan_score){ "frechet_distance", 1.5, NAN, 0.25, NAN };
	e.scores[1] = (struct sgan_score){ "z_share_g1", -2e-9, 3, INFINITY, NAN };
	e.warning_count = 2;
	strcpy(e.warnings[0], "it is late");
	memset(e.warnings[1], 'w', SGAN_EVAL_WARNING - 1);
	return e;
}

static bool same(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

Test(evaluation, is_read_as_it_was_written)
{
	const struct sgan_evaluation e = sample_evaluation();
	struct sgan_evaluation found;
	ASSERT_OK(sgan_evaluation_write(in_temporary("e"), &e));
	memset(&found, 0x55, sizeof found);
	ASSERT_OK(sgan_evaluation_read(in_temporary("e"), &found));
	cr_expect(found.step == 7 && found.seed == INT64_MAX && found.samples == 50000 && found.held_out == 10000);
	cr_expect(found.training == 60000 && found.score_count == 2);
	cr_expect_str_eq(found.model, e.model);
	cr_expect_str_eq(found.generators, e.generators);
	cr_expect_str_eq(found.preset, e.preset);
	cr_expect_str_eq(found.stage, e.stage);
	cr_expect_str_eq(found.dataset, e.dataset);
	cr_expect_str_eq(found.classifier, e.classifier);
	cr_expect_str_eq(found.hash, e.hash);
	for (size_t i = 0; i < 2; i++) {
		cr_expect_str_eq(found.scores[i].name, e.scores[i].name);
		cr_expect(same(found.scores[i].samples, e.scores[i].samples));
		cr_expect(same(found.scores[i].samples_std, e.scores[i].samples_std));
	}
	cr_expect(found.scores[0].held_out == 0.25 && isnan(found.scores[0].held_out_std));
	cr_expect(isnan(found.scores[1].held_out), "what is not finite is not there");
	cr_assert_eq(found.warning_count, 2);
	cr_expect_str_eq(found.warnings[0], e.warnings[0]);
	cr_expect_str_eq(found.warnings[1], e.warnings[1]);
}

Test(evaluation, without_room_leaves_nothing)
{
	const struct sgan_evaluation e = sample_evaluation();
	fill_disk_after(100);
	ASSERT_FAILS(sgan_evaluation_write(in_temporary("e"), &e), SGAN_EIO, "e: cannot write");
	empty_disk();
	cr_expect_eq(count_files(), 0);
	ASSERT_FAILS(sgan_evaluation_write(in_temporary("no/e"), &e), SGAN_EIO, "no/e");
}

/* A file with some text in the place of other. */
static void expect_refused(const char *from, const char *to, const char *words)
{
	const struct sgan_evaluation e = sample_evaluation();
	struct sgan_evaluation found;
	size_t size;
	ASSERT_OK(sgan_evaluation_write(in_temporary("e"), &e));
	char *text = get_file("e", &size), *at = strstr(text, from);
	cr_assert_not_null(at, "%s", from);
	char *changed = malloc(size + strlen(to) + 1);
	cr_assert_not_null(changed);
	sprintf(changed, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	put_text("e", changed);
	ASSERT_FAILS(sgan_evaluation_read(in_temporary("e"), &found), SGAN_EFORMAT, words);
	free(text);
	free(changed);
}

Test(evaluation, of_another_form_is_refused)
{
	static char scores[4096] = "\"scores\": { \"\": 1", long_name[128] = "\"frechet_distance";
	static char long_text[SGAN_EVAL_WARNING + 2] = "\"";
	struct sgan_evaluation found;
	memset(long_text + 1, 'x', SGAN_EVAL_WARNING);
	expect_refused("\"step\"", "\"stop\"", "'step'");
	expect_refused("\"step\": 7", "\"step\": -7", "'step'");
	expect_refused("\"step\": 7", "\"step\": \"7\"", "'step'");
	expect_refused("\"samples\": 50000", "\"samples\": 5e4", "'samples'");
	expect_refused("\"mnist\"", "7", "'preset'");
	expect_refused("\"mnist\"", "\"a name that is longer than any preset has\"", "'preset'");
	expect_refused("\"generators_sha256\"", "\"generators\"", "'generators_sha256'");
	expect_refused("\"warnings\"", "\"praise\"", "'warnings' are no list");
	expect_refused("\"warnings\": [", "\"warnings\": [ 1,", "warning number 1");
	expect_refused("\"it is late", long_text, "warning number 1");
	expect_refused("\"warnings\": [", "\"warnings\": [ \"a\", \"b\", \"c\",", "no list of at most 4");
	expect_refused("\"scores\"", "\"marks\"", "no scores");
	expect_refused("\"scores\": {", "\"scores\": [], \"marks\": {", "no scores");
	expect_refused("\"scores\": {", "\"scores\": { \"one\": 1,", "score number 1");
	memset(long_name + strlen(long_name), 'e', 64);
	expect_refused("\"frechet_distance", long_name, "score number 1");
	strcpy(scores, "\"scores\": {");
	for (int i = 0; i < SGAN_SCORES_MAX; i++)
		sprintf(scores + strlen(scores), "\"s%d\": {},", i);
	expect_refused("\"scores\": {", scores, "one too many");
	expect_refused("}", "", "not JSON");
	put_text("e", "");
	ASSERT_FAILS(sgan_evaluation_read(in_temporary("e"), &found), SGAN_EFORMAT, "not JSON");
	put_text("e", "[]");
	ASSERT_FAILS(sgan_evaluation_read(in_temporary("e"), &found), SGAN_EFORMAT, "'model'");
	char *large = calloc(1, (1 << 16) + 2);
	cr_assert_not_null(large);
	memset(large, ' ', (1 << 16) + 1);
	put_text("e", large);
	free(large);
	cr_expect_neq(sgan_evaluation_read(in_temporary("e"), &found), SGAN_OK, "too large");
	ASSERT_FAILS(sgan_evaluation_read(in_temporary("none"), &found), SGAN_EIO, "none");
}

Test(evaluation, is_beside_the_model)
{
	char path[SGAN_PATH], longest[SGAN_PATH + 8];
	ASSERT_OK(sgan_evaluation_path("runs/00001-a-b/checkpoint.safetensors", path));
	cr_expect_str_eq(path, "runs/00001-a-b/eval.json");
	ASSERT_OK(sgan_evaluation_path("runs/00001-a-b/independent.safetensors", path));
	cr_expect_str_eq(path, "runs/00001-a-b/eval-independent.json");
	ASSERT_OK(sgan_evaluation_path("model.safetensors", path));
	cr_expect_str_eq(path, "./eval-model.json");
	ASSERT_OK(sgan_evaluation_path("checkpoint", path));
	cr_expect_str_eq(path, "./eval-checkpoint.json");
	ASSERT_OK(sgan_evaluation_path("/model.safetensors", path));
	cr_expect_str_eq(strrchr(path, '/'), "/eval-model.json");
	memset(longest, 'a', sizeof longest);
	longest[SGAN_PATH - 4] = '\0';
	ASSERT_FAILS(sgan_evaluation_path(longest, path), SGAN_EINVAL, "too long");
	memset(longest, 'a', sizeof longest);
	strcpy(longest + sizeof longest - 3, "/m");
	ASSERT_FAILS(sgan_evaluation_path(longest, path), SGAN_EINVAL, "too long");
}

/* --- warnings ------------------------------------------------------------------------- */

/* Each by itself, on either side of its bound; all that can come together have room. */
Test(evaluation, warns_of_a_judge_that_cannot_judge)
{
	static const struct {
		struct sgan_judge judge;
		size_t count;
		const char *words;
	} cases[] = {
		{ { 0.5, 0.1, 10000, "digits", "digits", false }, 0, NULL },
		{ { 0, 0, 0, "digits", "digits", false }, 0, NULL }, /* there were no labels */
		{ { 0.499, 0.1, 10000, "digits", "digits", false }, 1, "has 49.9 % of the test images right, fewer than half" },
		{ { 0.108, 0.1, 10000, "digits", "digits", false }, 1, "guesses: it has 10.8 % of the test images right" },
		{ { 0.6, 0.6, 10000, "digits", "digits", false }, 1, "guesses: it has 60.0 %" },
		{ { 0.9, 0.1, 10000, "letters", "digits", false }, 1, "the classifier was trained on 'letters'" },
		{ { 0.9, 0.1, 10000, "digits", "letters", false }, 1, "the model was trained on 'letters'" },
		{ { 0.9, 0.1, 10000, "digits", "digits", true }, 1, "the model's own encoder" },
		{ { 0.1, 0.1, 10000, "letters", "letters", true }, SGAN_EVAL_WARNINGS, "guesses" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct sgan_evaluation e = { .dataset = "digits" };
		sgan_evaluation_warn(&e, &cases[i].judge);
		cr_expect_eq(e.warning_count, cases[i].count, "case %zu: %zu", i, e.warning_count);
		if (e.warning_count > 0)
			cr_expect_not_null(strstr(e.warnings[0], cases[i].words), "case %zu: %s", i, e.warnings[0]);
	}
}

/* --- a model whose samples are known -------------------------------------------------- */

/* E reads off pixels 0, 1 and 2, a hundred times; G makes an image of class c whose pixel c is 1. */
static struct linear make_known(bool labelled)
{
	struct linear l = linear_open(2, labelled);
	linear_diagonal(&l.model->encoder[0].part, "encoder.e0.weight", 0, LINEAR_PIXELS, 1);
	linear_diagonal(&l.model->encoder[1].part, "encoder.e1.weight", 0, LINEAR_CLASSES, 100);
	linear_diagonal(&l.model->stacks[1].generator, "g1.fc.weight", 0, LINEAR_CLASSES, 1);
	linear_diagonal(&l.model->stacks[0].generator, "g0.fc.weight", 0, LINEAR_PIXELS, 1);
	return l;
}

static const char *save(const struct linear *l, const char *name, enum sgan_stage stage)
{
	struct sgan_state state = { .stage = stage, .dataset = "known" };
	for (int i = 0; i < (int)stage; i++)
		state.trained[i] = true;
	const char *path = in_temporary(name);
	ASSERT_OK(sgan_checkpoint_save(path, l->model, &state));
	return path;
}

/* --- the classifier -------------------------------------------------------------------- */

Test(classifier, features_and_probabilities)
{
	struct linear l = make_known(true);
	struct sgan_classifier c;
	const uint8_t images[2 * LINEAR_PIXELS] = { 255, 0, 0, 51, 3, 2, 1, 0 };
	real features[2 * LINEAR_PIXELS], p[2 * LINEAR_CLASSES];
	ASSERT_OK(sgan_classifier_open(l.ctx, save(&l, "c", SGAN_STAGE_INDEPENDENT), &c));
	cr_expect_str_eq(c.name, "linear");
	cr_expect(c.height == 2 && c.width == 2 && c.channels == 1 && c.classes == 3 && c.feature_count == LINEAR_PIXELS);
	ASSERT_OK(sgan_classify(&c, 2, images, features, p));
	for (size_t i = 0; i < 2 * LINEAR_PIXELS; i++)
		cr_expect_float_eq(features[i], images[i] / 255.0, 1e-6, "feature %zu: %g", i, (double)features[i]);
	cr_expect(p[0] == 1 && p[1] < 1e-30 && p[2] < 1e-30);
	const double ratio = exp(-100 / 255.0), sum = 1 + ratio + ratio * ratio;
	cr_expect_float_eq(p[3], 1 / sum, 1e-6);
	cr_expect_float_eq(p[4], ratio / sum, 1e-6);
	cr_expect_float_eq(p[5], ratio * ratio / sum, 1e-6);
	cr_expect_eq(sgan_most_likely(3, p), 0);
	cr_expect_eq(sgan_most_likely(3, (const real[3]){ (real)0.25, (real)0.5, (real)0.5 }), 1);
	sgan_classifier_close(&c);
	linear_close(&l);
}

static void hash_of(const struct linear *l, char hash[SGAN_HASH_TEXT])
{
	struct sgan_classifier c;
	ASSERT_OK(sgan_classifier_open(l->ctx, save(l, "c", SGAN_STAGE_COUNT), &c));
	strcpy(hash, c.hash);
	sgan_classifier_close(&c);
}

/* SHA-256 by Python's hashlib, of "encoder.e0.weight\0", its floats, "encoder.e0.bias\0", ... of this model. */
Test(classifier, has_its_encoders_hash)
{
	struct linear l = make_known(true);
	char first[SGAN_HASH_TEXT], other[SGAN_HASH_TEXT];
	struct sgan_param *p = sgan_params_at(l.model->encoder[1].part.params, 0);
	hash_of(&l, first);
	cr_expect_str_eq(first, "32f7dffda6b877353dbc7b1936e8d11ef4e30ae668819709a5483afd114da9d9");
	linear_diagonal(&l.model->stacks[0].generator, "g0.fc.weight", 0, 1, 5);
	hash_of(&l, other);
	cr_expect_str_eq(first, other, "generators are no part of it");
	p->value[1] = -p->value[1]; /* -0 */
	hash_of(&l, other);
	cr_expect_str_neq(first, other, "a sign");
	linear_close(&l);
}

Test(classifier, that_is_none_is_refused)
{
	struct linear l = make_known(true);
	struct sgan_classifier c;
	struct sgan_param *p = sgan_params_at(l.model->encoder[0].part.params, 0);
	const uint8_t images[LINEAR_PIXELS] = { 255, 255, 255, 255 };
	real features[LINEAR_PIXELS], probabilities[LINEAR_CLASSES];
	ASSERT_FAILS(sgan_classifier_open(l.ctx, save(&l, "c", SGAN_STAGE_ENCODER), &c), SGAN_EFORMAT,
	             "c: its encoder is not trained");
	ASSERT_FAILS(sgan_classifier_open(l.ctx, in_temporary("none"), &c), SGAN_EIO, "classifier: ");
	put_text("text", "not a model");
	ASSERT_FAILS(sgan_classifier_open(l.ctx, in_temporary("text"), &c), SGAN_EFORMAT, "text");
	for (size_t i = 0; i < p->count; i++)
		p->value[i] = (real)3e38;
	ASSERT_OK(sgan_classifier_open(l.ctx, save(&l, "c", SGAN_STAGE_INDEPENDENT), &c));
	ASSERT_FAILS(sgan_classify(&c, 1, images, features, probabilities), SGAN_EFORMAT, "not finite");
	sgan_classifier_close(&c);
	linear_close(&l);
}

/* --- recovery ---------------------------------------------------------------------------- */

/* G_0 makes z, Q_0 tells what it sees; Q_1 tells 0, which is E z^2 = 1/3 off. */
Test(recovery, of_all_and_of_nothing)
{
	struct linear l = linear_open(2, true);
	double errors[2] = { -1, -1 };
	linear_diagonal(&l.model->stacks[0].generator, "g0.fc.weight", LINEAR_PIXELS, LINEAR_NOISE, 1);
	linear_diagonal(&l.model->stacks[0].discriminator, "d0.fc.weight", 0, LINEAR_PIXELS, 1);
	linear_diagonal(&l.model->stacks[0].discriminator, "d0.q.weight", 0, LINEAR_NOISE, 1);
	ASSERT_OK(sgan_recovery(l.ctx, l.model, 20, 1, errors));
	cr_expect_lt(errors[0], 1e-12, "%g", errors[0]);
	cr_expect_float_eq(errors[1], 1.0 / 3, 0.02, "%g", errors[1]);
	linear_close(&l);
}

/* Q_0 sees z less the mean image: a half off. */
Test(recovery, of_images_less_their_mean)
{
	struct linear l = linear_made(2, true, true);
	double errors[2] = { -1, -1 };
	linear_diagonal(&l.model->stacks[0].generator, "g0.fc.weight", LINEAR_PIXELS, LINEAR_NOISE, 1);
	linear_diagonal(&l.model->stacks[0].discriminator, "d0.fc.weight", 0, LINEAR_PIXELS, 1);
	linear_diagonal(&l.model->stacks[0].discriminator, "d0.q.weight", 0, LINEAR_NOISE, 1);
	ASSERT_OK(sgan_recovery(l.ctx, l.model, 20, 1, errors));
	cr_expect_float_eq(errors[0], 0.25, 1e-6, "%g", errors[0]);
	linear_close(&l);
}

Test(recovery, without_q)
{
	struct linear l = linear_open(1, false);
	double errors[2];
	ASSERT_OK(sgan_recovery(l.ctx, l.model, 1, 1, errors));
	cr_expect(isnan(errors[1]));
	cr_expect(isfinite(errors[0]));
	linear_close(&l);
}

/* --- all scores ---------------------------------------------------------------------------- */

enum { IMAGES = 60 };

/* Images of class c whose pixel c is 255; no two are the same. The test images are the training images. */
static struct sgan_dataset make_data(void)
{
	static uint8_t pixels[IMAGES * LINEAR_PIXELS];
	static uint32_t labels[IMAGES];
	struct sgan_dataset d = { .name = "known", .height = 2, .width = 2, .channels = 1, .classes = LINEAR_CLASSES };
	memset(pixels, 0, sizeof pixels);
	for (size_t i = 0; i < IMAGES; i++) {
		labels[i] = (uint32_t)(i / (IMAGES / LINEAR_CLASSES));
		pixels[i * LINEAR_PIXELS + labels[i]] = 255;
		pixels[i * LINEAR_PIXELS + 3] = (uint8_t)(16 + 4 * i);
	}
	d.train = d.test = (struct sgan_split){ IMAGES, pixels, labels };
	return d;
}

struct known {
	struct linear l;
	struct sgan_classifier classifier;
	struct sgan_dataset data;
	struct sgan_eval_options options;
};

static struct known open_known(bool labelled)
{
	struct known k = { .l = make_known(labelled), .data = make_data() };
	k.options = (struct sgan_eval_options){
		.model = save(&k.l, "m", SGAN_STAGE_COUNT), .preset = k.l.preset, .count = 90, .seed = 1
	};
	ASSERT_OK(sgan_classifier_open(k.l.ctx, k.options.model, &k.classifier));
	return k;
}

static void close_known(struct known *k)
{
	sgan_classifier_close(&k->classifier);
	linear_close(&k->l);
}

static struct sgan_evaluation evaluate(struct known *k, sgan_ctx *ctx)
{
	struct sgan_evaluation e;
	k->options.classifier = &k->classifier;
	k->options.data = &k->data;
	ASSERT_OK(sgan_evaluate(ctx, &k->options, &e));
	return e;
}

static const struct sgan_score *score(const struct sgan_evaluation *e, const char *name)
{
	for (size_t i = 0; i < e->score_count; i++)
		if (strcmp(e->scores[i].name, name) == 0)
			return &e->scores[i];
	cr_assert_fail("there is no %s", name);
	return NULL;
}

/* Samples of a class are all one image: what they are not is varied. */
Test(evaluate, a_model_that_has_collapsed)
{
	struct known k = open_known(true);
	const struct sgan_evaluation e = evaluate(&k, k.l.ctx);
	cr_expect_str_eq(e.preset, "linear");
	cr_expect_str_eq(e.stage, "done");
	cr_expect_str_eq(e.dataset, "known");
	cr_expect_str_eq(e.classifier, "linear");
	cr_expect_str_eq(e.hash, k.classifier.hash);
	cr_expect(e.samples == 90 && e.held_out == IMAGES && e.training == IMAGES);
	cr_expect_float_eq(score(&e, "inception_formula")->samples, 3, 1e-6);
	cr_expect_float_eq(score(&e, "inception_formula")->samples_std, 0, 1e-6);
	cr_expect_eq(score(&e, "label_agreement")->samples, 1);
	cr_expect_lt(score(&e, "class_diversity")->samples, 1e-6);
	cr_expect_eq(score(&e, "recall")->samples, 0, "balls without extent hold nothing");
	cr_expect_eq(score(&e, "memorised")->samples, 0, "16/255 is the nearest, which has one at 4/255");
	/* of the classes' first images, which are 20 steps of 4 apart */
	cr_expect_float_eq(score(&e, "nearest_distance")->samples, (16 + 4 * 20) / 255.0, 1e-6);
	cr_expect_lt(score(&e, "z_share_g0")->samples, 1e-12);
	cr_expect_lt(score(&e, "z_share_g1")->samples, 1e-12);
	cr_expect_float_eq(score(&e, "recovery_g0")->samples, 1.0 / 3, 0.02);
	cr_expect(isnan(score(&e, "recovery_g0")->held_out));
	/* the mean of pixel 3 is 0 in the place of 16 + 4 * 29.5, the covariance of pixels 0 to 2 is nearly the same */
	const double shift = (16 + 4 * 29.5) / 255, spread = 16.0 * IMAGES * (IMAGES + 1) / 12 / (255 * 255);
	cr_expect_float_eq(score(&e, "frechet_distance")->samples, shift * shift + spread, 0.02);
	cr_expect_gt(score(&e, "kernel_distance")->samples, 0.0);
	close_known(&k);
}

/* The test images are the training images. */
Test(evaluate, images_that_are_known_by_heart)
{
	struct known k = open_known(true);
	const struct sgan_evaluation e = evaluate(&k, k.l.ctx);
	cr_expect_lt(score(&e, "frechet_distance")->held_out, 1e-9);
	cr_expect_eq(score(&e, "precision")->held_out, 1);
	cr_expect_eq(score(&e, "recall")->held_out, 1);
	cr_expect_eq(score(&e, "label_agreement")->held_out, 1);
	cr_expect_eq(score(&e, "memorised")->held_out, 1);
	cr_expect_eq(score(&e, "nearest_distance")->held_out, 0);
	/* a class's values of pixel 3 are 20 steps of 4 from each other: a third of 21 steps on the average */
	cr_expect_float_eq(score(&e, "class_diversity")->held_out, 7 * 4 / 255.0, 1e-5);
	close_known(&k);
}

Test(evaluate, a_model_without_labels)
{
	struct known k = open_known(false);
	const struct sgan_evaluation e = evaluate(&k, k.l.ctx);
	cr_expect(isnan(score(&e, "label_agreement")->samples) && isnan(score(&e, "class_diversity")->samples));
	cr_expect_eq(score(&e, "label_agreement")->held_out, 1);
	cr_expect(isnan(score(&e, "recovery_g1")->samples));
	close_known(&k);
}

/* A kind of test images too few and too alike to measure z shares on: it is the training images then, as in training. */
Test(evaluate, z_shares_with_few_test_images)
{
	enum { FEW = 10 };
	static uint8_t pixels[FEW * LINEAR_PIXELS];
	static uint32_t labels[FEW];
	struct known k = open_known(true);
	linear_diagonal(&k.l.model->stacks[0].generator, "g0.fc.weight", LINEAR_PIXELS, LINEAR_NOISE, 1);
	k.options.model = save(&k.l, "noisy", SGAN_STAGE_COUNT);
	k.data.test = (struct sgan_split){ FEW, pixels, labels };
	const struct sgan_evaluation e = evaluate(&k, k.l.ctx);
	const double share = score(&e, "z_share_g0")->samples;
	/* z: 4/12; conditions: 3 times 2/9 and 59 * 61 / 12 times (4/255)^2 */
	const double z = 4 / 12.0, h = 3 * 2 / 9.0 + (IMAGES * IMAGES - 1) / 12.0 * 16 / (255 * 255);
	cr_expect_float_eq(share, z / (z + h), 0.03, "%g", share);
	close_known(&k);
}

Test(evaluate, who_judges_is_looked_at)
{
	struct known k = open_known(true);
	struct sgan_evaluation e = evaluate(&k, k.l.ctx);
	cr_assert_eq(e.warning_count, 1);
	cr_expect_not_null(strstr(e.warnings[0], "own encoder"), "%s", e.warnings[0]);
	struct sgan_param *p = sgan_params_at(k.l.model->encoder[1].part.params, 0);
	for (size_t i = 0; i < p->count; i++)
		p->value[i] = -p->value[i]; /* it takes the least likely class */
	sgan_classifier_close(&k.classifier);
	ASSERT_OK(sgan_classifier_open(k.l.ctx, save(&k.l, "other", SGAN_STAGE_COUNT), &k.classifier));
	strcpy(k.data.name, "unknown");
	e = evaluate(&k, k.l.ctx);
	cr_assert_eq(e.warning_count, 3);
	cr_expect_not_null(strstr(e.warnings[0], "has 0.0 % of the test images right"), "%s", e.warnings[0]);
	cr_expect_not_null(strstr(e.warnings[1], "the classifier was trained on 'known'"), "%s", e.warnings[1]);
	cr_expect_not_null(strstr(e.warnings[2], "the model was trained on 'known'"), "%s", e.warnings[2]);
	close_known(&k);
}

/* The same file, then with another weight of a generator, then with the old ones at another stage. */
Test(evaluate, an_evaluation_is_of_one_state)
{
	struct known k = open_known(true);
	const struct sgan_evaluation e = evaluate(&k, k.l.ctx);
	struct sgan_param *p = sgan_params_at(k.l.model->stacks[0].generator.params, 0);
	bool fits = false;
	cr_expect_str_eq(e.model, "m");
	ASSERT_OK(sgan_evaluation_fits(k.l.ctx, &e, k.options.model, k.l.preset, &fits));
	cr_expect(fits);
	ASSERT_OK(sgan_evaluation_fits(k.l.ctx, &e, save(&k.l, "renamed", SGAN_STAGE_COUNT), k.l.preset, &fits));
	cr_expect(fits);
	p->value[1] = -p->value[1]; /* -0 */
	ASSERT_OK(sgan_evaluation_fits(k.l.ctx, &e, save(&k.l, "m", SGAN_STAGE_COUNT), k.l.preset, &fits));
	cr_expect_not(fits, "a sign");
	p->value[1] = -p->value[1];
	ASSERT_OK(sgan_evaluation_fits(k.l.ctx, &e, save(&k.l, "m", SGAN_STAGE_JOINT), k.l.preset, &fits));
	cr_expect_not(fits, "a stage");
	ASSERT_FAILS(sgan_evaluation_fits(k.l.ctx, &e, save(&k.l, "m", SGAN_STAGE_INDEPENDENT), k.l.preset, &fits),
	             SGAN_EFORMAT, "not trained yet");
	close_known(&k);
}

Test(evaluate, equal_bits_for_any_number_of_threads)
{
	struct known k = open_known(true);
	sgan_ctx *three;
	size_t size[2];
	ASSERT_OK(sgan_ctx_create(&(sgan_ctx_options){ .threads = 3 }, &three));
	const struct sgan_evaluation e = evaluate(&k, k.l.ctx), f = evaluate(&k, three);
	ASSERT_OK(sgan_evaluation_write(in_temporary("e"), &e));
	ASSERT_OK(sgan_evaluation_write(in_temporary("f"), &f));
	char *first = get_file("e", &size[0]), *second = get_file("f", &size[1]);
	cr_expect_str_eq(first, second);
	free(first);
	free(second);
	sgan_ctx_destroy(three);
	close_known(&k);
}

Test(evaluate, what_does_not_fit_is_refused)
{
	struct known k = open_known(true);
	struct sgan_preset *alone = NULL;
	struct sgan_classifier c = k.classifier;
	struct sgan_dataset d = k.data;
	struct sgan_evaluation e;
	k.options.classifier = &k.classifier;
	k.options.data = &d;
	d.width = 3;
	ASSERT_FAILS(sgan_evaluate(k.l.ctx, &k.options, &e), SGAN_EINVAL, "dataset known: 2x3x1 in 3");
	d = k.data;
	d.classes = 4;
	ASSERT_FAILS(sgan_eval_fits(k.l.preset, &c, &d), SGAN_EINVAL, "dataset known: 2x2x1 in 4");
	d = k.data;
	d.test.count = SGAN_EVAL_FEWEST - 1;
	ASSERT_FAILS(sgan_eval_fits(k.l.preset, &c, &d), SGAN_EINVAL, "9 test images");
	c.channels = 3;
	ASSERT_FAILS(sgan_eval_fits(k.l.preset, &c, &k.data), SGAN_EINVAL, "classifier linear: takes 2x2x3 in 3");
	c = k.classifier;
	c.classes = 2;
	ASSERT_FAILS(sgan_eval_fits(k.l.preset, &c, &k.data), SGAN_EINVAL, "classifier linear: takes 2x2x1 in 2");
	ASSERT_OK(sgan_preset_load("classifier-mnist", NULL, 0, &alone));
	ASSERT_FAILS(sgan_eval_fits(alone, &k.classifier, &k.data), SGAN_EINVAL, "classifier-mnist has no generators");
	d = k.data;
	k.options.count = SGAN_EVAL_FEWEST - 1;
	ASSERT_FAILS(sgan_evaluate(k.l.ctx, &k.options, &e), SGAN_EINVAL, "9 samples");
	k.options.count = 90;
	k.options.model = save(&k.l, "untrained", SGAN_STAGE_INDEPENDENT);
	ASSERT_FAILS(sgan_evaluate(k.l.ctx, &k.options, &e), SGAN_EFORMAT, "not trained yet");
	sgan_preset_free(alone);
	close_known(&k);
}

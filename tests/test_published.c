/* Weights in the authors' form: written here by the form's own words, read back; their encoders on real images. */
#include "tests/slow.h"
#include "tests/small_stacks.h"

#include "src/data/dataset.h"
#include "src/io/npz.h"
#include "src/io/run.h"
#include "src/sgan/model/published.h"
#include "src/sgan/objective/session.h"
#include "src/sgan/sample/generators.h"
#include "src/sgan/sample/sampler.h"
#include "src/sgan/train/train.h"

TestSuite(published, .init = temporary_make, .fini = temporary_remove);

/* --- a file of that form, from a model ------------------------------------------- */

struct file {
	struct sgan_npz_writer *npz;
	struct sgan_params *params;
	size_t next;
	size_t skipped; /* the array that is left out; SIZE_MAX: none */
};

static void put_array(struct file *f, size_t rank, const size_t *shape, const float *values, size_t count)
{
	char name[24];
	if (f->next == f->skipped) {
		f->skipped = SIZE_MAX;
		return;
	}
	snprintf(name, sizeof name, "arr_%zu", f->next++);
	ASSERT_OK(sgan_npz_array(f->npz, name, SGAN_NPY_F32, rank, shape));
	ASSERT_OK(sgan_npz_data(f->npz, values, count * sizeof *values));
}

static const real *values_of(struct file *f, const char *layer, const char *what)
{
	char name[64];
	snprintf(name, sizeof name, "%s.%s", layer, what);
	const struct sgan_param *p = sgan_params_find(f->params, name);
	cr_assert_not_null(p, "%s", name);
	return p->value;
}

/* Where the value (y, x, c) of an image [h, w, c] is in (c, h, w) order. */
static size_t planar(const size_t s[3], size_t y, size_t x, size_t c)
{
	return (c * s[0] + y) * s[1] + x;
}

#define EACH(i, count) for (size_t i = 0; i < (count); i++)

/* A vector beside an image [h, w, c]: beside its channels alone where h and w are 1. */
static void put_vector(struct file *f, const char *layer, const char *what, const size_t s[3])
{
	static float to[4096];
	const size_t count = s[0] * s[1] * s[2];
	const real *from = values_of(f, layer, what);
	EACH(y, s[0]) EACH(x, s[1]) EACH(c, s[2]) to[planar(s, y, x, c)] = from[(y * s[1] + x) * s[2] + c];
	put_array(f, 1, &count, to, count);
}

/* W is written; with BN b (the shift), g (the gain), mean and variance follow, without it b. */
static void put_vectors(struct file *f, const char *layer, bool bn, const size_t s[3])
{
	static const char *const names[] = { "shift", "gain", "mean", "var" };
	for (size_t i = 0; bn && i < 4; i++)
		put_vector(f, layer, names[i], s);
	if (!bn)
		put_vector(f, layer, "bias", s);
}

static void put_dense(struct file *f, const char *layer, const size_t in[3], const size_t out[3], bool bn)
{
	static float to[1 << 16];
	const size_t rows = in[0] * in[1] * in[2], columns = out[0] * out[1] * out[2], shape[2] = { rows, columns };
	const real *from = values_of(f, layer, "weight");
	EACH(y, in[0])
	EACH(x, in[1])
	EACH(c, in[2])
	EACH(v, out[0])
	EACH(u, out[1])
	EACH(d, out[2])
	to[planar(in, y, x, c) * columns + planar(out, v, u, d)] =
		from[((y * in[1] + x) * in[2] + c) * columns + (v * out[1] + u) * out[2] + d];
	put_array(f, 2, shape, to, rows * columns);
	put_vectors(f, layer, bn, out);
}

static void put_conv(struct file *f, const char *layer, size_t k, size_t in, size_t out, bool bn)
{
	static float to[1 << 16];
	const size_t shape[4] = { out, in, k, k }, channels[3] = { 1, 1, out };
	const real *from = values_of(f, layer, "weight");
	EACH(o, out)
	EACH(i, in) EACH(y, k) EACH(x, k) to[((o * in + i) * k + y) * k + x] = from[((y * k + x) * in + i) * out + o];
	put_array(f, 4, shape, to, out * in * k * k);
	put_vectors(f, layer, bn, channels);
}

static void put_deconv(struct file *f, const char *layer, size_t k, size_t in, size_t out, bool bn)
{
	static float to[1 << 16];
	const size_t shape[4] = { in, out, k, k }, channels[3] = { 1, 1, out };
	const real *from = values_of(f, layer, "weight");
	EACH(i, in)
	EACH(o, out)
	EACH(y, k) EACH(x, k) to[((i * out + o) * k + k - 1 - y) * k + k - 1 - x] = from[((y * k + x) * out + o) * in + i];
	put_array(f, 4, shape, to, in * out * k * k);
	put_vectors(f, layer, bn, channels);
}

#define FLAT(n)                                                                                                        \
	(const size_t[3])                                                                                                  \
	{                                                                                                                  \
		1, 1, n                                                                                                        \
	}
#define SHAPE(h, w, c)                                                                                                 \
	(const size_t[3])                                                                                                  \
	{                                                                                                                  \
		h, w, c                                                                                                        \
	}

static struct file begin_file(size_t skipped)
{
	struct file f = { .skipped = skipped };
	ASSERT_OK(sgan_npz_create(in_temporary("a.npz"), &f.npz));
	return f;
}

/* G1's embedding of z, that of y, its layer; then G0's embedding of z, its dense layer, whose rows are those of h1 and
 * then of the embedding, its deconvolutions. */
static void put_generators(const struct small_stacks *s, size_t skipped)
{
	struct file f = begin_file(skipped);
	f.params = s->model->stacks[1].generator.params;
	put_dense(&f, "g1.fcz", FLAT(6), FLAT(5), true);
	put_dense(&f, "g1.fcy", FLAT(3), FLAT(7), true);
	put_dense(&f, "g1.fc1", FLAT(12), FLAT(16), false);
	f.params = s->model->stacks[0].generator.params;
	put_dense(&f, "g0.fcz", FLAT(4), FLAT(5), true);
	put_dense(&f, "g0.fc", FLAT(21), SHAPE(4, 3, 5), true);
	put_deconv(&f, "g0.deconv1", 3, 5, 4, true);
	put_deconv(&f, "g0.deconv2", 5, 4, 3, false);
	ASSERT_OK(sgan_npz_commit(f.npz));
}

static void put_encoder(const struct small_stacks *s, size_t skipped)
{
	struct file f = begin_file(skipped);
	f.params = s->model->encoder[0].part.params;
	put_conv(&f, "encoder.conv1", 3, 3, 4, false);
	put_dense(&f, "encoder.fc3", SHAPE(3, 2, 4), FLAT(16), false);
	f.params = s->model->encoder[1].part.params;
	put_dense(&f, "encoder.fc4", FLAT(16), FLAT(3), false);
	ASSERT_OK(sgan_npz_commit(f.npz));
}

/* --- read back ------------------------------------------------------------------- */

static void expect_same_params(struct sgan_params *a, struct sgan_params *b)
{
	cr_assert_eq(sgan_params_count(a), sgan_params_count(b));
	for (size_t i = 0; i < sgan_params_count(a); i++) {
		const struct sgan_param *p = sgan_params_at(a, i), *q = sgan_params_at(b, i);
		cr_expect_arr_eq(p->value, q->value, p->count * sizeof(real), "%s", p->name);
	}
}

static void draw(struct small_stacks *s, struct sgan_model *model, uint8_t *images)
{
	static const uint32_t labels[6] = { 0, 1, 2, 0, 1, 2 };
	struct sgan_sampler *sampler;
	ASSERT_OK(sgan_sampler_create(s->ctx, model, &sampler));
	ASSERT_OK(sgan_sampler_draw(sampler, 0, 5, 0, 6, labels, images));
	sgan_sampler_destroy(sampler);
}

Test(published, generators)
{
	uint8_t a[6 * SMALL_IMAGE], b[6 * SMALL_IMAGE];
	struct small_stacks s = small_stacks_open(small_stacks_text, 6);
	struct sgan_model *read;
	put_generators(&s, SIZE_MAX);
	ASSERT_OK(sgan_generators_load(s.ctx, in_temporary("a.npz"), s.preset, 6, &read));
	for (size_t i = 0; i < 2; i++)
		expect_same_params(s.model->stacks[i].generator.params, read->stacks[i].generator.params);
	draw(&s, s.model, a);
	draw(&s, read, b);
	cr_expect_arr_eq(a, b, sizeof a, "other images");
	cr_expect_arr_neq(a, a + SMALL_IMAGE, SMALL_IMAGE, "images are all alike: the test is of no use");
	sgan_model_destroy(read);
	small_stacks_close(&s);
}

/* The text with every `word` replaced. */
static void replace(char *text, const char *word, const char *by)
{
	char copy[8192];
	for (char *at; (at = strstr(text, word)) != NULL;) {
		snprintf(copy, sizeof copy, "%s", at + strlen(word));
		strcpy(at, by);
		strcat(text, copy);
	}
}

/* A preset that leaves the number of classes to the data has it from the file. */
Test(published, classes)
{
	char text[8192];
	size_t count = 0;
	struct sgan_preset *open;
	struct small_stacks s = small_stacks_open(small_stacks_text, 6);
	const char *path = in_temporary("a.npz");
	snprintf(text, sizeof text, "%s", small_stacks_text);
	replace(text, "classes = 3;", "classes = \"data\";");
	replace(text, "name = \"fc4\"; out = 3;", "name = \"fc4\"; out = \"classes\";");
	replace(text, "shape = [ 3 ];", "shape = \"classes\";");
	ASSERT_OK(sgan_preset_parse("open", text, &open));
	cr_assert_eq(open->classes, 0);
	put_generators(&s, SIZE_MAX);
	ASSERT_OK(sgan_published_classes(path, open, &count));
	cr_expect_eq(count, SMALL_CLASSES);
	put_generators(&s, 3);
	ASSERT_FAILS(sgan_published_classes(path, open, &count), SGAN_EFORMAT, "for no number of classes");
	const size_t huge[2] = { 1 << 10, 1 << 10 };
	static const float zeros[1 << 20];
	struct file f = begin_file(SIZE_MAX);
	put_array(&f, 2, huge, zeros, 1 << 20);
	ASSERT_OK(sgan_npz_commit(f.npz));
	ASSERT_FAILS(sgan_published_classes(path, open, &count), SGAN_EFORMAT,
	             "it holds 1048576 values, which is a generator of preset small for no number of classes");
	sgan_preset_free(open);
	small_stacks_close(&s);
}

Test(published, encoder)
{
	struct small_stacks s = small_stacks_open(small_stacks_text, 6);
	struct sgan_model *read;
	put_encoder(&s, SIZE_MAX);
	ASSERT_OK(sgan_model_create(s.ctx, s.preset, 6, false, &read));
	ASSERT_OK(sgan_published_encoder(in_temporary("a.npz"), read));
	for (size_t i = 0; i < 2; i++)
		expect_same_params(s.model->encoder[i].part.params, read->encoder[i].part.params);
	ASSERT_OK(sgan_published_encoder_fits(s.ctx, in_temporary("a.npz"), s.preset));
	ASSERT_FAILS(sgan_published_generators(in_temporary("a.npz"), read), SGAN_EFORMAT,
	             "arr_0 has shape (4, 3, 3, 3), (6, 5) expected of g1.fcz.weight");
	sgan_model_destroy(read);
	small_stacks_close(&s);
}

/* Whichever array is left out, or one too many. */
Test(published, other_arrays)
{
	struct small_stacks s = small_stacks_open(small_stacks_text, 6);
	const char *path = in_temporary("a.npz");
	for (size_t skipped = 0; skipped < 6; skipped++) {
		put_encoder(&s, skipped);
		cr_expect_eq(sgan_published_encoder_fits(s.ctx, path, s.preset), SGAN_EFORMAT, "without arr_%zu", skipped);
	}
	put_encoder(&s, 5);
	ASSERT_FAILS(sgan_published_encoder_fits(s.ctx, path, s.preset), SGAN_EFORMAT,
	             "a.npz: it holds 5 arrays; arr_5, encoder.fc4.bias, is missing");
	for (size_t skipped = 0; skipped < 29; skipped++) {
		struct sgan_model *read;
		put_generators(&s, skipped);
		cr_expect_eq(sgan_generators_load(s.ctx, path, s.preset, 6, &read), SGAN_EFORMAT, "without arr_%zu", skipped);
	}
	struct file f = begin_file(SIZE_MAX);
	f.params = s.model->encoder[0].part.params;
	put_conv(&f, "encoder.conv1", 3, 3, 4, false);
	put_dense(&f, "encoder.fc3", SHAPE(3, 2, 4), FLAT(16), false);
	f.params = s.model->encoder[1].part.params;
	put_dense(&f, "encoder.fc4", FLAT(16), FLAT(3), false);
	put_array(&f, 1, (const size_t[1]){ 0 }, NULL, 0);
	ASSERT_OK(sgan_npz_commit(f.npz));
	ASSERT_FAILS(sgan_published_encoder_fits(s.ctx, path, s.preset), SGAN_EFORMAT,
	             "it holds 7 arrays, the encoder of preset small has 6");
	small_stacks_close(&s);
}

/* An encoder of other classes: the tensor, its shape, and what it should be, however much the file holds. */
Test(published, other_classes)
{
	struct small_stacks s = small_stacks_open(small_stacks_text, 6);
	const size_t wide[2] = { 16, 1000 };
	static const float zeros[16 * 1000];
	struct file f = begin_file(SIZE_MAX);
	f.params = s.model->encoder[0].part.params;
	put_conv(&f, "encoder.conv1", 3, 3, 4, false);
	put_dense(&f, "encoder.fc3", SHAPE(3, 2, 4), FLAT(16), false);
	put_array(&f, 2, wide, zeros, 16 * 1000);
	put_array(&f, 1, wide + 1, zeros, 1000);
	ASSERT_OK(sgan_npz_commit(f.npz));
	ASSERT_FAILS(sgan_published_encoder_fits(s.ctx, in_temporary("a.npz"), s.preset), SGAN_EFORMAT,
	             "a.npz: arr_4 has shape (16, 1000), (16, 3) expected of encoder.fc4.weight");
	small_stacks_close(&s);
}

Test(published, odd_values)
{
	struct small_stacks s = small_stacks_open(small_stacks_text, 6);
	struct sgan_model *read;
	sgan_params_find(s.model->stacks[0].generator.params, "g0.deconv1.var")->value[3] = -1e-3f;
	put_generators(&s, SIZE_MAX);
	ASSERT_FAILS(sgan_generators_load(s.ctx, in_temporary("a.npz"), s.preset, 6, &read), SGAN_EFORMAT,
	             "arr_26, g0.deconv1.var, holds a variance below 0");
	sgan_params_find(s.model->encoder[1].part.params, "encoder.fc4.weight")->value[3] = (real)NAN;
	put_encoder(&s, SIZE_MAX);
	ASSERT_FAILS(sgan_published_encoder_fits(s.ctx, in_temporary("a.npz"), s.preset), SGAN_EFORMAT,
	             "arr_4, encoder.fc4.weight, holds values that are not finite");
	small_stacks_close(&s);
}

/* --- training behind a given encoder ------------------------------------------------ */

static void fill_split(struct sgan_split *split, size_t count)
{
	split->count = count;
	split->images = malloc(count * SMALL_IMAGE);
	split->labels = malloc(count * sizeof *split->labels);
	cr_assert(split->images != NULL && split->labels != NULL);
	for (size_t i = 0; i < count; i++)
		split->labels[i] = (uint32_t)(i % SMALL_CLASSES);
	for (size_t i = 0; i < count * SMALL_IMAGE; i++)
		split->images[i] = (uint8_t)(i * i % 251);
}

static struct sgan_dataset small_data(void)
{
	struct sgan_dataset data = {
		.name = "squares", .height = SMALL_H, .width = SMALL_W, .channels = SMALL_C, .classes = SMALL_CLASSES
	};
	fill_split(&data.train, 24);
	fill_split(&data.test, 9);
	return data;
}

static void train(struct small_stacks *s, struct sgan_dataset *data, const char *stage, const char *run)
{
	struct sgan_preset *preset;
	char settings[64];
	put_text("small.cfg", small_stacks_text);
	snprintf(settings, sizeof settings, "stage=%s", stage);
	ASSERT_OK(sgan_preset_load(in_temporary("small.cfg"), &(const char *){ settings }, 1, &preset));
	cr_assert_eq(mkdir(run, 0777), 0);
	ASSERT_OK(sgan_train(s->ctx, &(struct sgan_train_options){
									 .preset = preset, .data = data, .run = run, .encoder = in_temporary("a.npz") }));
	sgan_preset_free(preset);
}

Test(published, a_run_that_is_given_its_encoder)
{
	struct small_stacks s = small_stacks_open(small_stacks_text, 6);
	struct sgan_dataset data = small_data();
	struct sgan_model *read;
	size_t size;
	put_encoder(&s, SIZE_MAX);
	train(&s, &data, "all", in_temporary("all"));
	char *log = get_file("all/stats.jsonl", &size);
	cr_expect(strstr(log, "{\"stage\":\"encoder\",\"epoch\":0,\"step\":0,") == log, "%.200s", log);
	cr_expect(strstr(log, "\"test_accuracy\"") != NULL && strstr(log, "loss_encoder") == NULL, "%.200s", log);
	cr_expect(strstr(log, "\"stage\":\"joint\"") != NULL);
	free(log);
	ASSERT_OK(sgan_generators_load(s.ctx, in_temporary("all/checkpoint.safetensors"), s.preset, 6, &read));
	for (size_t i = 0; i < 2; i++)
		expect_same_params(s.model->encoder[i].part.params, read->encoder[i].part.params);
	sgan_model_destroy(read);
	train(&s, &data, "independent", in_temporary("independent"));
	train(&s, &data, "encoder", in_temporary("encoder"));
	log = get_file("encoder/stats.jsonl", &size);
	cr_expect(strstr(log, "test_accuracy") != NULL && strstr(log, "loss") == NULL, "more than the report: %.200s", log);
	free(log);
	free(get_file("encoder/encoder.safetensors", &size));
	sgan_dataset_free(&data);
	small_stacks_close(&s);
}

/* --- the authors' own, where they are --------------------------------------------- */

/* The share of a set's test images that the encoder in `file` gives their class. */
static double accuracy(const char *preset_name, const char *file, const char *folder, struct sgan_input *input)
{
	enum { BATCH = 100 };
	static uint32_t classes[BATCH];
	sgan_ctx *ctx = small_context(NULL, 2);
	struct sgan_preset *preset;
	struct sgan_dataset data;
	struct sgan_model *model;
	struct sgan_session *session;
	size_t right = 0;
	ASSERT_OK(sgan_preset_load(preset_name, NULL, 0, &preset));
	ASSERT_OK(sgan_dataset_open(folder, preset->classes, &data));
	ASSERT_OK(sgan_preset_settle(&preset, data.classes));
	ASSERT_OK(sgan_model_create(ctx, preset, BATCH, true, &model));
	ASSERT_OK(sgan_published_encoder(file, model));
	ASSERT_OK(sgan_input_measure(&model->input, data.train.count, data.train.images));
	ASSERT_OK(sgan_session_create(ctx, model, SGAN_STAGE_ENCODER, &session));
	const size_t size = model->stacks[0].lower_size;
	real *x = small_room(BATCH * size);
	for (size_t done = 0; done + BATCH <= data.test.count; done += BATCH) {
		sgan_input_of_bytes(&model->input, BATCH, data.test.images + done * size, x);
		ASSERT_OK(sgan_session_classify(session, BATCH, x, classes));
		for (size_t k = 0; k < BATCH; k++)
			right += classes[k] == data.test.labels[done + k];
	}
	*input = model->input; /* its mean is the caller's now */
	model->input.mean = NULL;
	const double share = (double)right / (double)data.test.count;
	printf("%s: %.2f %% of %zu test images\n", file, 100 * share, data.test.count);
	free(x);
	sgan_session_destroy(session);
	sgan_model_destroy(model);
	sgan_dataset_free(&data);
	sgan_preset_free(preset);
	sgan_ctx_destroy(ctx);
	return share;
}

static bool find_real(const char *name, char path[SGAN_PATH])
{
	const char *data = getenv("SGAN_TEST_DATA");
	snprintf(path, SGAN_PATH, "%s/%s", data != NULL ? data : "", name);
	return data != NULL && access(path, R_OK) == 0;
}

Test(published, mnist)
{
	if (is_sanitized())
		cr_skip("mnist: all of its images, slow under sanitizers; the others read such files, too");
	char file[SGAN_PATH], folder[SGAN_PATH];
	struct sgan_input input;
	if (!find_real("encoders/mnist-encoder.npz", file) || !find_real("mnist", folder))
		cr_skip("SGAN_TEST_DATA names no folder with mnist and encoders in it");
	cr_expect_gt(accuracy("mnist", file, folder, &input), 0.97);
	sgan_input_destroy(&input);
}

/* Against the published mean image, (3, 32, 32) behind a header of 80 bytes. */
static void expect_published_mean(const struct sgan_input *input)
{
	static float mean[32 * 32 * 3];
	char path[SGAN_PATH];
	double largest = 0;
	cr_assert(find_real("encoders/cifar10-mean.npy", path));
	FILE *file = fopen(path, "rb");
	cr_assert(file != NULL && fseek(file, 80, SEEK_SET) == 0);
	cr_assert_eq(fread(mean, sizeof mean[0], 32 * 32 * 3, file), 32 * 32 * 3);
	fclose(file);
	for (size_t p = 0; p < 32 * 32; p++)
		for (size_t c = 0; c < 3; c++)
			largest = fmax(largest, fabs((double)input->mean[p * 3 + c] - (double)mean[c * 32 * 32 + p]));
	printf("the mean image is the published one to %.5f\n", largest);
	cr_expect_lt(largest, 0.005);
}

/* CIFAR-10 as it is unpacked by the data's own script, or lies beside it. */
Test(published, cifar10)
{
	if (is_sanitized())
		cr_skip("cifar10: all of its images, slow under sanitizers");
	char file[SGAN_PATH], script[SGAN_PATH], folder[SGAN_PATH], command[3 * SGAN_PATH];
	struct sgan_input input;
	if (!find_real("encoders/cifar10-encoder.npz", file))
		cr_skip("SGAN_TEST_DATA names no folder with encoders in it");
	if (!find_real("cifar10/cifar-10-batches-bin", folder)) {
		snprintf(folder, sizeof folder, "%s", in_temporary("cifar10"));
		find_real("cifar10/unpack.py", script);
		snprintf(
			command, sizeof command,
			"for python in python3 /usr/bin/python3; do $python -B '%s' '%s' && exit; done > /dev/null 2>&1; exit 1",
			script, folder);
		if (system(command) != 0)
			cr_skip("CIFAR-10 is not there, or cannot be unpacked: python3-numpy and python3-pil do");
	}
	cr_expect_gt(accuracy("cifar10", file, folder, &input), 0.82);
	expect_published_mean(&input);
	sgan_input_destroy(&input);
}

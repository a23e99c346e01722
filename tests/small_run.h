/* A small model on small images, for tests of training runs. */
#ifndef SGAN_TESTS_SMALL_RUN_H
#define SGAN_TESTS_SMALL_RUN_H

#include "tests/temporary.h"

#include <jansson.h>

#include "src/data/dataset.h"
#include "src/io/run.h"
#include "src/nn/net.h"
#include "src/sgan/model/model.h"
#include "src/sgan/train/train.h"

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
static inline void replace(const char *text, const char *word, const char *by, char *to, size_t size)
{
	size_t used = 0;
	for (const char *at; (at = strstr(text, word)) != NULL; text = at + strlen(word))
		used += (size_t)snprintf(to + used, size - used, "%.*s%s", (int)(at - text), text, by);
	snprintf(to + used, size - used, "%s", text);
}

static inline void fill_split(struct sgan_split *split, size_t count)
{
	split->count = count;
	split->images = malloc(count * SIDE * SIDE);
	split->labels = malloc(count * sizeof split->labels[0]);
	cr_assert(split->images != NULL && split->labels != NULL);
	for (size_t i = 0; i < count; i++) {
		const size_t class = i % CLASSES;
		split->labels[i] = (uint32_t) class;
		for (size_t k = 0; k < SIDE * SIDE; k++) {
			const bool bright = class < SIDE ? k % SIDE == class : k / SIDE == class - SIDE;
			split->images[i * SIDE * SIDE + k] = (uint8_t)(bright ? 180 + i : i * k % 29);
		}
	}
}

static inline struct small_run *small_run(const char *encoder, const char *const *settings, size_t count)
{
	struct small_run *r = calloc(1, sizeof *r);
	char text[8192];
	cr_assert_not_null(r);
	replace(small_preset, "ENCODER", encoder, text, sizeof text);
	put_text("small.cfg", text);
	ASSERT_OK(sgan_ctx_create(&(sgan_ctx_options){ .threads = 2 }, &r->ctx));
	ASSERT_OK(sgan_preset_load(in_temporary("small.cfg"), settings, count, &r->preset));
	r->data =
		(struct sgan_dataset){ .name = "columns", .height = SIDE, .width = SIDE, .channels = 1, .classes = CLASSES };
	fill_split(&r->data.train, IMAGES);
	fill_split(&r->data.test, TESTS);
	snprintf(r->folder, sizeof r->folder, "%s", in_temporary("run"));
	cr_assert_eq(mkdir(r->folder, 0777), 0);
	r->options = (struct sgan_train_options){ .preset = r->preset, .data = &r->data, .run = r->folder };
	return r;
}

static inline void small_run_free(struct small_run *r)
{
	sgan_dataset_free(&r->data);
	sgan_preset_free(r->preset);
	sgan_ctx_destroy(r->ctx);
	free(r);
}

static inline void expect_same_files(const char *a, const char *b)
{
	size_t size, other_size;
	char *one = get_file(a, &size), *other = get_file(b, &other_size);
	cr_expect(size == other_size && memcmp(one, other, size) == 0, "%s and %s differ", a, b);
	free(one);
	free(other);
}

/* How often a word is in a file. */
static inline size_t count_words(const char *file, const char *word)
{
	size_t size, count = 0;
	char *text = get_file(file, &size);
	for (const char *at = text; (at = strstr(at, word)) != NULL; at++)
		count++;
	free(text);
	return count;
}

/* The next line of a log that does not tell of a start, without what differs from run to run; NULL behind the last.
 * json_decref() it. */
static inline json_t *next_line(const char **text)
{
	for (;;) {
		const size_t length = strcspn(*text, "\n");
		if (length == 0)
			return NULL;
		json_t *object = json_loadb(*text, length, 0, NULL);
		cr_assert(json_is_object(object), "'%s'", *text);
		*text += length + ((*text)[length] == '\n');
		json_object_del(object, "images_per_second");
		if (json_object_get(object, "load") == NULL)
			return object;
		json_decref(object);
	}
}

/* That two runs' stats.jsonl tell the same, but for rates. */
static inline void expect_same_stats(const char *a, const char *b)
{
	size_t size, number = 0;
	char *one = get_file(a, &size), *other = get_file(b, &size);
	const char *at = one, *other_at = other;
	for (;; number++) {
		json_t *line = next_line(&at), *other_line = next_line(&other_at);
		const bool end = line == NULL && other_line == NULL, same = end || json_equal(line, other_line);
		json_decref(line);
		json_decref(other_line);
		cr_expect(same, "%s and %s: lines %zu differ", a, b, number + 1);
		if (end || !same)
			break;
	}
	cr_expect_gt(number, 0, "%s is empty", a);
	free(one);
	free(other);
}

/* The run's training in a new folder, stopped after every `steps` of its `all` steps and resumed each time. */
static inline void train_in_parts(struct small_run *r, const char *name, size_t steps, size_t all)
{
	snprintf(r->folder, sizeof r->folder, "%s", in_temporary(name));
	cr_assert_eq(mkdir(r->folder, 0777), 0);
	r->options.stop_after = steps;
	for (size_t made = 0; made < all; made += steps) {
		r->options.resume = made > 0;
		ASSERT_OK(sgan_train(r->ctx, &r->options));
	}
}

static inline struct sgan_param *find_param(struct sgan_model *model, const char *name)
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

#endif

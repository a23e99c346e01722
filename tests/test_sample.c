/* Sampling: what images share and what varies; the nearest training images. */
#include "tests/small_run.h"
#include "tests/small_stacks.h"

#include "src/sgan/model/encoding.h"
#include "src/sgan/sample/nearest.h"
#include "src/sgan/sample/variation.h"

/* --- levels by name ----------------------------------------------------------------- */

Test(variation, names_of_levels)
{
	static const struct {
		const char *names;
		bool labels, label;
		bool z[3];
	} cases[] = {
		{ "y", true, true, { 0 } },
		{ "z0", true, false, { true } },
		{ "z2,z0", true, false, { true, false, true } },
		{ "h1", true, true, { false, true, true } },
		{ "h2", true, true, { false, false, true } },
		{ "h3", true, true, { 0 } },
		{ "h2,z0", true, true, { true, false, true } },
		{ "y,z2,z1,z0", true, true, { true, true, true } },
		{ "h1", false, false, { false, true, true } },
		{ "z1,z1", false, false, { false, true } },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct sgan_held held;
		ASSERT_OK(sgan_variation_hold(cases[i].names, 3, cases[i].labels, &held));
		cr_expect_eq(held.label, cases[i].label, "%s", cases[i].names);
		for (size_t k = 0; k < SGAN_STACKS_MAX; k++)
			cr_expect_eq(held.z[k], k < 3 && cases[i].z[k], "%s: z%zu", cases[i].names, k);
	}
}

Test(variation, names_that_are_none)
{
	static const char *const names[] = { "",   "z3",  "h0", "h4",  "z",  "h",   "x0",  "Y",   "y,",
		                                 ",y", "z00", "y ", "z-1", "yy", "z 1", "z1;", "h01", "z99999999999999999999" };
	struct sgan_held held;
	int level;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		ASSERT_FAILS(sgan_variation_hold(names[i], 3, true, &held), SGAN_EINVAL,
		             "is no level of the model, which has z0 to z2, h1 to h3, y");
		ASSERT_FAILS(sgan_variation_level(names[i], 3, &level), SGAN_EINVAL, "which has z0 to z2");
	}
	ASSERT_FAILS(sgan_variation_hold("y", 3, false, &held), SGAN_EINVAL, "h1 to h2 and takes no label");
	ASSERT_FAILS(sgan_variation_hold("h3", 3, false, &held), SGAN_EINVAL, "'h3' is no level");
	ASSERT_FAILS(sgan_variation_hold("h1", 1, false, &held), SGAN_EINVAL, "z0 to z0 and takes no label");
	ASSERT_FAILS(sgan_variation_level("h1", 3, &level), SGAN_EINVAL, "'h1'");
	ASSERT_OK(sgan_variation_level("z2", 3, &level));
	cr_expect_eq(level, 2);
}

/* --- sources ------------------------------------------------------------------------ */

static const uint32_t classes[3] = { 4, 0, 7 };
static const uint64_t seeds[3] = { 5, 9, 1 };

static struct sgan_variation plain(size_t count)
{
	return (struct sgan_variation){ .stack_count = 2,
		                            .class_count = 3,
		                            .classes = classes,
		                            .seed_count = 1,
		                            .seeds = seeds,
		                            .count = count,
		                            .columns = 5,
		                            .interpolated = -1 };
}

static struct sgan_image_source source_of(const struct sgan_variation *v, size_t k)
{
	struct sgan_image_source source;
	sgan_variation_source(v, k, &source);
	return source;
}

static void expect_source(const struct sgan_variation *v, size_t k, uint32_t label, uint64_t seed, size_t z1, size_t z0)
{
	const struct sgan_image_source source = source_of(v, k);
	cr_expect_eq(source.label, label, "image %zu: label %u", k, (unsigned)source.label);
	cr_expect(source.z[0].seed == seed && source.z[1].seed == seed, "image %zu", k);
	cr_expect(source.z[1].index == z1 && source.z[0].index == z0, "image %zu: z1 %d, z0 %d", k, (int)source.z[1].index,
	          (int)source.z[0].index);
	cr_expect(source.z[0].share == 0 && source.z[1].share == 0, "image %zu", k);
}

Test(variation, nothing_held)
{
	static const size_t counts[] = { 12, 13, 1500, 9000000 };
	struct sgan_variation v;
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		v = plain(counts[i]);
		for (size_t k = 0; k < 12; k++)
			expect_source(&v, k, classes[k % 3], 5, k, k);
	}
	v.class_count = 0;
	expect_source(&v, 1, 0, 5, 1, 1);
	cr_expect_eq(sgan_variation_a_class(&v), 0);
}

/* A picture shows the images of each class one after the other, by number; of each seed, where there are several. */
Test(variation, a_picture_sorts_by_class)
{
	struct sgan_variation v = plain(12);
	v.seed_count = 2;
	cr_assert_eq(sgan_variation_a_class(&v), 4);
	for (size_t place = 0; place < 24; place++) {
		const size_t j = place % 12, k = sgan_variation_shown(&v, place);
		cr_expect_eq(k, place / 12 * 12 + j % 4 * 3 + j / 4, "place %zu: image %zu", place, k);
		cr_expect_eq(source_of(&v, k).label, classes[j / 4]);
	}
	v.count = 13;
	cr_expect_eq(sgan_variation_a_class(&v), 0);
	cr_expect_eq(sgan_variation_shown(&v, 5), 5);
	v.count = 12;
	ASSERT_OK(sgan_variation_hold("z0", 2, true, &v.held));
	cr_expect_eq(sgan_variation_a_class(&v), 0);
	cr_expect_eq(sgan_variation_shown(&v, 5), 5);
}

/* The images of each seed as they are of that seed alone. */
Test(variation, several_seeds)
{
	struct sgan_variation v = plain(6);
	v.seed_count = 3;
	cr_assert_eq(sgan_variation_total(&v), 18);
	for (size_t k = 0; k < 18; k++)
		expect_source(&v, k, classes[k % 3], seeds[k / 6], k % 6, k % 6);
}

Test(variation, levels_held)
{
	struct sgan_variation v = plain(17);
	ASSERT_OK(sgan_variation_hold("h1", 2, true, &v.held));
	for (size_t k = 0; k < 17; k++)
		expect_source(&v, k, classes[k / 5 % 3], 5, k / 5 * 5, k);
	ASSERT_OK(sgan_variation_hold("y,z0", 2, true, &v.held));
	for (size_t k = 0; k < 17; k++)
		expect_source(&v, k, classes[k / 5 % 3], 5, k, k / 5 * 5);
	ASSERT_OK(sgan_variation_hold("z0,z1", 2, true, &v.held));
	for (size_t k = 0; k < 17; k++)
		expect_source(&v, k, classes[k % 5 % 3], 5, k / 5 * 5, k / 5 * 5);
	ASSERT_OK(sgan_variation_hold("y", 2, true, &v.held));
	for (size_t k = 0; k < 17; k++)
		expect_source(&v, k, classes[k / 5 % 3], 5, k, k);
}

Test(variation, a_line_between_two_seeds)
{
	struct sgan_variation v = plain(10);
	v.seed_count = 2;
	v.interpolated = 1;
	cr_assert_eq(sgan_variation_total(&v), 10);
	for (size_t k = 0; k < 10; k++) {
		const struct sgan_image_source source = source_of(&v, k);
		cr_expect_eq(source.label, classes[k / 5]);
		cr_expect(source.z[0].seed == 5 && source.z[0].index == k / 5 * 5 && source.z[0].share == 0);
		cr_expect(source.z[1].seed == 5 && source.z[1].to == 9 && source.z[1].index == k / 5 * 5);
		cr_expect_eq(source.z[1].share, (double)(k % 5) / 4);
	}
}

/* --- images --------------------------------------------------------------------------- */

static struct sgan_image_source of(uint32_t label, uint64_t seed, uint64_t z1, uint64_t z0)
{
	return (struct sgan_image_source){ .label = label,
		                               .z = { { .seed = seed, .index = z0 }, { .seed = seed, .index = z1 } } };
}

static bool same(const uint8_t *images, size_t a, size_t b)
{
	return memcmp(images + a * SMALL_IMAGE, images + b * SMALL_IMAGE, SMALL_IMAGE) == 0;
}

/* An image follows from its sources alone, and each of them makes a difference. */
Test(sampler, images_by_their_sources)
{
	uint8_t images[6 * SMALL_IMAGE], plain_images[3 * SMALL_IMAGE];
	const uint32_t labels[3] = { 2, 2, 2 };
	struct small_stacks s = small_stacks_open(small_stacks_text, 6);
	struct sgan_sampler *sampler;
	ASSERT_OK(sgan_sampler_create(s.ctx, s.model, &sampler));
	const struct sgan_image_source sources[6] = { of(2, 8, 1, 1), of(1, 8, 1, 1), of(2, 8, 0, 1),
		                                          of(2, 8, 1, 0), of(2, 8, 1, 1), of(2, 7, 1, 1) };
	ASSERT_OK(sgan_sampler_draw_from(sampler, 3, 6, sources, images));
	cr_expect(same(images, 0, 4));
	for (size_t k = 1; k < 6; k++)
		cr_expect(k == 4 || !same(images, 0, k), "image %zu", k);
	ASSERT_OK(sgan_sampler_draw(sampler, 3, 8, 0, 3, labels, plain_images));
	cr_expect_arr_eq(plain_images + SMALL_IMAGE, images, SMALL_IMAGE, "not image 1 of seed 8");
	struct sgan_image_source bad = of(3, 8, 1, 1);
	ASSERT_FAILS(sgan_sampler_draw_from(sampler, 3, 1, &bad, images), SGAN_EINVAL,
	             "label 3: preset small has classes 0 to 2");
	ASSERT_FAILS(sgan_sampler_draw_from(sampler, 3, 7, &bad, images), SGAN_EINVAL, "7 images");
	sgan_sampler_destroy(sampler);
	small_stacks_close(&s);
}

/* Images as arrays have them are those of labels that take turns from number 0 on, which sgan_evaluate draws. */
Test(sampler, arrays_and_evaluations_have_the_same_images)
{
	enum { COUNT = 12 };
	static const uint32_t all[SMALL_CLASSES] = { 0, 1, 2 };
	uint8_t images[COUNT * SMALL_IMAGE], judged[COUNT * SMALL_IMAGE];
	uint32_t labels[COUNT];
	struct sgan_image_source sources[COUNT];
	struct small_stacks s = small_stacks_open(small_stacks_text, COUNT);
	struct sgan_sampler *sampler;
	struct sgan_variation v = plain(COUNT);
	v.classes = all;
	ASSERT_OK(sgan_sampler_create(s.ctx, s.model, &sampler));
	for (size_t k = 0; k < COUNT; k++) {
		labels[k] = (uint32_t)(k % SMALL_CLASSES);
		sgan_variation_source(&v, k, &sources[k]);
	}
	ASSERT_OK(sgan_sampler_draw_from(sampler, 3, COUNT, sources, images));
	ASSERT_OK(sgan_sampler_draw(sampler, 3, v.seeds[0], 0, COUNT, labels, judged));
	cr_expect_arr_eq(images, judged, sizeof images);
	sgan_sampler_destroy(sampler);
	small_stacks_close(&s);
}

/* The line's ends are the two seeds' own images. */
Test(sampler, ends_of_a_line)
{
	uint8_t images[5 * SMALL_IMAGE];
	struct small_stacks s = small_stacks_open(small_stacks_text, 6);
	struct sgan_sampler *sampler;
	ASSERT_OK(sgan_sampler_create(s.ctx, s.model, &sampler));
	struct sgan_image_source sources[5];
	for (size_t k = 0; k < 5; k++) {
		sources[k] = of(1, 8, 4, 2);
		sources[k].z[1].to = 3;
		sources[k].z[1].share = k == 1 ? 1 : k == 2 ? 0.5 : 0;
	}
	sources[3].z[1].seed = 3;
	sources[4].z[1].to = 0;
	ASSERT_OK(sgan_sampler_draw_from(sampler, 3, 5, sources, images));
	cr_expect(same(images, 0, 4) && same(images, 1, 3));
	cr_expect(!same(images, 0, 1) && !same(images, 0, 2) && !same(images, 1, 2));
	sgan_sampler_destroy(sampler);
	small_stacks_close(&s);
}

/* --- nearest training images ------------------------------------------------------- */

enum { TRAIN = 1200, QUERIES = 5 };

static uint8_t train_images[TRAIN * SMALL_IMAGE];
static uint32_t train_labels[TRAIN];

/* Stacks in which fc3, the penultimate layer, is a cut; lies above the bottom stack's cut; is inside of E_0. */
enum { CUT_AT_FC3, CUT_BELOW_FC3, CUT_ABOVE_FC3, CUTS };

static void text_of_cut(int cut, char text[8192])
{
	char changed[8192];
	snprintf(text, 8192, "%s", small_stacks_text);
	if (cut == CUT_BELOW_FC3) {
		replace(text, "cut = \"fc3\"", "cut = \"pool1\"", changed, sizeof changed);
		replace(changed, "name = \"h\"; shape = [ 16 ]", "name = \"h\"; shape = [ 24 ]", text, 8192);
		replace(text, "name = \"fc1\"; out = 16", "name = \"fc1\"; out = 24", changed, sizeof changed);
		snprintf(text, 8192, "%s", changed);
	}
	if (cut == CUT_ABOVE_FC3) {
		strcpy(strstr(text, ",\n{ cut = \"fc4\""), " );\n");
		replace(text, "cut = \"fc3\"; condition = \"squared", "cut = \"fc4\"; condition = \"squared", changed,
		        sizeof changed);
		replace(changed, "squared_error", "cross_entropy", text, 8192);
		replace(text, "shape = [ 16 ]", "shape = [ 3 ]", changed, sizeof changed);
		snprintf(text, 8192, "%s", changed);
	}
}

/* fc3's values by networks of the test's own, an image at a time. */
static void features_of(struct small_stacks *s, const uint8_t *image, real *features)
{
	struct sgan_tape *tape;
	real h[SMALL_IMAGE];
	int fc3 = -1;
	for (size_t k = 0; k < SMALL_IMAGE; k++)
		h[k] = (real)image[k] / 255;
	for (size_t i = 0; fc3 < 0; i++) {
		const struct sgan_encoder_part *e = &s->model->encoder[i];
		fc3 = sgan_net_find(e->part.net, "fc3");
		ASSERT_OK(sgan_tape_create(e->part.net, false, &tape));
		sgan_tape_input(tape, e->in, h);
		ASSERT_OK(sgan_net_forward(s->ctx, e->part.net, e->part.params, tape, sgan_whole_batch(1, 2), SGAN_INFER));
		if (fc3 >= 0)
			memcpy(features, sgan_tape_value(tape, fc3), 16 * sizeof *features);
		else
			memcpy(h, sgan_tape_value(tape, e->out), e->out_size * sizeof *h);
		sgan_tape_destroy(tape);
	}
}

static double distance_between(const real *a, const real *b, size_t size)
{
	double sum = 0;
	for (size_t k = 0; k < size; k++)
		sum += pow((double)a[k] - (double)b[k], 2);
	return sqrt(sum);
}

static double pixel_distance(const uint8_t *a, const uint8_t *b)
{
	double sum = 0;
	for (size_t k = 0; k < SMALL_IMAGE; k++)
		sum += pow((a[k] - b[k]) / 255.0, 2);
	return sqrt(sum);
}

static void nearest_of_cut(int cut)
{
	static real features[TRAIN][16];
	static uint8_t queries[QUERIES * SMALL_IMAGE];
	char text[8192];
	text_of_cut(cut, text);
	struct small_stacks s = small_stacks_open(text, 6);
	cr_assert_str_eq(sgan_penultimate_name(s.preset), "fc3");
	struct sgan_dataset data = { .name = "noise", .height = SMALL_H, .width = SMALL_W, .channels = SMALL_C };
	data.train = (struct sgan_split){ TRAIN, train_images, train_labels };
	struct sgan_neighbour found[QUERIES][SGAN_SPACES];
	struct sgan_nearest *nearest;
	uint32_t state = 1;
	for (size_t i = 0; i < sizeof train_images; i++)
		train_images[i] = (uint8_t)((state = state * 1664525 + 1013904223) >> 24);
	for (size_t i = 0; i < sizeof queries; i++)
		queries[i] = (uint8_t)((state = state * 1664525 + 1013904223) >> 24);
	memcpy(queries, train_images + 1100 * SMALL_IMAGE, SMALL_IMAGE); /* a copy of one that is there twice */
	memcpy(train_images + 700 * SMALL_IMAGE, train_images + 1100 * SMALL_IMAGE, SMALL_IMAGE);
	for (size_t i = 0; i < TRAIN; i++)
		features_of(&s, train_images + i * SMALL_IMAGE, features[i]);
	ASSERT_OK(sgan_nearest_create(s.ctx, s.model, &data, &nearest));
	ASSERT_OK(sgan_nearest_find(nearest, QUERIES, queries, found));
	for (size_t q = 0; q < QUERIES; q++) {
		real own[16];
		double by_pixels = INFINITY, by_features = INFINITY;
		features_of(&s, queries + q * SMALL_IMAGE, own);
		for (size_t i = 0; i < TRAIN; i++) {
			by_pixels = fmin(by_pixels, pixel_distance(queries + q * SMALL_IMAGE, train_images + i * SMALL_IMAGE));
			by_features = fmin(by_features, distance_between(own, features[i], 16));
		}
		const struct sgan_neighbour *pixel = &found[q][SGAN_SPACE_PIXELS], *feature = &found[q][SGAN_SPACE_FEATURES];
		cr_expect_float_eq(pixel->distance, by_pixels, 1e-5, "image %zu", q);
		cr_expect_float_eq(feature->distance, by_features, 1e-4, "image %zu", q);
		cr_expect_float_eq(pixel_distance(queries + q * SMALL_IMAGE, train_images + pixel->index * SMALL_IMAGE),
		                   by_pixels, 1e-5);
		cr_expect_float_eq(distance_between(own, features[feature->index], 16), by_features, 1e-4);
	}
	cr_expect(found[0][SGAN_SPACE_PIXELS].distance == 0 && found[0][SGAN_SPACE_PIXELS].index == 700);
	ASSERT_FAILS(sgan_nearest_find(nearest, 7, queries, found), SGAN_EINVAL, "7 images");
	sgan_nearest_destroy(nearest);
	data.width++;
	ASSERT_FAILS(sgan_nearest_create(s.ctx, s.model, &data, &nearest), SGAN_EINVAL,
	             "dataset noise has images of 8x7x3, the model's have 8x6x3");
	data.width--;
	data.train.count = 0;
	ASSERT_FAILS(sgan_nearest_create(s.ctx, s.model, &data, &nearest), SGAN_EINVAL, "no training images");
	small_stacks_close(&s);
}

Test(nearest, as_by_comparing_all_wherever_stacks_are_cut)
{
	for (int cut = 0; cut < CUTS; cut++)
		nearest_of_cut(cut);
}

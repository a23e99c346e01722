/* Pooling, losses and random numbers: each against the generic kernel or against
 * numbers found another way, or both. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernels/philox.h"
#include "src/selftest/check.h"

/* --- pooling ----------------------------------------------------------------- */

enum { MOST_IMAGE = 9 * 9 * 35 };

static void pool_case(struct check *c, size_t h, size_t w, size_t channels, size_t size)
{
	size_t count = h * w * channels, pooled = (h / size) * (w / size) * channels;
	real *src = check_input(c, count), *dst = check_output(c, pooled), *back = check_output(c, count);
	real *diff = check_input(c, pooled);
	uint8_t *which = check_input_bytes(c, pooled); /* ends at the page's end, so a write behind it is a fault */
	real expected[MOST_IMAGE], expected_back[MOST_IMAGE];
	uint8_t expected_which[MOST_IMAGE];
	char what[80];

	snprintf(what, sizeof what, "maxpool %zux%zux%zu by %zu", h, w, channels, size);
	check_fill(c, CHECK_INTEGERS, count, src); /* with ties, of which the first wins */
	for (size_t i = 0; i < count; i++)
		if (check_between(c, 0, 9) == 0)
			src[i] = (real)NAN; /* which wins over numbers */
	check_fill(c, CHECK_REALS, pooled, diff);
	c->oracle->maxpool(h, w, channels, size, src, expected, expected_which);
	c->tested->maxpool(h, w, channels, size, src, dst, which);
	check_same(c, pooled, dst, expected, what);
	check_record_bytes(c, pooled, which);
	if (memcmp(which, expected_which, pooled))
		check_fail(c, "%s: other winners than the generic kernel's", what);
	c->oracle->maxpool_grad(h, w, channels, size, diff, expected_which, expected_back);
	c->tested->maxpool_grad(h, w, channels, size, diff, expected_which, back);
	check_same(c, count, back, expected_back, what);
	check_release(c, what);
}

/* The generic kernel itself: each result is its window's largest value and the gradient lands there. */
static void pool_meaning(struct check *c)
{
	static const real image[] = { 1, 5, 2, 2, 9, 3, 4, 2, 8, 0, 7, 7, 6, 8, 7, 1, 0, 0, 0, 0 }; /* 4 x 5 */
	static const real largest[] = { 5, 9, 8, 7 };                                               /* of 2 x 2 */
	real dst[4], back[20];
	uint8_t which[4];
	double sum = 0;

	c->oracle->maxpool(4, 5, 1, 2, image, dst, which);
	check_same(c, 1, dst, largest, "maxpool of a known image");
	c->oracle->maxpool_grad(4, 5, 1, 2, dst, which, back);
	for (size_t i = 0; i < 20; i++)
		sum += (double)back[i];
	if (sum != (double)(dst[0] + dst[1] + dst[2] + dst[3]) || back[1] != dst[0])
		check_fail(c, "maxpool_grad of a known image: the gradient went astray");
	c->oracle->maxpool(2, 2, 1, 2, (const real[]){ 1, (real)NAN, 3, (real)NAN }, dst, which);
	if (!isnan(dst[0]) || which[0] != 1)
		check_fail(c, "maxpool of a window with what is not a number: %g from place %d", (double)dst[0], which[0]);
}

static void pool_cases(struct check *c)
{
	for (size_t h = 1; h <= 9; h += 2)
		for (size_t channels = 1; channels <= 35; channels += 17)
			for (size_t size = 1; size <= 3; size++)
				pool_case(c, h, 10 - h, channels, size);
}

void check_maxpool(struct check *c)
{
	pool_meaning(c);
	pool_cases(c);
}

void check_maxpool_grad(struct check *c)
{
	pool_cases(c);
}

/* --- losses ------------------------------------------------------------------ */

static void expect_near(struct check *c, double found, double expected, const char *what)
{
	if (!(fabs(found - expected) <= 1e-5 * (1 + fabs(expected))))
		check_fail(c, "%s: %.9g, expected about %.9g", what, found, expected);
}

/* Scores from moderate to such whose exp overflows or vanishes. */
static void fill_scores(struct check *c, size_t count, real *x)
{
	static const real reach[] = { 1, 10, 100, 1000 };
	real scale = reach[check_between(c, 0, 3)];

	for (size_t i = 0; i < count; i++)
		x[i] = scale * check_value(c, CHECK_REALS);
}

/* Without a gradient the loss is the same to the bit. */
static void expect_equal(struct check *c, double found, double expected, const char *what)
{
	if (memcmp(&found, &expected, sizeof found))
		check_fail(c, "%s: %.17g without a gradient, %.17g with one", what, found, expected);
}

static void softmax_case(struct check *c, size_t rows, size_t classes)
{
	size_t count = rows * classes;
	real *x = check_input(c, count), *diff = check_output(c, count);
	uint32_t *labels = check_input_labels(c, rows);
	double loss = 1, alone = 1, expected = 1;

	fill_scores(c, count, x);
	if (count)
		x[0] = 300; /* exp of it is infinite */
	for (size_t i = 0; i < count; i++)
		diff[i] = 1;
	for (size_t r = 0; r < rows; r++)
		labels[r] = (uint32_t)(r ? check_between(c, 0, classes - 1) : classes - 1);
	c->tested->softmax_cross_entropy(rows, classes, x, labels, 2, &loss, diff);
	c->tested->softmax_cross_entropy(rows, classes, x, labels, 2, &alone, NULL);
	for (size_t r = 0; r < rows; r++) {
		const real *row = x + r * classes;
		double largest = (double)row[0], sum = 0;
		for (size_t k = 0; k < classes; k++)
			largest = fmax(largest, (double)row[k]);
		for (size_t k = 0; k < classes; k++)
			sum += exp((double)row[k] - largest);
		expected += log(sum) + largest - (double)row[labels[r]];
		for (size_t k = 0; k < classes; k++)
			expect_near(c, (double)diff[r * classes + k],
			            1 + 2 * (exp((double)row[k] - largest) / sum - (k == labels[r])),
			            "gradient of softmax_cross_entropy");
	}
	expect_near(c, loss, expected, "softmax_cross_entropy");
	expect_equal(c, alone, loss, "softmax_cross_entropy");
	check_release(c, "softmax_cross_entropy");
}

void check_softmax_cross_entropy(struct check *c)
{
	for (size_t classes = 1; classes <= 70; classes++)
		softmax_case(c, classes % 5, classes);
	for (size_t classes = 250; classes <= 1000; classes += 125)
		softmax_case(c, 7, classes);
}

/* The loss is log(1 + e^z) for target 0, with z = x, and for target 1, with z = -x; for others, a mean of the two. */
static void bce_case(struct check *c, size_t count, real target)
{
	static const real known[] = { 0, 1, -1, 30, -30, 200, -200, (real)-0.0, 88, -88, (real)3e38, (real)-3e38 };
	real *x = check_input(c, count), *diff = check_output(c, count);
	double loss = 3, alone = 3, expected = 3;

	fill_scores(c, count, x);
	for (size_t i = 0; i < count && i < sizeof known / sizeof *known; i++)
		if (check_between(c, 0, 1))
			x[i] = known[i];
	for (size_t i = 0; i < count; i++)
		diff[i] = 1;
	c->tested->bce_logits(count, x, target, (real)0.5, &loss, diff);
	c->tested->bce_logits(count, x, target, (real)0.5, &alone, NULL);
	for (size_t i = 0; i < count; i++) {
		double z = (double)x[i], t = (double)target;
		double excess = log1p(exp(-fabs(z))); /* of both */
		expected += (1 - t) * (fmax(z, 0) + excess) + t * (fmax(-z, 0) + excess);
		expect_near(c, (double)diff[i], 1 + 0.5 * (1 / (1 + exp(-z)) - t), "gradient of bce_logits");
	}
	expect_near(c, loss, expected, "bce_logits");
	expect_equal(c, alone, loss, "bce_logits");
	check_release(c, "bce_logits");
}

/* A score that no rounding of others hides: what the loss of a good one keeps of exp(-x). */
static void bce_alone(struct check *c)
{
	static const real scores[] = { 0, 1, -1, 30, -30, 80, -80, 200, -200 };

	for (size_t i = 0; i < sizeof scores / sizeof *scores; i++)
		for (int target = 0; target <= 1; target++) {
			double z = target ? -(double)scores[i] : (double)scores[i], loss = 0;
			double expected = fmax(z, 0) + log1p(exp(-fabs(z)));
			c->tested->bce_logits(1, &scores[i], (real)target, 1, &loss, NULL);
			if (!(fabs(loss - expected) <= 1e-6 * expected + 1e-37))
				check_fail(c, "bce_logits of %g, target %d: %.9g, expected about %.9g", (double)scores[i], target, loss,
				           expected);
		}
}

void check_bce_logits(struct check *c)
{
	for (size_t count = 0; count <= 70; count++) {
		bce_case(c, count, 0);
		bce_case(c, count, 1);
		bce_case(c, count, (real)0.9);
	}
	bce_alone(c);
}

static void squared_case(struct check *c, size_t count, enum check_values values)
{
	real *x = check_input(c, count), *t = check_input(c, count), *diff = check_output(c, count);
	double loss = 2, alone = 2, expected = 2;

	check_fill(c, values, count, x);
	check_fill(c, values, count, t);
	for (size_t i = 0; i < count; i++)
		diff[i] = 1;
	c->tested->squared_error(count, x, t, (real)0.5, &loss, diff);
	c->tested->squared_error(count, x, t, (real)0.5, &alone, NULL);
	for (size_t i = 0; i < count; i++) {
		double d = (double)x[i] - (double)t[i];
		expected += d * d;
		expect_near(c, (double)diff[i], 1 + d, "gradient of squared_error");
	}
	expect_near(c, loss, expected, "squared_error");
	check_record(c, count, diff);
	check_record_bytes(c, sizeof loss, &loss);
	if (values == CHECK_INTEGERS && loss != expected)
		check_fail(c, "squared_error of %zu integers: %.17g, expected exactly %.17g", count, loss, expected);
	expect_equal(c, alone, loss, "squared_error");
	check_release(c, "squared_error");
}

void check_squared_error(struct check *c)
{
	for (size_t count = 0; count <= 70; count++) {
		squared_case(c, count, CHECK_INTEGERS);
		squared_case(c, count, CHECK_REALS);
	}
}

/* --- random numbers ---------------------------------------------------------- */

/* The known answers published with the generator: zeros, ones, digits of pi. */
void check_philox(struct check *c)
{
	static const struct {
		uint32_t counter[4], key[2], word[4];
	} known[] = {
		{ { 0, 0, 0, 0 }, { 0, 0 }, { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
		{ { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff },
		  { 0xffffffff, 0xffffffff },
		  { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
		{ { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 },
		  { 0xa4093822, 0x299f31d0 },
		  { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		uint32_t word[4];
		memcpy(word, known[i].counter, sizeof word);
		sgan_philox(word, known[i].key[0], known[i].key[1]);
		if (memcmp(word, known[i].word, sizeof word))
			check_fail(c, "known answer %zu: first word %08x, expected %08x", i, (unsigned)word[0],
			           (unsigned)known[i].word[0]);
	}
}

enum { MOST_RANDOM = 200 };

static void random_case(struct check *c, size_t first, size_t count)
{
	uint64_t seed = 0x123456789abcdef0, step = 0x100000007;
	real *found = check_output(c, count);
	real expected[MOST_RANDOM];

	c->oracle->uniform(seed, 3, step, first, count, expected);
	c->tested->uniform(seed, 3, step, first, count, found);
	check_same(c, count, found, expected, "uniform");
	c->oracle->normal(seed, 3, step, first, count, expected);
	c->tested->normal(seed, 3, step, first, count, found);
	check_same(c, count, found, expected, "normal");
	check_release(c, "random numbers");
}

/* Any cut of a stream gives the same numbers. */
static void random_cuts(struct check *c)
{
	real whole[80], part[80];

	c->tested->normal(5, 6, 7, 0, 80, whole);
	c->tested->normal(5, 6, 7, 0, 40, part);
	c->tested->normal(5, 6, 7, 40, 40, part + 40);
	check_same(c, 80, part, whole, "normal in two parts");
	c->tested->uniform(5, 6, 7, 0, 80, whole);
	c->tested->uniform(5, 6, 7, 0, 36, part);
	c->tested->uniform(5, 6, 7, 36, 44, part + 36);
	check_same(c, 80, part, whole, "uniform in two parts");
}

void check_uniform(struct check *c)
{
	real word[4];
	uint32_t expected[4];

	for (size_t count = 0; count <= MOST_RANDOM; count++)
		random_case(c, 4 * check_between(c, 0, 1000), count);
	random_case(c, 4 * (size_t)0xfffffff0, MOST_RANDOM); /* the block number wraps */
	random_cuts(c);
	c->tested->uniform(0x0000000200000001, 9, 0x0000000400000003, 20, 4, word);
	memcpy(expected, (uint32_t[4]){ 5, 9, 3, 4 }, sizeof expected);
	sgan_philox(expected, 1, 2);
	for (size_t i = 0; i < 4; i++)
		if ((double)word[i] != (double)(expected[i] >> 8) / 16777216)
			check_fail(c, "uniform: element %zu is %.9g, not its word's", i, (double)word[i]);
}

/* The polynomials against the mathematical functions, over many pairs. */
void check_normal(struct check *c)
{
	enum { COUNT = 1 << 16 };
	static real found[COUNT], expected[COUNT];

	for (size_t count = 0; count <= MOST_RANDOM; count++)
		random_case(c, 4 * check_between(c, 0, 1000), count);
	random_case(c, 4 * (size_t)0xfffffff0, MOST_RANDOM); /* the block number wraps */
	c->tested->normal(11, 12, 13, 0, COUNT, found);
	c->oracle->normal(11, 12, 13, 0, COUNT, expected);
	check_same(c, COUNT, found, expected, "normal");
	for (size_t i = 0; i < COUNT; i += 2) {
		uint32_t word[4];
		double radius, angle;
		sgan_philox_block(11, 12, 13, i / 4, word);
		radius = sqrt(-2 * log(((word[i % 4] >> 8) + 1) / 16777216.0));
		angle = 2 * acos(-1.0) * (word[i % 4 + 1] >> 8) / 16777216.0;
		if (fabs((double)found[i] - radius * cos(angle)) > 2e-6 ||
		    fabs((double)found[i + 1] - radius * sin(angle)) > 2e-6)
			check_fail(c, "normal: pair at %zu is (%.9g, %.9g), expected (%.9g, %.9g)", i, (double)found[i],
			           (double)found[i + 1], radius * cos(angle), radius * sin(angle));
	}
}

/* Dropout and the sum with scaled noise: the same bits as the generic kernels for every count and place in the
 * stream; and that the generic mask is what kernels.def says, drops its share, and differs from place to place. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernels/philox.h"
#include "src/selftest/check.h"

enum { MOST = 2 * SGAN_DROPOUT_GROUP + 35 };

static const uint64_t seed = 0x123456789abcdef0, step = 0x100000007;

static void dropout_case(struct check *c, size_t first, size_t count, uint32_t threshold, bool in_place)
{
	real *src = check_input(c, count), *dst = check_output(c, count);
	real expected[MOST];
	char what[80];

	snprintf(what, sizeof what, "dropout first %zu count %zu threshold %u", first, count, (unsigned)threshold);
	check_fill(c, CHECK_REALS, count, src);
	if (count)
		src[count / 2] = NAN;
	if (in_place)
		memcpy(dst, src, count * sizeof(real));
	c->oracle->dropout(seed, 5, step, first, count, threshold, (real)1.25, src, expected);
	c->tested->dropout(seed, 5, step, first, count, threshold, (real)1.25, in_place ? dst : src, dst);
	check_same(c, count, dst, expected, what);
	check_release(c, what);
}

/* Element e by the words that it is made from. */
static void dropout_meaning(struct check *c)
{
	enum { COUNT = 64 * SGAN_DROPOUT_GROUP };
	static real ones[COUNT], found[COUNT];
	const size_t first = 3 * SGAN_DROPOUT_GROUP;
	size_t dropped = 0;

	for (size_t i = 0; i < COUNT; i++)
		ones[i] = 1;
	c->tested->dropout(seed, 9, step, first, COUNT, 19661, 2, ones, found);
	for (size_t i = 0; i < COUNT; i++) {
		const size_t e = i % SGAN_DROPOUT_GROUP;
		uint32_t word[4];
		sgan_philox_block(seed, 9, step, (first + i - e) / 8 + e % 16, word);
		const uint32_t half = e / 16 % 2 ? word[e / 32] >> 16 : word[e / 32] & 0xffff;
		dropped += half < 19661;
		if ((double)found[i] != (half < 19661 ? 0.0 : 2.0))
			check_fail(c, "dropout: element %zu is %g, its bits are %u", i, (double)found[i], (unsigned)half);
	}
	/* 0.3 within five standard deviations */
	if (fabs((double)dropped / (double)COUNT - 0.3) > 5 * sqrt(0.3 * 0.7 / (double)COUNT))
		check_fail(c, "dropout: %zu of %d elements dropped at a rate of 0.3", dropped, (int)COUNT);
}

void check_dropout(struct check *c)
{
	for (size_t count = 0; count <= MOST; count++)
		dropout_case(c, SGAN_DROPOUT_GROUP * check_between(c, 0, 1000), count, 6554 + (uint32_t)count, count % 2);
	dropout_case(c, 0, MOST, 0, false);
	dropout_case(c, 0, MOST, 65535, true);
	dropout_meaning(c);
}

void check_scale_add(struct check *c)
{
	for (size_t count = 0; count <= 70; count++) {
		real *src = check_input(c, count), *dst = check_output(c, count);
		real expected[70];
		check_fill(c, CHECK_REALS, count, src);
		check_fill(c, CHECK_REALS, count, expected);
		memcpy(dst, expected, count * sizeof(real));
		c->oracle->scale_add(count, (real)0.05, src, expected);
		c->tested->scale_add(count, (real)0.05, src, dst);
		check_same(c, count, dst, expected, "scale_add");
		check_release(c, "scale_add");
	}
}

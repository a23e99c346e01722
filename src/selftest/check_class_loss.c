/* The loss of a discriminator with an output for each class, against its definition. */
#include <math.h>
#include <string.h>

#include "src/selftest/check.h"

enum { ROWS = 3, MOST_CLASSES = 35 };

static void expect_near(struct check *c, double found, double expected, const char *what)
{
	if (!(fabs(found - expected) <= 1e-5 * (1 + fabs(expected))))
		check_fail(c, "%s: %.9g, expected about %.9g", what, found, expected);
}

/* Rows of ordinary logits, of one that is far above the rest, and of ones that are all far below 0. */
static void fill_rows(struct check *c, size_t classes, real *x)
{
	check_fill(c, CHECK_REALS, ROWS * classes, x);
	x[classes] = 300; /* exp of it is infinite */
	for (size_t k = 0; k < classes; k++)
		x[2 * classes + k] = (real)-200 + x[2 * classes + k];
}

static void class_case(struct check *c, size_t classes, real target)
{
	const size_t count = ROWS * classes;
	real *x = check_input(c, count), *diff = check_output(c, count);
	double loss = 1, alone = 1, expected = 1;

	fill_rows(c, classes, x);
	for (size_t i = 0; i < count; i++)
		diff[i] = 1;
	c->tested->bce_classes(ROWS, classes, x, target, 2, &loss, diff);
	c->tested->bce_classes(ROWS, classes, x, target, 2, &alone, NULL);
	if (loss != alone)
		check_fail(c, "bce_classes: the loss depends on whether its gradient is wanted");
	for (size_t r = 0; r < ROWS; r++) {
		static const double shift[ROWS] = { 0, 300, -200 };
		double sum = 0;
		for (size_t k = 0; k < classes; k++)
			sum += exp((double)x[r * classes + k] - shift[r]);
		const double z = shift[r] + log(sum), d = 1 / (1 + exp(-z));
		expected += (z > 50 ? z : log1p(exp(z))) - (double)target * z;
		for (size_t k = 0; k < classes; k++)
			expect_near(c, (double)diff[r * classes + k],
			            1 + 2 * (d - (double)target) * exp((double)x[r * classes + k] - z), "gradient of bce_classes");
	}
	expect_near(c, loss, expected, "bce_classes");
	check_release(c, "bce_classes");
}

void check_bce_classes(struct check *c)
{
	for (size_t classes = 1; classes <= MOST_CLASSES; classes++) {
		class_case(c, classes, 0);
		class_case(c, classes, 1);
	}
}

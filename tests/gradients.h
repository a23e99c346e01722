/* Central differences of any function of a tensor, against a gradient that was computed.
 *
 * Knows nothing of what it differentiates. A function with kinks (ReLU, max-pooling) has quotients that depend
 * on the step near one: an element whose quotients at two steps differ is left out, and few may be. */
#ifndef SGAN_TESTS_GRADIENTS_H
#define SGAN_TESTS_GRADIENTS_H

#include <criterion/criterion.h>
#include <math.h>

#include "kernels/kernels.h"

struct gradient_check {
	double (*value)(void *arg); /* the function, of whatever `at` in check_gradient holds */
	void *arg;
	size_t checked, left_out;
	double worst; /* relative error */
};

enum { GRADIENT_ELEMENTS = 48 };

/* Of the quotient; a double carries 1e-16 of a value near 1, which a step of 1e-5 makes 1e-11 of the quotient. */
static const double gradient_tolerance = 1e-6;

static inline double gradient_quotient(struct gradient_check *c, real *at, double step)
{
	const real before = *at;
	*at = before + (real)step;
	const double above = c->value(c->arg);
	*at = before - (real)step;
	const double below = c->value(c->arg);
	*at = before;
	return (above - below) / (2 * step);
}

/* Up to GRADIENT_ELEMENTS elements, evenly spread, of the gradient with respect to at[count]. Errors are relative
 * to the element or, where that is larger, the gradient's root mean square. `gradient` is the caller's copy: the
 * function may overwrite the original. */
static inline void check_gradient(struct gradient_check *c, const char *name, size_t count, real *at,
                                  const real *gradient)
{
	double square = 0;
	const size_t stride = (count + GRADIENT_ELEMENTS - 1) / GRADIENT_ELEMENTS;
	for (size_t i = 0; i < count; i++)
		square += (double)gradient[i] * (double)gradient[i];
	const double scale = sqrt(square / (double)count);
	for (size_t i = 0; i < count; i += stride) {
		const double near = gradient_quotient(c, &at[i], 1e-5), far = gradient_quotient(c, &at[i], 2e-5);
		const double allowed = gradient_tolerance * fmax(fmax(scale, fabs(near)), 1e-5);
		c->checked++;
		if (fabs(near - far) > allowed) {
			c->left_out++;
			continue;
		}
		const double error = fabs(near - (double)gradient[i]);
		c->worst = fmax(c->worst, error / allowed);
		cr_expect(error <= allowed, "%s: element %zu of %zu: gradient %.12g, difference quotient %.12g", name, i, count,
		          (double)gradient[i], near);
	}
}

/* At most one element in twenty lay at a kink. */
static inline void expect_few_left_out(const struct gradient_check *c, const char *name)
{
	cr_expect_gt(c->checked, 0, "%s: nothing was checked", name);
	cr_expect(20 * c->left_out <= c->checked, "%s: %zu of %zu elements lay at a kink", name, c->left_out, c->checked);
}

#endif

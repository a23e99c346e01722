/* The metrics against closed forms and brute force. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <sgan/ops.h>

#include "src/metrics/chance.h"
#include "src/metrics/gaussian.h"
#include "src/metrics/inception_score.h"
#include "src/metrics/kernel_distance.h"
#include "src/metrics/neighbours.h"

static void must(sgan_status status)
{
	cr_assert_eq(status, SGAN_OK, "%s", sgan_last_error());
}

static void must_not(sgan_status status, sgan_status expected, const char *words)
{
	cr_assert_eq(status, expected);
	cr_expect(strstr(sgan_last_error(), words) != NULL, "'%s', '%s' expected", sgan_last_error(), words);
}

static sgan_ctx *context(int threads)
{
	sgan_ctx *ctx = NULL;
	must(sgan_ctx_create(&(sgan_ctx_options){ .threads = threads }, &ctx));
	return ctx;
}

/* Standard normal numbers times `scale`, of a stream of their own. free() them. */
static real *normal(sgan_ctx *ctx, uint32_t stream, size_t count, real scale)
{
	real *values = malloc(count * sizeof *values);
	cr_assert_not_null(values);
	must(sgan_random_normal(ctx, 5, stream, 0, 0, count, values));
	for (size_t i = 0; i < count; i++)
		values[i] *= scale;
	return values;
}

/* --- the Inception score ------------------------------------------------------------ */

Test(inception_score, sure_and_varied_is_the_number_of_classes)
{
	enum { COUNT = 40, CLASSES = 4 };
	real p[COUNT * CLASSES] = { 0 };
	struct sgan_estimate score;
	for (size_t i = 0; i < COUNT; i++)
		p[i * CLASSES + i % CLASSES] = 1;
	must(sgan_inception_score(COUNT, CLASSES, p, 10, &score));
	cr_expect_float_eq(score.mean, CLASSES, 1e-12, "%.15g", score.mean);
	cr_expect_float_eq(score.std, 0, 1e-12, "%g", score.std);
}

Test(inception_score, unsure_or_alike_is_one)
{
	enum { COUNT = 20, CLASSES = 4 };
	real unsure[COUNT * CLASSES], alike[COUNT * CLASSES] = { 0 };
	struct sgan_estimate score;
	for (size_t i = 0; i < COUNT * CLASSES; i++)
		unsure[i] = (real)0.25;
	for (size_t i = 0; i < COUNT; i++)
		alike[i * CLASSES + 2] = 1;
	must(sgan_inception_score(COUNT, CLASSES, unsure, 2, &score));
	cr_expect_float_eq(score.mean, 1, 1e-12, "%g", score.mean);
	must(sgan_inception_score(COUNT, CLASSES, alike, 2, &score));
	cr_expect_float_eq(score.mean, 1, 1e-12, "%g", score.mean);
}

/* Two splits: one of a single class, score 1, one of two classes, score 2. */
Test(inception_score, by_splits)
{
	static const real p[8] = { 1, 0, 1, 0, 1, 0, 0, 1 };
	struct sgan_estimate score;
	must(sgan_inception_score(4, 2, p, 2, &score));
	cr_expect_float_eq(score.mean, 1.5, 1e-12, "%g", score.mean);
	cr_expect_float_eq(score.std, 0.5, 1e-12, "%g", score.std);
	must_not(sgan_inception_score(4, 2, p, 5, &score), SGAN_EINVAL, "4 images in 5 splits");
	must_not(sgan_inception_score(4, 2, p, 0, &score), SGAN_EINVAL, "0 splits");
}

/* --- the Fréchet distance ----------------------------------------------------------- */

/* Rows whose mean is `mean` and whose covariance is the diagonal of `variances`, exactly but for rounding: +- d on each
 * axis in turn. */
static real *axes(size_t size, double mean, const double *variances)
{
	real *rows = malloc(2 * size * size * sizeof *rows);
	cr_assert_not_null(rows);
	for (size_t i = 0; i < 2 * size; i++)
		for (size_t k = 0; k < size; k++) {
			const double d = k == i / 2 ? sqrt(variances[k] * (2 * (double)size - 1) / 2) : 0;
			rows[i * size + k] = (real)(mean + (i % 2 ? d : -d));
		}
	return rows;
}

static double frechet(sgan_ctx *ctx, size_t size, size_t n, const real *a, size_t m, const real *b)
{
	struct sgan_gaussian ga, gb;
	double distance = -1;
	must(sgan_gaussian_fit(ctx, n, size, a, &ga));
	must(sgan_gaussian_fit(ctx, m, size, b, &gb));
	must(sgan_frechet_distance(ctx, &ga, &gb, &distance));
	sgan_gaussian_free(&ga);
	sgan_gaussian_free(&gb);
	return distance;
}

/* For diagonal covariances the distance is |m_a - m_b|^2 + the sum of (sqrt(s_a) - sqrt(s_b))^2. */
Test(frechet, of_diagonal_gaussians)
{
	enum { SIZE = 9 };
	sgan_ctx *ctx = context(2);
	double va[SIZE], vb[SIZE], expected = SIZE * 0.25;
	for (size_t k = 0; k < SIZE; k++) {
		va[k] = 1 + (double)k;
		vb[k] = k == 3 ? 0 : 9 - (double)k; /* one of them singular */
		expected += pow(sqrt(va[k]) - sqrt(vb[k]), 2);
	}
	real *a = axes(SIZE, 1, va), *b = axes(SIZE, 1.5, vb);
	const double found = frechet(ctx, SIZE, 2 * SIZE, a, 2 * SIZE, b);
	cr_expect_float_eq(found, expected, 1e-5 * expected, "%g, expected %g", found, expected);
	cr_expect_lt(frechet(ctx, SIZE, 2 * SIZE, a, 2 * SIZE, a), 1e-9, "of a set from itself");
	free(a);
	free(b);
	sgan_ctx_destroy(ctx);
}

/* Covariances that do not commute: [[2, 1], [1, 2]] and diag(1, 4) have a product of trace 10 and determinant 12, and
 * the trace of the root of a 2x2 matrix is sqrt(trace + 2 sqrt(determinant)). */
Test(frechet, of_correlated_gaussians)
{
	sgan_ctx *ctx = context(2);
	double ca[4] = { 2, 1, 1, 2 }, cb[4] = { 1, 0, 0, 4 }, zero[2] = { 0, 0 }, distance;
	const struct sgan_gaussian a = { 2, zero, ca }, b = { 2, zero, cb }, other = { 1, zero, cb };
	const double expected = 4 + 5 - 2 * sqrt(10 + 2 * sqrt(12));
	must(sgan_frechet_distance(ctx, &a, &b, &distance));
	cr_expect_float_eq(distance, expected, 1e-12, "%.15g, expected %.15g", distance, expected);
	must(sgan_frechet_distance(ctx, &b, &a, &distance));
	cr_expect_float_eq(distance, expected, 1e-12, "the other way round");
	must_not(sgan_frechet_distance(ctx, &a, &other, &distance), SGAN_EINVAL, "2 and 1 features");
	sgan_ctx_destroy(ctx);
}

Test(frechet, fit_is_mean_and_unbiased_covariance)
{
	static const real rows[6] = { 1, 2, 3, 2, 5, 8 };
	sgan_ctx *ctx = context(1);
	struct sgan_gaussian g;
	must(sgan_gaussian_fit(ctx, 3, 2, rows, &g));
	cr_expect(g.mean[0] == 3 && g.mean[1] == 4);
	cr_expect(g.covariance[0] == 4 && g.covariance[1] == 6 && g.covariance[2] == 6 && g.covariance[3] == 12);
	sgan_gaussian_free(&g);
	must_not(sgan_gaussian_fit(ctx, 1, 2, rows, &g), SGAN_EINVAL, "1 images");
	sgan_ctx_destroy(ctx);
}

/* --- the kernel distance ------------------------------------------------------------ */

static double kernel(size_t size, const real *x, const real *y)
{
	double dot = 0;
	for (size_t k = 0; k < size; k++)
		dot += (double)x[k] * (double)y[k];
	return pow(dot / (double)size + 1, 3);
}

/* Sets of one size are their own only subsets. */
Test(kernel_distance, by_brute_force)
{
	enum { COUNT = 50, SIZE = 7 };
	sgan_ctx *ctx = context(2);
	real *a = normal(ctx, 1, COUNT * SIZE, 1), *b = normal(ctx, 2, COUNT * SIZE, (real)1.5);
	double aa = 0, bb = 0, ab = 0;
	struct sgan_estimate found;
	for (size_t i = 0; i < COUNT; i++)
		for (size_t j = 0; j < COUNT; j++) {
			aa += i != j ? kernel(SIZE, a + i * SIZE, a + j * SIZE) : 0;
			bb += i != j ? kernel(SIZE, b + i * SIZE, b + j * SIZE) : 0;
			ab += kernel(SIZE, a + i * SIZE, b + j * SIZE);
		}
	const double expected = (aa + bb) / (COUNT * (COUNT - 1)) - 2 * ab / (COUNT * COUNT);
	must(sgan_kernel_distance(ctx, COUNT, a, COUNT, b, SIZE, 1, &found));
	cr_expect_float_eq(found.mean, expected, 1e-5 * fabs(expected), "%g, expected %g", found.mean, expected);
	cr_expect_lt(found.std, 1e-5 * fabs(expected), "all subsets are the same: %g", found.std);
	free(a);
	free(b);
	sgan_ctx_destroy(ctx);
}

/* The expectation of the cubic kernel of N(0, s I) in one dimension is E (xy + 1)^3 = 1 + 3 s_x s_y. Two sets of the
 * same distribution are 0 apart but for chance, of which the standard deviation over subsets tells. */
Test(kernel_distance, of_one_distribution_and_of_two)
{
	enum { COUNT = 5000 };
	sgan_ctx *ctx = context(2);
	real *a = normal(ctx, 1, COUNT, 1), *b = normal(ctx, 2, COUNT, 1), *c = normal(ctx, 3, COUNT, 2);
	struct sgan_estimate found;
	must(sgan_kernel_distance(ctx, COUNT, a, COUNT, b, 1, 1, &found));
	cr_expect_lt(fabs(found.mean), 0.1, "%g", found.mean);
	cr_expect_gt(found.std, 0.0, "subsets differ");
	must(sgan_kernel_distance(ctx, COUNT, a, COUNT, c, 1, 1, &found));
	cr_expect_float_eq(found.mean, 3 + 48 - 2 * 12, 4, "%g", found.mean);
	must_not(sgan_kernel_distance(ctx, COUNT, a, 1, c, 1, 1, &found), SGAN_EINVAL, "5000 and 1 images");
	free(a);
	free(b);
	free(c);
	sgan_ctx_destroy(ctx);
}

/* --- neighbours ---------------------------------------------------------------------- */

static struct sgan_rows on_a_line(size_t count, const real *values)
{
	return (struct sgan_rows){ .count = count, .size = 1, .values = values };
}

Test(neighbours, nearest_on_a_line)
{
	static const real a[2] = { 0, 10 }, b[5] = { 9, 1, -2, 30, 12 };
	sgan_ctx *ctx = context(2);
	const struct sgan_rows pa = on_a_line(2, a), pb = on_a_line(5, b);
	size_t index[6];
	double squares[6];
	must(sgan_nearest_rows(ctx, &pa, &pb, NULL, 3, index, squares));
	cr_expect(index[0] == 1 && index[1] == 2 && index[2] == 0, "of 0: %zu %zu %zu", index[0], index[1], index[2]);
	cr_expect(index[3] == 0 && index[4] == 4 && index[5] == 1, "of 10: %zu %zu %zu", index[3], index[4], index[5]);
	cr_expect(squares[0] == 1 && squares[1] == 4 && squares[2] == 81);
	const size_t self[2] = { 1, 0 };
	must(sgan_nearest_rows(ctx, &pa, &pb, self, 1, index, squares));
	cr_expect(index[0] == 2 && index[1] == 4, "others than itself");
	must_not(sgan_nearest_rows(ctx, &pa, &pb, self, 5, index, squares), SGAN_EINVAL, "5 nearest neighbours");
	must_not(sgan_nearest_rows(ctx, &pa, &pb, NULL, 0, index, squares), SGAN_EINVAL, "0 nearest neighbours");
	sgan_ctx_destroy(ctx);
}

/* More rows than a block has, of bytes and of their values, against brute force; the same with three threads. */
Test(neighbours, of_many_rows_by_brute_force)
{
	enum { A = 1100, B = 2300, SIZE = 5, K = 3 };
	sgan_ctx *ctx = context(1), *other = context(3);
	static uint8_t a[A * SIZE], b[B * SIZE];
	static real values[B * SIZE];
	static size_t index[A * K], again[A * K];
	static double squares[A * K];
	for (size_t i = 0; i < A * SIZE; i++)
		a[i] = (uint8_t)(i * 7919 % 251);
	for (size_t i = 0; i < B * SIZE; i++)
		values[i] = (real)(b[i] = (uint8_t)(i * 104729 % 253)) / 255;
	const struct sgan_rows pa = { .count = A, .size = SIZE, .bytes = a };
	const struct sgan_rows pb = { .count = B, .size = SIZE, .bytes = b };
	const struct sgan_rows pv = { .count = B, .size = SIZE, .values = values };
	must(sgan_nearest_rows(ctx, &pa, &pb, NULL, K, index, squares));
	for (size_t i = 0; i < A; i++) {
		size_t closer = 0;
		for (size_t j = 0; j < B; j++)
			closer += sgan_distance_squared(&pa, i, &pb, j) < squares[i * K + K - 1] * (1 - 1e-5);
		cr_assert_lt(closer, K, "row %zu has %zu nearer than its third", i, closer);
		cr_assert_float_eq(sgan_distance_squared(&pa, i, &pb, index[i * K]), squares[i * K], 1e-12);
	}
	must(sgan_nearest_rows(other, &pa, &pb, NULL, K, again, squares));
	cr_expect_arr_eq(index, again, sizeof index, "other neighbours with three threads");
	must(sgan_nearest_rows(other, &pa, &pv, NULL, K, again, squares));
	cr_expect_arr_eq(index, again, sizeof index, "other neighbours of values than of bytes");
	sgan_ctx_destroy(ctx);
	sgan_ctx_destroy(other);
}

/* Balls of real points 0, 1, 2, 3, 10 with k = 1: radius 1 around the first four, 7 around 10. */
Test(neighbours, precision_and_recall_on_a_line)
{
	static const real real_rows[5] = { 0, 1, 2, 3, 10 }, samples[4] = { (real)0.5, (real)3.75, (real)-1.5, 20 };
	sgan_ctx *ctx = context(2);
	const struct sgan_rows r = on_a_line(5, real_rows), s = on_a_line(4, samples);
	double share;
	must(sgan_covered(ctx, &s, &r, 1, &share));
	cr_expect_eq(share, 0.5, "precision %g: 0.5 and 3.75 are within a ball", share);
	/* radii of samples: 2, 3.25, 2, 16.25 */
	must(sgan_covered(ctx, &r, &s, 1, &share));
	cr_expect_eq(share, 1, "recall %g: 10 is within 16.25 of 20", share);
	must(sgan_covered(ctx, &r, &r, 3, &share));
	cr_expect_eq(share, 1);
	must_not(sgan_covered(ctx, &s, &r, 5, &share), SGAN_EINVAL, "among 5");
	sgan_ctx_destroy(ctx);
}

/* Of rows 0, 4 and 6: copies are nearer to a row than it is to the others, points half way are not. */
Test(neighbours, closer_than_rows_to_each_other)
{
	static const real rows[3] = { 0, 4, 6 }, others[5] = { 1, 4, (real)6.5, -5, (real)8.5 };
	sgan_ctx *ctx = context(2);
	const struct sgan_rows b = on_a_line(3, rows), a = on_a_line(5, others);
	double share, distance;
	/* -5 is 5 from 0, which is 4 from 4; 8.5 is 2.5 from 6, which is 2 from 4 */
	must(sgan_closer(ctx, &a, &b, &share, &distance));
	cr_expect_float_eq(share, 0.6, 1e-12, "%g", share);
	cr_expect_float_eq(distance, (1 + 0 + 0.5 + 5 + 2.5) / 5, 1e-6, "%g", distance);
	must(sgan_closer(ctx, &b, &b, &share, &distance));
	cr_expect_eq(share, 1, "all are copies");
	cr_expect_eq(distance, 0);
	sgan_ctx_destroy(ctx);
}

/* --- chance -------------------------------------------------------------------------- */

Test(chance, is_that_of_the_commonest_class)
{
	static const uint32_t labels[5] = { 2, 0, 2, 1, 2 };
	double chance = -1;
	must(sgan_chance(5, labels, 4, &chance));
	cr_expect_eq(chance, 0.6);
	must(sgan_chance(0, labels, 4, &chance));
	cr_expect_eq(chance, 1);
}

/* 1000 of 10,000 by chance, give or take 30: guesses are within three times that. */
Test(chance, guesses)
{
	cr_expect(sgan_guesses(0.108, 0.1, 10000));
	cr_expect_not(sgan_guesses(0.11, 0.1, 10000));
	cr_expect_not(sgan_guesses(1, 1, 10000), "there is one class");
	cr_expect_not(sgan_guesses(0, 0.1, 99), "too few images");
	cr_expect(sgan_guesses(0, 0.1, 100));
}

/* --- diversity ------------------------------------------------------------------------ */

Test(diversity, mean_distance_of_pairs)
{
	static const real rows[3] = { 0, 3, 9 };
	static const uint8_t bytes[4] = { 0, 0, 255, 255 };
	sgan_ctx *ctx = context(2);
	const struct sgan_rows line = on_a_line(3, rows), one = on_a_line(1, rows);
	const struct sgan_rows square = { .count = 2, .size = 2, .bytes = bytes };
	double mean;
	must(sgan_mean_distance(ctx, &line, &mean));
	cr_expect_float_eq(mean, 6, 1e-5, "%g", mean);
	must(sgan_mean_distance(ctx, &square, &mean));
	cr_expect_float_eq(mean, sqrt(2), 1e-6, "%g", mean);
	must(sgan_mean_distance(ctx, &one, &mean));
	cr_expect_eq(mean, 0, "of one");
	sgan_ctx_destroy(ctx);
}

/* Rows that hardly differ, far from 0: the distance is not lost beside them. */
Test(diversity, of_nearly_equal_rows)
{
	enum { COUNT = 1500, SIZE = 3 };
	static real rows[COUNT * SIZE];
	sgan_ctx *ctx = context(2);
	double mean;
	for (size_t i = 0; i < COUNT * SIZE; i++)
		rows[i] = 100 + (real)(i / SIZE % 2) / 64;
	const struct sgan_rows p = { .count = COUNT, .size = SIZE, .values = rows };
	must(sgan_mean_distance(ctx, &p, &mean));
	const double expected = sqrt(3) / 64 * COUNT / 2 / (COUNT - 1);
	cr_expect_float_eq(mean, expected, 1e-4 * expected, "%g, expected %g", mean, expected);
	sgan_ctx_destroy(ctx);
}

/* --- any number of threads -------------------------------------------------------------- */

Test(metrics, equal_bits_for_any_number_of_threads)
{
	enum { COUNT = 1300, SIZE = 20 };
	sgan_ctx *one = context(1), *three = context(3);
	real *a = normal(one, 1, COUNT * SIZE, 1), *b = normal(one, 2, COUNT * SIZE, (real)1.1);
	const struct sgan_rows pa = { .count = COUNT, .size = SIZE, .values = a };
	const struct sgan_rows pb = { .count = COUNT, .size = SIZE, .values = b };
	double x, y;
	struct sgan_estimate k, l;
	cr_expect_eq(frechet(one, SIZE, COUNT, a, COUNT, b), frechet(three, SIZE, COUNT, a, COUNT, b));
	must(sgan_kernel_distance(one, COUNT, a, COUNT, b, SIZE, 1, &k));
	must(sgan_kernel_distance(three, COUNT, a, COUNT, b, SIZE, 1, &l));
	cr_expect(k.mean == l.mean && k.std == l.std);
	must(sgan_covered(one, &pa, &pb, 3, &x));
	must(sgan_covered(three, &pa, &pb, 3, &y));
	cr_expect_eq(x, y);
	must(sgan_mean_distance(one, &pa, &x));
	must(sgan_mean_distance(three, &pa, &y));
	cr_expect_eq(x, y);
	free(a);
	free(b);
	sgan_ctx_destroy(one);
	sgan_ctx_destroy(three);
}
